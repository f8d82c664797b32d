/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of states within states. */
#ifndef TACHO_USER_REPORT_TREE_H
#define TACHO_USER_REPORT_TREE_H

#include "analysis/time_tree.h"
#include "report/sheet.h"
#include "report/states.h"

/* How deep a state is: people see it by what stands before its name. */
enum tree_indent {
	TREE_INDENT_NONE,
	TREE_INDENT_BLANKS,
	TREE_INDENT_MARKUP, /* as much as Markdown keeps */
};

/* NULL without memory. Borrows nothing. */
struct sheet *report_tree__sheet(const struct time_tree *tree, enum tree_indent indent);

/* By the dots in the names of the states. 0 or -ENOMEM. */
int report_tree__make_by_name(const struct report_states *states, struct time_tree *ret_tree);

#endif
