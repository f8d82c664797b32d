/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two steps: the walk of csv_rows.h says where the row ends, and its bytes, gathered until then,
 * are split in place. The split is stricter than the walk, so that the walk can find the way back
 * to whole rows after one that is not.
 */
#include "analysis/csv_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/input.h"
#include "csv_rows.h"

#define FIRST_CAPACITY 4096
#define CHUNK_SZ (256 * 1024)

struct csv_reader {
	const char *path;
	csv_record_fn fn;
	void *ctx;
	struct csv_walk walk;
	char *row; /* as far as it has come; one byte more is kept for a NUL */
	size_t row_sz;
	size_t capacity;
	bool too_long;	    /* the rest of this row is passed over */
	uint64_t line;	    /* where the row began */
	uint64_t lines_fed; /* line feeds in the row so far */
	struct csv_field fields[CSV_FIELD_CNT_MAX];
};

struct csv_reader *csv_reader__new(const char *path, csv_record_fn fn, void *ctx)
{
	struct csv_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->path = path;
	reader->fn = fn;
	reader->ctx = ctx;
	reader->line = 1;
	return reader;
}

void csv_reader__free(struct csv_reader *reader)
{
	if (!reader)
		return;
	free(reader->row);
	free(reader);
}

static uint64_t count_lines(const char *data, size_t sz)
{
	const char *end = data + sz;
	uint64_t cnt = 0;

	while ((data = memchr(data, '\n', (size_t)(end - data)))) {
		cnt++;
		data++;
	}
	return cnt;
}

static int make_room(struct csv_reader *reader, size_t sz)
{
	size_t capacity = reader->capacity ? reader->capacity : FIRST_CAPACITY;
	char *row;

	while (capacity < reader->row_sz + sz + 1)
		capacity *= 2;
	if (capacity == reader->capacity)
		return 0;
	row = realloc(reader->row, capacity);
	if (!row)
		return -ENOMEM;
	reader->row = row;
	reader->capacity = capacity;
	return 0;
}

static int gather(struct csv_reader *reader, const char *data, size_t sz)
{
	reader->lines_fed += count_lines(data, sz);
	if (reader->too_long || sz > CSV_ROW_SZ_MAX - reader->row_sz) {
		reader->too_long = true;
		return 0;
	}
	if (make_room(reader, sz))
		return -ENOMEM;
	memcpy(reader->row + reader->row_sz, data, sz);
	reader->row_sz += sz;
	reader->row[reader->row_sz] = '\0';
	return 0;
}

/* Both of these take a field at *at and leave *at at the comma or the NUL behind it; they return
 * what is wrong, or NULL. */
static const char *take_plain(struct csv_field *field, char **at)
{
	char *c = *at;

	field->text = c;
	for (; *c && *c != ','; c++) {
		if (*c == '"')
			return "a quote inside a field without quotes";
		if (*c == '\r')
			return "a carriage return outside of quotes";
	}
	field->sz = (size_t)(c - *at);
	*at = c;
	return NULL;
}

static const char *take_quoted(struct csv_field *field, char **at)
{
	char *from = *at + 1, *to = from;
	char *quote;

	field->text = from;
	while ((quote = strchr(from, '"'))) {
		if (to != from)
			memmove(to, from, (size_t)(quote - from));
		to += quote - from;
		from = quote + 1;
		if (*from != '"')
			break;
		*to++ = *from++;
	}
	if (!quote)
		return "quotes that are not closed";
	if (*from && *from != ',')
		return "text behind a closing quote";
	*to = '\0';
	field->sz = (size_t)(to - field->text);
	*at = from;
	return NULL;
}

static const char *split(struct csv_reader *reader, size_t *ret_field_cnt)
{
	struct csv_field *field = reader->fields;
	char *at = reader->row;
	const char *wrong;

	if (memchr(at, '\0', reader->row_sz))
		return "a NUL byte";
	for (;;) {
		wrong = *at == '"' ? take_quoted(field, &at) : take_plain(field, &at);
		if (wrong)
			return wrong;
		if (field->sz > CSV_FIELD_SZ_MAX)
			return "a field of more than 1 MiB";
		field++;
		if (!*at)
			break;
		if (field == reader->fields + CSV_FIELD_CNT_MAX)
			return "more than 1024 fields";
		*at++ = '\0';
	}
	*ret_field_cnt = (size_t)(field - reader->fields);
	return NULL;
}

static void cut_line_end(struct csv_reader *reader)
{
	size_t sz = reader->row_sz;

	if (sz && reader->row[sz - 1] == '\n')
		sz--;
	while (sz && reader->row[sz - 1] == '\r')
		sz--;
	reader->row_sz = sz;
	if (reader->row)
		reader->row[sz] = '\0';
}

static int hand_on(struct csv_reader *reader, bool torn)
{
	struct csv_record record = {
		.path = reader->path,
		.line = reader->line,
		.line_cnt = reader->lines_fed + torn,
		.fields = reader->fields,
	};

	if (reader->too_long)
		record.wrong = "a row of more than 4 MiB";
	else
		record.wrong = split(reader, &record.field_cnt);
	if (torn) {
		record.kind = CSV_RECORD_TORN;
		record.wrong = NULL;
	} else {
		record.kind = record.wrong ? CSV_RECORD_MALFORMED : CSV_RECORD_WHOLE;
	}
	return reader->fn(reader->ctx, &record);
}

static int end_row(struct csv_reader *reader, bool torn)
{
	int err = 0;

	cut_line_end(reader);
	if (reader->row_sz || reader->too_long)
		err = hand_on(reader, torn);
	reader->line += reader->lines_fed;
	reader->lines_fed = 0;
	reader->row_sz = 0;
	reader->too_long = false;
	return err;
}

int csv_reader__feed_row(struct csv_reader *reader, const char *data, size_t sz, size_t *ret_sz)
{
	size_t row = csv_walk__row(&reader->walk, data, sz);
	int err;

	*ret_sz = row ? row : sz;
	err = gather(reader, data, *ret_sz);
	return !err && row ? end_row(reader, false) : err;
}

int csv_reader__feed(struct csv_reader *reader, const char *data, size_t sz)
{
	size_t piece;
	int err = 0;

	for (; sz && !err; data += piece, sz -= piece)
		err = csv_reader__feed_row(reader, data, sz, &piece);
	return err;
}

bool csv_reader__inside_row(const struct csv_reader *reader)
{
	return reader->row_sz || reader->too_long;
}

void csv_reader__pass_lines(struct csv_reader *reader, uint64_t cnt)
{
	reader->line += cnt;
}

int csv_reader__finish(struct csv_reader *reader)
{
	reader->walk = (struct csv_walk) {};
	return end_row(reader, true);
}

int csv_read_fd(int fd, const char *path, csv_record_fn fn, void *ctx, struct fault *why)
{
	return csv_read_fd_telling(fd, path, fn, ctx, NULL, NULL, why);
}

int csv_read_fd_telling(int fd, const char *path, csv_record_fn fn, void *ctx,
			csv_progress_fn progress, void *progress_ctx, struct fault *why)
{
	struct csv_reader *reader = csv_reader__new(path, fn, ctx);
	struct input *input = input__new(fd, path);
	char *chunk = malloc(CHUNK_SZ);
	ssize_t n = 0;
	int err = 0;

	if (!reader || !input || !chunk)
		err = fault__set(why, -ENOMEM, "%s: no memory", path);
	while (!err && (n = input__read(input, chunk, CHUNK_SZ, why)) > 0) {
		err = csv_reader__feed(reader, chunk, (size_t)n);
		if (progress)
			progress(progress_ctx, path, input__done(input), input__size(input));
	}
	if (!err)
		err = n < 0 ? (int)n : csv_reader__finish(reader);
	csv_reader__free(reader);
	input__free(input);
	free(chunk);
	return err;
}
