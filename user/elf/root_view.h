/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files as this process sees them, or as the processes of another root do ("/proc/1234/root"): in
 * there absolute symbolic links and ".." lead nowhere else (openat2(2), RESOLVE_IN_ROOT).
 */
#ifndef TACHO_USER_ELF_ROOT_VIEW_H
#define TACHO_USER_ELF_ROOT_VIEW_H

#include "../fault.h"

struct root_view {
	const char *root; /* NULL: our own; borrowed */
	int fd;
};

int root_view__open(struct root_view *view, const char *root, struct fault *why);
void root_view__close(struct root_view *view);

/* The file as an O_PATH descriptor, which is not to open it: opening some devices does something.
 * Or negative errno. */
int root_view__find(const struct root_view *view, const char *path);

/* The regular file, open for reading. Or negative errno, -EINVAL when it is no regular file. */
int root_view__open_file(const struct root_view *view, const char *path);

#endif
