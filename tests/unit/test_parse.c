/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "parse.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED 0x5ca1ab1eU
#define SECOND UINT64_C(1000000000)

struct number_case {
	const char *text;
	uint64_t value;
	int err; /* 0: value counts */
};

static void check_all(int (*parse)(const char *, uint64_t *), const struct number_case *cases,
		      size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		uint64_t value = UNTOUCHED;
		int err = parse(cases[i].text, &value);

		if (err != cases[i].err)
			print_error("'%s': status %d, expected %d\n", cases[i].text, err,
				    cases[i].err);
		assert_int_equal(err, cases[i].err);
		if (value != (err ? UNTOUCHED : cases[i].value))
			print_error("'%s': the value is wrong\n", cases[i].text);
		assert_int_equal(value, err ? UNTOUCHED : cases[i].value);
	}
}

static int parse_any_u64(const char *text, uint64_t *ret)
{
	return parse_u64(text, 0, UINT64_MAX, ret);
}

static void u64_reads_whole_decimal_numbers(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "7", 7, 0 },
		{ "007", 7, 0 },
		{ "4294967296", UINT64_C(4294967296), 0 },
		{ "18446744073709551615", UINT64_MAX, 0 },
	};

	(void)state;
	check_all(parse_any_u64, cases, ARRAY_SIZE(cases));
}

static void u64_refuses_what_is_no_number(void **state)
{
	static const struct number_case cases[] = {
		{ "", 0, -EINVAL },
		{ " ", 0, -EINVAL },
		{ " 1", 0, -EINVAL },
		{ "1 ", 0, -EINVAL },
		{ "-1", 0, -EINVAL },
		{ "+1", 0, -EINVAL },
		{ "0x10", 0, -EINVAL },
		{ "1e3", 0, -EINVAL },
		{ "1.0", 0, -EINVAL },
		{ "1,000", 0, -EINVAL },
		{ "one", 0, -EINVAL },
		{ "1\n", 0, -EINVAL },
		{ "99999999999999999999x", 0, -EINVAL },
	};

	(void)state;
	check_all(parse_any_u64, cases, ARRAY_SIZE(cases));
}

static void u64_refuses_what_does_not_fit(void **state)
{
	static const struct number_case cases[] = {
		{ "18446744073709551616", 0, -ERANGE },
		{ "18446744073709551620", 0, -ERANGE },
		{ "99999999999999999999999999999999999999999999", 0, -ERANGE },
	};

	(void)state;
	check_all(parse_any_u64, cases, ARRAY_SIZE(cases));
}

static void u64_keeps_to_the_range_it_is_given(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_u64("3", 4, 6, &value), -ERANGE);
	assert_int_equal(parse_u64("7", 4, 6, &value), -ERANGE);
	assert_int_equal(value, UNTOUCHED);
	assert_int_equal(parse_u64("4", 4, 6, &value), 0);
	assert_int_equal(value, 4);
	assert_int_equal(parse_u64("6", 4, 6, &value), 0);
	assert_int_equal(value, 6);
}

static void duration_knows_every_unit(void **state)
{
	static const struct number_case cases[] = {
		{ "10ns", 10, 0 },
		{ "250us", 250000, 0 },
		{ "500ms", 500000000, 0 },
		{ "1s", SECOND, 0 },
		{ "2min", 120 * SECOND, 0 },
		{ "1h", 3600 * SECOND, 0 },
		{ "1d", 86400 * SECOND, 0 },
		{ "0", 0, 0 },
		{ "0ms", 0, 0 },
	};

	(void)state;
	check_all(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void duration_without_unit_is_seconds(void **state)
{
	static const struct number_case cases[] = {
		{ "5", 5 * SECOND, 0 },
		{ "0.25", SECOND / 4, 0 },
	};

	(void)state;
	check_all(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void duration_reads_fractions_exactly(void **state)
{
	static const struct number_case cases[] = {
		{ "1.5s", 3 * SECOND / 2, 0 },
		{ "0.1s", SECOND / 10, 0 },
		{ "0.000000001s", 1, 0 },
		{ "1.50000000000000000000000000s", 3 * SECOND / 2, 0 },
		{ "1.0ns", 1, 0 },
		{ "0.5min", 30 * SECOND, 0 },
		{ "0.00000000003125d", 2700, 0 },
		{ "9007199254.740993s", UINT64_C(9007199254740993000), 0 },
	};

	(void)state;
	check_all(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void duration_refuses_parts_of_a_nanosecond(void **state)
{
	static const struct number_case cases[] = {
		{ "1.5ns", 0, -EINVAL },
		{ "0.0000000001s", 0, -EINVAL },
		{ "0.99999999999999999999999s", 0, -EINVAL },
		{ "0.3333333333333333333h", 0, -EINVAL },
	};

	(void)state;
	check_all(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void duration_refuses_what_is_none(void **state)
{
	static const struct number_case cases[] = {
		{ "", 0, -EINVAL },	 { "s", 0, -EINVAL },
		{ "1 s", 0, -EINVAL },	 { " 1s", 0, -EINVAL },
		{ "1s ", 0, -EINVAL },	 { "1S", 0, -EINVAL },
		{ "1m", 0, -EINVAL },	 { "1sec", 0, -EINVAL },
		{ "-1s", 0, -EINVAL },	 { "1.s", 0, -EINVAL },
		{ ".5s", 0, -EINVAL },	 { "1..5s", 0, -EINVAL },
		{ "1.5.5", 0, -EINVAL }, { "1,5s", 0, -EINVAL },
		{ "1e3s", 0, -EINVAL },	 { "1h30min", 0, -EINVAL },
		{ "never", 0, -EINVAL }, { "99999999999999999999 years", 0, -EINVAL },
	};

	(void)state;
	check_all(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void duration_refuses_what_does_not_fit(void **state)
{
	static const struct number_case cases[] = {
		{ "18446744073709551615ns", UINT64_MAX, 0 },
		{ "18446744073.709551615s", UINT64_MAX, 0 },
		{ "18446744073.709551616s", 0, -ERANGE },
		{ "18446744073709551616ns", 0, -ERANGE },
		{ "18446744074s", 0, -ERANGE },
		{ "213504d", 0, -ERANGE },
		{ "99999999999999999999999999d", 0, -ERANGE },
	};

	(void)state;
	check_all(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void size_knows_every_unit(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "4096", 4096, 0 },
		{ "4096B", 4096, 0 },
		{ "64K", 64 << 10, 0 },
		{ "64KB", 64 << 10, 0 },
		{ "64KiB", 64 << 10, 0 },
		{ "64M", 64 << 20, 0 },
		{ "64MB", 64 << 20, 0 },
		{ "64MiB", 64 << 20, 0 },
		{ "2G", UINT64_C(2) << 30, 0 },
		{ "2GB", UINT64_C(2) << 30, 0 },
		{ "2GiB", UINT64_C(2) << 30, 0 },
		{ "3T", UINT64_C(3) << 40, 0 },
		{ "3TB", UINT64_C(3) << 40, 0 },
		{ "3TiB", UINT64_C(3) << 40, 0 },
	};

	(void)state;
	check_all(parse_size_bytes, cases, ARRAY_SIZE(cases));
}

static void size_refuses_what_is_none(void **state)
{
	static const struct number_case cases[] = {
		{ "", 0, -EINVAL },	 { "K", 0, -EINVAL },
		{ "1 K", 0, -EINVAL },	 { "1k", 0, -EINVAL },
		{ "1m", 0, -EINVAL },	 { "1iB", 0, -EINVAL },
		{ "1Ki", 0, -EINVAL },	 { "1KK", 0, -EINVAL },
		{ "1.5M", 0, -EINVAL },	 { "-1", 0, -EINVAL },
		{ "+1", 0, -EINVAL },	 { "0x1000", 0, -EINVAL },
		{ "64M ", 0, -EINVAL },	 { "64Mo", 0, -EINVAL },
		{ "never", 0, -EINVAL }, { "99999999999999999999?", 0, -EINVAL },
	};

	(void)state;
	check_all(parse_size_bytes, cases, ARRAY_SIZE(cases));
}

static void size_refuses_what_does_not_fit(void **state)
{
	static const struct number_case cases[] = {
		{ "18446744073709551615", UINT64_MAX, 0 },
		{ "16777215T", UINT64_C(16777215) << 40, 0 },
		{ "16777216T", 0, -ERANGE },
		{ "18446744073709551616", 0, -ERANGE },
		{ "18014398509481984K", 0, -ERANGE },
		{ "99999999999999999999G", 0, -ERANGE },
	};

	(void)state;
	check_all(parse_size_bytes, cases, ARRAY_SIZE(cases));
}

static void offsets_are_hexadecimal_or_decimal(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_int_equal(parse_offset("0x1f", &value), 0);
	assert_int_equal(value, 31);
	assert_int_equal(parse_offset("0XFFFFffffFFFFffff", &value), 0);
	assert_int_equal(value, UINT64_MAX);
	assert_int_equal(parse_offset("31", &value), 0);
	assert_int_equal(value, 31);
	assert_int_equal(parse_offset("0x", &value), -EINVAL);
	assert_int_equal(parse_offset("0x1g", &value), -EINVAL);
	assert_int_equal(parse_offset("0x1@", &value), -EINVAL);
	assert_int_equal(parse_offset("1f", &value), -EINVAL);
	assert_int_equal(parse_offset("", &value), -EINVAL);
	assert_int_equal(parse_offset("-1", &value), -EINVAL);
	assert_int_equal(parse_offset("0x10000000000000000", &value), -ERANGE);
	assert_int_equal(value, 31);
}

static void signed_numbers_keep_their_sign_apart(void **state)
{
	static const struct {
		const char *text;
		bool negative;
		uint64_t magnitude;
	} cases[] = {
		{ "0", false, 0 },
		{ "-0", false, 0 },
		{ "-0x0", false, 0 },
		{ "-1", true, 1 },
		{ "-0x80", true, 128 },
		{ "31", false, 31 },
		{ "18446744073709551615", false, UINT64_MAX },
		{ "-18446744073709551615", true, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t magnitude = UNTOUCHED;
		bool negative = !cases[i].negative;

		assert_int_equal(parse_signed(cases[i].text, &negative, &magnitude), 0);
		assert_int_equal(negative, cases[i].negative);
		assert_int_equal(magnitude, cases[i].magnitude);
	}
}

static void signed_numbers_refuse_what_is_none(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{ "", -EINVAL },
		{ "-", -EINVAL },
		{ "--1", -EINVAL },
		{ "+1", -EINVAL },
		{ "- 1", -EINVAL },
		{ "1-", -EINVAL },
		{ "0x-1", -EINVAL },
		{ "-18446744073709551616", -ERANGE },
		{ "0x1ffffffffffffffff", -ERANGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t magnitude = UNTOUCHED;
		bool negative = true;

		assert_int_equal(parse_signed(cases[i].text, &negative, &magnitude), cases[i].err);
		assert_true(negative);
		assert_int_equal(magnitude, UNTOUCHED);
	}
}

static void yes_and_no_have_four_words_each(void **state)
{
	static const char *const yes[] = { "yes", "true", "on", "1", "YES", "True", "oN" };
	static const char *const no[] = { "no", "false", "off", "0", "NO", "False", "oFF" };
	bool value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		value = false;
		assert_int_equal(parse_bool(yes[i], &value), 0);
		assert_true(value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		value = true;
		assert_int_equal(parse_bool(no[i], &value), 0);
		assert_false(value);
	}
}

static void other_words_are_neither_yes_nor_no(void **state)
{
	static const char *const words[] = { "",   "y",	   "n",	  "t",	  "2",	 "00",
					     "-1", "yes ", " no", "yess", "tru", "enabled" };
	bool value = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		assert_int_equal(parse_bool(words[i], &value), -EINVAL);
		assert_true(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_hexadecimal_or_decimal),
		cmocka_unit_test(signed_numbers_keep_their_sign_apart),
		cmocka_unit_test(signed_numbers_refuse_what_is_none),
		cmocka_unit_test(yes_and_no_have_four_words_each),
		cmocka_unit_test(other_words_are_neither_yes_nor_no),
		cmocka_unit_test(u64_reads_whole_decimal_numbers),
		cmocka_unit_test(u64_refuses_what_is_no_number),
		cmocka_unit_test(u64_refuses_what_does_not_fit),
		cmocka_unit_test(u64_keeps_to_the_range_it_is_given),
		cmocka_unit_test(duration_knows_every_unit),
		cmocka_unit_test(duration_without_unit_is_seconds),
		cmocka_unit_test(duration_reads_fractions_exactly),
		cmocka_unit_test(duration_refuses_parts_of_a_nanosecond),
		cmocka_unit_test(duration_refuses_what_is_none),
		cmocka_unit_test(duration_refuses_what_does_not_fit),
		cmocka_unit_test(size_knows_every_unit),
		cmocka_unit_test(size_refuses_what_is_none),
		cmocka_unit_test(size_refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
