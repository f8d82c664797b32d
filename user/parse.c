/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Reads the digits at *text and moves *text behind them. -EINVAL: there are none. -ERANGE: they do
 * not fit; *text moves all the same, so that the caller can still find rubbish behind them, which
 * is the better thing to complain about.
 */
static int read_digits(const char **text, uint64_t *ret)
{
	uint64_t value = 0;
	bool fits = true;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
			fits = false;
	}
	if (!fits)
		return -ERANGE;
	*ret = value;
	return 0;
}

/*
 * Reads the digits behind a decimal point as numerator / 10^k, without the zeros at the end.
 * -EINVAL: none, or more than 19 that count, which no unit here could turn into whole parts.
 */
static int read_fraction(const char **text, uint64_t *ret_numerator, uint64_t *ret_denominator)
{
	uint64_t numerator = 0, denominator = 1;
	const char *first = *text, *end;

	while (is_digit(**text))
		(*text)++;
	if (*text == first)
		return -EINVAL;
	for (end = *text; end > first && end[-1] == '0'; end--)
		;
	if (end - first > 19)
		return -EINVAL;
	for (; first < end; first++) {
		numerator = numerator * 10 + (uint64_t)(*first - '0');
		denominator *= 10;
	}
	*ret_numerator = numerator;
	*ret_denominator = denominator;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++) {
		if (strcmp(units->name, name) == 0)
			return units;
	}
	return NULL;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	int err;

	err = read_digits(&text, &value);
	if (err == -EINVAL || *text)
		return -EINVAL;
	if (err || value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL; /* lower case */

	return at ? (int)(at - digits) : -1;
}

int parse_offset(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text[0] != '0' || (text[1] | 0x20) != 'x')
		return parse_u64(text, 0, UINT64_MAX, ret);
	text += 2;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (hex_digit(*text) < 0)
			return -EINVAL;
		if (value >> 60)
			return -ERANGE;
		value = value << 4 | (uint64_t)hex_digit(*text);
	}
	*ret = value;
	return 0;
}

int parse_signed(const char *text, bool *ret_negative, uint64_t *ret_magnitude)
{
	bool negative = *text == '-';
	int err;

	err = parse_offset(text + negative, ret_magnitude);
	if (!err)
		*ret_negative = negative && *ret_magnitude;
	return err;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = { "0", "1", "no", "yes", "false", "true", "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(words[i], text) == 0) {
			*ret = i & 1;
			return 0;
		}
	}
	return -EINVAL;
}

int parse_duration_ns(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {
		{ "", 1000000000 },
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "min", 60 * 1000000000ULL },
		{ "h", 3600 * 1000000000ULL },
		{ "d", 24 * 3600 * 1000000000ULL },
		{ NULL, 0 },
	};
	uint64_t whole = 0, numerator = 0, denominator = 1, value;
	const struct unit *unit;
	unsigned __int128 part;
	int err;

	err = read_digits(&text, &whole);
	if (err == -EINVAL)
		return err;
	if (*text == '.') {
		text++;
		if (read_fraction(&text, &numerator, &denominator))
			return -EINVAL;
	}
	unit = find_unit(units, text);
	if (!unit)
		return -EINVAL;
	part = (unsigned __int128)numerator * unit->factor;
	if (part % denominator)
		return -EINVAL;
	if (err || __builtin_mul_overflow(whole, unit->factor, &value) ||
	    __builtin_add_overflow(value, (uint64_t)(part / denominator), &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_size_bytes(const char *text, uint64_t *ret)
{
	static const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "K", 1ULL << 10 },
		{ "KB", 1ULL << 10 },
		{ "KiB", 1ULL << 10 },
		{ "M", 1ULL << 20 },
		{ "MB", 1ULL << 20 },
		{ "MiB", 1ULL << 20 },
		{ "G", 1ULL << 30 },
		{ "GB", 1ULL << 30 },
		{ "GiB", 1ULL << 30 },
		{ "T", 1ULL << 40 },
		{ "TB", 1ULL << 40 },
		{ "TiB", 1ULL << 40 },
		{ NULL, 0 },
	};
	const struct unit *unit;
	uint64_t count = 0, value;
	int err;

	err = read_digits(&text, &count);
	if (err == -EINVAL)
		return err;
	unit = find_unit(units, text);
	if (!unit)
		return -EINVAL;
	if (err || __builtin_mul_overflow(count, unit->factor, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}
