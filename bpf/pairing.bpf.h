/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pairing: which open call is it that returns?
 *
 * A frame is identified by (thread, probe, stack pointer at entry): no two open calls share that,
 * however they nest, recurse or were left behind. When a call returns, what lies above its frame
 * without having returned was unwound (longjmp).
 *
 * When a call begins, whatever was on its place in the stack is over. Calls whose return address is
 * replaced (TACHO_PLACE_HIJACK) follow the kernel's own rules for that (cleanup_return_instances,
 * arch_uretprobe_is_alive), because the kernel will never report a return that it has cleaned up:
 * whatever lies deeper is over too. Calls that end at EXIT places are over when their very place is
 * taken; not when they lie merely deeper, because coroutines leave frames of several stacks
 * interleaved. A frame that ends in the middle becomes a
 * gap (TACHO_NO_PROBE), which goes when it is on top.
 */
#ifndef TACHO_BPF_PAIRING_H
#define TACHO_BPF_PAIRING_H

#include "frames.bpf.h"

/* A call that begins: what will be its frame. */
struct new_call {
	u64 sp;
	u64 ip;
	u32 probe;
	u16 state;
	u16 place;
	u32 spec;
	u32 reserved;
};

/* What a walk over frames, newest first, is told and finds. */
struct walk {
	struct thread *thread;
	u64 sp;
	u64 ip;
	const struct tacho_moment *now;
	u32 probe;
	u32 depth; /* the frame to look at is depth - 1 - i */
	u32 below; /* stop at this index */
	u32 found; /* FRAME_NOT_FOUND until it is */
	bool tail_call;
};

#define FRAME_NOT_FOUND 0xffffffffu
/* How far to look for a call that ended unseen. */
#define SEARCH_MAX 256

static __always_inline u32 walk_index(const struct walk *walk, u32 i)
{
	return walk->depth - 1 - i;
}

/* Sends the record of the frame and makes it a gap. */
static __always_inline void close_frame(struct thread *thread, struct tacho_frame *frame, u32 index,
					const struct tacho_moment *end, u32 ended)
{
	u32 probe = frame->probe;
	struct ending ending = {
		.ended = ended,
		.depth = index,
		.probe = probe,
		.captured = frame_captured_key(thread, index, probe),
	};

	if (frame_claim(frame, probe))
		send_activity(frame, &ending, end);
}

/* Closes a frame whose place in the stack is found to be somebody else's. If an exception is under
 * way that set out below it, that is what passed it, and when. */
static __always_inline void close_unwound(struct thread *thread, struct tacho_frame *frame,
					  u32 index, const struct tacho_moment *now)
{
	u32 last = thread->flight_cnt - 1;
	struct flight *flight;

	if (last < FLIGHTS_MAX) {
		flight = &thread->flights[last];
		if (flight->from_sp <= frame->sp && flight->since.ns >= frame->start.ns) {
			close_frame(thread, frame, index, &flight->since, flight->ended);
			return;
		}
	}
	close_frame(thread, frame, index, now, TACHO_ENDED_UNWOUND);
}

/* Drops one frame from the top if it is a gap. */
static long trim_one(u32 i, struct walk *walk)
{
	struct thread *thread = walk->thread;
	struct tacho_frame *top;
	u32 depth = thread->depth;

	if (!depth)
		return 1;
	top = frame_at(thread, depth - 1);
	if (top && top->probe != TACHO_NO_PROBE)
		return 1;
	depth--;
	if (depth >= TACHO_HIJACK_LIMIT)
		deep_frame_delete(thread, depth);
	thread->depth = depth;
	return 0;
}

/* Drops the gaps on top: as a rule the one that has just been made. */
static __always_inline void frames_trim(struct thread *thread)
{
	struct walk walk = { .thread = thread };
	struct tacho_frame *top;
	u32 depth;

	trim_one(0, &walk);
	depth = thread->depth;
	if (!depth)
		return;
	top = frame_at(thread, depth - 1);
	if (!top || top->probe == TACHO_NO_PROBE)
		LOOP(depth, trim_one, &walk);
}

/* Among the frames of one place in the stack: is the new call's probe there already? */
static long find_earlier_one(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (!frame || frame->sp != walk->sp || frame->ip != walk->ip)
		return 1;
	if (frame->probe != walk->probe)
		return 0;
	walk->found = index;
	return 1;
}

static long find_same_place(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (frame && frame->sp == walk->sp && frame->probe != TACHO_NO_PROBE)
		walk->found = index; /* and go on: the oldest counts */
	return 0;
}

/* From the newest frame down to the one found. */
static __noinline long close_one_replaced(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index >= walk->depth || index < walk->found)
		return 1;
	frame = frame_at(walk->thread, index);
	if (frame && frame->sp == walk->sp)
		close_unwound(walk->thread, frame, index, walk->now);
	return 0;
}

/* As the kernel does it: down to the first hijacked frame that is alive. */
static __noinline long close_one_dead(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (!frame || frame->place != TACHO_PLACE_HIJACK)
		return 0;
	if (frame->sp > walk->sp || (frame->sp == walk->sp && walk->tail_call))
		return 1;
	close_unwound(walk->thread, frame, index, walk->now);
	return 0;
}

/* Is the newest frame the same call as the new one, seen by the probe of another state? */
static __always_inline bool is_same_call(struct walk *walk, const struct tacho_frame *top)
{
	if (top->sp != walk->sp || top->ip != walk->ip)
		return false;
	LOOP(walk->depth, find_earlier_one, walk);
	return walk->found == FRAME_NOT_FOUND;
}

/*
 * A new call begins: closes the calls that must be over. tail_call: its return address is the
 * kernel's trampoline, so that it shares its place with a call that is not over.
 */
static __always_inline void frames_drop_dead(struct thread *thread, const struct new_call *call,
					     bool tail_call)
{
	struct walk walk = {
		.thread = thread,
		.sp = call->sp,
		.ip = call->ip,
		.probe = call->probe,
		.depth = thread->depth,
		.found = FRAME_NOT_FOUND,
		.tail_call = tail_call,
	};
	bool hijack = call->place == TACHO_PLACE_HIJACK;
	struct tacho_frame *top = frame_at(thread, thread->depth - 1);
	u32 steps = walk.depth < SEARCH_MAX ? walk.depth : SEARCH_MAX;

	if (top && ((hijack && top->sp > walk.sp) || (!tail_call && is_same_call(&walk, top))))
		return;
	moment_end(&thread->now);
	walk.now = &thread->now;
	if (hijack) {
		LOOP(steps, close_one_dead, &walk);
	} else {
		walk.found = FRAME_NOT_FOUND;
		LOOP(steps, find_same_place, &walk);
		if (walk.found == FRAME_NOT_FOUND)
			return;
		LOOP(steps, close_one_replaced, &walk);
	}
	frames_trim(thread);
}

static __noinline long close_one_above(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index <= walk->below || index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (frame && frame->place == TACHO_PLACE_HIJACK && frame->sp < walk->sp)
		close_unwound(walk->thread, frame, index, walk->now);
	return 0;
}

/* What lies above the returning frame, at index `below`, and deeper in the stack, did not return.
 * At the same place in the stack it is the same call, seen by the probe of another state. */
static __always_inline void frames_close_above(struct thread *thread, u32 below, u64 sp,
					       const struct tacho_moment *now)
{
	struct walk walk = {
		.thread = thread, .depth = thread->depth, .below = below, .sp = sp, .now = now
	};

	LOOP(walk.depth, close_one_above, &walk);
}

static long look_at_one(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (!frame || frame->probe != walk->probe || frame->sp != walk->sp)
		return 0;
	walk->found = index;
	return 1;
}

/* The index of the call's frame: nearly always the newest. */
static __always_inline u32 frame_find(struct thread *thread, u32 probe, u64 sp)
{
	struct walk walk = {
		.thread = thread,
		.depth = thread->depth,
		.probe = probe,
		.sp = sp,
		.found = FRAME_NOT_FOUND,
	};
	struct tacho_frame *top;

	if (!walk.depth)
		return FRAME_NOT_FOUND;
	top = frame_at(thread, walk.depth - 1);
	if (top && top->probe == probe && top->sp == sp)
		return walk.depth - 1;
	LOOP(walk.depth, look_at_one, &walk);
	return walk.found;
}

static __always_inline bool is_tail_call(struct pt_regs *regs, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	struct xol_area *area = mm ? mm->uprobes_state.xol_area : 0;

	return area && return_address(regs) == area->vaddr;
}

/* What a deep frame begins as. */
static const struct tacho_frame no_frame = { .probe = TACHO_NO_PROBE };

/* Puts the call on the stack: it begins now. False when there is no room. */
static __always_inline bool frame_push(struct thread *thread, const struct new_call *call)
{
	u32 depth = thread->depth;
	struct tacho_deep_key key = { .tid = thread->tid, .index = depth };
	struct tacho_frame *frame;

	if (depth >= TACHO_HIJACK_LIMIT &&
	    bpf_map_update_elem(&deep_frames, &key, &no_frame, BPF_ANY))
		return false;
	frame = frame_at(thread, depth);
	if (!frame)
		return false;
	frame->sp = call->sp;
	frame->ip = call->ip;
	*frame_word(frame) = (u64)call->place << 48 | (u64)call->state << 32 | call->probe;
	frame->spec = call->spec;
	/* The last thing before the call itself: what we did is not part of its duration. */
	moment_begin(&frame->start);
	thread->depth = depth + 1;
	return true;
}

/* A call of this probe that was entered at sp has returned, with the registers at regs or (0) in a
 * way that does not show what it returns. False if there is no such call. */
static __always_inline bool frame_return(struct thread *thread, u32 probe, u64 sp,
					 const struct tacho_moment *now, u64 regs)
{
	struct ending ending = { .regs = regs, .ended = TACHO_ENDED_RETURN, .probe = probe };
	u32 index = frame_find(thread, probe, sp);
	struct tacho_frame *frame;

	if (index == FRAME_NOT_FOUND)
		return false;
	frame = frame_at(thread, index);
	if (!frame)
		return false;
	if (index + 1 < thread->depth)
		frames_close_above(thread, index, sp, now);
	ending.depth = index;
	ending.captured = frame_captured_key(thread, index, probe);
	if (!frame_claim(frame, probe))
		return true;
	send_activity(frame, &ending, now);
	if (!index && thread->depth == 1)
		thread->depth = 0;
	else
		frames_trim(thread);
	return true;
}

#endif
