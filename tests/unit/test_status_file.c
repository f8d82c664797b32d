/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>

#include "scratch.h"
#include "service/status_file.h"

#define CONTENT STATUS_FILE_HEAD "1 }"

static struct status_file *open_at(const struct scratch *scratch, const char *name)
{
	struct status_file *file = NULL;
	struct fault why = {};

	if (status_file__open(scratch__at(scratch, name), &file, &why))
		fail_msg("%s", why.text);
	return file;
}

static void put(struct status_file *file, const char *text)
{
	struct fault why = {};

	if (status_file__write(file, text, strlen(text), &why))
		fail_msg("%s", why.text);
}

static size_t file_cnt(const struct scratch *scratch)
{
	DIR *dir = opendir(scratch->path);
	size_t cnt = 0;

	assert_non_null(dir);
	while (readdir(dir))
		cnt++;
	closedir(dir);
	return cnt - 2; /* . and .. */
}

static void anybody_may_read_what_was_written_last(void **state)
{
	struct status_file *file = open_at(*state, "s");
	mode_t mask = umask(077);
	struct stat st;

	put(file, CONTENT);
	put(file, CONTENT CONTENT);
	umask(mask);
	scratch__expect(*state, "s", CONTENT CONTENT);
	assert_int_equal(stat(scratch__at(*state, "s"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(file_cnt(*state), 1);
	status_file__close(file);
}

static void it_is_gone_when_it_is_closed(void **state)
{
	struct status_file *file = open_at(*state, "s");

	put(file, CONTENT);
	status_file__close(file);
	assert_int_equal(file_cnt(*state), 0);
	status_file__close(NULL);
}

static void one_of_somebody_else_stays(void **state)
{
	struct status_file *ours = open_at(*state, "s");
	struct status_file *other = open_at(*state, "s");

	put(ours, CONTENT);
	put(other, CONTENT "theirs");
	status_file__close(ours);
	scratch__expect(*state, "s", CONTENT "theirs");
	status_file__close(other);
	assert_false(scratch__has(*state, "s"));
}

static void what_was_never_written_is_not_removed(void **state)
{
	scratch__write(*state, "s", CONTENT, strlen(CONTENT));
	status_file__close(open_at(*state, "s"));
	assert_true(scratch__has(*state, "s"));
}

static void a_link_in_its_place_is_replaced_and_not_followed(void **state)
{
	struct status_file *file = open_at(*state, "s");

	scratch__write(*state, "precious", "text", 4);
	put(file, CONTENT);
	assert_int_equal(unlink(scratch__at(*state, "s")), 0);
	assert_int_equal(symlink("precious", scratch__at(*state, "s")), 0);
	put(file, CONTENT);
	scratch__expect(*state, "precious", "text");
	scratch__expect(*state, "s", CONTENT);
	status_file__close(file);
}

/* Where the new content is written first, something may lie, too. */
static void a_link_beside_it_is_not_followed(void **state)
{
	struct status_file *file = open_at(*state, "s");
	char beside[64];

	scratch__write(*state, "precious", "text", 4);
	snprintf(beside, sizeof(beside), ".s.%d", (int)getpid());
	assert_int_equal(symlink("precious", scratch__at(*state, beside)), 0);
	put(file, CONTENT);
	scratch__expect(*state, "precious", "text");
	status_file__close(file);
}

static void refuse(const struct scratch *scratch, const char *name, int expected, const char *text)
{
	struct status_file *file = NULL;
	struct fault why = {};

	assert_int_equal(status_file__open(scratch__at(scratch, name), &file, &why), expected);
	assert_null(file);
	if (!strstr(why.text, text))
		fail_msg("'%s' lacks '%s'", why.text, text);
}

static void something_else_is_not_replaced(void **state)
{
	scratch__write(*state, "notes", "{ \"a\": 1 }", 10);
	refuse(*state, "notes", -EEXIST, "is there, and is no status file");
	scratch__expect(*state, "notes", "{ \"a\": 1 }");
	assert_int_equal(mkdir(scratch__at(*state, "folder"), 0700), 0);
	refuse(*state, "folder", -EEXIST, "no status file");
	assert_int_equal(mkfifo(scratch__at(*state, "pipe"), 0600), 0);
	refuse(*state, "pipe", -EEXIST, "no status file");
	assert_int_equal(symlink("nowhere", scratch__at(*state, "link")), 0);
	refuse(*state, "link", -EEXIST, "no status file");
}

static void a_path_must_lead_into_a_folder(void **state)
{
	refuse(*state, "none/s", -ENOENT, "No such file");
	refuse(*state, "", -EINVAL, "not the name of a file");
	refuse(*state, ".", -EINVAL, "not the name of a file");
	refuse(*state, "..", -EINVAL, "not the name of a file");
}

static void a_failed_write_leaves_what_was_there(void **state)
{
	struct status_file *file = open_at(*state, "s");
	struct fault why = {};

	put(file, CONTENT);
	assert_int_equal(unlink(scratch__at(*state, "s")), 0);
	assert_int_equal(mkdir(scratch__at(*state, "s"), 0700), 0);
	assert_int_equal(status_file__write(file, CONTENT, strlen(CONTENT), &why), -EISDIR);
	assert_non_null(strstr(why.text, "/s: "));
	assert_int_equal(file_cnt(*state), 1);
	status_file__close(file);
	assert_true(scratch__has(*state, "s"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)
	const struct CMUnitTest tests[] = {
		CASE(anybody_may_read_what_was_written_last),
		CASE(it_is_gone_when_it_is_closed),
		CASE(one_of_somebody_else_stays),
		CASE(what_was_never_written_is_not_removed),
		CASE(a_link_in_its_place_is_replaced_and_not_followed),
		CASE(a_link_beside_it_is_not_followed),
		CASE(something_else_is_not_replaced),
		CASE(a_path_must_lead_into_a_folder),
		CASE(a_failed_write_leaves_what_was_there),
	};

	return cmocka_run_group_tests_name("status_file", tests, NULL, NULL);
}
