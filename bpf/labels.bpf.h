/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Labels of marks: texts that nobody knows before a program uses them. Each gets a number when it
 * is first seen, unless the settings do not select it; which is decided once, and remembered.
 */
#ifndef TACHO_BPF_LABELS_H
#define TACHO_BPF_LABELS_H

#include "common.bpf.h"
#include "judged.bpf.h"

/* How many globs select labels; 0 = every label is selected. */
const volatile __u32 label_glob_cnt __weak = 0;
/* How many numbers have been asked for: may exceed the limit by one for each CPU. */
volatile __u32 label_cnt __weak = 0;
/* User space has changed labels: the numbers that threads have at hand are of no use. */
volatile __u32 label_generation __weak = 0;
/* How many labels without a number are remembered. */
volatile __u32 labels_passed_over __weak = 0;
/* Beyond, they are judged each time. The map has room for all of them and every number. */
#define LABELS_PASSED_OVER_MAX 4096

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading when there are marks */
	__type(key, struct tacho_label_key);
	__type(value, u32);
} labels __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* label_limit + 1 */
	__type(key, u32);
	__type(value, struct tacho_label_name);
} label_names __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* label_glob_cnt */
	__type(key, u32);
	__type(value, struct tacho_glob);
} label_globs __weak SEC(".maps");

static long judge_label(u32 i, struct judging *j)
{
	u32 matched;

	j->glob = bpf_map_lookup_elem(&label_globs, &i);
	if (!j->glob)
		return 1;
	judge(j);
	matched = j->judged->match.matched;
	barrier_var(matched);
	return matched & 1;
}

static __noinline bool label_is_selected(const struct tacho_label_key *key, u32 sz)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct judging j = {};
	u32 matched = 0;

	if (!key)
		return false;
	if (!label_glob_cnt)
		return true;
	j.judged = judged_text_get(task);
	if (!j.judged)
		return false;
	__builtin_memcpy(j.judged->text, key->text, sizeof(key->text));
	j.judged->sz = sz;
	j.judged->match.matched = false;
	bpf_loop(label_glob_cnt, judge_label, &j, 0);
	matched = j.judged->match.matched;
	bpf_task_storage_delete(&judged_texts, task);
	return matched & 1;
}

/* The next number, and the label as its name; or the number that stands for all others. */
static __always_inline u32 label_take_number(const struct tacho_label_key *key, u32 probe)
{
	u32 number = label_cnt;
	struct tacho_label_name *name;

	if (number < label_limit)
		number = __sync_fetch_and_add(&label_cnt, 1);
	if (number >= label_limit)
		number = label_limit;
	name = bpf_map_lookup_elem(&label_names, &number);
	if (!name)
		return TACHO_LABEL_UNWANTED;
	if (number < label_limit)
		__builtin_memcpy(name->text, key->text, sizeof(name->text));
	if (!name->known)
		name->probe = probe;
	barrier();
	name->known = 1;
	return number;
}

/* Two threads that see a label first at one time take a number each, and agree on one of them. */
static __noinline u32 label_new(const struct tacho_label_key *key, u32 sz, u32 probe)
{
	u32 number = TACHO_LABEL_UNWANTED;
	u32 *known;

	if (!key)
		return number;
	if (label_is_selected(key, sz))
		number = label_take_number(key, probe);
	if (number >= label_limit) {
		if (labels_passed_over >= LABELS_PASSED_OVER_MAX)
			return number;
		__sync_fetch_and_add(&labels_passed_over, 1);
	}
	if (bpf_map_update_elem(&labels, key, &number, BPF_NOEXIST)) {
		known = bpf_map_lookup_elem(&labels, key);
		if (known)
			return *known;
	}
	return number;
}

/* The label's number, or TACHO_LABEL_UNWANTED. sz: its length. */
static __always_inline u32 label_number(const struct tacho_label_key *key, u32 sz, u32 probe)
{
	u32 *known = bpf_map_lookup_elem(&labels, key);

	return known ? *known : label_new(key, sz, probe);
}

#endif
