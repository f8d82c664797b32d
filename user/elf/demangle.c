/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libiberty bounds how deep it recurses (DEMANGLE_RECURSION_LIMIT, and RUST_MAX_RECURSION_COUNT of
 * rust-demangle.c), but not how long it works. A name of 250 characters can make it
 *
 *   - write without end: back references (S_, T_ in C++, B_ in Rust) repeat what contains others;
 *   - parse without end: the arguments of a conversion operator to a template parameter
 *     ("cvT_I...") are parsed twice, in each other once per level (cp-demangle.c, d_checkpoint);
 *   - search without end: d_find_pack walks the repeated parts anew at each pack expansion.
 *
 * Output that grows too long is left by longjmp; names of the other two kinds are told beforehand
 * and not tried.
 */
#include "demangle.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

/* libiberty gives up on longer C++ names (d_demangle_callback: two components a character, at most
 * DEMANGLE_RECURSION_LIMIT of them). */
#define CXX_NAME_MAX (DEMANGLE_RECURSION_LIMIT / 2)
#define RUST_NAME_MAX 4096
/* Each doubles the work; real names have none. */
#define CONVERSIONS_MAX 8
/* Parts of a name with every repetition counted: what d_find_pack may have to walk. */
#define PARTS_MAX 50000
/* Each can at most double them, so that fewer need no counting. */
#define REPETITIONS_MAX 12

struct output {
	char *buf;
	size_t len;
	bool rust;
	jmp_buf too_long;
};

bool demangle_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

/*
 * The C++ demangler has nothing allocated while it prints, so it may be left at any time. The Rust
 * one holds a buffer while it prints an identifier decoded from punycode, which never begins with
 * punctuation: it is left at the next piece that does, and something always does where the output
 * grows by repetition.
 */
static void take_piece(const char *piece, size_t len, void *opaque)
{
	struct output *output = opaque;

	if (len == 0)
		return;
	if (len < DEMANGLED_SZ - output->len) {
		memcpy(output->buf + output->len, piece, len);
		output->len += len;
		return;
	}
	output->len = DEMANGLED_SZ - 1; /* nothing more fits */
	if (!output->rust || ispunct((unsigned char)piece[0]))
		longjmp(output->too_long, 1);
}

static size_t count_conversions(const char *name)
{
	size_t cnt = 0;

	for (const char *at = name; (at = strstr(at, "cvT")); at++) {
		const char *end = at + 3;

		while (isdigit((unsigned char)*end) || isupper((unsigned char)*end))
			end++;
		cnt += end[0] == '_' && end[1] == 'I';
	}
	return cnt;
}

/* The components of a parsed name: an array, in which they refer to each other. */
struct parts {
	const struct demangle_component *first;
	size_t cnt;
	uint32_t sizes[DEMANGLE_RECURSION_LIMIT]; /* 0: not known yet */
};

static uint32_t expanded_size(struct parts *parts, const struct demangle_component *part);

/* Those whose union has other things than components in both places. */
static bool is_leaf(const struct demangle_component *part)
{
	switch (part->type) {
	case DEMANGLE_COMPONENT_NAME:
	case DEMANGLE_COMPONENT_OPERATOR:
	case DEMANGLE_COMPONENT_BUILTIN_TYPE:
	case DEMANGLE_COMPONENT_EXTENDED_BUILTIN_TYPE:
	case DEMANGLE_COMPONENT_SUB_STD:
	case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
	case DEMANGLE_COMPONENT_FUNCTION_PARAM:
	case DEMANGLE_COMPONENT_NUMBER:
	case DEMANGLE_COMPONENT_CHARACTER:
	case DEMANGLE_COMPONENT_FIXED_TYPE:
		return true;
	default:
		return false;
	}
}

/* The other members of the union have a number in one of the two places, which does not point
 * into the array. */
static uint32_t size_of_child(struct parts *parts, const void *child)
{
	uintptr_t offset = (uintptr_t)child - (uintptr_t)parts->first;

	if (offset >= parts->cnt * sizeof(*parts->first) || offset % sizeof(*parts->first))
		return 0;
	return expanded_size(parts, child);
}

static uint32_t expanded_size(struct parts *parts, const struct demangle_component *part)
{
	uint32_t *size = &parts->sizes[part - parts->first];
	uint32_t sum;

	if (*size)
		return *size;
	if (is_leaf(part))
		return *size = 1;
	*size = PARTS_MAX; /* met again before it is known: it contains itself */
	sum = 1 + size_of_child(parts, part->u.s_binary.left) +
	      size_of_child(parts, part->u.s_binary.right);
	*size = sum < PARTS_MAX ? sum : PARTS_MAX;
	return *size;
}

static bool packs_are_bounded(const char *name)
{
	const struct demangle_component *root;
	struct parts *parts;
	void *memory = NULL;
	bool bounded = false;

	root = cplus_demangle_v3_components(name, DMGL_PARAMS | DMGL_ANSI, &memory);
	parts = root ? calloc(1, sizeof(*parts)) : NULL;
	if (parts) {
		parts->first = memory;
		parts->cnt = 2 * strlen(name);
		bounded = size_of_child(parts, root) < PARTS_MAX;
	}
	free(parts);
	free(memory);
	return bounded;
}

static size_t count_repetitions(const char *name)
{
	size_t cnt = 0;

	for (const char *at = name; (at = strchr(at, 'S')); at++) {
		const char *end = at + 1;

		while (isdigit((unsigned char)*end) || isupper((unsigned char)*end))
			end++;
		cnt += *end == '_';
	}
	return cnt;
}

static bool is_bounded(const char *name)
{
	if (count_conversions(name) > CONVERSIONS_MAX)
		return false;
	/* "Dp" and "sp" stand for pack expansions. */
	if (!strstr(name, "Dp") && !strstr(name, "sp"))
		return true;
	return count_repetitions(name) <= REPETITIONS_MAX || packs_are_bounded(name);
}

/* Legacy Rust names look like C++ ones, so Rust is tried first. */
static bool print_rust(const char *name, struct output *output)
{
	output->rust = true;
	return rust_demangle_callback(name, DMGL_PARAMS | DMGL_ANSI, take_piece, output) &&
	       output->len < DEMANGLED_SZ - 1;
}

static bool print_cxx(const char *name, int options, struct output *output)
{
	output->rust = false;
	output->len = 0;
	if (!cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP | options,
					take_piece, output))
		return false;
	output->buf[output->len] = '\0';
	return true;
}

static bool print(const char *name, size_t len, struct output *output)
{
	if (setjmp(output->too_long))
		return false;
	if (print_rust(name, output))
		return true;
	if (name[1] != 'Z' || len > CXX_NAME_MAX || !is_bounded(name) ||
	    !print_cxx(name, 0, output))
		return false;
	/* The string from before C++11 must not look like today's, which is written in full. */
	return !strstr(output->buf, "std::string") || print_cxx(name, DMGL_VERBOSE, output);
}

size_t demangle(const char *name, size_t len, char buf[DEMANGLED_SZ])
{
	struct output output = { .buf = buf };
	char copy[RUST_NAME_MAX + 1];

	if (len < 3 || len > RUST_NAME_MAX || !demangle_is_mangled(name))
		return 0;
	memcpy(copy, name, len);
	copy[len] = '\0';
	if (!print(copy, len, &output))
		return 0;
	buf[output.len] = '\0';
	return output.len;
}
