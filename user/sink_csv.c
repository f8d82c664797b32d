/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sink_csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datafile.h"

struct sink {
	const struct sink_csv_format *format;
	struct datafile *file;
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

void sink_csv__put_text(struct csv_row *row, const void *field)
{
	csv_row__text(row, *(const char *const *)field);
}

/* How many bytes the well-formed UTF-8 character here takes (the Unicode standard, table 3-7);
 * 0 if it is none. A NUL is never a continuation, so that this stays within the string. */
static size_t utf8_character_sz(const unsigned char *c)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t sz;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	sz = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < sz; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	return sz;
}

/* U+0000 to U+001F, U+007F, and U+0080 to U+009F, which a terminal may obey as well. */
static bool is_control(const unsigned char *c)
{
	return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);
}

static bool is_plain(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c >= 0x7f || *c == '\\')
			return false;
	}
	return true;
}

/* escaped has room for four times the text, and its end. */
static void escape(char *escaped, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *c = (const unsigned char *)text;
	size_t sz;

	while (*c) {
		sz = utf8_character_sz(c);
		if (*c == '\\') {
			*escaped++ = '\\';
			*escaped++ = '\\';
			c++;
		} else if (sz && !is_control(c)) {
			memcpy(escaped, c, sz);
			escaped += sz;
			c += sz;
		} else {
			*escaped++ = '\\';
			*escaped++ = 'x';
			*escaped++ = hex[*c >> 4];
			*escaped++ = hex[*c & 15];
			c++;
		}
	}
	*escaped = '\0';
}

void sink_csv__put_hostile_text(struct csv_row *row, const void *field)
{
	const char *text = *(const char *const *)field;
	char *escaped;

	if (is_plain(text)) {
		csv_row__text(row, text);
		return;
	}
	escaped = malloc(4 * strlen(text) + 1);
	if (escaped) {
		escape(escaped, text);
		csv_row__text(row, escaped);
	} else {
		row->err = -ENOMEM;
	}
	free(escaped);
}

/* "a,b,c": column names are ours and need no quotes. */
static char *join_names(const struct sink_csv_format *format, const char *line_end)
{
	size_t sz = strlen(line_end) + 1;
	char *names, *at;

	for (size_t i = 0; i < format->column_cnt; i++)
		sz += strlen(format->columns[i].name) + 1;
	names = malloc(sz);
	if (!names)
		return NULL;
	at = names;
	for (size_t i = 0; i < format->column_cnt; i++) {
		if (i)
			*at++ = ',';
		at = stpcpy(at, format->columns[i].name);
	}
	strcpy(at, line_end);
	return names;
}

int sink_csv__open(const struct sink_csv_format *format, const struct sink_options *options,
		   struct sink **ret_sink, struct fault *why)
{
	struct datafile_layout layout = {
		.name = format->file_name,
		.first_row = "",
		.headers_name = format->headers_name,
	};
	struct sink *sink = calloc(1, sizeof(*sink));
	int err = -ENOMEM;

	if (sink)
		sink->names = join_names(format, format->headers_name ? "" : "\r\n");
	if (!sink || !sink->names) {
		fault__set(why, err, "%s: out of memory", format->file_name);
		goto out;
	}
	sink->format = format;
	sink->row.quoting = format->quoting;
	if (format->headers_name)
		layout.headers = sink->names;
	else
		layout.first_row = sink->names;
	err = datafile__open(&layout, options, &sink->file, why);
out:
	if (err)
		sink_csv__free(sink);
	else
		*ret_sink = sink;
	return err;
}

int sink_csv__add(struct sink *sink, const void *record)
{
	const struct sink_csv_column *column = sink->format->columns;
	const struct sink_csv_column *end = column + sink->format->column_cnt;
	int err;

	csv_row__begin(&sink->row);
	for (; column < end; column++)
		column->put(&sink->row, (const char *)record + column->offset);
	err = csv_row__end(&sink->row);
	return err ? err : datafile__append(sink->file, sink->row.data, sink->row.sz);
}

int sink_csv__flush(struct sink *sink, uint64_t now_ns, bool last, struct fault *why)
{
	return datafile__flush(sink->file, now_ns, last, why);
}

size_t sink_csv__pending(const struct sink *sink)
{
	return datafile__pending(sink->file);
}

bool sink_csv__has_room(const struct sink *sink)
{
	return datafile__has_room(sink->file);
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
