/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

#define GARBAGE 0xdeadbeef00000000ULL /* in the half of a register that an int leaves alone */

static void expect_text(enum tacho_value_type type, uint64_t bits, const char *expected)
{
	char text[VALUE_TEXT_SZ];

	value__format(type, bits, text);
	if (strcmp(text, expected))
		fail_msg("type %d, bits %llx: '%s', not '%s'", type, (unsigned long long)bits, text,
			 expected);
}

static void numbers_are_cut_to_the_width_of_their_type(void **state)
{
	(void)state;
	expect_text(TACHO_VALUE_U8, GARBAGE | 0xff00, "0");
	expect_text(TACHO_VALUE_U8, UINT64_MAX, "255");
	expect_text(TACHO_VALUE_U16, GARBAGE | 0xffff8000, "32768");
	expect_text(TACHO_VALUE_U16, UINT64_MAX, "65535");
	expect_text(TACHO_VALUE_U32, GARBAGE | 7, "7");
	expect_text(TACHO_VALUE_U32, UINT64_MAX, "4294967295");
	expect_text(TACHO_VALUE_U64, GARBAGE, "16045690981097406464");
	expect_text(TACHO_VALUE_U64, UINT64_MAX, "18446744073709551615");
	expect_text(TACHO_VALUE_U64, 0, "0");
}

static void signed_numbers_have_the_sign_of_their_width(void **state)
{
	(void)state;
	expect_text(TACHO_VALUE_S8, 0x80, "-128");
	expect_text(TACHO_VALUE_S8, GARBAGE | 0xff7f, "127");
	expect_text(TACHO_VALUE_S16, 0x8000, "-32768");
	expect_text(TACHO_VALUE_S16, GARBAGE | 0x17fff, "32767");
	expect_text(TACHO_VALUE_S32, 0xffffffff, "-1");
	expect_text(TACHO_VALUE_S32, GARBAGE | 0x80000000, "-2147483648");
	expect_text(TACHO_VALUE_S32, GARBAGE | 0x7fffffff, "2147483647");
	expect_text(TACHO_VALUE_S64, UINT64_MAX, "-1");
	expect_text(TACHO_VALUE_S64, 0x8000000000000000, "-9223372036854775808");
	expect_text(TACHO_VALUE_S64, INT64_MAX, "9223372036854775807");
}

static void pointers_are_hexadecimal(void **state)
{
	(void)state;
	expect_text(TACHO_VALUE_POINTER, 0, "0x0");
	expect_text(TACHO_VALUE_POINTER, 0x7ffcDEADBEEF, "0x7ffcdeadbeef");
	expect_text(TACHO_VALUE_POINTER, UINT64_MAX, "0xffffffffffffffff");
	/* of which only the address is known */
	expect_text(TACHO_VALUE_STRING, 0x55aa, "0x55aa");
}

static void booleans_are_their_low_byte(void **state)
{
	(void)state;
	expect_text(TACHO_VALUE_BOOL, 0, "0");
	expect_text(TACHO_VALUE_BOOL, 1, "1");
	expect_text(TACHO_VALUE_BOOL, 0x80, "1");
	expect_text(TACHO_VALUE_BOOL, GARBAGE | 0xffffff00, "0");
	expect_text(TACHO_VALUE_BOOL, GARBAGE | 0xffffff02, "1");
}

static void expect_escaped(const char *string, size_t sz, bool goes_on, const char *expected)
{
	char text[VALUE_TEXT_SZ];

	value__format_string(string, sz, goes_on, text);
	assert_string_equal(text, expected);
}

static void strings_are_escaped_as_names_are(void **state)
{
	(void)state;
	expect_escaped("", 0, false, "");
	expect_escaped("protocol.json", 13, false, "protocol.json");
	expect_escaped("protocol.json", 5, false, "proto");
	expect_escaped("a\0b\n\\\x1b\xff\xc3\xa9", 9, false, "a\\x00b\\x0a\\\\\\x1b\\xff\xc3\xa9");
}

static void a_string_that_goes_on_has_a_mark(void **state)
{
	(void)state;
	expect_escaped("proto", 5, true, "proto\xe2\x80\xa6");
	expect_escaped("", 0, true, "\xe2\x80\xa6");
	/* cut within a character */
	expect_escaped("caf\xc3\xa9", 4, true, "caf\\xc3\xe2\x80\xa6");
	expect_escaped("\xe6\x97\xa5\xe6\x97", 5, true, "\xe6\x97\xa5\\xe6\\x97\xe2\x80\xa6");
}

static void a_whole_string_never_ends_with_the_mark(void **state)
{
	(void)state;
	expect_escaped("so\xe2\x80\xa6", 5, false, "so\\xe2\\x80\\xa6");
	expect_escaped("\xe2\x80\xa6", 3, false, "\\xe2\\x80\\xa6");
	expect_escaped("\xe2\x80\xa6!", 4, false, "\xe2\x80\xa6!");
	expect_escaped("so\xe2\x80\xa6", 5, true, "so\xe2\x80\xa6\xe2\x80\xa6");
	/* the same bytes, but not that character */
	expect_escaped("\xf1\xe2\x80\xa6", 4, false, "\\xf1\\xe2\\x80\\xa6");
}

/* Its own allocation, so that a sanitizer sees a byte too many. */
static void the_longest_string_has_room(void **state)
{
	char *string = malloc(TACHO_TEXT_SZ);
	char *text = malloc(VALUE_TEXT_SZ);

	(void)state;
	assert_non_null(string);
	assert_non_null(text);
	memset(string, '\n', TACHO_TEXT_SZ);
	value__format_string(string, TACHO_TEXT_SZ, true, text);
	assert_int_equal(strlen(text), 4 * TACHO_TEXT_SZ + 3);
	memset(string, '\n', TACHO_TEXT_SZ - 3);
	memcpy(string + TACHO_TEXT_SZ - 3, "\xe2\x80\xa6", 3);
	value__format_string(string, TACHO_TEXT_SZ, false, text);
	assert_int_equal(strlen(text), 4 * TACHO_TEXT_SZ);
	memset(string, 0xe2, TACHO_TEXT_SZ);
	value__format_string(string, TACHO_TEXT_SZ, false, text);
	assert_int_equal(strlen(text), 4 * TACHO_TEXT_SZ);
	free(string);
	free(text);
}

/* --- failed-if ----------------------------------------------------------------------------------
 */

/* What C makes of the register when the function is declared so. */
static __int128 declared(enum tacho_value_type type, uint64_t bits)
{
	switch (type) {
	case TACHO_VALUE_U8:
		return (uint8_t)bits;
	case TACHO_VALUE_U16:
		return (uint16_t)bits;
	case TACHO_VALUE_U32:
		return (uint32_t)bits;
	case TACHO_VALUE_S8:
		return (int8_t)bits;
	case TACHO_VALUE_S16:
		return (int16_t)bits;
	case TACHO_VALUE_S32:
		return (int32_t)bits;
	case TACHO_VALUE_S64:
		return (int64_t)bits;
	case TACHO_VALUE_BOOL:
		return (uint8_t)bits ? 1 : 0;
	default:
		return bits;
	}
}

static __int128 meant(enum tacho_value_type type, int64_t operand)
{
	bool is_signed =
		(type >= TACHO_VALUE_S8 && type <= TACHO_VALUE_S64) || type == TACHO_VALUE_BOOL;

	if (is_signed || operand >= 0)
		return operand;
	return declared(type, (uint64_t)operand);
}

static bool holds(__int128 value, enum tacho_compare compare, __int128 operand)
{
	switch (compare) {
	case TACHO_COMPARE_LESS:
		return value < operand;
	case TACHO_COMPARE_LESS_EQUAL:
		return value <= operand;
	case TACHO_COMPARE_EQUAL:
		return value == operand;
	case TACHO_COMPARE_NOT_EQUAL:
		return value != operand;
	case TACHO_COMPARE_GREATER_EQUAL:
		return value >= operand;
	case TACHO_COMPARE_GREATER:
		return value > operand;
	default:
		return false;
	}
}

static void every_type_compares_by_every_operator(void **state)
{
	static const uint64_t edges[] = {
		0,
		1,
		2,
		0x7e,
		0x7f,
		0x80,
		0xff,
		0x100,
		0x7fff,
		0x8000,
		0xffff,
		0x10000,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		INT64_MAX,
		1ULL << 63,
		-1ULL,
		-2ULL,
		-0x80ULL,
		-0x81ULL,
		-0x8000ULL,
		-0x8001ULL,
		GARBAGE,
		GARBAGE | 1,
		GARBAGE | 0xffffffff,
		-0x80000000ULL,
	};
	const size_t cnt = sizeof(edges) / sizeof(edges[0]);
	unsigned int cases = 0;

	(void)state;
	for (enum tacho_value_type type = TACHO_VALUE_U8; type < TACHO_VALUE_CNT; type++) {
		for (size_t i = 0; i < cnt * cnt * TACHO_COMPARE_CNT; i++) {
			enum tacho_compare compare = i / cnt / cnt;
			uint64_t bits = edges[i / cnt % cnt];
			int64_t operand = (int64_t)edges[i % cnt];
			bool expected = holds(declared(type, bits), compare, meant(type, operand));

			cases++;
			if (value__compares(type, bits, compare, operand) != expected)
				fail_msg("type %d: %llx %d %lld is not %d", type,
					 (unsigned long long)bits, compare, (long long)operand,
					 expected);
		}
	}
	assert_int_equal(cases, 11 * TACHO_COMPARE_CNT * 28 * 28);
}

static void what_sits_above_the_type_decides_nothing(void **state)
{
	(void)state;
	assert_true(value__compares(TACHO_VALUE_S32, GARBAGE | 0xffffffff, TACHO_COMPARE_LESS, 0));
	assert_false(value__compares(TACHO_VALUE_S32, GARBAGE | 1, TACHO_COMPARE_LESS, 0));
	assert_true(value__compares(TACHO_VALUE_S32, 0xffffffff, TACHO_COMPARE_EQUAL, -1));
	assert_true(value__compares(TACHO_VALUE_U32, GARBAGE, TACHO_COMPARE_EQUAL, 0));
	assert_true(value__compares(TACHO_VALUE_BOOL, GARBAGE | 0xff00, TACHO_COMPARE_EQUAL, 0));
	assert_true(value__compares(TACHO_VALUE_BOOL, 0x40, TACHO_COMPARE_EQUAL, 1));
}

static void minus_one_is_the_largest_unsigned_number(void **state)
{
	(void)state;
	assert_true(value__compares(TACHO_VALUE_U32, 0xffffffff, TACHO_COMPARE_EQUAL, -1));
	assert_true(value__compares(TACHO_VALUE_POINTER, UINT64_MAX, TACHO_COMPARE_EQUAL, -1));
	assert_false(value__compares(TACHO_VALUE_POINTER, 0xffffffff, TACHO_COMPARE_EQUAL, -1));
	assert_false(value__compares(TACHO_VALUE_POINTER, UINT64_MAX, TACHO_COMPARE_LESS, 0));
	/* but a number that is too large for the type is just that */
	assert_true(value__compares(TACHO_VALUE_U8, 0xff, TACHO_COMPARE_LESS, 256));
	assert_false(value__compares(TACHO_VALUE_S32, 0xffffffff, TACHO_COMPARE_EQUAL, 0xffffffff));
}

static void nothing_is_compared_with_nothing(void **state)
{
	(void)state;
	assert_false(value__compares(TACHO_VALUE_NONE, 0, TACHO_COMPARE_EQUAL, 0));
	assert_false(value__compares(TACHO_VALUE_S32, 0, TACHO_COMPARE_NONE, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_cut_to_the_width_of_their_type),
		cmocka_unit_test(signed_numbers_have_the_sign_of_their_width),
		cmocka_unit_test(pointers_are_hexadecimal),
		cmocka_unit_test(booleans_are_their_low_byte),
		cmocka_unit_test(strings_are_escaped_as_names_are),
		cmocka_unit_test(a_string_that_goes_on_has_a_mark),
		cmocka_unit_test(a_whole_string_never_ends_with_the_mark),
		cmocka_unit_test(the_longest_string_has_room),
		cmocka_unit_test(every_type_compares_by_every_operator),
		cmocka_unit_test(what_sits_above_the_type_decides_nothing),
		cmocka_unit_test(minus_one_is_the_largest_unsigned_number),
		cmocka_unit_test(nothing_is_compared_with_nothing),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
