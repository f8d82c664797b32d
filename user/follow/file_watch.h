/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tells when a named file appears, is replaced, or is about to be written into.
 *
 * Names are watched with inotify: the directory of the path, every directory and symbolic link on
 * the way to it, and, where some are missing, as much of the way as there is. Mounts on the way
 * are seen too (/proc/self/mountinfo). A file system that changes behind the kernel's back (a
 * network server, the backing folders of a FUSE or overlay mount) is not.
 *
 * Contents are guarded with a read lease (fcntl(2), F_SETLEASE): whoever opens the file for
 * writing, or truncates it, is held up by the kernel until the guard lets go,
 * /proc/sys/fs/lease-break-time (45 s) at most. Probes in code that is being overwritten kill the
 * programs that run it, so they are taken away in that moment. What a lease does to others:
 *   - a writer waits as long as its probes take to detach; readers, exec, mmap, rename, unlink,
 *     link and chmod are not held up, so package managers never notice;
 *   - a writer with O_NONBLOCK gets EAGAIN instead of waiting (coreutils' truncate(1) does so); it
 *     would succeed a moment later, and finds nobody in its way for GUARD_SETTLE_MS;
 *   - another process's request for a write lease fails. Read leases of others are fine;
 *   - one way around it: open(O_RDONLY | O_TRUNC) truncates unseen by leases. It is reported after
 *     the fact.
 * Leases end with the process that holds them, however it ends.
 *
 * Order of calls, so that nothing falls between: add, then look whether the file is there; open,
 * guard, then read the file and attach.
 */
#ifndef TACHO_USER_FOLLOW_FILE_WATCH_H
#define TACHO_USER_FOLLOW_FILE_WATCH_H

#include <stdint.h>

#include "../fault.h"

/* After a guard has let go, nobody may have written for so long before CHANGED is reported. */
#define GUARD_SETTLE_MS 100

enum file_watch_kind {
	/* Something has happened to what the path means: it came, went, was replaced, written,
	 * made executable, or something on the way to it was. Look again; what is found may well be
	 * what was found before. A guard of this tag that waited for a writer to finish has ended.
	 */
	FILE_WATCH_CHANGED = 1,
	/* Somebody is about to write into the guarded file and waits for file_watch__release. */
	FILE_WATCH_WRITING,
	/* Somebody has written into the guarded file (no lease, or a way around it). CHANGED
	 * follows; there is nothing to release. */
	FILE_WATCH_WRITTEN,
};

struct file_watch;

/*
 * Blocks (sigprocmask) the first real-time signal that is neither blocked nor handled, and SIGIO,
 * which the kernel sends in its place when too many signals are queued: leases are announced by
 * them. To be called before the process has threads; children inherit the blocked signals. Negative
 * errno with why: -EMFILE when fs.inotify.max_user_instances is used up.
 */
int file_watch__new(struct file_watch **ret_watch, struct fault *why);

/* Lets go of every guarded file and gives the signals back. NULL is fine. */
void file_watch__free(struct file_watch *watch);

/* Readable when file_watch__dispatch has something to do. */
int file_watch__fd(const struct file_watch *watch);

/*
 * Watches an absolute path, which need not exist. A tag may have many paths, a path many tags; the
 * same pair twice is watched once. Negative errno with why: -ENOSPC when
 * fs.inotify.max_user_watches is used up, -EACCES for a directory that may not be read.
 */
int file_watch__add(struct file_watch *watch, const char *path, uint64_t tag, struct fault *why);

/*
 * Likewise inside another root ("/proc/1234/root"): symbolic links and ".." stay inside. Mounts
 * in there are not seen. The root is looked up again at every change, and held open never, so
 * that nothing is kept from being unmounted; remove the tag when that process ends.
 */
int file_watch__add_in(struct file_watch *watch, const char *root, const char *path, uint64_t tag,
		       struct fault *why);

/* Forgets the tag: its paths, its guard, and what is yet to be reported about them. */
void file_watch__remove(struct file_watch *watch, uint64_t tag);

enum file_watch_guard {
	FILE_WATCH_LEASED = 0, /* WRITING comes before anything is written */
	/* Leases are refused (why says it): WRITTEN comes after the fact. */
	FILE_WATCH_UNLEASED = 1,
	/* Somebody has it open for writing right now (why says it): better not attach. CHANGED
	 * comes, and the guard ends, as soon as nobody has. */
	FILE_WATCH_BUSY = 2,
};

/*
 * Guards the regular file that is open as fd, which stays the caller's (the guard opens the file
 * anew). One guard a tag: -EEXIST while there is one, unless that only waits for a writer to
 * finish. Returns enum file_watch_guard, or negative errno; why is set unless it returns 0.
 */
int file_watch__guard(struct file_watch *watch, int fd, uint64_t tag, struct fault *why);

/*
 * Does somebody write into it? As file_watch__guard(), but guards it only if it is BUSY, until
 * nobody does.
 */
int file_watch__ask_for_writers(struct file_watch *watch, int fd, uint64_t tag);

/* After WRITING, when the probes are gone: the writer goes on. When nobody has the file open for
 * writing any more, CHANGED is reported and the guard ends. Nothing happens at other times. */
void file_watch__release(struct file_watch *watch, uint64_t tag);

/* Ends the guard of a file that is not probed any more. The paths of the tag stay watched. */
void file_watch__unguard(struct file_watch *watch, uint64_t tag);

/*
 * Handles all that is pending, without waiting, and then calls each for what came of it: WRITING
 * before all else, CHANGED and WRITTEN at most once a tag. each may call any function above but
 * this one and free. Negative errno with why when something can no longer be watched in full (what
 * was seen is reported nevertheless, and watching it is tried again at the next change).
 */
int file_watch__dispatch(struct file_watch *watch,
			 void (*each)(void *ctx, enum file_watch_kind kind, uint64_t tag),
			 void *ctx, struct fault *why);

#endif
