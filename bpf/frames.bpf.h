/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The open calls of each thread, and the record that each leaves when it ends.
 *
 * A thread's open calls are a stack of frames in its task storage:
 *
 *	frames[2]  step   sp=0x7ffe10   <- depth - 1, the newest
 *	frames[1]  bind   sp=0x7ffe80
 *	frames[0]  query  sp=0x7fff40
 *
 * Only the thread itself touches its frames (pairing.bpf.h), but for the closing at exit and at the
 * end of the recording, which may meet: whoever exchanges depth for 0 has the frames.
 */
#ifndef TACHO_BPF_FRAMES_H
#define TACHO_BPF_FRAMES_H

#include "common.bpf.h"

struct thread {
	u64 rules; /* of its process, see struct tacho_process */
	u32 depth;
	u32 tid;
	char comm[TACHO_COMM_SZ]; /* when first seen */
	struct tacho_frame frames[TACHO_HIJACK_LIMIT];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads __weak SEC(".maps");

/* Frames beyond those kept with the thread: deep recursion seen through EXIT places. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before loading when there are EXIT places */
	__type(key, struct tacho_deep_key);
	__type(value, struct tacho_frame);
} deep_frames __weak SEC(".maps");

static __always_inline struct tacho_frame *deep_frame_at(struct thread *thread, u32 index)
{
	struct tacho_deep_key key = { .tid = thread->tid, .index = index };

	return bpf_map_lookup_elem(&deep_frames, &key);
}

static __always_inline void deep_frame_delete(struct thread *thread, u32 index)
{
	struct tacho_deep_key key = { .tid = thread->tid, .index = index };

	bpf_map_delete_elem(&deep_frames, &key);
}

static __always_inline struct tacho_frame *frame_at(struct thread *thread, u32 index)
{
	/* Or the compiler computes the address from a loop counter, before this comparison, and
	 * the verifier sees no bound. */
	barrier_var(index);
	if (index < TACHO_HIJACK_LIMIT)
		return &thread->frames[index];
	return deep_frame_at(thread, index);
}

/* Whose call it was, when that is not the current task. */
struct owner {
	u32 pid;
	u32 tid;
	const char *comm; /* kernel memory */
};

/*
 * Sends the record of a call that has ended, or counts it as lost. owner NULL: the current task.
 * Global, so that the verifier checks it once and not at each place that calls it; weak, because
 * two objects have it.
 */
__weak int send_activity(const struct tacho_frame *frame, u64 end_ns, u32 ended, u32 depth,
			 const struct owner *owner)
{
	struct tacho_activity *record;
	u64 waiting;
	u64 id;

	if (!frame)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count(frame->state, lost_ring);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->head.kind = TACHO_RECORD_ACTIVITY;
	record->head.size = sizeof(*record);
	record->start_ns = frame->start_ns;
	record->end_ns = end_ns;
	record->probe = frame->probe;
	record->depth = depth;
	record->ended = ended;
	if (owner) {
		record->pid = owner->pid;
		record->tid = owner->tid;
		bpf_probe_read_kernel_str(record->comm, sizeof(record->comm), owner->comm);
	} else {
		id = bpf_get_current_pid_tgid();
		record->pid = id >> 32;
		record->tid = (u32)id;
		bpf_get_current_comm(record->comm, sizeof(record->comm));
	}
	/* A wake-up for each record would cost several times the record itself. */
	waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(record, waiting >= wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	return 0;
}

struct closing {
	struct thread *thread;
	struct owner owner;
	u64 now_ns;
	u32 depth;
	u32 ended;
};

/* Closes the i-th frame from the top; a bpf_loop callback. */
static long frame_close_nth(u32 i, struct closing *c)
{
	struct tacho_frame *frame;
	u32 index;

	if (i >= c->depth)
		return 1;
	index = c->depth - 1 - i;
	frame = frame_at(c->thread, index);
	if (frame && frame->probe != TACHO_NO_PROBE)
		send_activity(frame, c->now_ns, c->ended, index, &c->owner);
	if (index >= TACHO_HIJACK_LIMIT)
		deep_frame_delete(c->thread, index);
	return 0;
}

/* Closes every open call of the thread. */
static __always_inline void frames_close_all(struct thread *thread, u32 ended,
					     const struct owner *owner)
{
	struct closing c = {
		.thread = thread,
		.owner = *owner,
		.now_ns = bpf_ktime_get_ns(),
		.depth = __sync_lock_test_and_set(&thread->depth, 0),
		.ended = ended,
	};

	LOOP(c.depth, frame_close_nth, &c);
}

#endif
