/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "datafile_fixture.h"

static void a_new_file_gets_its_first_row_and_its_headers_file(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;

	umask(022);
	open_file(fixture);
	scratch__expect(&fixture->scratch, "data", FIRST_ROW);
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
	assert_false(scratch__has(&fixture->scratch, ".data_headers.tmp"));
	assert_int_equal(stat(scratch__at(&fixture->scratch, "data"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_string_equal(fixture->notices, "");
}

static void rows_reach_the_file_at_the_flush(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append(fixture, 3);
	scratch__expect(&fixture->scratch, "data", FIRST_ROW);
	flush(fixture);
	flush(fixture);
	append_and_flush(fixture, 2);
	expect_all_rows(fixture);
}

static void a_file_without_first_row_holds_only_rows(void **state)
{
	struct fixture *fixture = *state;

	fixture->layout.first_row = "";
	open_file(fixture);
	append_and_flush(fixture, 2);
	reopen_file(fixture);
	append_and_flush(fixture, 2);
	expect_all_rows(fixture);
	assert_string_equal(fixture->notices, "");
}

static void an_existing_file_is_continued(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append_and_flush(fixture, 5);
	reopen_file(fixture);
	append_and_flush(fixture, 5);
	expect_all_rows(fixture);
	assert_false(scratch__has(&fixture->scratch, "data.1"));
	assert_string_equal(fixture->notices, "");
}

static unsigned long long write_calls(void)
{
	FILE *io = fopen("/proc/self/io", "r");
	unsigned long long cnt = 0;
	char line[128];

	if (!io)
		return 0;
	while (fgets(line, sizeof(line), io))
		sscanf(line, "syscw: %llu", &cnt);
	fclose(io);
	return cnt;
}

static void a_flush_is_one_write(void **state)
{
	struct fixture *fixture = *state;
	unsigned long long before, after;

	open_file(fixture);
	append(fixture, 10000);
	before = write_calls();
	flush(fixture);
	after = write_calls();
	expect_all_rows(fixture);
	if (!after) {
		print_message("this kernel does not count system calls in /proc/self/io\n");
		skip();
	}
	assert_int_equal(after - before, 1);
}

static void headers_are_rewritten_whole_at_every_start(void **state)
{
	struct fixture *fixture = *state;
	static const char old[] = "an,older,and,much,longer,list\n";

	scratch__write(&fixture->scratch, "data_headers", old, strlen(old));
	scratch__write(&fixture->scratch, ".data_headers.tmp", old, strlen(old));
	open_file(fixture);
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
	assert_false(scratch__has(&fixture->scratch, ".data_headers.tmp"));
}

static void headers_that_vanish_come_back(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	assert_int_equal(unlink(scratch__at(&fixture->scratch, "data_headers")), 0);
	append_and_flush(fixture, 1);
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
	expect_all_rows(fixture);
}

static void headers_never_go_through_a_symbolic_link(void **state)
{
	struct fixture *fixture = *state;

	scratch__write(&fixture->scratch, "victim", "mine", 4);
	assert_int_equal(symlink("victim", scratch__at(&fixture->scratch, "data_headers")), 0);
	open_file(fixture);
	scratch__expect(&fixture->scratch, "victim", "mine");
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
}

/* Rows of all dialects; every length of it is a possible crash. */
static void torn_tail_is_cut_back_to_the_last_whole_row(void **state)
{
	static const char *const rows[] = {
		FIRST_ROW, "\"1\",\"a\"\r\n", "2,b\r\n", "\"3\",\"x\r\ny\"\"\n,\"\r\n",
		"4,d\n",   "\"5\",\"\"\n",
	};
	struct fixture *fixture = *state;
	char text[256] = "", notice[64];
	bool ends[256] = { true };
	size_t expected = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		strcat(text, rows[i]);
		ends[strlen(text)] = true;
	}
	for (size_t sz = 1; sz <= strlen(text); sz++) {
		scratch__write(&fixture->scratch, "data", text, sz);
		fixture->notices[0] = '\0';
		reopen_file(fixture);
		expected = ends[sz] ? sz : expected;
		if (expected)
			assert_int_equal(scratch__sz(&fixture->scratch, "data"), expected);
		else
			scratch__expect(&fixture->scratch, "data", FIRST_ROW);
		snprintf(notice, sizeof(notice),
			 "data: repaired a torn last row (%zu byte%s removed)\n", sz - expected,
			 sz - expected == 1 ? "" : "s");
		assert_string_equal(fixture->notices, ends[sz] ? "" : notice);
	}
}

static void torn_tail_of_a_large_file_is_found_across_chunks(void **state)
{
	struct fixture *fixture = *state;
	const char *path = scratch__at(&fixture->scratch, "data");

	open_file(fixture);
	append_and_flush(fixture, 20000);
	for (unsigned int sz = 0; sz < ROW_SZ; sz++) {
		assert_int_equal(truncate(path, (off_t)(strlen(FIRST_ROW) + 19999 * ROW_SZ + sz)),
				 0);
		reopen_file(fixture);
		fixture->row_cnt = 19999;
		fixture->rows_read = 0;
		expect_all_rows(fixture);
	}
}

static void a_tail_of_zeros_left_by_a_power_cut_is_removed(void **state)
{
	struct fixture *fixture = *state;
	const char *path = scratch__at(&fixture->scratch, "data");

	open_file(fixture);
	append_and_flush(fixture, 2);
	assert_int_equal(truncate(path, 4096), 0);
	reopen_file(fixture);
	append_and_flush(fixture, 2);
	expect_all_rows(fixture);
	expect_notice(fixture, "repaired a torn last row");
}

/* Behind a stray quote the whole rest looks like one row. */
static void a_tail_too_long_to_be_a_row_is_set_aside_not_cut(void **state)
{
	struct fixture *fixture = *state;
	size_t sz = 2 * 1024 * 1024;
	char *text = malloc(sz);

	assert_non_null(text);
	memset(text, 'x', sz);
	memcpy(text, FIRST_ROW "\"", strlen(FIRST_ROW) + 1);
	scratch__write(&fixture->scratch, "data", text, sz);
	free(text);
	open_file(fixture);
	append_and_flush(fixture, 1);
	assert_int_equal(scratch__sz(&fixture->scratch, "data.1"), sz);
	expect_notice(fixture, "data: no row ends in the last");
	expect_all_rows(fixture);
}

static void a_file_with_other_columns_is_set_aside(void **state)
{
	static const char *const others[] = {
		"number,text,more\r\n1,2,3\r\n", "number,text\n1,2\n", "nu\r\n", "x", "\n",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		scratch__write(&fixture->scratch, "data", others[i], strlen(others[i]));
		fixture->notices[0] = '\0';
		reopen_file(fixture);
		scratch__expect(&fixture->scratch, "data.1", others[i]);
		scratch__expect(&fixture->scratch, "data", FIRST_ROW);
		expect_notice(fixture, "data: has other columns than are written now; "
				       "renamed to data.1");
	}
	scratch__expect(&fixture->scratch, "data.2", others[3]);
	scratch__expect(&fixture->scratch, "data.3", others[2]);
}

static void setting_aside_costs_no_older_file_its_place(void **state)
{
	static const char rows[] = "number\r\n1\r\n";
	struct fixture *fixture = *state;
	char name[16];

	fixture->options.rotate_keep = 2;
	for (int i = 0; i < 5; i++) {
		scratch__write(&fixture->scratch, "data", rows, strlen(rows));
		reopen_file(fixture);
	}
	for (int i = 1; i <= 5; i++) {
		snprintf(name, sizeof(name), "data.%d", i);
		scratch__expect(&fixture->scratch, name, rows);
	}
}

static void a_file_that_has_only_columns_is_not_set_aside(void **state)
{
	static const char *const others[] = { "number,text,more\r\n", "number\r\n" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		scratch__write(&fixture->scratch, "data", others[i], strlen(others[i]));
		reopen_file(fixture);
		scratch__expect(&fixture->scratch, "data", FIRST_ROW);
		assert_false(scratch__has(&fixture->scratch, "data.1"));
	}
}

static void setting_aside_keeps_the_file_even_if_rotation_keeps_none(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.rotate_keep = 0;
	scratch__write(&fixture->scratch, "data", "theirs\n", 7);
	open_file(fixture);
	scratch__expect(&fixture->scratch, "data.1", "theirs\n");
	scratch__expect(&fixture->scratch, "data", FIRST_ROW);
}

static void a_symbolic_link_in_its_place_is_refused(void **state)
{
	struct fixture *fixture = *state;

	scratch__write(&fixture->scratch, "victim", "mine", 4);
	assert_int_equal(symlink("victim", scratch__at(&fixture->scratch, "data")), 0);
	expect_open_fails(fixture, -ELOOP, "symbolic link");
	scratch__expect(&fixture->scratch, "victim", "mine");
}

static void a_dangling_link_in_its_place_makes_no_file(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(symlink("victim", scratch__at(&fixture->scratch, "data")), 0);
	expect_open_fails(fixture, -ELOOP, "symbolic link");
	assert_false(scratch__has(&fixture->scratch, "victim"));
}

static void a_folder_or_a_fifo_in_its_place_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const char *path = scratch__at(&fixture->scratch, "data");

	assert_int_equal(mkdir(path, 0755), 0);
	expect_open_fails(fixture, -EISDIR, "directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	expect_open_fails(fixture, -EINVAL, "not a regular file");
	assert_int_equal(unlink(path), 0);
}

static void a_renamed_file_is_left_and_a_new_one_begun(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append_and_flush(fixture, 3);
	append(fixture, 1);
	assert_int_equal(rename(scratch__at(&fixture->scratch, "data"),
				scratch__at(&fixture->scratch, "moved")),
			 0);
	append_and_flush(fixture, 1);
	expect_next_rows(fixture, "moved");
	assert_int_equal(fixture->rows_read, 3);
	expect_all_rows(fixture);
	expect_notice(fixture, "data: renamed or deleted by somebody");
}

static void a_deleted_file_is_begun_again(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append_and_flush(fixture, 3);
	assert_int_equal(unlink(scratch__at(&fixture->scratch, "data")), 0);
	append_and_flush(fixture, 2);
	fixture->rows_read = 3;
	expect_all_rows(fixture);
}

static void a_deleted_directory_is_made_again_with_all_in_it(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append_and_flush(fixture, 3);
	scratch__remove(&fixture->scratch);
	append_and_flush(fixture, 2);
	fixture->rows_read = 3;
	expect_all_rows(fixture);
	scratch__expect(&fixture->scratch, "data_headers", HEADERS);
}

static void two_files_follow_one_renamed_directory(void **state)
{
	struct fixture *fixture = *state;
	struct datafile_layout layout = { .name = "other", .first_row = "x\r\n" };
	struct datafile *other = NULL;
	struct scratch moved;

	scratch__make(&moved);
	open_file(fixture);
	assert_int_equal(datafile__open(&layout, &fixture->options, &other, NULL), 0);
	append_and_flush(fixture, 1);
	assert_int_equal(rename(fixture->scratch.path, moved.path), 0);
	append_and_flush(fixture, 1);
	assert_int_equal(datafile__append(other, "1\r\n", 3), 0);
	assert_int_equal(datafile__flush(other, 1, false, NULL), 0);
	scratch__expect(&fixture->scratch, "other", "x\r\n1\r\n");
	scratch__expect(&moved, "other", "x\r\n");
	fixture->rows_read = 1;
	expect_all_rows(fixture);
	datafile__free(other);
	scratch__remove(&moved);
}

static void a_link_that_replaces_the_file_costs_no_row(void **state)
{
	struct fixture *fixture = *state;
	const char *path = scratch__at(&fixture->scratch, "data");

	open_file(fixture);
	append(fixture, 2);
	assert_int_equal(unlink(path), 0);
	scratch__write(&fixture->scratch, "victim", "mine", 4);
	assert_int_equal(symlink("victim", path), 0);
	expect_flush_fails(fixture, -ELOOP, "symbolic link");
	expect_flush_fails(fixture, -ELOOP, "symbolic link");
	scratch__expect(&fixture->scratch, "victim", "mine");
	assert_int_equal(unlink(path), 0);
	append_and_flush(fixture, 1);
	expect_all_rows(fixture);
}

static void an_emptied_file_gets_its_first_row_again(void **state)
{
	struct fixture *fixture = *state;

	open_file(fixture);
	append_and_flush(fixture, 3);
	assert_int_equal(truncate(scratch__at(&fixture->scratch, "data"), 0), 0);
	append_and_flush(fixture, 2);
	fixture->rows_read = 3;
	expect_all_rows(fixture);
	expect_notice(fixture, "data: cut short by somebody (76 bytes removed)");
}

static void a_file_cut_inside_a_row_is_repaired_while_running(void **state)
{
	struct fixture *fixture = *state;
	off_t sz = (off_t)(strlen(FIRST_ROW) + 2 * ROW_SZ + 10);

	open_file(fixture);
	append_and_flush(fixture, 5);
	assert_int_equal(truncate(scratch__at(&fixture->scratch, "data"), sz), 0);
	fixture->row_cnt = 2;
	append_and_flush(fixture, 2);
	expect_all_rows(fixture);
}

static void rows_of_somebody_else_are_left_alone(void **state)
{
	struct fixture *fixture = *state;
	FILE *theirs;

	open_file(fixture);
	append_and_flush(fixture, 1);
	theirs = fopen(scratch__at(&fixture->scratch, "data"), "a");
	assert_non_null(theirs);
	fprintf(theirs, ROW_FORMAT, fixture->row_cnt++);
	assert_int_equal(fclose(theirs), 0);
	append_and_flush(fixture, 1);
	expect_all_rows(fixture);
}

static void a_full_backlog_refuses_rows_and_takes_them_again_after_a_flush(void **state)
{
	struct fixture *fixture = *state;
	char row[ROW_SZ + 1];

	fixture->options.backlog_bytes = 100 * ROW_SZ;
	open_file(fixture);
	assert_true(datafile__has_room(fixture->file));
	append(fixture, 100);
	assert_false(datafile__has_room(fixture->file));
	snprintf(row, sizeof(row), ROW_FORMAT, 0);
	assert_int_equal(datafile__append(fixture->file, row, ROW_SZ), -ENOBUFS);
	flush(fixture);
	assert_true(datafile__has_room(fixture->file));
	append_and_flush(fixture, 1);
	expect_all_rows(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DATAFILE_CASE(a_new_file_gets_its_first_row_and_its_headers_file),
		DATAFILE_CASE(rows_reach_the_file_at_the_flush),
		DATAFILE_CASE(a_file_without_first_row_holds_only_rows),
		DATAFILE_CASE(an_existing_file_is_continued),
		DATAFILE_CASE(a_flush_is_one_write),
		DATAFILE_CASE(headers_are_rewritten_whole_at_every_start),
		DATAFILE_CASE(headers_that_vanish_come_back),
		DATAFILE_CASE(headers_never_go_through_a_symbolic_link),
		DATAFILE_CASE(torn_tail_is_cut_back_to_the_last_whole_row),
		DATAFILE_CASE(torn_tail_of_a_large_file_is_found_across_chunks),
		DATAFILE_CASE(a_tail_of_zeros_left_by_a_power_cut_is_removed),
		DATAFILE_CASE(a_tail_too_long_to_be_a_row_is_set_aside_not_cut),
		DATAFILE_CASE(a_file_with_other_columns_is_set_aside),
		DATAFILE_CASE(setting_aside_costs_no_older_file_its_place),
		DATAFILE_CASE(a_file_that_has_only_columns_is_not_set_aside),
		DATAFILE_CASE(setting_aside_keeps_the_file_even_if_rotation_keeps_none),
		DATAFILE_CASE(a_symbolic_link_in_its_place_is_refused),
		DATAFILE_CASE(a_dangling_link_in_its_place_makes_no_file),
		DATAFILE_CASE(a_folder_or_a_fifo_in_its_place_is_refused),
		DATAFILE_CASE(a_renamed_file_is_left_and_a_new_one_begun),
		DATAFILE_CASE(a_deleted_file_is_begun_again),
		DATAFILE_CASE(a_deleted_directory_is_made_again_with_all_in_it),
		DATAFILE_CASE(two_files_follow_one_renamed_directory),
		DATAFILE_CASE(a_link_that_replaces_the_file_costs_no_row),
		DATAFILE_CASE(an_emptied_file_gets_its_first_row_again),
		DATAFILE_CASE(a_file_cut_inside_a_row_is_repaired_while_running),
		DATAFILE_CASE(rows_of_somebody_else_are_left_alone),
		DATAFILE_CASE(a_full_backlog_refuses_rows_and_takes_them_again_after_a_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
