/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that run at probed places: a call begins, a call ends.
 *
 * The same two functions serve three ways of attaching: `session` (one program for both, and the
 * kernel is told call by call whether to replace the return address), `multi` (two programs) and
 * `perf` (the same two, one link a place).
 */
#include "compat.bpf.h"

/* Linux 6.12, 65ab5ac4df01 */
extern int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr,
				  u64 flags) __ksym __weak;
#define TACHO_BPF_MAY_SLEEP

#include "jump.bpf.h"
#include "pairing.bpf.h"
#include "spans.bpf.h"
#include "unwind.bpf.h"
#include "wanted.bpf.h"

struct place {
	u32 probe;
	u32 state;
	u32 rule;
	u32 kind; /* enum tacho_place */
	u32 spec;
	u32 entry_offset;
};

/* See TACHO_COOKIE. */
static __always_inline struct place place_of(struct pt_regs *regs)
{
	u64 cookie = bpf_get_attach_cookie(regs);
	struct place place = {
		.probe = cookie & 0xfffff,
		.state = cookie >> 20 & 0xfff,
		.rule = cookie >> 32 & 63,
		.kind = TACHO_COOKIE_PLACE(cookie),
		.spec = cookie >> 41 & 0xffff,
		.entry_offset = cookie >> 57,
	};

	return place;
}

/* Fills in what the place's spec says about the call, and keeps the values read now. */
static __always_inline bool apply_spec(struct pt_regs *regs, const struct place *place,
				       struct new_call *call)
{
	struct tacho_spec *spec = spec_at(place->spec);

	if (!spec)
		return false;
	call->sp += spec->sp_delta;
	if (spec->entry_offset)
		call->ip = PT_REGS_IP(regs) - spec->entry_offset;
	if (spec->has_values)
		call->spec = place->spec;
	return spec->entry_values;
}

/*
 * A call begins. Returns whether its end will be looked for. Not inlined, like the next ones: what
 * each has on its stack would be on that of all, and 512 bytes are what a chain of calls may have.
 */
static __noinline int call_begins(struct pt_regs *regs, const struct place *place)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	bool hijack = place->kind == TACHO_PLACE_HIJACK;
	struct tacho_captured_key key;
	bool captures = false;
	struct new_call call = {
		.sp = entry_stack_pointer(regs),
		.ip = PT_REGS_IP(regs) - place->entry_offset,
		.probe = place->probe,
		.state = place->state,
		.place = place->kind,
	};

	if (!wanted(thread, place->rule))
		return 0;
	count(place->state, entries);
	if (hijack && no_hijack) {
		count(place->state, lost_other);
		return 0;
	}
	if (!thread)
		thread = thread_new(task);
	if (!thread) {
		count(place->state, lost_other);
		return 0;
	}
	if (place->spec)
		captures = apply_spec(regs, place, &call);
	if (thread->depth)
		frames_drop_dead(thread, &call, hijack && is_tail_call(regs, task));
	if (hijack) {
		/* Beyond this the kernel leaves the return address alone, without a word. */
		if (task->utask && task->utask->depth >= TACHO_HIJACK_LIMIT) {
			count(place->state, lost_nesting);
			return 0;
		}
	}
	if (captures) {
		key = frame_captured_key(thread, thread->depth, place->probe);
		if (capture_entry((u64)regs, spec_at(place->spec), &key)) {
			count(place->state, lost_other);
			return 0;
		}
	}
	if (!frame_push(thread, &call)) {
		count(place->state, lost_other);
		return 0;
	}
	return 1;
}

static __always_inline void call_ends(const struct place *place, u64 sp,
				      const struct tacho_moment *now, u64 regs)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);

	if (!wanted(thread, place->rule))
		return;
	/* Entered before we attached, or in the parent before a fork. */
	if ((!thread || !frame_return(thread, place->probe, sp, now, regs)) && recording)
		count(place->state, unmatched_returns);
}

/* At an instruction that leaves the function. */
static __noinline int call_leaves(struct pt_regs *regs, const struct place *place, bool returns)
{
	struct tacho_moment now = {};

	moment_end(&now);
	call_ends(place, entry_stack_pointer(regs), &now, returns ? (u64)regs : 0);
	return 0;
}

/* At the return trampoline. */
static __noinline int call_returns(struct pt_regs *regs)
{
	struct tacho_moment now = {};
	struct place place;

	moment_end(&now);
	place = place_of(regs);
	call_ends(&place, returned_stack_pointer(regs), &now, (u64)regs);
	return 0;
}

static __always_inline bool pair_key(struct pt_regs *regs, const struct place *place,
				     struct tacho_span_key *ret_key)
{
	struct tacho_spec *spec = place->spec ? spec_at(place->spec) : 0;

	ret_key->state = place->state;
	ret_key->pid = bpf_get_current_pid_tgid() >> 32;
	return !spec || !spec->key.kind || fetch_value((u64)regs, &spec->key, &ret_key->key);
}

static __noinline int pair_begins(struct pt_regs *regs, const struct place *place)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	struct tacho_span_key key = {};

	if (!wanted(thread, place->rule))
		return 0;
	count(place->state, entries);
	if (!pair_key(regs, place, &key) ||
	    !span_begins(&key, place->state, place->probe, place->spec, (u64)regs))
		count(place->state, lost_other);
	return 0;
}

static __noinline int pair_ends(struct pt_regs *regs, const struct place *place)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	struct tacho_span_key key = {};
	struct tacho_moment now = {};
	bool readable;

	if (!wanted(thread, place->rule))
		return 0;
	readable = pair_key(regs, place, &key);
	moment_end(&now);
	if ((!readable || !span_ends(&key, &now, 0)) && recording)
		count(place->state, unmatched_returns);
	return 0;
}

static __noinline int goroutine_begins(struct pt_regs *regs, const struct place *place)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	struct tacho_spec *spec = spec_at(place->spec);
	struct tacho_span_key key = {};

	if (!spec || !wanted(thread, place->rule))
		return 0;
	count(place->state, entries);
	if (!goroutine_key(regs, place->probe, PT_REGS_SP(regs) + spec->sp_delta, &key) ||
	    !span_begins(&key, place->state, place->probe, spec->has_values ? place->spec : 0,
			 (u64)regs))
		count(place->state, lost_other);
	return 0;
}

static __noinline int goroutine_ends(struct pt_regs *regs, const struct place *place, bool returns)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	struct tacho_moment now = { .ns = bpf_ktime_get_ns() };
	struct tacho_span_key key = {};

	if (!wanted(thread, place->rule))
		return 0;
	if ((!goroutine_key(regs, place->probe, PT_REGS_SP(regs), &key) ||
	     !span_ends(&key, &now, returns ? (u64)regs : 0)) &&
	    recording)
		count(place->state, unmatched_returns);
	return 0;
}

/* A place that is an activity by itself: it lasts no time. */
static __noinline int point(struct pt_regs *regs, const struct place *place)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	struct tacho_frame frame = {
		.start.ns = bpf_ktime_get_ns(),
		.probe = place->probe,
		.state = place->state,
		.spec = place->spec,
	};
	struct ending ending = {
		.ended = TACHO_ENDED_RETURN,
		.depth = thread ? thread->depth : 0,
		.probe = place->probe,
		.captured = { .owner = (u32)bpf_get_current_pid_tgid(), .number = ~0ULL },
	};
	struct tacho_spec *spec = place->spec ? spec_at(place->spec) : 0;

	if (!wanted(thread, place->rule))
		return 0;
	count(place->state, entries);
	if (spec && spec->entry_values && capture_entry((u64)regs, spec, &ending.captured)) {
		count(place->state, lost_other);
		return 0;
	}
	send_activity(&frame, &ending, &frame.start);
	return 0;
}

/* At a place that is not the return trampoline. Returns whether to replace the return address. */
static __always_inline bool at_place(struct pt_regs *regs)
{
	struct place place = place_of(regs);
	struct tacho_spec *spec = place.spec ? spec_at(place.spec) : 0;

	/* Calls that have begun may end although no more begin. */
	if ((!recording || is_unselected(place.state)) && !tacho_place_is_end(place.kind))
		return false;
	switch (place.kind) {
	case TACHO_PLACE_HIJACK:
		return call_begins(regs, &place);
	case TACHO_PLACE_ENTRY:
		if (spec && spec->by_goroutine)
			goroutine_begins(regs, &place);
		else
			call_begins(regs, &place);
		break;
	case TACHO_PLACE_EXIT:
		if (spec && spec->by_goroutine)
			goroutine_ends(regs, &place, true);
		else
			call_leaves(regs, &place, true);
		break;
	case TACHO_PLACE_LEAVE:
		if (spec && !jump_leaves(regs, &spec->jump))
			break;
		if (spec && spec->by_goroutine)
			goroutine_ends(regs, &place, false);
		else
			call_leaves(regs, &place, false);
		break;
	case TACHO_PLACE_BEGIN:
		pair_begins(regs, &place);
		break;
	case TACHO_PLACE_END:
		pair_ends(regs, &place);
		break;
	case TACHO_PLACE_POINT:
		point(regs, &place);
		break;
	case TACHO_PLACE_UNWIND:
		stack_is_cut(place.state, entry_stack_pointer(regs), caller_stack_pointer(regs));
		break;
	}
	return false;
}

/* Linux 6.13 (d920179b3d48): one program for entry and return. */
extern bool bpf_session_is_return(void) __ksym __weak;

SEC("uprobe")
int activity_session(struct pt_regs *regs)
{
	if (bpf_session_is_return()) {
		call_returns(regs);
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
	call_returns(regs);
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
	call_returns(regs);
	return 0;
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
