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

#include "data_parts.h"

static int find_highest_number(const char *dir, const char *name, uint64_t *ret_number)
{
	DIR *listing = opendir(dir);
	struct data_part part;
	uint64_t highest = 0;
	struct dirent *entry;
	int err;

	if (!listing)
		return -errno;
	for (errno = 0; (entry = readdir(listing)); errno = 0) {
		if (data_part__parse_of(entry->d_name, name, &part) && part.number > highest)
			highest = part.number;
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

/* Takes over file.fd and .path, which are dropped if the file is there already. */
static int add(struct data_files *files, struct data_file file)
{
	struct data_file *grown;
	struct stat st;
	int err = 0;

	if (fstat(file.fd, &st)) {
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
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	file.modified = st.st_mtim;
	files->files = grown;
	files->files[files->cnt++] = file;
	return 0;
drop:
	close(file.fd);
	free(file.path);
	return err;
}

/* number 0: the file itself. */
static char *make_path(const char *dir, const char *name, struct data_part part)
{
	size_t sz = strlen(dir);
	const char *slash = sz && dir[sz - 1] == '/' ? "" : "/";
	char entry[NAME_MAX + 1];
	char *path;
	int err;

	if (part.number && data_part__entry(name, part, entry))
		return NULL;
	err = asprintf(&path, "%s%s%s", dir, slash, part.number ? entry : name);
	return err < 0 ? NULL : path;
}

/* O_NONBLOCK: a FIFO of that name must not stop us. */
static int open_part(struct data_files *files, const char *dir, const char *name,
		     struct data_part part, bool *ret_found, struct fault *why)
{
	char *path = make_path(dir, name, part);
	struct data_file file = { .path = path, .packed = part.compressed };
	int err;

	if (!path)
		return fault__set(why, -ENOMEM, "%s: no memory", dir);
	file.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	err = file.fd < 0 ? -errno : 0;
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
	err = add(files, file);
	return err ? fault__set(why, err, "%s: cannot open %s: %s", dir, name, strerror(-err)) : 0;
}

/* NAME.N.zst beside NAME.N has the same rows. It is made before the other is removed: looked for in
 * this order, one of them is found. */
static int open_number(struct data_files *files, const char *dir, const char *name, uint64_t number,
		       bool *ret_found, struct fault *why)
{
	struct data_part part = { .number = (unsigned int)number };
	int err = open_part(files, dir, name, part, ret_found, why);

	if (err || *ret_found || !number)
		return err;
	part.compressed = true;
	return open_part(files, dir, name, part, ret_found, why);
}

static bool is_replaced(const struct data_files *files, const struct data_file *file)
{
	struct stat st;

	if (file->packed || fstat(file->fd, &st) || st.st_nlink)
		return false;
	for (size_t i = 0; i < files->cnt; i++) {
		const struct timespec *modified = &files->files[i].modified;

		if (files->files[i].packed && modified->tv_sec == file->modified.tv_sec &&
		    modified->tv_nsec == file->modified.tv_nsec)
			return true;
	}
	return false;
}

/* A part that was packed, and then renamed, after we had opened it, is met again as another file:
 * it is gone, and the other has its moment of modification. */
static void drop_replaced(struct data_files *files)
{
	for (size_t i = 0; i < files->cnt;) {
		if (!is_replaced(files, &files->files[i])) {
			i++;
			continue;
		}
		close(files->files[i].fd);
		free(files->files[i].path);
		files->cnt--;
		memmove(&files->files[i], &files->files[i + 1],
			(files->cnt - i) * sizeof(*files->files));
	}
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
	drop_replaced(&files);
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
