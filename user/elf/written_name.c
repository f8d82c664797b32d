/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "written_name.h"

#include <ctype.h>
#include <string.h>

/* Looking for the end of an argument that does not end may cost a walk to the end of the text. */
#define VAIN_WALKS_MAX 32

/* What libstdc++ and libc++ put between std and the name: inline namespaces. */
static const char *const inline_namespaces[] = { "__cxx11::", "__1::", "__ndk1::" };

/* Template arguments of std that nobody writes, and what is left of a name without them. */
static const char *const default_arguments[] = {
	"allocator<", "char_traits<", "less<", "hash<", "default_delete<", "equal_to<",
};
static const struct {
	const char *text, *name;
} typedefs[] = {
	{ "std::basic_string<char>", "std::string" },
	{ "std::basic_string_view<char>", "std::string_view" },
	{ "std::basic_ostream<char>", "std::ostream" },
	{ "std::basic_istream<char>", "std::istream" },
	{ "std::basic_iostream<char>", "std::iostream" },
};

struct loosening {
	const char *in;
	char *out;
	size_t out_len;
	unsigned vain_walks;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool begins(const char *text, const char *with, size_t *ret_len)
{
	*ret_len = strlen(with);
	return strncmp(text, with, *ret_len) == 0;
}

size_t written_name__tidy(const char *text, char *buf)
{
	size_t len = 0;

	for (; *text; text++) {
		if (*text != ' ')
			buf[len++] = *text;
		else if (len > 0 && is_word(buf[len - 1]) && is_word(text[1]))
			buf[len++] = ' ';
	}
	buf[len] = '\0';
	return len;
}

/* Where the bracket that opens before text closes, or NULL. */
static const char *closing_angle(const char *text)
{
	unsigned depth = 1;

	for (; *text; text++) {
		depth += *text == '<';
		if (*text == '>' && --depth == 0)
			return text;
	}
	return NULL;
}

static size_t inline_namespace_len(const char *text)
{
	size_t len;

	for (size_t i = 0; i < sizeof(inline_namespaces) / sizeof(inline_namespaces[0]); i++) {
		if (begins(text, inline_namespaces[i], &len))
			return len;
	}
	return 0;
}

/* A default argument at in, with its comma: how long it is, or 0. */
static size_t default_argument(struct loosening *l)
{
	const char *name, *end;
	size_t len;

	if (strncmp(l->in, ",std::", 6) != 0 || l->vain_walks == VAIN_WALKS_MAX)
		return 0;
	name = l->in + 6 + inline_namespace_len(l->in + 6);
	for (size_t i = 0; i < sizeof(default_arguments) / sizeof(default_arguments[0]); i++) {
		if (!begins(name, default_arguments[i], &len))
			continue;
		end = closing_angle(name + len);
		if (end && (end[1] == '>' || end[1] == ','))
			return (size_t)(end - l->in) + 1;
		l->vain_walks++;
	}
	return 0;
}

/* What is to be left out here: how long it is, or 0. */
static size_t omission(struct loosening *l)
{
	const char *in = l->in, *end;
	size_t len;

	if (*in != '(' && *in != '[' && *in != ',')
		return 0;
	if (begins(in, "(anonymous namespace)::", &len))
		return len;
	if (begins(in, "[abi:", &len))
		return (end = strchr(in, ']')) ? (size_t)(end - in) + 1 : 0;
	if (begins(in, "(void)", &len)) {
		l->out[l->out_len++] = '(';
		l->out[l->out_len++] = ')';
		return len;
	}
	return default_argument(l);
}

static bool is_boundary(const struct loosening *l)
{
	return l->out_len == 0 || !is_word(l->out[l->out_len - 1]);
}

/* "std::" with an inline namespace behind it: how long both are, or 0. */
static size_t inline_namespace(struct loosening *l)
{
	size_t len;

	if (*l->in != 's' || !is_boundary(l) || strncmp(l->in, "std::", 5) != 0)
		return 0;
	len = inline_namespace_len(l->in + 5);
	if (len == 0)
		return 0;
	memcpy(l->out + l->out_len, "std::", 5);
	l->out_len += 5;
	return 5 + len;
}

/* "std::basic_string<char>" has just been completed. */
static void shorten_typedef(struct loosening *l)
{
	for (size_t i = 0; i < sizeof(typedefs) / sizeof(typedefs[0]); i++) {
		size_t len = strlen(typedefs[i].text), name_len = strlen(typedefs[i].name);
		size_t at = l->out_len - len;

		if (l->out_len < len || memcmp(l->out + at, typedefs[i].text, len) != 0)
			continue;
		memcpy(l->out + at, typedefs[i].name, name_len);
		l->out_len = at + name_len;
		if (is_word(*l->in))
			l->out[l->out_len++] = ' ';
		return;
	}
}

/* "<Type>::method" is how Rust's v0 names have what a source calls Type::method. */
static const char *unwrap_rust_type(const char *text, char *out, size_t *ret_len)
{
	const char *end = text[0] == '<' ? closing_angle(text + 1) : NULL;

	*ret_len = 0;
	if (!end || end[1] != ':' || memmem(text, (size_t)(end - text), "as ", 3))
		return text;
	*ret_len = (size_t)(end - text) - 1;
	memcpy(out, text + 1, *ret_len);
	return end + 1;
}

/* Never writes more than it reads. */
static size_t loosen(const char *text, char *out)
{
	struct loosening l = { .out = out };

	l.in = unwrap_rust_type(text, out, &l.out_len);
	while (*l.in) {
		size_t skipped = omission(&l);

		if (!skipped)
			skipped = inline_namespace(&l);
		if (skipped) {
			l.in += skipped;
			continue;
		}
		out[l.out_len++] = *l.in++;
		if (out[l.out_len - 1] == '>')
			shorten_typedef(&l);
	}
	out[l.out_len] = '\0';
	return l.out_len;
}

static size_t strip_suffix(const char *text, size_t len, const char *suffix)
{
	size_t suffix_len = strlen(suffix);

	if (len > suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0)
		return len - suffix_len;
	return len;
}

/* Without "const", "volatile", "&", "&&" behind the argument list. */
static size_t unqualified_len(const char *text, size_t len)
{
	size_t stripped = len, before;

	do {
		before = stripped;
		stripped = strip_suffix(text, stripped, "const");
		stripped = strip_suffix(text, stripped, "volatile");
		stripped = strip_suffix(text, stripped, "&");
		stripped = strip_suffix(text, stripped, " ");
	} while (stripped != before);
	return text[stripped - 1] == ')' ? stripped : len;
}

/* Where the bracket that closes at the end of text[0..len) opens, or len. */
static size_t opening(const char *text, size_t len, char open, char close)
{
	unsigned depth = 0;

	for (size_t i = len; i-- > 0;) {
		depth += text[i] == close;
		if (text[i] == open && --depth == 0)
			return i;
	}
	return len;
}

static size_t name_len(const char *text, size_t len)
{
	size_t at = len > 0 && text[len - 1] == ')' ? opening(text, len, '(', ')') : len;

	return at > 0 ? at : len;
}

static bool ends_with(const char *text, size_t len, const char *suffix)
{
	return strip_suffix(text, len, suffix) != len;
}

/* Without the function's own template arguments. */
static size_t bare_len(const char *text, size_t len)
{
	static const char *const operators[] = { "operator>", "operator>>", "operator->",
						 "operator<=>" };
	size_t at;

	if (len == 0 || text[len - 1] != '>')
		return len;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (ends_with(text, len, operators[i]))
			return len;
	}
	at = opening(text, len, '<', '>');
	if (at == 0)
		return len;
	return strip_suffix(text, at, "::");
}

/* "<Type as Trait>::method": copies "Type::method". False: something else. */
static bool leave_out_trait(const char *text, size_t len, char *bare, size_t *ret_len)
{
	const char *end = text[0] == '<' ? closing_angle(text + 1) : NULL;
	const char *as = NULL;
	unsigned depth = 0;

	if (!end || end >= text + len)
		return false;
	for (const char *at = text + 1; at < end && !as; at++) {
		depth += *at == '<';
		depth -= *at == '>' && depth > 0;
		if (depth == 0 && at > text + 1 && !is_word(at[-1]) && strncmp(at, "as ", 3) == 0)
			as = at;
	}
	if (!as)
		return false;
	as -= as[-1] == ' ';
	*ret_len = (size_t)(as - text) - 1;
	memcpy(bare, text + 1, *ret_len);
	memcpy(bare + *ret_len, end + 1, (size_t)(text + len - end) - 1);
	*ret_len += (size_t)(text + len - end) - 1;
	return true;
}

void written_name__parse(struct written_name *name, const char *demangled, enum written_shape shape)
{
	size_t len;

	/* bare serves as scratch space before it has its own meaning */
	if (shape == WRITTEN_LOOSE) {
		written_name__tidy(demangled, name->bare);
		len = loosen(name->bare, name->text);
	} else {
		len = written_name__tidy(demangled, name->text);
	}
	name->lens[WRITTEN_FULL] = len;
	name->lens[WRITTEN_UNQUALIFIED] = len > 0 ? unqualified_len(name->text, len) : 0;
	name->lens[WRITTEN_NAME] = name_len(name->text, name->lens[WRITTEN_UNQUALIFIED]);
	len = bare_len(name->text, name->lens[WRITTEN_NAME]);
	if (!leave_out_trait(name->text, len, name->bare, &name->lens[WRITTEN_BARE])) {
		memcpy(name->bare, name->text, len);
		name->lens[WRITTEN_BARE] = len;
	}
}

const char *written_name__form(const struct written_name *name, enum written_form form,
			       size_t *ret_len)
{
	*ret_len = name->lens[form];
	return form == WRITTEN_BARE ? name->bare : name->text;
}

/* Other tools show what a template function returns, "int largest<int>(int, int)": the type ends at
 * the last space before the name that no bracket is around. */
static const char *after_return_type(const char *text)
{
	const char *name = text;
	int depth = 0;

	for (const char *at = text; *at; at++) {
		size_t len;

		if (depth == 0 && begins(at, "operator", &len) && !is_word(at[len]) &&
		    (at == text || !is_word(at[-1])))
			break;
		if (depth == 0 && *at == '(' && !begins(at, "(anonymous namespace)", &len) &&
		    (at - text < 9 || !begins(at - 9, "decltype ", &len)))
			break;
		depth += *at == '<' || *at == '(' || *at == '{';
		depth -= (*at == '>' || *at == ')' || *at == '}') && depth > 0;
		if (depth == 0 && *at == ' ' && at[1] && at[1] != ' ' &&
		    (at[1] != '(' || begins(at + 1, "(anonymous namespace)", &len)))
			name = at + 1;
	}
	return name;
}

bool written_name__wanted(const char *text, enum written_shape shape, char buf[DEMANGLED_SZ])
{
	char tidy[DEMANGLED_SZ], ordered[DEMANGLED_SZ];

	if (strlen(text) >= DEMANGLED_SZ)
		return false;
	written_name__tidy(after_return_type(text), tidy);
	if (!written_types__order(tidy, ordered))
		return false;
	if (shape == WRITTEN_LOOSE)
		loosen(ordered, buf);
	else
		memcpy(buf, ordered, strlen(ordered) + 1);
	return true;
}
