/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls as they lay within each other, in whatever order their rows come: they are kept, 32 bytes
 * each, and put in the order of their ends. Threads of two paths are two, whatever their numbers.
 *
 * The filter chooses calls before anything is within anything.
 */
#ifndef TACHO_USER_ANALYSIS_NESTED_CALLS_H
#define TACHO_USER_ANALYSIS_NESTED_CALLS_H

#include "analysis/activities.h"
#include "analysis/calls.h"
#include "analysis/time_tree.h"

struct nested_calls;

/* The filter is borrowed. NULL without memory. */
struct nested_calls *nested_calls__new(const struct activities_filter *filter);
void nested_calls__free(struct nested_calls *nested);

/* What takes from a calls_reader; ctx is the struct nested_calls. */
int nested_calls__take_call(void *ctx, const struct call *call);
int nested_calls__take_summary(void *ctx, const struct summary_row *row);
int nested_calls__take_ledger(void *ctx, const struct ledger_row *row);

/* Behind each path. */
void nested_calls__end_path(struct nested_calls *nested);

/* What is not in the tree, and of what is in it, what is not known. */
struct nested_notes {
	uint64_t calls;
	uint64_t thread_unknown; /* of these; nothing is within them */
	uint64_t nameless;   /* not counted: their threads have no names, which were asked for */
	uint64_t summarised; /* have no rows */
	uint64_t lost;	     /* by the ledger */
};

/* 0 or -ENOMEM. */
int nested_calls__finish(struct nested_calls *nested, struct time_tree *ret_tree,
			 struct nested_notes *ret_notes);

#endif
