/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files of more than one block: what is found in them does not depend on how they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "activities_transcript.h"
#include "select.h"

#define DETAIL "state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,return_value\r\n"

struct text {
	char *at;
	size_t sz;
	FILE *file;
};

static FILE *begin(struct text *text)
{
	text->file = open_memstream(&text->at, &text->sz);
	assert_non_null(text->file);
	return text->file;
}

static void expect_same(const struct text *text, const struct activities_filter *filter,
			int with_processes)
{
	static const size_t block_sizes[] = { 5, 64, 1000, 4096, 0 };
	const struct activities_reading careful = { .careful = true };
	char *expected = transcript_of(text->at, text->sz, &careful, filter, with_processes);

	for (size_t threads = 1; threads <= 5; threads += 2) {
		for (size_t i = 0; i < sizeof(block_sizes) / sizeof(block_sizes[0]); i++) {
			const struct activities_reading fast = { .threads = threads,
								 .block_sz = block_sizes[i] };
			char *actual =
				transcript_of(text->at, text->sz, &fast, filter, with_processes);

			assert_string_equal(actual, expected);
			free(actual);
		}
	}
	free(expected);
}

static void end(struct text *text)
{
	assert_int_equal(fclose(text->file), 0);
	expect_same(text, NULL, 0);
	free(text->at);
}

static void put_rows(FILE *file, int cnt)
{
	for (int i = 0; i < cnt; i++)
		fprintf(file, i % 3 ? "\"S%d\",\"%d\",\"%d\"\r\n" : "S%d,%d,%d\n", i % 11,
			1000000 + i, i * i);
}

static void put_details(FILE *file, int cnt)
{
	static const char *const ended[] = { "return", "exception", "thread_exit", "open",
					     "killed" };

	for (int i = 0; i < cnt; i++)
		fprintf(file, "S%d,%d,%d,7,%d,thread%d,%s,%s,0,%s\r\n", i % 5, i, 3 * i, i, i % 4,
			ended[i % 5], i % 3 ? "" : "1", i % 7 ? "" : "\"a, b\"");
}

static void plain_rows(void **state)
{
	struct text text;

	(void)state;
	put_rows(begin(&text), 1000);
	end(&text);
}

static void rows_of_all_columns(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	fputs(DETAIL, file);
	put_details(file, 700);
	end(&text);
}

static void malformed_rows_and_their_lines(void **state)
{
	static const char *const bad[] = {
		"A\"B,1,2\n",
		"\"A\"B,1,2\n",
		"A,1\n",
		"A,1,2,3\n",
		",1,2\n",
		"A,x,2\n",
		"A,1,\n",
		"A,1,-2\n",
		"A,1\r,2\n",
		"\n",
		"\r\n",
		"A,1,2\r\r\n",
		"\"A\n\n",
		"B\",1,2\n",
		"\"\",\"1\",\"2\"\n",
		"A,99999999999999999999,1\n",
	};
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	for (size_t i = 0; i < 400; i++) {
		put_rows(file, (int)(i % 5));
		fputs(bad[i % (sizeof(bad) / sizeof(bad[0]))], file);
	}
	fwrite("A,1\0,2\n", 1, 7, file);
	put_rows(file, 3);
	end(&text);
}

/* The first block that begins inside the quotes looks as if it began with a row. */
static void rows_inside_of_quotes_are_none(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	for (int i = 0; i < 5; i++) {
		put_rows(file, 200);
		fputs("\"", file);
		for (int line = 0; line < 300; line++)
			fprintf(file, "FAKE,%d,%d\n", line, line);
		fputs("\",1,2\n", file);
	}
	put_rows(file, 200);
	end(&text);
}

static void quotes_that_are_never_closed(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	put_rows(file, 100);
	fputs("\"", file);
	for (int line = 0; line < 1000; line++)
		fprintf(file, "FAKE,%d,%d\n", line, line);
	end(&text);
}

static void columns_that_change_on_the_way(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	put_rows(file, 50);
	fputs("state,duration_ns,start_ns,ended\n", file);
	for (int i = 0; i < 500; i++)
		fprintf(file, "A,%d,%d,return\n", i, 1000 + i);
	/* the same fields mean something else from here on */
	fputs("state,start_ns,duration_ns,ended\n", file);
	for (int i = 0; i < 500; i++)
		fprintf(file, "B,%d,%d,return\n", i, 1000 + i);
	fputs("state,func_start,duration\r\n", file);
	put_rows(file, 300);
	fputs("time_ns,event,state,binary,last_hit_ns\n1,attached,A,/b,\n", file);
	fputs(DETAIL, file);
	put_details(file, 300);
	end(&text);
}

static void numbered_states(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	for (int i = 0; i < 1000; i++)
		fprintf(file, "%d,%d,%d\n", i % 7, i, i);
	fputs("state,start_ns,duration_ns,ended\n", file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "%d,%d,%d,return\n", i % 7, i, i);
	end(&text);
}

static void more_states_than_a_table_takes(void **state)
{
	const struct activities_reading careful = { .careful = true }, fast = { .threads = 3 };
	struct text text;
	FILE *file = begin(&text);
	char *expected, *actual;

	(void)state;
	for (int i = 0; i < 60000; i++)
		fprintf(file, "a.long.name.of.a.state.%d,%d,%d\n", i % 20000, i, i);
	assert_int_equal(fclose(file), 0);
	expected = transcript_of(text.at, text.sz, &careful, NULL, 0);
	actual = transcript_of(text.at, text.sz, &fast, NULL, 0);
	assert_string_equal(actual, expected);
	free(expected);
	free(actual);
	free(text.at);
}

static void long_rows(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	put_rows(file, 10);
	for (int sz = 1; sz < 200000; sz *= 7)
		fprintf(file, "%0*d,%d,5\n", sz, 1, sz);
	put_rows(file, 10);
	end(&text);
}

static void a_row_that_is_too_long(void **state)
{
	const struct activities_reading careful = { .careful = true }, fast = { .threads = 2 };
	struct text text;
	FILE *file = begin(&text);
	char *expected, *actual;

	(void)state;
	for (int i = 0; i < 3; i++) {
		put_rows(file, 40000);
		fprintf(file, "%0*d,1,5\n", 1400000 * (i + 1), 1);
	}
	put_rows(file, 40000);
	assert_int_equal(fclose(file), 0);
	expected = transcript_of(text.at, text.sz, &careful, NULL, 0);
	actual = transcript_of(text.at, text.sz, &fast, NULL, 0);
	assert_non_null(strstr(actual, "malformed 3 "));
	assert_string_equal(actual, expected);
	free(expected);
	free(actual);
	free(text.at);
}

static void what_is_asked_for(void **state)
{
	struct tacho_glob states, threads;
	const struct activities_filter filters[] = {
		{ .states = { &states, 1 } },
		{ .threads = { &threads, 1 } },
		{ .since_ns = 100, .until_ns = 700 },
		{ .states = { &states, 1 }, .threads = { &threads, 1 }, .since_ns = 33 },
		{ .newest_only = true },
	};
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	assert_int_equal(glob_compile("S[1-3]", &states, NULL), 0);
	assert_int_equal(glob_compile("*[02]", &threads, NULL), 0);
	put_rows(file, 100);
	fputs(DETAIL, file);
	put_details(file, 1000);
	fputs("state,start_ns,duration_ns,ended\nS1,200,5,return\n", file);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		expect_same(&text, &filters[i], 0);
	free(text.at);
}

static void rows_of_processes(void **state)
{
	struct text text;
	FILE *file = begin(&text);

	(void)state;
	for (int i = 0; i < 2000; i++)
		fprintf(file, "\"%d\",\"python3 -m \n%d\",\"17.25\",\"%d.5\",\"0.25\",\"1.5\"\r\n",
			1000 + i, i % 5, i);
	assert_int_equal(fclose(file), 0);
	expect_same(&text, NULL, 1);
	expect_same(&text, NULL, 0);
	free(text.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_rows),
		cmocka_unit_test(rows_of_all_columns),
		cmocka_unit_test(malformed_rows_and_their_lines),
		cmocka_unit_test(rows_inside_of_quotes_are_none),
		cmocka_unit_test(quotes_that_are_never_closed),
		cmocka_unit_test(columns_that_change_on_the_way),
		cmocka_unit_test(numbered_states),
		cmocka_unit_test(more_states_than_a_table_takes),
		cmocka_unit_test(long_rows),
		cmocka_unit_test(a_row_that_is_too_long),
		cmocka_unit_test(what_is_asked_for),
		cmocka_unit_test(rows_of_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
