/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a heap of numbers comes to. Exact: nothing is estimated, nothing is interpolated. */
#ifndef TACHO_USER_ANALYSIS_SUMMARY_H
#define TACHO_USER_ANALYSIS_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

/* UINT64_MAX if it is more. */
static inline uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* All zero when there are no values. */
struct summary {
	uint64_t cnt;
	uint64_t ranked; /* how many of them the percentiles are of; without any, those are 0 */
	uint64_t total;	 /* UINT64_MAX if it is more (584 years of nanoseconds) */
	uint64_t mean;	 /* rounded to nearest, from a total that never overflows */
	uint64_t min;
	uint64_t p50;
	uint64_t p90;
	uint64_t p99;
	uint64_t max;
};

/* Sorts the values where they are. */
void summarize(uint64_t *values, size_t cnt, struct summary *ret_summary);

/* Adds cnt values, not 0, of which only sum, minimum and maximum are known. The percentiles stay
 * what they are. Files may say anything: a count that is too large stays at UINT64_MAX. */
void summary__add(struct summary *summary, uint64_t cnt, uint64_t sum, uint64_t min, uint64_t max);

/* Nearest rank: the smallest value that at least percent % of all values do not exceed. percent is
 * 1 to 100, cnt not 0, sorted ascending. */
uint64_t nearest_rank(const uint64_t *sorted, size_t cnt, unsigned int percent);

#endif
