/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "file_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guard.h"
#include "path_watch.h"

struct file_watch {
	struct inotify_set inodes;
	int epoll_fd;
	int signal_fd;
	int mounts_fd;
	int timer_fd;	  /* ticks while a guard is settling */
	int signo;	  /* announces writers */
	sigset_t blocked; /* by us */
	struct path_watch **paths;
	size_t path_cnt;
	struct guard **guards;
	size_t guard_cnt;
};

/* --- making -------------------------------------------------------------------------------- */

/* SIGIO's own action would end the process; it, too, is received and thrown away. */
static int take_signals(struct file_watch *watch, struct fault *why)
{
	struct sigaction action;
	sigset_t before, wanted;

	sigprocmask(SIG_BLOCK, NULL, &before);
	for (int signo = SIGRTMIN; signo <= SIGRTMAX && !watch->signo; signo++) {
		if (!sigismember(&before, signo) && !sigaction(signo, NULL, &action) &&
		    action.sa_handler == SIG_DFL)
			watch->signo = signo;
	}
	if (!watch->signo)
		return fault__set(why, -EBUSY, "every real-time signal is in use");
	sigemptyset(&wanted);
	sigaddset(&wanted, watch->signo);
	sigaddset(&wanted, SIGIO);
	watch->blocked = wanted;
	if (sigismember(&before, SIGIO))
		sigdelset(&watch->blocked, SIGIO);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	watch->signal_fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
	return watch->signal_fd < 0 ? fault__set(why, -errno, "signalfd: %s", strerror(errno)) : 0;
}

static int listen_to(struct file_watch *watch, int fd, uint32_t events, struct fault *why)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return fault__set(why, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static int open_all(struct file_watch *watch, struct fault *why)
{
	int err;

	err = inotify_set__open(&watch->inodes, why);
	if (!err)
		err = take_signals(watch, why);
	if (err)
		return err;
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch->timer_fd < 0)
		return fault__set(why, -errno, "timerfd: %s", strerror(errno));
	watch->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (watch->mounts_fd < 0)
		return fault__set(why, -errno, "/proc/self/mountinfo: %s", strerror(errno));
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll_fd < 0)
		return fault__set(why, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static int listen_to_all(struct file_watch *watch, struct fault *why)
{
	struct epoll_event event;
	int err;

	err = listen_to(watch, watch->inodes.fd, EPOLLIN, why);
	if (!err)
		err = listen_to(watch, watch->signal_fd, EPOLLIN, why);
	if (!err)
		err = listen_to(watch, watch->timer_fd, EPOLLIN, why);
	/* Mounts are announced by EPOLLPRI, once, to whoever asks first, and that may be the
	 * outer epoll; but they also wake, and it can always be read: so each edge is a change
	 * (as libmount does it). The first edge is none. */
	if (!err)
		err = listen_to(watch, watch->mounts_fd, EPOLLIN | EPOLLET, why);
	if (!err)
		epoll_wait(watch->epoll_fd, &event, 1, 0);
	return err;
}

int file_watch__new(struct file_watch **ret_watch, struct fault *why)
{
	struct file_watch *watch = calloc(1, sizeof(*watch));
	int err;

	if (!watch)
		return fault__set(why, -ENOMEM, "no memory");
	watch->inodes.fd = -1;
	watch->epoll_fd = -1;
	watch->signal_fd = -1;
	watch->mounts_fd = -1;
	watch->timer_fd = -1;
	err = open_all(watch, why);
	if (!err)
		err = listen_to_all(watch, why);
	if (err) {
		file_watch__free(watch);
		return err;
	}
	*ret_watch = watch;
	return 0;
}

/* Which file it was about is asked of the leases: SIGIO would not say. */
static bool read_away_signals(const struct file_watch *watch)
{
	struct signalfd_siginfo info[16];
	bool any = false;

	while (read(watch->signal_fd, info, sizeof(info)) > 0)
		any = true;
	return any;
}

void file_watch__free(struct file_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->guard_cnt; i++)
		guard__free(watch->guards[i], &watch->inodes);
	for (size_t i = 0; i < watch->path_cnt; i++)
		path_watch__free(watch->paths[i], &watch->inodes);
	/* No lease is left that could send another one; unblocked, one would end the process. */
	if (watch->signal_fd >= 0) {
		read_away_signals(watch);
		close(watch->signal_fd);
	}
	if (watch->signo)
		sigprocmask(SIG_UNBLOCK, &watch->blocked, NULL);
	if (watch->epoll_fd >= 0)
		close(watch->epoll_fd);
	if (watch->mounts_fd >= 0)
		close(watch->mounts_fd);
	if (watch->timer_fd >= 0)
		close(watch->timer_fd);
	inotify_set__close(&watch->inodes);
	free(watch->guards);
	free(watch->paths);
	free(watch);
}

int file_watch__fd(const struct file_watch *watch)
{
	return watch->epoll_fd;
}

/* --- what is watched ----------------------------------------------------------------------- */

int file_watch__add_in(struct file_watch *watch, const char *root, const char *path, uint64_t tag,
		       struct fault *why)
{
	struct path_watch **grown;
	int err;

	for (size_t i = 0; i < watch->path_cnt; i++) {
		const struct path_watch *known = watch->paths[i];

		if (known->tag == tag && !strcmp(known->path, path) && !strcmp(known->root, root))
			return 0;
	}
	grown = reallocarray(watch->paths, watch->path_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory");
	watch->paths = grown;
	err = path_watch__new(&watch->inodes, root, path, tag, &grown[watch->path_cnt], why);
	if (!err)
		watch->path_cnt++;
	return err;
}

int file_watch__add(struct file_watch *watch, const char *path, uint64_t tag, struct fault *why)
{
	return file_watch__add_in(watch, "/", path, tag, why);
}

/* Nothing is held any more, and whoever is told of a change opens the file anew. */
static bool is_ending(const struct guard *guard)
{
	return guard->state == GUARD_SETTLING || guard->state == GUARD_OVER;
}

static struct guard **find_guard(const struct file_watch *watch, uint64_t tag)
{
	for (size_t i = 0; i < watch->guard_cnt; i++) {
		if (watch->guards[i]->tag == tag)
			return &watch->guards[i];
	}
	return NULL;
}

static void drop_guard(struct file_watch *watch, struct guard **guard)
{
	guard__free(*guard, &watch->inodes);
	*guard = watch->guards[--watch->guard_cnt];
}

/* Ticks while there is something to settle. */
static void set_timer(const struct file_watch *watch)
{
	struct itimerspec spec = {}, now;

	for (size_t i = 0; i < watch->guard_cnt; i++) {
		if (watch->guards[i]->state == GUARD_SETTLING)
			spec.it_interval.tv_nsec = GUARD_SETTLE_MS * 1000000L;
	}
	spec.it_value = spec.it_interval;
	timerfd_gettime(watch->timer_fd, &now);
	if (now.it_interval.tv_nsec != spec.it_interval.tv_nsec)
		timerfd_settime(watch->timer_fd, 0, &spec, NULL);
}

int file_watch__guard(struct file_watch *watch, int fd, uint64_t tag, struct fault *why)
{
	struct guard **old = find_guard(watch, tag), **grown;
	int ret;

	if (old && !is_ending(*old))
		return fault__set(why, -EEXIST, "it is guarded already");
	grown = reallocarray(watch->guards, watch->guard_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory");
	watch->guards = grown;
	ret = guard__new(&watch->inodes, fd, watch->signo, tag, &grown[watch->guard_cnt], why);
	if (ret < 0)
		return ret;
	watch->guard_cnt++;
	old = find_guard(watch, tag); /* the earlier one comes first */
	if (*old != grown[watch->guard_cnt - 1])
		drop_guard(watch, old);
	set_timer(watch);
	return ret;
}

void file_watch__release(struct file_watch *watch, uint64_t tag)
{
	struct guard **guard = find_guard(watch, tag);

	if (!guard)
		return;
	guard__release(*guard);
	set_timer(watch);
}

void file_watch__unguard(struct file_watch *watch, uint64_t tag)
{
	struct guard **guard = find_guard(watch, tag);

	if (!guard)
		return;
	drop_guard(watch, guard);
	set_timer(watch);
}

int file_watch__ask_for_writers(struct file_watch *watch, int fd, uint64_t tag)
{
	int got = file_watch__guard(watch, fd, tag, NULL);

	if (got == FILE_WATCH_LEASED || got == FILE_WATCH_UNLEASED)
		file_watch__unguard(watch, tag);
	return got;
}

void file_watch__remove(struct file_watch *watch, uint64_t tag)
{
	file_watch__unguard(watch, tag);
	for (size_t i = 0; i < watch->path_cnt;) {
		if (watch->paths[i]->tag != tag) {
			i++;
			continue;
		}
		path_watch__free(watch->paths[i], &watch->inodes);
		watch->paths[i] = watch->paths[--watch->path_cnt];
	}
}

/* --- what has happened --------------------------------------------------------------------- */

static void notice_mounts(struct file_watch *watch)
{
	struct epoll_event events[4];
	bool any = false;
	int cnt;

	cnt = epoll_wait(watch->epoll_fd, events, 4, 0);
	for (int i = 0; i < cnt; i++)
		any |= events[i].data.fd == watch->mounts_fd;
	for (size_t i = 0; i < watch->path_cnt; i++)
		path_watch__notice_mounts(watch->paths[i], any);
}

static void handle_overflow(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->path_cnt; i++) {
		watch->paths[i]->suspect = true;
		watch->paths[i]->touched = true;
	}
	for (size_t i = 0; i < watch->guard_cnt; i++)
		guard__look(watch->guards[i]);
}

static void handle_event(void *ctx, const struct inotify_event *event)
{
	struct file_watch *watch = ctx;

	if (event->mask & IN_Q_OVERFLOW) {
		handle_overflow(watch);
		return;
	}
	for (size_t i = 0; i < watch->guard_cnt; i++) {
		if (watch->guards[i]->wd == event->wd)
			guard__notice(watch->guards[i], event->mask);
	}
	for (size_t i = 0; i < watch->path_cnt; i++)
		path_watch__notice(watch->paths[i], event);
}

static void check_guards(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->guard_cnt; i++)
		guard__check(watch->guards[i]);
}

static void settle_guards(struct file_watch *watch)
{
	uint64_t ticks;

	if (read(watch->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
	for (size_t i = 0; i < watch->guard_cnt; i++)
		guard__settle(watch->guards[i]);
}

static int look_again(struct file_watch *watch, struct fault *why)
{
	int err, ret = 0;

	for (size_t i = 0; i < watch->path_cnt; i++) {
		if (!watch->paths[i]->suspect)
			continue;
		err = path_watch__look(watch->paths[i], &watch->inodes, ret ? NULL : why);
		if (err && !ret)
			ret = fault__prefix(why, err, "%s", watch->paths[i]->path);
	}
	return ret;
}

/* --- reporting ----------------------------------------------------------------------------- */

/* What is reported stands as flags in the objects, so that it cannot outlive them, whatever the
 * receiver does, and costs no memory that might be missing. */

static bool take_guard_report(struct file_watch *watch, bool written, uint64_t *ret_tag)
{
	for (size_t i = 0; i < watch->guard_cnt; i++) {
		struct guard *guard = watch->guards[i];
		bool *flag = written ? &guard->written : &guard->writing;

		if (!*flag)
			continue;
		*flag = false;
		*ret_tag = guard->tag;
		return true;
	}
	return false;
}

static bool find_change(const struct file_watch *watch, uint64_t *ret_tag)
{
	for (size_t i = 0; i < watch->guard_cnt; i++) {
		if (watch->guards[i]->state == GUARD_OVER) {
			*ret_tag = watch->guards[i]->tag;
			return true;
		}
	}
	for (size_t i = 0; i < watch->path_cnt; i++) {
		if (watch->paths[i]->changed) {
			*ret_tag = watch->paths[i]->tag;
			return true;
		}
	}
	return false;
}

static bool take_change(struct file_watch *watch, uint64_t *ret_tag)
{
	struct guard **guard;

	if (!find_change(watch, ret_tag))
		return false;
	for (size_t i = 0; i < watch->path_cnt; i++) {
		if (watch->paths[i]->tag != *ret_tag)
			continue;
		watch->paths[i]->changed = false;
		watch->paths[i]->recent = true;
	}
	guard = find_guard(watch, *ret_tag);
	if (guard && is_ending(*guard))
		drop_guard(watch, guard);
	return true;
}

int file_watch__dispatch(struct file_watch *watch,
			 void (*each)(void *ctx, enum file_watch_kind kind, uint64_t tag),
			 void *ctx, struct fault *why)
{
	uint64_t tag = 0;
	int err;

	notice_mounts(watch);
	if (read_away_signals(watch))
		check_guards(watch);
	inotify_set__read(&watch->inodes, handle_event, watch);
	settle_guards(watch);
	err = look_again(watch, why);
	while (take_guard_report(watch, false, &tag))
		each(ctx, FILE_WATCH_WRITING, tag);
	while (take_guard_report(watch, true, &tag))
		each(ctx, FILE_WATCH_WRITTEN, tag);
	while (take_change(watch, &tag))
		each(ctx, FILE_WATCH_CHANGED, tag);
	set_timer(watch);
	return err;
}
