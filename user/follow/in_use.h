/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running processes have in use: files that they execute, and views of the file tree. */
#ifndef TACHO_USER_FOLLOW_IN_USE_H
#define TACHO_USER_FOLLOW_IN_USE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Does any process but this one have the file (as stat(2) identifies it) mapped for execution? A
 * replaced or deleted file stays in use by those who had it before. A look at one moment: who maps
 * it while we look may be missed, so ask again before an old file is given up. 0; 1 when it was not
 * found, but there were processes that may not be looked into (CAP_SYS_PTRACE); or negative errno.
 */
int file_in_use(dev_t dev, ino_t ino, bool *ret_in_use);

/* How a process sees the file tree: its mount namespace, and its root in there (chroot(2)). */
struct view_id {
	ino_t mount_namespace;
	dev_t root_dev;
	ino_t root_ino;
};

/* Negative errno when the process is gone or may not be looked into. */
int view_id__of(pid_t pid, struct view_id *ret_view);
bool view_id__same(const struct view_id *a, const struct view_id *b);

/*
 * Calls each once for every view but our own, with one process that has it: files there are found
 * below /proc/<pid>/root. Ends early when each returns non-zero, and returns that; 0; or negative
 * errno. Views of processes that may not be looked into are passed over.
 */
int in_use__each_view(int (*each)(void *ctx, pid_t pid, const struct view_id *view), void *ctx);

#endif
