/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "path_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* IN_EXCL_UNLINK: temporary files that nobody can find any more say nothing. */
#define FOLDER_EVENTS                                                                              \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |     \
	 IN_ONLYDIR | IN_EXCL_UNLINK)
/* A copy is complete when it is closed; a new program can be run when its mode is set. */
#define LAST_FOLDER_EVENTS (FOLDER_EVENTS | IN_CLOSE_WRITE | IN_ATTRIB)

#define LINKS_MAX 40 /* as path_resolution(7) */
#define STEPS_MAX 1024

struct walk {
	struct inotify_set *set;
	int root_fd;
	int folder_fd;
	unsigned int link_cnt;
	char rest[2 * PATH_MAX]; /* of the path */
	struct path_step *steps;
	size_t step_cnt;
	struct path_found found;
	int err; /* the first trouble; the walk goes on where it can */
	struct fault *why;
};

static void walk__fail(struct walk *walk, int err, const char *name)
{
	if (!walk->err)
		walk->err = fault__set(walk->why, err, "%s: %s", name, strerror(-err));
}

static void set_found(struct path_found *found, const struct stat *st)
{
	*found = (struct path_found) {
		.exists = true,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.changed = st->st_ctim,
	};
}

static void free_steps(struct path_step *steps, size_t cnt, struct inotify_set *set)
{
	for (size_t i = 0; i < cnt; i++) {
		if (steps[i].wd >= 0)
			inotify_set__drop(set, steps[i].wd);
		free(steps[i].name);
	}
	free(steps);
}

/* Watches the folder for this name. */
static int walk__watch(struct walk *walk, const char *name, bool last)
{
	struct path_step *grown = reallocarray(walk->steps, walk->step_cnt + 1, sizeof(*grown));
	struct path_step step = { .wd = -1, .last = last, .name = strdup(name) };
	struct fault why = {};
	int err;

	if (grown)
		walk->steps = grown;
	if (!grown || !step.name) {
		free(step.name);
		walk__fail(walk, -ENOMEM, name);
		return -ENOMEM;
	}
	err = inotify_set__take(walk->set, walk->folder_fd,
				last ? LAST_FOLDER_EVENTS : FOLDER_EVENTS, &step.wd, &why);
	if (err && !walk->err)
		walk->err = fault__set(walk->why, err, "%s", why.text);
	walk->steps[walk->step_cnt++] = step;
	return 0;
}

static bool means_missing(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -ENAMETOOLONG ||
	       err == -ELOOP || err == -ESTALE;
}

/* Goes to the folder that was just opened; if it could not be, errno still says why. */
static bool walk__enter(struct walk *walk, int fd, const char *name)
{
	if (fd < 0) {
		if (!means_missing(-errno))
			walk__fail(walk, -errno, name);
		return false;
	}
	close(walk->folder_fd);
	walk->folder_fd = fd;
	return true;
}

/* ".." of the root is the root. True when the walk goes on. */
static bool walk__up(struct walk *walk)
{
	struct stat root, here;
	int fd;

	if (fstat(walk->root_fd, &root) || fstat(walk->folder_fd, &here))
		return false;
	if (root.st_dev == here.st_dev && root.st_ino == here.st_ino)
		return true;
	fd = openat(walk->folder_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return walk__enter(walk, fd, "..");
}

/* Puts the link's target before the rest of the path. */
static bool walk__follow(struct walk *walk, int link_fd, const char *rest)
{
	char path[sizeof(walk->rest)];
	size_t rest_sz = strlen(rest) + 1;
	ssize_t sz;
	int fd;

	sz = readlinkat(link_fd, "", path, PATH_MAX);
	if (sz <= 0 || ++walk->link_cnt > LINKS_MAX ||
	    (size_t)sz + 1 + rest_sz > sizeof(walk->rest))
		return false;
	path[sz] = '/';
	memcpy(path + sz + 1, rest, rest_sz);
	memcpy(walk->rest, path, (size_t)sz + 1 + rest_sz);
	if (path[0] != '/')
		return true;
	fd = fcntl(walk->root_fd, F_DUPFD_CLOEXEC, 0);
	return walk__enter(walk, fd, "/");
}

/* Watches for the name, looks at it, and goes there. True when the walk goes on. */
static bool walk__step(struct walk *walk, const char *name, const char *rest, bool last)
{
	struct stat st;
	int fd, err;

	if (walk->step_cnt >= STEPS_MAX || walk__watch(walk, name, last))
		return false;
	fd = openat(walk->folder_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		err = -errno;
		if (!means_missing(err))
			walk__fail(walk, err, name);
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (S_ISLNK(st.st_mode)) {
		bool followed = walk__follow(walk, fd, rest);

		close(fd);
		return followed;
	}
	if (S_ISDIR(st.st_mode) && !last) {
		memmove(walk->rest, rest, strlen(rest) + 1);
		return walk__enter(walk, fd, name);
	}
	close(fd);
	if (last)
		set_found(&walk->found, &st);
	return false;
}

/* Takes the first name off the rest of the path and goes there. */
static bool walk__next(struct walk *walk)
{
	const char *at = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(at, "/");
	char name[NAME_MAX + 1];
	struct stat st;
	bool on = true;

	if (!len) {
		if (!fstat(walk->folder_fd, &st))
			set_found(&walk->found, &st);
		return false;
	}
	if (len > NAME_MAX)
		return false;
	memcpy(name, at, len);
	name[len] = '\0';
	at += len;
	at += strspn(at, "/");
	if (strcmp(name, ".") && strcmp(name, ".."))
		return walk__step(walk, name, at, !*at);
	if (name[1])
		on = walk__up(walk);
	memmove(walk->rest, at, strlen(at) + 1);
	return on;
}

/* The whole way. A root that is gone is a way of no steps. */
static void walk__go(struct walk *walk, const char *root, const char *path)
{
	int err;

	strcpy(walk->rest, path); /* its length was checked at first */
	walk->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk->root_fd < 0) {
		err = -errno;
		if (!means_missing(err))
			walk__fail(walk, err, root);
		return;
	}
	walk->folder_fd = fcntl(walk->root_fd, F_DUPFD_CLOEXEC, 0);
	if (walk->folder_fd < 0) {
		walk__fail(walk, -errno, root);
	} else {
		while (walk__next(walk))
			;
		close(walk->folder_fd);
	}
	close(walk->root_fd);
}

static bool same_found(const struct path_found *a, const struct path_found *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->dev == b->dev && a->ino == b->ino && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

int path_watch__look(struct path_watch *watch, struct inotify_set *set, struct fault *why)
{
	struct walk walk = { .set = set, .why = why };

	walk__go(&walk, watch->root, watch->path);
	/* The new steps are taken before the old ones are dropped: what both have is watched
	 * without a gap. */
	free_steps(watch->steps, watch->step_cnt, set);
	watch->steps = walk.steps;
	watch->step_cnt = walk.step_cnt;
	if (watch->touched || !same_found(&watch->found, &walk.found))
		watch->changed = true;
	watch->found = walk.found;
	watch->suspect = false;
	watch->touched = false;
	return walk.err;
}

void path_watch__notice(struct path_watch *watch, const struct inotify_event *event)
{
	for (size_t i = 0; i < watch->step_cnt; i++) {
		const struct path_step *step = &watch->steps[i];

		if (step->wd != event->wd)
			continue;
		/* Without a name it is about the folder: moved, deleted, unmounted. */
		if (event->len && strcmp(event->name, step->name))
			continue;
		watch->suspect = true;
		if (event->len || !(event->mask & IN_ATTRIB))
			watch->touched = true;
	}
}

/* Most mounts have nothing to do with the path: what is found decides. Unless the receiver of a
 * report has looked since our last look: one mount may have come, and gone, before and after. */
void path_watch__notice_mounts(struct path_watch *watch, bool any)
{
	if (any) {
		watch->suspect = true;
		watch->touched |= watch->recent;
	}
	watch->recent = false;
}

int path_watch__new(struct inotify_set *set, const char *root, const char *path, uint64_t tag,
		    struct path_watch **ret_watch, struct fault *why)
{
	struct path_watch *watch;
	int err;

	if (path[0] != '/')
		return fault__set(why, -EINVAL, "%s: not an absolute path", path);
	if (strlen(path) >= PATH_MAX)
		return fault__set(why, -ENAMETOOLONG, "the path is too long");
	watch = calloc(1, sizeof(*watch));
	if (watch) {
		watch->tag = tag;
		watch->root = strdup(root);
		watch->path = strdup(path);
	}
	if (!watch || !watch->root || !watch->path) {
		path_watch__free(watch, set);
		return fault__set(why, -ENOMEM, "no memory");
	}
	err = path_watch__look(watch, set, why);
	if (err) {
		path_watch__free(watch, set);
		return fault__prefix(why, err, "%s", path);
	}
	watch->changed = false;
	watch->recent = true;
	*ret_watch = watch;
	return 0;
}

void path_watch__free(struct path_watch *watch, struct inotify_set *set)
{
	if (!watch)
		return;
	free_steps(watch->steps, watch->step_cnt, set);
	free(watch->root);
	free(watch->path);
	free(watch);
}
