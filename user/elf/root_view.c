/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "root_view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One that raced with a rename on its way wants to be called again, says openat2(2). */
#define RACES_MAX 16

int root_view__open(struct root_view *view, const char *root, struct fault *why)
{
	int err;

	*view = (struct root_view) { .root = root, .fd = -1 };
	if (!root)
		return 0;
	view->fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (view->fd >= 0)
		return 0;
	err = -errno;
	return fault__set(why, err, "%s: %s", root, strerror(-err));
}

void root_view__close(struct root_view *view)
{
	if (view->fd >= 0)
		close(view->fd);
	view->fd = -1;
}

int root_view__find(const struct root_view *view, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd, err = -EAGAIN;

	if (!view->root) {
		fd = open(path, O_PATH | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	for (int tries = 0; tries < RACES_MAX && err == -EAGAIN; tries++) {
		fd = (int)syscall(SYS_openat2, view->fd, path, &how, sizeof(how));
		if (fd >= 0)
			return fd;
		err = -errno;
	}
	return err;
}

static int check_regular(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

int root_view__open_file(const struct root_view *view, const char *path)
{
	char link[32];
	int found, fd, err;

	found = root_view__find(view, path);
	if (found < 0)
		return found;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	err = check_regular(found);
	fd = err ? -1
		 : open(view->root ? link : path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (!err)
		err = fd < 0 ? -errno : check_regular(fd); /* the name may mean another by now */
	close(found);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}
