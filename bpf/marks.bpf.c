/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs that run at marks (tacho/mark.h): blocks of code that programs label themselves.
 *
 * A block on one thread is a frame of the thread's stack as a call is, told from the others by its
 * label, in place of a stack pointer: marks may stand in functions that return before the block
 * ends. Its sp is 0, which is in no stretch of any stack, so that what happens to stacks does not
 * touch it. A frame's place tells blocks (TACHO_PLACE_BEGIN) from calls.
 *
 *	frames[2]  block "parse"   <- depth - 1, the newest
 *	frames[1]  call  bind      sp=0x7ffe80
 *	frames[0]  block "request"
 *
 * The end of an outer block closes the blocks in it that have not ended: they were left without.
 * Calls among them are no business of it.
 */
#include "compat.bpf.h"

#include "counters.bpf.h"
#include "hash.bpf.h"
#include "keyed.bpf.h"
#include "labels.bpf.h"
#include "pairing.bpf.h"
#include "spans.bpf.h"
#include "wanted.bpf.h"

struct mark {
	u32 kind; /* enum tacho_mark */
	u32 rule;
	u32 probe;
	u32 spec;
};

static __always_inline struct mark mark_of(struct pt_regs *regs)
{
	u64 cookie = bpf_get_attach_cookie(regs);
	struct mark mark = {
		.probe = cookie & 0xfffff,
		.kind = cookie >> 20 & 0xfff,
		.rule = cookie >> 32 & 63,
		.spec = cookie >> 41 & 0xffff,
	};

	return mark;
}

/* A label that this thread has used, by its hash: to look for it by its text costs more. */
struct label_at_hand {
	u64 hash; /* 0: none */
	u32 number;
	u32 reserved;
};

#define LABELS_AT_HAND 16

/* What a thread needs while it is at a mark: a BPF program's stack is small, and whoever preempts
 * it is another thread. */
struct mark_scratch {
	struct tacho_label_key label;
	struct tacho_attribute_name attribute;
	struct tacho_counter_key counter;
	struct keyed_block block;
	struct tacho_moment now;
	u64 label_hash; /* tells labels apart that share a number */
	u32 label_sz;
	u32 number; /* of the label */
	struct label_at_hand at_hand[LABELS_AT_HAND];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mark_scratch);
} mark_scratches SEC(".maps");

static __always_inline struct mark_scratch *scratch_of(struct task_struct *task)
{
	return bpf_task_storage_get(&mark_scratches, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static __always_inline bool argument(u64 regs, const struct mark *mark, u32 i, u64 *ret_value)
{
	struct tacho_spec *spec = spec_at(mark->spec);

	return spec && fetch_value(regs, &spec->fetches[i & (TACHO_CAPTURES_MAX - 1)], ret_value);
}

/* Text of the program into room that is NUL behind it. Returns its length, or a negative number;
 * NULL is as good as "". */
static __always_inline s64 read_name(char *room, u32 room_sz, u64 address)
{
	s64 got;

	__builtin_memset(room, 0, room_sz);
	if (!address)
		return 0;
	got = bpf_probe_read_user_str(room, room_sz, (void *)address);
	return got > 0 ? got - 1 : got;
}

/*
 * Reads the label that is the first argument. One that cannot be read is counted with the state of
 * all marks: when it begins something, that is lost.
 */
static __noinline bool read_label(u64 regs, const struct mark *mark, struct mark_scratch *scratch,
				  bool begins)
{
	u64 address = 0;
	s64 sz = -1;

	if (!scratch || !mark)
		return false;
	if (argument(regs, mark, 0, &address))
		sz = read_name(scratch->label.text, sizeof(scratch->label.text), address);
	if (sz < 0 && begins) {
		count(marks_state, entries);
		count(marks_state, lost_other);
	} else if (sz < 0 && recording) {
		count(marks_state, unmatched_returns);
	}
	if (sz < 0)
		return false;
	scratch->label_sz = sz;
	scratch->label_hash = hash_words(scratch->label.text, sizeof(scratch->label.text), sz + 1);
	return true;
}

/* Of the label that has been read. False when nobody is interested in it. */
static __noinline bool find_label_number(const struct mark *mark, struct mark_scratch *scratch)
{
	struct label_at_hand *at_hand;

	if (!mark || !scratch)
		return false;
	at_hand = &scratch->at_hand[scratch->label_hash >> 1 & (LABELS_AT_HAND - 1)];
	if (at_hand->hash != scratch->label_hash) {
		at_hand->number = label_number(&scratch->label, scratch->label_sz, mark->probe);
		at_hand->hash = scratch->label_hash;
	}
	scratch->number = at_hand->number;
	return scratch->number <= label_limit;
}

/* --- blocks on one thread ------------------------------------------------------------------- */

static __noinline int block_begins(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct mark_scratch *scratch;
	struct new_call call = { .place = TACHO_PLACE_BEGIN };

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!read_label(regs, mark, scratch, true) || !find_label_number(mark, scratch) || !scratch)
		return 0;
	call.ip = scratch->label_hash;
	call.probe = TACHO_PROBE_LABEL | scratch->number;
	call.state = label_base + scratch->number;
	count(call.state, entries);
	if (!thread)
		thread = thread_new(task);
	if (!thread || !frame_push(thread, &call))
		count(call.state, lost_other);
	return 0;
}

/* The newest open block; with an ip, of that label. */
static long find_block(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (!frame || frame->place != TACHO_PLACE_BEGIN || frame->probe == TACHO_NO_PROBE ||
	    (walk->ip && frame->ip != walk->ip))
		return 0;
	walk->found = index;
	return 1;
}

static __always_inline u32 block_find(struct thread *thread, u64 label_hash)
{
	struct walk walk = {
		.thread = thread,
		.depth = thread->depth,
		.ip = label_hash,
		.found = FRAME_NOT_FOUND,
	};

	if (!walk.depth)
		return FRAME_NOT_FOUND;
	find_block(0, &walk);
	if (walk.found == FRAME_NOT_FOUND)
		LOOP(walk.depth, find_block, &walk);
	return walk.found;
}

static __noinline long close_block_above(u32 i, struct walk *walk)
{
	u32 index = walk_index(walk, i);
	struct tacho_frame *frame;

	if (index <= walk->below || index >= walk->depth)
		return 1;
	frame = frame_at(walk->thread, index);
	if (frame && frame->place == TACHO_PLACE_BEGIN && frame->probe != TACHO_NO_PROBE)
		close_frame(walk->thread, frame, index, walk->now, TACHO_ENDED_UNWOUND);
	return 0;
}

static __always_inline bool block_return(struct thread *thread, u64 label_hash,
					 const struct tacho_moment *now)
{
	u32 index = block_find(thread, label_hash);
	struct walk walk = { .thread = thread, .depth = thread->depth, .below = index, .now = now };
	struct tacho_frame *frame;

	if (index == FRAME_NOT_FOUND)
		return false;
	frame = frame_at(thread, index);
	if (!frame)
		return false;
	if (index + 1 < walk.depth)
		LOOP(walk.depth, close_block_above, &walk);
	close_frame(thread, frame, index, now, TACHO_ENDED_RETURN);
	frames_trim(thread);
	return true;
}

static __noinline int block_ends(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct mark_scratch *scratch;

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!scratch)
		return 0;
	moment_end(&scratch->now);
	if (!read_label(regs, mark, scratch, false) ||
	    (thread && block_return(thread, scratch->label_hash, &scratch->now)))
		return 0;
	if (recording && find_label_number(mark, scratch))
		count(label_base + scratch->number, unmatched_returns);
	return 0;
}

/* --- blocks known by a key ------------------------------------------------------------------- */

static __always_inline bool block_key(u64 regs, const struct mark *mark, u32 i,
				      struct tacho_span_key *ret_key)
{
	ret_key->state = TACHO_SPAN_KEYED;
	ret_key->pid = bpf_get_current_pid_tgid() >> 32;
	return argument(regs, mark, i, &ret_key->key);
}

static __always_inline bool keyed_new(const struct tacho_span_key *key,
				      struct mark_scratch *scratch, struct thread *thread)
{
	struct keyed_block *block = &scratch->block;
	u32 pid = key->pid;
	u64 one = 1;

	__builtin_memset(block, 0, sizeof(*block));
	block->frame.ip = scratch->label_hash;
	block->frame.probe = TACHO_PROBE_LABEL | scratch->number;
	block->frame.state = label_base + scratch->number;
	block->frame.place = TACHO_PLACE_BEGIN;
	block->tid = block->run_tid = (u32)bpf_get_current_pid_tgid();
	block->depth = thread ? thread->depth : 0;
	bpf_get_current_comm(block->comm, sizeof(block->comm));
	bpf_map_update_elem(&span_pids, &pid, &one, BPF_NOEXIST);
	moment_begin(&block->entered);
	block->frame.start = block->entered;
	return !bpf_map_update_elem(&keyed_blocks, key, block, BPF_ANY);
}

static __noinline int keyed_begins(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct keyed_block *earlier;
	struct mark_scratch *scratch;
	struct tacho_span_key key = {};

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!read_label(regs, mark, scratch, true) || !find_label_number(mark, scratch) || !scratch)
		return 0;
	count(label_base + scratch->number, entries);
	if (!block_key(regs, mark, 1, &key)) {
		count(label_base + scratch->number, lost_other);
		return 0;
	}
	earlier = bpf_map_lookup_elem(&keyed_blocks, &key);
	if (earlier) {
		moment_end(&scratch->now);
		keyed_close(&key, earlier, &scratch->now, TACHO_ENDED_UNWOUND);
	}
	if (!keyed_new(&key, scratch, thread))
		count(label_base + scratch->number, lost_other);
	return 0;
}

static __noinline int keyed_ends(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct keyed_block *block = 0;
	struct mark_scratch *scratch;
	struct tacho_span_key key = {};

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!scratch)
		return 0;
	moment_end(&scratch->now);
	if (!read_label(regs, mark, scratch, false))
		return 0;
	if (block_key(regs, mark, 1, &key))
		block = bpf_map_lookup_elem(&keyed_blocks, &key);
	if (!block || block->frame.ip != scratch->label_hash ||
	    !keyed_close(&key, block, &scratch->now, TACHO_ENDED_RETURN)) {
		if (recording && find_label_number(mark, scratch))
			count(label_base + scratch->number, unmatched_returns);
		return 0;
	}
	bpf_map_delete_elem(&keyed_blocks, &key);
	return 0;
}

/* A block with this key is suspended, or runs again. */
static __noinline int keyed_moves(u64 regs, const struct mark *mark)
{
	struct keyed_block *block = 0;
	struct tacho_span_key key = {};
	struct tacho_moment now = {};

	if (!mark || !usage_wanted)
		return 0;
	moment_end(&now);
	if (block_key(regs, mark, 0, &key))
		block = bpf_map_lookup_elem(&keyed_blocks, &key);
	if (!block)
		return 0;
	if (mark->kind == TACHO_MARK_KEY_LEAVE) {
		keyed_stops(block, &now);
		block->run_tid = 0;
	} else {
		/* It was never left: who knows for how long it ran there. */
		if (block->run_tid)
			block->unknown = 1;
		block->run_tid = (u32)bpf_get_current_pid_tgid();
		moment_begin(&block->entered);
	}
	return 0;
}

/* --- what is said of blocks ------------------------------------------------------------------ */

/* The number of the name that is the first argument; TACHO_ATTRIBUTES_MAX when it has none. */
static __noinline u32 find_attribute(u64 regs, const struct mark *mark,
				     struct mark_scratch *scratch)
{
	u64 address = 0;

	if (!mark || !scratch || !argument(regs, mark, 0, &address) ||
	    read_name(scratch->attribute.text, sizeof(scratch->attribute.text), address) <= 0)
		return TACHO_ATTRIBUTES_MAX;
	return attribute_number(&scratch->attribute);
}

/* The attributes of the block that the mark is about: the innermost one, or by key. */
static __always_inline struct tacho_attributes *attributes_at(u64 regs, const struct mark *mark,
							      struct thread *thread, bool keyed,
							      u32 key_argument)
{
	struct keyed_block *block;
	struct tacho_captured_key at;
	struct tacho_span_key key = {};
	struct tacho_frame *frame;
	u32 index;

	if (keyed) {
		if (!block_key(regs, mark, key_argument, &key))
			return 0;
		block = bpf_map_lookup_elem(&keyed_blocks, &key);
		if (!block)
			return 0;
		at = keyed_captured_key(&key);
		return attributes_of(&at, &block->frame.spec);
	}
	if (!thread)
		return 0;
	index = block_find(thread, 0);
	frame = index == FRAME_NOT_FOUND ? 0 : frame_at(thread, index);
	if (!frame)
		return 0;
	at = frame_captured_key(thread, index, frame->probe);
	return attributes_of(&at, &frame->spec);
}

/* Outside any block, it says nothing to anybody. */
static __noinline int attribute_is_set(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct tacho_attributes *attributes;
	bool keyed, text;
	u64 value = 0;
	u32 number;

	if (!mark)
		return 0;
	keyed = mark->kind == TACHO_MARK_KEY_ATTRIBUTE_INT ||
		mark->kind == TACHO_MARK_KEY_ATTRIBUTE_TEXT;
	text = mark->kind == TACHO_MARK_ATTRIBUTE_TEXT ||
	       mark->kind == TACHO_MARK_KEY_ATTRIBUTE_TEXT;
	attributes = attributes_at(regs, mark, thread, keyed, 2);
	if (!attributes)
		return 0;
	number = find_attribute(regs, mark, scratch_of(task));
	if (number >= TACHO_ATTRIBUTES_MAX || !argument(regs, mark, 1, &value)) {
		count_trouble(attributes_dropped);
		return 0;
	}
	if (text)
		attribute_set_text(attributes, number, value);
	else
		attribute_set_number(attributes, number, value);
	return 0;
}

static __noinline int block_fails(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct tacho_attributes *attributes;
	u64 address = 0;

	if (!mark)
		return 0;
	attributes = attributes_at(regs, mark, thread, mark->kind == TACHO_MARK_KEY_FAIL, 1);
	if (attributes && argument(regs, mark, 0, &address))
		attribute_set_text(attributes, TACHO_ATTRIBUTE_FAILURE, address);
	return 0;
}

/* --- counters -------------------------------------------------------------------------------- */

static __noinline int counter_adds(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct mark_scratch *scratch;
	u64 address = 0, delta = 0;

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!scratch || !argument(regs, mark, 0, &address) || !argument(regs, mark, 1, &delta) ||
	    read_name(scratch->counter.name, sizeof(scratch->counter.name), address) < 0) {
		count_trouble(counters_lost);
		return 0;
	}
	scratch->counter.pid = bpf_get_current_pid_tgid() >> 32;
	scratch->counter.reserved = 0;
	scratch->counter.process_start_ns = task->group_leader->start_time;
	counter_add(&scratch->counter, delta);
	return 0;
}

/* --- programs -------------------------------------------------------------------------------- */

static __always_inline int at_mark(struct pt_regs *context)
{
	struct mark mark = mark_of(context);
	u64 regs = (u64)context;

	/* Blocks that have begun may end although no more begin. */
	if ((!recording || is_unselected(marks_state)) && mark.kind != TACHO_MARK_END &&
	    mark.kind != TACHO_MARK_KEY_END)
		return 0;
	switch (mark.kind) {
	case TACHO_MARK_BEGIN:
		block_begins(regs, &mark);
		break;
	case TACHO_MARK_END:
		block_ends(regs, &mark);
		break;
	case TACHO_MARK_KEY_BEGIN:
		keyed_begins(regs, &mark);
		break;
	case TACHO_MARK_KEY_END:
		keyed_ends(regs, &mark);
		break;
	case TACHO_MARK_KEY_LEAVE:
	case TACHO_MARK_KEY_ENTER:
		keyed_moves(regs, &mark);
		break;
	case TACHO_MARK_COUNTER:
		counter_adds(regs, &mark);
		break;
	case TACHO_MARK_ATTRIBUTE_INT:
	case TACHO_MARK_ATTRIBUTE_TEXT:
	case TACHO_MARK_KEY_ATTRIBUTE_INT:
	case TACHO_MARK_KEY_ATTRIBUTE_TEXT:
		attribute_is_set(regs, &mark);
		break;
	case TACHO_MARK_FAIL:
	case TACHO_MARK_KEY_FAIL:
		block_fails(regs, &mark);
		break;
	}
	return 0;
}

SEC("uprobe")
int mark_multi(struct pt_regs *regs)
{
	return at_mark(regs);
}

SEC("uprobe")
int mark_perf(struct pt_regs *regs)
{
	return at_mark(regs);
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
