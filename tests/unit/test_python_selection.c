/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "scratch.h"
#include "service/python_selection.h"

#define TEXT PYTHON_SELECTION_HEAD "a:b\tC\n"

static struct python_selection *open_at(const struct scratch *scratch, const char *name)
{
	struct python_selection *selection = NULL;
	struct fault why = {};

	if (python_selection__open(scratch__at(scratch, name), &selection, &why))
		fail_msg("%s", why.text);
	return selection;
}

static void publish(struct python_selection *selection, const char *text)
{
	struct fault why = {};

	if (python_selection__publish(selection, text, strlen(text), &why))
		fail_msg("%s", why.text);
}

/* How many files are in the folder; the name of one of them, from the scratch directory on. */
static size_t files_in(const struct scratch *scratch, const char *folder, char *ret_name, size_t sz)
{
	DIR *dir = opendir(scratch__at(scratch, folder));
	const struct dirent *entry;
	size_t cnt = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(ret_name, sz, "%s/%s", folder, entry->d_name);
		cnt++;
	}
	closedir(dir);
	return cnt;
}

static void everybody_may_read_what_is_published_whatever_the_umask(void **state)
{
	mode_t mask = umask(077);
	struct python_selection *selection = open_at(*state, "run/functions");
	struct stat st;
	char name[300];

	publish(selection, TEXT);
	umask(mask);
	assert_int_equal(files_in(*state, "run/functions", name, sizeof(name)), 1);
	scratch__expect(*state, name, TEXT);
	assert_int_equal(stat(scratch__at(*state, name), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(scratch__at(*state, "run"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(stat(scratch__at(*state, "run/functions"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	python_selection__close(selection);
}

static void it_is_replaced_withdrawn_and_published_again(void **state)
{
	struct python_selection *selection = open_at(*state, "f");
	char name[300];

	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 0);
	publish(selection, TEXT);
	publish(selection, TEXT TEXT);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);
	scratch__expect(*state, name, TEXT TEXT);
	publish(selection, "");
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 0);
	publish(selection, "");
	publish(selection, TEXT);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);
	python_selection__close(selection);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 0);
}

/* A recorder in another process: it publishes, says so, and waits for its end. */
static pid_t start_recorder(const struct scratch *scratch)
{
	int said[2];
	char word;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		publish(open_at(scratch, "f"), TEXT);
		if (write(said[1], "p", 1) == 1)
			pause();
		_exit(1);
	}
	close(said[1]);
	assert_int_equal(read(said[0], &word, 1), 1);
	close(said[0]);
	return pid;
}

static void what_another_one_publishes_stays_while_it_lives(void **state)
{
	pid_t other = start_recorder(*state);
	struct python_selection *selection = open_at(*state, "f");
	char name[300];
	int status;

	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);
	publish(selection, TEXT);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 2);
	python_selection__close(selection);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);

	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);
	python_selection__close(open_at(*state, "f"));
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 0);
}

static void only_files_of_recorders_are_removed(void **state)
{
	char name[300];

	assert_int_equal(mkdir(scratch__at(*state, "f"), 0755), 0);
	scratch__write(*state, "f/by-hand", TEXT, strlen(TEXT));
	scratch__write(*state, "f/.recorder-1-2", "", 0);
	scratch__write(*state, "f/recorder-1-2", TEXT, strlen(TEXT));
	assert_int_equal(mkdir(scratch__at(*state, "f/recorder-3-4"), 0755), 0);
	assert_int_equal(mkfifo(scratch__at(*state, "f/recorder-5-6"), 0644), 0);
	assert_int_equal(symlink("by-hand", scratch__at(*state, "f/recorder-7-8")), 0);
	python_selection__close(open_at(*state, "f"));
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 4);
	assert_true(scratch__has(*state, "f/by-hand"));
	assert_false(scratch__has(*state, "f/recorder-1-2"));
	assert_false(scratch__has(*state, "f/.recorder-1-2"));
}

static void assert_not_opened(const char *path, int expected_err, const char *text)
{
	struct python_selection *selection = NULL;
	struct fault why = {};

	assert_int_equal(python_selection__open(path, &selection, &why), expected_err);
	assert_null(selection);
	assert_non_null(strstr(why.text, text));
}

static void a_place_that_is_no_folder_is_refused(void **state)
{
	scratch__write(*state, "file", "mine", 4);
	assert_not_opened(scratch__at(*state, "file"), -ENOTDIR, "/file: Not a directory");
	assert_not_opened(scratch__at(*state, "no/such/folder"), -ENOENT, "No such file");
	assert_not_opened("", -ENOENT, "No such file");
	scratch__expect(*state, "file", "mine");
}

static void what_programs_would_not_read_is_not_published(void **state)
{
	struct python_selection *selection = open_at(*state, "f");
	char *data = calloc(1, PYTHON_SELECTION_SZ_MAX + 1);
	struct fault why = {};
	char name[300];

	assert_non_null(data);
	publish(selection, TEXT);
	assert_int_equal(
		python_selection__publish(selection, data, PYTHON_SELECTION_SZ_MAX + 1, &why),
		-E2BIG);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);
	scratch__expect(*state, name, TEXT);
	free(data);
	python_selection__close(selection);
}

static void what_was_published_stays_when_the_new_cannot_be(void **state)
{
	struct python_selection *selection = open_at(*state, "f");
	struct fault why = {};
	char name[300];

	publish(selection, TEXT);
	assert_int_equal(files_in(*state, "f", name, sizeof(name)), 1);
	assert_int_equal(rename(scratch__at(*state, "f"), scratch__at(*state, "g")), 0);
	publish(selection, TEXT TEXT); /* the folder is still the same */
	assert_int_equal(files_in(*state, "g", name, sizeof(name)), 1);
	scratch__expect(*state, name, TEXT TEXT);
	scratch__remove(*state);
	assert_int_equal(python_selection__publish(selection, TEXT, strlen(TEXT), &why), -ENOENT);
	assert_non_null(strstr(why.text, "/f/recorder-"));
	python_selection__close(selection);
	python_selection__close(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(everybody_may_read_what_is_published_whatever_the_umask),
		CASE(it_is_replaced_withdrawn_and_published_again),
		CASE(what_another_one_publishes_stays_while_it_lives),
		CASE(only_files_of_recorders_are_removed),
		CASE(a_place_that_is_no_folder_is_refused),
		CASE(what_programs_would_not_read_is_not_published),
		CASE(what_was_published_stays_when_the_new_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
