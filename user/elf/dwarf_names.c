/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions by the name that the source or the linker has for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf_private.h"

/* The name as the user wrote it, in parts. */
struct wanted {
	const char *text; /* whole */
	char *name;	  /* without arguments */
	const char *last; /* behind the last "::" that is not within template arguments */
};

/* Where the arguments begin: at the bracket that the last closing one closes, unless that is the
 * one of "operator()". */
static size_t length_without_arguments(const char *text)
{
	static const char operator[] = "operator";
	const char *close = strrchr(text, ')');
	int depth = 0;

	if (!close || strspn(close + 1, " &abcdefghijklmnopqrstuvwxyz") != strlen(close + 1))
		return strlen(text);
	for (const char *c = close; c > text; c--) {
		depth += *c == ')' ? 1 : *c == '(' ? -1 : 0;
		if (depth)
			continue;
		if ((size_t)(c - text) >= sizeof(operator) - 1 &&
		    memcmp(c - (sizeof(operator) - 1), operator, sizeof(operator) - 1) == 0)
			break;
		return (size_t)(c - text);
	}
	return strlen(text);
}

static const char *last_part(const char *name)
{
	const char *last = name;
	int depth = 0;

	for (const char *c = name; *c; c++) {
		if (strncmp(c, "operator", 8) == 0)
			break; /* "<", ">" and "()" are names behind it */
		if (*c == '<' || *c == '(')
			depth++;
		else if (*c == '>' || *c == ')')
			depth--;
		else if (depth == 0 && c[0] == ':' && c[1] == ':')
			last = c + 2;
	}
	return last;
}

static uint32_t scope_of(const struct dwarf_index *index, dwarf_key key)
{
	const struct dwarf_member *member = NULL;

	if (index->members.cnt)
		member = bsearch(&key, index->members.items, index->members.cnt, sizeof(*member),
				 dwarf_by_number);
	return member ? member->scope : 0;
}

/* A definition stands beside its unit's functions, and its declaration in the class. */
static uint32_t scope_of_die(const struct dwarf_info *info, const struct dwarf_index *index,
			     Dwarf_Die die)
{
	uint32_t scope = 0;
	Dwarf_Die next;

	for (int i = 0; i < DWARF_CHAIN_MAX; i++) {
		uint32_t found = scope_of(index, dwarf_info__key(info, &die));

		scope = found ? found : scope;
		if (!dwarf_info__reference(info, &die, DW_AT_specification, &next))
			break;
		die = next;
	}
	return scope;
}

/* Does "a::b::name" match, compared from its end? */
static bool matches_scopes(const struct dwarf_index *index, uint32_t scope, const char *wanted,
			   size_t len)
{
	const struct dwarf_scope *scopes = index->scopes.items;

	for (int i = 0; i < DWARF_DEPTH_MAX && scope; i++, scope = scopes[scope].parent) {
		size_t name_len = strlen(scopes[scope].name);

		if (len < name_len + 2 || memcmp(wanted + len - 2, "::", 2) != 0 ||
		    memcmp(wanted + len - 2 - name_len, scopes[scope].name, name_len) != 0)
			return false;
		len -= name_len + 2;
	}
	return len == 0 && !scope;
}

static bool is_wanted(const struct dwarf_info *info, const struct dwarf_index *index,
		      const struct dwarf_function *function, const struct wanted *wanted)
{
	const char *name;
	Dwarf_Die die;

	if (!dwarf_info__die_of_key(info, function->key, &die))
		return false;
	name = dwarf_info__string(info, &die, DW_AT_name);
	if (function->symbol && function->symbol != name &&
	    strcmp(function->symbol, wanted->text) == 0)
		return true;
	return name && strcmp(name, wanted->last) == 0 &&
	       matches_scopes(index, scope_of_die(info, index, die), wanted->name,
			      (size_t)(wanted->last - wanted->name));
}

int dwarf_info__find_inlined(struct dwarf_info *info, const char *name,
			     struct dwarf_inlined *ret_inlined, struct fault *why)
{
	struct wanted wanted = { .text = name };
	const struct dwarf_function *functions;
	struct dwarf_inlined inlined = {};
	struct dwarf_index *index;
	bool found = false;
	int err;

	err = dwarf_info__index(info, &index, why);
	if (err)
		return err;
	wanted.name = strndup(name, length_without_arguments(name));
	if (!wanted.name)
		return fault__set(why, -ENOMEM, "%s: out of memory", dwarf_info__path(info));
	wanted.last = last_part(wanted.name);
	functions = index->functions.items;
	for (size_t i = 0; i < index->functions.cnt; i++) {
		if (functions[i].group != i || !is_wanted(info, index, &functions[i], &wanted))
			continue;
		found = true;
		inlined.copy_cnt += functions[i].copy_cnt;
		inlined.out_of_line_cnt += functions[i].instance_cnt;
	}
	free(wanted.name);
	if (!found)
		return fault__set(why, -ENOENT, "%s: tells of no function that is called %s",
				  dwarf_info__path(info), name);
	*ret_inlined = inlined;
	return 0;
}
