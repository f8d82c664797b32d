/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that run at probed places: a call begins, a call ends.
 *
 * The same two functions serve three ways of attaching: `session` (one program for both, and the
 * kernel is told call by call whether to replace the return address), `multi` (two programs) and
 * `perf` (the same two, one link a place).
 */
#include "pairing.bpf.h"

struct place {
	u32 probe;
	u32 state;
	u32 rule;
	u32 kind; /* enum tacho_place */
};

static __always_inline struct place place_of(struct pt_regs *regs)
{
	u64 cookie = bpf_get_attach_cookie(regs);
	struct place place = {
		.probe = (u32)cookie,
		.state = cookie >> 32 & 0xffff,
		.rule = cookie >> 48 & 63,
		.kind = cookie >> 56,
	};

	return place;
}

static __always_inline u64 rules_of_process(void)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct tacho_process *process = bpf_map_lookup_elem(&processes, &pid);

	return process ? process->rules : 0;
}

/* Is this thread's process one that the state records? thread is NULL until it has been seen. */
static __always_inline bool wanted(const struct thread *thread, const struct place *place)
{
	u64 needed = scoped ? TACHO_RULE_SCOPE : 0;
	u64 rules;

	if (place->rule)
		needed |= 1ULL << place->rule;
	if (!needed)
		return bpf_get_current_pid_tgid() >> 32 != own_pid;
	rules = thread ? thread->rules : rules_of_process();
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
	thread->rules = rules_of_process();
	return thread;
}

/* A call begins. Returns whether its end will be looked for. */
static __always_inline bool call_begins(struct pt_regs *regs, const struct place *place)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	bool hijack = place->kind == TACHO_PLACE_HIJACK;
	struct tacho_frame frame = {
		.sp = entry_stack_pointer(regs),
		.ip = PT_REGS_IP(regs),
		.probe = place->probe,
		.state = place->state,
		.place = place->kind,
	};

	if (!wanted(thread, place))
		return false;
	count(place->state, entries);
	if (!thread)
		thread = thread_new(task);
	if (!thread) {
		count(place->state, lost_other);
		return false;
	}
	if (thread->depth)
		frames_drop_dead(thread, &frame, hijack && is_tail_call(regs, task));
	if (hijack) {
		/* Beyond this the kernel leaves the return address alone, without a word. */
		if (task->utask && task->utask->depth >= TACHO_HIJACK_LIMIT) {
			count(place->state, lost_nesting);
			return false;
		}
	}
	/* The last thing before the call itself: what we did is not part of its duration. */
	frame.start_ns = bpf_ktime_get_ns();
	if (!frame_push(thread, &frame)) {
		count(place->state, lost_other);
		return false;
	}
	return true;
}

static __always_inline void call_ends(const struct place *place, u64 sp, u64 now_ns)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);

	if (!wanted(thread, place))
		return;
	/* Entered before we attached, or in the parent before a fork. */
	if (!thread || !frame_return(thread, place->probe, sp, now_ns))
		count(place->state, unmatched_returns);
}

/* At a place that is not the return trampoline. Returns whether to replace the return address. */
static __always_inline bool at_place(struct pt_regs *regs)
{
	struct place place = place_of(regs);

	if (place.kind == TACHO_PLACE_EXIT) {
		call_ends(&place, entry_stack_pointer(regs), bpf_ktime_get_ns());
		return false;
	}
	return call_begins(regs, &place) && place.kind == TACHO_PLACE_HIJACK;
}

static __always_inline void at_return(struct pt_regs *regs)
{
	u64 now_ns = bpf_ktime_get_ns();
	struct place place = place_of(regs);

	call_ends(&place, returned_stack_pointer(regs), now_ns);
}

/* Linux 6.13 (d920179b3d48): one program for entry and return. */
extern bool bpf_session_is_return(void) __ksym __weak;

SEC("uprobe")
int activity_session(struct pt_regs *regs)
{
	if (bpf_session_is_return()) {
		at_return(regs);
		return 0;
	}
	return at_place(regs) ? 0 : 1;
}

SEC("uprobe")
int activity_entry_multi(struct pt_regs *regs)
{
	at_place(regs);
	return 0;
}

SEC("uprobe")
int activity_return_multi(struct pt_regs *regs)
{
	at_return(regs);
	return 0;
}

SEC("uprobe")
int activity_entry_perf(struct pt_regs *regs)
{
	at_place(regs);
	return 0;
}

SEC("uprobe")
int activity_return_perf(struct pt_regs *regs)
{
	at_return(regs);
	return 0;
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
