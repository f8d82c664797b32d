/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences between kernels, each with the commit that made it. Decided by what the kernel's BTF
 * holds, never by its version. */
#ifndef TACHO_BPF_COMPAT_H
#define TACHO_BPF_COMPAT_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define SIGNAL_GROUP_EXIT 0x4 /* include/linux/sched/signal.h */

struct signal_struct___before_5_16 {
	struct task_struct *group_exit_task; /* renamed by 60700e38fb68 */
} __attribute__((preserve_access_index));

/* Is another thread of this process executing execve(2), and so ending all the others? */
static __always_inline bool compat_exec_in_progress(struct signal_struct *signal)
{
	struct signal_struct___before_5_16 *old = (void *)signal;

	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		return false;
	if (bpf_core_field_exists(signal->group_exec_task))
		return BPF_CORE_READ(signal, group_exec_task) != 0;
	return BPF_CORE_READ(old, group_exit_task) != 0;
}

/* include/linux/mm_types_task.h */
enum {
	MM_FILEPAGES = 0,
	MM_ANONPAGES = 1,
	MM_SWAPENTS = 2,
	MM_SHMEMPAGES = 3,
	MM_COUNTERS = 4,
};

typedef struct {
	s64 counter;
} atomic64_t___before_6_2;

struct mm_rss_stat___before_6_2 {
	atomic64_t___before_6_2 count[4];
} __attribute__((preserve_access_index));

struct mm_struct___before_6_2 {
	struct mm_rss_stat___before_6_2 rss_stat; /* replaced by f1a7941243c1 */
} __attribute__((preserve_access_index));

/* Does each CPU keep a part of the counts of a process's pages? */
static __always_inline bool compat_rss_is_per_cpu(void)
{
	return bpf_core_field_exists(((struct mm_struct *)0)->rss_stat[0].counters);
}

/* Is it on a CPU at this moment? Without CONFIG_SMP there is but one, and somebody else is on it.
 */
static __always_inline bool compat_is_on_cpu(struct task_struct *task)
{
	return bpf_core_field_exists(task->on_cpu) && BPF_CORE_READ(task, on_cpu);
}

/* Does the kernel count how long tasks wait for a CPU? With CONFIG_SCHED_INFO; always, from Linux
 * 5.14 on (c5895d3f06cb), and before that if delay accounting or schedstats are built in. */
static __always_inline bool compat_counts_run_delay(struct task_struct *task)
{
	return bpf_core_field_exists(task->sched_info.run_delay);
}

/*
 * What has been left out of rq->clock_task, the clock that tasks are charged by, on the CPU that
 * the task is on: it stands still while interrupts or the hypervisor have the CPU, if they are
 * accounted for (update_rq_clock_task).
 *
 * The CPU's run queue is found through that of the task's group, which each task has whatever its
 * class (set_task_rq). The per-CPU variable itself, `runqueues`, is known to BPF programs only with
 * CONFIG_KALLSYMS_ALL.
 */
static __always_inline u64 compat_time_taken(struct task_struct *task)
{
	const struct rq *rq;

	if (!bpf_core_field_exists(struct rq, prev_irq_time) &&
	    !bpf_core_field_exists(struct rq, prev_steal_time_rq))
		return 0;
	if (!bpf_core_field_exists(struct cfs_rq, rq))
		return 0;
	rq = task->se.cfs_rq->rq;
	return rq->clock - rq->clock_task;
}

/*
 * Calls step(i, ctx) for i = 0, 1, ... cnt - 1, until it returns non-zero. Before Linux 5.17, which
 * has no bpf_loop, no more than LOOP_SHORT times: enough for all but deep recursion. (The verifier
 * walks through a plain loop turn by turn, and gives up on long ones.)
 *
 * A step that calls other functions must not be inlined: the control flow check of Linux 6.1 and
 * older refuses some loops that call in one branch and not in the other (visit_func_insn).
 */
#define LOOP_SHORT 8
#define LOOP(cnt, step, ctx)                                                                       \
	do {                                                                                       \
		u32 loop_cnt_ = (cnt);                                                             \
		if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {                 \
			bpf_loop(loop_cnt_, step, ctx, 0);                                         \
		} else {                                                                           \
			for (u32 i_ = 0; i_ < LOOP_SHORT && i_ < loop_cnt_; i_++)                  \
				if (step(i_, ctx))                                                 \
					break;                                                     \
		}                                                                                  \
	} while (0)

/*
 * Where a call's return address lives, as a stack pointer value: the same number at the first
 * instruction of the function, at its `ret`, and (after the `ret`) in a return probe. It is what
 * tells one open call of a thread from another.
 */
static __always_inline u64 entry_stack_pointer(struct pt_regs *regs)
{
	return PT_REGS_SP(regs);
}

static __always_inline u64 returned_stack_pointer(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return PT_REGS_SP(regs) - 8; /* `ret` has popped the address */
#else
	return PT_REGS_SP(regs);
#endif
}

/* At the first instruction of a function: the address it will return to; 0 if unreadable. */
static __always_inline u64 return_address(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	u64 address = 0;

	bpf_probe_read_user(&address, sizeof(address), (void *)PT_REGS_SP(regs));
	return address;
#else
	return PT_REGS_RET(regs); /* the link register */
#endif
}

/* Where the register that a function returns its value in stands in struct pt_regs. */
#if defined(__TARGET_ARCH_x86)
#define RETURN_REGISTER __builtin_offsetof(struct pt_regs, ax)
#else
#define RETURN_REGISTER __builtin_offsetof(struct user_pt_regs, regs[0])
#endif

/*
 * Has a call that was entered at entry_sp been left behind, now that a caller of it goes on with
 * this stack pointer? A call on x86 pushes its return address below the caller's stack pointer; on
 * arm64 the callee begins with the caller's own.
 */
static __always_inline bool is_left_behind(u64 entry_sp, u64 caller_sp)
{
#if defined(__TARGET_ARCH_x86)
	return entry_sp < caller_sp;
#else
	return entry_sp <= caller_sp;
#endif
}

/* At the first instruction of a function: the stack pointer of its caller. */
static __always_inline u64 caller_stack_pointer(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return PT_REGS_SP(regs) + 8;
#else
	return PT_REGS_SP(regs);
#endif
}

#endif
