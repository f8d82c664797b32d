/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a heap of numbers comes to, as pandas' describe() has it, but computed with integers: every
 * result is the exact one, rounded to nearest, halves up.
 */
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
	/* Of how many of them the quantiles and the deviation are; without any, those are 0. */
	uint64_t ranked;
	uint64_t total;	 /* UINT64_MAX if it is more (584 years of nanoseconds) */
	uint64_t mean;	 /* from a total that never overflows */
	uint64_t stddev; /* of a sample: divided by one less than their number; 0 of one value */
	uint64_t min;
	uint64_t p50;
	uint64_t p75;
	uint64_t p90;
	uint64_t p95;
	uint64_t p99;
	uint64_t p999;
	uint64_t max;
};

/* Sorts the values where they are, in bounded time and without more memory. */
void summarize(uint64_t *values, size_t cnt, struct summary *ret_summary);

/* For who makes a summary without having all values in a row: the quantiles in it one by one, and
 * all that does not depend on order. */
#define SUMMARY_QUANTILES 6
uint64_t *summary__quantile(struct summary *summary, size_t idx, unsigned int *ret_permille);
struct moments;
void summary__set_moments(struct summary *summary, const struct moments *moments);

/* Adds cnt values, not 0, of which only sum, minimum and maximum are known. The quantiles and the
 * deviation stay what they are. Files may say anything: a count that is too large stays at
 * UINT64_MAX. */
void summary__add(struct summary *summary, uint64_t cnt, uint64_t sum, uint64_t min, uint64_t max);

/* The square root of sum / (cnt - 1), where sum is what the squares of cnt values, less their mean,
 * add up to. sorted or not; 0 of fewer than two. */
uint64_t sample_deviation(const uint64_t *values, size_t cnt);

#endif
