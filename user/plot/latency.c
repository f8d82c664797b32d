/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/latency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/quantile.h"

#define EXACT 128 /* values that have a bucket of their own */
#define PER_POWER 64
#define ROOM_MIN 64

unsigned int latency_bucket(uint64_t ns)
{
	unsigned int power;

	if (ns < EXACT)
		return (unsigned int)ns;
	power = 63 - (unsigned int)__builtin_clzll(ns); /* 7 or more */
	return EXACT + (power - 7) * PER_POWER + (unsigned int)(ns >> (power - 6)) - PER_POWER;
}

uint64_t latency_low(unsigned int bucket)
{
	unsigned int power;

	if (bucket < EXACT)
		return bucket;
	power = 7 + (bucket - EXACT) / PER_POWER;
	return (uint64_t)(PER_POWER + (bucket - EXACT) % PER_POWER) << (power - 6);
}

uint64_t latency_middle(unsigned int bucket)
{
	if (bucket < EXACT)
		return bucket;
	return latency_low(bucket) + (UINT64_C(1) << ((bucket - EXACT) / PER_POWER));
}

void latency__free(struct latency *latency)
{
	free(latency->cells);
	*latency = (struct latency) {};
}

/* Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4). */
static size_t hash(uint64_t period, unsigned int bucket)
{
	return (size_t)((((period << 12) + bucket) * UINT64_C(0x9e3779b97f4a7c15)) >> 20);
}

/* There is a free place. */
static void add_cell(struct latency *latency, uint64_t period, unsigned int bucket, uint64_t cnt)
{
	struct latency_cell *cell;

	for (size_t at = hash(period, bucket);; at++) {
		cell = &latency->cells[at & (latency->room - 1)];
		if (!cell->cnt || (cell->period == period && cell->bucket == bucket))
			break;
	}
	latency->used += !cell->cnt;
	cell->period = period;
	cell->bucket = bucket;
	cell->cnt += cnt;
}

static int rebuild(struct latency *latency, size_t room, unsigned int by)
{
	struct latency fresh = { .cells = calloc(room, sizeof(*fresh.cells)), .room = room };

	if (!fresh.cells)
		return -ENOMEM;
	for (size_t i = 0; i < latency->room; i++) {
		const struct latency_cell *cell = &latency->cells[i];

		if (cell->cnt)
			add_cell(&fresh, cell->period >> by, cell->bucket, cell->cnt);
	}
	latency__free(latency);
	*latency = fresh;
	return 0;
}

int latency__add(struct latency *latency, uint64_t period, uint64_t ns)
{
	int err = 0;

	if (latency->used >= latency->room - latency->room / 4)
		err = rebuild(latency, latency->room ? 2 * latency->room : ROOM_MIN, 0);
	if (!err)
		add_cell(latency, period, latency_bucket(ns), 1);
	return err;
}

int latency__fold(struct latency *latency, unsigned int by)
{
	return latency->used ? rebuild(latency, latency->room, by) : 0;
}

static int compare_cells(const void *left, const void *right)
{
	const struct latency_cell *a = left, *b = right;

	if (a->period != b->period)
		return a->period < b->period ? -1 : 1;
	return a->bucket < b->bucket ? -1 : a->bucket > b->bucket;
}

struct latency_cell *latency__sorted(const struct latency *latency, size_t *ret_cnt)
{
	struct latency_cell *sorted = latency->used ? calloc(latency->used, sizeof(*sorted)) : NULL;
	size_t cnt = 0;

	*ret_cnt = latency->used && !sorted;
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < latency->room; i++) {
		if (latency->cells[i].cnt)
			sorted[cnt++] = latency->cells[i];
	}
	qsort(sorted, cnt, sizeof(*sorted), compare_cells);
	*ret_cnt = cnt;
	return sorted;
}

/* The value of that rank and, if there is one, the next. */
static void neighbours(const struct latency_cell *cells, size_t cnt, uint64_t rank,
		       uint64_t ret_pair[2])
{
	uint64_t before = 0;
	size_t i = 0;

	while (i + 1 < cnt && before + cells[i].cnt <= rank)
		before += cells[i++].cnt;
	ret_pair[0] = latency_middle(cells[i].bucket);
	if (rank + 1 >= before + cells[i].cnt && i + 1 < cnt)
		i++;
	ret_pair[1] = latency_middle(cells[i].bucket);
}

uint64_t latency_quantile(const struct latency_cell *cells, size_t cnt, uint64_t total,
			  unsigned int permille)
{
	struct quantile_place place = quantile__place((size_t)total, permille);
	uint64_t pair[2];

	neighbours(cells, cnt, place.idx, pair);
	return pair[0] + (uint64_t)((double)(pair[1] - pair[0]) * place.thousandths / 1000);
}

void latency__counts(const struct latency *latency, uint64_t *counts)
{
	memset(counts, 0, LATENCY_BUCKETS * sizeof(*counts));
	for (size_t i = 0; i < latency->room; i++) {
		if (latency->cells[i].cnt)
			counts[latency->cells[i].bucket] += latency->cells[i].cnt;
	}
}

uint64_t latency_counts_quantile(const uint64_t *counts, uint64_t total, unsigned int permille)
{
	struct latency_cell cells[LATENCY_BUCKETS];
	size_t cnt = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		if (counts[i])
			cells[cnt++] = (struct latency_cell) { 0, i, counts[i] };
	}
	return latency_quantile(cells, cnt, total, permille);
}
