/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a disk without room does to a datafile. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "keeper_fixture.h"

/* A file size limit cuts a write short inside a row and refuses the next, as a full disk does. */
static void a_write_cut_short_leaves_whole_rows_and_goes_on_later(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit unlimited, limited;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	open_file(fixture);
	append_and_flush(fixture, 2);
	for (rlim_t beyond = 0; beyond < 3 * ROW_SZ; beyond++) {
		limited = unlimited;
		limited.rlim_cur = scratch__sz(&fixture->scratch, "data") + beyond;
		append(fixture, 3);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
		expect_flush_fails(fixture, -EFBIG, "cannot write");
		expect_flush_fails(fixture, -EFBIG, "cannot write");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
		assert_int_equal(
			(scratch__sz(&fixture->scratch, "data") - strlen(FIRST_ROW)) % ROW_SZ, 0);
		flush(fixture);
	}
	expect_all_rows(fixture);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* Who is not root may still be root of a user namespace. */
static bool enter_user_namespace(void)
{
	char uid_map[64], gid_map[64];

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/uid_map", uid_map) &&
	       write_text("/proc/self/gid_map", gid_map);
}

/* Mounts of the tests stay in a namespace of their own. */
static bool may_mount(void)
{
	static int answer = -1;

	if (answer < 0)
		answer = (!unshare(CLONE_NEWNS) || enter_user_namespace()) &&
			 !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return answer;
}

/* Puts a file system of that size in place of the directory, or reports the case as skipped. */
static void use_small_disk(struct fixture *fixture, const char *size)
{
	output_dir__free(fixture->options.dir);
	fixture->options.dir = NULL;
	if (!may_mount() || mount("none", fixture->scratch.path, "tmpfs", 0, size)) {
		print_message("mounting is refused here: only the file size limit is tested\n");
		skip();
	}
	open_dir(fixture);
}

static void drop_small_disk(struct fixture *fixture)
{
	datafile__free(fixture->file);
	fixture->file = NULL;
	output_dir__free(fixture->options.dir);
	fixture->options.dir = NULL;
	/* A packer that has not been waited for any longer still has its files open. */
	for (int i = 0; i < 30000 && umount(fixture->scratch.path); i++) {
		assert_int_equal(errno, EBUSY);
		usleep(1000);
	}
	assert_false(scratch__has(&fixture->scratch, "data"));
}

static void fill_disk(struct fixture *fixture)
{
	int fd = open(scratch__at(&fixture->scratch, "ballast"), O_WRONLY | O_CREAT | O_APPEND,
		      0644);
	char page[4096] = { 0 };

	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void a_full_disk_tears_no_row_and_recovers_by_itself(void **state)
{
	struct fixture *fixture = *state;

	use_small_disk(fixture, "size=64k");
	open_file(fixture);
	append_and_flush(fixture, 100);
	fill_disk(fixture);
	append(fixture, 1000);
	expect_flush_fails(fixture, -ENOSPC, "make room");
	assert_true(scratch__sz(&fixture->scratch, "data") > strlen(FIRST_ROW) + 100 * ROW_SZ);
	expect_next_rows(fixture, "data");
	append(fixture, 10);
	expect_flush_fails(fixture, -ENOSPC, "make room");
	fixture->rows_read = 0;
	expect_next_rows(fixture, "data");
	assert_int_equal(unlink(scratch__at(&fixture->scratch, "ballast")), 0);
	append_and_flush(fixture, 10);
	fixture->rows_read = 0;
	expect_all_rows(fixture);
	drop_small_disk(fixture);
}

static void a_disk_that_is_full_at_the_start_delays_the_rows(void **state)
{
	struct fixture *fixture = *state;

	use_small_disk(fixture, "size=64k");
	fill_disk(fixture);
	open_file(fixture);
	append(fixture, 10);
	expect_flush_fails(fixture, -ENOSPC, "make room");
	assert_int_equal(unlink(scratch__at(&fixture->scratch, "ballast")), 0);
	flush(fixture);
	expect_all_rows(fixture);
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
	drop_small_disk(fixture);
}

static void a_disk_that_fills_during_rotation_loses_nothing(void **state)
{
	struct fixture *fixture = *state;

	use_small_disk(fixture, "size=64k");
	fixture->options.rotate_bytes = 4096;
	fixture->options.rotate_keep = 20;
	open_file(fixture);
	append_and_flush(fixture, 190);
	fill_disk(fixture);
	append(fixture, 300);
	expect_flush_fails(fixture, -ENOSPC, "make room");
	expect_flush_fails(fixture, -ENOSPC, "make room");
	assert_int_equal(unlink(scratch__at(&fixture->scratch, "ballast")), 0);
	flush(fixture);
	expect_next_rows(fixture, "data.2");
	expect_next_rows(fixture, "data.1");
	expect_all_rows(fixture);
	drop_small_disk(fixture);
}

static void a_disk_without_room_for_a_compressed_part_keeps_the_part(void **state)
{
	struct keeper_fixture *f = *state;

	use_small_disk(&f->base, "size=64k");
	open_keeper(f);
	open_file(&f->base);
	append_and_flush(&f->base, 15);
	fill_disk(&f->base);
	wait_for_notice(f);
	assert_string_equal(f->base.notices,
			    "data.1: cannot be compressed: No space left on device (make room); it "
			    "stays as it is until it can\n");
	assert_false(has(f, ".data.zst.tmp") || has(f, "data.1.zst"));
	assert_int_equal(unlink(scratch__at(&f->base.scratch, "ballast")), 0);
	data_keeper__tend(f->keeper, 40000000000, false);
	wait_until(f, "data.1", false);
	unpack(f, "data.1");
	expect_next_rows(&f->base, "data.1");
	expect_all_rows(&f->base);
	data_keeper__free(f->keeper);
	f->keeper = NULL;
	drop_small_disk(&f->base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DATAFILE_CASE(a_write_cut_short_leaves_whole_rows_and_goes_on_later),
		DATAFILE_CASE(a_full_disk_tears_no_row_and_recovers_by_itself),
		DATAFILE_CASE(a_disk_that_is_full_at_the_start_delays_the_rows),
		DATAFILE_CASE(a_disk_that_fills_during_rotation_loses_nothing),
		KEEPER_CASE(a_disk_without_room_for_a_compressed_part_keeps_the_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
