/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "datafile_fixture.h"

#define SECOND 1000000000ULL
#define DAY (24 * 3600 * SECOND)

static void flush_at(struct fixture *fixture, uint64_t now_ns)
{
	struct fault why = { 0 };

	if (datafile__flush(fixture->file, now_ns, false, &why))
		fail_msg("%s", why.text);
}

static void open_with_age(struct fixture *fixture, uint64_t age_ns)
{
	fixture->options.rotate_age_ns = age_ns;
	open_file(fixture);
}

static void an_old_file_is_rotated_at_an_idle_flush(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, DAY);
	append(fixture, 3);
	flush_at(fixture, 5 * SECOND);
	append(fixture, 2);
	flush_at(fixture, DAY);
	flush_at(fixture, DAY + 5 * SECOND - 1);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	flush_at(fixture, DAY + 5 * SECOND);
	expect_next_rows(fixture, "data.1");
	assert_int_equal(fixture->rows_read, 5);
	scratch__expect(&fixture->scratch, "data", FIRST_ROW);
	assert_string_equal(fixture->notices, "");
}

static void an_empty_file_is_not_rotated_and_its_age_begins_with_a_row(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, DAY);
	flush_at(fixture, 1);
	flush_at(fixture, 10 * DAY);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	append(fixture, 1);
	flush_at(fixture, 10 * DAY + 1);
	flush_at(fixture, 11 * DAY);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	flush_at(fixture, 11 * DAY + 1);
	assert_true(scratch__has(&fixture->scratch, "data.1"));
	flush_at(fixture, 100 * DAY);
	assert_false(scratch__has(&fixture->scratch, "data.2"));
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
}

static void rows_that_come_when_it_is_old_go_into_the_next_file(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, DAY);
	append(fixture, 2);
	flush_at(fixture, 1);
	append(fixture, 1);
	flush_at(fixture, DAY + 1);
	expect_next_rows(fixture, "data.1");
	assert_int_equal(fixture->rows_read, 2);
	append(fixture, 1);
	flush_at(fixture, 2 * DAY);
	assert_false(scratch__has(&fixture->scratch, "data.2"));
	expect_all_rows(fixture);
}

/* The birth of a file that this process does not remember is what the file system says. */
static void the_age_survives_a_restart(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t age_ns = SECOND / 50;
	struct timespec now;
	struct stat st;

	open_with_age(fixture, DAY);
	append(fixture, 3);
	flush_at(fixture, 1);
	assert_int_equal(stat(scratch__at(&fixture->scratch, "data"), &st), 0);
	do {
		clock_gettime(CLOCK_REALTIME, &now);
	} while ((uint64_t)((now.tv_sec - st.st_mtim.tv_sec) * (int64_t)SECOND + now.tv_nsec -
			    st.st_mtim.tv_nsec) < age_ns);
	fixture->options.rotate_age_ns = age_ns;
	reopen_file(fixture);
	flush_at(fixture, 1);
	expect_next_rows(fixture, "data.1");
	assert_int_equal(fixture->rows_read, 3);
	expect_all_rows(fixture);
}

static void a_young_file_stays_young_over_a_restart(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, DAY);
	append(fixture, 3);
	flush_at(fixture, 7 * DAY);
	reopen_file(fixture);
	flush_at(fixture, 1);
	flush_at(fixture, DAY / 2);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	flush_at(fixture, DAY + 1);
	assert_true(scratch__has(&fixture->scratch, "data.1"));
}

static void a_file_emptied_by_somebody_begins_anew(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, DAY);
	append(fixture, 3);
	flush_at(fixture, 1);
	assert_int_equal(truncate(scratch__at(&fixture->scratch, "data"), 0), 0);
	fixture->rows_read = 3;
	append(fixture, 1);
	flush_at(fixture, DAY);
	flush_at(fixture, 2 * DAY - 1);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	expect_all_rows(fixture);
}

static void an_old_file_that_cannot_be_renamed_takes_more_rows(void **state)
{
	struct fixture *fixture = *state;
	const char *obstacle = scratch__at(&fixture->scratch, "data.1");

	fixture->options.rotate_keep = 1;
	open_with_age(fixture, DAY);
	append(fixture, 1);
	flush_at(fixture, 1);
	assert_int_equal(mkdir(obstacle, 0755), 0);
	append(fixture, 2);
	assert_int_equal(datafile__flush(fixture->file, DAY + 1, false, NULL), -EISDIR);
	expect_all_rows(fixture);
	assert_int_equal(rmdir(obstacle), 0);
	flush_at(fixture, DAY + 2);
	fixture->rows_read = 0;
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
}

static void the_age_can_be_changed(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, 0);
	append(fixture, 1);
	flush_at(fixture, 1);
	flush_at(fixture, 100 * DAY);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	fixture->options.rotate_age_ns = DAY;
	datafile__set_options(fixture->file, &fixture->options);
	flush_at(fixture, 100 * DAY);
	assert_true(scratch__has(&fixture->scratch, "data.1"));
}

static void a_clock_that_goes_back_makes_no_file_old(void **state)
{
	struct fixture *fixture = *state;

	open_with_age(fixture, DAY);
	append(fixture, 1);
	flush_at(fixture, 5 * SECOND);
	flush_at(fixture, 1);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DATAFILE_CASE(an_old_file_is_rotated_at_an_idle_flush),
		DATAFILE_CASE(an_empty_file_is_not_rotated_and_its_age_begins_with_a_row),
		DATAFILE_CASE(rows_that_come_when_it_is_old_go_into_the_next_file),
		DATAFILE_CASE(the_age_survives_a_restart),
		DATAFILE_CASE(a_young_file_stays_young_over_a_restart),
		DATAFILE_CASE(a_file_emptied_by_somebody_begins_anew),
		DATAFILE_CASE(an_old_file_that_cannot_be_renamed_takes_more_rows),
		DATAFILE_CASE(the_age_can_be_changed),
		DATAFILE_CASE(a_clock_that_goes_back_makes_no_file_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
