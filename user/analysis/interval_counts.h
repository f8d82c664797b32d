/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many events there were in each interval of time, and what these numbers come to: those of
 * pandas' resample(...).count().describe(). Intervals begin at multiples of their length since the
 * Unix epoch, so that those of several files are the same ones.
 *
 * Memory: 16 bytes for each interval with an event, however events are ordered, and as much again
 * while they are put in order.
 */
#ifndef TACHO_USER_ANALYSIS_INTERVAL_COUNTS_H
#define TACHO_USER_ANALYSIS_INTERVAL_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct interval_count {
	uint64_t idx; /* the interval from idx * length on */
	uint64_t cnt;
};

/* Zero-initialise, then set the length. */
struct interval_counts {
	uint64_t length_ns;
	struct interval_count *items;
	size_t cnt;
	size_t capacity;
};

void interval_counts__free(struct interval_counts *counts);

/* An event at that moment. length_ns is not 0. 0 or -ENOMEM. */
int interval_counts__add(struct interval_counts *counts, uint64_t ns);

/* Moves everything from one to the other of the same length. 0 or -ENOMEM. */
int interval_counts__join(struct interval_counts *counts, struct interval_counts *from);

/* Each interval with an event once, the earliest first. To be called before the ones below. */
void interval_counts__settle(struct interval_counts *counts);

/* From the first with an event to the last, the empty ones between them included. */
uint64_t interval_counts__range(const struct interval_counts *counts);

#define INTERVAL_QUANTILES 6 /* 25, 50, 75, 90, 95 and 99 % */

struct interval_summary {
	uint64_t intervals; /* without any, everything is 0 */
	uint64_t events;
	double mean;
	double stddev; /* of a sample; 0 of one interval */
	uint64_t min;
	double quantiles[INTERVAL_QUANTILES]; /* with linear interpolation */
	uint64_t max;
};

/* Puts the intervals into the order of their counts. */
void interval_counts__summarize(struct interval_counts *counts,
				struct interval_summary *ret_summary);

#endif
