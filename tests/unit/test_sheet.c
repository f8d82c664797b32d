/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "report/human.h"
#include "report/sheet.h"

static const struct sheet_column columns[] = {
	{ "NAME", "name", SHEET_TEXT, SHEET_USUAL },
	{ "N", "n", SHEET_COUNT, SHEET_USUAL },
	{ "TOOK", "took_ns", SHEET_NS, SHEET_RARE },
	{ "RSS", "rss_bytes", SHEET_BYTES, SHEET_RARE },
	{ "SHARE", "share_percent", SHEET_PERCENT, SHEET_USUAL },
};

static struct sheet *make(void)
{
	struct sheet *sheet = sheet__new(columns, 5);

	assert_non_null(sheet);
	sheet__text(sheet, "a,\"b\"\r\n\x1b\xff\\x\\\\");
	sheet__s64(sheet, -9);
	sheet__u64(sheet, UINT64_MAX);
	sheet__double(sheet, -2048);
	sheet__double(sheet, 0.1);
	sheet__text(sheet, "");
	sheet__u64(sheet, 0);
	sheet__none(sheet);
	sheet__double(sheet, INFINITY);
	sheet__double(sheet, NAN);
	return sheet;
}

static void expect(FILE *out, char **text, const char *expected)
{
	assert_int_equal(fclose(out), 0);
	assert_string_equal(*text, expected);
	free(*text);
}

static void a_backslash_stays_one_and_the_rest_is_escaped(void **state)
{
	char *text = sheet_text("\\x41 \\\\ \t\xc3\xa9\xc3");

	(void)state;
	assert_string_equal(text, "\\x41 \\\\ \\x09\xc3\xa9\\xc3");
	free(text);
}

static void csv_has_base_units_and_nothing_for_nothing(void **state)
{
	struct sheet *sheet = make();
	struct sheet_choice choice;
	char *text;
	size_t sz;
	FILE *out = open_memstream(&text, &sz);

	(void)state;
	sheet__choose_all(sheet, &choice);
	assert_int_equal(sheet__print_csv(sheet, &choice, out), 0);
	expect(out, &text,
	       "name,n,took_ns,rss_bytes,share_percent\r\n"
	       "\"a,\"\"b\"\"\\x0d\\x0a\\x1b\\xff\\x\\\\\",-9,18446744073709551615,-2048.0,0.1\r\n"
	       ",0,,,\r\n");
	sheet__free(sheet);
}

static void json_has_numbers_and_null(void **state)
{
	struct sheet *sheet = make();
	struct sheet_choice choice;
	json_t *rows;
	char *text;

	(void)state;
	sheet__choose_all(sheet, &choice);
	rows = sheet__json(sheet, &choice);
	text = json_dumps(rows, JSON_COMPACT | JSON_REAL_PRECISION(3));
	assert_string_equal(text,
			    "[{\"name\":\"a,\\\"b\\\"\\\\x0d\\\\x0a\\\\x1b\\\\xff\\\\x\\\\\\\\\","
			    "\"n\":-9,\"took_ns\":1.84e19,\"rss_bytes\":-2.05e3,"
			    "\"share_percent\":0.1},"
			    "{\"name\":\"\",\"n\":0,\"took_ns\":null,\"rss_bytes\":null,"
			    "\"share_percent\":null}]");
	free(text);
	json_decref(rows);
	sheet__free(sheet);
}

static void columns_are_chosen_by_name_or_heading_with_or_without_unit(void **state)
{
	struct sheet *sheet = make();
	struct sheet_choice choice;

	(void)state;
	sheet__choose_usual(sheet, &choice);
	assert_int_equal(choice.cnt, 3);
	assert_int_equal(choice.columns[2], 4);
	assert_true(sheet__choose(sheet, &choice, "rss"));
	assert_true(sheet__choose(sheet, &choice, "took_ns"));
	assert_true(sheet__choose(sheet, &choice, "Took"));
	assert_true(sheet__choose(sheet, &choice, "n"));
	assert_int_equal(choice.cnt, 5);
	assert_int_equal(choice.columns[3], 3);
	assert_int_equal(choice.columns[4], 2);
	assert_false(sheet__choose(sheet, &choice, "ns"));
	assert_false(sheet__choose(sheet, &choice, "took_"));
	assert_false(sheet__choose(sheet, &choice, "rss_bytes_"));
	assert_false(sheet__choose(sheet, &choice, ""));
	assert_int_equal(choice.cnt, 5);
	sheet__free(sheet);
}

static void a_table_shows_as_many_rows_as_are_wanted(void **state)
{
	struct sheet *sheet = make();
	struct sheet_choice choice;
	char *text;
	size_t sz;
	FILE *out = open_memstream(&text, &sz);

	(void)state;
	assert_int_equal(sheet__row_cnt(sheet), 2);
	sheet__choose_all(sheet, &choice);
	assert_int_equal(sheet__print_table(sheet, &choice, 1, out), 0);
	assert_int_equal(sheet__print_table(sheet, &choice, 0, out), 0);
	expect(out, &text,
	       "NAME                        N           TOOK        RSS  SHARE\n"
	       "a,\"b\"\\x0d\\x0a\\x1b\\xff\\x\\\\  -9  18446744074 s  -2.00 KiB  0.1 %\n");
	sheet__free(sheet);
}

/* --- on a terminal --------------------------------------------------------------------------- */

struct terminal {
	int master;
	FILE *out;
};

static struct terminal terminal(unsigned short columns_cnt)
{
	const struct winsize size = { .ws_row = 24, .ws_col = columns_cnt };
	struct terminal terminal;
	int slave;

	unsetenv("COLUMNS");
	assert_int_equal(openpty(&terminal.master, &slave, NULL, NULL, &size), 0);
	terminal.out = fdopen(slave, "w");
	assert_non_null(terminal.out);
	return terminal;
}

/* What it shows; lines end with CR LF there. */
static void expect_terminal(struct terminal *terminal, const char *expected)
{
	char text[1024];
	size_t sz = 0;
	ssize_t got;

	assert_int_equal(fflush(terminal->out), 0);
	/* in as many pieces as it likes */
	while (sz < strlen(expected)) {
		got = read(terminal->master, text + sz, sizeof(text) - 1 - sz);
		assert_true(got > 0);
		sz += (size_t)got;
	}
	text[sz] = '\0';
	assert_string_equal(text, expected);
	fclose(terminal->out);
	close(terminal->master);
}

static const struct sheet_column placed[] = {
	{ "NAME", "name", SHEET_TEXT, SHEET_USUAL },
	{ "EXTRA", "extra", SHEET_COUNT, SHEET_EXTRA },
	{ "N", "n", SHEET_COUNT, SHEET_USUAL },
	{ "SEEN", "seen", SHEET_COUNT, SHEET_YIELDING },
	{ "RARE", "rare", SHEET_COUNT, SHEET_RARE },
};

static struct sheet *make_placed(const char *name)
{
	struct sheet *sheet = sheet__new(placed, 5);

	assert_non_null(sheet);
	sheet__text(sheet, name);
	for (uint64_t i = 1; i <= 4; i++)
		sheet__u64(sheet, i);
	return sheet;
}

static void expect_fitting(struct sheet *sheet, unsigned short columns_cnt, const char *expected)
{
	struct terminal screen = terminal(columns_cnt);
	struct sheet_choice choice;

	sheet__choose_usual(sheet, &choice);
	sheet__add_fitting(sheet, 1, screen.out, &choice);
	assert_int_equal(sheet__print_table(sheet, &choice, 1, screen.out), 0);
	expect_terminal(&screen, expected);
}

static void a_terminal_shows_what_fits(void **state)
{
	struct sheet *sheet = make_placed("a_name_of_30_characters_in_all");

	(void)state;
	expect_fitting(sheet, 47,
		       "NAME                            EXTRA  N  SEEN\r\n"
		       "a_name_of_30_characters_in_all      1  2     3\r\n");
	expect_fitting(sheet, 45,
		       "NAME                            N  SEEN\r\n"
		       "a_name_of_30_characters_in_all  2     3\r\n");
	sheet__free(sheet);
}

/* To not less than half for what yields, and then to whatever there is room for. */
static void a_narrow_terminal_cuts_names(void **state)
{
	struct sheet *sheet = make_placed("a_name_of_many_more_characters_than_there_is_room_for");

	(void)state;
	expect_fitting(sheet, 50,
		       "NAME                                       N  SEEN\r\n"
		       "a_name_of_ma...ers_than_there_is_room_for  2     3\r\n");
	expect_fitting(sheet, 40,
		       "NAME                                   N\r\n"
		       "a_name_of_m..._than_there_is_room_for  2\r\n");
	sheet__free(sheet);
}

static void without_a_terminal_nothing_is_extra(void **state)
{
	struct sheet *sheet = make_placed("a_name");
	struct sheet_choice choice;
	char *text;
	size_t sz;
	FILE *out = open_memstream(&text, &sz);

	(void)state;
	sheet__choose_usual(sheet, &choice);
	sheet__add_fitting(sheet, 1, out, &choice);
	assert_int_equal(sheet__print_table(sheet, &choice, 1, out), 0);
	expect(out, &text, "NAME    N  SEEN\na_name  2     3\n");
	sheet__free(sheet);
}

static void columns_without_a_value_can_be_dropped(void **state)
{
	struct sheet *sheet = make();
	struct sheet_choice choice;

	(void)state;
	sheet__choose_all(sheet, &choice);
	sheet__drop_empty(sheet, &choice);
	assert_int_equal(choice.cnt, 5);
	for (size_t i = 0; i < sheet->cell_cnt; i += 5) {
		sheet->cells[i + 2].kind = SHEET_IS_NONE;
		sheet->cells[i + 4].kind = SHEET_IS_NONE;
	}
	sheet__drop_empty(sheet, &choice);
	assert_int_equal(choice.cnt, 3);
	assert_int_equal(choice.columns[2], 3);
	sheet__free(sheet);
}

static void a_sheet_without_a_cell_is_not_printed(void **state)
{
	struct sheet *sheet = make();
	struct sheet_choice choice;

	(void)state;
	sheet__choose_all(sheet, &choice);
	sheet->failed = true;
	assert_int_equal(sheet__print_table(sheet, &choice, 1, stdout), -ENOMEM);
	assert_int_equal(sheet__print_csv(sheet, &choice, stdout), -ENOMEM);
	assert_int_equal(sheet__print_markdown(sheet, &choice, stdout), -ENOMEM);
	assert_null(sheet__json(sheet, &choice));
	sheet__free(sheet);
	sheet__free(NULL);
}

static void quantities_have_three_digits_and_a_unit(void **state)
{
	char text[HUMAN_SZ];

	(void)state;
#define EXPECT(function, value, expected)                                                          \
	do {                                                                                       \
		function(value, text);                                                             \
		assert_string_equal(text, expected);                                               \
	} while (0)
	EXPECT(human_bytes, 0, "0 B");
	EXPECT(human_bytes, 999, "999 B");
	EXPECT(human_bytes, 1000, "0.98 KiB");
	EXPECT(human_bytes, 1 << 20, "1.00 MiB");
	EXPECT(human_bytes, -95e6, "-90.6 MiB");
	EXPECT(human_bytes, 1e18, "909495 TiB");
	EXPECT(human_percent, 0, "0.0 %");
	EXPECT(human_percent, 0.04, "<0.1 %");
	EXPECT(human_percent, 399.96, "400.0 %");
	EXPECT(human_rate, 0, "0.00/d");
	EXPECT(human_rate, 1234, "1234/s");
	EXPECT(human_rate, 12.34, "12.3/s");
	EXPECT(human_rate, 0.5, "30.0/min");
	EXPECT(human_rate, 0.01, "36.0/h");
	EXPECT(human_rate, 0.0001, "8.64/d");
	EXPECT(human_rate, 1e12, "1.00e+12/s");
	setenv("TZ", "UTC-2", 1);
	tzset();
	EXPECT(human_moment, UINT64_C(1795328314999999999), "2026-11-22 08:18:34");
	EXPECT(human_moment, 0, "1970-01-01 02:00:00");
	EXPECT(human_moment, UINT64_MAX, "2554-07-22 01:34:33");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backslash_stays_one_and_the_rest_is_escaped),
		cmocka_unit_test(csv_has_base_units_and_nothing_for_nothing),
		cmocka_unit_test(json_has_numbers_and_null),
		cmocka_unit_test(columns_are_chosen_by_name_or_heading_with_or_without_unit),
		cmocka_unit_test(a_table_shows_as_many_rows_as_are_wanted),
		cmocka_unit_test(a_terminal_shows_what_fits),
		cmocka_unit_test(a_narrow_terminal_cuts_names),
		cmocka_unit_test(without_a_terminal_nothing_is_extra),
		cmocka_unit_test(columns_without_a_value_can_be_dropped),
		cmocka_unit_test(a_sheet_without_a_cell_is_not_printed),
		cmocka_unit_test(quantities_have_three_digits_and_a_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
