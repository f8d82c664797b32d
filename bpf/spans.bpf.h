/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pairs of places: an activity that begins at one and ends at the other, perhaps in another thread,
 * matched by process and key. A begin whose key is open already ends the earlier one (unwound): it
 * was given up without coming to its end.
 *
 * Calls of Go functions are kept here too: goroutines change threads, and their stacks move when
 * they grow, so that neither a thread nor a stack pointer tells a call. The goroutine does, and how
 * far below the top of its stack the call began, which stays the same when the stack moves.
 */
#ifndef TACHO_BPF_SPANS_H
#define TACHO_BPF_SPANS_H

#include "frames.bpf.h"
#include "keyed.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading when there are pairs */
	__type(key, struct tacho_span_key);
	__type(value, struct tacho_span);
} spans __weak SEC(".maps");

/* Spans, or keyed blocks, were ever begun in a process (pid): without any, its exit need not look.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* as above */
	__type(key, u32);
	__type(value, u64);
} span_pids __weak SEC(".maps");

static __always_inline struct tacho_captured_key span_captured_key(const struct tacho_span_key *key)
{
	struct tacho_captured_key captured = {
		.owner = TACHO_CAPTURED_SPAN | (u64)key->state << 32 | key->pid,
		.number = key->key,
	};

	return captured;
}

/* Is the current thread the one that began it? Then what it used is known. Not of a goroutine,
 * which may have been elsewhere in between, nor after an exec, when the thread that did it has got
 * the number of another. */
static __always_inline bool span_is_of_current(const struct tacho_span_key *key,
					       const struct tacho_span *span, u32 ended)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return span->tid == (u32)bpf_get_current_pid_tgid() &&
	       task->start_time <= span->frame.start.ns && !(key->state & TACHO_SPAN_GOROUTINE) &&
	       ended != TACHO_ENDED_EXEC;
}

/* Sends the record of a span; it belongs to the thread that began it. */
static __always_inline void span_close(const struct tacho_span_key *key, struct tacho_span *span,
				       const struct tacho_moment *end, u32 ended, u64 regs)
{
	struct ending ending = {
		.regs = regs,
		.comm = (u64)span->comm,
		.ended = ended,
		.depth = span->depth,
		.pid = key->pid,
		.tid = span->tid,
		.probe = span->frame.probe,
		.captured = span_captured_key(key),
	};

	if (!span_is_of_current(key, span, ended))
		moment_forget_usage(&span->frame.start);
	send_activity(&span->frame, &ending, end);
}

/* False when there is no room for it. */
static __always_inline bool span_begins(const struct tacho_span_key *key, u32 state, u32 probe,
					u32 spec_number, u64 regs)
{
	struct tacho_captured_key captured_key = span_captured_key(key);
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct tacho_spec *spec = spec_number ? spec_at(spec_number) : 0;
	struct tacho_span span = {
		.frame = { .probe = probe, .state = state, .spec = spec_number },
		.tid = (u32)bpf_get_current_pid_tgid(),
		.depth = thread ? thread->depth : 0,
	};
	struct tacho_span *earlier = bpf_map_lookup_elem(&spans, key);
	struct tacho_moment now = {};
	u32 pid = key->pid;
	u64 one = 1;

	if (earlier) {
		moment_end(&now);
		span_close(key, earlier, &now, TACHO_ENDED_UNWOUND, 0);
	}
	if (spec && spec->entry_values && capture_entry(regs, spec, &captured_key))
		return false;
	bpf_get_current_comm(span.comm, sizeof(span.comm));
	bpf_map_update_elem(&span_pids, &pid, &one, BPF_NOEXIST);
	moment_begin(&span.frame.start);
	return !bpf_map_update_elem(&spans, key, &span, BPF_ANY);
}

/* False when it had not begun. */
static __always_inline bool span_ends(const struct tacho_span_key *key,
				      const struct tacho_moment *now, u64 regs)
{
	struct tacho_span *span = bpf_map_lookup_elem(&spans, key);
	struct tacho_span ended;

	if (!span)
		return false;
	ended = *span;
	/* Two ends at one time: whoever deletes it has it. */
	if (bpf_map_delete_elem(&spans, key))
		return false;
	span_close(key, &ended, now, TACHO_ENDED_RETURN, regs);
	return true;
}

/* Go's internal calling convention: cmd/compile/abi-internal.md. The stack's upper end is the
 * second word of runtime.g. */
static __always_inline bool goroutine_key(struct pt_regs *regs, u32 probe, u64 sp,
					  struct tacho_span_key *ret_key)
{
#if defined(__TARGET_ARCH_x86)
	u64 g = regs->r14;
#else
	u64 g = ((struct user_pt_regs *)regs)->regs[28];
#endif
	u64 upper_end;

	if (!read_memory(g + 8, 8, &upper_end))
		return false;
	ret_key->state = TACHO_SPAN_GOROUTINE | probe;
	ret_key->pid = bpf_get_current_pid_tgid() >> 32;
	/* Stacks are smaller than 1 GiB, and the multiplier (2^64 / golden ratio) spreads the
	 * addresses: no two open calls meet. */
	ret_key->key = g * 0x9e3779b97f4a7c15ULL + (upper_end - sp);
	return true;
}

struct span_closing {
	struct tacho_moment now;
	u32 pid;
	u32 ended;
};

static long span_close_if(void *map, const struct tacho_span_key *key, struct tacho_span *span,
			  struct span_closing *c)
{
	struct tacho_span_key k = *key;

	if (k.pid != c->pid)
		return 0;
	span_close(&k, span, &c->now, c->ended, 0);
	bpf_map_delete_elem(map, &k);
	return 0;
}

static long span_close_unselected(void *map, const struct tacho_span_key *key,
				  struct tacho_span *span, struct span_closing *c)
{
	struct tacho_span_key k = *key;
	struct tacho_span ended = *span;

	if (is_unselected(ended.frame.state) && !bpf_map_delete_elem(map, &k))
		span_close(&k, &ended, &c->now, TACHO_ENDED_OPEN, 0);
	return 0;
}

/* Of states that are not selected any more. */
static __always_inline void spans_close_unselected(void)
{
	struct span_closing c = {};

	if (marks)
		keyed_close_all(0, TACHO_ENDED_OPEN);
	if (!pairs)
		return;
	moment_end(&c.now);
	bpf_for_each_map_elem(&spans, span_close_unselected, &c, 0);
}

/* The process ends, or the recording. */
static __always_inline void spans_close_all(u32 pid, u32 ended)
{
	struct span_closing c = { .pid = pid, .ended = ended };

	if ((!pairs && !marks) || !bpf_map_lookup_elem(&span_pids, &pid))
		return;
	bpf_map_delete_elem(&span_pids, &pid);
	if (marks)
		keyed_close_all(pid, ended);
	if (!pairs)
		return;
	moment_end(&c.now);
	bpf_for_each_map_elem(&spans, span_close_if, &c, 0);
}

#endif
