/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Giving up what is not needed any more. Once all that is there is attached, recording goes on with
 *
 *	CAP_BPF, CAP_PERFMON	attaching to files that come later
 *	CAP_DAC_READ_SEARCH	reading them
 *	CAP_SYS_PTRACE		files that only other processes see, /proc/PID/maps, io and fd
 *	CAP_LEASE		noticing that somebody is about to write to other users' files
 *
 * and with nothing else, as far as these were there to begin with.
 */
#ifndef TACHO_USER_SERVICE_PRIVILEGES_H
#define TACHO_USER_SERVICE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#include "../fault.h"

struct privileges_needs {
	/* CAP_SYS_ADMIN, which perf links ask for (perf_uprobe_event_init, kernel/events/core.c) */
	bool perf_links;
	/* Folders in which files will be made: CAP_DAC_OVERRIDE stays if it is the only way in. */
	const int *folder_fds;
	size_t folder_cnt;
};

/*
 * Gives up everything else in the permitted, effective, inheritable, ambient and bounding sets of
 * the calling thread, and the hope to get it back from a program that it executes (no_new_privs,
 * prctl(2)). The bounding set stays as it is without CAP_SETPCAP. 0, or negative errno with why;
 * something may have been given up then.
 */
int privileges__give_up(const struct privileges_needs *needs, struct fault *why);

#endif
