/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "export/json_out.h"
#include "export/new_file.h"
#include "scratch.h"

static const char *begin(const struct scratch *scratch, struct new_file *file)
{
	const char *path = scratch__at(scratch, "out");
	struct fault why = {};

	if (new_file__open(file, path, &why))
		fail_msg("%s", why.text);
	fputs("text", file->out);
	return path;
}

static void it_has_its_name_when_it_is_whole(void **state)
{
	struct new_file file = {};
	struct fault why = {};

	begin(*state, &file);
	assert_false(scratch__has(*state, "out"));
	assert_true(scratch__has(*state, "out.tmp"));
	assert_int_equal(new_file__finish(&file, &why), 0);
	scratch__expect(*state, "out", "text");
	assert_false(scratch__has(*state, "out.tmp"));
	new_file__abandon(&file);
	scratch__expect(*state, "out", "text");
}

static void the_old_one_stays_if_it_is_abandoned(void **state)
{
	struct new_file file = {};

	scratch__write(*state, "out", "old", 3);
	begin(*state, &file);
	new_file__abandon(&file);
	scratch__expect(*state, "out", "old");
	assert_false(scratch__has(*state, "out.tmp"));
}

static void it_may_have_another_name_until_then(void **state)
{
	struct new_file file = {};
	struct fault why = {};

	assert_int_equal(new_file__open_as(&file, scratch__at(*state, "a.csv"),
					   scratch__at(*state, "a.tmp"), &why),
			 0);
	assert_true(scratch__has(*state, "a.tmp"));
	assert_int_equal(new_file__finish(&file, &why), 0);
	assert_true(scratch__has(*state, "a.csv"));
}

static void a_folder_that_is_missing_is_told_of_the_file_asked_for(void **state)
{
	struct new_file file = {};
	struct fault why = {};

	assert_int_equal(new_file__open(&file, scratch__at(*state, "no/out"), &why), -ENOENT);
	assert_non_null(strstr(why.text, "no/out: cannot create: No such file or directory"));
	new_file__abandon(&file);
}

static void a_link_laid_in_its_way_is_refused(void **state)
{
	struct new_file file = {};
	struct fault why = {};

	scratch__write(*state, "victim", "old", 3);
	assert_int_equal(symlink("victim", scratch__at(*state, "out.tmp")), 0);
	assert_int_equal(new_file__open(&file, scratch__at(*state, "out"), &why), -ELOOP);
	assert_non_null(strstr(why.text, "out.tmp: cannot create"));
	scratch__expect(*state, "victim", "old");
	new_file__abandon(&file);
}

static void a_device_is_written_in_place(void **state)
{
	struct new_file file = {};
	struct fault why = {};

	(void)state;
	assert_int_equal(new_file__open(&file, "/dev/full", &why), 0);
	fputs("text", file.out);
	assert_int_equal(new_file__finish(&file, &why), -ENOSPC);
	assert_string_equal(why.text, "/dev/full: cannot write: No space left on device");
}

static void expect_json(const char *text, const char *json)
{
	char *written = NULL;
	size_t sz;
	FILE *out = open_memstream(&written, &sz);

	assert_non_null(out);
	json_out__string(out, text);
	fclose(out);
	assert_string_equal(written, json);
	free(written);
}

static void strings_of_json_are_escaped(void **state)
{
	(void)state;
	expect_json("", "\"\"");
	expect_json("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	expect_json("\x01\n\x7f", "\"\\u0001\\u000a\\u007f\"");
	expect_json("\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	expect_json("\xff\xed\xa0\x80\xc3", "\"\\\\xff\\\\xed\\\\xa0\\\\x80\\\\xc3\"");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_has_its_name_when_it_is_whole),
		CASE(the_old_one_stays_if_it_is_abandoned),
		CASE(it_may_have_another_name_until_then),
		CASE(a_folder_that_is_missing_is_told_of_the_file_asked_for),
		CASE(a_link_laid_in_its_way_is_refused),
		cmocka_unit_test(a_device_is_written_in_place),
		cmocka_unit_test(strings_of_json_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
