/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * .gopclntab, the table by which Go's runtime knows its functions. It is in every Go program, also
 * in one that is stripped.
 *
 * Four layouts exist, told apart by the first four bytes (Go's debug/gosym/pclntab.go and
 * cmd/link/internal/ld/pcln.go). Since Go 1.26 the header no longer says where the code begins.
 *
 *     magic u32, 0 u8, 0 u8, size of an instruction step u8, size of a pointer u8
 *     1.2          functions u64; then the function table, by which all other offsets count too
 *     1.16         functions u64, files u64; offsets of names, cu, files, pc, functions u64
 *     1.18, 1.20   functions u64, files u64, text u64; offsets as above
 *
 * The function table has a pair for each function, ascending, and where the last one ends:
 *     entry, offset of its record      u64 each; since 1.18 u32 each, entry counted from text
 * and the record begins with the entry again (of the same size) and the offset of the name (u32).
 */
#ifndef TACHO_USER_GOPCLNTAB_H
#define TACHO_USER_GOPCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../fault.h"

#define GOPCLNTAB_HEADER_SZ 8 /* what tells that a table begins here */

struct gopclntab {
	const uint8_t *bytes;
	size_t sz;
	uint64_t function_cnt;
	uint64_t text;	       /* where the entries count from; 0: nowhere, or not told here */
	bool relative;	       /* do entries count from text? */
	uint64_t names_at;     /* offsets into bytes */
	uint64_t functions_at; /* of the table, from which the records count */
	uint64_t records_at;
	unsigned field_sz;
};

struct go_function {
	const char *name; /* points into the table */
	uint64_t entry;	  /* an address, or counted from text */
	uint64_t size;	  /* up to the next function: what fills the gap counts too */
};

/* May a table begin with these bytes? */
bool gopclntab_begins(const uint8_t header[GOPCLNTAB_HEADER_SZ]);

/* Reads the header; bytes may go on behind the table. -EBADMSG with why when it is none, or its
 * parts lie outside. */
int gopclntab__parse(const void *bytes, size_t sz, struct gopclntab *ret_table, struct fault *why);

/* Where the first function begins and the last one ends, as entries are given. -EBADMSG. */
int gopclntab__span(const struct gopclntab *table, uint64_t *ret_begin, uint64_t *ret_end);

/* Calls each for every function, ascending, until it returns non-zero; returns that, 0, or
 * -EBADMSG with why at a function that lies. */
int gopclntab__each(const struct gopclntab *table,
		    int (*each)(void *ctx, const struct go_function *function), void *ctx,
		    struct fault *why);

#endif
