/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is the current thread of a process that is recorded? And what is kept of it from then on. */
#ifndef TACHO_BPF_WANTED_H
#define TACHO_BPF_WANTED_H

#include "frames.bpf.h"

static __always_inline u64 rules_of_process(void)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct tacho_process *process = bpf_map_lookup_elem(&processes, &pid);

	return process ? process->rules : 0;
}

static __always_inline u64 rules_of(struct thread *thread)
{
	if (thread->rules_generation != rules_generation) {
		thread->rules_generation = rules_generation;
		thread->rules = rules_of_process();
	}
	return thread->rules;
}

/* Is this thread's process one that is recorded here? thread is NULL until it has been seen. */
static __always_inline bool wanted(struct thread *thread, u32 rule)
{
	u64 needed = scoped ? TACHO_RULE_SCOPE : 0;
	u64 rules;

	if (rule)
		needed |= 1ULL << rule;
	if (!needed)
		return bpf_get_current_pid_tgid() >> 32 != own_pid;
	rules = thread ? rules_of(thread) : rules_of_process();
	return (rules & needed) == needed;
}

static __always_inline struct thread *thread_new(struct task_struct *task)
{
	struct thread *thread;

	thread = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return 0;
	thread->tid = (u32)bpf_get_current_pid_tgid();
	bpf_get_current_comm(thread->comm, sizeof(thread->comm));
	thread->rules_generation = rules_generation;
	thread->rules = rules_of_process();
	return thread;
}

#endif
