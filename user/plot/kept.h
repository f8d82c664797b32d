/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The calls that are shown one by one: all of them while they are few, and then the longest. Of
 * two of a length, the first one stays.
 */
#ifndef TACHO_USER_PLOT_KEPT_H
#define TACHO_USER_PLOT_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "row.h"

#define KEPT_MAX 3000

struct kept_call {
	size_t state; /* an index of the caller's */
	size_t lane;  /* likewise */
	uint64_t start_ns;
	uint64_t duration_ns;
	uint64_t tid; /* 0: not known */
	enum tacho_ended ended;
	enum row_failed failed;
	uint64_t order; /* set here */
};

/* A heap with the shortest at its top. Zero-initialise. */
struct kept {
	struct kept_call calls[KEPT_MAX];
	size_t cnt;
	uint64_t seen;
};

void kept__add(struct kept *kept, const struct kept_call *call);

/* By their starts; nothing can be added then. */
void kept__sort(struct kept *kept);

#endif
