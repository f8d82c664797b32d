/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/data_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/csv_header.h"
#include "analysis/data_files.h"
#include "analysis/files_read.h"

struct data_reader {
	const struct data_layout *const *layouts;
	size_t layout_cnt;
	size_t headerless_cnt;
	void *ctx;
	const struct data_watch *watch;
	struct files_read files_read;

	/* of the file that is being read */
	const struct data_layout *layout;
	bool has_header;
	size_t column[DATA_COLUMNS_MAX];	   /* where the layout's columns are in the row */
	size_t field_cnt;			   /* of each row */
	size_t more_from;			   /* the first field of those by name */
	struct data_value more[CSV_FIELD_CNT_MAX]; /* the names are ours */
	size_t more_cnt;
	bool stopped; /* by a take: no failure of the reading */
};

struct data_reader *data_reader__new(const struct data_layout *const *layouts, size_t layout_cnt,
				     size_t headerless_cnt, void *ctx,
				     const struct data_watch *watch)
{
	static const struct data_watch nobody;
	struct data_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->layouts = layouts;
	reader->layout_cnt = layout_cnt;
	reader->headerless_cnt = headerless_cnt;
	reader->ctx = ctx;
	reader->watch = watch ? watch : &nobody;
	return reader;
}

static void forget_more(struct data_reader *reader)
{
	for (size_t i = 0; i < reader->more_cnt; i++)
		free((char *)reader->more[i].name);
	reader->more_cnt = 0;
}

void data_reader__free(struct data_reader *reader)
{
	if (!reader)
		return;
	forget_more(reader);
	files_read__free(&reader->files_read);
	free(reader);
}

/* --- header rows -------------------------------------------------------------------------- */

static void use_without_header(struct data_reader *reader, const struct data_layout *layout)
{
	forget_more(reader);
	reader->layout = layout;
	reader->has_header = false;
	reader->field_cnt = layout->column_cnt;
	for (size_t i = 0; i < layout->column_cnt; i++)
		reader->column[i] = i;
}

/* Is a row of so many fields one of another kind of file that has no header row? */
static bool try_without_header(struct data_reader *reader, size_t field_cnt)
{
	for (size_t i = 0; !reader->has_header && i < reader->headerless_cnt; i++) {
		if (reader->layouts[i]->column_cnt != field_cnt)
			continue;
		use_without_header(reader, reader->layouts[i]);
		return true;
	}
	return false;
}

/* Where the values by name begin. They may have any names, those of our columns among them; but if
 * one that must be there stands behind the last column, somebody has put them in another order. */
static size_t find_end(const struct csv_record *record, const struct data_layout *layout)
{
	size_t last;

	if (!layout->last_column)
		return record->field_cnt;
	last = csv_record__find(record, record->field_cnt, layout->last_column);
	if (last == CSV_NO_COLUMN)
		return record->field_cnt;
	for (size_t i = 0; i < layout->required_cnt; i++) {
		if (csv_record__find(record, last, layout->columns[i]) == CSV_NO_COLUMN)
			return record->field_cnt;
	}
	return last + 1;
}

static int name_more(struct data_reader *reader, const struct csv_record *record, size_t from)
{
	forget_more(reader);
	reader->more_from = from;
	for (size_t i = from; i < record->field_cnt; i++) {
		char *name = strdup(record->fields[i].text);

		if (!name)
			return -ENOMEM;
		reader->more[reader->more_cnt++] = (struct data_value) { .name = name };
	}
	return 0;
}

/* 1 if the record is a header row of this kind of file. */
static int try_layout(struct data_reader *reader, const struct data_layout *layout,
		      const struct csv_record *record)
{
	size_t end = find_end(record, layout);
	int err;

	if (!csv_record__find_all(record, end, layout->columns, layout->column_cnt,
				  layout->required_cnt, reader->column))
		return 0;
	err = name_more(reader, record, end);
	if (err)
		return err;
	reader->layout = layout;
	reader->has_header = true;
	reader->field_cnt = record->field_cnt;
	return 1;
}

static int try_header(struct data_reader *reader, const struct csv_record *record)
{
	int found = 0;

	for (size_t i = 0; !found && i < reader->layout_cnt; i++)
		found = try_layout(reader, reader->layouts[i], record);
	return found;
}

/* --- rows --------------------------------------------------------------------------------- */

static void refuse_row(const struct data_reader *reader, const struct csv_record *record,
		       const char *wrong)
{
	if (reader->watch->malformed)
		reader->watch->malformed(reader->watch->ctx, record->path, record->line,
					 record->line_cnt, wrong);
}

static int take_fields(struct data_reader *reader, const struct csv_record *record,
		       const char **ret_wrong)
{
	const char *values[DATA_COLUMNS_MAX];
	struct data_row row = { values, reader->more, reader->more_cnt };

	for (size_t i = 0; i < reader->layout->column_cnt; i++)
		values[i] = reader->column[i] == CSV_NO_COLUMN
				    ? NULL
				    : record->fields[reader->column[i]].text;
	for (size_t i = 0; i < reader->more_cnt; i++)
		reader->more[i].text = record->fields[reader->more_from + i].text;
	return reader->layout->take(reader->ctx, &row, ret_wrong);
}

static int take_row(struct data_reader *reader, const struct csv_record *record)
{
	const char *wrong = NULL;
	int found, err = 0;

	if (record->field_cnt != reader->field_cnt &&
	    !try_without_header(reader, record->field_cnt))
		wrong = "too few or too many fields";
	else if (reader->layout->take)
		err = take_fields(reader, record, &wrong);
	reader->stopped = err;
	/* A header row never passes for data that is taken: its names are no numbers. In files of
	 * which nothing is taken it has to be looked for. */
	if (!wrong && reader->layout->take)
		return err;
	found = try_header(reader, record);
	if (!found && wrong)
		refuse_row(reader, record, wrong);
	return found < 0 ? found : 0;
}

static int take_record(void *ctx, const struct csv_record *record)
{
	struct data_reader *reader = ctx;
	int found;

	switch (record->kind) {
	case CSV_RECORD_WHOLE:
		return take_row(reader, record);
	case CSV_RECORD_MALFORMED:
		refuse_row(reader, record, record->wrong);
		return 0;
	case CSV_RECORD_TORN:
		/* robot_activity_data_headers is a header row without a line end */
		found = try_header(reader, record);
		if (!found && reader->watch->torn)
			reader->watch->torn(reader->watch->ctx, record->path);
		return found < 0 ? found : 0;
	}
	return -EINVAL;
}

/* --- files -------------------------------------------------------------------------------- */

static int read_open_file(struct data_reader *reader, int fd, const char *path, struct fault *why)
{
	struct fault reading = {};
	enum file_met met;
	int err;

	reader->stopped = false;
	use_without_header(reader, reader->layouts[0]);
	err = files_read__note(&reader->files_read, fd, &met);
	if (err)
		return fault__set(why, err, "%s: cannot read: %s", path, strerror(-err));
	if (met == FILE_MET_AGAIN)
		return 0;
	err = csv_read_fd_telling(fd, path, take_record, reader, reader->watch->progress,
				  reader->watch->ctx, &reading);
	if (err && !reader->stopped)
		fault__set(why, err, "%s", *reading.text ? reading.text : strerror(-err));
	return err;
}

int data_reader__read_file(struct data_reader *reader, const char *path, struct fault *why)
{
	int fd, err;

	if (!strcmp(path, "-"))
		return read_open_file(reader, STDIN_FILENO, "standard input", why);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s: cannot open: %s", path, strerror(-err));
	}
	err = read_open_file(reader, fd, path, why);
	close(fd);
	return err;
}

int data_reader__read_parts(struct data_reader *reader, const char *dir, const char *name,
			    size_t *ret_cnt, struct fault *why)
{
	struct data_files files = {};
	int err;

	err = data_files__open(dir, name, &files, why);
	if (!err)
		*ret_cnt = files.cnt;
	for (size_t i = 0; !err && i < files.cnt; i++)
		err = read_open_file(reader, files.files[i].fd, files.files[i].path, why);
	data_files__close(&files);
	return err;
}
