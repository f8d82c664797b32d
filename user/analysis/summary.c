/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/summary.h"

#include "analysis/quantile.h"

#include <stdbool.h>

typedef unsigned __int128 u128;

/* --- sorting --------------------------------------------------------------------------------- */

#define BUCKETS 256
#define FEW 48 /* are sorted faster one by one */

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

/* McIlroy, Bostic and McIlroy, "Engineering Radix Sort", 1993: "American flag sort". glibc's qsort
 * takes as much memory again, and other ones take their time with values that somebody has chosen.
 */
static void sort(uint64_t *values, size_t cnt, unsigned int shift)
{
	size_t next[BUCKETS], end[BUCKETS] = {};
	size_t at = 0;

	if (cnt <= FEW) {
		insert_each(values, cnt);
		return;
	}
	for (size_t i = 0; i < cnt; i++)
		end[bucket_of(values[i], shift)]++;
	for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
		next[bucket] = at;
		at += end[bucket];
		end[bucket] = at;
	}
	swap_into_buckets(values, shift, next, end);
	for (size_t bucket = 0, from = 0; shift && bucket < BUCKETS; bucket++) {
		sort(values + from, end[bucket] - from, shift - 8);
		from = end[bucket];
	}
}

/* --- deviation ------------------------------------------------------------------------------- */

/* 256 bits, the lowest 64 first. */
#define LIMBS 4
struct wide {
	uint64_t limbs[LIMBS];
};

static void wide__add(struct wide *sum, u128 value)
{
	u128 carry = 0;

	for (int i = 0; i < LIMBS; i++) {
		carry += (u128)sum->limbs[i] + (uint64_t)value;
		sum->limbs[i] = (uint64_t)carry;
		carry >>= 64;
		value >>= 64;
	}
}

/* value is not more than *from. */
static void wide__subtract(struct wide *from, u128 value)
{
	uint64_t borrow = 0;

	for (int i = 0; i < LIMBS; i++) {
		u128 less = (u128)(uint64_t)value + borrow;

		borrow = from->limbs[i] < less;
		from->limbs[i] -= (uint64_t)less;
		value >>= 64;
	}
}

static void wide__divide(struct wide *wide, uint64_t by)
{
	u128 rest = 0;

	for (int i = LIMBS - 1; i >= 0; i--) {
		rest = rest << 64 | wide->limbs[i];
		wide->limbs[i] = (uint64_t)(rest / by);
		rest %= by;
	}
}

static uint64_t square_root(u128 value)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1) {
		if ((u128)(root | bit) * (root | bit) <= value)
			root |= bit;
	}
	return root;
}

/* Of the whole number variance4 / 4. sqrt(v) rounds up from r if v >= (r + 1/2)^2 = r^2 + r + 1/4,
 * and a v whose four times were rounded down is that if and only if the result is. */
static uint64_t rounded_root(const struct wide *variance4)
{
	u128 high = (u128)variance4->limbs[2] << 64 | variance4->limbs[1];
	u128 whole = high << 62 | variance4->limbs[0] >> 2;
	uint64_t root = square_root(whole);
	u128 half = (u128)root * root + root;

	return root + (whole > half || (whole == half && variance4->limbs[0] & 3));
}

static uint64_t rounded_mean(u128 total, uint64_t cnt)
{
	return (uint64_t)((total + cnt / 2) / cnt);
}

/*
 * With e, the sum of all values less a rounded mean, which is at most cnt / 2, the variance is
 *
 *     (sum of squares - e^2 / cnt) / (cnt - 1)
 *
 * where all squares are those of whole numbers.
 */
uint64_t sample_deviation(const uint64_t *values, size_t cnt)
{
	struct wide squares4 = {};
	u128 total = 0;
	uint64_t mean, off, apart;

	if (cnt < 2)
		return 0;
	for (size_t i = 0; i < cnt; i++)
		total += values[i];
	mean = rounded_mean(total, cnt);
	for (size_t i = 0; i < cnt; i++) {
		apart = values[i] > mean ? values[i] - mean : mean - values[i];
		wide__add(&squares4, (u128)apart * apart);
	}
	for (int twice = 0; twice < 2; twice++) {
		for (int i = LIMBS - 1; i > 0; i--)
			squares4.limbs[i] = squares4.limbs[i] << 1 | squares4.limbs[i - 1] >> 63;
		squares4.limbs[0] <<= 1;
	}
	off = (u128)mean * cnt > total ? (uint64_t)((u128)mean * cnt - total)
				       : (uint64_t)(total - (u128)mean * cnt);
	wide__subtract(&squares4, ((u128)(2 * off) * (2 * off) + cnt - 1) / cnt);
	wide__divide(&squares4, cnt - 1);
	return rounded_root(&squares4);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void set_total(struct summary *summary, u128 total)
{
	summary->total = total > UINT64_MAX ? UINT64_MAX : (uint64_t)total;
	summary->mean = rounded_mean(total, summary->cnt);
}

void summarize(uint64_t *values, size_t cnt, struct summary *ret_summary)
{
	const struct sample sample = { values, cnt };
	u128 total = 0;

	*ret_summary = (struct summary) { .cnt = cnt, .ranked = cnt };
	if (!cnt)
		return;
	sort(values, cnt, 56);
	for (size_t i = 0; i < cnt; i++)
		total += values[i];
	set_total(ret_summary, total);
	ret_summary->stddev = sample_deviation(values, cnt);
	ret_summary->min = values[0];
	ret_summary->p50 = quantile__value(&sample, 500);
	ret_summary->p75 = quantile__value(&sample, 750);
	ret_summary->p90 = quantile__value(&sample, 900);
	ret_summary->p95 = quantile__value(&sample, 950);
	ret_summary->p99 = quantile__value(&sample, 990);
	ret_summary->p999 = quantile__value(&sample, 999);
	ret_summary->max = values[cnt - 1];
}

void summary__add(struct summary *summary, uint64_t cnt, uint64_t sum, uint64_t min, uint64_t max)
{
	if (!summary->cnt || min < summary->min)
		summary->min = min;
	if (max > summary->max)
		summary->max = max;
	summary->cnt = add_saturated(summary->cnt, cnt);
	set_total(summary, (u128)summary->total + sum);
}
