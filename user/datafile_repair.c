/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "datafile_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv_rows.h"
#include "plural.h"

#define CHUNK_SZ (64 * 1024)

/* No row of ours comes near this. A longer tail without a row's end means that the walk lost its
 * way (a stray quote somewhere before) and whole rows are in it: that is not ours to throw away. */
#define TORN_ROW_MAX (1024 * 1024)

/* At least one byte unless the file ends; negative errno. */
static ssize_t read_at(int fd, char *data, size_t sz, uint64_t offset)
{
	ssize_t n;

	do {
		n = pread(fd, data, sz, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* A file that holds less than the first row fits if it is the beginning of it: torn, then. */
static int begins_with_first_row(const struct datafile *file, bool *ret_begins)
{
	const char *first_row = file->layout.first_row;
	size_t left = strlen(first_row);
	uint64_t offset = 0;
	char chunk[512];
	ssize_t n = 1;

	*ret_begins = true;
	while (left && n && *ret_begins) {
		n = read_at(file->fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk), offset);
		if (n < 0)
			return (int)n;
		*ret_begins = !memcmp(chunk, first_row + offset, (size_t)n);
		offset += (size_t)n;
		left -= (size_t)n;
	}
	return 0;
}

/* Walks through the whole file: a line feed says nothing about rows without all that is before. */
static int find_end(int fd, uint64_t *ret_whole, uint64_t *ret_sz)
{
	struct csv_walk walk = { 0 };
	uint64_t whole = 0, offset = 0;
	char *chunk = malloc(CHUNK_SZ);
	size_t done, row;
	ssize_t n;

	if (!chunk)
		return -ENOMEM;
	while ((n = read_at(fd, chunk, CHUNK_SZ, offset)) > 0) {
		done = 0;
		while ((row = csv_walk__row(&walk, chunk + done, (size_t)n - done))) {
			done += row;
			whole = offset + done;
		}
		offset += (size_t)n;
	}
	free(chunk);
	if (n < 0)
		return (int)n;
	*ret_whole = whole;
	*ret_sz = offset;
	return 0;
}

/* Does the one begin with all columns of the other, which has sz bytes without its line end? */
static bool has_columns(const char *names, const char *less, size_t sz)
{
	return !memcmp(names, less, sz) && names[sz] == ',';
}

bool datafile__has_only_columns(const struct datafile *file)
{
	const size_t end = strlen("\r\n");
	const char *wanted = file->layout.first_row;
	size_t wanted_sz = strlen(wanted), sz;
	struct csv_walk walk = { 0 };
	char *there = malloc(CHUNK_SZ);
	ssize_t n = there ? read_at(file->fd, there, CHUNK_SZ, 0) : -1;
	bool only = false;

	sz = n > 0 ? (size_t)n : 0;
	if (sz > end && sz < CHUNK_SZ && wanted_sz > end && csv_walk__row(&walk, there, sz) == sz)
		only = sz < wanted_sz ? has_columns(wanted, there, sz - end)
				      : has_columns(there, wanted, wanted_sz - end);
	free(there);
	return only;
}

int datafile__repair(struct datafile *file, struct fault *ret_unfit, struct fault *why)
{
	uint64_t whole = 0, sz = 0;
	bool begins;
	int err;

	err = begins_with_first_row(file, &begins);
	if (!err && !begins) {
		fault__set(ret_unfit, 0, "has other columns than are written now");
		return 0;
	}
	if (!err)
		err = find_end(file->fd, &whole, &sz);
	if (err)
		return datafile__fault(file, why, err, "cannot read");
	if (sz - whole > TORN_ROW_MAX) {
		fault__set(ret_unfit, 0, "no row ends in the last %" PRIu64 " bytes", sz - whole);
		return 0;
	}
	file->sz = whole;
	if (sz == whole)
		return 0;
	err = datafile__cut(file, why);
	if (err)
		return err;
	file->unsynced = true;
	datafile__notice(file, "%s: repaired a torn last row (%" PRIu64 " byte%s removed)",
			 file->layout.name, sz - whole, plural_s(sz - whole));
	return 0;
}
