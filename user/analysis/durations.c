/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Quantiles of the short ones are found by counting: buckets of a hundredth of their values or
 * narrower, as floating-point numbers have them, say between which values a place lies; only those
 * are gathered, and put in order as far as is needed.
 */
#include "analysis/durations.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/moments.h"
#include "analysis/quantile.h"
#include "analysis/ranks.h"

#define PIECE_FIRST 16
#define PIECE_MAX (64 * 1024)
#define FEW 4096 /* are put in a row and sorted */

struct durations_piece {
	struct durations_piece *next;
	size_t cnt;
	size_t capacity;
	union {
		uint32_t short_ones[1];
		uint64_t long_ones[1];
	};
};

/* --- keeping ---------------------------------------------------------------------------------- */

static void free_list(struct durations_list *list)
{
	struct durations_piece *next;

	for (; list->first; list->first = next) {
		next = list->first->next;
		free(list->first);
	}
}

void durations__free(struct durations *durations)
{
	free_list(&durations->short_ones);
	free_list(&durations->long_ones);
	*durations = (struct durations) {};
}

/* The pieces grow with the list, so that many short lists take little. */
static struct durations_piece *add_piece(struct durations_list *list, size_t width)
{
	size_t capacity = list->cnt < PIECE_FIRST ? PIECE_FIRST : list->cnt;
	struct durations_piece *piece;

	if (capacity > PIECE_MAX)
		capacity = PIECE_MAX;
	piece = malloc(offsetof(struct durations_piece, long_ones) + capacity * width);
	if (!piece)
		return NULL;
	piece->next = NULL;
	piece->cnt = 0;
	piece->capacity = capacity;
	if (list->last)
		list->last->next = piece;
	else
		list->first = piece;
	list->last = piece;
	return piece;
}

/* How many are in the last piece shows only in `next` while they are added. */
static void settle(struct durations *durations)
{
	struct durations_list *list = &durations->short_ones;
	size_t cnt;

	if (!durations->next)
		return;
	cnt = (size_t)(durations->next - list->last->short_ones);
	list->cnt += cnt - list->last->cnt;
	list->last->cnt = cnt;
}

int durations__make_room(struct durations *durations)
{
	struct durations_piece *piece;

	settle(durations);
	piece = add_piece(&durations->short_ones, sizeof(*piece->short_ones));
	if (!piece)
		return -ENOMEM;
	durations->next = piece->short_ones;
	durations->end = piece->short_ones + piece->capacity;
	return 0;
}

int durations__add_long(struct durations *durations, uint64_t value)
{
	struct durations_list *list = &durations->long_ones;
	struct durations_piece *piece = list->last;

	if (!piece || piece->cnt == piece->capacity)
		piece = add_piece(list, sizeof(*piece->long_ones));
	if (!piece)
		return -ENOMEM;
	piece->long_ones[piece->cnt++] = value;
	list->cnt++;
	return 0;
}

static size_t unsettled_cnt(const struct durations *durations)
{
	const struct durations_piece *last = durations->short_ones.last;

	return durations->next ? (size_t)(durations->next - last->short_ones) - last->cnt : 0;
}

size_t durations__cnt(const struct durations *durations)
{
	return durations->short_ones.cnt + unsettled_cnt(durations) + durations->long_ones.cnt;
}

static void join(struct durations_list *list, struct durations_list *from)
{
	if (!from->first)
		return;
	if (list->last)
		list->last->next = from->first;
	else
		list->first = from->first;
	list->last = from->last;
	list->cnt += from->cnt;
}

void durations__join(struct durations *durations, struct durations *from)
{
	settle(durations);
	settle(from);
	join(&durations->short_ones, &from->short_ones);
	join(&durations->long_ones, &from->long_ones);
	if (from->next) {
		durations->next = from->next;
		durations->end = from->end;
	}
	*from = (struct durations) {};
}

void durations__copy(const struct durations *durations, uint64_t *values)
{
	const struct durations_piece *piece;

	for (piece = durations->short_ones.first; piece; piece = piece->next) {
		size_t cnt = piece->cnt;

		if (!piece->next)
			cnt += unsettled_cnt(durations);
		for (size_t i = 0; i < cnt; i++)
			*values++ = piece->short_ones[i];
	}
	for (piece = durations->long_ones.first; piece; piece = piece->next) {
		memcpy(values, piece->long_ones, piece->cnt * sizeof(*values));
		values += piece->cnt;
	}
}

/* --- buckets ---------------------------------------------------------------------------------- */

#define MANTISSA_BITS 7
#define MANTISSAS (1U << MANTISSA_BITS)
#define BUCKETS ((32 - MANTISSA_BITS + 1) * MANTISSAS)

/* Ascending with the values. */
static inline uint32_t bucket_of(uint32_t value)
{
	unsigned int shift = 31 - MANTISSA_BITS - (unsigned int)__builtin_clz(value | MANTISSAS);

	return (shift << MANTISSA_BITS) + (value >> shift);
}

/* The neighbours of each quantile, the first and the last. */
#define PLACES (2 * SUMMARY_QUANTILES + 2)

/* Values that are of interest, bucket after bucket. */
struct selection {
	size_t below[BUCKETS + 1]; /* how many values are in the buckets below, at first in ... */
	size_t gathered[BUCKETS];  /* where the next one of a bucket goes; SIZE_MAX: nowhere */
	uint64_t *values;
	size_t cnt;
};

static void count(const struct durations_list *list, struct selection *selection)
{
	size_t *cnt = selection->below + 1;

	for (const struct durations_piece *piece = list->first; piece; piece = piece->next) {
		for (size_t i = 0; i < piece->cnt; i++)
			cnt[bucket_of(piece->short_ones[i])]++;
	}
	for (size_t i = 0; i < BUCKETS; i++)
		selection->below[i + 1] += selection->below[i];
}

static size_t bucket_at(const struct selection *selection, size_t place)
{
	size_t from = 0, to = BUCKETS;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;

		if (selection->below[middle] <= place)
			from = middle;
		else
			to = middle;
	}
	return from;
}

static void choose(struct selection *selection, const size_t *places, size_t place_cnt)
{
	size_t bucket;

	memset(selection->gathered, 0xff, sizeof(selection->gathered));
	for (size_t i = 0; i < place_cnt; i++)
		selection->gathered[bucket_at(selection, places[i])] = 0;
	for (bucket = 0; bucket < BUCKETS; bucket++) {
		if (selection->gathered[bucket])
			continue;
		selection->gathered[bucket] = selection->cnt;
		selection->cnt += selection->below[bucket + 1] - selection->below[bucket];
	}
}

static void gather(const struct durations_list *list, struct selection *selection)
{
	for (const struct durations_piece *piece = list->first; piece; piece = piece->next) {
		for (size_t i = 0; i < piece->cnt; i++) {
			uint32_t value = piece->short_ones[i];
			size_t *at = &selection->gathered[bucket_of(value)];

			if (*at != SIZE_MAX)
				selection->values[(*at)++] = value;
		}
	}
}

/* Where the value of that place among all stands among those that were gathered. */
static size_t place_in(const struct selection *selection, size_t place)
{
	size_t bucket = bucket_at(selection, place);

	/* gathered is at the bucket's end by now */
	return selection->gathered[bucket] - (selection->below[bucket + 1] - place);
}

/* The values at these places, which are ascending. */
static int find_short(const struct durations_list *list, const size_t *places, size_t place_cnt,
		      uint64_t *values)
{
	struct selection *selection = calloc(1, sizeof(*selection));
	size_t at[PLACES];
	int err = -ENOMEM;

	if (!selection)
		return -ENOMEM;
	count(list, selection);
	choose(selection, places, place_cnt);
	selection->values = reallocarray(NULL, selection->cnt, sizeof(*selection->values));
	if (selection->values) {
		gather(list, selection);
		for (size_t i = 0; i < place_cnt; i++)
			at[i] = place_in(selection, places[i]);
		rank_values(selection->values, selection->cnt, at, place_cnt);
		for (size_t i = 0; i < place_cnt; i++)
			values[i] = selection->values[at[i]];
		err = 0;
	}
	free(selection->values);
	free(selection);
	return err;
}

static int find_long(const struct durations *durations, const size_t *places, size_t place_cnt,
		     uint64_t *values)
{
	const struct durations only = { .long_ones = durations->long_ones };
	uint64_t *all = reallocarray(NULL, only.long_ones.cnt, sizeof(*all));
	size_t at[PLACES];

	if (!all)
		return -ENOMEM;
	durations__copy(&only, all);
	for (size_t i = 0; i < place_cnt; i++)
		at[i] = places[i] - durations->short_ones.cnt;
	rank_values(all, only.long_ones.cnt, at, place_cnt);
	for (size_t i = 0; i < place_cnt; i++)
		values[i] = all[at[i]];
	free(all);
	return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int summarize_few(const struct durations *durations, struct summary *ret_summary)
{
	uint64_t values[FEW];

	durations__copy(durations, values);
	summarize(values, durations__cnt(durations), ret_summary);
	return 0;
}

static void add_moments(const struct durations *durations, struct moments *moments)
{
	const struct durations_piece *piece;

	for (piece = durations->short_ones.first; piece; piece = piece->next)
		moments__add_short(moments, piece->short_ones, piece->cnt);
	for (piece = durations->long_ones.first; piece; piece = piece->next)
		moments__add(moments, piece->long_ones, piece->cnt);
}

static int compare_places(const void *left, const void *right)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;

	return (a > b) - (a < b);
}

static void list_places(size_t cnt, size_t places[PLACES])
{
	struct summary unused;
	unsigned int permille;

	for (size_t i = 0; i < SUMMARY_QUANTILES; i++) {
		summary__quantile(&unused, i, &permille);
		places[2 * i] = quantile__place(cnt, permille).idx;
		places[2 * i + 1] = places[2 * i] + 1 < cnt ? places[2 * i] + 1 : places[2 * i];
	}
	places[PLACES - 2] = 0;
	places[PLACES - 1] = cnt - 1;
	qsort(places, PLACES, sizeof(*places), compare_places);
}

static int find(const struct durations *durations, const size_t places[PLACES],
		uint64_t values[PLACES])
{
	size_t short_cnt = 0;
	int err = 0;

	while (short_cnt < PLACES && places[short_cnt] < durations->short_ones.cnt)
		short_cnt++;
	if (short_cnt)
		err = find_short(&durations->short_ones, places, short_cnt, values);
	if (!err && short_cnt < PLACES)
		err = find_long(durations, places + short_cnt, PLACES - short_cnt,
				values + short_cnt);
	return err;
}

static uint64_t value_at(size_t place, const size_t places[PLACES], const uint64_t values[PLACES])
{
	size_t i = 0;

	while (places[i] != place)
		i++;
	return values[i];
}

static void set_quantiles(size_t cnt, const size_t places[PLACES], const uint64_t values[PLACES],
			  struct summary *summary)
{
	struct quantile_place place;
	unsigned int permille;
	uint64_t *quantile;

	for (size_t i = 0; i < SUMMARY_QUANTILES; i++) {
		quantile = summary__quantile(summary, i, &permille);
		place = quantile__place(cnt, permille);
		*quantile = value_at(place.idx, places, values);
		if (place.thousandths)
			*quantile = quantile__between(
				*quantile, value_at(place.idx + 1, places, values), place);
	}
	summary->min = values[0];
	summary->max = values[PLACES - 1];
}

int durations__summarize(struct durations *durations, struct summary *ret_summary)
{
	struct moments moments = {};
	uint64_t values[PLACES];
	size_t places[PLACES];
	size_t cnt;
	int err;

	settle(durations);
	cnt = durations__cnt(durations);
	if (cnt <= FEW)
		return summarize_few(durations, ret_summary);
	list_places(cnt, places);
	err = find(durations, places, values);
	if (err)
		return err;
	add_moments(durations, &moments);
	*ret_summary = (struct summary) {};
	summary__set_moments(ret_summary, &moments);
	set_quantiles(cnt, places, values, ret_summary);
	return 0;
}
