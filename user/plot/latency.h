/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Durations in buckets that grow with them, as HdrHistogram has it: up to 127 ns one each, then 64
 * for each power of two. What a bucket stands for is its middle, so that no value is off by more
 * than 1/128 of itself (0.79 %). They are counted by periods of time, too.
 */
#ifndef TACHO_USER_PLOT_LATENCY_H
#define TACHO_USER_PLOT_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#define LATENCY_BUCKETS 3776
#define LATENCY_ERROR_PERMILLE 8

unsigned int latency_bucket(uint64_t ns);
uint64_t latency_low(unsigned int bucket);    /* the least value in it */
uint64_t latency_middle(unsigned int bucket); /* what it stands for */

/* So many bins of bins.h are a period. */
#define LATENCY_SHIFT 5

struct latency_cell {
	uint64_t period;
	unsigned int bucket;
	uint64_t cnt; /* 0: a free place */
};

/* Zero-initialise. */
struct latency {
	struct latency_cell *cells; /* by hash */
	size_t room;
	size_t used;
};

void latency__free(struct latency *latency);

/* 0 or -ENOMEM. */
int latency__add(struct latency *latency, uint64_t period, uint64_t ns);

/* 2^by periods are one now. */
int latency__fold(struct latency *latency, unsigned int by);

/* In order of their periods, and then of their buckets; malloced. NULL with *ret_cnt 0: there are
 * none; with 1: no memory. */
struct latency_cell *latency__sorted(const struct latency *latency, size_t *ret_cnt);

/* By linear interpolation between the two nearest values (analysis/quantile.h), of cells that are
 * in order of their buckets, in thousandths. total is the sum of their counts, not 0. */
uint64_t latency_quantile(const struct latency_cell *cells, size_t cnt, uint64_t total,
			  unsigned int permille);

/* All periods in one: counts[LATENCY_BUCKETS]. */
void latency__counts(const struct latency *latency, uint64_t *counts);
uint64_t latency_counts_quantile(const uint64_t *counts, uint64_t total, unsigned int permille);

#endif
