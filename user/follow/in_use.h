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

/*
 * Calls each once for every mount namespace but our own, with one process that lives in it: files
 * there are found below /proc/<pid>/root. Ends early when each returns non-zero, and returns that;
 * 0; or negative errno. Namespaces of processes that may not be looked into are passed over.
 */
int in_use__each_mount_namespace(int (*each)(void *ctx, pid_t pid, ino_t mount_namespace),
				 void *ctx);

#endif
