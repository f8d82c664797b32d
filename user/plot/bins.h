/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time cut into bins while it is not known yet how long it is. A bin is 2^shift nanoseconds of the
 * clock, from a multiple of that on. When TIME_BINS of them do not reach any more, two become one:
 * what has been counted is folded, nothing is read twice, and between half of TIME_BINS and all of
 * them are in use, however long a recording is.
 *
 * Bins have absolute numbers (moment >> shift); whoever keeps something for each keeps it in a ring
 * of as many places.
 */
#ifndef TACHO_USER_PLOT_BINS_H
#define TACHO_USER_PLOT_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_BINS 4096

/* Zero-initialise. */
struct time_axis {
	bool any;
	unsigned int shift;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Bins before something was added; and each 2^by of them are one now. */
struct time_fold {
	unsigned int by;
	unsigned int shift;
	uint64_t low;
	uint64_t high;
};

/* Makes room for these moments, from <= to. What was kept has to be folded if by is not 0. */
struct time_fold time_axis__include(struct time_axis *axis, uint64_t from_ns, uint64_t to_ns);

/* The first bin, the last one, and how long each is. Unless there are none. */
uint64_t time_axis__low(const struct time_axis *axis);
uint64_t time_axis__high(const struct time_axis *axis);
double time_axis__bin_ns(const struct time_axis *axis);

/* --- calls -------------------------------------------------------------------------------- */

struct lane_bin {
	uint64_t cnt; /* calls that began in it */
	uint64_t failed_cnt;
	uint64_t odd_cnt; /* ended otherwise than by returning */
	uint64_t max_ns;  /* the longest of them */
	double busy_ns;	  /* of all calls together, the time that lies in it */
	int64_t edge;	  /* from here on, so many calls more fill whole bins */
};

struct lane {
	struct lane_bin *ring;
};

/* 0 or -ENOMEM. */
int lane__init(struct lane *lane);
void lane__free(struct lane *lane);
int lane__fold(struct lane *lane, const struct time_fold *fold);

struct lane_call {
	uint64_t start_ns;
	uint64_t end_ns; /* not before that */
	bool failed;
	bool odd;
};

/* The axis includes it. */
void lane__add(struct lane *lane, const struct time_axis *axis, const struct lane_call *call);

/* cnt calls that ended at some time in between, of which sum and maximum are known. */
void lane__add_sums(struct lane *lane, const struct time_axis *axis, uint64_t from_ns,
		    uint64_t to_ns, uint64_t cnt, double sum_ns, uint64_t max_ns);

/* All its bins, 2^by put together, from the one of time_axis__low(axis) >> by on; edges are in
 * busy_ns. bins has time_axis__cnt(axis, by) places. */
size_t time_axis__cnt(const struct time_axis *axis, unsigned int by);
void lane__bins(const struct lane *lane, const struct time_axis *axis, unsigned int by,
		struct lane_bin *bins);

/* --- amounts ------------------------------------------------------------------------------ */

/* Amounts in coarser bins, as wide as 2^SERIES_SHIFT of those above; some for each. */
#define SERIES_SHIFT 4
#define SERIES_RING 512
#define SERIES_COLUMNS 4

struct series {
	double (*ring)[SERIES_COLUMNS];
};

int series__init(struct series *series);
void series__free(struct series *series);
int series__fold(struct series *series, const struct time_fold *fold);

/* Spreads it evenly over that time, which the axis includes. */
void series__spread(struct series *series, const struct time_axis *axis, size_t column,
		    uint64_t from_ns, uint64_t to_ns, double amount);

size_t series_cnt(const struct time_axis *axis);
double series__at(const struct series *series, const struct time_axis *axis, size_t idx,
		  size_t column);

/* When the bin begins and ends, cut to the axis. */
void series_span(const struct time_axis *axis, size_t idx, uint64_t *ret_from_ns,
		 uint64_t *ret_to_ns);

#endif
