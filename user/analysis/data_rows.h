/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rows of data files by the names of their columns: files are known by their header rows, not
 * by their own names; columns may be in any order, and further ones among them.
 *
 * A row is what the latest header row before it says; without one, of the first kind of file that
 * may have none and has as many columns. Nothing here prints. Rows that make no sense are counted
 * and told to the watch.
 */
#ifndef TACHO_USER_ANALYSIS_DATA_ROWS_H
#define TACHO_USER_ANALYSIS_DATA_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define DATA_COLUMNS_MAX 80

struct data_value {
	const char *name;
	const char *text;
};

/* Good for the duration of the callback. */
struct data_row {
	const char *const *values;     /* of the columns asked for; NULL: the file has none such */
	const struct data_value *more; /* what stands behind the last of them, by name */
	size_t more_cnt;
};

/* A kind of file. */
struct data_layout {
	const char *const *columns;
	size_t column_cnt;
	size_t required_cnt; /* a header row with the first so many is one of this kind */
	/* What stands behind this one has any name, and is in `more`; NULL: nothing is. */
	const char *last_column;
	/* 0, or what ends the reading; a row that makes no sense sets *ret_wrong instead. NULL: the
	 * rows are passed over. */
	int (*take)(void *ctx, const struct data_row *row, const char **ret_wrong);
};

/* All of these may be NULL. */
struct data_watch {
	/* A row was passed over; it takes line_cnt lines from line on. */
	void (*malformed)(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			  const char *wrong);
	void (*torn)(void *ctx, const char *path); /* the last row of a file has no line end */
	/* Now and then: how many bytes of the file were read, of how many (0: nobody knows). */
	void (*progress)(void *ctx, const char *path, uint64_t done, uint64_t size);
	void *ctx;
};

struct data_reader;

/* The layouts and the watch are borrowed for the life of the reader. Files of the first
 * headerless_cnt kinds, at least one, need no header row. NULL without memory. */
struct data_reader *data_reader__new(const struct data_layout *const *layouts, size_t layout_cnt,
				     size_t headerless_cnt, void *ctx,
				     const struct data_watch *watch);
void data_reader__free(struct data_reader *reader);

/* A file, or a pipe ("-": standard input). A file that was read already is not read again. 0, a
 * negative errno with why, or what a take returned (why is empty then). */
int data_reader__read_file(struct data_reader *reader, const char *path, struct fault *why);

/* The file of that name in a directory, with what rotation has made of it. *ret_cnt: how many files
 * there were. */
int data_reader__read_parts(struct data_reader *reader, const char *dir, const char *name,
			    size_t *ret_cnt, struct fault *why);

#endif
