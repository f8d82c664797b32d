/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../clock.h"
#include "in_use.h"

/* More live containers than these are forgotten in turn, and looked into again when they run
 * another program. */
#define VIEWS_MAX 1024
/* A look is followed by this many times its duration without one. */
#define REST 19

struct view {
	struct view_id id;
	pid_t pid; /* of a process that had this view last we knew */
	uint64_t looked_ns;
	bool due;
	bool ended;
	uint32_t *files; /* by target; NULL: nothing has been found */
};

struct views {
	struct view *items; /* the first one is our own */
	size_t cnt;
	size_t target_cnt;
	int timer_fd;
	uint64_t next_look_ns;
	uint64_t look_began_ns;
};

/* --- whose view ------------------------------------------------------------------------------ */

static void name_root(pid_t pid, char root[VIEW_ROOT_SZ])
{
	snprintf(root, VIEW_ROOT_SZ, "/proc/%d/root", (int)pid);
}

static bool has_view(pid_t pid, const struct view *view)
{
	struct view_id id;

	return !view_id__of(pid, &id) && view_id__same(&id, &view->id);
}

static int take_holder(void *ctx, pid_t pid, const struct view_id *id)
{
	struct view *view = ctx;

	if (!view_id__same(id, &view->id))
		return 0;
	view->pid = pid;
	return 1;
}

/* Is there still a process with this view? The one that we knew may have been a short one. */
static bool find_holder(struct view *view)
{
	return has_view(view->pid, view) || in_use__each_view(take_holder, view) == 1;
}

/* --- making ---------------------------------------------------------------------------------- */

int views__new(size_t target_cnt, struct views **ret_views, struct fault *why)
{
	struct views *views = calloc(1, sizeof(*views));
	int err;

	if (views)
		views->items = calloc(VIEWS_MAX, sizeof(*views->items));
	if (!views || !views->items) {
		free(views);
		return fault__set(why, -ENOMEM, "no memory");
	}
	views->target_cnt = target_cnt;
	views->cnt = 1;
	views->items[VIEW_OWN].pid = getpid();
	err = view_id__of(getpid(), &views->items[VIEW_OWN].id);
	if (err)
		fault__set(why, err, "/proc/%d: %s", (int)getpid(), strerror(-err));
	views->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!err && views->timer_fd < 0)
		err = fault__set(why, -errno, "timerfd: %s", strerror(errno));
	if (err) {
		views__free(views);
		return err;
	}
	*ret_views = views;
	return 0;
}

void views__free(struct views *views)
{
	if (!views)
		return;
	if (views->timer_fd >= 0)
		close(views->timer_fd);
	for (size_t i = 0; i < views->cnt; i++)
		free(views->items[i].files);
	free(views->items);
	free(views);
}

int views__grow(struct views *views, size_t target_cnt)
{
	for (size_t v = 0; v < views->cnt; v++) {
		struct view *view = &views->items[v];
		uint32_t *grown;

		if (!view->files)
			continue;
		grown = reallocarray(view->files, target_cnt, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		view->files = grown;
		for (size_t i = views->target_cnt; i < target_cnt; i++)
			grown[i] = VIEW_NOWHERE;
	}
	views->target_cnt = target_cnt;
	return 0;
}

void views__forget_target(struct views *views, uint32_t target)
{
	for (size_t v = 0; v < views->cnt; v++) {
		if (views->items[v].files)
			views->items[v].files[target] = VIEW_NOWHERE;
	}
}

int views__fd(const struct views *views)
{
	return views->timer_fd;
}

/* --- when to look ---------------------------------------------------------------------------- */

static void set_timer(const struct views *views)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t wait_ns = views->next_look_ns > now_ns ? views->next_look_ns - now_ns : 1;
	struct itimerspec spec = {};

	for (size_t i = 0; i < views->cnt; i++) {
		if (views->items[i].due)
			spec.it_value = (struct timespec) { .tv_sec = wait_ns / 1000000000,
							    .tv_nsec = wait_ns % 1000000000 };
	}
	timerfd_settime(views->timer_fd, 0, &spec, NULL);
}

static struct view *add_view(struct views *views, const struct view_id *id)
{
	struct view *oldest = &views->items[1];

	for (size_t i = 1; i < views->cnt; i++) {
		if (views->items[i].looked_ns < oldest->looked_ns)
			oldest = &views->items[i];
	}
	/* Behind the last one may lie what has been moved from there: that is not to be freed. */
	if (views->cnt < VIEWS_MAX)
		oldest = &views->items[views->cnt++];
	else
		free(oldest->files);
	*oldest = (struct view) { .id = *id };
	return oldest;
}

void views__want(struct views *views, pid_t pid)
{
	struct view *view = NULL;
	struct view_id id;

	if (view_id__of(pid, &id) || view_id__same(&id, &views->items[VIEW_OWN].id))
		return;
	for (size_t i = 1; !view && i < views->cnt; i++) {
		if (view_id__same(&id, &views->items[i].id))
			view = &views->items[i];
	}
	if (!view)
		view = add_view(views, &id);
	view->pid = pid;
	view->due = true;
	set_timer(views);
}

static int want_one(void *ctx, pid_t pid, const struct view_id *id)
{
	(void)id;
	views__want(ctx, pid);
	return 0;
}

void views__want_all(struct views *views)
{
	in_use__each_view(want_one, views);
}

void views__want_file(struct views *views, uint32_t file)
{
	for (size_t v = 1; v < views->cnt; v++) {
		struct view *view = &views->items[v];

		for (size_t i = 0; view->files && i < views->target_cnt; i++)
			view->due |= view->files[i] == file;
	}
	set_timer(views);
}

bool views__take(struct views *views, uint32_t *ret_view, char root[VIEW_ROOT_SZ])
{
	struct view *next = NULL;

	if (clock_monotonic_ns() < views->next_look_ns) {
		set_timer(views);
		return false;
	}
	views->look_began_ns = clock_monotonic_ns();
	for (size_t i = 1; i < views->cnt; i++) {
		struct view *view = &views->items[i];

		if (view->due && (!next || view->looked_ns < next->looked_ns))
			next = view;
	}
	if (next)
		next->due = false;
	if (!next || !find_holder(next)) {
		views__looked(views);
		return false;
	}
	next->looked_ns = views->look_began_ns;
	*ret_view = next - views->items;
	name_root(next->pid, root);
	return true;
}

void views__looked(struct views *views)
{
	uint64_t now_ns = clock_monotonic_ns();

	views->next_look_ns = now_ns + REST * (now_ns - views->look_began_ns);
	set_timer(views);
}

/* --- where things are ------------------------------------------------------------------------ */

uint32_t views__find(const struct views *views, uint32_t view, uint32_t target)
{
	const uint32_t *files = views->items[view].files;

	return files ? files[target] : VIEW_NOWHERE;
}

int views__put(struct views *views, uint32_t number, uint32_t target, uint32_t file)
{
	struct view *view = &views->items[number];

	if (!view->files && file == VIEW_NOWHERE)
		return 0;
	if (!view->files) {
		view->files = calloc(views->target_cnt, sizeof(*view->files));
		if (!view->files)
			return -ENOMEM;
		for (size_t i = 0; i < views->target_cnt; i++)
			view->files[i] = VIEW_NOWHERE;
	}
	view->files[target] = file;
	return 0;
}

void views__mark(const struct views *views, bool *named, size_t file_cnt)
{
	for (size_t v = 0; v < views->cnt; v++) {
		const uint32_t *files = views->items[v].files;

		for (size_t i = 0; files && i < views->target_cnt; i++) {
			if (files[i] < file_cnt)
				named[files[i]] = true;
		}
	}
}

static int note_alive(void *ctx, pid_t pid, const struct view_id *id)
{
	struct views *views = ctx;

	for (size_t i = 1; i < views->cnt; i++) {
		if (!view_id__same(id, &views->items[i].id))
			continue;
		views->items[i].pid = pid;
		views->items[i].ended = false;
	}
	return 0;
}

void views__forget_ended(struct views *views)
{
	bool any = false;

	for (size_t i = 1; i < views->cnt; i++) {
		views->items[i].ended = !has_view(views->items[i].pid, &views->items[i]);
		any |= views->items[i].ended;
	}
	if (!any || in_use__each_view(note_alive, views))
		return;
	for (size_t i = 1; i < views->cnt;) {
		if (!views->items[i].ended) {
			i++;
			continue;
		}
		free(views->items[i].files);
		views->items[i] = views->items[--views->cnt];
	}
}
