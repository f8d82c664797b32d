/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers for names of states, from 0 on: found by their bytes, in a few nanoseconds.
 *
 * Names are hostile. More of them than a table takes, and those that somebody chose so that they
 * are looked for in the same place, are refused: they can be found elsewhere, in another way.
 */
#ifndef TACHO_USER_ANALYSIS_STATE_TABLE_H
#define TACHO_USER_ANALYSIS_STATE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define STATE_TABLE_MAX 16384
#define STATE_NONE UINT32_MAX
#define STATE_BEYOND 8 /* so many bytes behind a name may be looked at */

struct state_table_slot {
	uint64_t first, last; /* eight bytes at each end of the name */
	uint32_t sz;
	uint32_t number; /* one more than it is; 0: the slot is free */
};

/* Zero-initialise. */
struct state_table {
	struct state_table_slot *slots;
	size_t slot_cnt; /* a power of two, or 0 */
	char **names;	 /* by number; NUL-terminated copies */
	size_t cnt;
};

void state_table__free(struct state_table *table);

/* STATE_NONE: refused, or there is no memory. A name has no NUL in it. */
uint32_t state_table__number(struct state_table *table, const char *name, size_t sz);

#endif
