/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sum and deviation of numbers that pass by once, computed with integers, so that the order in
 * which they come changes nothing. */
#ifndef TACHO_USER_ANALYSIS_MOMENTS_H
#define TACHO_USER_ANALYSIS_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct moments {
	uint64_t cnt;
	unsigned __int128 sum;
	uint64_t squares[4]; /* their sum; the lowest 64 bits first */
};

void moments__add(struct moments *moments, const uint64_t *values, size_t cnt);
void moments__add_short(struct moments *moments, const uint32_t *values, size_t cnt);

/* Rounded to nearest, halves up; of at least one number. */
uint64_t moments__mean(const struct moments *moments);

/* The square root of sum / (cnt - 1), where sum is what the squares of the numbers, less their
 * mean, add up to; rounded likewise. 0 of fewer than two. */
uint64_t moments__deviation(const struct moments *moments);

#endif
