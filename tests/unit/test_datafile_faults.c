/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A datafile over system calls that fail: those below stand in for libc's, count their calls and
 * fail when they are told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>

#include "datafile_fixture.h"

#define SECOND 1000000000ULL

static struct {
	unsigned int fdatasync_cnt;
	unsigned int fsync_cnt;
	int fdatasync_errno;
	int ftruncate_errno;
	/* What the next writes do: fail if negative, write at most so many bytes if positive. 0
	 * ends the script. */
	const int *writes;
} calls;

int fdatasync(int fd)
{
	(void)fd;
	calls.fdatasync_cnt++;
	errno = calls.fdatasync_errno;
	return errno ? -1 : 0;
}

int fsync(int fd)
{
	(void)fd;
	calls.fsync_cnt++;
	return 0;
}

int ftruncate(int fd, off_t sz)
{
	errno = calls.ftruncate_errno;
	return errno ? -1 : (int)syscall(SYS_ftruncate, fd, sz);
}

ssize_t write(int fd, const void *data, size_t sz)
{
	int planned = calls.writes ? *calls.writes : 0;

	if (planned)
		calls.writes++;
	if (planned < 0) {
		errno = -planned;
		return -1;
	}
	if (planned && (size_t)planned < sz)
		sz = (size_t)planned;
	return syscall(SYS_write, fd, data, sz);
}

static int set_up_calls(void **state)
{
	memset(&calls, 0, sizeof(calls));
	return set_up(state);
}

static void append_and_flush_at(struct fixture *fixture, uint64_t now_ns, bool last)
{
	append(fixture, 1);
	assert_int_equal(datafile__flush(fixture->file, now_ns, last, NULL), 0);
}

static void sync_of_zero_syncs_at_every_flush_that_wrote(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.sync_ns = 0;
	open_file(fixture);
	for (unsigned int i = 1; i <= 3; i++) {
		append_and_flush(fixture, 2);
		flush(fixture);
		assert_int_equal(calls.fdatasync_cnt, i);
	}
	assert_true(calls.fsync_cnt > 0);
}

static void sync_of_an_interval_syncs_once_in_it_and_at_the_end(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.sync_ns = 5 * SECOND;
	open_file(fixture);
	append_and_flush_at(fixture, 100 * SECOND, false);
	assert_int_equal(calls.fdatasync_cnt, 1);
	append_and_flush_at(fixture, 101 * SECOND, false);
	append_and_flush_at(fixture, 104 * SECOND, false);
	assert_int_equal(calls.fdatasync_cnt, 1);
	assert_int_equal(datafile__flush(fixture->file, 105 * SECOND, false, NULL), 0);
	assert_int_equal(calls.fdatasync_cnt, 2);
	append_and_flush_at(fixture, 106 * SECOND, true);
	assert_int_equal(calls.fdatasync_cnt, 3);
	assert_int_equal(datafile__flush(fixture->file, 106 * SECOND, true, NULL), 0);
	assert_int_equal(calls.fdatasync_cnt, 3);
}

static void sync_of_never_never_syncs(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.rotate_bytes = 50;
	open_file(fixture);
	append_and_flush_at(fixture, 1, false);
	append_and_flush_at(fixture, 100 * SECOND, false);
	append_and_flush_at(fixture, 200 * SECOND, true);
	assert_true(scratch__has(&fixture->scratch, "data.1"));
	assert_int_equal(calls.fdatasync_cnt, 0);
	assert_int_equal(calls.fsync_cnt, 0);
}

static void a_sync_that_fails_is_reported_and_tried_again(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.sync_ns = 0;
	open_file(fixture);
	append(fixture, 2);
	calls.fdatasync_errno = EIO;
	expect_flush_fails(fixture, -EIO, "cannot sync");
	expect_flush_fails(fixture, -EIO, "cannot sync");
	calls.fdatasync_errno = 0;
	append_and_flush(fixture, 1);
	expect_all_rows(fixture);
}

static void rotation_waits_until_the_full_file_is_synced(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.sync_ns = UINT64_MAX - 1;
	fixture->options.rotate_bytes = strlen(FIRST_ROW) + 3 * ROW_SZ;
	open_file(fixture);
	append_and_flush(fixture, 2);
	append(fixture, 3);
	calls.fdatasync_errno = EIO;
	expect_flush_fails(fixture, -EIO, "cannot sync");
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	calls.fdatasync_errno = 0;
	flush(fixture);
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
}

static void interrupted_and_short_writes_are_gone_on_with(void **state)
{
	static const int script[] = { -EINTR, 5, -EINTR, ROW_SZ, 1, 0 };
	struct fixture *fixture = *state;

	open_file(fixture);
	append(fixture, 4);
	calls.writes = script;
	flush(fixture);
	assert_int_equal(*calls.writes, 0);
	expect_all_rows(fixture);
}

static void a_write_that_fails_within_a_row_is_cut_back(void **state)
{
	static const int script[] = { ROW_SZ + 5, -EIO, -EDQUOT, 2 * ROW_SZ - 1, -ENOSPC, 0 };
	struct fixture *fixture = *state;

	open_file(fixture);
	append(fixture, 5);
	calls.writes = script;
	expect_flush_fails(fixture, -EIO, "cannot write");
	assert_int_equal(scratch__sz(&fixture->scratch, "data"), strlen(FIRST_ROW) + ROW_SZ);
	expect_flush_fails(fixture, -EDQUOT, "make room");
	assert_int_equal(scratch__sz(&fixture->scratch, "data"), strlen(FIRST_ROW) + ROW_SZ);
	expect_flush_fails(fixture, -ENOSPC, "make room");
	assert_int_equal(scratch__sz(&fixture->scratch, "data"), strlen(FIRST_ROW) + 2 * ROW_SZ);
	flush(fixture);
	expect_all_rows(fixture);
}

static void a_torn_row_that_cannot_be_cut_is_cut_before_the_next_one(void **state)
{
	static const int script[] = { ROW_SZ + 5, -ENOSPC, 0 };
	struct fixture *fixture = *state;

	open_file(fixture);
	append(fixture, 3);
	calls.writes = script;
	calls.ftruncate_errno = EIO;
	expect_flush_fails(fixture, -ENOSPC, "make room");
	expect_flush_fails(fixture, -EIO, "cannot cut off part of a row");
	calls.ftruncate_errno = 0;
	append_and_flush(fixture, 1);
	expect_all_rows(fixture);
}

static void a_first_row_that_could_not_be_written_comes_before_the_rows(void **state)
{
	static const int script[] = { 4, -ENOSPC, 0 };
	struct fixture *fixture = *state;

	calls.writes = script;
	open_file(fixture);
	assert_int_equal(scratch__sz(&fixture->scratch, "data"), 0);
	append_and_flush(fixture, 2);
	expect_all_rows(fixture);
	assert_string_equal(fixture->notices, "");
}

static void headers_that_could_not_be_written_are_not_half_there(void **state)
{
	static const int script[] = { 1000, 4, -ENOSPC, 0 };
	struct fixture *fixture = *state;

	scratch__write(&fixture->scratch, "data_headers", "old", 3);
	calls.writes = script;
	open_file(fixture);
	scratch__expect(&fixture->scratch, "data_headers", "old");
	assert_false(scratch__has(&fixture->scratch, ".data_headers.tmp"));
	flush(fixture);
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
}

/* Appending to it as it is would make a wrong row of two halves. */
static void a_torn_tail_that_cannot_be_repaired_gets_no_rows(void **state)
{
	struct fixture *fixture = *state;
	size_t torn_sz = strlen(FIRST_ROW) + 2 * ROW_SZ + 4;

	open_file(fixture);
	append_and_flush(fixture, 3);
	assert_int_equal(truncate(scratch__at(&fixture->scratch, "data"), (off_t)torn_sz), 0);
	fixture->row_cnt = 2;
	append(fixture, 2);
	calls.ftruncate_errno = EIO;
	expect_flush_fails(fixture, -EIO, "cannot cut off part of a row");
	expect_flush_fails(fixture, -EIO, "cannot cut off part of a row");
	assert_int_equal(scratch__sz(&fixture->scratch, "data"), torn_sz);
	calls.ftruncate_errno = 0;
	flush(fixture);
	expect_all_rows(fixture);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_calls, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(sync_of_zero_syncs_at_every_flush_that_wrote),
		CASE(sync_of_an_interval_syncs_once_in_it_and_at_the_end),
		CASE(sync_of_never_never_syncs),
		CASE(a_sync_that_fails_is_reported_and_tried_again),
		CASE(rotation_waits_until_the_full_file_is_synced),
		CASE(interrupted_and_short_writes_are_gone_on_with),
		CASE(a_write_that_fails_within_a_row_is_cut_back),
		CASE(a_torn_row_that_cannot_be_cut_is_cut_before_the_next_one),
		CASE(a_first_row_that_could_not_be_written_comes_before_the_rows),
		CASE(headers_that_could_not_be_written_are_not_half_there),
		CASE(a_torn_tail_that_cannot_be_repaired_gets_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
