/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/bins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/summary.h"

_Static_assert((TIME_BINS & (TIME_BINS - 1)) == 0, "rings are indexed by masks");
_Static_assert((TIME_BINS >> SERIES_SHIFT) + 1 <= SERIES_RING, "a window that is not aligned");

uint64_t time_axis__low(const struct time_axis *axis)
{
	return axis->first_ns >> axis->shift;
}

uint64_t time_axis__high(const struct time_axis *axis)
{
	return axis->last_ns >> axis->shift;
}

double time_axis__bin_ns(const struct time_axis *axis)
{
	return (double)(UINT64_C(1) << axis->shift);
}

struct time_fold time_axis__include(struct time_axis *axis, uint64_t from_ns, uint64_t to_ns)
{
	struct time_fold fold = { .shift = axis->shift,
				  .low = time_axis__low(axis),
				  .high = time_axis__high(axis) };
	bool any = axis->any;

	if (!any || from_ns < axis->first_ns)
		axis->first_ns = from_ns;
	if (!any || to_ns > axis->last_ns)
		axis->last_ns = to_ns;
	axis->any = true;
	while (time_axis__high(axis) - time_axis__low(axis) >= TIME_BINS)
		axis->shift++;
	fold.by = any ? axis->shift - fold.shift : 0;
	return fold;
}

/* --- calls -------------------------------------------------------------------------------- */

static struct lane_bin *bin_at(const struct lane *lane, uint64_t bin)
{
	return &lane->ring[bin & (TIME_BINS - 1)];
}

int lane__init(struct lane *lane)
{
	lane->ring = calloc(TIME_BINS, sizeof(*lane->ring));
	return lane->ring ? 0 : -ENOMEM;
}

void lane__free(struct lane *lane)
{
	free(lane->ring);
	lane->ring = NULL;
}

static void add_bin(struct lane_bin *sum, const struct lane_bin *bin)
{
	sum->cnt = add_saturated(sum->cnt, bin->cnt);
	sum->failed_cnt = add_saturated(sum->failed_cnt, bin->failed_cnt);
	sum->odd_cnt = add_saturated(sum->odd_cnt, bin->odd_cnt);
	sum->busy_ns += bin->busy_ns;
	if (bin->max_ns > sum->max_ns)
		sum->max_ns = bin->max_ns;
}

int lane__fold(struct lane *lane, const struct time_fold *fold)
{
	double width = (double)(UINT64_C(1) << fold->shift);
	struct lane old = *lane;
	int64_t open = 0;
	int err = lane__init(lane);

	if (err) {
		*lane = old;
		return err;
	}
	for (uint64_t bin = fold->low; bin - fold->low <= fold->high - fold->low; bin++) {
		struct lane_bin *from = bin_at(&old, bin);

		open += from->edge;
		from->busy_ns += (double)open * width;
		add_bin(bin_at(lane, bin >> fold->by), from);
	}
	lane__free(&old);
	return 0;
}

void lane__add(struct lane *lane, const struct time_axis *axis, const struct lane_call *call)
{
	uint64_t first = call->start_ns >> axis->shift, last = call->end_ns >> axis->shift;
	uint64_t duration_ns = call->end_ns - call->start_ns;
	struct lane_bin *bin = bin_at(lane, first);

	bin->cnt++;
	bin->failed_cnt += call->failed;
	bin->odd_cnt += call->odd;
	if (duration_ns > bin->max_ns)
		bin->max_ns = duration_ns;
	if (first == last) {
		bin->busy_ns += (double)duration_ns;
		return;
	}
	bin->busy_ns += (double)(((first + 1) << axis->shift) - call->start_ns);
	bin_at(lane, first + 1)->edge++;
	bin_at(lane, last)->edge--;
	bin_at(lane, last)->busy_ns += (double)(call->end_ns - (last << axis->shift));
}

/* How much of the time between the two lies in the bin, where bins are of 2^shift ns. */
static double share_in(uint64_t bin, unsigned int shift, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t begin = bin << shift, last = begin + ((UINT64_C(1) << shift) - 1);
	uint64_t from = from_ns > begin ? from_ns : begin;
	double to = to_ns <= last ? (double)(to_ns - from) : (double)(last - from) + 1;

	return to_ns == from_ns ? 1 : to / (double)(to_ns - from_ns);
}

void lane__add_sums(struct lane *lane, const struct time_axis *axis, uint64_t from_ns,
		    uint64_t to_ns, uint64_t cnt, double sum_ns, uint64_t max_ns)
{
	uint64_t first = from_ns >> axis->shift, last = to_ns >> axis->shift;
	struct lane_bin *bin = bin_at(lane, last);

	bin->cnt = add_saturated(bin->cnt, cnt);
	if (max_ns > bin->max_ns)
		bin->max_ns = max_ns;
	for (uint64_t i = first; i - first <= last - first;
	     i++) /* last may be the largest number */
		bin_at(lane, i)->busy_ns += sum_ns * share_in(i, axis->shift, from_ns, to_ns);
}

size_t time_axis__cnt(const struct time_axis *axis, unsigned int by)
{
	if (!axis->any)
		return 0;
	return (size_t)((time_axis__high(axis) >> by) - (time_axis__low(axis) >> by) + 1);
}

void lane__bins(const struct lane *lane, const struct time_axis *axis, unsigned int by,
		struct lane_bin *bins)
{
	uint64_t low = time_axis__low(axis), high = time_axis__high(axis);
	double width = time_axis__bin_ns(axis);
	int64_t open = 0;

	memset(bins, 0, time_axis__cnt(axis, by) * sizeof(*bins));
	for (uint64_t bin = low; bin - low <= high - low; bin++) {
		struct lane_bin copy = *bin_at(lane, bin);

		open += copy.edge;
		copy.busy_ns += (double)open * width;
		add_bin(&bins[(bin >> by) - (low >> by)], &copy);
	}
}

/* --- amounts ------------------------------------------------------------------------------ */

static unsigned int series_shift(const struct time_axis *axis)
{
	unsigned int shift = axis->shift + SERIES_SHIFT;

	return shift < 63 ? shift : 63;
}

static double *amounts_at(const struct series *series, uint64_t bin)
{
	return series->ring[bin & (SERIES_RING - 1)];
}

int series__init(struct series *series)
{
	series->ring = calloc(SERIES_RING, sizeof(*series->ring));
	return series->ring ? 0 : -ENOMEM;
}

void series__free(struct series *series)
{
	free(series->ring);
	series->ring = NULL;
}

int series__fold(struct series *series, const struct time_fold *fold)
{
	struct time_axis before = { .shift = fold->shift },
			 after = { .shift = fold->shift + fold->by };
	unsigned int by = series_shift(&after) - series_shift(&before);
	uint64_t low = fold->low >> (series_shift(&before) - fold->shift);
	uint64_t high = fold->high >> (series_shift(&before) - fold->shift);
	struct series old = *series;
	int err = series__init(series);

	if (err) {
		*series = old;
		return err;
	}
	for (uint64_t bin = low; bin - low <= high - low; bin++) {
		for (size_t i = 0; i < SERIES_COLUMNS; i++)
			amounts_at(series, bin >> by)[i] += amounts_at(&old, bin)[i];
	}
	series__free(&old);
	return 0;
}

void series__spread(struct series *series, const struct time_axis *axis, size_t column,
		    uint64_t from_ns, uint64_t to_ns, double amount)
{
	unsigned int shift = series_shift(axis);

	for (uint64_t bin = from_ns >> shift; bin <= to_ns >> shift; bin++)
		amounts_at(series, bin)[column] += amount * share_in(bin, shift, from_ns, to_ns);
}

size_t series_cnt(const struct time_axis *axis)
{
	unsigned int shift = series_shift(axis);

	if (!axis->any)
		return 0;
	return (size_t)((axis->last_ns >> shift) - (axis->first_ns >> shift) + 1);
}

double series__at(const struct series *series, const struct time_axis *axis, size_t idx,
		  size_t column)
{
	return amounts_at(series, (axis->first_ns >> series_shift(axis)) + idx)[column];
}

void series_span(const struct time_axis *axis, size_t idx, uint64_t *ret_from_ns,
		 uint64_t *ret_to_ns)
{
	unsigned int shift = series_shift(axis);
	uint64_t bin = (axis->first_ns >> shift) + idx;
	uint64_t from_ns = bin << shift, last_ns = from_ns + ((UINT64_C(1) << shift) - 1);

	*ret_from_ns = from_ns > axis->first_ns ? from_ns : axis->first_ns;
	*ret_to_ns = last_ns < axis->last_ns ? last_ns + 1 : axis->last_ns;
}
