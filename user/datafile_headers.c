/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The column names beside the data. Written to a temporary name first, so that a reader finds
 * either the old or the new ones, never a part.
 */
#include "datafile_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_dir.h"
#include "write_all.h"

static int write_new(const struct datafile *file, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(output_dir__fd(file->options.dir), name, flags, 0666);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, file->layout.headers, strlen(file->layout.headers), NULL);
	if (!err && datafile__syncs(file) && fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

int datafile__write_headers(struct datafile *file, struct fault *why)
{
	int dir_fd = output_dir__fd(file->options.dir);
	const char *name = file->layout.headers_name;
	char temporary[NAME_MAX + 1];
	int err = 0;

	if (!name)
		return 0;
	if (snprintf(temporary, sizeof(temporary), ".%s.tmp", name) > NAME_MAX)
		err = -ENAMETOOLONG;
	if (!err) {
		unlinkat(dir_fd, temporary, 0); /* a crash may have left it */
		err = write_new(file, temporary);
		if (!err && renameat(dir_fd, temporary, dir_fd, name))
			err = -errno;
		if (err)
			unlinkat(dir_fd, temporary, 0);
	}
	file->headers_due = err;
	if (err)
		return fault__set(why, err, "%s/%s: cannot write: %s",
				  output_dir__path(file->options.dir), name, strerror(-err));
	return datafile__sync_dir(file, why);
}

int datafile__keep_headers(struct datafile *file, struct fault *why)
{
	struct stat st;

	if (!file->layout.headers_name)
		return 0;
	if (!file->headers_due && (!fstatat(output_dir__fd(file->options.dir),
					    file->layout.headers_name, &st, AT_SYMLINK_NOFOLLOW) ||
				   errno != ENOENT))
		return 0;
	return datafile__write_headers(file, why);
}
