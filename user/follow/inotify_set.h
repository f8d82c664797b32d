/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One inotify descriptor and what is watched with it: each inode once, however many need it. */
#ifndef TACHO_USER_FOLLOW_INOTIFY_SET_H
#define TACHO_USER_FOLLOW_INOTIFY_SET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>

#include "../fault.h"

struct inotify_set {
	int fd;
	struct inotify_user *items;
	size_t cnt;
};

int inotify_set__open(struct inotify_set *set, struct fault *why);
void inotify_set__close(struct inotify_set *set);

/* Watches what is open as fd (O_PATH will do; it need not stay open) for the events of mask, in
 * addition to what it is watched for already. Each take wants one drop. */
int inotify_set__take(struct inotify_set *set, int fd, uint32_t mask, int *ret_wd,
		      struct fault *why);
void inotify_set__drop(struct inotify_set *set, int wd);

/* Calls each for what is pending; when there is very much of it the descriptor stays readable. */
void inotify_set__read(struct inotify_set *set,
		       void (*each)(void *ctx, const struct inotify_event *event), void *ctx);

#endif
