/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/interval_counts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/summary.h"

#define CAPACITY_FIRST 16

void interval_counts__free(struct interval_counts *counts)
{
	free(counts->items);
	*counts = (struct interval_counts) { .length_ns = counts->length_ns };
}

static int compare_times(const void *left, const void *right)
{
	const struct interval_count *a = left, *b = right;

	return (a->idx > b->idx) - (a->idx < b->idx);
}

void interval_counts__settle(struct interval_counts *counts)
{
	struct interval_count *items = counts->items;
	size_t cnt = 0;

	if (counts->cnt)
		qsort(items, counts->cnt, sizeof(*items), compare_times);
	for (size_t i = 0; i < counts->cnt; i++) {
		if (cnt && items[cnt - 1].idx == items[i].idx)
			items[cnt - 1].cnt = add_saturated(items[cnt - 1].cnt, items[i].cnt);
		else
			items[cnt++] = items[i];
	}
	counts->cnt = cnt;
}

static int grow(struct interval_counts *counts, size_t wanted)
{
	size_t capacity = counts->capacity ? 2 * counts->capacity : CAPACITY_FIRST;
	struct interval_count *grown;

	if (capacity < wanted)
		capacity = wanted;
	grown = reallocarray(counts->items, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	counts->items = grown;
	counts->capacity = capacity;
	return 0;
}

/* Events that do not come in order leave the same interval many times. There is more room only for
 * what is more than half full without these, so that settling stays rare. */
static int make_room(struct interval_counts *counts)
{
	interval_counts__settle(counts);
	return 2 * counts->cnt < counts->capacity ? 0 : grow(counts, 0);
}

int interval_counts__add(struct interval_counts *counts, uint64_t ns)
{
	uint64_t idx = ns / counts->length_ns;
	struct interval_count *last = counts->cnt ? &counts->items[counts->cnt - 1] : NULL;
	int err;

	if (last && last->idx == idx) {
		last->cnt++;
		return 0;
	}
	if (counts->cnt == counts->capacity) {
		err = make_room(counts);
		if (err)
			return err;
	}
	counts->items[counts->cnt++] = (struct interval_count) { idx, 1 };
	return 0;
}

int interval_counts__join(struct interval_counts *counts, struct interval_counts *from)
{
	int err = 0;

	if (!from->cnt)
		return 0;
	if (counts->capacity - counts->cnt < from->cnt) {
		interval_counts__settle(counts);
		interval_counts__settle(from);
		err = grow(counts, counts->cnt + from->cnt);
	}
	if (err)
		return err;
	memcpy(counts->items + counts->cnt, from->items, from->cnt * sizeof(*from->items));
	counts->cnt += from->cnt;
	interval_counts__free(from);
	return 0;
}

uint64_t interval_counts__range(const struct interval_counts *counts)
{
	if (!counts->cnt)
		return 0;
	/* length_ns of 1 has one more than fit */
	return add_saturated(counts->items[counts->cnt - 1].idx - counts->items[0].idx, 1);
}

/* --- what they come to ------------------------------------------------------------------------ */

static int compare_counts(const void *left, const void *right)
{
	const struct interval_count *a = left, *b = right;

	return (a->cnt > b->cnt) - (a->cnt < b->cnt);
}

/* The count in that place of all intervals in ascending order: the empty ones come first. */
static double count_at(const struct interval_counts *counts, uint64_t empty, uint64_t place)
{
	return place < empty ? 0 : (double)counts->items[place - empty].cnt;
}

static double quantile(const struct interval_counts *counts, uint64_t empty, unsigned int percent)
{
	uint64_t last = empty + counts->cnt - 1;
	unsigned __int128 at = (unsigned __int128)last * percent;
	uint64_t place = (uint64_t)(at / 100);
	double below = count_at(counts, empty, place);
	double part = (double)(at % 100) / 100;

	return place < last ? below + part * (count_at(counts, empty, place + 1) - below) : below;
}

static double deviation(const struct interval_counts *counts, uint64_t empty, long double mean)
{
	uint64_t intervals = empty + counts->cnt;
	long double squares = (long double)empty * mean * mean;

	for (size_t i = 0; i < counts->cnt; i++) {
		long double away = (long double)counts->items[i].cnt - mean;

		squares += away * away;
	}
	return intervals > 1 ? (double)sqrtl(squares / (long double)(intervals - 1)) : 0;
}

void interval_counts__summarize(struct interval_counts *counts,
				struct interval_summary *ret_summary)
{
	static const unsigned int percents[INTERVAL_QUANTILES] = { 25, 50, 75, 90, 95, 99 };
	struct interval_summary summary = { .intervals = interval_counts__range(counts) };
	uint64_t empty = summary.intervals - counts->cnt;
	long double mean;

	*ret_summary = summary;
	if (!counts->cnt)
		return;
	for (size_t i = 0; i < counts->cnt; i++)
		summary.events = add_saturated(summary.events, counts->items[i].cnt);
	mean = (long double)summary.events / (long double)summary.intervals;
	summary.mean = (double)mean;
	summary.stddev = deviation(counts, empty, mean);
	qsort(counts->items, counts->cnt, sizeof(*counts->items), compare_counts);
	summary.min = empty ? 0 : counts->items[0].cnt;
	summary.max = counts->items[counts->cnt - 1].cnt;
	for (size_t i = 0; i < INTERVAL_QUANTILES; i++)
		summary.quantiles[i] = quantile(counts, empty, percents[i]);
	*ret_summary = summary;
}
