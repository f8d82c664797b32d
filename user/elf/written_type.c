/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Argument types as a source has them, put as the demangler puts them: the type first and `const`
 * behind it, the words of built-in types in one order, no names of parameters. What it does not
 * understand is left as it is: then only that text itself is found.
 */
#include "written_name.h"

#include <ctype.h>
#include <string.h>

#define ANGLES_MAX 64 /* what lies deeper is left as it is */

struct ordering {
	const char *in;
	char *out;
	size_t len;
	unsigned parens, angles; /* open */
	bool fits;
};

/* The words of one type. */
struct specifiers {
	bool is_const, is_volatile, is_unsigned, is_signed, is_short, is_int;
	unsigned longs;
	const char *base; /* "char", "double", "__int128", or NULL */
	bool named;	  /* and written already */
};

/* On the machines that are traced, a long has 64 bits. */
static const struct {
	const char *name, *means;
} typedefs[] = {
	{ "size_t", "unsigned long" },	  { "ssize_t", "long" },
	{ "ptrdiff_t", "long" },	  { "intptr_t", "long" },
	{ "uintptr_t", "unsigned long" }, { "int8_t", "signed char" },
	{ "uint8_t", "unsigned char" },	  { "int16_t", "short" },
	{ "uint16_t", "unsigned short" }, { "int32_t", "int" },
	{ "uint32_t", "unsigned int" },	  { "int64_t", "long" },
	{ "uint64_t", "unsigned long" },
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t word_len(const char *text)
{
	size_t len = 0;

	while (is_word(text[len]))
		len++;
	return len;
}

static void put(struct ordering *o, const char *text, size_t len)
{
	if (len >= DEMANGLED_SZ - o->len) {
		o->fits = false;
		return;
	}
	memcpy(o->out + o->len, text, len);
	o->len += len;
}

/* A word after a word needs a space between. */
static void put_word(struct ordering *o, const char *word)
{
	if (o->len > 0 && is_word(o->out[o->len - 1]))
		put(o, " ", 1);
	put(o, word, strlen(word));
}

static bool same(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(word, text, len) == 0;
}

/* Takes a word of a built-in type, or one that only qualifies. */
static bool take_builtin(struct specifiers *s, const char *word, size_t len)
{
	static const char *const bases[] = { "char", "double", "__int128" };
	static const char *const dropped[] = { "struct", "class", "union", "enum", "typename" };

	s->is_const |= same(word, len, "const");
	s->is_volatile |= same(word, len, "volatile");
	if (same(word, len, "const") || same(word, len, "volatile"))
		return true;
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		if (same(word, len, dropped[i]))
			return true;
	}
	s->is_unsigned |= same(word, len, "unsigned");
	s->is_signed |= same(word, len, "signed");
	s->is_short |= same(word, len, "short");
	s->is_int |= same(word, len, "int");
	s->longs += same(word, len, "long");
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (same(word, len, bases[i]))
			s->base = bases[i];
	}
	return same(word, len, "unsigned") || same(word, len, "signed") ||
	       same(word, len, "short") || same(word, len, "int") || same(word, len, "long") ||
	       (s->base && same(word, len, s->base));
}

static bool is_builtin(const struct specifiers *s)
{
	return s->is_unsigned || s->is_signed || s->is_short || s->is_int || s->longs || s->base;
}

/* A typedef of the C library, with or without "std::". How long it is, or 0. */
static size_t take_typedef(struct ordering *o, struct specifiers *s)
{
	const char *word = o->in;
	size_t prefix = strncmp(word, "std::", 5) == 0 ? 5 : 0;
	size_t len = word_len(word + prefix);
	char next = word[prefix + len];

	if (is_builtin(s) || s->named || next == ':' || next == '<')
		return 0;
	for (size_t i = 0; i < sizeof(typedefs) / sizeof(typedefs[0]); i++) {
		if (!same(word + prefix, len, typedefs[i].name))
			continue;
		put_word(o, typedefs[i].means);
		s->named = true;
		return prefix + len;
	}
	return 0;
}

static void put_builtin(struct ordering *o, const struct specifiers *s)
{
	bool is_char = s->base && strcmp(s->base, "char") == 0;

	if (s->is_unsigned)
		put_word(o, "unsigned");
	else if (s->is_signed && is_char)
		put_word(o, "signed");
	for (unsigned i = 0; i < s->longs && i < 2; i++)
		put_word(o, "long");
	if (s->is_short)
		put_word(o, "short");
	if (s->base)
		put_word(o, s->base);
	else if (!s->longs && !s->is_short)
		put_word(o, "int");
}

static void order(struct ordering *o, unsigned angles);

/* A name with its scopes; template arguments are ordered too. */
static void take_named(struct ordering *o)
{
	if (o->len > 0 && is_word(o->out[o->len - 1]))
		put(o, " ", 1);
	for (;;) {
		size_t len = word_len(o->in);

		put(o, o->in, len);
		o->in += len;
		if (*o->in == '<' && o->angles < ANGLES_MAX) {
			put(o, o->in++, 1);
			o->angles++;
			order(o, o->angles);
		}
		if (strncmp(o->in, "::", 2) != 0 || !is_word(o->in[2]))
			return;
		put(o, "::", 2);
		o->in += 2;
	}
}

static void order_type(struct ordering *o)
{
	struct specifiers s = {};

	while (is_word(*o->in) && o->fits) {
		size_t len = word_len(o->in), skipped;
		bool scoped = o->in[len] == ':' || o->in[len] == '<';

		if (!scoped && take_builtin(&s, o->in, len)) {
			o->in += len;
		} else if ((skipped = take_typedef(o, &s))) {
			o->in += skipped;
		} else if ((is_builtin(&s) || s.named) && o->parens > 0 && !scoped) {
			o->in += len; /* a parameter's name */
		} else {
			take_named(o);
			s.named = true;
		}
		if (*o->in == ' ')
			o->in++;
	}
	if (is_builtin(&s) && !s.named)
		put_builtin(o, &s);
	if (s.is_const)
		put_word(o, "const");
	if (s.is_volatile)
		put_word(o, "volatile");
}

/* "Type&name": the name, unless it is "const". */
static bool is_parameter_name(const struct ordering *o)
{
	size_t len = word_len(o->in);
	char before = o->len > 0 ? o->out[o->len - 1] : '\0', after = o->in[len];

	return o->parens > 0 && len > 0 && (before == '&' || before == '*') &&
	       (after == ',' || after == ')') && !same(o->in, len, "const") &&
	       !same(o->in, len, "volatile");
}

/* These words are no types. */
static bool skip_unnamed(struct ordering *o)
{
	static const char unnamed[] = "(anonymous namespace)";

	if (strncmp(o->in, unnamed, sizeof(unnamed) - 1) != 0)
		return false;
	put(o, unnamed, sizeof(unnamed) - 1);
	o->in += sizeof(unnamed) - 1;
	return true;
}

/* Up to the '>' that closes this many angles, or to the end of the text. */
static void order(struct ordering *o, unsigned angles)
{
	unsigned parens = o->parens;

	while (*o->in && o->fits) {
		char before = o->len > 0 ? o->out[o->len - 1] : '\0';

		if (is_word(*o->in) && (o->parens > 0 || o->angles > 0) &&
		    (before == '(' || before == ',' || before == '<')) {
			order_type(o);
			continue;
		}
		if (skip_unnamed(o))
			continue;
		if (is_parameter_name(o)) {
			o->in += word_len(o->in);
			continue;
		}
		o->parens += *o->in == '(';
		o->parens -= *o->in == ')' && o->parens > parens;
		put(o, o->in++, 1);
		if (o->in[-1] == '<' && angles == 0)
			o->angles = 1; /* of the function's own name: it need not be balanced */
		if (o->in[-1] == '>' && angles > 0)
			break;
	}
	o->parens = parens;
	if (angles > 0)
		o->angles = angles - 1;
}

bool written_types__order(const char *text, char buf[DEMANGLED_SZ])
{
	struct ordering o = { .in = text, .out = buf, .fits = true };

	order(&o, 0);
	buf[o.len] = '\0';
	return o.fits;
}
