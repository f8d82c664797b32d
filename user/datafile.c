/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows wait in file->rows until a flush. A flush makes sure of the place (datafile_place.c), then
 * writes; whatever goes wrong, a row is either wholly in the file and no longer in file->rows, or
 * the other way round, so that the next flush simply goes on.
 */
#include "datafile_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv_rows.h"
#include "output_dir.h"
#include "write_all.h"

#define FIRST_CAPACITY 4096
#define IDLE_CAPACITY_MAX (1024 * 1024) /* what a backlog needed is given back above this */
#define ORDINARY_ROW_SZ 1024

static bool is_disk_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT;
}

int datafile__fault(const struct datafile *file, struct fault *why, int err, const char *what)
{
	return fault__set(why, err, "%s/%s: %s: %s%s", output_dir__path(file->options.dir),
			  file->layout.name, what, strerror(-err),
			  is_disk_full(err) ? " (make room)" : "");
}

void datafile__notice(const struct datafile *file, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!file->options.notice)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	file->options.notice(file->options.notice_ctx, text);
}

int datafile__cut(struct datafile *file, struct fault *why)
{
	int err = 0;

	while (ftruncate(file->fd, (off_t)file->sz)) {
		if (errno == EINTR)
			continue;
		err = -errno;
		datafile__fault(file, why, err, "cannot cut off part of a row");
		break;
	}
	file->torn = err;
	return err;
}

/*
 * A short write says nothing about its cause, so the rest is tried at once: on a full disk it fails
 * with the errno we want to report. Where our bytes lie is what the file offset says, since with
 * O_APPEND somebody else may have written before us.
 */
int datafile__put(struct datafile *file, const char *rows, size_t sz, size_t *ret_put,
		  struct fault *why)
{
	size_t written;
	size_t whole = sz;
	off_t end;
	int err = write_all(file->fd, rows, sz, &written);

	if (err)
		whole = csv_rows__whole(rows, written);
	*ret_put = whole;
	if (written) {
		end = lseek(file->fd, 0, SEEK_CUR);
		file->sz = (uint64_t)end - written + whole;
		file->unsynced = true;
	}
	if (written > whole)
		datafile__cut(file, NULL);
	return err ? datafile__fault(file, why, err, "cannot write") : 0;
}

int datafile__sync(struct datafile *file, struct fault *why)
{
	int err;

	if (fdatasync(file->fd)) {
		err = -errno;
		return datafile__fault(file, why, err, "cannot sync");
	}
	file->unsynced = false;
	return 0;
}

int datafile__sync_dir(const struct datafile *file, struct fault *why)
{
	int err;

	if (!datafile__syncs(file) || !fsync(output_dir__fd(file->options.dir)))
		return 0;
	err = -errno;
	/* Some network and FUSE file systems do not know it for directories. */
	if (err == -EINVAL || err == -ENOSYS)
		return 0;
	return datafile__fault(file, why, err, "cannot sync the directory");
}

/* A full disk is no reason not to start: the first flush will say so, and later ones recover. */
int datafile__open(const struct datafile_layout *layout, const struct sink_options *options,
		   struct datafile **ret_file, struct fault *why)
{
	struct datafile *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return fault__set(why, -ENOMEM, "%s: out of memory", layout->name);
	file->layout = *layout;
	file->options = *options;
	file->fd = -1;
	err = datafile__take_place(file, why);
	if (err && !is_disk_full(err))
		goto out;
	err = datafile__write_headers(file, why);
	if (is_disk_full(err))
		err = 0;
out:
	if (err)
		datafile__free(file);
	else
		*ret_file = file;
	return err;
}

void datafile__free(struct datafile *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file->rows);
	free(file);
}

void datafile__set_options(struct datafile *file, const struct sink_options *options)
{
	sink_options__change(&file->options, options);
}

int datafile__append(struct datafile *file, const char *row, size_t sz)
{
	size_t capacity = file->rows_capacity ? file->rows_capacity : FIRST_CAPACITY;
	char *rows;

	if (sz > file->options.backlog_bytes || file->rows_sz > file->options.backlog_bytes - sz)
		return -ENOBUFS;
	while (capacity - file->rows_sz < sz)
		capacity *= 2;
	if (capacity != file->rows_capacity) {
		rows = realloc(file->rows, capacity);
		if (!rows)
			return -ENOMEM;
		file->rows = rows;
		file->rows_capacity = capacity;
	}
	memcpy(file->rows + file->rows_sz, row, sz);
	file->rows_sz += sz;
	return 0;
}

size_t datafile__pending(const struct datafile *file)
{
	struct csv_walk walk = { 0 };
	size_t cnt = 0;
	size_t at = 0;
	size_t row;

	while (at < file->rows_sz &&
	       (row = csv_walk__row(&walk, file->rows + at, file->rows_sz - at))) {
		at += row;
		cnt++;
	}
	return cnt;
}

bool datafile__has_room(const struct datafile *file)
{
	return file->options.backlog_bytes >= ORDINARY_ROW_SZ &&
	       file->rows_sz <= file->options.backlog_bytes - ORDINARY_ROW_SZ;
}

/* How many bytes of rows may go into the file as it is; 0 asks for a rotation. A row larger than
 * the limit gets a file of its own. */
static size_t fitting(const struct datafile *file, const char *rows, size_t sz)
{
	struct csv_walk walk = { 0 };
	uint64_t limit = file->options.rotate_bytes;
	uint64_t room = limit > file->sz ? limit - file->sz : 0;
	size_t whole;

	if (!limit || sz <= room)
		return sz;
	whole = csv_rows__whole(rows, (size_t)room);
	if (whole || !datafile__is_bare(file))
		return whole;
	whole = csv_walk__row(&walk, rows, sz);
	return whole ? whole : sz;
}

static void drop_rows(struct datafile *file, size_t sz)
{
	file->rows_sz -= sz;
	if (file->rows_sz) {
		memmove(file->rows, file->rows + sz, file->rows_sz);
	} else if (file->rows_capacity > IDLE_CAPACITY_MAX) {
		free(file->rows);
		file->rows = NULL;
		file->rows_capacity = 0;
	}
}

static int write_rows(struct datafile *file, uint64_t now_ns, struct fault *why)
{
	size_t done = 0;
	size_t batch, put;
	bool first;
	int err = 0;

	while (!err && done < file->rows_sz) {
		batch = fitting(file, file->rows + done, file->rows_sz - done);
		if (batch) {
			first = datafile__is_bare(file);
			err = datafile__put(file, file->rows + done, batch, &put, why);
			done += put;
			if (first && put)
				datafile__begin_age(file, now_ns);
		} else {
			err = datafile__rotate(file, why);
		}
	}
	drop_rows(file, done);
	return err;
}

/* A file that is merely old takes more rows if it cannot be renamed; the one that was to follow it,
 * and could not be begun, does not. */
static int rotate_and_write(struct datafile *file, uint64_t now_ns, struct fault *why)
{
	int rotate_err = 0, err = 0;

	if (datafile__is_old(file, now_ns))
		rotate_err = datafile__rotate(file, why);
	if (!rotate_err || !datafile__is_bare(file))
		err = write_rows(file, now_ns, rotate_err ? NULL : why);
	return rotate_err ? rotate_err : err;
}

static int sync_if_due(struct datafile *file, uint64_t now_ns, bool last, struct fault *why)
{
	int err;

	if (!datafile__syncs(file) || !file->unsynced || file->fd < 0)
		return 0;
	if (!last && now_ns - file->synced_ns < file->options.sync_ns)
		return 0;
	err = datafile__sync(file, why);
	if (!err)
		file->synced_ns = now_ns;
	return err;
}

int datafile__flush(struct datafile *file, uint64_t now_ns, bool last, struct fault *why)
{
	int err, sync_err;

	err = datafile__follow(file, why);
	if (!err)
		err = rotate_and_write(file, now_ns, why);
	sync_err = sync_if_due(file, now_ns, last, err ? NULL : why);
	if (!err)
		err = sync_err;
	if (!err)
		err = datafile__keep_headers(file, why);
	return err;
}
