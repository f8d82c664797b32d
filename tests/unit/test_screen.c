/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>

#include "screen_fixture.h"

/* --- how wide ------------------------------------------------------------------------------ */

/* A terminal of so many columns: its other side must stay open. */
static FILE *open_terminal(unsigned short columns, int *ret_other_side)
{
	const struct winsize size = { .ws_row = 24, .ws_col = columns };
	int other_side = posix_openpt(O_RDWR | O_NOCTTY);
	FILE *terminal;

	assert_true(other_side >= 0);
	assert_int_equal(grantpt(other_side), 0);
	assert_int_equal(unlockpt(other_side), 0);
	terminal = fopen(ptsname(other_side), "w");
	assert_non_null(terminal);
	assert_int_equal(ioctl(fileno(terminal), TIOCSWINSZ, &size), 0);
	*ret_other_side = other_side;
	return terminal;
}

static void assert_width(unsigned short columns, const char *asked, size_t expected)
{
	struct screen screen;
	FILE *terminal;
	int other_side;

	if (asked)
		setenv("COLUMNS", asked, 1);
	else
		unsetenv("COLUMNS");
	terminal = open_terminal(columns, &other_side);
	screen__init(&screen, terminal);
	assert_int_equal(screen.width, expected);
	screen__free(&screen);
	fclose(terminal);
	close(other_side);
	unsetenv("COLUMNS");
}

static void the_width_is_the_terminals(void **state)
{
	(void)state;
	assert_width(80, NULL, 80);
	assert_width(213, NULL, 213);
}

static void COLUMNS_is_obeyed_first(void **state)
{
	(void)state;
	assert_width(80, "120", 120);
	assert_width(80, "60", 60);
}

static void nonsense_in_COLUMNS_is_not(void **state)
{
	(void)state;
	assert_width(80, "", 80);
	assert_width(80, "wide", 80);
	assert_width(80, "0", 80);
	assert_width(80, "-5", 80);
	assert_width(80, "99999999999999999999", 80);
}

static void a_terminal_that_does_not_know_its_width_has_the_default(void **state)
{
	(void)state;
	assert_width(0, NULL, SCREEN_WIDTH_DEFAULT);
}

static void no_terminal_is_too_narrow_to_be_read(void **state)
{
	(void)state;
	assert_width(5, NULL, SCREEN_WIDTH_MIN);
	assert_width(80, "1", SCREEN_WIDTH_MIN);
}

static void a_pipe_has_no_width_whatever_COLUMNS_says(void **state)
{
	struct screen screen;
	int ends[2];
	FILE *out;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	out = fdopen(ends[1], "w");
	setenv("COLUMNS", "80", 1);
	screen__init(&screen, out);
	unsetenv("COLUMNS");
	assert_int_equal(screen.width, 0);
	screen__free(&screen);
	fclose(out);
	close(ends[0]);
}

/* --- columns and cutting --------------------------------------------------------------------- */

static void characters_count_as_the_columns_they_take(void **state)
{
	struct screen screen;

	(void)state;
	screen__init(&screen, stderr);
	assert_int_equal(screen__columns(&screen, ""), 0);
	assert_int_equal(screen__columns(&screen, "abc"), 3);
	assert_int_equal(screen__columns(&screen, "z\xc3\xa4h"), 3);
	assert_int_equal(screen__columns(&screen, "\xe6\x97\xa5\xe6\x9c\xac"), 4);
	screen__free(&screen);
}

static void assert_shortened(const char *text, size_t columns, const char *expected)
{
	struct screen screen;
	char *result;

	screen__init(&screen, stderr);
	result = screen__shorten(&screen, text, columns);
	assert_non_null(result);
	assert_string_equal(result, expected);
	assert_true(screen__columns(&screen, result) <= columns);
	free(result);
	screen__free(&screen);
}

static void what_fits_is_not_cut(void **state)
{
	(void)state;
	assert_shortened("abcdefgh", 8, "abcdefgh");
	assert_shortened("", 8, "");
}

static void the_middle_goes_and_more_stays_of_the_end(void **state)
{
	(void)state;
	assert_shortened("abcdefghijklm", 12, "abc...hijklm");
	assert_shortened("abcdefghi", 8, "a...fghi");
	assert_shortened("abcdefghi", 4, "...i");
}

static void characters_are_not_cut_in_two(void **state)
{
	(void)state;
	/* each takes two columns and three bytes */
	assert_shortened("\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5", 8,
			 "...\xe6\x97\xa5\xe6\x97\xa5");
	assert_shortened("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
			 8, "\xc3\xa4...\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
}

/* --- wrapping -------------------------------------------------------------------------------- */

static void assert_wrapped(size_t width, size_t at, const char *text, const char *expected)
{
	struct kept_screen kept;

	kept_screen__open(&kept, width);
	assert_int_equal(screen__put_wrapped(&kept.screen, at, text), 0);
	assert_shown(&kept, expected);
}

static void text_is_wrapped_at_blanks_below_its_beginning(void **state)
{
	(void)state;
	assert_wrapped(40, 30, "one two three four",
		       "one two\n"
		       "                              three four\n");
	assert_wrapped(10, 0, "aaaa bbbb cccc", "aaaa bbbb\ncccc\n");
	assert_wrapped(9, 0, "aaaa bbbb", "aaaa bbbb\n");
	assert_wrapped(8, 0, "aaaa bbbb", "aaaa\nbbbb\n");
}

static void a_word_that_fits_nowhere_stays_whole(void **state)
{
	(void)state;
	assert_wrapped(10, 2, "a /a/path/that/is/long b", "a\n  /a/path/that/is/long\n  b\n");
}

static void nothing_is_wrapped_without_a_terminal(void **state)
{
	(void)state;
	assert_wrapped(0, 90, "one two three four", "one two three four\n");
}

static void nothing_that_a_terminal_obeys_is_written(void **state)
{
	(void)state;
	assert_wrapped(0, 0, "a\x1b[31m\nb\xff\xc2\x9b", "a\\x1b[31m\\x0ab\\xff\\xc2\\x9b\n");
}

static void an_empty_text_is_an_empty_line(void **state)
{
	(void)state;
	assert_wrapped(80, 4, "", "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_width_is_the_terminals),
		cmocka_unit_test(COLUMNS_is_obeyed_first),
		cmocka_unit_test(nonsense_in_COLUMNS_is_not),
		cmocka_unit_test(a_terminal_that_does_not_know_its_width_has_the_default),
		cmocka_unit_test(no_terminal_is_too_narrow_to_be_read),
		cmocka_unit_test(a_pipe_has_no_width_whatever_COLUMNS_says),
		cmocka_unit_test(characters_count_as_the_columns_they_take),
		cmocka_unit_test(what_fits_is_not_cut),
		cmocka_unit_test(the_middle_goes_and_more_stays_of_the_end),
		cmocka_unit_test(characters_are_not_cut_in_two),
		cmocka_unit_test(text_is_wrapped_at_blanks_below_its_beginning),
		cmocka_unit_test(a_word_that_fits_nowhere_stays_whole),
		cmocka_unit_test(nothing_is_wrapped_without_a_terminal),
		cmocka_unit_test(nothing_that_a_terminal_obeys_is_written),
		cmocka_unit_test(an_empty_text_is_an_empty_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
