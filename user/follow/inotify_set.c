/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "inotify_set.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A storm of events in a watched folder must not keep the caller from its other work. */
#define READS_MAX 64

struct inotify_user {
	int wd;
	unsigned int users;
};

int inotify_set__open(struct inotify_set *set, struct fault *why)
{
	int err;

	set->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (set->fd >= 0)
		return 0;
	err = -errno;
	return fault__set(why, err, "inotify: %s%s", strerror(-err),
			  err == -EMFILE ? " (raise fs.inotify.max_user_instances with sysctl, or "
					   "the limit of open files)"
					 : "");
}

void inotify_set__close(struct inotify_set *set)
{
	if (set->fd >= 0)
		close(set->fd);
	free(set->items);
	*set = (struct inotify_set) { .fd = -1 };
}

static struct inotify_user *find(struct inotify_set *set, int wd)
{
	for (size_t i = 0; i < set->cnt; i++) {
		if (set->items[i].wd == wd)
			return &set->items[i];
	}
	return NULL;
}

static int refuse(int err, int fd, struct fault *why)
{
	char path[PATH_MAX] = "?", link[32];
	ssize_t sz;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	sz = readlink(link, path, sizeof(path) - 1);
	if (sz > 0)
		path[sz] = '\0';
	if (err == -ENOSPC)
		return fault__set(why, err,
				  "%s: cannot be watched: as many are watched as are allowed "
				  "(raise fs.inotify.max_user_watches with sysctl)",
				  path);
	return fault__set(why, err, "%s: cannot be watched: %s", path, strerror(-err));
}

int inotify_set__take(struct inotify_set *set, int fd, uint32_t mask, int *ret_wd,
		      struct fault *why)
{
	struct inotify_user *grown, *user;
	char link[32];
	int wd;

	grown = reallocarray(set->items, set->cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory");
	set->items = grown;
	/* Through the descriptor: what was opened is watched, whatever its name leads to now. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(set->fd, link, mask | IN_MASK_ADD);
	if (wd < 0)
		return refuse(-errno, fd, why);
	user = find(set, wd);
	if (!user) {
		user = &set->items[set->cnt++];
		*user = (struct inotify_user) { .wd = wd };
	}
	user->users++;
	*ret_wd = wd;
	return 0;
}

/* A watch that the kernel has ended (IN_IGNORED) is removed here for nothing: numbers are given
 * out in turn, so it has not become another one's. */
void inotify_set__drop(struct inotify_set *set, int wd)
{
	struct inotify_user *user = find(set, wd);

	if (!user || --user->users)
		return;
	*user = set->items[--set->cnt];
	inotify_rm_watch(set->fd, wd);
}

void inotify_set__read(struct inotify_set *set,
		       void (*each)(void *ctx, const struct inotify_event *event), void *ctx)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	ssize_t sz;

	for (int reads = 0; reads < READS_MAX; reads++) {
		sz = read(set->fd, buf, sizeof(buf));
		if (sz <= 0)
			return;
		for (ssize_t at = 0; at < sz; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(buf + at);
			each(ctx, event);
		}
	}
}
