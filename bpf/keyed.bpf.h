/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marked blocks that are known by a key: they begin in one thread, may end in another, and may be
 * suspended in between. What a block uses is the sum over the stretches of time in which it runs on
 * some thread: each is a difference of two readings that this thread made itself.
 *
 *	begin ---- leave        enter ------ leave     enter --- end
 *	  thread 1                 thread 2              thread 1
 *
 * One that begins with an empty label has that of its end: how a request is called may not be known
 * before it was routed. It is counted as begun when it is closed, for it has no state before.
 */
#ifndef TACHO_BPF_KEYED_H
#define TACHO_BPF_KEYED_H

#include "frames.bpf.h"

enum label_told {
	LABEL_TOLD = 0,
	LABEL_LATER = 1, /* until then it is that of an empty label, which may also be its last */
	LABEL_UNWANTED = 2, /* likewise; one that nobody has selected: nothing is to be sent */
};

struct keyed_block {
	struct tacho_frame frame;    /* of no stack; its ip is a hash of the label */
	struct tacho_moment entered; /* when it began to run on run_tid */
	struct tacho_usage used;     /* before that */
	struct ending ending;	     /* here and not on the stack, which is small */
	u32 tid;		     /* of the thread that began it */
	u32 depth;
	u32 run_tid; /* 0: it is suspended */
	u32 unknown; /* it ran on who knows which threads */
	u32 label;   /* enum label_told */
	u32 reserved;
	char comm[TACHO_COMM_SZ];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading when there are marks */
	__type(key, struct tacho_span_key);
	__type(value, struct keyed_block);
} keyed_blocks __weak SEC(".maps");

static __always_inline struct tacho_captured_key
keyed_captured_key(const struct tacho_span_key *key)
{
	struct tacho_captured_key captured = {
		.owner = TACHO_CAPTURED_SPAN | (u64)key->state << 32 | key->pid,
		.number = key->key,
	};

	return captured;
}

static __always_inline void add_usage(struct tacho_usage *sum, const struct tacho_usage *usage)
{
	sum->cpu_ns += usage->cpu_ns;
	if (usage->runqueue_ns == TACHO_USAGE_UNKNOWN || sum->runqueue_ns == TACHO_USAGE_UNKNOWN)
		sum->runqueue_ns = TACHO_USAGE_UNKNOWN;
	else
		sum->runqueue_ns += usage->runqueue_ns;
	sum->minor_faults += usage->minor_faults;
	sum->major_faults += usage->major_faults;
	sum->voluntary_switches += usage->voluntary_switches;
	sum->involuntary_switches += usage->involuntary_switches;
}

/* The block runs on the current thread no more. Not inlined: its stack is not that of sending. */
static __noinline int keyed_stops(struct keyed_block *block, const struct tacho_moment *now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tacho_usage usage = {};

	if (!usage_wanted || !block->run_tid)
		return 0;
	/* Not the thread, or one that has got its number. */
	if (block->run_tid != (u32)bpf_get_current_pid_tgid() ||
	    task->start_time > block->entered.ns) {
		block->unknown = 1;
		return 0;
	}
	usage_between(&block->entered, now, &usage);
	add_usage(&block->used, &usage);
	return 0;
}

/* Two threads that enter and leave one block at a time can make the sum anything. */
static __always_inline void keyed_bound_usage(struct keyed_block *block, u64 duration_ns)
{
	struct tacho_usage *used = &block->used;

	if (block->unknown) {
		used->cpu_ns = used->runqueue_ns = TACHO_USAGE_UNKNOWN;
		return;
	}
	if (used->cpu_ns > duration_ns)
		used->cpu_ns = duration_ns;
	if (used->runqueue_ns != TACHO_USAGE_UNKNOWN &&
	    used->runqueue_ns > duration_ns - used->cpu_ns)
		used->runqueue_ns = duration_ns - used->cpu_ns;
}

/* Sends the record of a block; it belongs to the thread that began it. False when somebody else
 * has done it. */
static __always_inline bool keyed_close(const struct tacho_span_key *key, struct keyed_block *block,
					const struct tacho_moment *end, u32 ended)
{
	struct ending *ending = &block->ending;
	u32 probe = block->frame.probe;

	if (!frame_claim(&block->frame, probe))
		return false;
	if (ended == TACHO_ENDED_EXEC && block->run_tid)
		block->unknown = 1;
	keyed_stops(block, end);
	keyed_bound_usage(block, end->ns - block->frame.start.ns);
	ending->comm = (u64)block->comm;
	ending->usage = (u64)&block->used;
	ending->ended = ended;
	ending->depth = block->depth;
	ending->pid = key->pid;
	ending->tid = block->tid;
	ending->probe = probe;
	ending->captured = keyed_captured_key(key);
	if (block->label == LABEL_UNWANTED) {
		if (block->frame.spec)
			forget_values(ending, false);
		return true;
	}
	if (block->label)
		count(block->frame.state, entries);
	send_activity(&block->frame, ending, end);
	return true;
}

/* The label is known now; other than LABEL_TOLD, so that the block is counted when it is closed. */
static __always_inline void keyed_relabel(struct keyed_block *block, enum label_told label,
					  u32 number)
{
	volatile u64 *word = frame_word(&block->frame);
	u64 before = *word;
	u64 probe = TACHO_PROBE_LABEL | number;
	u64 state = label_base + number;

	if (FRAME_WORD_PROBE(before) == TACHO_NO_PROBE)
		return;
	block->label = label;
	if (label == LABEL_LATER)
		__sync_val_compare_and_swap((u64 *)word, before,
					    (before >> 48) << 48 | state << 32 | probe);
}

struct keyed_closing {
	struct tacho_moment now;
	u32 pid; /* 0: of all processes, what is not selected any more */
	u32 ended;
};

static long keyed_close_if(void *map, const struct tacho_span_key *key, struct keyed_block *block,
			   struct keyed_closing *c)
{
	struct tacho_span_key k = *key;

	if (c->pid ? k.pid != c->pid : !is_unselected(block->frame.state))
		return 0;
	keyed_close(&k, block, &c->now, c->ended);
	bpf_map_delete_elem(map, &k);
	return 0;
}

static __noinline int keyed_close_all(u32 pid, u32 ended)
{
	struct keyed_closing c = { .pid = pid, .ended = ended };

	moment_end(&c.now);
	bpf_for_each_map_elem(&keyed_blocks, keyed_close_if, &c, 0);
	return 0;
}

#endif
