/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rotation renames every file to the next higher number. So they are opened in that direction too,
 * newest first: a file that moves meanwhile is met again, and known by its inode, but never passed
 * by. All are held open until the last has been read.
 */
#include "analysis/data_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"

#define NUMBER_MAX 99999

/* 0 if the entry is not NAME.<number>, as rotation writes it. */
static uint64_t rotated_number(const char *entry, const char *name)
{
	size_t sz = strlen(name);
	uint64_t number;

	if (strncmp(entry, name, sz) || entry[sz] != '.' || entry[sz + 1] == '0' ||
	    parse_u64(entry + sz + 1, 1, NUMBER_MAX, &number))
		return 0;
	return number;
}

static int find_highest_number(const char *dir, const char *name, uint64_t *ret_number)
{
	DIR *listing = opendir(dir);
	uint64_t number, highest = 0;
	struct dirent *entry;
	int err;

	if (!listing)
		return -errno;
	for (errno = 0; (entry = readdir(listing)); errno = 0) {
		number = rotated_number(entry->d_name, name);
		if (number > highest)
			highest = number;
	}
	err = -errno;
	closedir(listing);
	if (!err)
		*ret_number = highest;
	return err;
}

static bool has(const struct data_files *files, const struct stat *st)
{
	for (size_t i = 0; i < files->cnt; i++) {
		if (files->files[i].dev == st->st_dev && files->files[i].ino == st->st_ino)
			return true;
	}
	return false;
}

/* Takes over fd and path, which are dropped if the file is there already. */
static int add(struct data_files *files, int fd, char *path)
{
	struct data_file *grown;
	struct stat st;
	int err = 0;

	if (fstat(fd, &st)) {
		err = -errno;
		goto drop;
	}
	if (has(files, &st))
		goto drop;
	grown = reallocarray(files->files, files->cnt + 1, sizeof(*grown));
	if (!grown) {
		err = -ENOMEM;
		goto drop;
	}
	files->files = grown;
	files->files[files->cnt++] =
		(struct data_file) { .fd = fd, .path = path, .dev = st.st_dev, .ino = st.st_ino };
	return 0;
drop:
	close(fd);
	free(path);
	return err;
}

static char *make_path(const char *dir, const char *name, uint64_t number)
{
	size_t sz = strlen(dir);
	const char *slash = sz && dir[sz - 1] == '/' ? "" : "/";
	char *path;
	int err;

	if (number)
		err = asprintf(&path, "%s%s%s.%" PRIu64, dir, slash, name, number);
	else
		err = asprintf(&path, "%s%s%s", dir, slash, name);
	return err < 0 ? NULL : path;
}

/* O_NONBLOCK: a FIFO of that name must not stop us. */
static int open_number(struct data_files *files, const char *dir, const char *name, uint64_t number,
		       bool *ret_found, struct fault *why)
{
	char *path = make_path(dir, name, number);
	int err, fd;

	if (!path)
		return fault__set(why, -ENOMEM, "%s: no memory", dir);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	err = fd < 0 ? -errno : 0;
	*ret_found = !err;
	if (err == -ENOENT) {
		free(path);
		return 0;
	}
	if (err) {
		fault__set(why, err, "%s: cannot open: %s", path, strerror(-err));
		free(path);
		return err;
	}
	err = add(files, fd, path);
	return err ? fault__set(why, err, "%s: cannot open %s: %s", dir, name, strerror(-err)) : 0;
}

static void turn_round(struct data_files *files)
{
	struct data_file swap;

	for (size_t i = 0; i < files->cnt / 2; i++) {
		swap = files->files[i];
		files->files[i] = files->files[files->cnt - 1 - i];
		files->files[files->cnt - 1 - i] = swap;
	}
}

int data_files__open(const char *dir, const char *name, struct data_files *ret_files,
		     struct fault *why)
{
	struct data_files files = {};
	uint64_t highest = 0;
	bool found = true;
	int err;

	err = find_highest_number(dir, name, &highest);
	if (err)
		return fault__set(why, err, "%s: cannot list: %s", dir, strerror(-err));
	/* found: a number that was free when the directory was listed may be taken now */
	for (uint64_t number = 0; !err && (number <= highest || found); number++)
		err = open_number(&files, dir, name, number, &found, why);
	if (err) {
		data_files__close(&files);
		return err;
	}
	turn_round(&files);
	*ret_files = files;
	return 0;
}

void data_files__close(struct data_files *files)
{
	for (size_t i = 0; i < files->cnt; i++) {
		close(files->files[i].fd);
		free(files->files[i].path);
	}
	free(files->files);
	*files = (struct data_files) {};
}
