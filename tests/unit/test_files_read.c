/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "analysis/files_read.h"

static enum file_met note(struct files_read *files, int fd)
{
	enum file_met met;

	assert_int_equal(files_read__note(files, fd, &met), 0);
	return met;
}

static void a_file_is_known_again_by_any_descriptor(void **state)
{
	struct files_read files = {};
	int one = memfd_create("one", MFD_CLOEXEC), other = memfd_create("other", MFD_CLOEXEC);
	int again = dup(one);

	(void)state;
	assert_int_equal(note(&files, one), FILE_MET_FIRST);
	assert_int_equal(note(&files, other), FILE_MET_FIRST);
	assert_int_equal(note(&files, again), FILE_MET_AGAIN);
	assert_int_equal(note(&files, other), FILE_MET_AGAIN);
	assert_int_equal(files.cnt, 2);
	files_read__free(&files);
	close(one);
	close(other);
	close(again);
}

static void a_pipe_is_never_the_same_twice(void **state)
{
	struct files_read files = {};
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(note(&files, ends[0]), FILE_MET_PIPE);
	assert_int_equal(note(&files, ends[0]), FILE_MET_PIPE);
	assert_int_equal(files.cnt, 0);
	files_read__free(&files);
	close(ends[0]);
	close(ends[1]);
}

static void what_is_no_descriptor_is_an_error(void **state)
{
	struct files_read files = {};
	enum file_met met = FILE_MET_AGAIN;

	(void)state;
	assert_int_equal(files_read__note(&files, -1, &met), -EBADF);
	assert_int_equal(met, FILE_MET_AGAIN);
	files_read__free(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_known_again_by_any_descriptor),
		cmocka_unit_test(a_pipe_is_never_the_same_twice),
		cmocka_unit_test(what_is_no_descriptor_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
