/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts that globs are tried on: command lines, and labels of marks. */
#ifndef TACHO_BPF_JUDGED_H
#define TACHO_BPF_JUDGED_H

#include "compat.bpf.h"
#include "tacho/glob.h"

/* The state of the matching is here and not on the stack, where the verifier would follow its every
 * value. */
struct judged_text {
	char text[TACHO_COMMAND_SZ]; /* a label is much shorter */
	u64 sz;
	u64 rules; /* that a command line has satisfied so far */
	struct tacho_glob_match match;
};

/* What a task is judging just now: never two at a time. Not per CPU: a program may be preempted by
 * another. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct judged_text);
} judged_texts __weak SEC(".maps");

static __always_inline struct judged_text *judged_text_get(struct task_struct *task)
{
	return bpf_task_storage_get(&judged_texts, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The context of loops: a pointer to map memory cannot itself be one. */
struct judging {
	struct judged_text *judged;
	struct tacho_glob *glob;
};

static long judge_step(u32 i, struct judging *j)
{
	u32 done;

	tacho_glob_step(j->glob, j->judged->text, j->judged->sz, &j->judged->match);
	done = j->judged->match.done;
	barrier_var(done); /* the verifier wants to see that it is 0 or 1 */
	return done & 1;
}

/* Tries one glob; what came of it is in judged->match. */
static __always_inline void judge(struct judging *j)
{
	__builtin_memset(&j->judged->match, 0, sizeof(j->judged->match));
	bpf_loop(TACHO_GLOB_STEPS, judge_step, j, 0);
}

#endif
