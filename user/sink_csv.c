/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sink_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv_rows.h"
#include "data_keeper.h"
#include "datafile.h"
#include "escape.h"
#include "output_dir.h"

#define FIRST_ROW_MAX (64 * 1024) /* of which more columns are kept */
#define TENTHS_EXACT 1e14	  /* ten times as much is exact in a double (2^53), too */

struct sink {
	const struct sink_csv_format *format;
	struct sink_options options;
	struct datafile *file; /* NULL: not made yet */
	int told;	       /* why it could not be made, as last said */
	struct csv_row row;
	char *names; /* of the columns, as the file or the headers file has them */
};

void sink_csv__put_u64(struct csv_row *row, const void *field)
{
	csv_row__u64(row, *(const uint64_t *)field);
}

void sink_csv__put_u32(struct csv_row *row, const void *field)
{
	csv_row__u64(row, *(const uint32_t *)field);
}

static void put_text_or_none(struct csv_row *row, const char *text)
{
	if (text)
		csv_row__text(row, text);
	else
		csv_row__empty(row);
}

void sink_csv__put_text(struct csv_row *row, const void *field)
{
	put_text_or_none(row, *(const char *const *)field);
}

static void put_escaped(struct csv_row *row, const char *text, size_t sz,
			size_t (*escape)(char *escaped, const char *text, size_t sz))
{
	char *escaped = malloc(ESCAPED_SZ(sz));

	if (escaped) {
		escape(escaped, text, sz);
		csv_row__text(row, escaped);
	} else {
		row->err = -ENOMEM;
	}
	free(escaped);
}

/* By whole numbers: printf would write the decimal point of the locale. */
void sink_csv__put_decimal(struct csv_row *row, double value)
{
	char text[1 + CSV_DIGITS_MAX + sizeof(".0")], *at = text;
	long long tenths;

	if (!(value > -TENTHS_EXACT && value < TENTHS_EXACT)) {
		csv_row__empty(row);
		return;
	}
	tenths = (long long)(value * 10 + (value < 0 ? -0.5 : 0.5));
	if (tenths < 0)
		*at++ = '-';
	at = csv_digits(at, (uint64_t)llabs(tenths) / 10);
	*at++ = '.';
	*at++ = (char)('0' + llabs(tenths) % 10);
	*at = '\0';
	csv_row__text(row, text);
}

void sink_csv__put_hostile_text(struct csv_row *row, const void *field)
{
	const char *text = *(const char *const *)field;

	if (escape_is_plain(text))
		csv_row__text(row, text);
	else
		put_escaped(row, text, strlen(text), escape_bytes);
}

void sink_csv__put_utf8_text(struct csv_row *row, const void *field)
{
	const char *text = *(const char *const *)field;
	size_t sz = strlen(text);

	if (escape_is_utf8(text, sz))
		csv_row__text(row, text);
	else
		put_escaped(row, text, sz, escape_no_utf8);
}

/* The row of column names; for a headers file, without the line end. NULL without memory. */
static char *make_names(const struct sink_csv_format *format, const struct sink_options *options)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };
	char *names = NULL;

	csv_row__begin(&row);
	for (size_t i = 0; i < format->column_cnt; i++)
		csv_row__text(&row, format->columns[i].name);
	for (size_t i = 0; format->captured_offset && i < options->capture_name_cnt; i++)
		sink_csv__put_hostile_text(&row, &options->capture_names[i]);
	if (!csv_row__end(&row))
		names = strndup(row.data, format->headers_name ? row.sz - strlen("\r\n") : row.sz);
	csv_row__free(&row);
	return names;
}

/* The first row of the file, line end included; or "" if none ends in so many bytes. */
static void read_first_row(const char *name, const struct sink_options *options, char *room,
			   size_t room_sz)
{
	int fd = openat(output_dir__fd(options->dir), name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct csv_walk walk = { 0 };
	ssize_t n = fd < 0 ? -1 : read(fd, room, room_sz - 1);

	room[n > 0 ? csv_walk__row(&walk, room, (size_t)n) : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Names that are written as they are: no quotes, no escapes. */
static bool are_plain(const char *names)
{
	for (const unsigned char *at = (const unsigned char *)names; *at; at++) {
		if (*at < ' ' || *at == 0x7f || *at == '"' || *at == '\\')
			return false;
	}
	return true;
}

static int split_names(char *text, char ***ret_names, size_t *ret_cnt)
{
	char **names = calloc(SINK_MORE_MAX, sizeof(*names));
	size_t cnt = 0;
	char *name;
	int err = names ? 0 : -ENOMEM;

	while (!err && (name = strsep(&text, ","))) {
		if (!*name || cnt == SINK_MORE_MAX)
			err = -EINVAL;
		else if (!(names[cnt++] = strdup(name)))
			err = -ENOMEM;
	}
	if (!err) {
		*ret_names = names;
		*ret_cnt = cnt;
		return 0;
	}
	while (cnt--)
		free(names[cnt]);
	free(names);
	return err == -EINVAL ? 0 : err;
}

int sink_csv__more_columns(const struct sink_csv_format *format, const struct sink_options *options,
			   char ***ret_names, size_t *ret_cnt)
{
	char *names = make_names(format, options);
	char *there = malloc(FIRST_ROW_MAX);
	size_t sz, there_sz;
	int err = 0;

	*ret_names = NULL;
	*ret_cnt = 0;
	if (!names || !there) {
		err = -ENOMEM;
		goto out;
	}
	read_first_row(format->file_name, options, there, FIRST_ROW_MAX);
	sz = strlen(names) - strlen("\r\n");
	there_sz = strlen(there);
	if (there_sz > sz + strlen(",\r\n") && !memcmp(there, names, sz) && there[sz] == ',' &&
	    !strcmp(there + there_sz - 2, "\r\n")) {
		there[there_sz - 2] = '\0';
		if (are_plain(there + sz + 1))
			err = split_names(there + sz + 1, ret_names, ret_cnt);
	}
out:
	free(names);
	free(there);
	return err;
}

static bool is_there(const struct sink_csv_format *format, const struct sink_options *options)
{
	struct stat st;

	return !fstatat(output_dir__fd(options->dir), format->file_name, &st, AT_SYMLINK_NOFOLLOW);
}

static int open_file(struct sink *sink, struct fault *why)
{
	const struct sink_csv_format *format = sink->format;
	const struct datafile_layout layout = {
		.name = format->file_name,
		.first_row = format->headers_name ? "" : sink->names,
		.headers_name = format->headers_name,
		.headers = format->headers_name ? sink->names : NULL,
	};

	return datafile__open(&layout, &sink->options, &sink->file, why);
}

int sink_csv__open(const struct sink_csv_format *format, const struct sink_options *options,
		   struct sink **ret_sink, struct fault *why)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	int err = 0;

	if (sink)
		sink->names = make_names(format, options);
	if (!sink || !sink->names) {
		sink_csv__free(sink);
		return fault__set(why, -ENOMEM, "%s: out of memory", format->file_name);
	}
	sink->format = format;
	sink->options = *options;
	sink->row.quoting = format->quoting;
	if (options->keeper)
		err = data_keeper__add_name(options->keeper, format->file_name, why);
	if (!err && (!(format->on_demand || options->on_demand) || is_there(format, options)))
		err = open_file(sink, why);
	if (err)
		sink_csv__free(sink);
	else
		*ret_sink = sink;
	return err;
}

/* The first row of a file that is made on demand. The directory may have gone since the last flush
 * saw to it. */
static int make_file(struct sink *sink)
{
	struct fault why = {};
	bool renewed;
	int err;

	err = output_dir__renew(sink->options.dir, &renewed, &why);
	if (!err)
		err = open_file(sink, &why);
	if (err && err != sink->told && sink->options.notice)
		sink->options.notice(sink->options.notice_ctx, why.text);
	sink->told = err;
	return err;
}

static void put_captured(struct sink *sink, const void *field)
{
	const char *const *texts = *(const char *const *const *)field;

	for (size_t i = 0; i < sink->options.capture_name_cnt; i++)
		put_text_or_none(&sink->row, texts ? texts[i] : NULL);
}

int sink_csv__add(struct sink *sink, const void *record)
{
	const struct sink_csv_format *format = sink->format;
	const struct sink_csv_column *column = format->columns;
	const struct sink_csv_column *end = column + format->column_cnt;
	int err;

	csv_row__begin(&sink->row);
	for (; column < end; column++)
		column->put(&sink->row, (const char *)record + column->offset);
	if (format->captured_offset)
		put_captured(sink, (const char *)record + format->captured_offset);
	err = csv_row__end(&sink->row);
	if (!err && !sink->file)
		err = make_file(sink);
	return err ? err : datafile__append(sink->file, sink->row.data, sink->row.sz);
}

int sink_csv__flush(struct sink *sink, uint64_t now_ns, bool last, struct fault *why)
{
	return sink->file ? datafile__flush(sink->file, now_ns, last, why) : 0;
}

void sink_csv__set_options(struct sink *sink, const struct sink_options *options)
{
	sink_options__change(&sink->options, options);
	if (sink->file)
		datafile__set_options(sink->file, options);
}

size_t sink_csv__pending(const struct sink *sink)
{
	return sink->file ? datafile__pending(sink->file) : 0;
}

bool sink_csv__has_room(const struct sink *sink)
{
	return !sink->file || datafile__has_room(sink->file);
}

void sink_csv__free(struct sink *sink)
{
	if (!sink)
		return;
	datafile__free(sink->file);
	csv_row__free(&sink->row);
	free(sink->names);
	free(sink);
}
