/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which processes a state records: globs on the command line, compiled here, matched in the kernel
 * at each exec (tacho/glob.h) and here for the processes that run already.
 */
#ifndef TACHO_USER_SELECT_H
#define TACHO_USER_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fault.h"
#include "tacho/glob.h"

/* -EINVAL (empty, a set without end) or -E2BIG (too many parts), with why. */
int glob_compile(const char *pattern, struct tacho_glob *ret_glob, struct fault *why);

/* Does the whole text match? At most TACHO_COMMAND_SZ bytes are looked at. */
bool glob_matches(const struct tacho_glob *glob, const char *text, size_t sz);

/* Reads the command line of a process: arguments separated by single blanks. buf has
 * TACHO_COMMAND_SZ bytes. Returns its length (0: a kernel thread or zombie), or negative errno. */
ssize_t read_command_line(pid_t pid, char *buf);

/* Calls each for every process that runs now. Stops at the first non-zero and returns it. */
int each_process(int (*each)(void *ctx, pid_t pid), void *ctx);

/* The process (thread group) that a pid or tid belongs to; -ESRCH when there is none. */
int process_of(pid_t tid, pid_t *ret_pid);

#endif
