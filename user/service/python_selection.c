/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "python_selection.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../write_all.h"
#include "process_start.h"

#define FOLDER_MODE 0755
#define FILE_MODE 0644
#define PREFIX "recorder-"
#define NAME_SZ 64
#define TRIES 3 /* another recorder that begins may take what is not locked yet for a leftover */

struct python_selection {
	char *folder;
	int folder_fd;
	char beside[NAME_SZ]; /* "." and the name */
	int file_fd;	      /* holds the lock; -1: nothing is published */
};

static const char *name_of(const struct python_selection *selection)
{
	return selection->beside + 1;
}

/* --- the folder --------------------------------------------------------------------------------
 */

/* Whatever the umask is, programs of all users are to see it. */
static int make_folder(const char *path)
{
	if (mkdir(path, FOLDER_MODE))
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, FOLDER_MODE) ? -errno : 0;
}

static int make_folders(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *above;
	int err;

	if (!slash || slash == path || !access(path, F_OK))
		return make_folder(path);
	above = strndup(path, (size_t)(slash - path));
	if (!above)
		return -ENOMEM;
	err = make_folder(above);
	free(above);
	return err ? err : make_folder(path);
}

/* --- what was left behind ----------------------------------------------------------------------
 */

static bool is_of_a_recorder(const char *name)
{
	return !strncmp(name + (*name == '.'), PREFIX, strlen(PREFIX));
}

/* Whoever replaces a file locks the new one, renames it, and lets go of the old one: a name that
 * leads to what we have just locked is that of a recorder that is no more. */
static void remove_if_left(int folder_fd, const char *name)
{
	struct stat st, named;
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !flock(fd, LOCK_EX | LOCK_NB) &&
	    !fstatat(folder_fd, name, &named, AT_SYMLINK_NOFOLLOW) && st.st_dev == named.st_dev &&
	    st.st_ino == named.st_ino)
		unlinkat(folder_fd, name, 0);
	close(fd);
}

static int remove_leftovers(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!dir) {
		int err = -errno;

		if (fd >= 0)
			close(fd);
		return err;
	}
	while ((entry = readdir(dir))) {
		if (is_of_a_recorder(entry->d_name))
			remove_if_left(folder_fd, entry->d_name);
	}
	closedir(dir);
	return 0;
}

/* --- the file ----------------------------------------------------------------------------------
 */

int python_selection__open(const char *folder, struct python_selection **ret_selection,
			   struct fault *why)
{
	struct python_selection *selection = calloc(1, sizeof(*selection));
	uint64_t ticks = 0;
	int err;

	if (!selection || !(selection->folder = strdup(folder))) {
		free(selection);
		return fault__set(why, -ENOMEM, "no memory");
	}
	selection->folder_fd = selection->file_fd = -1;
	process_start_ticks(getpid(), &ticks);
	snprintf(selection->beside, sizeof(selection->beside), "." PREFIX "%d-%" PRIu64,
		 (int)getpid(), ticks);
	err = make_folders(folder);
	if (!err) {
		selection->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = selection->folder_fd < 0 ? -errno : remove_leftovers(selection->folder_fd);
	}
	if (!err && faccessat(selection->folder_fd, ".", W_OK | X_OK, AT_EACCESS))
		err = -errno;
	if (err) {
		python_selection__close(selection);
		return fault__set(why, err, "%s: %s", folder, strerror(-err));
	}
	*ret_selection = selection;
	return 0;
}

int python_selection__folder_fd(const struct python_selection *selection)
{
	return selection->folder_fd;
}

/* Nobody else may open it, and lock it, before we have. */
static int write_beside(struct python_selection *selection, const char *data, size_t sz,
			int *ret_fd)
{
	int folder_fd = selection->folder_fd;
	int fd, err;

	if (unlinkat(folder_fd, selection->beside, 0) && errno != ENOENT)
		return -errno;
	fd = openat(folder_fd, selection->beside,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = flock(fd, LOCK_EX | LOCK_NB) ? -EAGAIN : write_all(fd, data, sz, NULL);
	if (!err && (fchmod(fd, FILE_MODE) ||
		     renameat(folder_fd, selection->beside, folder_fd, name_of(selection))))
		err = errno == ENOENT ? -EAGAIN : -errno;
	if (err) {
		unlinkat(folder_fd, selection->beside, 0);
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static void withdraw(struct python_selection *selection)
{
	if (selection->file_fd < 0)
		return;
	unlinkat(selection->folder_fd, name_of(selection), 0);
	close(selection->file_fd);
	selection->file_fd = -1;
}

int python_selection__publish(struct python_selection *selection, const char *data, size_t sz,
			      struct fault *why)
{
	int err = -EAGAIN;
	int fd = -1;

	if (!sz) {
		withdraw(selection);
		return 0;
	}
	if (sz > PYTHON_SELECTION_SZ_MAX)
		return fault__set(why, -E2BIG,
				  "%s: the names of all functions have %zu bytes (at "
				  "most %d)",
				  selection->folder, sz, PYTHON_SELECTION_SZ_MAX);
	for (int i = 0; err == -EAGAIN && i < TRIES; i++)
		err = write_beside(selection, data, sz, &fd);
	if (err)
		return fault__set(why, err, "%s/%s: %s", selection->folder, name_of(selection),
				  strerror(-err));
	if (selection->file_fd >= 0)
		close(selection->file_fd);
	selection->file_fd = fd;
	return 0;
}

void python_selection__close(struct python_selection *selection)
{
	if (!selection)
		return;
	if (selection->folder_fd >= 0) {
		withdraw(selection);
		close(selection->folder_fd);
	}
	free(selection->folder);
	free(selection);
}
