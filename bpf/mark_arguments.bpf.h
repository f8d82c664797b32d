/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which mark a thread is at, and what the program says there: labels, names, values. */
#ifndef TACHO_BPF_MARK_ARGUMENTS_H
#define TACHO_BPF_MARK_ARGUMENTS_H

#include "hash.bpf.h"
#include "keyed.bpf.h"
#include "labels.bpf.h"

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
	u32 generation; /* label_generation, before it was looked up */
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
	u32 label_sz;	/* or a negative number: it cannot be read */
	u32 number;	/* of the label */
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

/* Room that is NUL behind the text, as above. Not read from the program: a literal. */
#define SET_NAME(room, literal)                                                                    \
	do {                                                                                       \
		__builtin_memset(room, 0, sizeof(room));                                           \
		__builtin_memcpy(room, literal, sizeof(literal));                                  \
	} while (0)

static __always_inline s64 label_text(u64 regs, const struct mark *mark,
				      struct mark_scratch *scratch)
{
	u64 address = 0;

	if (mark->kind == TACHO_MARK_GC_START || mark->kind == TACHO_MARK_GC_DONE) {
		SET_NAME(scratch->label.text, "gc pause");
		return sizeof("gc pause") - 1;
	}
	if (!argument(regs, mark, 0, &address))
		return -1;
	return read_name(scratch->label.text, sizeof(scratch->label.text), address);
}

/*
 * Reads the label that is the first argument. One that cannot be read is counted with the state of
 * all marks: when it begins something, that is lost.
 */
static __noinline bool read_label(u64 regs, const struct mark *mark, struct mark_scratch *scratch,
				  bool begins)
{
	s64 sz;

	if (!scratch || !mark)
		return false;
	sz = label_text(regs, mark, scratch);
	scratch->label_sz = sz;
	if (sz < 0 && begins) {
		count(marks_state, entries);
		count(marks_state, lost_other);
	} else if (sz < 0 && recording) {
		count(marks_state, unmatched_returns);
	}
	if (sz < 0)
		return false;
	scratch->label_hash = hash_words(scratch->label.text, sizeof(scratch->label.text), sz + 1);
	return true;
}

/* Of the label that has been read. False when nobody is interested in it. */
static __noinline bool find_label_number(const struct mark *mark, struct mark_scratch *scratch)
{
	struct label_at_hand *at_hand;
	u32 generation;

	if (!mark || !scratch)
		return false;
	generation = label_generation;
	at_hand = &scratch->at_hand[scratch->label_hash >> 1 & (LABELS_AT_HAND - 1)];
	if (at_hand->hash != scratch->label_hash || at_hand->generation != generation) {
		at_hand->generation = generation;
		at_hand->number = label_number(&scratch->label, scratch->label_sz, mark->probe);
		at_hand->hash = scratch->label_hash;
	}
	scratch->number = at_hand->number;
	return scratch->number <= label_limit;
}

#endif
