/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks that are cut back: exceptions, cancellation, longjmp. Probes on the few functions that do
 * it tell when, and which part of the stack:
 *
 *	main      sp=0x7fff40                       <- _Unwind_Resume, __cxa_begin_catch: the frames
 *	 parse    sp=0x7ffe80   passed   ^             between where the exception set out and the
 *	  step    sp=0x7ffe10   passed   |             stack pointer here have been passed
 *	   _Unwind_RaiseException  sp=0x7ffdc0  sets out
 *
 * Only what lies between the two stack pointers is closed: a thread may have other stacks
 * (coroutines), whose frames are alive. An exception passes in legs, from one cleanup to the next;
 * a frame that is passed in a leg has ended when the leg began. Cleanups may throw and catch
 * exceptions of their own, so that there is a stack of flights.
 *
 * References: Itanium C++ ABI: Exception Handling, level I (_Unwind_*) and II (__cxa_*).
 */
#ifndef TACHO_BPF_UNWIND_H
#define TACHO_BPF_UNWIND_H

#include "pairing.bpf.h"

struct passing {
	struct thread *thread;
	u64 from_sp;
	u64 caller_sp; /* of the frame that goes on */
	const struct tacho_moment *end;
	u64 stack_from; /* of the alternate signal stack, [from, to) */
	u64 stack_to;
	u32 ended;
	u32 depth;
};

static __noinline long pass_one(u32 i, struct passing *p)
{
	struct tacho_frame *frame;
	u32 index;

	if (i >= p->depth)
		return 1;
	index = p->depth - 1 - i;
	frame = frame_at(p->thread, index);
	if (frame && frame->sp >= p->from_sp && is_left_behind(frame->sp, p->caller_sp))
		close_frame(p->thread, frame, index, p->end, p->ended);
	return 0;
}

/* Closes the frames from p->from_sp up to the frame that goes on. */
static __always_inline void pass_range(struct passing *p)
{
	p->depth = p->thread->depth;
	LOOP(p->depth, pass_one, p);
	frames_trim(p->thread);
}

/* Out of a signal handler that ran on a stack of its own: newest first, down to the first frame
 * that is not on that stack and lies above where the program goes on. */
static __noinline long pass_one_of_two_stacks(u32 i, struct passing *p)
{
	struct tacho_frame *frame;
	u32 index;

	if (i >= p->depth)
		return 1;
	index = p->depth - 1 - i;
	frame = frame_at(p->thread, index);
	if (!frame || frame->probe == TACHO_NO_PROBE)
		return 0;
	if ((frame->sp < p->stack_from || frame->sp >= p->stack_to) &&
	    !is_left_behind(frame->sp, p->caller_sp))
		return 1;
	close_frame(p->thread, frame, index, p->end, p->ended);
	return 0;
}

struct stack_end {
	u64 end;
};

static long note_stack_end(struct task_struct *task, struct vm_area_struct *vma,
			   struct stack_end *found)
{
	found->end = vma->vm_end;
	return 0;
}

/* As far as a stack of ordinary size reaches: where the kernel cannot tell. */
#define STACK_REACH (8ULL << 20)

/* Do both lie in the same mapping? Otherwise the jump switches stacks (coroutines), and leaves
 * nothing behind. */
static __always_inline bool same_stack(struct task_struct *task, u64 low, u64 high)
{
	struct stack_end found = {};

	if (high < low)
		return false;
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma))
		return high - low < STACK_REACH;
	/* Busy: another thread is changing the mappings. */
	if (bpf_find_vma(task, low, note_stack_end, &found, 0))
		return high - low < STACK_REACH;
	return high <= found.end;
}

static __always_inline void longjmp_lands(struct task_struct *task, struct thread *thread, u64 sp)
{
	struct passing p = {
		.thread = thread,
		.from_sp = thread->jump_from_sp,
		.caller_sp = sp,
		.stack_from = task->sas_ss_sp,
		.stack_to = task->sas_ss_sp + task->sas_ss_size,
		.ended = TACHO_ENDED_UNWOUND,
		.depth = thread->depth,
	};
	u32 last = thread->flight_cnt - 1;

	/* A thread that is ended by unwinding comes to its end by a jump. */
	if (last < FLIGHTS_MAX && thread->flights[last].ended == TACHO_ENDED_THREAD_EXIT &&
	    thread->flights[last].from_sp <= sp)
		p.ended = TACHO_ENDED_THREAD_EXIT;
	thread->jump_from_sp = 0;
	if (!p.from_sp)
		return;
	moment_end(&thread->now);
	p.end = &thread->now;
	if (p.from_sp >= p.stack_from && p.from_sp < p.stack_to &&
	    (sp < p.stack_from || sp > p.stack_to)) {
		LOOP(p.depth, pass_one_of_two_stacks, &p);
		frames_trim(thread);
	} else if (same_stack(task, p.from_sp, sp)) {
		pass_range(&p);
	}
}

static __always_inline void flight_begins(struct thread *thread, u64 sp, u32 ended)
{
	u32 slot = thread->flight_cnt;

	if (slot >= FLIGHTS_MAX)
		slot = FLIGHTS_MAX - 1;
	thread->flights[slot].from_sp = sp;
	moment_end(&thread->flights[slot].since);
	thread->flights[slot].ended = ended;
	thread->flight_cnt = slot + 1;
}

/* The newest flight has come to where the caller's stack pointer is this. */
static __always_inline void flight_lands(struct thread *thread, u64 caller_sp, bool goes_on)
{
	u32 last = thread->flight_cnt - 1;
	struct flight *flight;
	struct passing p = { .thread = thread, .caller_sp = caller_sp };

	if (last >= FLIGHTS_MAX)
		return;
	flight = &thread->flights[last];
	p.from_sp = flight->from_sp;
	p.end = &flight->since;
	p.ended = flight->ended;
	pass_range(&p);
	if (goes_on) {
		flight->from_sp = caller_sp;
		moment_end(&flight->since);
	} else {
		thread->flight_cnt = last;
	}
}

/* Not inlined: one walk of the verifier, and the rest of the program is spared the registers. */
static __noinline int stack_is_cut(u32 what, u64 sp, u64 caller_sp)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);

	if (!thread)
		return 0;
	if (!thread->depth) {
		thread->flight_cnt = 0;
		return 0;
	}
	switch (what) {
	case TACHO_UNWIND_THROW:
		flight_begins(thread, sp, TACHO_ENDED_EXCEPTION);
		break;
	case TACHO_UNWIND_FORCED:
		flight_begins(thread, sp, TACHO_ENDED_THREAD_EXIT);
		break;
	case TACHO_UNWIND_RESUME:
		flight_lands(thread, caller_sp, true);
		break;
	case TACHO_UNWIND_CATCH:
		flight_lands(thread, caller_sp, false);
		break;
	case TACHO_UNWIND_JUMP_FROM:
		thread->jump_from_sp = sp;
		break;
	case TACHO_UNWIND_JUMP_TO:
		longjmp_lands(task, thread, sp);
		break;
	}
	return 0;
}

#endif
