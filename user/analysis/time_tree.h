/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where time went: states within others, with the time that each took itself and that of the states
 * within it. Either as calls lay within each other, or as dots in the names of states say.
 */
#ifndef TACHO_USER_ANALYSIS_TIME_TREE_H
#define TACHO_USER_ANALYSIS_TIME_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_TREE_NO_PARENT SIZE_MAX
#define TIME_TREE_NAME_DEPTH 64 /* further dots are part of the name */

struct time_node {
	char *name;    /* of a tree by names: the last part of it */
	size_t parent; /* its index, smaller than the own one; or TIME_TREE_NO_PARENT */
	size_t depth;
	bool has_calls; /* otherwise it is there for what is within it, and is the sum of that */
	uint64_t cnt;
	uint64_t total_ns;
	uint64_t self_ns;     /* of each call at least 0 */
	uint64_t children_ns; /* the totals of those within it */
};

/* Zero-initialise. Parents come before what is within them, and the larger total before the
 * smaller. */
struct time_tree {
	struct time_node *nodes;
	size_t cnt;
	size_t capacity;
	uint64_t total_ns; /* of those that have no parent */
};

void time_tree__free(struct time_tree *tree);

/* A state of a tree by names. */
struct time_of_name {
	const char *name;
	uint64_t cnt;
	uint64_t total_ns;
};

/* "a.b" is within "a", which need not be among them. Puts the names in order. 0 or -ENOMEM. */
int time_tree__make_by_name(struct time_of_name *names, size_t cnt, struct time_tree *ret_tree);

struct call_tree;

/* 0 or -ENOMEM. */
int time_tree__make_by_nesting(const struct call_tree *calls, struct time_tree *ret_tree);

#endif
