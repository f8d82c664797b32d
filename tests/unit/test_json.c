/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "escape.h"
#include "json.h"

static void expect_escaped(const char *text, const char *expected)
{
	char *escaped = escape_text(text);
	json_t *json = json_text(text);

	assert_non_null(escaped);
	assert_string_equal(escaped, expected);
	assert_non_null(json);
	assert_string_equal(json_string_value(json), expected);
	json_decref(json);
	free(escaped);
}

static void plain_text_stays_as_it_is(void **state)
{
	(void)state;
	expect_escaped("", "");
	expect_escaped("/usr/bin/motord --fast \"x\"", "/usr/bin/motord --fast \"x\"");
	expect_escaped("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x9a",
		       "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x9a");
}

static void control_characters_and_backslashes_are_escaped(void **state)
{
	(void)state;
	expect_escaped("a\nb\x1b[31m\x7f", "a\\x0ab\\x1b[31m\\x7f");
	expect_escaped("\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0");
	expect_escaped("C:\\x0a", "C:\\\\x0a");
}

static void bytes_that_are_no_UTF_8_are_escaped(void **state)
{
	(void)state;
	expect_escaped("\xff", "\\xff");
	expect_escaped("\x80 alone", "\\x80 alone");
	expect_escaped("cut \xe2\x82", "cut \\xe2\\x82");
	expect_escaped("\xc0\xaf overlong", "\\xc0\\xaf overlong");
	expect_escaped("\xe0\x9f\xbf\xed\xa0\x80", "\\xe0\\x9f\\xbf\\xed\\xa0\\x80");
	expect_escaped("\xf4\x90\x80\x80\xf5", "\\xf4\\x90\\x80\\x80\\xf5");
}

/* jansson has a validator of its own: what is passed through must please it, byte by byte. */
static void every_pair_of_bytes_makes_a_string(void **state)
{
	char text[4] = {};
	json_t *json;

	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			text[0] = (char)first;
			text[1] = (char)second;
			text[2] = (char)0x80;
			json = json_text(text);
			assert_non_null(json);
			json_decref(json);
		}
	}
}

static void json_is_written_with_a_line_end(void **state)
{
	char *text = NULL;
	size_t sz = 0;
	FILE *out = open_memstream(&text, &sz);

	(void)state;
	assert_non_null(out);
	assert_int_equal(json_write(json_pack("{s:i}", "a", 1), out), 0);
	fclose(out);
	assert_string_equal(text, "{\n  \"a\": 1\n}\n");
	free(text);
}

static void json_that_was_never_made_is_want_of_memory(void **state)
{
	(void)state;
	assert_int_equal(json_write(NULL, stdout), -ENOMEM);
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(json_write(json_pack("{s:i}", "a", 1), full), -EIO);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays_as_it_is),
		cmocka_unit_test(control_characters_and_backslashes_are_escaped),
		cmocka_unit_test(bytes_that_are_no_UTF_8_are_escaped),
		cmocka_unit_test(every_pair_of_bytes_makes_a_string),
		cmocka_unit_test(json_is_written_with_a_line_end),
		cmocka_unit_test(json_that_was_never_made_is_want_of_memory),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
