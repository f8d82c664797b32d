/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * User and system time as /proc/PID/stat shows them, from what the kernel counts.
 *
 * The scheduler counts exactly how long a process ran, but only together; the timer's tick says,
 * by sampling, in which mode. /proc divides the exact sum in the ratio of the samples, and sees to
 * it that neither part ever goes back (cputime_adjust, kernel/sched/cputime.c).
 */
#ifndef TACHO_USER_PROCESSES_CPU_TIMES_H
#define TACHO_USER_PROCESSES_CPU_TIMES_H

#include <stdint.h>

/* What was shown last of a process; zero-initialise. user_ns + system_ns is what it ran. */
struct cpu_times {
	uint64_t user_ns;
	uint64_t system_ns;
};

/* Somebody who read /proc has seen this: not behind it, unless behind what we have shown. */
void cpu_times__catch_up(struct cpu_times *shown, uint64_t user_ns, uint64_t system_ns);

/* Takes new counts: by the tick in each mode, and by the scheduler in both together. */
void cpu_times__advance(struct cpu_times *shown, uint64_t user_ns, uint64_t system_ns,
			uint64_t runtime_ns);

#endif
