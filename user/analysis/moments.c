/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/moments.h"

#define LIMBS 4

typedef unsigned __int128 u128;

static void add(uint64_t sum[LIMBS], u128 value)
{
	u128 carry = 0;

	for (int i = 0; i < LIMBS; i++) {
		carry += (u128)sum[i] + (uint64_t)value;
		sum[i] = (uint64_t)carry;
		carry >>= 64;
		value >>= 64;
	}
}

void moments__add(struct moments *moments, const uint64_t *values, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		moments->sum += values[i];
		add(moments->squares, (u128)values[i] * values[i]);
	}
	moments->cnt += cnt;
}

void moments__add_short(struct moments *moments, const uint32_t *values, size_t cnt)
{
	uint64_t sum = 0; /* holds four thousand million of them */
	u128 squares = 0;

	while (cnt) {
		size_t some = cnt > UINT32_MAX ? UINT32_MAX : cnt;

		for (size_t i = 0; i < some; i++) {
			sum += values[i];
			squares += (uint64_t)values[i] * values[i];
		}
		add(moments->squares, squares);
		moments->sum += sum;
		moments->cnt += some;
		sum = 0;
		squares = 0;
		values += some;
		cnt -= some;
	}
}

uint64_t moments__mean(const struct moments *moments)
{
	return (uint64_t)((moments->sum + moments->cnt / 2) / moments->cnt);
}

/* --- deviation ------------------------------------------------------------------------------- */

static void multiply(uint64_t wide[LIMBS], uint64_t by)
{
	u128 carry = 0;

	for (int i = 0; i < LIMBS; i++) {
		carry += (u128)wide[i] * by;
		wide[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

static void divide(uint64_t wide[LIMBS], uint64_t by)
{
	u128 rest = 0;

	for (int i = LIMBS - 1; i >= 0; i--) {
		rest = rest << 64 | wide[i];
		wide[i] = (uint64_t)(rest / by);
		rest %= by;
	}
}

/* What is taken away is not more than what is there. */
static void subtract(uint64_t from[LIMBS], const uint64_t less[LIMBS])
{
	uint64_t borrow = 0;

	for (int i = 0; i < LIMBS; i++) {
		u128 both = (u128)less[i] + borrow;

		borrow = from[i] < both;
		from[i] -= (uint64_t)both;
	}
}

static void subtract_square(uint64_t from[LIMBS], u128 value)
{
	uint64_t low = (uint64_t)value, high = (uint64_t)(value >> 64);
	uint64_t by_low[LIMBS] = { low, high }, by_high[LIMBS] = { 0, low, high };

	multiply(by_low, low);
	multiply(by_high, high);
	subtract(from, by_low);
	subtract(from, by_high);
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
static uint64_t rounded_root(const uint64_t variance4[LIMBS])
{
	u128 high = (u128)variance4[2] << 64 | variance4[1];
	u128 whole = high << 62 | variance4[0] >> 2;
	uint64_t root = square_root(whole);
	u128 half = (u128)root * root + root;

	return root + (whole > half || (whole == half && variance4[0] & 3));
}

/*
 * The variance is
 *
 *     (cnt * sum of squares - square of sum) / cnt / (cnt - 1)
 *
 * where the difference is a whole number of no more than 256 bits: numbers have 64, and so has cnt.
 */
uint64_t moments__deviation(const struct moments *moments)
{
	uint64_t wide[LIMBS];

	if (moments->cnt < 2)
		return 0;
	for (int i = 0; i < LIMBS; i++)
		wide[i] = moments->squares[i];
	multiply(wide, moments->cnt);
	subtract_square(wide, moments->sum);
	/* times four first: it must not be rounded before. It fits, as a variance is no more than a
	 * quarter of the square of the range, so that the difference has 254 bits. */
	multiply(wide, 4);
	divide(wide, moments->cnt);
	divide(wide, moments->cnt - 1);
	return rounded_root(wide);
}
