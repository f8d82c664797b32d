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
 *
 * CPython tells of its collections of garbage by probes of its own: gc__start(generation) and
 * gc__done(objects that were found). They are taken for what python/core/notice.c marks.
 */
#include "compat.bpf.h"

#include "counters.bpf.h"
#include "mark_arguments.bpf.h"
#include "pairing.bpf.h"
#include "spans.bpf.h"
#include "wanted.bpf.h"

/* --- blocks on one thread ------------------------------------------------------------------- */

/* Returns whether it is recorded. */
static __noinline bool block_begins(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct mark_scratch *scratch;
	struct new_call call = { .place = TACHO_PLACE_BEGIN };

	if (!mark || !wanted(thread, mark->rule))
		return false;
	scratch = scratch_of(task);
	if (!read_label(regs, mark, scratch, true) || !find_label_number(mark, scratch) || !scratch)
		return false;
	call.ip = scratch->label_hash;
	call.probe = TACHO_PROBE_LABEL | scratch->number;
	call.state = label_base + scratch->number;
	count(call.state, entries);
	if (!thread)
		thread = thread_new(task);
	if (thread && frame_push(thread, &call))
		return true;
	count(call.state, lost_other);
	return false;
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

/* Of a block that begins with the label in the scratch. */
static __always_inline enum label_told keyed_label(const struct mark_scratch *scratch)
{
	if (scratch->label_sz)
		return LABEL_TOLD;
	return scratch->number <= label_limit ? LABEL_LATER : LABEL_UNWANTED;
}

static __always_inline u32 keyed_state(const struct mark_scratch *scratch)
{
	return scratch->number <= label_limit ? label_base + scratch->number : marks_state;
}

static __always_inline bool keyed_new(const struct tacho_span_key *key,
				      struct mark_scratch *scratch, struct thread *thread)
{
	struct keyed_block *block = &scratch->block;
	u32 pid = key->pid;
	u64 one = 1;

	__builtin_memset(block, 0, sizeof(*block));
	block->label = keyed_label(scratch);
	block->frame.ip = scratch->label_hash;
	block->frame.probe = TACHO_PROBE_LABEL;
	if (block->label != LABEL_UNWANTED)
		block->frame.probe |= scratch->number;
	block->frame.state = keyed_state(scratch);
	block->frame.place = TACHO_PLACE_BEGIN;
	block->tid = block->run_tid = (u32)bpf_get_current_pid_tgid();
	block->depth = thread ? thread->depth : 0;
	bpf_get_current_comm(block->comm, sizeof(block->comm));
	bpf_map_update_elem(&span_pids, &pid, &one, BPF_NOEXIST);
	moment_begin(&block->entered);
	block->frame.start = block->entered;
	return !bpf_map_update_elem(&keyed_blocks, key, block, BPF_ANY);
}

/* One without a label is counted as begun only now. */
static __noinline int keyed_is_lost(const struct mark_scratch *scratch)
{
	if (!scratch)
		return 0;
	if (!scratch->label_sz)
		count(keyed_state(scratch), entries);
	count(keyed_state(scratch), lost_other);
	return 0;
}

static __noinline int keyed_begins(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct keyed_block *earlier;
	struct mark_scratch *scratch;
	struct tacho_span_key key = {};
	bool selected;

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	selected = read_label(regs, mark, scratch, true) && find_label_number(mark, scratch);
	if (!scratch || (!selected && scratch->label_sz))
		return 0;
	if (scratch->label_sz)
		count(keyed_state(scratch), entries);
	if (!block_key(regs, mark, 1, &key)) {
		keyed_is_lost(scratch);
		return 0;
	}
	earlier = bpf_map_lookup_elem(&keyed_blocks, &key);
	if (earlier) {
		moment_end(&scratch->now);
		keyed_close(&key, earlier, &scratch->now, TACHO_ENDED_UNWOUND);
	}
	if (!keyed_new(&key, scratch, thread))
		keyed_is_lost(scratch);
	return 0;
}

/* A block that began without a label ends with the one in the scratch. */
static __always_inline void keyed_gets_label(struct keyed_block *block,
					     const struct mark_scratch *scratch, bool selected)
{
	block->frame.ip = scratch->label_hash;
	if ((s32)scratch->label_sz > 0)
		keyed_relabel(block, selected ? LABEL_LATER : LABEL_UNWANTED, scratch->number);
}

static __noinline int keyed_ends(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	struct keyed_block *block = 0;
	struct mark_scratch *scratch;
	struct tacho_span_key key = {};
	bool readable;

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!scratch)
		return 0;
	moment_end(&scratch->now);
	readable = read_label(regs, mark, scratch, false);
	if (block_key(regs, mark, 1, &key))
		block = bpf_map_lookup_elem(&keyed_blocks, &key);
	if (block && block->label)
		keyed_gets_label(block, scratch, readable && find_label_number(mark, scratch));
	else if (!readable)
		return 0;
	if (!block || block->frame.ip != scratch->label_hash ||
	    !keyed_close(&key, block, &scratch->now, TACHO_ENDED_RETURN)) {
		if (recording && readable && find_label_number(mark, scratch))
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

	if (!mark || !scratch)
		return TACHO_ATTRIBUTES_MAX;
	if (mark->kind == TACHO_MARK_GC_START)
		SET_NAME(scratch->attribute.text, "generation");
	else if (!argument(regs, mark, 0, &address) ||
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
	if (number >= TACHO_ATTRIBUTES_MAX ||
	    !argument(regs, mark, mark->kind == TACHO_MARK_GC_START ? 0 : 1, &value)) {
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

/* To the counter of the current process whose name is in the scratch. */
static __noinline int named_counter_add(struct mark_scratch *scratch, u64 now_ns, s64 delta)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!scratch)
		return 0;
	scratch->counter.pid = bpf_get_current_pid_tgid() >> 32;
	scratch->counter.reserved = 0;
	scratch->counter.process_start_ns = task->group_leader->start_time;
	counter_add(&scratch->counter, now_ns, delta);
	return 0;
}

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
	    read_name(scratch->counter.name, sizeof(scratch->counter.name), address) < 0)
		count_trouble(counters_lost);
	else
		named_counter_add(scratch, bpf_ktime_get_ns(), delta);
	return 0;
}

static __noinline int collection_counts(u64 regs, const struct mark *mark)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, 0);
	u64 now_ns = bpf_ktime_get_ns();
	struct mark_scratch *scratch;
	u64 found = 0;

	if (!mark || !wanted(thread, mark->rule))
		return 0;
	scratch = scratch_of(task);
	if (!scratch || !argument(regs, mark, 0, &found)) {
		count_trouble(counters_lost);
		return 0;
	}
	SET_NAME(scratch->counter.name, "gc collections");
	named_counter_add(scratch, now_ns, 1);
	SET_NAME(scratch->counter.name, "gc collected");
	named_counter_add(scratch, now_ns, found);
	return 0;
}

/* --- programs -------------------------------------------------------------------------------- */

static __always_inline int at_mark(struct pt_regs *context)
{
	struct mark mark = mark_of(context);
	u64 regs = (u64)context;
	bool ends = mark.kind == TACHO_MARK_END || mark.kind == TACHO_MARK_KEY_END ||
		    mark.kind == TACHO_MARK_GC_DONE;
	bool begins = recording && !is_unselected(marks_state);

	/* Blocks that have begun may end although no more begin. */
	if (!begins && !ends)
		return 0;
	switch (mark.kind) {
	case TACHO_MARK_BEGIN:
	case TACHO_MARK_GC_START:
		if (block_begins(regs, &mark) && mark.kind == TACHO_MARK_GC_START)
			attribute_is_set(regs, &mark);
		break;
	case TACHO_MARK_END:
	case TACHO_MARK_GC_DONE:
		block_ends(regs, &mark);
		if (begins && mark.kind == TACHO_MARK_GC_DONE)
			collection_counts(regs, &mark);
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
