/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../clock.h"
#include "file_watch.h"

#define SETTLE_NS (GUARD_SETTLE_MS * 1000000ULL)
/* Where nobody can say who has it open, it is complete when it was left alone for so long. */
#define UNLEASED_QUIET_NS 1000000000ULL

static void set_state(struct guard *guard, enum guard_state state)
{
	guard->state = state;
	guard->closed = false;
	guard->since_ns = clock_monotonic_ns();
}

/* A descriptor of our own: a lease and its signal belong to the open file, and the caller's has its
 * own life. */
static int guard__open(struct guard *guard, int fd, struct fault *why)
{
	struct stat st;
	char link[32];
	int err;

	if (fstat(fd, &st)) {
		err = -errno;
		return fault__set(why, err, "it cannot be guarded: %s", strerror(-err));
	}
	if (!S_ISREG(st.st_mode))
		return fault__set(why, -EINVAL, "it cannot be guarded: not a regular file");
	guard->modified = st.st_mtim;
	guard->sz = st.st_size;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	guard->fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (guard->fd >= 0)
		return 0;
	err = -errno;
	return fault__set(why, err, "it cannot be guarded: %s", strerror(-err));
}

static int take_lease(const struct guard *guard)
{
	return fcntl(guard->fd, F_SETLEASE, F_RDLCK) ? -errno : 0;
}

/* By command and not by closing: a child between fork and exec has the open file, too. */
static void drop_lease(const struct guard *guard)
{
	fcntl(guard->fd, F_SETLEASE, F_UNLCK);
}

static int lease(struct guard *guard, int signo, struct fault *why)
{
	const struct f_owner_ex self = { F_OWNER_PID, getpid() };
	int err;

	err = fcntl(guard->fd, F_SETSIG, signo) || fcntl(guard->fd, F_SETOWN_EX, &self)
		      ? -errno
		      : take_lease(guard);
	guard->leasable = !err || err == -EAGAIN;
	if (!err) {
		set_state(guard, GUARD_LEASED);
		return FILE_WATCH_LEASED;
	}
	if (err == -EAGAIN) {
		fault__set(why, err, "somebody has it open for writing");
		set_state(guard, GUARD_SETTLING);
		return FILE_WATCH_BUSY;
	}
	if (err == -EACCES || err == -EPERM)
		fault__set(why, err,
			   "writes are seen only after they have happened: no lease of somebody "
			   "else's file without CAP_LEASE");
	else
		fault__set(why, err,
			   "writes are seen only after they have happened: its file system grants "
			   "no leases (%s)",
			   strerror(-err));
	set_state(guard, GUARD_UNLEASED);
	return FILE_WATCH_UNLEASED;
}

int guard__new(struct inotify_set *set, int fd, int signo, uint64_t tag, struct guard **ret_guard,
	       struct fault *why)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int err;

	if (!guard)
		return fault__set(why, -ENOMEM, "no memory");
	*guard = (struct guard) { .tag = tag, .fd = -1, .wd = -1 };
	err = guard__open(guard, fd, why);
	/* Before the lease is asked for: the writer that stands in its way may close any time. */
	if (!err)
		err = inotify_set__take(set, guard->fd, IN_MODIFY | IN_CLOSE_WRITE, &guard->wd,
					why);
	if (err) {
		guard__free(guard, set);
		return err;
	}
	*ret_guard = guard;
	return lease(guard, signo, why);
}

void guard__free(struct guard *guard, struct inotify_set *set)
{
	if (!guard)
		return;
	if (guard->wd >= 0)
		inotify_set__drop(set, guard->wd);
	if (guard->fd >= 0) {
		drop_lease(guard);
		close(guard->fd);
	}
	free(guard);
}

/* While a lease is being broken, and when the kernel has taken it away, F_GETLEASE tells what is to
 * become of it: F_UNLCK. */
void guard__check(struct guard *guard)
{
	if (guard->state != GUARD_LEASED || fcntl(guard->fd, F_GETLEASE) != F_UNLCK)
		return;
	set_state(guard, GUARD_BREAKING);
	guard->writing = true;
}

void guard__release(struct guard *guard)
{
	if (guard->state != GUARD_BREAKING)
		return;
	drop_lease(guard);
	guard->written_told = true; /* nothing else was to be expected */
	set_state(guard, GUARD_SETTLING);
}

static void tell_written(struct guard *guard)
{
	guard->written = !guard->written_told;
	guard->written_told = true;
}

void guard__notice(struct guard *guard, uint32_t events)
{
	switch (guard->state) {
	case GUARD_LEASED:
		/* open(O_RDONLY | O_TRUNC), or what is older than the lease */
		if (!(events & IN_MODIFY))
			return;
		drop_lease(guard);
		break;
	case GUARD_UNLEASED:
		/* Who writes through a mapping is seen only when he closes it. */
		if (!(events & (IN_MODIFY | IN_CLOSE_WRITE)))
			return;
		break;
	case GUARD_SETTLING:
		if (events & IN_MODIFY) {
			tell_written(guard);
			guard->since_ns = clock_monotonic_ns();
		}
		if (events & IN_CLOSE_WRITE)
			guard->closed = true;
		return;
	default:
		return;
	}
	tell_written(guard);
	set_state(guard, GUARD_SETTLING);
	guard->closed = events & IN_CLOSE_WRITE;
}

void guard__look(struct guard *guard)
{
	struct stat st;

	if (guard->state == GUARD_SETTLING)
		guard->closed = true; /* or so it may be: without leases nobody knows */
	else if (fstat(guard->fd, &st) || st.st_size != guard->sz ||
		 st.st_mtim.tv_sec != guard->modified.tv_sec ||
		 st.st_mtim.tv_nsec != guard->modified.tv_nsec)
		guard__notice(guard, IN_MODIFY);
}

void guard__settle(struct guard *guard)
{
	uint64_t quiet_ns = clock_monotonic_ns() - guard->since_ns;
	int err;

	if (guard->state != GUARD_SETTLING || quiet_ns < SETTLE_NS)
		return;
	if (guard->leasable) {
		err = take_lease(guard);
		if (!err)
			drop_lease(guard);
		if (err == -EAGAIN)
			return;
		guard->leasable = !err; /* it may have got another owner by now */
		if (!err) {
			guard->state = GUARD_OVER;
			return;
		}
	}
	if (guard->closed || quiet_ns >= UNLEASED_QUIET_NS)
		guard->state = GUARD_OVER;
}
