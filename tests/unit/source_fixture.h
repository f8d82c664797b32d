/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes to be looked at, and what the sources say of them. All of these fail the case
 * themselves. Include cmocka.h first.
 */
#ifndef TACHO_TESTS_SOURCE_FIXTURE_H
#define TACHO_TESTS_SOURCE_FIXTURE_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "processes/process_source.h"

#define PATIENCE_S 30 /* for what must come sooner or later */
#define MS 1000000u

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	assert_int_equal(clock_gettime(clock, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* False when the patience is at its end. */
static inline bool wait_a_little(uint64_t since_ns)
{
	nanosleep(&(struct timespec) { .tv_nsec = MS }, NULL);
	return clock_ns(CLOCK_MONOTONIC) - since_ns < PATIENCE_S * 1000000000ull;
}

static inline void burn(uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		continue;
}

/* Skips the case where BPF may not be used. */
static inline struct process_source *open_kernel_source(uint32_t ring_bytes)
{
	struct process_source *source = NULL;
	struct fault why = {};

	if (geteuid())
		skip();
	if (process_source__open_kernel(ring_bytes, &source, &why))
		fail_msg("%s", why.text);
	return source;
}

static inline struct process_source *open_proc_source(const char *root)
{
	struct process_source *source = NULL;
	struct fault why = {};

	if (process_source__open_proc(root, &source, &why))
		fail_msg("%s", why.text);
	return source;
}

/* --- samples --------------------------------------------------------------------------------- */

static inline int keep_if_wanted(void *ctx, const struct tacho_process_sample *sample)
{
	struct tacho_process_sample *wanted = ctx;

	if (sample->pid != wanted->pid)
		return 0;
	*wanted = *sample;
	return 1;
}

/* False when the source has no such process. */
static inline bool sample_of(struct process_source *source, pid_t pid,
			     struct tacho_process_sample *ret_sample)
{
	struct tacho_process_sample sample = { .pid = (uint32_t)pid };
	struct fault why = {};
	int err = source->ops->sample(source, keep_if_wanted, &sample, &why);

	if (err < 0)
		fail_msg("%s", why.text);
	if (err)
		*ret_sample = sample;
	return err;
}

/* --- children -------------------------------------------------------------------------------- */

/* Runs in a child of its own, which says by ready() that it is what it is to be. */
static int ready_fd = -1;

static inline void ready(void)
{
	if (write(ready_fd, "", 1) != 1)
		_exit(99);
}

static inline void wait_for_ready(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 1);
}

static inline pid_t start_child(void (*run)(void))
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		ready_fd = fds[1];
		run();
		_exit(0);
	}
	close(fds[1]);
	wait_for_ready(fds[0]);
	close(fds[0]);
	return pid;
}

static inline void end_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#endif
