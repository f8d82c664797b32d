/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct output_dir {
	char *path; /* absolute, as the user wrote it otherwise: symbolic links are kept */
	int fd;
};

static int absolute_path(const char *path, char **ret_path)
{
	char here[PATH_MAX];
	char *absolute;
	size_t sz;

	if (!*path)
		return -ENOENT;
	if (*path == '/')
		here[0] = '\0';
	else if (!getcwd(here, sizeof(here)))
		return -errno;
	sz = strlen(here) + 1 + strlen(path) + 1;
	absolute = malloc(sz);
	if (!absolute)
		return -ENOMEM;
	snprintf(absolute, sz, "%s%s%s", here, *path == '/' ? "" : "/", path);
	*ret_path = absolute;
	return 0;
}

/* Makes the directory and whichever of its parents are missing. */
static int make_directories(const char *path)
{
	char partial[PATH_MAX];
	size_t sz = strlen(path);

	if (sz >= sizeof(partial))
		return -ENAMETOOLONG;
	memcpy(partial, path, sz + 1);
	for (char *end = partial + 1; end <= partial + sz; end++) {
		if (*end != '/' && *end != '\0')
			continue;
		*end = '\0';
		if (mkdir(partial, 0755) && errno != EEXIST)
			return -errno;
		*end = path[end - partial];
	}
	return 0;
}

static int open_directory(const char *path, int *ret_fd)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = open(path, flags);
	int err;

	if (fd < 0 && errno == ENOENT) {
		err = make_directories(path);
		if (err)
			return err;
		fd = open(path, flags);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/*
 * Lines of /proc/locks read "1: FLOCK  ADVISORY  WRITE 812 08:01:131 0 EOF": the pid, then device
 * and inode. The device is that of the superblock, which on btrfs is not what stat(2) says, so that
 * a line with the right inode on another device is better than none. Locks held from outside our
 * pid namespace are not listed at all.
 */
static int find_lock_holder(int fd)
{
	struct stat st;
	unsigned int major_nr, minor_nr;
	uint64_t ino;
	char line[256];
	int holder = 0;
	int pid;
	FILE *locks;

	if (fstat(fd, &st))
		return 0;
	locks = fopen("/proc/locks", "re");
	if (!locks)
		return 0;
	while (fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%" SCNu64, &pid, &major_nr,
			   &minor_nr, &ino) != 4 ||
		    ino != st.st_ino)
			continue;
		holder = pid;
		if (makedev(major_nr, minor_nr) == st.st_dev)
			break;
	}
	fclose(locks);
	return holder;
}

static int lock_directory(int fd, const char *path, struct fault *why)
{
	char holder[32] = "its pid is not visible here";
	int pid;
	int err;

	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	err = -errno;
	if (err != -EWOULDBLOCK)
		return fault__set(why, err, "%s: cannot lock the directory: %s", path,
				  strerror(-err));
	pid = find_lock_holder(fd);
	if (pid > 0)
		snprintf(holder, sizeof(holder), "pid %d", pid);
	return fault__set(why, -EBUSY,
			  "%s: another recorder writes here: %s (stop it, or choose another "
			  "directory)",
			  path, holder);
}

/* Tried, since permission bits say nothing about read-only mounts, LSMs or /proc. That the disk is
 * full may pass, so that it is no reason to refuse. */
static int check_files_can_be_made(int fd, const char *path, struct fault *why)
{
	char name[32];
	int file, err;

	snprintf(name, sizeof(name), ".tacho.%d", getpid());
	file = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file >= 0) {
		close(file);
		unlinkat(fd, name, 0);
		return 0;
	}
	err = -errno;
	if (err == -ENOSPC || err == -EDQUOT || err == -EEXIST)
		return 0;
	return fault__set(why, err, "%s: cannot make files in the directory: %s", path,
			  strerror(-err));
}

static int open_and_lock(const char *path, int *ret_fd, struct fault *why)
{
	int fd = -1;
	int err;

	err = open_directory(path, &fd);
	if (err)
		return fault__set(why, err, "%s: cannot open or make the directory: %s", path,
				  strerror(-err));
	err = check_files_can_be_made(fd, path, why);
	if (!err)
		err = lock_directory(fd, path, why);
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

int output_dir__open(const char *path, struct output_dir **ret_dir, struct fault *why)
{
	struct output_dir *dir = calloc(1, sizeof(*dir));
	int err;

	if (!dir)
		return fault__set(why, -ENOMEM, "%s: out of memory", path);
	dir->fd = -1;
	err = absolute_path(path, &dir->path);
	if (err) {
		fault__set(why, err, "%s: no usable directory name: %s", path, strerror(-err));
		goto out;
	}
	err = open_and_lock(dir->path, &dir->fd, why);
out:
	if (err)
		output_dir__free(dir);
	else
		*ret_dir = dir;
	return err;
}

void output_dir__free(struct output_dir *dir)
{
	if (!dir)
		return;
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir->path);
	free(dir);
}

const char *output_dir__path(const struct output_dir *dir)
{
	return dir->path;
}

int output_dir__fd(const struct output_dir *dir)
{
	return dir->fd;
}

int output_dir__renew(struct output_dir *dir, bool *ret_renewed, struct fault *why)
{
	struct stat ours, named;
	int fd = -1;
	int err;

	if (fstat(dir->fd, &ours)) {
		err = -errno;
		return fault__set(why, err, "%s: %s", dir->path, strerror(-err));
	}
	if (!stat(dir->path, &named) && named.st_dev == ours.st_dev &&
	    named.st_ino == ours.st_ino) {
		*ret_renewed = false;
		return 0;
	}
	err = open_and_lock(dir->path, &fd, why);
	if (err)
		return err;
	close(dir->fd);
	dir->fd = fd;
	*ret_renewed = true;
	return 0;
}
