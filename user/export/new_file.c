/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "export/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(struct new_file *file)
{
	free(file->path);
	free(file->unfinished);
	*file = (struct new_file) {};
}

static bool is_written_in_place(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* Nothing is wrong with the name of the unfinished file then, which nobody has heard of. */
static bool is_of_folder(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -EROFS;
}

static int create(struct new_file *file, struct fault *why)
{
	const char *name = file->unfinished ? file->unfinished : file->path;
	/* a link in its place may have been laid by somebody else */
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (file->unfinished ? O_NOFOLLOW : 0);
	int fd = open(name, flags, 0666);
	int err;

	file->out = fd >= 0 ? fdopen(fd, "w") : NULL;
	err = file->out ? 0 : -errno;
	if (err && fd >= 0)
		close(fd);
	return err ? fault__set(why, err, "%s: cannot create: %s",
				is_of_folder(err) ? file->path : name, strerror(-err))
		   : 0;
}

int new_file__open_as(struct new_file *file, const char *path, const char *unfinished,
		      struct fault *why)
{
	int err;

	*file = (struct new_file) { .path = strdup(path) };
	file->unfinished = unfinished ? strdup(unfinished) : NULL;
	if (file->path && (file->unfinished || !unfinished))
		err = create(file, why);
	else
		err = fault__set(why, -ENOMEM, "no memory");
	if (err)
		forget(file);
	return err;
}

int new_directory(const char *path, struct fault *why)
{
	int err;

	if (!mkdir(path, 0777) || errno == EEXIST)
		return 0;
	err = -errno;
	return fault__set(why, err, "%s: cannot create: %s", path, strerror(-err));
}

int new_file__open(struct new_file *file, const char *path, struct fault *why)
{
	char *unfinished;
	int err;

	if (!path) {
		*file = (struct new_file) { .out = stdout, .path = strdup("standard output") };
		return file->path ? 0 : fault__set(why, -ENOMEM, "no memory");
	}
	if (is_written_in_place(path))
		return new_file__open_as(file, path, NULL, why);
	if (asprintf(&unfinished, "%s.tmp", path) < 0)
		return fault__set(why, -ENOMEM, "no memory");
	err = new_file__open_as(file, path, unfinished, why);
	free(unfinished);
	return err;
}

static int flush(struct new_file *file)
{
	/* a write that failed has left its mark, and an errno that is long gone */
	if (ferror(file->out))
		return -EIO;
	if (fflush(file->out))
		return -errno;
	if (file->unfinished && fsync(fileno(file->out)))
		return -errno;
	return 0;
}

int new_file__finish(struct new_file *file, struct fault *why)
{
	int err = flush(file);

	if (file->out != stdout && fclose(file->out) && !err)
		err = -errno;
	file->out = NULL;
	if (!err && file->unfinished && rename(file->unfinished, file->path))
		err = -errno;
	if (err) {
		fault__set(why, err, "%s: cannot write: %s", file->path, strerror(-err));
		if (file->unfinished)
			unlink(file->unfinished);
	}
	forget(file);
	return err;
}

void new_file__abandon(struct new_file *file)
{
	if (file->out == stdout)
		__fpurge(stdout); /* what has not been written need not be */
	else if (file->out)
		fclose(file->out);
	if (file->unfinished)
		unlink(file->unfinished);
	forget(file);
}
