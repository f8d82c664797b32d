/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The digits are made as Steele and White (1990) and Burger and Dybvig (1996) describe it: a
 * number stands for all numbers that are nearer to it than to its neighbours; digits are taken off
 * until what they say lies in that interval. That needs no more than 128 bits for anything from
 * 2^-66 to 2^53, which is all that is ever written here; the rest is left to printf and strtod.
 *
 * Ties are decided as Python's dtoa(3) of David M. Gay does in its mode 0.
 */
#include "float_repr.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

#define DIGITS_MAX 17
#define LOW_BIT 0x1p-66
#define HIGH_BIT 0x1p53
#define HIDDEN_BIT (1ULL << 52)

/* 0.DIGITS * 10^point */
struct decimal {
	char digits[DIGITS_MAX + 3]; /* no zero at either end */
	int cnt;
	int point;
};

/* What is left of a number, in units of 2^-FRACTION_BITS: so that ten times as much has room. */
#define FRACTION_BITS 124
#define ONE ((unsigned __int128)1 << FRACTION_BITS)

struct rest {
	unsigned __int128 value;
	unsigned __int128 margin; /* half of what lies between the number and the next one above */
	bool narrow;		  /* a power of two: the next one below is only half as far */
	bool even;		  /* the ends of the interval are rounded to this number */
};

/* Does what has been taken say which number it is? Then the last digit may have to be one more, to
 * be the nearest. */
static bool ends_here(const struct rest *rest, int *digit)
{
	const unsigned __int128 to_next = ONE - rest->value;
	unsigned __int128 below;
	bool low, high;

	if (rest->value > rest->margin && to_next > rest->margin)
		return false; /* nearly always */
	below = rest->margin >> rest->narrow;
	low = rest->value < below || (rest->even && rest->value == below);
	high = to_next < rest->margin || (rest->even && to_next == rest->margin);
	if (rest->even && to_next == rest->margin)
		*digit += rest->value > below;
	else if (low && high)
		*digit += rest->value > to_next || (rest->value == to_next && *digit % 2);
	else
		*digit += high;
	return low || high;
}

/* LOW_BIT <= value < HIGH_BIT, which is mantissa / 2^shift */
static void make_digits(double value, struct decimal *ret_decimal)
{
	struct decimal *decimal = ret_decimal;
	uint64_t bits, mantissa, whole = 0;
	struct rest rest;
	int shift, digit;
	bool ended;

	memcpy(&bits, &value, sizeof(bits)); /* IEEE 754, binary64 */
	mantissa = (bits & (HIDDEN_BIT - 1)) | HIDDEN_BIT;
	shift = 1075 - (int)(bits >> 52);
	rest.narrow = mantissa == HIDDEN_BIT;
	rest.even = mantissa % 2 == 0;
	if (shift < 53) {
		whole = mantissa >> shift;
		mantissa -= whole << shift;
	}
	rest.value = (unsigned __int128)mantissa << (FRACTION_BITS - shift);
	rest.margin = (unsigned __int128)1 << (FRACTION_BITS - shift - 1);
	decimal->cnt = decimal->point = 0;
	if (whole)
		decimal->cnt = decimal->point =
			(int)(csv_digits(decimal->digits, whole) - decimal->digits);
	for (ended = !mantissa; !ended;) {
		rest.value *= 10;
		rest.margin *= 10;
		digit = (int)(rest.value >> FRACTION_BITS);
		rest.value &= ONE - 1;
		ended = ends_here(&rest, &digit);
		if (digit || decimal->cnt)
			decimal->digits[decimal->cnt++] = (char)('0' + digit);
		else
			decimal->point--;
	}
	while (decimal->digits[decimal->cnt - 1] == '0')
		decimal->cnt--;
}

/* "d.ddde-NN" to digits and point. */
static void parse_scientific(const char *text, struct decimal *ret_decimal)
{
	struct decimal *decimal = ret_decimal;

	decimal->cnt = 0;
	for (; *text != 'e'; text++) {
		if (*text != '.')
			decimal->digits[decimal->cnt++] = *text;
	}
	decimal->point = atoi(text + 1) + 1;
	while (decimal->digits[decimal->cnt - 1] == '0')
		decimal->cnt--;
}

/*
 * Any number, slowly. What printf rounds to is in the interval if anything of so many digits is,
 * but for powers of two, whose interval is wider above: there the next one may be. The program
 * never calls setlocale(3): the point is a point.
 */
static void find_digits(double value, struct decimal *ret_decimal)
{
	char text[FLOAT_REPR_MAX + 8];
	bool found = false;
	char *last;

	for (int precision = 0; !found; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, value);
		found = strtod(text, NULL) == value;
		last = strchr(text, 'e') - 1;
		/* with a carry it would be one of fewer digits */
		if (!found && *last != '9') {
			(*last)++;
			found = strtod(text, NULL) == value;
		}
	}
	parse_scientific(text, ret_decimal);
}

static char *put(char *at, const char *digits, int cnt)
{
	memcpy(at, digits, (size_t)cnt);
	return at + cnt;
}

static char *put_zeros(char *at, int cnt)
{
	memset(at, '0', (size_t)cnt);
	return at + cnt;
}

static char *put_fixed(char *at, const struct decimal *decimal)
{
	int point = decimal->point, cnt = decimal->cnt;

	if (point <= 0) {
		at = put_zeros(put(at, "0.", 2), -point);
		return put(at, decimal->digits, cnt);
	}
	if (point < cnt) {
		at = put(at, decimal->digits, point);
		*at++ = '.';
		return put(at, decimal->digits + point, cnt - point);
	}
	at = put_zeros(put(at, decimal->digits, cnt), point - cnt);
	return put(at, ".0", 2);
}

static char *put_scientific(char *at, const struct decimal *decimal)
{
	int exponent = decimal->point - 1;

	*at++ = decimal->digits[0];
	if (decimal->cnt > 1) {
		*at++ = '.';
		at = put(at, decimal->digits + 1, decimal->cnt - 1);
	}
	*at++ = 'e';
	*at++ = exponent < 0 ? '-' : '+';
	exponent = abs(exponent);
	if (exponent < 10)
		*at++ = '0';
	return csv_digits(at, (uint64_t)exponent);
}

/* Whole hundredths, as times are, of so few digits that no two of them are the same double, so that
 * no shorter number is, either. */
#define HUNDREDTHS_MAX 999999999999999

static bool is_hundredths(double value, uint64_t *ret_hundredths)
{
	if (value * 100 > HUNDREDTHS_MAX)
		return false;
	*ret_hundredths = (uint64_t)(value * 100 + 0.5);
	return (double)*ret_hundredths / 100 == value;
}

static char *put_hundredths(char *at, uint64_t hundredths)
{
	unsigned int rest = hundredths % 100;

	at = csv_digits(at, hundredths / 100);
	*at++ = '.';
	*at++ = (char)('0' + rest / 10);
	if (rest % 10)
		*at++ = (char)('0' + rest % 10);
	return at;
}

char *float_repr(char *at, double value)
{
	struct decimal decimal;
	uint64_t hundredths;

	if (isnan(value))
		return put(at, "nan", 3);
	if (signbit(value)) {
		*at++ = '-';
		value = -value;
	}
	if (isinf(value))
		return put(at, "inf", 3);
	if (value == 0)
		return put(at, "0.0", 3);
	if (is_hundredths(value, &hundredths))
		return put_hundredths(at, hundredths);
	if (value >= LOW_BIT && value < HIGH_BIT)
		make_digits(value, &decimal);
	else
		find_digits(value, &decimal);
	/* repr(): `r` of format_float_short in Python/pystrtod.c */
	return decimal.point > -4 && decimal.point <= 16 ? put_fixed(at, &decimal)
							 : put_scientific(at, &decimal);
}
