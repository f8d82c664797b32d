/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A child that calls the targets on order: what happens to a probed program happens to it. It never
 * outlives its parent, nor what it is told to do.
 */
#ifndef TACHO_USER_DOCTOR_RUNNER_H
#define TACHO_USER_DOCTOR_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct runner {
	pid_t pid;
	int fd;
};

struct runner_result {
	uint64_t calls;
	uint64_t ns;
};

/* filtered: under a seccomp filter such as systemd's SystemCallFilter= makes, which lets through
 * what the child itself needs and kills for anything else; -EOPNOTSUPP when there are no filters.
 */
int runner__start(bool filtered, struct runner *ret_runner);

/* Calls the target for about that long, and at least RUNNER_BATCH times. -ECHILD when the child has
 * died of it, -ETIMEDOUT when it did not answer; runner__stop is all that can be done then. */
#define RUNNER_BATCH 64
int runner__run(struct runner *runner, size_t target, uint64_t budget_ns,
		struct runner_result *ret_result);

/* Ends it, with force if need be, and returns its status as of waitpid(2): 0 when all was well. */
int runner__stop(struct runner *runner);

#endif
