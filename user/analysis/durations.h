/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Many durations in little memory, and what they come to. Those of up to 4.29 s, which nearly all
 * are, take four bytes each. Their quantiles are exact, but nothing is sorted for them.
 */
#ifndef TACHO_USER_ANALYSIS_DURATIONS_H
#define TACHO_USER_ANALYSIS_DURATIONS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/summary.h"

struct durations_piece;

/* Values of one width. */
struct durations_list {
	struct durations_piece *first, *last;
	size_t cnt;
};

/* Zero-initialise. */
struct durations {
	uint32_t *next, *end; /* where there is room in the last piece of short ones */
	struct durations_list short_ones;
	struct durations_list long_ones;
};

void durations__free(struct durations *durations);

/* For durations__add. 0 or -ENOMEM. */
int durations__make_room(struct durations *durations);
int durations__add_long(struct durations *durations, uint64_t value);

/* 0 or -ENOMEM. */
static inline int durations__add(struct durations *durations, uint64_t value)
{
	if (value > UINT32_MAX)
		return durations__add_long(durations, value);
	if (durations->next == durations->end && durations__make_room(durations))
		return -ENOMEM;
	*durations->next++ = (uint32_t)value;
	return 0;
}

size_t durations__cnt(const struct durations *durations);

/* Moves everything from one to the other. Takes no memory and hardly any time. */
void durations__join(struct durations *durations, struct durations *from);

/* To values, which has room for all of them, in any order. */
void durations__copy(const struct durations *durations, uint64_t *values);

/* As summarize() of all values. 0 or -ENOMEM. */
int durations__summarize(struct durations *durations, struct summary *ret_summary);

#endif
