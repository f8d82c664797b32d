/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the CSV sinks have in common: a sink is a file, a way of quoting and a table of columns. */
#ifndef TACHO_USER_SINK_CSV_H
#define TACHO_USER_SINK_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv.h"
#include "fault.h"
#include "sink.h"

struct sink_csv_column {
	const char *name;
	void (*put)(struct csv_row *row, const void *field);
	size_t offset; /* of the field, in the record */
};

struct sink_csv_format {
	const char *file_name;
	const char
		*headers_name; /* where the column names go; NULL: first row of the file itself */
	enum csv_quoting quoting;
	const struct sink_csv_column *columns;
	size_t column_cnt;
	/* Behind them comes a column for each of sink_options.capture_names: where in the record
	 * the `const char *const *` is that has their fields. 0: there are none. */
	size_t captured_offset;
	bool on_demand; /* the file is made when there is a row for it */
};

/* For the column tables. */
void sink_csv__put_u64(struct csv_row *row, const void *field);
void sink_csv__put_u32(struct csv_row *row, const void *field);
/* A const char *, as it is; NULL leaves the field empty. */
void sink_csv__put_text(struct csv_row *row, const void *field);
/* A const char * that anybody may have chosen, escaped (escape.h). */
void sink_csv__put_hostile_text(struct csv_row *row, const void *field);
/* Likewise, but escaped only where it is no UTF-8. */
void sink_csv__put_utf8_text(struct csv_row *row, const void *field);

/* For put functions: one decimal, rounded. Empty if it is no number, or so large that a double has
 * no decimals. */
void sink_csv__put_decimal(struct csv_row *row, double value);

/* format is borrowed for the life of the sink. A file that is made on demand and is there already
 * is opened at once, so that what is wrong with it is known before anything is recorded. */
int sink_csv__open(const struct sink_csv_format *format, const struct sink_options *options,
		   struct sink **ret_sink, struct fault *why);
/* sink_ops.more_columns of this format. */
int sink_csv__more_columns(const struct sink_csv_format *format, const struct sink_options *options,
			   char ***ret_names, size_t *ret_cnt);
/* record is what the columns' offsets count from. */
int sink_csv__add(struct sink *sink, const void *record);

/* These five are operations of a sink as they are. */
int sink_csv__flush(struct sink *sink, uint64_t now_ns, bool last, struct fault *why);
void sink_csv__set_options(struct sink *sink, const struct sink_options *options);
size_t sink_csv__pending(const struct sink *sink);
bool sink_csv__has_room(const struct sink *sink);
void sink_csv__free(struct sink *sink);

#define SINK_CSV_OPERATIONS                                                                        \
	.flush = sink_csv__flush, .pending = sink_csv__pending, .has_room = sink_csv__has_room,    \
	.free = sink_csv__free, .set_options = sink_csv__set_options

#endif
