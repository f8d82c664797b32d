/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "keeper_fixture.h"

#define SECOND 1000000000ULL

/* A keeper, and so many rows in the file and its parts. */
static void keep_rows(struct keeper_fixture *f, int cnt)
{
	open_keeper(f);
	open_file(&f->base);
	append_and_flush(&f->base, cnt);
}

/* Unpacks those that are packed. */
static void expect_parts_and_file(struct keeper_fixture *f, int part_cnt)
{
	char name[16], packed[24];

	for (int i = part_cnt; i; i--) {
		snprintf(name, sizeof(name), "data.%d", i);
		snprintf(packed, sizeof(packed), "%s.zst", name);
		if (has(f, packed))
			unpack(f, name);
		expect_next_rows(&f->base, name);
	}
	expect_all_rows(&f->base);
}

static void a_part_is_compressed_with_size_and_checksum(void **state)
{
	struct keeper_fixture *f = *state;
	const struct timespec times[] = { { 1000000, 5 }, { 1000000, 5 } };
	const char *packed;
	struct stat st;
	char *data;
	size_t sz;

	keep_rows(f, 15);
	assert_int_equal(chmod(scratch__at(&f->base.scratch, "data.1"), 0640), 0);
	assert_int_equal(utimensat(AT_FDCWD, scratch__at(&f->base.scratch, "data.1"), times, 0), 0);
	wait_until(f, "data.1", false);
	packed = scratch__at(&f->base.scratch, "data.1.zst");
	assert_int_equal(stat(packed, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_mtim.tv_sec, 1000000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	assert_false(has(f, ".data.zst.tmp"));
	data = read_whole(scratch__at(&f->base.scratch, "data.1.zst"), &sz);
	assert_true(data[4] & 1 << 2); /* RFC 8878, 3.1.1.1.1: Content_Checksum_flag */
	free(data);
	expect_parts_and_file(f, 1);
	assert_string_equal(f->base.notices, "");
}

static void nothing_is_compressed_unless_wanted(void **state)
{
	struct keeper_fixture *f = *state;

	f->base.options.compress = false;
	keep_rows(f, 15);
	data_keeper__tend(f->keeper, 1, false);
	data_keeper__tend(f->keeper, 2, false);
	assert_false(has(f, ".data.zst.tmp"));
	assert_true(has(f, "data.1"));
	f->base.options.compress = true;
	data_keeper__set_options(f->keeper, &f->base.options);
	wait_until(f, "data.1", false);
	assert_true(has(f, "data.1.zst"));
}

static void all_parts_are_compressed_one_after_the_other(void **state)
{
	struct keeper_fixture *f = *state;

	keep_rows(f, 45);
	for (int i = 1; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "data.%d", i);
		wait_until(f, name, false);
	}
	expect_parts_and_file(f, 4);
}

/* Names change between any two steps. */
static void parts_may_shift_while_one_is_compressed(void **state)
{
	struct keeper_fixture *f = *state;

	keep_rows(f, 11);
	data_keeper__tend(f->keeper, 1, false);
	assert_true(has(f, ".data.zst.tmp"));
	append_and_flush(&f->base, 20);
	assert_true(has(f, "data.3"));
	f->base.options.compress = false; /* no other one */
	data_keeper__set_options(f->keeper, &f->base.options);
	wait_until(f, "data.3.zst", true);
	wait_until(f, "data.3", false);
	expect_parts_and_file(f, 3);
}

static void parts_may_shift_before_the_original_is_removed(void **state)
{
	struct keeper_fixture *f = *state;

	f->base.options.sync_ns = 0;
	keep_rows(f, 11);
	wait_until(f, "data.1.zst", true);
	assert_true(has(f, "data.1"));
	append_and_flush(&f->base, 10);
	assert_true(has(f, "data.2"));
	assert_false(has(f, "data.1.zst") || has(f, "data.2.zst"));
	assert_true(has(f, ".data.zst.tmp"));
	wait_until(f, "data.1", false);
	wait_until(f, "data.2", false);
	expect_parts_and_file(f, 2);
}

static void a_part_that_somebody_writes_to_stays(void **state)
{
	struct keeper_fixture *f = *state;
	char row[ROW_SZ + 1];
	FILE *part;

	f->base.options.sync_ns = 0;
	keep_rows(f, 10);
	append_and_flush(&f->base, 1);
	wait_until(f, "data.1.zst", true);
	part = fopen(scratch__at(&f->base.scratch, "data.1"), "a");
	assert_non_null(part);
	snprintf(row, sizeof(row), ROW_FORMAT, 10);
	assert_true(fputs(row, part) >= 0);
	assert_int_equal(fclose(part), 0);
	wait_for_notice(f);
	assert_string_equal(f->base.notices, "data.1: cannot be compressed: somebody writes to it; "
					     "it stays as it is until it can\n");
	assert_false(has(f, "data.1.zst"));
	assert_int_equal(scratch__sz(&f->base.scratch, "data.1"), strlen(FIRST_ROW) + 11 * ROW_SZ);
}

static void rotation_counts_compressed_parts(void **state)
{
	struct keeper_fixture *f = *state;

	f->base.options.rotate_keep = 2;
	keep_rows(f, 25);
	wait_until(f, "data.1", false);
	wait_until(f, "data.2", false);
	append_and_flush(&f->base, 10);
	assert_true(has(f, "data.1"));
	assert_true(has(f, "data.2.zst"));
	assert_false(has(f, "data.2"));
	assert_false(has(f, "data.3.zst"));
	append_and_flush(&f->base, 10);
	assert_true(has(f, "data.1") && has(f, "data.2"));
	assert_false(has(f, "data.1.zst") || has(f, "data.2.zst"));
	f->base.rows_read = 20;
	expect_parts_and_file(f, 2);
}

static void a_part_that_goes_while_it_is_compressed_leaves_nothing(void **state)
{
	struct keeper_fixture *f = *state;

	keep_rows(f, 11);
	data_keeper__tend(f->keeper, 1, false);
	assert_true(has(f, ".data.zst.tmp"));
	assert_int_equal(unlink(scratch__at(&f->base.scratch, "data.1")), 0);
	wait_until(f, ".data.zst.tmp", false);
	assert_false(has(f, "data.1.zst"));
	assert_string_equal(f->base.notices, "");
}

static void what_a_kill_leaves_is_tidied_up_and_said_so_once(void **state)
{
	struct keeper_fixture *f = *state;

	f->base.options.compress = false;
	scratch__write(&f->base.scratch, "data.1", FIRST_ROW, strlen(FIRST_ROW));
	scratch__write(&f->base.scratch, "data.1.zst", "half", 4);
	scratch__write(&f->base.scratch, "data.2.zst", "whole", 5);
	scratch__write(&f->base.scratch, ".data.zst.tmp", "x", 1);
	open_keeper(f);
	assert_true(has(f, "data.1"));
	assert_false(has(f, "data.1.zst"));
	assert_true(has(f, "data.2.zst"));
	assert_false(has(f, ".data.zst.tmp"));
	assert_string_equal(f->base.notices,
			    "data: tidied up after a compression that was cut off (no row is lost "
			    "or there twice)\n");
	data_keeper__free(f->keeper);
	open_keeper(f);
	assert_null(strchr(strchr(f->base.notices, '\n') + 1, '\n'));
}

static void what_is_no_file_is_left_alone(void **state)
{
	struct keeper_fixture *f = *state;

	scratch__write(&f->base.scratch, "precious", "x", 1);
	assert_int_equal(symlink("precious", scratch__at(&f->base.scratch, "data.1")), 0);
	assert_int_equal(mkfifo(scratch__at(&f->base.scratch, "data.2"), 0600), 0);
	assert_int_equal(mkdir(scratch__at(&f->base.scratch, "data.3"), 0700), 0);
	scratch__write(&f->base.scratch, "data.4", "last", 4);
	f->base.options.keep_bytes = 4096;
	open_keeper(f);
	wait_until(f, "data.4", false);
	assert_true(has(f, "data.1") && has(f, "data.2") && has(f, "data.3"));
	assert_true(has(f, "data.4.zst"));
	assert_false(has(f, "data.1.zst") || has(f, "data.2.zst"));
	scratch__expect(&f->base.scratch, "precious", "x");
}

static void a_failure_is_told_once_and_tried_again_later(void **state)
{
	struct keeper_fixture *f = *state;
	const char *obstacle = scratch__at(&f->base.scratch, ".data.zst.tmp");

	assert_int_equal(mkdir(obstacle, 0700), 0);
	keep_rows(f, 25);
	for (int i = 0; i < 5; i++)
		data_keeper__tend(f->keeper, 1 + i, false);
	assert_string_equal(f->base.notices, "data.1: cannot be compressed: File exists; it stays "
					     "as it is until it can\n");
	assert_string_equal(f->debug, "data.2: cannot be compressed: File exists; it stays as it "
				      "is until it can\n");
	assert_int_equal(rmdir(obstacle), 0);
	data_keeper__tend(f->keeper, 29 * SECOND, false);
	assert_false(has(f, ".data.zst.tmp"));
	data_keeper__tend(f->keeper, 31 * SECOND, false);
	wait_until(f, "data.1", false);
	wait_until(f, "data.2", false);
}

/* The limit is as good as a full disk, within one file. */
static void a_write_that_fails_leaves_the_part(void **state)
{
	struct keeper_fixture *f = *state;
	struct rlimit unlimited, limited;

	signal(SIGXFSZ, SIG_IGN);
	keep_rows(f, 11);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	limited = unlimited;
	limited.rlim_cur = 16;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
	wait_for_notice(f);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	assert_false(has(f, ".data.zst.tmp") || has(f, "data.1.zst"));
	expect_notice(&f->base, "File too large");
	expect_parts_and_file(f, 1);
}

/* How long this thread has neither run nor waited for a CPU, from some moment on. Of how long it
 * ran the kernel may tell less at first, by a tick: it may seem to get less. */
static int64_t slept_ns(void)
{
	FILE *file = fopen("/proc/thread-self/schedstat", "r");
	unsigned long long ran_ns = 0, waited_ns = 0;
	struct timespec now;

	if (file) {
		assert_int_equal(fscanf(file, "%llu %llu", &ran_ns, &waited_ns), 2);
		fclose(file);
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)((uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec - ran_ns -
			 waited_ns);
}

static void the_end_does_not_wait_for_a_compression(void **state)
{
	struct keeper_fixture *f = *state;
	const off_t sz = (off_t)1 << 40; /* of holes; hours of work */
	int64_t before_ns;

	scratch__write(&f->base.scratch, "data.1", "", 0);
	assert_int_equal(truncate(scratch__at(&f->base.scratch, "data.1"), sz), 0);
	open_keeper(f);
	data_keeper__tend(f->keeper, 1, false);
	assert_true(has(f, ".data.zst.tmp"));
	data_keeper__tend(f->keeper, 1, true);
	before_ns = slept_ns();
	data_keeper__free(f->keeper);
	f->keeper = NULL;
	assert_true(slept_ns() - before_ns <= (int64_t)(2 * SECOND));
	assert_false(has(f, ".data.zst.tmp") || has(f, "data.1.zst"));
	assert_int_equal(scratch__sz(&f->base.scratch, "data.1"), sz);
}

static void the_end_begins_nothing(void **state)
{
	struct keeper_fixture *f = *state;

	keep_rows(f, 11);
	data_keeper__tend(f->keeper, 1, true);
	assert_false(has(f, ".data.zst.tmp"));
}

static void a_directory_that_is_moved_away_is_finished_where_it_is(void **state)
{
	struct keeper_fixture *f = *state;
	struct scratch moved = f->base.scratch;
	time_t deadline = 0;

	keep_rows(f, 11);
	data_keeper__tend(f->keeper, 1, false);
	strcat(moved.path, ".moved");
	assert_int_equal(rename(f->base.scratch.path, moved.path), 0);
	flush(&f->base);
	while (scratch__has(&moved, "data.1"))
		tend_on(f, &deadline);
	assert_true(scratch__has(&moved, "data.1.zst"));
	assert_true(has(f, "data"));
	scratch__remove(&moved);
}

/* --- retention ----------------------------------------------------------------------------- */

static void write_part(struct keeper_fixture *f, const char *name, time_t modified, size_t sz)
{
	const struct timespec times[] = { { modified, 0 }, { modified, 0 } };
	char data[8192] = { 0 };

	scratch__write(&f->base.scratch, name, data, sz);
	assert_int_equal(utimensat(AT_FDCWD, scratch__at(&f->base.scratch, name), times, 0), 0);
}

static void the_oldest_parts_of_any_file_go_and_no_live_file(void **state)
{
	struct keeper_fixture *f = *state;

	f->base.options.compress = false;
	f->base.options.keep_bytes = 10000;
	write_part(f, "data", 1, 2000);
	write_part(f, "data.1", 50, 2000);
	write_part(f, "data.2.zst", 30, 2000);
	write_part(f, "other", 1, 2000);
	write_part(f, "other.1", 60, 2000);
	write_part(f, "other.2", 20, 2000);
	write_part(f, "foreign.1", 1, 8000);
	write_part(f, "data.20260131", 1, 8000);
	open_keeper(f);
	assert_int_equal(data_keeper__add_name(f->keeper, "other", NULL), 0);
	data_keeper__tend(f->keeper, 1, false);
	assert_false(has(f, "other.2"));
	assert_true(has(f, "data.2.zst"));
	write_part(f, "other", 1, 4000); /* grows */
	data_keeper__tend(f->keeper, 2, false);
	assert_false(has(f, "data.2.zst"));
	assert_true(has(f, "data.1"));
	assert_string_equal(f->base.notices, "other.2 deleted: the files take more than keep-size, "
					     "10000 bytes (told once)\n");
	assert_string_equal(f->debug, "data.2.zst deleted: the files take more than keep-size, "
				      "10000 bytes\n");
	write_part(f, "data", 1, 8000);
	write_part(f, "other", 1, 8000);
	data_keeper__tend(f->keeper, 3, false);
	assert_false(has(f, "data.1") || has(f, "other.1"));
	assert_int_equal(scratch__sz(&f->base.scratch, "data"), 8000);
	assert_int_equal(scratch__sz(&f->base.scratch, "other"), 8000);
	assert_true(has(f, "foreign.1") && has(f, "data.20260131"));
}

static void parts_stay_as_long_as_they_fit(void **state)
{
	struct keeper_fixture *f = *state;

	f->base.options.compress = false;
	f->base.options.keep_bytes = 6000;
	write_part(f, "data", 1, 2000);
	write_part(f, "data.1", 2, 2000);
	write_part(f, "data.2", 1, 2000);
	open_keeper(f);
	data_keeper__tend(f->keeper, 1, false);
	assert_true(has(f, "data.1") && has(f, "data.2"));
	f->base.options.keep_bytes = 5999;
	data_keeper__set_options(f->keeper, &f->base.options);
	data_keeper__tend(f->keeper, 2, false);
	assert_true(has(f, "data.1"));
	assert_false(has(f, "data.2"));
	f->base.options.keep_bytes = 0;
	data_keeper__set_options(f->keeper, &f->base.options);
	write_part(f, "data.2", 1, 8000);
	data_keeper__tend(f->keeper, 3, false);
	assert_true(has(f, "data.2"));
}

/* A directory that has not changed for a while is not listed again; one that has, is. */
static void a_part_that_somebody_adds_is_seen(void **state)
{
	struct keeper_fixture *f = *state;
	const struct timespec times[] = { { 1000, 0 }, { 1000, 0 } };

	f->base.options.compress = false;
	f->base.options.keep_bytes = 5000;
	write_part(f, "data.1", 2, 4000);
	assert_int_equal(utimensat(AT_FDCWD, f->base.scratch.path, times, 0), 0);
	open_keeper(f);
	data_keeper__tend(f->keeper, 1, false);
	assert_true(has(f, "data.1"));
	write_part(f, "data.2", 1, 4000);
	data_keeper__tend(f->keeper, 2, false);
	assert_true(has(f, "data.1"));
	assert_false(has(f, "data.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEEPER_CASE(a_part_is_compressed_with_size_and_checksum),
		KEEPER_CASE(nothing_is_compressed_unless_wanted),
		KEEPER_CASE(all_parts_are_compressed_one_after_the_other),
		KEEPER_CASE(parts_may_shift_while_one_is_compressed),
		KEEPER_CASE(parts_may_shift_before_the_original_is_removed),
		KEEPER_CASE(a_part_that_somebody_writes_to_stays),
		KEEPER_CASE(rotation_counts_compressed_parts),
		KEEPER_CASE(a_part_that_goes_while_it_is_compressed_leaves_nothing),
		KEEPER_CASE(what_a_kill_leaves_is_tidied_up_and_said_so_once),
		KEEPER_CASE(what_is_no_file_is_left_alone),
		KEEPER_CASE(a_failure_is_told_once_and_tried_again_later),
		KEEPER_CASE(a_write_that_fails_leaves_the_part),
		KEEPER_CASE(the_end_does_not_wait_for_a_compression),
		KEEPER_CASE(the_end_begins_nothing),
		KEEPER_CASE(a_directory_that_is_moved_away_is_finished_where_it_is),
		KEEPER_CASE(the_oldest_parts_of_any_file_go_and_no_live_file),
		KEEPER_CASE(parts_stay_as_long_as_they_fit),
		KEEPER_CASE(a_part_that_somebody_adds_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
