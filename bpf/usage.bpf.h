/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a call's time went by: on a CPU, waiting for one, blocked; and faults and switches.
 *
 * Nothing is attached to the scheduler. While a task runs, it is charged by moving two numbers by
 * the same amount: se.exec_start, the run queue's clock when it was last charged, and
 * se.sum_exec_runtime (update_curr, kernel/sched/fair.c; update_curr_common for the other classes).
 * When it is put on a CPU, exec_start is set to the clock anew (set_next_entity, set_next_task_rt,
 * set_next_task_dl). So
 *
 *	exec_start - sum_exec_runtime
 *
 * stands still while the task is on a CPU and has grown by as much as it was off, when it is back:
 * the difference of two readings, both made by the task itself, is the time off the CPU between
 * them. How much of that it waited for a CPU is in sched_info.run_delay.
 *
 * exec_start is of the clock rq->clock_task, which each CPU stops while interrupts or the
 * hypervisor have it. rq->clock_task and rq->clock began together, so that their difference, added,
 * makes it one clock for all CPUs. In effect a thread is off the CPU while the CPU is taken away
 * under it, as its own CPU clock (CLOCK_THREAD_CPUTIME_ID) has it, too.
 *
 * CLOCK_MONOTONIC, by which calls are timed, is adjusted by NTP; the run queues' clocks are not.
 * Over a long call they drift apart: some ppm of its duration, by which cpu_ns is off.
 */
#ifndef TACHO_BPF_USAGE_H
#define TACHO_BPF_USAGE_H

#include "common.bpf.h"

/* Somebody wants to know: otherwise a moment is its time and nothing else. */
const volatile bool usage_wanted __weak = false;

/* An interrupt that charges the task, or another task that runs in between, spoils a reading. */
#define READINGS_MAX 3
/* No kernel updates the clocks of a CPU that is busy less often (CONFIG_HZ=100). */
#define TICK_NS_MAX 10000000ULL

static __always_inline void read_counters(struct task_struct *task, struct tacho_moment *moment)
{
	moment->minor_faults = task->min_flt;
	moment->major_faults = task->maj_flt;
	moment->voluntary_switches = task->nvcsw;
	moment->involuntary_switches = task->nivcsw;
}

/*
 * Of the current task's CPU. Global, so that the verifier walks through it once, and not at each
 * place, in each turn and on each path: for each pointer that is read through another it searches
 * all of the kernel's types by name (btf_nested_type_is_trusted), which was a third of the time
 * that attaching took. Weak, because two objects have it.
 */
__weak u64 own_time_taken(void)
{
	return compat_time_taken(bpf_get_current_task_btf());
}

/* The current task's. False when it was charged or switched while this read. (Another CPU that in
 * these nanoseconds is about to charge it, for somebody who reads its CPU clock, or to update the
 * clocks of this CPU goes unnoticed: two numbers are then a tick apart at most.) */
static __always_inline bool try_reading(struct task_struct *task, struct tacho_moment *moment,
					bool time_first)
{
	u64 exec_start = task->se.exec_start;

	barrier();
	if (time_first)
		moment->ns = bpf_ktime_get_ns();
	moment->off_cpu_ns = exec_start + own_time_taken() - task->se.sum_exec_runtime;
	if (compat_counts_run_delay(task))
		moment->run_delay_ns = task->sched_info.run_delay;
	read_counters(task, moment);
	if (!time_first)
		moment->ns = bpf_ktime_get_ns();
	barrier();
	return task->se.exec_start == exec_start;
}

/* time_first: as little as possible of what we do is to be before the moment; or else after it. */
static __always_inline void moment_take(struct tacho_moment *moment, bool time_first)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!usage_wanted) {
		moment->ns = bpf_ktime_get_ns();
		return;
	}
	for (int i = 0; i < READINGS_MAX; i++) {
		if (try_reading(task, moment, time_first))
			break;
	}
}

/* Of the current task, at the beginning of something, ... */
static __always_inline void moment_begin(struct tacho_moment *moment)
{
	moment_take(moment, false);
}

/* ... and at its end. */
static __always_inline void moment_end(struct tacho_moment *moment)
{
	moment_take(moment, true);
}

/* Between two moments of one thread. */
static __always_inline void usage_between(const struct tacho_moment *start,
					  const struct tacho_moment *end, struct tacho_usage *usage)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 duration_ns = end->ns - start->ns;
	u64 off_ns = end->off_cpu_ns - start->off_cpu_ns;
	u64 wait_ns = end->run_delay_ns - start->run_delay_ns;
	u32 voluntary = end->voluntary_switches - start->voluntary_switches;
	u32 involuntary = end->involuntary_switches - start->involuntary_switches;

	/* What is taken from a CPU becomes known at its next tick: too coarse for short calls. */
	if ((s64)off_ns < 0 || (!voluntary && !involuntary && duration_ns < TICK_NS_MAX))
		off_ns = 0;
	if (off_ns > duration_ns)
		off_ns = duration_ns;
	/* Whoever has not blocked was ready to run all the time. */
	if (!voluntary || wait_ns > off_ns)
		wait_ns = off_ns;
	else if (!compat_counts_run_delay(task))
		wait_ns = TACHO_USAGE_UNKNOWN;
	usage->cpu_ns = duration_ns - off_ns;
	usage->runqueue_ns = wait_ns;
	usage->minor_faults = end->minor_faults - start->minor_faults;
	usage->major_faults = end->major_faults - start->major_faults;
	usage->voluntary_switches = voluntary;
	usage->involuntary_switches = involuntary;
}

/* When it was, but not what the thread has used: there is no one thread to ask. */
static __always_inline void moment_forget_usage(struct tacho_moment *moment)
{
	moment->off_cpu_ns = TACHO_USAGE_UNKNOWN;
}

static __always_inline void usage_fill(struct tacho_usage *usage, const struct tacho_moment *start,
				       const struct tacho_moment *end)
{
	__builtin_memset(usage, 0, sizeof(*usage));
	if (start->off_cpu_ns == TACHO_USAGE_UNKNOWN)
		usage->cpu_ns = usage->runqueue_ns = TACHO_USAGE_UNKNOWN;
	else
		usage_between(start, end, usage);
}

#endif
