/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"

/* BOOL is compared as C compares it, where it is promoted to int. */
static const struct {
	unsigned int width; /* in bits */
	bool is_signed;
} types[TACHO_VALUE_CNT] = {
	[TACHO_VALUE_NONE] = { 64, false }, [TACHO_VALUE_U8] = { 8, false },
	[TACHO_VALUE_U16] = { 16, false },  [TACHO_VALUE_U32] = { 32, false },
	[TACHO_VALUE_U64] = { 64, false },  [TACHO_VALUE_S8] = { 8, true },
	[TACHO_VALUE_S16] = { 16, true },   [TACHO_VALUE_S32] = { 32, true },
	[TACHO_VALUE_S64] = { 64, true },   [TACHO_VALUE_POINTER] = { 64, false },
	[TACHO_VALUE_BOOL] = { 8, true },   [TACHO_VALUE_STRING] = { 64, false },
};

/* The lower width bits; of a signed type, with its sign in all the bits above. */
static uint64_t cut(enum tacho_value_type type, uint64_t bits)
{
	unsigned int unused = 64 - types[type].width;

	bits <<= unused;
	return types[type].is_signed ? (uint64_t)((int64_t)bits >> unused) : bits >> unused;
}

static uint64_t value_of(enum tacho_value_type type, uint64_t bits)
{
	bits = cut(type, bits);
	return type == TACHO_VALUE_BOOL ? bits != 0 : bits;
}

void value__format(enum tacho_value_type type, uint64_t bits, char text[VALUE_TEXT_SZ])
{
	uint64_t value = value_of(type, bits);

	if (type == TACHO_VALUE_POINTER || type == TACHO_VALUE_STRING) {
		snprintf(text, VALUE_TEXT_SZ, "0x%" PRIx64, value);
		return;
	}
	if (types[type].is_signed && (int64_t)value < 0) {
		*text++ = '-';
		value = -value;
	}
	*csv_digits(text, value) = '\0';
}

void value__format_string(const char *string, size_t sz, bool goes_on, char text[VALUE_TEXT_SZ])
{
	const size_t mark_sz = sizeof(VALUE_GOES_ON) - 1;
	size_t end = escape_bytes(text, string, sz);

	if (goes_on)
		memcpy(text + end, VALUE_GOES_ON, sizeof(VALUE_GOES_ON));
	else if (end >= mark_sz && !memcmp(text + end - mark_sz, VALUE_GOES_ON, mark_sz))
		memcpy(text + end - mark_sz, "\\xe2\\x80\\xa6", sizeof("\\xe2\\x80\\xa6"));
}

/* -1, 0 or 1: the value is less than, equal to or greater than the operand. */
static int order(enum tacho_value_type type, uint64_t value, int64_t operand)
{
	uint64_t unsigned_operand = operand < 0 ? cut(type, (uint64_t)operand) : (uint64_t)operand;

	if (types[type].is_signed)
		return ((int64_t)value > operand) - ((int64_t)value < operand);
	return (value > unsigned_operand) - (value < unsigned_operand);
}

bool value__compares(enum tacho_value_type type, uint64_t bits, enum tacho_compare compare,
		     int64_t operand)
{
	int is = order(type, value_of(type, bits), operand);

	if (type == TACHO_VALUE_NONE)
		return false;
	switch (compare) {
	case TACHO_COMPARE_LESS:
		return is < 0;
	case TACHO_COMPARE_LESS_EQUAL:
		return is <= 0;
	case TACHO_COMPARE_EQUAL:
		return is == 0;
	case TACHO_COMPARE_NOT_EQUAL:
		return is != 0;
	case TACHO_COMPARE_GREATER_EQUAL:
		return is >= 0;
	case TACHO_COMPARE_GREATER:
		return is > 0;
	case TACHO_COMPARE_NONE:
	case TACHO_COMPARE_MARK:
	case TACHO_COMPARE_CNT:
		break;
	}
	return false;
}
