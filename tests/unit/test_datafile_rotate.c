/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "datafile_fixture.h"

static void rotation_fills_each_file_to_the_limit(void **state)
{
	struct fixture *fixture = *state;
	const size_t full = strlen(FIRST_ROW) + 10 * ROW_SZ;

	fixture->options.rotate_bytes = full;
	open_file(fixture);
	append_and_flush(fixture, 7);
	append_and_flush(fixture, 3);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	append_and_flush(fixture, 22);
	assert_int_equal(scratch__sz(&fixture->scratch, "data.3"), full);
	assert_int_equal(scratch__sz(&fixture->scratch, "data.2"), full);
	assert_int_equal(scratch__sz(&fixture->scratch, "data.1"), full);
	expect_next_rows(fixture, "data.3");
	expect_next_rows(fixture, "data.2");
	expect_next_rows(fixture, "data.1");
	assert_int_equal(fixture->rows_read, 30);
	expect_all_rows(fixture);
	assert_string_equal(fixture->notices, "");
}

static void rotation_never_splits_a_row(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.rotate_bytes = strlen(FIRST_ROW) + 3 * ROW_SZ - 1;
	fixture->options.rotate_keep = 100;
	open_file(fixture);
	append_and_flush(fixture, 20);
	for (unsigned int number = 9; number; number--) {
		char name[16];

		snprintf(name, sizeof(name), "data.%u", number);
		expect_next_rows(fixture, name);
	}
	assert_int_equal(fixture->rows_read, 18);
	expect_all_rows(fixture);
	assert_false(scratch__has(&fixture->scratch, "data.10"));
}

static void rotation_drops_the_oldest_beyond_what_is_kept(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.rotate_bytes = strlen(FIRST_ROW) + ROW_SZ;
	fixture->options.rotate_keep = 2;
	scratch__write(&fixture->scratch, "data.3", "", 0);
	scratch__write(&fixture->scratch, "data.4", "", 0);
	open_file(fixture);
	append_and_flush(fixture, 6);
	assert_false(scratch__has(&fixture->scratch, "data.3"));
	assert_false(scratch__has(&fixture->scratch, "data.4"));
	fixture->rows_read = 3;
	expect_next_rows(fixture, "data.2");
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
}

static void rotation_that_keeps_none_removes_the_full_file(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.rotate_bytes = strlen(FIRST_ROW) + 2 * ROW_SZ;
	fixture->options.rotate_keep = 0;
	open_file(fixture);
	append_and_flush(fixture, 5);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	fixture->rows_read = 4;
	expect_all_rows(fixture);
}

static void a_row_larger_than_the_limit_is_written_whole(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.rotate_bytes = 8;
	open_file(fixture);
	append_and_flush(fixture, 3);
	expect_next_rows(fixture, "data.2");
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
	assert_false(scratch__has(&fixture->scratch, "data.3"));
}

static void a_file_found_full_is_rotated_before_the_next_row(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append_and_flush(fixture, 10);
	fixture->options.rotate_bytes = 50;
	reopen_file(fixture);
	append_and_flush(fixture, 1);
	expect_next_rows(fixture, "data.1");
	assert_int_equal(fixture->rows_read, 10);
	expect_all_rows(fixture);
}

static void a_rotation_that_fails_loses_nothing(void **state)
{
	struct fixture *fixture = *state;
	const char *obstacle = scratch__at(&fixture->scratch, "data.2");

	fixture->options.rotate_bytes = strlen(FIRST_ROW) + 2 * ROW_SZ;
	fixture->options.rotate_keep = 2;
	open_file(fixture);
	append_and_flush(fixture, 4);
	assert_int_equal(mkdir(obstacle, 0755), 0);
	append(fixture, 3);
	expect_flush_fails(fixture, -EISDIR, "cannot rename to rotate");
	expect_flush_fails(fixture, -EISDIR, "cannot rename to rotate");
	assert_int_equal(rmdir(obstacle), 0);
	flush(fixture);
	fixture->rows_read = 2;
	expect_next_rows(fixture, "data.2");
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DATAFILE_CASE(rotation_fills_each_file_to_the_limit),
		DATAFILE_CASE(rotation_never_splits_a_row),
		DATAFILE_CASE(rotation_drops_the_oldest_beyond_what_is_kept),
		DATAFILE_CASE(rotation_that_keeps_none_removes_the_full_file),
		DATAFILE_CASE(a_row_larger_than_the_limit_is_written_whole),
		DATAFILE_CASE(a_file_found_full_is_rotated_before_the_next_row),
		DATAFILE_CASE(a_rotation_that_fails_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
