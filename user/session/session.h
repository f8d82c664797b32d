/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One recording, from attaching to the last flush: the poll loop that drains the ring, keeps the
 * clock, flushes, follows files, and ends cleanly on a signal, a time limit, or when what it
 * watches has ended.
 */
#ifndef TACHO_USER_SESSION_SESSION_H
#define TACHO_USER_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../config.h"
#include "../fault.h"
#include "../plan/plan.h"
#include "../recorder.h"

struct session_options {
	const struct config *config; /* at first */
	/* Reads the settings anew, at SIGHUP; the new ones are the session's. NULL: SIGHUP ends the
	 * recording, as it does when there is a controlling terminal, or a command. */
	int (*load_again)(void *ctx, struct config **ret_config, struct fault *why);
	void *load_ctx;
	struct plan *plan; /* grows while files are followed, and with new settings */
	const char *directory;
	const pid_t *pids; /* record only these; none and no command: every process */
	size_t pid_cnt;
	char *const *command;	    /* NULL: none */
	const char *raw_path;	    /* NULL: none */
	uint64_t duration_ns;	    /* 0: until told to end */
	const char *way;	    /* of attaching; NULL: the best */
	const char *process_source; /* "kernel", "proc", or NULL: the best */
	const char *status_path;    /* published there; NULL: as a service does, or nowhere */
};

struct session_result {
	bool command_ended;
	int command_status;  /* see command__ended */
	bool command_failed; /* exec did not succeed; session__run failed with its errno */
	uint64_t recorded_ns;
	struct recorder_summary summary;
};

/* Says what the plan, from the mark on, cannot make good: to be called before the data is there. */
void session_tell_plan(const struct plan *plan, const struct plan_mark *from);

/* Runs it, once in the life of a process: SIGINT, SIGTERM, SIGHUP and SIGCHLD stay blocked
 * afterwards, SIGPIPE and SIGXFSZ ignored. 0, or negative errno with why; *ret_result is filled as
 * far as it went. */
int session__run(const struct session_options *options, struct session_result *ret_result,
		 struct fault *why);

#endif
