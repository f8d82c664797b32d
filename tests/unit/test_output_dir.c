/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "output_dir.h"
#include "scratch.h"

static struct output_dir *open_dir(const char *path)
{
	struct output_dir *dir = NULL;
	struct fault why = { 0 };

	if (output_dir__open(path, &dir, &why))
		fail_msg("%s", why.text);
	return dir;
}

static void expect_refusal(const char *path, int expected, const char *text)
{
	struct output_dir *dir = NULL;
	struct fault why = { 0 };

	assert_int_equal(output_dir__open(path, &dir, &why), expected);
	assert_null(dir);
	if (!strstr(why.text, text))
		fail_msg("\"%s\" is not in: %s", text, why.text);
}

static bool leads_to(const char *path, int fd)
{
	struct stat named, opened;

	return !stat(path, &named) && !fstat(fd, &opened) && named.st_ino == opened.st_ino &&
	       named.st_dev == opened.st_dev;
}

static void missing_parents_are_made(void **state)
{
	const char *path = scratch__at(*state, "a/b//c/");
	struct output_dir *dir;
	struct stat st;

	umask(022);
	dir = open_dir(path);
	assert_string_equal(output_dir__path(dir), path);
	assert_true(leads_to(path, output_dir__fd(dir)));
	assert_int_equal(stat(scratch__at(*state, "a"), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	output_dir__free(dir);
}

static void a_relative_path_becomes_absolute(void **state)
{
	const struct scratch *scratch = *state;
	char here[PATH_MAX];
	struct output_dir *dir;

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(scratch->path), 0);
	dir = open_dir("data");
	assert_int_equal(chdir(here), 0);
	assert_string_equal(output_dir__path(dir), scratch__at(scratch, "data"));
	assert_true(leads_to(output_dir__path(dir), output_dir__fd(dir)));
	output_dir__free(dir);
}

static void nothing_is_left_in_the_directory(void **state)
{
	const char *path = scratch__at(*state, "data");

	output_dir__free(open_dir(path));
	assert_int_equal(rmdir(path), 0);
}

static void a_file_in_the_way_is_refused(void **state)
{
	scratch__write(*state, "file", "", 0);
	expect_refusal(scratch__at(*state, "file"), -ENOTDIR, "Not a directory");
	expect_refusal(scratch__at(*state, "file/data"), -ENOTDIR, "Not a directory");
	expect_refusal("", -ENOENT, "no usable directory name");
}

/* Where not even root may make a file; the errno depends on who asks. */
static void a_directory_that_cannot_be_written_is_refused(void **state)
{
	struct output_dir *dir = NULL;
	struct fault why = { 0 };

	(void)state;
	assert_true(output_dir__open("/proc/self", &dir, &why) < 0);
	assert_null(dir);
	assert_non_null(strstr(why.text, "/proc/self: cannot make files in the directory"));
}

static void a_second_opener_in_this_process_is_refused(void **state)
{
	const char *path = scratch__at(*state, "data");
	struct output_dir *dir = open_dir(path);
	char pid[32];

	snprintf(pid, sizeof(pid), "pid %d", getpid());
	expect_refusal(path, -EBUSY, pid);
	output_dir__free(dir);
	output_dir__free(open_dir(path));
}

static void a_second_opener_is_told_the_pid_of_the_first(void **state)
{
	const char *path = scratch__at(*state, "data");
	char pid[32];
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct output_dir *dir = NULL;

		if (output_dir__open(path, &dir, NULL) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(pid, sizeof(pid), "pid %d ", child);
	expect_refusal(path, -EBUSY, pid);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	output_dir__free(open_dir(path));
}

static void renewing_what_is_still_there_does_nothing(void **state)
{
	struct output_dir *dir = open_dir(scratch__at(*state, "data"));
	int fd = output_dir__fd(dir);
	bool renewed = true;

	assert_int_equal(output_dir__renew(dir, &renewed, NULL), 0);
	assert_false(renewed);
	assert_int_equal(output_dir__fd(dir), fd);
	output_dir__free(dir);
}

static void a_deleted_directory_is_made_afresh_and_locked(void **state)
{
	const char *path = scratch__at(*state, "a/data");
	struct output_dir *dir = open_dir(path);
	bool renewed = false;

	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(scratch__at(*state, "a")), 0);
	assert_int_equal(output_dir__renew(dir, &renewed, NULL), 0);
	assert_true(renewed);
	assert_true(leads_to(path, output_dir__fd(dir)));
	expect_refusal(path, -EBUSY, "pid");
	output_dir__free(dir);
}

static void a_renamed_directory_is_made_afresh(void **state)
{
	const char *path = scratch__at(*state, "data");
	const char *moved = scratch__at(*state, "moved");
	struct output_dir *dir = open_dir(path);
	bool renewed = false;

	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(output_dir__renew(dir, &renewed, NULL), 0);
	assert_true(renewed);
	assert_true(leads_to(path, output_dir__fd(dir)));
	output_dir__free(open_dir(moved));
	output_dir__free(dir);
}

static void a_renewal_that_fails_can_be_repeated(void **state)
{
	const char *path = scratch__at(*state, "data");
	struct output_dir *dir = open_dir(path);
	struct fault why = { 0 };
	bool renewed = false;

	assert_int_equal(rmdir(path), 0);
	scratch__write(*state, "data", "", 0);
	assert_int_equal(output_dir__renew(dir, &renewed, &why), -ENOTDIR);
	assert_non_null(strstr(why.text, path));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(output_dir__renew(dir, &renewed, &why), 0);
	assert_true(renewed);
	output_dir__free(dir);
	output_dir__free(NULL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)
	const struct CMUnitTest tests[] = {
		CASE(missing_parents_are_made),
		CASE(a_relative_path_becomes_absolute),
		CASE(nothing_is_left_in_the_directory),
		CASE(a_file_in_the_way_is_refused),
		CASE(a_directory_that_cannot_be_written_is_refused),
		CASE(a_second_opener_in_this_process_is_refused),
		CASE(a_second_opener_is_told_the_pid_of_the_first),
		CASE(renewing_what_is_still_there_does_nothing),
		CASE(a_deleted_directory_is_made_afresh_and_locked),
		CASE(a_renamed_directory_is_made_afresh),
		CASE(a_renewal_that_fails_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
