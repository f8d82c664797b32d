/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The name in the directory. Between two flushes anything may have happened to it: logrotate or a
 * person renamed the file, deleted it, emptied it, or took the whole directory away.
 */
#include "datafile_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data_parts.h"
#include "output_dir.h"
#include "plural.h"

static void let_go(struct datafile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->sz = 0;
	file->torn = false;
	file->unsynced = false;
	file->begun = false;
}

/* O_NONBLOCK: a FIFO in the file's place must not stop us. */
static int open_regular(struct datafile *file, struct fault *why)
{
	int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat st;
	int err;

	file->fd = openat(output_dir__fd(file->options.dir), file->layout.name, flags, 0666);
	if (file->fd < 0) {
		err = -errno;
		return datafile__fault(file, why, err,
				       err == -ELOOP ? "a symbolic link is not followed"
						     : "cannot open");
	}
	if (fstat(file->fd, &st))
		err = datafile__fault(file, why, -errno, "cannot open");
	else if (!S_ISREG(st.st_mode))
		err = datafile__fault(file, why, -EINVAL, "not a regular file");
	else
		err = st.st_size ? 0 : datafile__sync_dir(file, why);
	if (err)
		let_go(file);
	return err;
}

/* Files left from a time when more were kept. */
static void drop_numbers_beyond(const struct datafile *file, unsigned int keep)
{
	int dir_fd = output_dir__fd(file->options.dir);
	const char *name = file->layout.name;

	for (unsigned int number = keep + 1; data_parts__has(dir_fd, name, number); number++) {
		if (data_parts__remove(dir_fd, name, number))
			return;
	}
}

static int make_first_number_free(const struct datafile *file, unsigned int keep)
{
	int dir_fd = output_dir__fd(file->options.dir);
	const char *name = file->layout.name;
	unsigned int number = 1;
	int err = 0;

	while (number < keep && data_parts__has(dir_fd, name, number))
		number++;
	if (number == keep)
		err = data_parts__remove(dir_fd, name, keep);
	while (!err && --number)
		err = data_parts__rename(dir_fd, name, number, number + 1);
	return err;
}

/*
 * Frees the name: the file becomes NAME.1, NAME.1 becomes NAME.2 and so on. Only the numbers below
 * the first free one move, so that an attempt that failed half way, repeated, costs no old file; if
 * none is free, NAME.keep goes.
 */
static int rename_away(struct datafile *file, unsigned int keep, struct fault *why)
{
	const struct data_part first = { .number = 1 };
	int dir_fd = output_dir__fd(file->options.dir);
	char entry[NAME_MAX + 1];
	int err;

	err = data_part__entry(file->layout.name, first, entry);
	if (!err)
		err = make_first_number_free(file, keep);
	if (!err && renameat(dir_fd, file->layout.name, dir_fd, entry))
		err = -errno;
	if (err)
		return datafile__fault(file, why, err, "cannot rename to rotate");
	drop_numbers_beyond(file, keep);
	return 0;
}

static int remove_full(struct datafile *file, struct fault *why)
{
	int err;

	drop_numbers_beyond(file, 0);
	if (!unlinkat(output_dir__fd(file->options.dir), file->layout.name, 0))
		return 0;
	err = -errno;
	return datafile__fault(file, why, err, "cannot remove to rotate");
}

int datafile__rotate(struct datafile *file, struct fault *why)
{
	unsigned int keep = file->options.rotate_keep;
	int err = 0;

	if (!keep)
		err = remove_full(file, why);
	else if (datafile__syncs(file) && file->unsynced)
		err = datafile__sync(file, why);
	if (!err && keep)
		err = rename_away(file, keep, why);
	if (err)
		return err;
	let_go(file);
	return datafile__take_place(file, why);
}

/* It has nothing but columns, some more or fewer than the ones that are wanted: nobody misses it.
 */
static int remove_bare(struct datafile *file, struct fault *why)
{
	int err;

	if (unlinkat(output_dir__fd(file->options.dir), file->layout.name, 0)) {
		err = -errno;
		return datafile__fault(file, why, err, "cannot remove");
	}
	let_go(file);
	return open_regular(file, why);
}

/* The rows in it may be the only ones somebody has, so that it stays even if rotation keeps none,
 * and costs no older file its place. */
static int set_aside(struct datafile *file, const char *reason, struct fault *why)
{
	int err;

	if (datafile__has_only_columns(file))
		return remove_bare(file, why);
	err = rename_away(file, DATA_PART_NUMBER_MAX, why);
	if (err)
		return err;
	let_go(file);
	datafile__notice(file, "%s: %s; renamed to %s.1 and a new file begun", file->layout.name,
			 reason, file->layout.name);
	return open_regular(file, why);
}

static int begin_if_empty(struct datafile *file, struct fault *why)
{
	size_t put;

	if (file->sz || !*file->layout.first_row)
		return 0;
	return datafile__put(file, file->layout.first_row, strlen(file->layout.first_row), &put,
			     why);
}

/* Whatever is in the open file, makes it fit for our rows. If that fails it is closed: nothing may
 * be appended to it as it is. */
static int make_fit(struct datafile *file, struct fault *why)
{
	struct fault unfit = { 0 };
	int err = datafile__repair(file, &unfit, why);

	if (!err && *unfit.text)
		err = set_aside(file, unfit.text, why);
	if (err) {
		let_go(file);
		return err;
	}
	return begin_if_empty(file, why);
}

int datafile__take_place(struct datafile *file, struct fault *why)
{
	int err = open_regular(file, why);

	return err ? err : make_fit(file, why);
}

/* The name leads to the open file, which is now sz bytes long. */
static int follow_size(struct datafile *file, uint64_t sz, struct fault *why)
{
	int err;

	if (file->torn && sz > file->sz) {
		err = datafile__cut(file, why);
		return err ? err : begin_if_empty(file, why);
	}
	file->torn = false;
	if (sz < file->sz) {
		datafile__notice(file, "%s: cut short by somebody (%" PRIu64 " byte%s removed)",
				 file->layout.name, file->sz - sz, plural_s(file->sz - sz));
		return make_fit(file, why);
	}
	file->sz = sz;
	return begin_if_empty(file, why);
}

int datafile__follow(struct datafile *file, struct fault *why)
{
	struct stat ours, named;
	bool renewed;
	int err;

	err = output_dir__renew(file->options.dir, &renewed, why);
	if (err || file->fd < 0)
		return err ? err : datafile__take_place(file, why);
	if (fstat(file->fd, &ours))
		return datafile__fault(file, why, -errno, "cannot look at the file");
	if (!fstatat(output_dir__fd(file->options.dir), file->layout.name, &named,
		     AT_SYMLINK_NOFOLLOW)) {
		if (named.st_dev == ours.st_dev && named.st_ino == ours.st_ino)
			return follow_size(file, (uint64_t)ours.st_size, why);
	} else if (errno != ENOENT) {
		return datafile__fault(file, why, -errno, "cannot look at the file");
	}
	if (datafile__syncs(file) && file->unsynced)
		datafile__sync(file, NULL);
	let_go(file);
	datafile__notice(file, "%s: renamed or deleted by somebody; a new file begun",
			 file->layout.name);
	return datafile__take_place(file, why);
}
