/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One watched path: the way to it as it was at the last look, and what was found at its end.
 *
 * The way to /opt/app/lib/x.so where app is a link to app-2:
 *
 *     folder      name      where the name is looked up is watched, for that name
 *     /           opt
 *     /opt        app       the link itself
 *     /opt        app-2
 *     /opt/app-2  lib
 *     .../lib     x.so      last: what is written into the file is of interest, too
 *
 * The way ends early where something is missing. Whatever changes the meaning of the path happens
 * to one of these names, or is a mount.
 */
#ifndef TACHO_USER_FOLLOW_PATH_WATCH_H
#define TACHO_USER_FOLLOW_PATH_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "../fault.h"
#include "inotify_set.h"

struct path_step {
	int wd; /* -1: it could not be watched */
	bool last;
	char *name;
};

struct path_found {
	bool exists;
	dev_t dev;
	ino_t ino;
	struct timespec changed; /* inode numbers are used again at once */
};

struct path_watch {
	uint64_t tag;
	char *root;
	char *path;
	struct path_step *steps;
	size_t step_cnt;
	struct path_found found;
	bool suspect; /* it may have changed: look again */
	bool touched; /* it has changed, even if what is found is what was found before: between
			 two looks of ours the receiver of a report may have looked, too */
	bool changed; /* to be reported */
	bool recent;  /* the receiver has looked, or will, after the last look of ours */
};

int path_watch__new(struct inotify_set *set, const char *root, const char *path, uint64_t tag,
		    struct path_watch **ret_watch, struct fault *why);
void path_watch__free(struct path_watch *watch, struct inotify_set *set);

/* If the event (any but an overflow) is about this path, it becomes suspect. */
void path_watch__notice(struct path_watch *watch, const struct inotify_event *event);

/* To be called once in each round: has something been mounted or unmounted somewhere? */
void path_watch__notice_mounts(struct path_watch *watch, bool any);

/* Goes the way anew, watching first and looking then, and sets changed. */
int path_watch__look(struct path_watch *watch, struct inotify_set *set, struct fault *why);

#endif
