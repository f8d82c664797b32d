/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that come, go and change while recording.
 *
 *   not there yet            watched; attached when it appears
 *   replaced (upgrade)       the new file is attached too; the old one is let go when nobody has it
 *                            open any more
 *   about to be written      its probes are taken away first, while the writer is held up; what has
 *                            been written is attached afterwards
 *   in a container, chroot   looked for through the root of a process in there, whenever one begins
 *                            to run a program
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../elf/locate.h"
#include "../follow/file_watch.h"
#include "../follow/in_use.h"
#include "../follow/views.h"
#include "../message.h"
#include "session_internal.h"

/* How often in a row a file may change between planning and attaching. */
#define LOOKS_MAX 3

int session__follow_fd(const struct session *s)
{
	return s->follow->epoll_fd;
}

/* --- looking again --------------------------------------------------------------------------- */

static void note_where(struct session *s, uint32_t view, uint32_t target, uint32_t binary)
{
	if (views__find(s->follow->views, view, target) == binary)
		return;
	if (views__put(s->follow->views, view, target, binary))
		message("record: no memory");
	session__expect_old_files(s);
}

static void tell_found(const struct session *s, uint32_t target, uint32_t number)
{
	const struct plan *plan = s->options->plan;
	const struct planned_binary *binary = &plan->binaries[number];
	const struct message_subject subject = {
		.id = MESSAGE_ID_ATTACHED,
		.state = plan->states[plan->targets[target].state].name,
		.binary = binary->path,
	};

	if (!prober__is_attached(s->prober, number))
		return;
	message_about(&subject, MESSAGE_INFO,
		      "record: state %s: %s%s%s: %s is attached (build-id %s)",
		      plan->states[plan->targets[target].state].name, binary->path,
		      binary->root ? " in " : "", binary->root ? binary->root : "",
		      plan->targets[target].ref->function,
		      *elf_file__build_id(binary->elf) ? elf_file__build_id(binary->elf) : "none");
}

/* A descriptor of the regular file that a view has there, or -1. */
static int open_target(const char *binary, const char *root)
{
	char *path = NULL;
	struct stat st;
	int fd = -1;

	if (root) {
		if (locate_binary_in(root, binary, &path, &fd, NULL))
			return -1;
	} else if (!locate_binary(binary, &path, NULL) && !stat(path, &st) && S_ISREG(st.st_mode)) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	free(path);
	return fd;
}

/* Does somebody write into it? FILE_WATCH_BUSY, and for our own view we are told when that has
 * finished; or another result of file_watch__ask_for_writers(); -ENOENT when there is no file. */
static int ask_for_writers(struct session *s, uint32_t target, const char *root)
{
	struct file_watch *watch = s->follow->watch;
	int fd = open_target(s->options->plan->targets[target].ref->binary, root);
	uint64_t tag = root ? ELSEWHERE_TAG : target;
	int got;

	if (fd < 0)
		return -ENOENT;
	got = file_watch__ask_for_writers(watch, fd, tag);
	close(fd);
	/* Other views are looked into again and again, and all have this tag. */
	if (root)
		file_watch__unguard(watch, tag);
	return got;
}

static void not_found(struct session *s, uint32_t view, uint32_t number, const char *root, int err,
		      const struct fault *why)
{
	struct planned_target *target = &s->options->plan->targets[number];
	bool was_there = views__find(s->follow->views, view, number) != VIEW_NOWHERE;
	bool *told_elsewhere = &s->follow->targets[number].told_elsewhere;
	const struct message_subject subject = {
		.id = err == -ENOENT ? MESSAGE_ID_PENDING : NULL,
		.state = s->options->plan->states[target->state].name,
		.binary = target->ref->binary,
		.err = err,
	};

	note_where(s, view, number, VIEW_NOWHERE);
	if (err == -ENOENT && (view != VIEW_OWN || !was_there))
		return;
	if (view == VIEW_OWN) {
		message_about(&subject, MESSAGE_WARNING, "record: %s%s",
			      err == -ENOENT ? "pending: " : "", why->text);
		target->pending = err == -ENOENT;
		target->waiting = *why;
		return;
	}
	/* Other views are looked into again and again. */
	if (!*told_elsewhere)
		message_about(&subject, MESSAGE_WARNING, "record: %s (in %s)", why->text, root);
	*told_elsewhere = true;
}

static int watch_libraries(struct session *s, struct fault *why)
{
	const struct plan *plan = s->options->plan;
	int err = 0;

	for (size_t i = 0; !err && i < plan->hook_cnt; i++) {
		uint32_t binary = plan->hooks[i].binary;

		if (!plan->binaries[binary].root)
			err = file_watch__add(s->follow->watch, plan->binaries[binary].path,
					      LIBRARY_TAG | binary, why);
	}
	return err;
}

/* -ESTALE: it changed meanwhile. */
static int look_once(struct session *s, uint32_t view, uint32_t number, const char *root)
{
	struct plan *plan = s->options->plan;
	size_t first_probe = plan->probe_cnt;
	size_t first_hook = plan->hook_cnt;
	struct fault why = {};
	uint32_t binary;
	int found, got;

	found = plan__look_again(plan, number, root, &binary, &why);
	if (found < 0) {
		got = ask_for_writers(s, number, root);
		/* What can be read of it now says nothing. */
		if (got == FILE_WATCH_BUSY)
			return 0;
		/* That may have been so between the two looks. */
		if (got != -ENOENT)
			found = plan__look_again(plan, number, root, &binary, &why);
	}
	if (found < 0) {
		not_found(s, view, number, root, found, &why);
		return 0;
	}
	note_where(s, view, number, binary);
	got = session__attach_new(s, first_probe, first_hook);
	if (plan->hook_cnt > first_hook && watch_libraries(s, &why))
		message("record: %s", why.text);
	/* It may have been known, and busy until now. */
	if (!got && !found)
		found = got = session__attach_or_give_up(s, binary);
	if (got >= 0 && found > 0)
		tell_found(s, number, binary);
	return got;
}

/* A relative path is one from our working directory, and means nothing in another root. */
static bool is_relative(const char *binary)
{
	return *binary != '/' && strchr(binary, '/');
}

static bool is_retired(const struct session *s, uint32_t target)
{
	return s->states[s->options->plan->targets[target].state].retired;
}

static void look_again(struct session *s, uint32_t view, uint32_t number, const char *root)
{
	if (is_retired(s, number))
		return;
	if (root && is_relative(s->options->plan->targets[number].ref->binary))
		return;
	for (int i = 0; i < LOOKS_MAX; i++) {
		if (look_once(s, view, number, root) != -ESTALE)
			return;
	}
}

/* The library cache may name other folders now, and other folders are to be watched then. */
static int watch_target(struct session *s, uint32_t number, struct fault *why)
{
	const struct function_ref *ref = s->options->plan->targets[number].ref;
	char **paths = NULL;
	size_t cnt = 0;
	int err;

	err = locate_candidates(ref->binary, &paths, &cnt, why);
	for (size_t i = 0; !err && i < cnt; i++)
		err = file_watch__add(s->follow->watch, paths[i], number, why);
	locate_candidates__free(paths, cnt);
	return err;
}

static void look_again_by_name(struct session *s, uint32_t number)
{
	struct fault why = {};

	if (is_retired(s, number))
		return;
	if (!strchr(s->options->plan->targets[number].ref->binary, '/') &&
	    watch_target(s, number, &why))
		message("record: %s", why.text);
	look_again(s, VIEW_OWN, number, NULL);
}

static void look_for_hooks(struct session *s)
{
	struct plan *plan = s->options->plan;
	size_t first_hook = plan->hook_cnt;
	struct fault why = {};

	if (plan__look_for_hooks(plan, &why))
		message("record: %s", why.text);
	session__attach_new(s, plan->probe_cnt, first_hook);
	if (watch_libraries(s, &why))
		message("record: %s", why.text);
}

/* --- what happens to files ------------------------------------------------------------------- */

bool session__has_hooks(const struct plan *plan, uint32_t binary)
{
	for (size_t i = 0; i < plan->hook_cnt; i++) {
		if (plan->hooks[i].binary == binary)
			return true;
	}
	return false;
}

/* A writer has finished. */
static void content_changed(struct session *s, uint32_t binary)
{
	struct plan *plan = s->options->plan;

	for (uint32_t i = 0; i < plan->target_cnt; i++) {
		if (views__find(s->follow->views, VIEW_OWN, i) == binary)
			look_again(s, VIEW_OWN, i, NULL);
	}
	views__want_file(s->follow->views, binary);
	if (!session__has_hooks(plan, binary))
		return;
	if (plan->binaries[binary].elf)
		session__attach_or_give_up(s, binary);
	look_for_hooks(s);
}

void session__about_to_be_written(struct session *s, uint32_t binary, bool already)
{
	bool attached = prober__is_attached(s->prober, binary);
	const struct message_subject subject = {
		.id = MESSAGE_ID_DETACHED,
		.binary = s->options->plan->binaries[binary].path,
	};

	session__detach_binary(s, binary);
	file_watch__release(s->follow->watch, GUARD_TAG | binary);
	if (!attached)
		return;
	message_about(&subject, MESSAGE_WARNING,
		      "record: %s: somebody %s it in place: its probes are taken away%s",
		      subject.binary, already ? "has written into" : "writes into",
		      already ? " (too late to be sure that nothing ran over them)" : "");
	plan__give_up(s->options->plan, binary);
}

static void on_file_event(void *ctx, enum file_watch_kind kind, uint64_t tag)
{
	struct session *s = ctx;
	uint32_t number = TAG_NUMBER(tag);

	if (tag == FLAG_TAG) {
		session__flag_changed(s);
	} else if (kind != FILE_WATCH_CHANGED) {
		if (tag & GUARD_TAG)
			session__about_to_be_written(s, number, kind == FILE_WATCH_WRITTEN);
	} else if (tag & GUARD_TAG) {
		content_changed(s, number);
	} else if (tag & LIBRARY_TAG) {
		look_for_hooks(s);
	} else {
		look_again_by_name(s, number);
	}
}

/* --- other views ----------------------------------------------------------------------------- */

static void look_into(struct session *s, uint32_t view, const char *root)
{
	for (uint32_t i = 0; i < s->options->plan->target_cnt; i++)
		look_again(s, view, i, root);
}

/* Those that have been asked for may be the only ones. */
static bool is_of_interest(const struct session *s, pid_t pid)
{
	for (size_t i = 0; i < s->options->pid_cnt; i++) {
		if (s->options->pids[i] == pid)
			return true;
	}
	return !s->options->pid_cnt;
}

void session__handle_exec(struct session *s, const struct tacho_exec *exec)
{
	if (s->follow && is_of_interest(s, exec->pid))
		views__want(s->follow->views, exec->pid);
}

/* Without the rests between looks: nothing is recorded yet. */
static int look_at_start(void *ctx, pid_t pid, const struct view_id *id)
{
	struct session *s = ctx;
	char root[VIEW_ROOT_SZ];
	uint32_t view;

	(void)id;
	views__want(s->follow->views, pid);
	while (views__take(s->follow->views, &view, root))
		look_into(s, view, root);
	return 0;
}

static void look_into_all(struct session *s)
{
	const struct session_options *o = s->options;

	for (size_t i = 0; i < o->pid_cnt; i++)
		look_at_start(s, o->pids[i], NULL);
	if (!o->pid_cnt && in_use__each_view(look_at_start, s))
		message("record: /proc cannot be read: programs in containers are found when they "
			"start, not those that run already");
}

int session__attach_all(struct session *s, struct fault *why)
{
	const struct plan *plan = s->options->plan;
	int err;

	err = session__prepare_attaching(s, why);
	for (uint32_t i = 0; err >= 0 && i < plan->binary_cnt; i++)
		err = session__attach_binary(s, i, why);
	if (err < 0)
		return err;
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];

		if (!plan->binaries[probe->binary].root)
			note_where(s, VIEW_OWN, probe->target, probe->binary);
	}
	look_into_all(s);
	return 0;
}

void session__handle_file_events(struct session *s)
{
	struct follow *f = s->follow;
	char root[VIEW_ROOT_SZ];
	struct fault why = {};
	uint32_t view;

	if (file_watch__dispatch(f->watch, on_file_event, s, &why))
		message("record: %s", why.text);
	if (!views__take(f->views, &view, root))
		return;
	look_into(s, view, root);
	views__looked(f->views);
}

/* --- beginning and end ----------------------------------------------------------------------- */

static int add_to_epoll(struct follow *f, int fd, struct fault *why)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return fault__set(why, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static int grow_targets(struct follow *f, size_t cnt)
{
	struct followed_target *grown;

	if (cnt <= f->target_cnt)
		return 0;
	grown = reallocarray(f->targets, cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + f->target_cnt, 0, (cnt - f->target_cnt) * sizeof(*grown));
	f->targets = grown;
	f->target_cnt = cnt;
	return f->views ? views__grow(f->views, cnt) : 0;
}

static int open_follow(struct follow *f, size_t target_cnt, struct fault *why)
{
	int err;

	if (grow_targets(f, target_cnt))
		return fault__set(why, -ENOMEM, "no memory");
	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->epoll_fd < 0)
		return fault__set(why, -errno, "epoll: %s", strerror(errno));
	err = file_watch__new(&f->watch, why);
	if (!err)
		err = add_to_epoll(f, file_watch__fd(f->watch), why);
	if (!err)
		err = views__new(target_cnt, &f->views, why);
	if (!err)
		err = add_to_epoll(f, views__fd(f->views), why);
	return err;
}

int session__start_following(struct session *s, struct fault *why)
{
	struct plan *plan = s->options->plan;
	int err;

	s->follow = calloc(1, sizeof(*s->follow));
	if (!s->follow)
		return fault__set(why, -ENOMEM, "no memory");
	s->follow->epoll_fd = -1;
	err = open_follow(s->follow, plan->target_cnt, why);
	session__expect_old_files(s);
	for (uint32_t i = 0; !err && i < plan->target_cnt; i++)
		err = watch_target(s, i, why);
	if (!err)
		err = watch_libraries(s, why);
	return err;
}

/* First watched, then looked for: it may come at any moment. */
void session__follow_states(struct session *s, const bool *states)
{
	const struct plan *plan = s->options->plan;
	struct fault why = {};
	bool any = false;

	if (grow_targets(s->follow, plan->target_cnt)) {
		message("record: no memory");
		return;
	}
	for (uint32_t i = 0; i < plan->target_cnt; i++) {
		if (!states[plan->targets[i].state])
			continue;
		any = true;
		if (watch_target(s, i, &why))
			message("record: %s", why.text);
		look_again(s, VIEW_OWN, i, NULL);
	}
	if (any && watch_libraries(s, &why))
		message("record: %s", why.text);
	if (any)
		views__want_all(s->follow->views);
}

void session__unfollow_states(struct session *s, const bool *states)
{
	const struct plan *plan = s->options->plan;

	for (uint32_t i = 0; i < s->follow->target_cnt; i++) {
		if (!states[plan->targets[i].state])
			continue;
		file_watch__remove(s->follow->watch, i);
		views__forget_target(s->follow->views, i);
		session__expect_old_files(s);
	}
}

void session__stop_following(struct session *s)
{
	struct follow *f = s->follow;

	if (!f)
		return;
	file_watch__free(f->watch);
	views__free(f->views);
	if (f->epoll_fd >= 0)
		close(f->epoll_fd);
	free(f->targets);
	free(f->placed);
	free(f);
	s->follow = NULL;
}
