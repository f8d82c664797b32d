/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "escape.h"
#include "csv_rows.h"

static void expect_row(struct csv_row *row, const char *expected)
{
	assert_int_equal(csv_row__end(row), 0);
	assert_int_equal(row->sz, strlen(expected));
	assert_memory_equal(row->data, expected, row->sz);
}

static void expect_number(struct csv_row *row, uint64_t value)
{
	char expected[32];

	snprintf(expected, sizeof(expected), "%" PRIu64 "\r\n", value);
	csv_row__begin(row);
	csv_row__u64(row, value);
	expect_row(row, expected);
}

static void quoting_all_quotes_numbers_too(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_ALL };

	(void)state;
	csv_row__begin(&row);
	csv_row__text(&row, "ANALYZING_PROTOCOL");
	csv_row__u64(&row, 1718739269730290312);
	csv_row__u64(&row, 14028043893);
	expect_row(&row, "\"ANALYZING_PROTOCOL\",\"1718739269730290312\",\"14028043893\"\r\n");
	csv_row__free(&row);
}

static void quoting_minimally_quotes_only_what_needs_it(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };

	(void)state;
	csv_row__begin(&row);
	csv_row__text(&row, "plain text; 'it' is");
	csv_row__u64(&row, 0);
	csv_row__text(&row, "a,b");
	csv_row__text(&row, "a\rb");
	csv_row__text(&row, "a\nb");
	csv_row__text(&row, "say \"so\"");
	expect_row(&row, "plain text; 'it' is,0,\"a,b\",\"a\rb\",\"a\nb\",\"say \"\"so\"\"\"\r\n");
	csv_row__free(&row);
}

static void quotes_are_doubled_wherever_they_stand(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_ALL };

	(void)state;
	csv_row__begin(&row);
	csv_row__text(&row, "\"");
	csv_row__text(&row, "\"\"x\"");
	csv_row__text(&row, "print(\"a,b\") x");
	expect_row(&row, "\"\"\"\",\"\"\"\"\"x\"\"\",\"print(\"\"a,b\"\") x\"\r\n");
	csv_row__free(&row);
}

static void empty_fields_keep_their_commas(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };

	(void)state;
	csv_row__begin(&row);
	csv_row__text(&row, "");
	csv_row__text(&row, "");
	csv_row__text(&row, "x");
	csv_row__text(&row, "");
	expect_row(&row, ",,x,\r\n");
	csv_row__begin(&row);
	csv_row__empty(&row);
	csv_row__u64(&row, 1);
	csv_row__empty(&row);
	expect_row(&row, ",1,\r\n");
	row.quoting = CSV_QUOTE_ALL;
	csv_row__begin(&row);
	csv_row__text(&row, "");
	csv_row__empty(&row);
	expect_row(&row, "\"\",\"\"\r\n");
	csv_row__begin(&row);
	expect_row(&row, "\r\n");
	csv_row__free(&row);
}

static void numbers_of_every_length_are_exact(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };

	(void)state;
	for (uint64_t power = 1;; power *= 10) {
		expect_number(&row, power - 1);
		expect_number(&row, power);
		expect_number(&row, power + 1);
		expect_number(&row, power * 7 / 4);
		if (power > UINT64_MAX / 10)
			break;
	}
	for (uint64_t value = 0; value < 20000; value++)
		expect_number(&row, value);
	expect_number(&row, INT64_MAX);
	expect_number(&row, UINT64_MAX);
	csv_row__free(&row);
}

static void a_row_grows_as_far_as_it_must(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_ALL };
	size_t sz = 300000;
	char *text = malloc(sz + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '"', sz);
	text[sz] = '\0';
	csv_row__begin(&row);
	csv_row__u64(&row, 1);
	csv_row__text(&row, text);
	assert_int_equal(csv_row__end(&row), 0);
	assert_int_equal(row.sz, strlen("\"1\",") + 2 * sz + 2 + 2);
	csv_row__free(&row);
	csv_row__free(&row);
	free(text);
}

static void expect_escaped(const char *text, size_t sz, const char *expected)
{
	char *copy = malloc(sz + 1); /* so that a sanitizer sees a byte too many */
	char *escaped = malloc(ESCAPED_SZ(sz));

	assert_non_null(copy);
	assert_non_null(escaped);
	memcpy(copy, text, sz);
	assert_int_equal(escape_bytes(escaped, copy, sz), strlen(expected));
	assert_string_equal(escaped, expected);
	free(copy);
	free(escaped);
}

static void hostile_text_becomes_one_line_of_utf8(void **state)
{
	(void)state;
	expect_escaped("", 0, "");
	expect_escaped("plain ,\"", 8, "plain ,\"");
	expect_escaped("a\\b\n\x7f\x1b", 6, "a\\\\b\\x0a\\x7f\\x1b");
	expect_escaped("\xc2\x9b\xc2\xa0", 4, "\\xc2\\x9b\xc2\xa0");
	expect_escaped("\xe6\x97\xa5\xff", 4, "\xe6\x97\xa5\\xff");
}

static void escaping_goes_by_length_and_not_by_nul(void **state)
{
	(void)state;
	expect_escaped("a\0b", 3, "a\\x00b");
	expect_escaped("\0", 1, "\\x00");
	expect_escaped("abc", 2, "ab");
}

static void a_character_that_is_cut_off_is_bytes(void **state)
{
	(void)state;
	expect_escaped("\xc3\xa9", 1, "\\xc3");
	expect_escaped("\xe6\x97\xa5", 2, "\\xe6\\x97");
	expect_escaped("\xf0\x9f\x92\xa9", 1, "\\xf0");
	expect_escaped("\xf0\x9f\x92\xa9", 3, "\\xf0\\x9f\\x92");
	expect_escaped("\xf0\x9f\x92\xa9", 4, "\xf0\x9f\x92\xa9");
}

static void expect_no_utf8_escaped(const char *text, const char *expected)
{
	size_t sz = strlen(text);
	char *copy = malloc(sz + 1);
	char *escaped = malloc(ESCAPED_SZ(sz));

	assert_non_null(copy);
	assert_non_null(escaped);
	memcpy(copy, text, sz);
	assert_int_equal(escape_is_utf8(copy, sz), !strcmp(text, expected));
	assert_int_equal(escape_no_utf8(escaped, copy, sz), strlen(expected));
	assert_string_equal(escaped, expected);
	free(copy);
	free(escaped);
}

static void what_is_utf8_may_stay_as_it_is(void **state)
{
	(void)state;
	expect_no_utf8_escaped("", "");
	expect_no_utf8_escaped("a\\b\n\x7f\x1b\\xff", "a\\b\n\x7f\x1b\\xff");
	expect_no_utf8_escaped("\xc2\x9b\xc2\xa0", "\xc2\x9b\xc2\xa0");
	expect_no_utf8_escaped("\xff", "\\xff");
	/* in any place of the eight bytes that are looked at together, and behind them */
	expect_no_utf8_escaped("1234567\xff", "1234567\\xff");
	expect_no_utf8_escaped("12345678\xff", "12345678\\xff");
	expect_no_utf8_escaped("1234567\xc3\xa9"
			       "123456789\xc3",
			       "1234567\xc3\xa9"
			       "123456789\\xc3");
	expect_no_utf8_escaped("12345678\xe6\x97\xa5"
			       "1234567\xe6\x97",
			       "12345678\xe6\x97\xa5"
			       "1234567\\xe6\\x97");
}

/* A character in every place of a text, among those next to what is not plain. */
static void expect_plain_but_for(char c, size_t sz)
{
	const bool plain = c >= ' ' && c <= '~' && c != '\\';
	char *text = malloc(sz + 1);

	assert_non_null(text);
	for (size_t at = 0; at < sz; at++) {
		for (size_t i = 0; i < sz; i++)
			text[i] = " ~[]"[i % 4];
		text[sz] = '\0';
		text[at] = c;
		assert_int_equal(escape_is_plain(text), plain);
	}
	free(text);
}

static void plain_text_is_known(void **state)
{
	(void)state;
	assert_true(escape_is_plain(""));
	assert_true(escape_is_plain(" ~,\""));
	assert_false(escape_is_plain("a\\"));
	assert_false(escape_is_plain("a\x7f"));
	assert_false(escape_is_plain("\x1f"));
	assert_false(escape_is_plain("\xc3\xa9"));
	for (int c = 1; c < 256; c++) {
		for (size_t sz = 1; sz < 20; sz++)
			expect_plain_but_for((char)c, sz);
	}
}

static void whole_rows_end_at_line_feeds_outside_quotes(void **state)
{
	(void)state;
#define WHOLE(text) csv_rows__whole(text, strlen(text))
	assert_int_equal(WHOLE(""), 0);
	assert_int_equal(WHOLE("a,b"), 0);
	assert_int_equal(WHOLE("a,b\r"), 0);
	assert_int_equal(WHOLE("a,b\r\n"), 5);
	assert_int_equal(WHOLE("a,b\nc"), 4);
	assert_int_equal(WHOLE("\"a\r\nb\",c"), 0);
	assert_int_equal(WHOLE("\"a\r\nb\",c\n\"x"), 9);
	assert_int_equal(WHOLE("\"a\"\"\n\"\"\"\nx"), 9);
	assert_int_equal(WHOLE("a,\"\"\nb,\"\n"), 5);
#undef WHOLE
}

static void a_torn_row_in_the_middle_ends_with_its_line(void **state)
{
	static const char *const torn[] = {
		"\"STATE\",\"12",
		"\"STATE\",\"12\"",
		"\"STATE\",",
		"\"STATE\",\"",
		"\"STA",
		"\"STATE\"",
		"STATE,12",
		"STATE,",
		"\"STATE\",\"12\",\"3\"\r",
		"\"",
	};
	static const char next[] = "\"NEXT\",\"1\",\"2\"\r\n";
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s\"", torn[i], next, next);
		assert_int_equal(csv_rows__whole(text, strlen(text)), strlen(text) - 1);
	}
}

static void walking_in_pieces_finds_the_same_ends(void **state)
{
	static const char text[] = "\"a\"\"\r\n\"\"b\",\"\",x\r\nplain,2\n\"\r\n\"\r\n";
	struct csv_walk whole, pieces;

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		whole = pieces = (struct csv_walk) { 0 };
		if (csv_walk__row(&pieces, text, cut))
			break;
		assert_int_equal(cut + csv_walk__row(&pieces, text + cut, sizeof(text) - 1 - cut),
				 csv_walk__row(&whole, text, sizeof(text) - 1));
	}
}

static void numbers_may_be_negative_or_broken(void **state)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };

	(void)state;
	for (int i = 0; i < 2; i++) {
		csv_row__begin(&row);
		csv_row__s64(&row, INT64_MIN);
		csv_row__s64(&row, -1);
		csv_row__s64(&row, INT64_MAX);
		csv_row__double(&row, -2.2250738585072014e-308);
		csv_row__double(&row, 0);
		assert_int_equal(csv_row__end(&row), 0);
		row.data[row.sz - 2] = '\0';
		assert_string_equal(row.data,
				    i ? "\"-9223372036854775808\",\"-1\",\"9223372036854775807\","
					"\"-2.2250738585072014e-308\",\"0.0\""
				      : "-9223372036854775808,-1,9223372036854775807,"
					"-2.2250738585072014e-308,0.0");
		row.quoting = CSV_QUOTE_ALL;
	}
	csv_row__free(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoting_all_quotes_numbers_too),
		cmocka_unit_test(quoting_minimally_quotes_only_what_needs_it),
		cmocka_unit_test(quotes_are_doubled_wherever_they_stand),
		cmocka_unit_test(empty_fields_keep_their_commas),
		cmocka_unit_test(numbers_of_every_length_are_exact),
		cmocka_unit_test(a_row_grows_as_far_as_it_must),
		cmocka_unit_test(hostile_text_becomes_one_line_of_utf8),
		cmocka_unit_test(escaping_goes_by_length_and_not_by_nul),
		cmocka_unit_test(a_character_that_is_cut_off_is_bytes),
		cmocka_unit_test(what_is_utf8_may_stay_as_it_is),
		cmocka_unit_test(plain_text_is_known),
		cmocka_unit_test(whole_rows_end_at_line_feeds_outside_quotes),
		cmocka_unit_test(a_torn_row_in_the_middle_ends_with_its_line),
		cmocka_unit_test(walking_in_pieces_finds_the_same_ends),
		cmocka_unit_test(numbers_may_be_negative_or_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
