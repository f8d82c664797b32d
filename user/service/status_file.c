/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../write_all.h"

#define MODE 0644

struct status_file {
	char *path;
	const char *name; /* in path */
	char *beside;	  /* the name of the file that is being written */
	int folder_fd;
	dev_t dev; /* of what was written last; ino 0: nothing */
	ino_t ino;
};

const char *status_file__path(const struct status_file *file)
{
	return file->path;
}

int status_file__folder_fd(const struct status_file *file)
{
	return file->folder_fd;
}

static int open_folder(struct status_file *file, struct fault *why)
{
	char *slash = strrchr(file->path, '/');
	char *folder = NULL;
	int err;

	file->name = slash ? slash + 1 : file->path;
	if (!*file->name || !strcmp(file->name, ".") || !strcmp(file->name, ".."))
		return fault__set(why, -EINVAL, "%s: not the name of a file", file->path);
	folder = slash ? strndup(file->path, slash - file->path + 1) : strdup(".");
	if (!folder || asprintf(&file->beside, ".%s.%d", file->name, (int)getpid()) < 0) {
		file->beside = NULL;
		free(folder);
		return fault__set(why, -ENOMEM, "no memory");
	}
	file->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = file->folder_fd < 0 ? -errno : 0;
	if (err)
		fault__set(why, err, "%s: %s", folder, strerror(-err));
	free(folder);
	return err;
}

/* Somebody may have mistyped the name of a file that he needs. */
static int check_replaceable(const struct status_file *file, struct fault *why)
{
	char head[sizeof(STATUS_FILE_HEAD)] = "";
	int fd = openat(file->folder_fd, file->name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool is_ours = false;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0) {
		is_ours = !fstat(fd, &st) && S_ISREG(st.st_mode) &&
			  (!st.st_size || (read(fd, head, sizeof(head) - 1) > 0 &&
					   !strcmp(head, STATUS_FILE_HEAD)));
		close(fd);
	}
	return is_ours ? 0
		       : fault__set(why, -EEXIST,
				    "%s: is there, and is no status file: not replaced",
				    file->path);
}

int status_file__open(const char *path, struct status_file **ret_file, struct fault *why)
{
	struct status_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return fault__set(why, -ENOMEM, "no memory");
	file->folder_fd = -1;
	file->path = strdup(path);
	err = file->path ? open_folder(file, why) : fault__set(why, -ENOMEM, "no memory");
	if (!err)
		err = check_replaceable(file, why);
	if (err) {
		status_file__close(file);
		return err;
	}
	*ret_file = file;
	return 0;
}

/* O_EXCL makes a new file or none: nothing that lies there under this name is ever written to. One
 * that a recorder of the same number left behind has to go first. */
static int write_beside(struct status_file *file, const char *data, size_t sz, struct stat *ret_st)
{
	int fd, err;

	if (unlinkat(file->folder_fd, file->beside, 0) && errno != ENOENT)
		return -errno;
	fd = openat(file->folder_fd, file->beside,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, sz, NULL);
	if (!err && (fchmod(fd, MODE) || fstat(fd, ret_st))) /* whatever the umask is */
		err = -errno;
	close(fd);
	return err;
}

int status_file__write(struct status_file *file, const char *data, size_t sz, struct fault *why)
{
	struct stat st;
	int err = write_beside(file, data, sz, &st);

	if (!err && renameat(file->folder_fd, file->beside, file->folder_fd, file->name))
		err = -errno;
	if (err) {
		unlinkat(file->folder_fd, file->beside, 0);
		return fault__set(why, err, "%s: %s", file->path, strerror(-err));
	}
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return 0;
}

void status_file__close(struct status_file *file)
{
	struct stat st;

	if (!file)
		return;
	if (file->ino && !fstatat(file->folder_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) &&
	    st.st_dev == file->dev && st.st_ino == file->ino)
		unlinkat(file->folder_fd, file->name, 0);
	if (file->folder_fd >= 0)
		close(file->folder_fd);
	free(file->beside);
	free(file->path);
	free(file);
}
