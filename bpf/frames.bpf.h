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
 * Only the thread itself pushes frames and takes them away (pairing.bpf.h). They are closed by it,
 * at its exit, at the end of the recording, and when their state is deselected, and these may meet:
 * whoever makes the frame a gap (frame_claim) sends its record. A gap stays where it is until the
 * thread trims it.
 */
#ifndef TACHO_BPF_FRAMES_H
#define TACHO_BPF_FRAMES_H

#include "common.bpf.h"
#include "attributes.bpf.h"
#include "guard.bpf.h"
#include "usage.bpf.h"
#include "values.bpf.h"

/* An exception or a cancellation under way: frames from from_sp upwards are being passed. */
struct flight {
	u64 from_sp;
	struct tacho_moment since; /* when it set out, or went on after the last cleanup */
	u32 ended;		   /* enum tacho_ended: what it is for the calls that it passes */
	u32 reserved;
};

#define FLIGHTS_MAX 4 /* an exception thrown in the cleanup of another, and so on */

struct thread {
	u64 rules; /* of its process, see struct tacho_process */
	u32 depth;
	u32 tid;
	u64 jump_from_sp; /* of a longjmp under way, or 0 */
	u32 flight_cnt;
	u32 rules_generation;	 /* when rules were asked for */
	struct tacho_moment now; /* scratch: a BPF program's stack is small */
	struct flight flights[FLIGHTS_MAX];
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

/*
 * Probe, state and place of a frame are read, written and exchanged as one word, so that nobody
 * ever sees the probe of one frame with the state of another.
 */
_Static_assert(__builtin_offsetof(struct tacho_frame, probe) % 8 == 0 &&
		       __builtin_offsetof(struct tacho_frame, state) ==
			       __builtin_offsetof(struct tacho_frame, probe) + 4 &&
		       __builtin_offsetof(struct tacho_frame, place) ==
			       __builtin_offsetof(struct tacho_frame, probe) + 6,
	       "one word");

static __always_inline volatile u64 *frame_word(struct tacho_frame *frame)
{
	return (volatile u64 *)&frame->probe;
}

/* Both machines are little-endian. */
#define FRAME_WORD_PROBE(word) ((u32)(word))
#define FRAME_WORD_STATE(word) ((u32)((word) >> 32 & 0xffff))

/*
 * Makes the frame, whose word was this, a gap. False when somebody else has done it.
 *
 * From elsewhere than its own thread, the frame may have been replaced since it was looked at; but
 * never by one of the same probe, when no more calls of that begin.
 */
static __always_inline bool frame_claim_word(struct tacho_frame *frame, u64 word)
{
	return FRAME_WORD_PROBE(word) != TACHO_NO_PROBE &&
	       __sync_val_compare_and_swap((u64 *)&frame->probe, word, word | TACHO_NO_PROBE) ==
		       word;
}

static __always_inline bool frame_claim(struct tacho_frame *frame, u32 probe)
{
	u64 word = *frame_word(frame);

	return FRAME_WORD_PROBE(word) == probe && frame_claim_word(frame, word);
}

/* How a call ended, and whose it was. */
struct ending {
	union {
		u64 regs;  /* of a return whose values are wanted, or 0 */
		u64 usage; /* of a marked block: address of what it has used; 0: what lies between
			    * its two moments */
	};
	u64 comm; /* address of the name, or 0: the current task, whose pid and tid it is too */
	u32 ended;
	u32 depth;
	u32 pid;
	u32 tid;
	u32 probe; /* of the frame, before it was claimed */
	u32 reserved;
	struct tacho_captured_key captured; /* where the call's values are, if its spec has any */
};

/* As bpf_get_current_comm does, which costs six times as much. */
static __always_inline void copy_own_comm(char comm[TACHO_COMM_SZ])
{
	struct task_struct *task = bpf_get_current_task_btf();

#pragma unroll
	for (int i = 0; i < TACHO_COMM_SZ; i++)
		comm[i] = task->comm[i];
}

/* What follows struct tacho_activity in every record of this recording. */
#define USAGE_SZ (usage_wanted ? sizeof(struct tacho_usage) : 0)
#define RECORD_FLAGS (usage_wanted ? TACHO_ACTIVITY_USAGE : 0)

/* How a call of a state that is not selected any more ended is not seen: it may have returned long
 * ago. Only a return that is seen is one. */
static __always_inline u32 ended_as_seen(const struct tacho_frame *frame, const struct ending *e)
{
	return e->ended != TACHO_ENDED_RETURN && is_unselected(frame->state) ? TACHO_ENDED_OPEN
									     : e->ended;
}

/* Is this the end of a marked block? Its frame has a spec if it has attributes. */
static __always_inline bool is_block(const struct ending *e)
{
	return marks && e->probe & TACHO_PROBE_LABEL;
}

static __always_inline void fill_record(struct tacho_activity *record,
					const struct tacho_frame *frame, const struct ending *e,
					const struct tacho_moment *end)
{
	u64 id;

	record->head.kind = TACHO_RECORD_ACTIVITY;
	record->head.size = sizeof(*record) + USAGE_SZ;
	record->start_ns = frame->start.ns;
	record->end_ns = end->ns;
	record->probe = e->probe;
	record->depth = e->depth;
	record->ended = ended_as_seen(frame, e);
	record->flags = RECORD_FLAGS;
	if (e->comm) {
		record->pid = e->pid;
		record->tid = e->tid;
		bpf_probe_read_kernel_str(record->comm, sizeof(record->comm), (void *)e->comm);
	} else {
		id = bpf_get_current_pid_tgid();
		record->pid = id >> 32;
		record->tid = (u32)id;
		copy_own_comm(record->comm);
	}
	if (!usage_wanted)
		return;
	if (is_block(e) && e->usage)
		bpf_probe_read_kernel(record + 1, sizeof(struct tacho_usage), (void *)e->usage);
	else
		usage_fill((struct tacho_usage *)(record + 1), &frame->start, end);
}

/* A wake-up for each record would cost several times the record itself. */
static __always_inline u64 wake_flags(void)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wake_bytes ? BPF_RB_FORCE_WAKEUP
									 : BPF_RB_NO_WAKEUP;
}

static __always_inline void read_return(struct tacho_values *values, const struct ending *e)
{
	if (!e->regs)
		return;
	values->valid |= TACHO_VALUE_RETURNED;
	read_register(e->regs, RETURN_REGISTER, &values->return_value);
}

/* The record of a call with values that are numbers: of fixed size. */
static __noinline int send_with_numbers(const struct tacho_frame *frame, const struct ending *e,
					const struct tacho_moment *end,
					const struct tacho_spec *spec)
{
	struct tacho_captured_key key = e->captured; /* Linux 6.1 wants keys on the stack */
	struct fetching f = { .regs = e->regs, .spec = spec, .at_end = 1 };
	struct captured_numbers *numbers;
	struct tacho_activity *record;
	struct captured *c = 0;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record) + USAGE_SZ + TACHO_VALUES_SZ, 0);
	if (!record)
		return -1;
	fill_record(record, frame, e, end);
	record->head.size = sizeof(*record) + USAGE_SZ + TACHO_VALUES_SZ;
	record->flags = RECORD_FLAGS | TACHO_ACTIVITY_VALUES;
	numbers = (void *)(record + 1) + USAGE_SZ;
	if (spec->entry_values)
		c = bpf_map_lookup_elem(&captured, &key);
	if (c)
		*numbers = *(struct captured_numbers *)&c->values;
	else
		__builtin_memset(numbers, 0, sizeof(*numbers));
	read_return((struct tacho_values *)numbers, e);
	if (e->regs)
		fetch_integers(&f, (struct tacho_values *)numbers);
	bpf_ringbuf_submit(record, wake_flags());
	return 0;
}

static __always_inline struct tacho_activity *record_before(struct tacho_values *values)
{
	return (void *)values - USAGE_SZ - sizeof(struct tacho_activity);
}

/* The record of a call with values that are strings, which are in memory already. */
static __noinline int send_with_text(const struct tacho_frame *frame, const struct ending *e,
				     const struct tacho_moment *end, const struct tacho_spec *spec)
{
	struct tacho_captured_key key = e->captured;
	struct fetching f = { .regs = e->regs, .spec = spec, .at_end = 1 };
	struct captured *c = bpf_map_lookup_elem(&captured, &key);
	struct tacho_activity *record;

	if (!c)
		return -1;
	record = record_before(&c->values);
	fill_record(record, frame, e, end);
	record->head.size = sizeof(*record) + USAGE_SZ + sizeof(c->values);
	record->flags = RECORD_FLAGS | TACHO_ACTIVITY_VALUES;
	read_return(&c->values, e);
	if (e->regs) {
		fetch_integers(&f, &c->values);
		fetch_texts(&f, c, true);
	}
	return bpf_ringbuf_output(&ring, record_before(&c->values),
				  sizeof(*record) + USAGE_SZ + sizeof(c->values), wake_flags());
}

static __always_inline int send_with_values(const struct tacho_frame *frame, const struct ending *e,
					    const struct tacho_moment *end)
{
	struct tacho_spec *spec = spec_at(frame->spec);
	int err;

	if (!spec)
		return -1;
	err = spec->has_text ? send_with_text(frame, e, end, spec)
			     : send_with_numbers(frame, e, end, spec);
	return err;
}

static __always_inline int send_plain(const struct tacho_frame *frame, const struct ending *e,
				      const struct tacho_moment *end)
{
	struct tacho_activity *record = bpf_ringbuf_reserve(&ring, sizeof(*record) + USAGE_SZ, 0);

	if (!record)
		return -1;
	fill_record(record, frame, e, end);
	bpf_ringbuf_submit(record, wake_flags());
	return 0;
}

/* The record of a marked block with attributes. */
static __noinline int send_with_attributes(const struct tacho_frame *frame, const struct ending *e,
					   const struct tacho_moment *end)
{
	struct tacho_captured_key key = e->captured;
	struct attributed *a = bpf_map_lookup_elem(&attributes, &key);
	struct tacho_activity *record;
	u32 text_sz;

	if (!a)
		return -1;
	text_sz = (a->values.text_sz + 7) & ~7u;
	if (text_sz > TACHO_TEXT_SZ)
		text_sz = TACHO_TEXT_SZ;
	record = (void *)&a->values - USAGE_SZ - sizeof(*record);
	fill_record(record, frame, e, end);
	record->head.size = sizeof(*record) + USAGE_SZ + TACHO_ATTRIBUTES_SZ + text_sz;
	record->flags = RECORD_FLAGS | TACHO_ACTIVITY_ATTRIBUTES;
	return bpf_ringbuf_output(&ring, record,
				  sizeof(*record) + USAGE_SZ + TACHO_ATTRIBUTES_SZ + text_sz,
				  wake_flags());
}

static __always_inline bool frame_has_values(const struct tacho_frame *frame)
{
	struct tacho_spec *spec = frame->spec ? spec_at(frame->spec) : 0;

	return spec && spec->has_values;
}

static __always_inline int send_block(const struct tacho_frame *frame, const struct ending *e,
				      const struct tacho_moment *end)
{
	return frame->spec ? send_with_attributes(frame, e, end) : send_plain(frame, e, end);
}

/* Not inlined: its stack is not that of sending. */
static __noinline int forget_values(const struct ending *e, bool has_values)
{
	struct tacho_captured_key key = e->captured;

	if (has_values)
		bpf_map_delete_elem(&captured, &key);
	else
		bpf_map_delete_elem(&attributes, &key);
	return 0;
}

/*
 * Sends the record of a call that has ended, adds it to the sums, or counts it as lost.
 * Global, so that the verifier checks it once and not at each place that calls it; weak, because
 * two objects have it.
 */
__weak int send_activity(const struct tacho_frame *frame, const struct ending *e,
			 const struct tacho_moment *end)
{
	bool has_values = false;
	int err;

	if (!frame || !e || !end)
		return 0;
	if (!is_block(e))
		has_values = frame_has_values(frame);
	if (guarded && !guard_admits(frame->state, end->ns)) {
		if (!guard_summarize(frame->state, ended_as_seen(frame, e),
				     end->ns - frame->start.ns))
			count(frame->state, lost_other);
	} else {
		if (is_block(e))
			err = send_block(frame, e, end);
		else
			err = has_values ? send_with_values(frame, e, end)
					 : send_plain(frame, e, end);
		if (err)
			count(frame->state, lost_ring);
	}
	if (has_values || (is_block(e) && frame->spec))
		forget_values(e, has_values);
	return 0;
}

/* With the probe: the next call on this place of the stack may begin before the values of one that
 * was closed from elsewhere are forgotten. */
static __always_inline struct tacho_captured_key frame_captured_key(const struct thread *thread,
								    u32 index, u32 probe)
{
	struct tacho_captured_key key = { .owner = thread->tid,
					  .number = (u64)probe << 32 | index };

	return key;
}

struct closing {
	struct thread *thread;
	struct ending ending;
	struct tacho_moment end;
	u32 depth;
};

/* Closes the i-th frame from the top; a bpf_loop callback. */
static __noinline long frame_close_nth(u32 i, struct closing *c)
{
	struct tacho_frame *frame;
	u32 index;

	if (i >= c->depth)
		return 1;
	index = c->depth - 1 - i;
	frame = frame_at(c->thread, index);
	if (frame) {
		c->ending.probe = frame->probe;
		c->ending.depth = index;
		c->ending.captured = frame_captured_key(c->thread, index, frame->probe);
		if (frame_claim(frame, c->ending.probe))
			send_activity(frame, &c->ending, &c->end);
	}
	if (index >= TACHO_HIJACK_LIMIT)
		deep_frame_delete(c->thread, index);
	return 0;
}

/* Closes every open call of c->thread. */
static __always_inline void frames_close_all(struct closing *c)
{
	c->depth = __sync_lock_test_and_set(&c->thread->depth, 0);
	LOOP(c->depth, frame_close_nth, c);
}

#endif
