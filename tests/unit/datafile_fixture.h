/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A datafile in a directory of its own, with rows that are numbered: so that after whatever
 * happened to the file and its rotated siblings one can tell that each row is there exactly once
 * and in order. Include cmocka.h first.
 */
#ifndef TACHO_TESTS_DATAFILE_FIXTURE_H
#define TACHO_TESTS_DATAFILE_FIXTURE_H

#include "datafile.h"
#include "output_dir.h"
#include "scratch.h"

#define FIRST_ROW "number,text\r\n"
#define ROW_FORMAT "%06u,\"two\r\nlines\"\r\n"
#define ROW_SZ 21
#define HEADERS "number,text"

struct fixture {
	struct scratch scratch;
	struct sink_options options;
	struct datafile_layout layout;
	struct datafile *file;
	char notices[2048];
	unsigned int row_cnt; /* appended so far */
	unsigned int rows_read;
};

static inline void take_notice(void *ctx, const char *text)
{
	struct fixture *fixture = ctx;
	size_t used = strlen(fixture->notices);

	snprintf(fixture->notices + used, sizeof(fixture->notices) - used, "%s\n", text);
}

static inline void open_dir(struct fixture *fixture)
{
	struct fault why = { 0 };

	if (output_dir__open(fixture->scratch.path, &fixture->options.dir, &why))
		fail_msg("%s", why.text);
}

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	fixture->options = (struct sink_options) {
		.rotate_keep = 3,
		.sync_ns = UINT64_MAX,
		.backlog_bytes = 1024 * 1024,
		.notice = take_notice,
		.notice_ctx = fixture,
	};
	fixture->layout = (struct datafile_layout) {
		.name = "data",
		.first_row = FIRST_ROW,
		.headers_name = "data_headers",
		.headers = HEADERS,
	};
	open_dir(fixture);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	datafile__free(fixture->file);
	output_dir__free(fixture->options.dir);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

static inline void open_file(struct fixture *fixture)
{
	struct fault why = { 0 };

	if (datafile__open(&fixture->layout, &fixture->options, &fixture->file, &why))
		fail_msg("%s", why.text);
}

static inline void reopen_file(struct fixture *fixture)
{
	datafile__free(fixture->file);
	fixture->file = NULL;
	open_file(fixture);
}

static inline void append(struct fixture *fixture, unsigned int cnt)
{
	char row[ROW_SZ + 1];

	while (cnt--) {
		snprintf(row, sizeof(row), ROW_FORMAT, fixture->row_cnt++);
		assert_int_equal(datafile__append(fixture->file, row, ROW_SZ), 0);
	}
}

static inline void flush(struct fixture *fixture)
{
	struct fault why = { 0 };

	if (datafile__flush(fixture->file, 1, false, &why))
		fail_msg("%s", why.text);
}

static inline void append_and_flush(struct fixture *fixture, unsigned int cnt)
{
	append(fixture, cnt);
	flush(fixture);
}

static inline void expect_flush_fails(struct fixture *fixture, int expected, const char *text)
{
	struct fault why = { 0 };

	assert_int_equal(datafile__flush(fixture->file, 1, false, &why), expected);
	if (!strstr(why.text, text) || !strstr(why.text, "data"))
		fail_msg("\"%s\" is not in: %s", text, why.text);
}

static inline void expect_open_fails(struct fixture *fixture, int expected, const char *text)
{
	struct fault why = { 0 };

	assert_int_equal(datafile__open(&fixture->layout, &fixture->options, &fixture->file, &why),
			 expected);
	assert_null(fixture->file);
	if (!strstr(why.text, text) || !strstr(why.text, "/data"))
		fail_msg("\"%s\" is not in: %s", text, why.text);
}

static inline void expect_notice(struct fixture *fixture, const char *text)
{
	if (!strstr(fixture->notices, text))
		fail_msg("\"%s\" is not in: %s", text, fixture->notices);
}

/* The file begins with the first row and goes on with the next numbers, all rows whole. */
static inline void expect_next_rows(struct fixture *fixture, const char *name)
{
	size_t header_sz = strlen(fixture->layout.first_row);
	char row[ROW_SZ + 1];
	size_t sz;
	char *data = read_whole(scratch__at(&fixture->scratch, name), &sz);

	assert_true(sz >= header_sz);
	assert_memory_equal(data, fixture->layout.first_row, header_sz);
	assert_int_equal((sz - header_sz) % ROW_SZ, 0);
	for (size_t at = header_sz; at < sz; at += ROW_SZ) {
		snprintf(row, sizeof(row), ROW_FORMAT, fixture->rows_read++);
		assert_memory_equal(data + at, row, ROW_SZ);
	}
	free(data);
}

static inline void expect_all_rows(struct fixture *fixture)
{
	expect_next_rows(fixture, "data");
	assert_int_equal(fixture->rows_read, fixture->row_cnt);
}

#define DATAFILE_CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
