/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One guarded file.
 *
 *     LEASED ──a writer comes──> BREAKING (writer waits) ──release──> SETTLING ──> over
 *     LEASED, UNLEASED ──was written──────────────────────────────────> SETTLING
 *     busy from the beginning ────────────────────────────────────────> SETTLING
 *
 * A settling guard looks every GUARD_SETTLE_MS whether somebody still has the file open for
 * writing: a lease can be had again when nobody has. Waiting for the writer's close alone would
 * wait for ever for one that was killed while it was held up, gave up with EAGAIN, or called
 * truncate(2).
 */
#ifndef TACHO_USER_FOLLOW_GUARD_H
#define TACHO_USER_FOLLOW_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "../fault.h"
#include "inotify_set.h"

enum guard_state { GUARD_LEASED, GUARD_BREAKING, GUARD_UNLEASED, GUARD_SETTLING, GUARD_OVER };

struct guard {
	uint64_t tag;
	int fd;
	int wd;
	enum guard_state state;
	bool leasable;
	bool closed;	   /* while settling: a writer has closed it */
	uint64_t since_ns; /* of the state, or the last write that was seen in it */
	struct timespec modified;
	off_t sz;
	bool writing; /* to be reported */
	bool written; /* likewise */
	bool written_told;
};

/* fd is the caller's; signo announces writers. Returns enum file_watch_guard or negative errno. */
int guard__new(struct inotify_set *set, int fd, int signo, uint64_t tag, struct guard **ret_guard,
	       struct fault *why);
void guard__free(struct guard *guard, struct inotify_set *set);

/* Has a writer come? To be asked after the signal; any signal may stand for several. */
void guard__check(struct guard *guard);

/* What inotify has to say about the file itself. */
void guard__notice(struct guard *guard, uint32_t events);

/* After inotify has lost count: has it been written? */
void guard__look(struct guard *guard);

void guard__release(struct guard *guard);

/* To be called every GUARD_SETTLE_MS while it is GUARD_SETTLING; ends in GUARD_OVER. */
void guard__settle(struct guard *guard);

#endif
