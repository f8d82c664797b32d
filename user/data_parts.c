/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "data_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPRESSED_SZ (sizeof(DATA_PART_COMPRESSED) - 1)
#define NS_PER_S 1000000000LL

/* Where the number begins that text, sz bytes long, ends with; 0 if there is none of ours. */
static size_t find_number(const char *text, size_t sz, unsigned int *ret_number)
{
	unsigned int number = 0, unit = 1;
	size_t at = sz;

	while (at && text[at - 1] >= '0' && text[at - 1] <= '9') {
		at--;
		if (unit > DATA_PART_NUMBER_MAX)
			return 0;
		number += (unsigned int)(text[at] - '0') * unit;
		unit *= 10;
	}
	if (at == sz || text[at] == '0')
		return 0;
	*ret_number = number;
	return at;
}

bool data_part__parse(const char *entry, size_t *ret_name_sz, struct data_part *ret_part)
{
	size_t sz = strlen(entry);
	struct data_part part = {};
	size_t at;

	if (sz > COMPRESSED_SZ && !strcmp(entry + sz - COMPRESSED_SZ, DATA_PART_COMPRESSED)) {
		part.compressed = true;
		sz -= COMPRESSED_SZ;
	}
	at = find_number(entry, sz, &part.number);
	if (at < 2 || entry[at - 1] != '.')
		return false;
	*ret_name_sz = at - 1;
	*ret_part = part;
	return true;
}

bool data_part__parse_of(const char *entry, const char *name, struct data_part *ret_part)
{
	struct data_part part;
	size_t sz;

	if (!data_part__parse(entry, &sz, &part) || strlen(name) != sz || memcmp(entry, name, sz))
		return false;
	*ret_part = part;
	return true;
}

int data_part__entry(const char *name, struct data_part part, char ret_entry[NAME_MAX + 1])
{
	int sz = snprintf(ret_entry, NAME_MAX + 1, "%s.%u%s", name, part.number,
			  part.compressed ? DATA_PART_COMPRESSED : "");

	return sz < 0 || sz > NAME_MAX ? -ENAMETOOLONG : 0;
}

int data_parts__temporary(const char *name, char ret_entry[NAME_MAX + 1])
{
	int sz = snprintf(ret_entry, NAME_MAX + 1, ".%s%s.tmp", name, DATA_PART_COMPRESSED);

	return sz < 0 || sz > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* --- listing ------------------------------------------------------------------------------- */

struct listing {
	struct data_part_found *parts;
	size_t cnt;
	size_t capacity;
};

static int listing__add(struct listing *listing, struct data_part part, const struct stat *st)
{
	size_t capacity = listing->capacity ? 2 * listing->capacity : 16;
	struct data_part_found *grown;

	if (listing->cnt == listing->capacity) {
		grown = reallocarray(listing->parts, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		listing->parts = grown;
		listing->capacity = capacity;
	}
	listing->parts[listing->cnt++] = (struct data_part_found) {
		.part = part,
		.mode = st->st_mode,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.sz = (uint64_t)st->st_size,
		.modified_ns = st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec,
	};
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct data_part *a = &((const struct data_part_found *)left)->part;
	const struct data_part *b = &((const struct data_part_found *)right)->part;

	if (a->number != b->number)
		return a->number > b->number ? -1 : 1;
	return (int)a->compressed - (int)b->compressed;
}

/* A listing of its own: descriptors that were duplicated share the place in the directory. */
static int open_listing(int dir_fd, DIR **ret_dir)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = NULL;
	int err;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_dir = dir;
	return 0;
}

static int list(DIR *dir, const char *name, struct listing *listing)
{
	struct dirent *entry;
	struct data_part part;
	struct stat st;
	int err = 0;

	for (errno = 0; !err && (entry = readdir(dir)); errno = 0) {
		if (!data_part__parse_of(entry->d_name, name, &part))
			continue;
		if (!fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			err = listing__add(listing, part, &st);
		else if (errno != ENOENT)
			err = -errno;
	}
	return err ? err : -errno;
}

/* A name that moved while the directory was read may have been met twice. */
static void sort(struct listing *listing)
{
	struct data_part_found *parts = listing->parts;
	size_t kept = 0;

	if (!listing->cnt)
		return;
	qsort(parts, listing->cnt, sizeof(*parts), compare);
	for (size_t i = 0; i < listing->cnt; i++) {
		if (kept && !compare(&parts[kept - 1], &parts[i]))
			continue;
		parts[kept] = parts[i];
		parts[kept].redundant = kept &&
					parts[kept - 1].part.number == parts[i].part.number &&
					S_ISREG(parts[kept - 1].mode) && S_ISREG(parts[i].mode);
		kept++;
	}
	listing->cnt = kept;
}

int data_parts__list(int dir_fd, const char *name, struct data_part_found **ret_parts,
		     size_t *ret_cnt)
{
	struct listing listing = {};
	DIR *dir = NULL;
	int err;

	err = open_listing(dir_fd, &dir);
	if (err)
		return err;
	err = list(dir, name, &listing);
	closedir(dir);
	if (err) {
		free(listing.parts);
		return err;
	}
	sort(&listing);
	*ret_parts = listing.parts;
	*ret_cnt = listing.cnt;
	return 0;
}

/* --- one part ------------------------------------------------------------------------------ */

/* The type of what is there; 0 for nothing. */
static mode_t type_of(int dir_fd, const char *name, struct data_part part)
{
	char entry[NAME_MAX + 1];
	struct stat st;

	if (data_part__entry(name, part, entry) || fstatat(dir_fd, entry, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	return st.st_mode & S_IFMT;
}

bool data_parts__has(int dir_fd, const char *name, unsigned int number)
{
	return type_of(dir_fd, name, (struct data_part) { number, false }) ||
	       type_of(dir_fd, name, (struct data_part) { number, true });
}

static int remove_form(int dir_fd, const char *name, struct data_part part)
{
	char entry[NAME_MAX + 1];
	int err = data_part__entry(name, part, entry);

	if (!err && unlinkat(dir_fd, entry, 0) && errno != ENOENT)
		err = -errno;
	return err;
}

int data_parts__remove(int dir_fd, const char *name, unsigned int number)
{
	int err = remove_form(dir_fd, name, (struct data_part) { number, true });

	return err ? err : remove_form(dir_fd, name, (struct data_part) { number, false });
}

static int rename_form(int dir_fd, const char *name, struct data_part from, unsigned int to)
{
	char old[NAME_MAX + 1], new[NAME_MAX + 1];
	int err = data_part__entry(name, from, old);

	if (!err)
		err = data_part__entry(name, (struct data_part) { to, from.compressed }, new);
	if (!err && renameat(dir_fd, old, dir_fd, new))
		err = -errno;
	return err;
}

/* Where it is no part of anything: a crash may leave it there. */
static int put_aside(int dir_fd, const char *name, struct data_part redundant)
{
	char entry[NAME_MAX + 1], temporary[NAME_MAX + 1];
	int err = data_part__entry(name, redundant, entry);

	if (!err)
		err = data_parts__temporary(name, temporary);
	if (!err && renameat(dir_fd, entry, dir_fd, temporary))
		err = -errno;
	return err;
}

/* Two forms cannot be renamed in one step, and a crash between two steps would make them parts of
 * different numbers with the same rows. */
int data_parts__rename(int dir_fd, const char *name, unsigned int from, unsigned int to)
{
	struct data_part plain = { from, false }, compressed = { from, true };
	mode_t plain_type = type_of(dir_fd, name, plain);
	mode_t compressed_type = type_of(dir_fd, name, compressed);
	int err = 0;

	if (plain_type == S_IFREG && compressed_type == S_IFREG) {
		err = put_aside(dir_fd, name, compressed);
		compressed_type = 0;
	}
	if (!err && (plain_type || !compressed_type))
		err = rename_form(dir_fd, name, plain, to);
	if (!err && compressed_type)
		err = rename_form(dir_fd, name, compressed, to);
	return err;
}
