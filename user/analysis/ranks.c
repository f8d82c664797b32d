/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/ranks.h"

#include <stdbool.h>

#define BUCKETS 256
#define FEW 48 /* are sorted faster one by one */
#define TOP_SHIFT 56

/* Ascending. NULL: all of them. */
struct places {
	const size_t *from;
	const size_t *to;
};

static void insert_each(uint64_t *values, size_t cnt)
{
	for (size_t i = 1; i < cnt; i++) {
		uint64_t value = values[i];
		size_t at = i;

		for (; at && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static size_t bucket_of(uint64_t value, unsigned int shift)
{
	return value >> shift & (BUCKETS - 1);
}

/* next: where each bucket begins; end: where the next one does. */
static void swap_into_buckets(uint64_t *values, unsigned int shift, size_t next[BUCKETS],
			      const size_t end[BUCKETS])
{
	uint64_t value, swap;
	size_t to;

	for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
		while (next[bucket] < end[bucket]) {
			value = values[next[bucket]];
			while ((to = bucket_of(value, shift)) != bucket) {
				swap = values[next[to]];
				values[next[to]++] = value;
				value = swap;
			}
			values[next[bucket]++] = value;
		}
	}
}

/* Those of the places that are between these. */
static struct places narrow(struct places places, size_t from, size_t to)
{
	while (places.from < places.to && *places.from < from)
		places.from++;
	while (places.from < places.to && places.to[-1] >= to)
		places.to--;
	return places;
}

/*
 * McIlroy, Bostic and McIlroy, "Engineering Radix Sort", 1993: "American flag sort", of the numbers
 * from..to and only as far as the places need it. glibc's qsort takes as much memory again, and
 * other ones take their time with values that somebody has chosen.
 */
static void order(uint64_t *values, size_t from, size_t to, unsigned int shift,
		  struct places places)
{
	size_t next[BUCKETS], end[BUCKETS] = {};
	bool all = !places.from;
	size_t at = from;

	if (!all) {
		places = narrow(places, from, to);
		if (places.from == places.to)
			return;
	}
	if (to - from <= FEW) {
		insert_each(values + from, to - from);
		return;
	}
	for (size_t i = from; i < to; i++)
		end[bucket_of(values[i], shift)]++;
	if (end[bucket_of(values[from], shift)] == to - from) {
		if (shift)
			order(values, from, to, shift - 8, places);
		return;
	}
	for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
		next[bucket] = at;
		at += end[bucket];
		end[bucket] = at;
	}
	swap_into_buckets(values, shift, next, end);
	for (size_t bucket = 0; shift && bucket < BUCKETS; bucket++) {
		order(values, from, end[bucket], shift - 8, places);
		from = end[bucket];
	}
}

void sort_values(uint64_t *values, size_t cnt)
{
	order(values, 0, cnt, TOP_SHIFT, (struct places) {});
}

void rank_values(uint64_t *values, size_t cnt, const size_t *places, size_t place_cnt)
{
	if (place_cnt)
		order(values, 0, cnt, TOP_SHIFT, (struct places) { places, places + place_cnt });
}
