/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include <math.h>

#include "plot/markup.h"

static char *written(void (*put)(FILE *out, const char *text), const char *text)
{
	char *made = NULL;
	size_t sz;
	FILE *out = open_memstream(&made, &sz);

	assert_non_null(out);
	put(out, text);
	fclose(out);
	return made;
}

static void check_text(const char *text, const char *expected)
{
	char *made = written(markup__text, text);

	assert_string_equal(made, expected);
	free(made);
}

static void check_json(const char *text, const char *expected)
{
	char *made = written(markup__json, text);

	assert_string_equal(made, expected);
	free(made);
}

static void text_stays_text_in_markup(void **state)
{
	(void)state;
	check_text("plain", "plain");
	check_text("</svg><script>", "&lt;/svg&gt;&lt;script&gt;");
	check_text("\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;");
	check_text("]]>", "]]&gt;");
	check_text("\xe6\x97\xa5", "\xe6\x97\xa5");
}

static void what_xml_does_not_allow_is_shown(void **state)
{
	(void)state;
	check_text("\x01\x1b[31m\x7f\n", "\\x01\\x1b[31m\\x7f\\x0a");
	check_text("\xff<", "\\xff&lt;");
	check_text("\xef\xbf\xbf", "\\uffff");
	check_text("\xc2\x85", "\\u0085");
}

static void what_reorders_text_is_shown(void **state)
{
	(void)state;
	check_text("a\xe2\x80\xaegnp.exe", "a\\u202egnp.exe");
	check_text("\xe2\x81\xa6", "\\u2066");
}

static void json_cannot_end_a_script(void **state)
{
	(void)state;
	check_json("</script>", "\"\\u003c/script\\u003e\"");
	check_json("<!--", "\"\\u003c!--\"");
	check_json("a\"b\\", "\"a\\u0022b\\u005c\"");
	check_json("\xe2\x80\xa8", "\"\\\\u2028\"");
	check_json("\xff\n", "\"\\\\xff\\\\x0a\"");
}

/* Whatever the bytes are, it is JSON, and no byte of it means anything to HTML. */
static void json_of_any_bytes_is_json(void **state)
{
	char text[4], *made;
	json_t *value;

	(void)state;
	for (unsigned int bytes = 1; bytes < 0x10000; bytes += 7) {
		memcpy(text,
		       (char[]) { (char)(bytes >> 8 ? bytes >> 8 : 'a'), (char)bytes, 'z', 0 }, 4);
		made = written(markup__json, text);
		value = json_loads(made, JSON_DECODE_ANY, NULL);
		assert_non_null(value);
		assert_null(strpbrk(made, "<>&'\n\r"));
		json_decref(value);
		free(made);
	}
}

static void long_text_is_cut_between_characters(void **state)
{
	char text[2000] = "", *made;

	(void)state;
	for (int i = 0; i < 600; i++)
		strcat(text, "\xe2\x82\xac");
	made = written(markup__text, text);
	assert_int_equal(strlen(made), MARKUP_TEXT_MAX + 3);
	assert_int_equal(strlen(made) % 3, 0);
	assert_string_equal(made + MARKUP_TEXT_MAX, "\xe2\x80\xa6");
	free(made);
}

static void numbers_that_are_none_are_null(void **state)
{
	char *made = NULL;
	size_t sz;
	FILE *out = open_memstream(&made, &sz);

	(void)state;
	markup__number(out, NAN);
	markup__number(out, INFINITY);
	markup__number(out, 1.5);
	putc(' ', out);
	markup__at(out, 2.50);
	putc(' ', out);
	markup__at(out, 10);
	putc(' ', out);
	markup__at(out, -0.001);
	fclose(out);
	assert_string_equal(made, "nullnull1.5 2.5 10 0");
	free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_text_in_markup),
		cmocka_unit_test(what_xml_does_not_allow_is_shown),
		cmocka_unit_test(what_reorders_text_is_shown),
		cmocka_unit_test(json_cannot_end_a_script),
		cmocka_unit_test(json_of_any_bytes_is_json),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(numbers_that_are_none_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
