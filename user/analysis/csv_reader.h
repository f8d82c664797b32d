/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CSV rows, read: RFC 4180, strictly, from bytes that come in pieces.
 *
 * A row ends with a line feed outside of quotes; carriage returns before it belong to the line end
 * (LF, CRLF and the CR CR LF of a text file written twice over may be mixed). Empty lines are no
 * rows. Every other row is handed on exactly once, as one of
 *
 *     whole      its fields
 *     malformed  what is wrong with it; reading goes on behind its end
 *     torn       the bytes end inside it: a crash, or a writer that is not done. Whether the last
 *                field is all there cannot be known
 *
 * Nothing is repaired or guessed. Where a row ends is decided as everywhere else (csv_rows.h): a
 * stray quote may make a malformed row of several lines, and its line_cnt says of how many.
 *
 * Memory is bounded by the limits below, whatever the bytes are.
 */
#ifndef TACHO_USER_ANALYSIS_CSV_READER_H
#define TACHO_USER_ANALYSIS_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define CSV_FIELD_SZ_MAX (1024 * 1024)
#define CSV_ROW_SZ_MAX (4 * 1024 * 1024) /* as it is in the file, line end included */
#define CSV_FIELD_CNT_MAX 1024

enum csv_record_kind {
	CSV_RECORD_WHOLE,
	CSV_RECORD_MALFORMED,
	CSV_RECORD_TORN,
};

struct csv_field {
	const char *text; /* without quotes; any bytes, NUL only at its end */
	size_t sz;
};

/* Good for the duration of the callback. */
struct csv_record {
	enum csv_record_kind kind;
	const char *path;  /* as given to the reader */
	uint64_t line;	   /* its first line, from 1 */
	uint64_t line_cnt; /* how many it takes */
	const struct csv_field *fields;
	size_t field_cnt;  /* malformed: 0; torn: 0 unless what is there makes fields */
	const char *wrong; /* malformed only: "text behind a closing quote" */
};

/* Anything but 0 stops the reading and is returned from it. */
typedef int (*csv_record_fn)(void *ctx, const struct csv_record *record);

struct csv_reader;

/* path is borrowed for the life of the reader and only handed on. NULL without memory. */
struct csv_reader *csv_reader__new(const char *path, csv_record_fn fn, void *ctx);
void csv_reader__free(struct csv_reader *reader);

/* 0, -ENOMEM, or what the callback returned. */
int csv_reader__feed(struct csv_reader *reader, const char *data, size_t sz);

/* The same, but only to the end of the row that these bytes begin with or go on with, if it is
 * among them. *ret_sz: how many bytes were read. */
int csv_reader__feed_row(struct csv_reader *reader, const char *data, size_t sz, size_t *ret_sz);

/* Did the bytes so far end inside a row? If not, so many lines may be read by somebody else. */
bool csv_reader__inside_row(const struct csv_reader *reader);
void csv_reader__pass_lines(struct csv_reader *reader, uint64_t cnt);

/* No more bytes come: hands on a torn row, if there is one. */
int csv_reader__finish(struct csv_reader *reader);

/* All of the above for what can be read from a descriptor: a file from where it stands, or a pipe,
 * packed or not. 0, a negative errno with why, or what the callback returned (why is untouched
 * then). */
int csv_read_fd(int fd, const char *path, csv_record_fn fn, void *ctx, struct fault *why);

/* The same; progress is told now and then how many bytes of the file were read, of how many (0:
 * nobody knows). It may be NULL. */
typedef void (*csv_progress_fn)(void *ctx, const char *path, uint64_t done, uint64_t size);
int csv_read_fd_telling(int fd, const char *path, csv_record_fn fn, void *ctx,
			csv_progress_fn progress, void *progress_ctx, struct fault *why);

#endif
