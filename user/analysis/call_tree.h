/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who called whom: calls put back together to stacks, and equal stacks added up.
 *
 * Calls come in the order of their ends, so that a call comes behind all that it called. Each is
 * the caller of those of its thread that are deeper and began within it, and that nobody has
 * claimed yet. So a call whose caller was lost becomes one of whoever called that.
 *
 * Memory: one node for each different stack, and, in each thread, one for each call whose caller
 * has not ended yet, 65536 at most: beyond that, calls of the same state at the same depth are
 * taken to have the same caller.
 */
#ifndef TACHO_USER_ANALYSIS_CALL_TREE_H
#define TACHO_USER_ANALYSIS_CALL_TREE_H

#include "analysis/calls.h"
#include "fault.h"

#define CALL_TREE_HEIGHT_MAX 1024 /* what lies deeper begins a stack of its own */

/* The time that counts. */
enum call_weight { CALL_WEIGHT_WALL, CALL_WEIGHT_CPU };

/* What was called. */
struct call_frame {
	char *state;
	char *binary;
	void *ctx; /* whose walk it is; NULL at first */
};

/* Calls with the same stack. */
struct call_node {
	struct call_frame *frame;
	uint64_t cnt;
	uint64_t total_ns;
	uint64_t self_ns;		/* less that of the calls within; of each call at least 0 */
	struct call_node *first, *last; /* what they called, in the order in which it was met */
	struct call_node *next;
	size_t height;
};

struct call_tree;

/* by_binary: a state in two binaries is two frames. NULL without memory. */
struct call_tree *call_tree__new(enum call_weight weight, bool by_binary);
void call_tree__free(struct call_tree *tree);

/* 0 or -ENOMEM. */
int call_tree__add(struct call_tree *tree, const struct call *call);

/* No more calls come of those that are open: their calls are the first of their stacks. */
void call_tree__settle(struct call_tree *tree);

/* Of so many calls something is not known. */
struct call_tree_unknown {
	uint64_t cpu;	 /* they count as 0 */
	uint64_t thread; /* they are nobody's */
};

/* Settles it. Fails if not one call has the time that was asked for. */
int call_tree__finish(struct call_tree *tree, struct call_tree_unknown *ret_unknown,
		      struct fault *why);

/* stack[depth - 1] is the node, stack[0] the outermost. Anything but 0 stops and is returned. */
typedef int (*call_tree_fn)(void *ctx, const struct call_node *const *stack, size_t depth);
int call_tree__walk(const struct call_tree *tree, call_tree_fn fn, void *ctx);

/* Each frame once, in the order in which they were met. */
size_t call_tree__frame_cnt(const struct call_tree *tree);
struct call_frame *call_tree__frame(const struct call_tree *tree, size_t idx);

#endif
