/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define DEPTH_SHOWN 64 /* nobody sees a difference beyond */

static const struct sheet_column columns[] = {
	{ "STATE", "state", SHEET_TEXT, SHEET_USUAL },
	{ "ID", "id", SHEET_COUNT, SHEET_RARE },
	{ "PARENT", "parent", SHEET_COUNT, SHEET_RARE },
	{ "DEPTH", "depth", SHEET_COUNT, SHEET_RARE },
	{ "COUNT", "count", SHEET_COUNT, SHEET_USUAL },
	{ "TOTAL", "total_ns", SHEET_NS, SHEET_USUAL },
	{ "SELF", "self_ns", SHEET_NS, SHEET_USUAL },
	{ "CHILDREN", "children_ns", SHEET_NS, SHEET_USUAL },
	{ "SHARE", "share_percent", SHEET_PERCENT, SHEET_USUAL },
};

/* NULL without memory. */
static char *make_name(const struct time_node *node, enum tree_indent indent)
{
	static const char *const indents[] = { "", "  ", "\u2003" };
	size_t step = strlen(indents[indent]);
	size_t depth = node->depth < DEPTH_SHOWN ? node->depth : DEPTH_SHOWN;
	char *text = malloc(depth * step + strlen(node->name) + 1), *at = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < depth; i++)
		at = mempcpy(at, indents[indent], step);
	strcpy(at, node->name);
	return text;
}

static void put_node(struct sheet *sheet, const struct time_tree *tree, size_t idx,
		     enum tree_indent indent)
{
	const struct time_node *node = &tree->nodes[idx];
	char *name = make_name(node, indent);

	if (name)
		sheet__text(sheet, name);
	else
		sheet->failed = true;
	free(name);
	sheet__u64(sheet, idx);
	if (node->parent == TIME_TREE_NO_PARENT)
		sheet__none(sheet);
	else
		sheet__u64(sheet, node->parent);
	sheet__u64(sheet, node->depth);
	if (node->has_calls)
		sheet__u64(sheet, node->cnt);
	else
		sheet__none(sheet);
	sheet__u64(sheet, node->total_ns);
	sheet__u64(sheet, node->self_ns);
	sheet__u64(sheet, node->children_ns);
	if (tree->total_ns)
		sheet__double(sheet, 100 * (double)node->total_ns / (double)tree->total_ns);
	else
		sheet__none(sheet);
}

struct sheet *report_tree__sheet(const struct time_tree *tree, enum tree_indent indent)
{
	struct sheet *sheet = sheet__new(columns, ARRAY_SIZE(columns));

	for (size_t i = 0; sheet && !sheet->failed && i < tree->cnt; i++)
		put_node(sheet, tree, i, indent);
	return sheet;
}

int report_tree__make_by_name(const struct report_states *states, struct time_tree *ret_tree)
{
	struct time_of_name *names = calloc(states->cnt + 1, sizeof(*names));
	size_t cnt = 0;
	int err;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < states->cnt; i++) {
		const struct summary *durations = &states->rows[i].durations;

		if (durations->cnt)
			names[cnt++] = (struct time_of_name) { states->rows[i].series->state,
							       durations->cnt, durations->total };
	}
	err = time_tree__make_by_name(names, cnt, ret_tree);
	free(names);
	return err;
}
