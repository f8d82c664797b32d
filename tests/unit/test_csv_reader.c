/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/csv_header.h"
#include "analysis/csv_reader.h"
#include "scratch.h"

/* What the reader handed on, in words: "1: [a][b]", "2: malformed: why", "3-5: torn [a]". */
struct log {
	FILE *file;
	char *text;
	size_t sz;
	int stop_with;
};

static int note_record(void *ctx, const struct csv_record *record)
{
	struct log *log = ctx;

	assert_string_equal(record->path, "some.csv");
	fprintf(log->file, "%llu", (unsigned long long)record->line);
	if (record->line_cnt != 1)
		fprintf(log->file, "-%llu",
			(unsigned long long)(record->line + record->line_cnt - 1));
	fprintf(log->file, ": ");
	if (record->kind == CSV_RECORD_MALFORMED) {
		assert_int_equal(record->field_cnt, 0);
		fprintf(log->file, "malformed: %s", record->wrong);
	} else {
		assert_null(record->wrong);
	}
	if (record->kind == CSV_RECORD_TORN)
		fprintf(log->file, "torn ");
	for (size_t i = 0; i < record->field_cnt; i++) {
		assert_int_equal(record->fields[i].sz, strlen(record->fields[i].text));
		fprintf(log->file, "[%s]", record->fields[i].text);
	}
	fprintf(log->file, "\n");
	return log->stop_with;
}

static void begin_log(struct log *log)
{
	*log = (struct log) {};
	log->file = open_memstream(&log->text, &log->sz);
	assert_non_null(log->file);
}

static void expect_log(struct log *log, const char *expected)
{
	fclose(log->file);
	assert_string_equal(log->text, expected);
	free(log->text);
}

static void read_in_pieces(const char *data, size_t sz, size_t piece_sz, const char *expected)
{
	struct csv_reader *reader;
	struct log log;
	size_t piece;

	begin_log(&log);
	reader = csv_reader__new("some.csv", note_record, &log);
	assert_non_null(reader);
	for (size_t at = 0; at < sz; at += piece) {
		piece = sz - at < piece_sz ? sz - at : piece_sz;
		assert_int_equal(csv_reader__feed(reader, data + at, piece), 0);
	}
	assert_int_equal(csv_reader__finish(reader), 0);
	csv_reader__free(reader);
	expect_log(&log, expected);
}

static void expect_bytes(const char *data, size_t sz, const char *expected)
{
	for (size_t piece_sz = 1; piece_sz < sz; piece_sz++)
		read_in_pieces(data, sz, piece_sz, expected);
	read_in_pieces(data, sz, sz, expected);
}

static void expect(const char *data, const char *expected)
{
	expect_bytes(data, strlen(data), expected);
}

static void rows_with_and_without_quotes_may_be_mixed(void **state)
{
	(void)state;
	expect("\"a\",\"b\"\r\nc,d\r\n\"e\",f\r\n", "1: [a][b]\n2: [c][d]\n3: [e][f]\n");
}

static void line_ends_may_be_mixed(void **state)
{
	(void)state;
	expect("a\nb\r\nc\r\r\n\"d\"\n\"e\"\r\n\"f\"\r\r\n",
	       "1: [a]\n2: [b]\n3: [c]\n4: [d]\n5: [e]\n6: [f]\n");
}

static void quoted_fields_may_hold_anything(void **state)
{
	(void)state;
	expect("\"a,b\",\"say \"\"hi\"\"\",\"\"\"\",\"x\r\ny\n\",\"\"\r\nz\n",
	       "1-3: [a,b][say \"hi\"][\"][x\r\ny\n][]\n4: [z]\n");
}

static void empty_fields_are_fields(void **state)
{
	(void)state;
	expect(",\n,,\n\"\",\n\"\"\n", "1: [][]\n2: [][][]\n3: [][]\n4: []\n");
}

static void empty_lines_are_no_rows_but_are_counted(void **state)
{
	(void)state;
	expect("\n\r\na\n\n\r\r\nb\n\n", "3: [a]\n6: [b]\n");
}

static void white_space_belongs_to_the_field(void **state)
{
	(void)state;
	expect(" a ,\tb\n \n", "1: [ a ][\tb]\n2: [ ]\n");
}

static void bytes_that_are_no_utf8_pass_unchanged(void **state)
{
	(void)state;
	expect("\xff\xfe,\"\x80\"\n", "1: [\xff\xfe][\x80]\n");
}

static void no_bytes_make_no_rows(void **state)
{
	(void)state;
	expect("", "");
	expect("\n", "");
	expect("\r", "");
}

static void a_last_row_without_line_end_is_torn(void **state)
{
	(void)state;
	expect("a,b\nc,d", "1: [a][b]\n2: torn [c][d]\n");
	expect("a,b\r\nc,d\r", "1: [a][b]\n2: torn [c][d]\n");
	expect("\"a\",\"b\"", "1: torn [a][b]\n");
}

static void a_torn_row_that_makes_no_fields_has_none(void **state)
{
	(void)state;
	expect("\"a\",\"b\n\nc", "1-3: torn \n");
	expect("a\"b", "1: torn \n");
}

static void a_quote_inside_a_plain_field_is_malformed(void **state)
{
	(void)state;
	expect("a\"b,c\nd\n", "1: malformed: a quote inside a field without quotes\n2: [d]\n");
	expect("a, \"b\"\nd\n", "1: malformed: a quote inside a field without quotes\n2: [d]\n");
}

static void text_behind_a_closing_quote_is_malformed(void **state)
{
	(void)state;
	expect("\"a\"b,c\nd\n", "1: malformed: text behind a closing quote\n2: [d]\n");
	expect("\"a\" ,c\nd\n", "1: malformed: text behind a closing quote\n2: [d]\n");
}

static void a_torn_row_glued_to_the_next_costs_no_third(void **state)
{
	(void)state;
	expect("\"A\",\"17\"B\",\"1\",\"2\"\r\n\"C\",\"3\",\"4\"\r\n",
	       "1: malformed: text behind a closing quote\n2: [C][3][4]\n");
	expect("A,1,\"2\r\nB,1,2\r\n\"C\",\"3\",\"4\"\r\n\"D\",\"5\",\"6\"\r\n",
	       "1-3: malformed: text behind a closing quote\n4: [D][5][6]\n");
}

static void a_lone_carriage_return_is_malformed(void **state)
{
	(void)state;
	expect("a\rb\nc\n", "1: malformed: a carriage return outside of quotes\n2: [c]\n");
	expect("\ra\nc\n", "1: malformed: a carriage return outside of quotes\n2: [c]\n");
	expect("\"a\"\r,b\nc\n", "1: malformed: text behind a closing quote\n2: [c]\n");
}

static void a_nul_byte_is_malformed(void **state)
{
	static const char data[] = "a,b\0c\n\0\n\"\0\"\nd\n";

	(void)state;
	expect_bytes(data, sizeof(data) - 1,
		     "1: malformed: a NUL byte\n2: malformed: a NUL byte\n"
		     "3: malformed: a NUL byte\n4: [d]\n");
}

/* Puts a field of that many bytes between "a," and LF, and a row behind it. */
static char *make_long_row(size_t field_sz, char quote, size_t *ret_sz)
{
	size_t sz = field_sz + (quote ? 2 : 0) + strlen("a,\nb\n");
	char *data = malloc(sz), *at = data;

	assert_non_null(data);
	*at++ = 'a';
	*at++ = ',';
	if (quote)
		*at++ = quote;
	memset(at, 'x', field_sz);
	at += field_sz;
	if (quote)
		*at++ = quote;
	memcpy(at, "\nb\n", 3);
	*ret_sz = sz;
	return data;
}

static void expect_long_row(size_t field_sz, char quote, const char *expected)
{
	size_t sz;
	char *data = make_long_row(field_sz, quote, &sz);

	read_in_pieces(data, sz, sz, expected);
	read_in_pieces(data, sz, 4093, expected);
	free(data);
}

static int check_longest_field(void *ctx, const struct csv_record *record)
{
	size_t *row_cnt = ctx;

	assert_int_equal(record->kind, CSV_RECORD_WHOLE);
	if (!(*row_cnt)++)
		assert_int_equal(record->fields[1].sz, CSV_FIELD_SZ_MAX);
	return 0;
}

static void a_field_may_have_one_mebibyte(void **state)
{
	struct csv_reader *reader;
	size_t row_cnt = 0, sz;
	char *data = make_long_row(CSV_FIELD_SZ_MAX, '"', &sz);

	(void)state;
	reader = csv_reader__new("some.csv", check_longest_field, &row_cnt);
	assert_non_null(reader);
	assert_int_equal(csv_reader__feed(reader, data, sz), 0);
	assert_int_equal(csv_reader__finish(reader), 0);
	assert_int_equal(row_cnt, 2);
	csv_reader__free(reader);
	free(data);
}

static void a_field_of_more_than_one_mebibyte_is_malformed(void **state)
{
	static const char expected[] = "1: malformed: a field of more than 1 MiB\n2: [b]\n";

	(void)state;
	expect_long_row(CSV_FIELD_SZ_MAX + 1, '"', expected);
	expect_long_row(CSV_FIELD_SZ_MAX + 1, 0, expected);
}

static void a_row_beyond_all_limits_is_malformed(void **state)
{
	static const char expected[] = "1: malformed: a row of more than 4 MiB\n2: [b]\n";

	(void)state;
	expect_long_row(CSV_ROW_SZ_MAX, '"', expected);
	expect_long_row(3 * CSV_ROW_SZ_MAX, 0, expected);
}

static void a_row_may_have_1024_fields_and_no_more(void **state)
{
	char data[CSV_FIELD_CNT_MAX + 4];
	char expected[2 * CSV_FIELD_CNT_MAX + 8] = "1: ";

	(void)state;
	memset(data, ',', sizeof(data));
	data[CSV_FIELD_CNT_MAX - 1] = '\n';
	for (size_t i = 0; i < CSV_FIELD_CNT_MAX; i++)
		strcpy(expected + 3 + 2 * i, "[]");
	strcat(expected, "\n");
	read_in_pieces(data, CSV_FIELD_CNT_MAX, CSV_FIELD_CNT_MAX, expected);
	data[CSV_FIELD_CNT_MAX - 1] = ',';
	memcpy(data + CSV_FIELD_CNT_MAX, "\na\n", 3);
	read_in_pieces(data, CSV_FIELD_CNT_MAX + 3, 100,
		       "1: malformed: more than 1024 fields\n2: [a]\n");
}

static void an_unclosed_quote_says_how_many_lines_it_took(void **state)
{
	(void)state;
	expect("a\n\"b\nc\nd\n", "1: [a]\n2-5: torn \n");
}

static void the_callback_can_stop_the_reading(void **state)
{
	struct csv_reader *reader;
	struct log log;

	(void)state;
	begin_log(&log);
	log.stop_with = -ECANCELED;
	reader = csv_reader__new("some.csv", note_record, &log);
	assert_non_null(reader);
	assert_int_equal(csv_reader__feed(reader, "a\nb\nc\n", 6), -ECANCELED);
	csv_reader__free(reader);
	expect_log(&log, "1: [a]\n");
}

static void a_file_is_read_from_where_it_stands(void **state)
{
	struct scratch scratch;
	struct log log;
	int fd;

	(void)state;
	scratch__make(&scratch);
	scratch__write(&scratch, "some.csv", "skip\na,b\n", 9);
	fd = open(scratch__at(&scratch, "some.csv"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
	begin_log(&log);
	assert_int_equal(csv_read_fd(fd, "some.csv", note_record, &log, NULL), 0);
	expect_log(&log, "1: [a][b]\n");
	close(fd);
	scratch__remove(&scratch);
}

static void a_pipe_is_read_to_its_end(void **state)
{
	static const char *const pieces[] = { "\"a", "\",b\r", "\nc,", "d\n" };
	struct log log;
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		for (size_t i = 0; i < 4; i++) {
			if (write(ends[1], pieces[i], strlen(pieces[i])) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	begin_log(&log);
	assert_int_equal(csv_read_fd(ends[0], "some.csv", note_record, &log, NULL), 0);
	expect_log(&log, "1: [a][b]\n2: [c][d]\n");
	close(ends[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(csv_read_fd(fd, "some.csv", note_record, NULL, NULL), -EISDIR);
	close(fd);
	assert_int_equal(csv_read_fd(-1, "some.csv", note_record, NULL, NULL), -EBADF);
}

static void columns_are_found_by_their_names(void **state)
{
	static const struct csv_field fields[] = { { "b", 1 }, { "a", 1 }, { "b", 1 }, { "c", 1 } };
	static const char *const names[] = { "a", "b", "c" };
	const struct csv_record record = { .fields = fields, .field_cnt = 4 };
	size_t columns[3] = { 7, 7, 7 };

	(void)state;
	assert_false(csv_record__find_all(&record, 3, names, 3, 3, columns));
	assert_int_equal(columns[0], 7);
	assert_true(csv_record__find_all(&record, 3, names, 3, 2, columns));
	assert_int_equal(columns[0], 1);
	assert_int_equal(columns[1], 0);
	assert_int_equal(columns[2], CSV_NO_COLUMN);
	assert_true(csv_record__find_all(&record, 4, names, 3, 3, columns));
	assert_int_equal(columns[2], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_with_and_without_quotes_may_be_mixed),
		cmocka_unit_test(line_ends_may_be_mixed),
		cmocka_unit_test(quoted_fields_may_hold_anything),
		cmocka_unit_test(empty_fields_are_fields),
		cmocka_unit_test(empty_lines_are_no_rows_but_are_counted),
		cmocka_unit_test(white_space_belongs_to_the_field),
		cmocka_unit_test(bytes_that_are_no_utf8_pass_unchanged),
		cmocka_unit_test(no_bytes_make_no_rows),
		cmocka_unit_test(a_last_row_without_line_end_is_torn),
		cmocka_unit_test(a_torn_row_that_makes_no_fields_has_none),
		cmocka_unit_test(a_quote_inside_a_plain_field_is_malformed),
		cmocka_unit_test(text_behind_a_closing_quote_is_malformed),
		cmocka_unit_test(a_torn_row_glued_to_the_next_costs_no_third),
		cmocka_unit_test(a_lone_carriage_return_is_malformed),
		cmocka_unit_test(a_nul_byte_is_malformed),
		cmocka_unit_test(a_field_may_have_one_mebibyte),
		cmocka_unit_test(a_field_of_more_than_one_mebibyte_is_malformed),
		cmocka_unit_test(a_row_beyond_all_limits_is_malformed),
		cmocka_unit_test(a_row_may_have_1024_fields_and_no_more),
		cmocka_unit_test(an_unclosed_quote_says_how_many_lines_it_took),
		cmocka_unit_test(the_callback_can_stop_the_reading),
		cmocka_unit_test(a_file_is_read_from_where_it_stands),
		cmocka_unit_test(a_pipe_is_read_to_its_end),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(columns_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
