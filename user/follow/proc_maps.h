/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files that a process has mapped for execution, from its /proc/<pid>/maps. */
#ifndef TACHO_USER_FOLLOW_PROC_MAPS_H
#define TACHO_USER_FOLLOW_PROC_MAPS_H

#include <stdint.h>
#include <sys/types.h>

/* Device and inode as the kernel has them here: on overlayfs and btrfs, stat(2) shows another
 * device. */
struct proc_mapping {
	uint64_t start;
	uint64_t end;
	dev_t dev;
	ino_t ino;
};

/*
 * Calls each for every executable mapping of a file until it returns non-zero; returns that, 0, or
 * negative errno: -ESRCH for a process without memory of its own (a kernel thread, one that ends or
 * whose first thread has ended). fd is /proc/<pid>/maps, open and not yet read.
 */
int proc_maps__each(int fd, int (*each)(void *ctx, const struct proc_mapping *mapping), void *ctx);

/* Likewise, in the only way there was before Linux 6.11 (reading the text): 3 times the time. */
int proc_maps__each_by_text(int fd, int (*each)(void *ctx, const struct proc_mapping *mapping),
			    void *ctx);

#endif
