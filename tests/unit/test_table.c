/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "screen_fixture.h"
#include "table.h"

static const struct table_column columns[] = {
	{ .heading = "NAME", .may_be_cut = true },
	{ .heading = "N", .right = true },
	{ .heading = "PLACE", .may_be_cut = true },
	{},
};

/* Cells of three columns, ended by NULL. */
static void assert_table(size_t width, const char *const *cells, const char *expected)
{
	struct kept_screen kept;
	struct table *table;

	assert_int_equal(table__new(columns, &table), 0);
	for (; *cells; cells++)
		table__put(table, "%s", *cells);
	kept_screen__open(&kept, width);
	assert_int_equal(table__print(table, &kept.screen), 0);
	table__free(table);
	assert_shown(&kept, expected);
}

static void columns_are_as_wide_as_what_stands_in_them(void **state)
{
	static const char *const cells[] = { "a", "1", "here", "long name", "1000", "x", NULL };

	(void)state;
	assert_table(0, cells,
		     "NAME          N  PLACE\n"
		     "a             1  here\n"
		     "long name  1000  x\n");
}

static void a_table_without_rows_has_no_headings(void **state)
{
	static const char *const cells[] = { NULL };

	(void)state;
	assert_table(80, cells, "");
}

static void nothing_is_cut_without_a_terminal(void **state)
{
	static const char *const cells[] = {
		"a name that is very long indeed, longer than any terminal that anybody has, and "
		"longer still",
		"1", "x", NULL
	};
	struct kept_screen kept;
	struct table *table;
	char *text;

	(void)state;
	assert_int_equal(table__new(columns, &table), 0);
	for (const char *const *cell = cells; *cell; cell++)
		table__put(table, "%s", *cell);
	kept_screen__open(&kept, 0);
	assert_int_equal(table__print(table, &kept.screen), 0);
	table__free(table);
	text = kept_screen__close(&kept);
	assert_non_null(strstr(text, cells[0]));
	free(text);
}

static void the_widest_cells_are_cut_first(void **state)
{
	static const char *const cells[] = { "/usr/lib/x86_64-linux-gnu/libx.so", "12", "main_loop",
					     NULL };

	(void)state;
	assert_table(40, cells,
		     "NAME                        N  PLACE\n"
		     "/usr/li...nux-gnu/libx.so  12  main_loop\n");
}

static void a_column_keeps_its_heading_and_a_readable_rest(void **state)
{
	static const char *const cells[] = { "abcdefghijklmnopqrstuvwxyz", "123456789",
					     "abcdefghijklmnopqrstuvwxyz", NULL };

	(void)state;
	/* It cannot be made to fit. */
	assert_table(20, cells,
		     "NAME              N  PLACE\n"
		     "a...wxyz  123456789  a...wxyz\n");
}

static void hostile_cells_are_escaped(void **state)
{
	static const char *const cells[] = { "a\tb\n", "\x1b[2J", "\xff", NULL };

	(void)state;
	assert_table(0, cells,
		     "NAME              N  PLACE\n"
		     "a\\x09b\\x0a  \\x1b[2J  \\xff\n");
}

static void wide_characters_do_not_shift_what_is_behind(void **state)
{
	static const char *const cells[] = {
		"\xe6\x97\xa5\xe6\x9c\xac", "1", "x", "abcd", "1", "x", NULL
	};

	(void)state;
	assert_table(0, cells,
		     "NAME  N  PLACE\n"
		     "\xe6\x97\xa5\xe6\x9c\xac  1  x\n"
		     "abcd  1  x\n");
}

static void many_rows_are_kept(void **state)
{
	struct kept_screen kept;
	struct table *table;
	size_t lines = 0;
	char *text;

	(void)state;
	assert_int_equal(table__new(columns, &table), 0);
	for (unsigned int i = 0; i < 3000; i++)
		table__put(table, "%u", i % 10);
	kept_screen__open(&kept, 80);
	assert_int_equal(table__print(table, &kept.screen), 0);
	table__free(table);
	text = kept_screen__close(&kept);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 1001);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_what_stands_in_them),
		cmocka_unit_test(a_table_without_rows_has_no_headings),
		cmocka_unit_test(nothing_is_cut_without_a_terminal),
		cmocka_unit_test(the_widest_cells_are_cut_first),
		cmocka_unit_test(a_column_keeps_its_heading_and_a_readable_rest),
		cmocka_unit_test(hostile_cells_are_escaped),
		cmocka_unit_test(wide_characters_do_not_shift_what_is_behind),
		cmocka_unit_test(many_rows_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
