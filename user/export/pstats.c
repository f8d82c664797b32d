/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The file that Python's cProfile dumps and its pstats reads: a marshalled dict,
 *
 *     {(file, line, name): (cc, nc, tt, ct, {(file, line, name): (nc, cc, tt, ct), ...}), ...}
 *
 * nc calls, of which cc were not recursive; tt seconds in the function itself, ct with what it
 * called, recursion counted once; and the same of each caller apart, with nc before cc
 * (cProfile.py, snapshot_stats; a call is recursive there when the same caller has called the same
 * function further out). Here file is the binary, line 0 and name the state.
 *
 * Marshal format 2, which every Python 3 reads (Python/marshal.c): a byte says the type, numbers
 * are little-endian.
 */
#include "export/export.h"

#include <errno.h>
#include <stdlib.h>

#include "analysis/call_tree.h"
#include "analysis/summary.h"
#include "export/marshal.h"

struct numbers {
	uint64_t cnt;
	uint64_t primitive_cnt;
	uint64_t self_ns;
	uint64_t total_ns;
};

struct caller {
	const struct call_frame *frame;
	struct numbers numbers;
	struct caller *next;
};

/* What is added up of a frame. */
struct function {
	struct numbers numbers;
	struct caller *callers;
};

struct exporter {
	FILE *out;
	struct call_tree *tree;
};

static void free_function(struct function *function)
{
	struct caller *caller, *next;

	if (!function)
		return;
	for (caller = function->callers; caller; caller = next) {
		next = caller->next;
		free(caller);
	}
	free(function);
}

static void pstats_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	for (size_t i = 0; exporter->tree && i < call_tree__frame_cnt(exporter->tree); i++)
		free_function(call_tree__frame(exporter->tree, i)->ctx);
	call_tree__free(exporter->tree);
	free(exporter);
}

static int pstats_open(const struct export_options *options, struct exporter **ret_exporter,
		       struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (exporter)
		exporter->tree = call_tree__new(options->weight, true);
	if (!exporter || !exporter->tree) {
		pstats_free(exporter);
		return fault__set(why, -ENOMEM, "no memory");
	}
	exporter->out = options->out;
	*ret_exporter = exporter;
	return 0;
}

static int pstats_path(struct exporter *exporter)
{
	call_tree__settle(exporter->tree);
	return 0;
}

static int pstats_call(struct exporter *exporter, const struct call *call)
{
	return call_tree__add(exporter->tree, call);
}

/* --- adding up ---------------------------------------------------------------------------- */

static void add_node(struct numbers *numbers, const struct call_node *node, bool recursive)
{
	numbers->cnt += node->cnt;
	numbers->self_ns = add_saturated(numbers->self_ns, node->self_ns);
	if (recursive)
		return;
	numbers->primitive_cnt += node->cnt;
	numbers->total_ns = add_saturated(numbers->total_ns, node->total_ns);
}

/* NULL without memory. */
static struct caller *want_caller(struct function *function, const struct call_frame *frame)
{
	struct caller **link = &function->callers;

	while (*link && (*link)->frame != frame)
		link = &(*link)->next;
	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (*link)
			(*link)->frame = frame;
	}
	return *link;
}

static int add_stack(void *ctx, const struct call_node *const *stack, size_t depth)
{
	const struct call_node *node = stack[depth - 1];
	const struct call_node *parent = depth > 1 ? stack[depth - 2] : NULL;
	bool recursive = false, edge_recursive = false;
	struct function *function;
	struct caller *caller;

	(void)ctx;
	if (!node->frame->ctx)
		node->frame->ctx = calloc(1, sizeof(*function));
	function = node->frame->ctx;
	if (!function)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < depth; i++) {
		bool same = stack[i]->frame == node->frame;

		recursive |= same;
		edge_recursive |= same && i && stack[i - 1]->frame == parent->frame;
	}
	add_node(&function->numbers, node, recursive);
	if (!parent)
		return 0;
	caller = want_caller(function, parent->frame);
	if (!caller)
		return -ENOMEM;
	add_node(&caller->numbers, node, edge_recursive);
	return 0;
}

/* --- the document ------------------------------------------------------------------------- */

/* "~" is what pstats shows for functions without a file, as {name}. */
static int put_key(FILE *out, const struct call_frame *frame)
{
	int err;

	marshal_tuple(out, 3);
	err = marshal_text(out, *frame->binary ? frame->binary : "~");
	marshal_integer(out, 0);
	return err ? err : marshal_text(out, frame->state);
}

static int put_callers(FILE *out, const struct caller *caller)
{
	int err = 0;

	marshal_begin_dict(out);
	for (; !err && caller; caller = caller->next) {
		err = put_key(out, caller->frame);
		marshal_tuple(out, 4);
		marshal_integer(out, caller->numbers.cnt);
		marshal_integer(out, caller->numbers.primitive_cnt);
		marshal_double(out, (double)caller->numbers.self_ns / 1e9);
		marshal_double(out, (double)caller->numbers.total_ns / 1e9);
	}
	marshal_end_dict(out);
	return err;
}

static int put_function(FILE *out, const struct call_frame *frame)
{
	const struct function *function = frame->ctx;
	int err = put_key(out, frame);

	marshal_tuple(out, 5);
	marshal_integer(out, function->numbers.primitive_cnt);
	marshal_integer(out, function->numbers.cnt);
	marshal_double(out, (double)function->numbers.self_ns / 1e9);
	marshal_double(out, (double)function->numbers.total_ns / 1e9);
	return err ? err : put_callers(out, function->callers);
}

static int pstats_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	int err = call_tree__finish(exporter->tree, &notes->unknown, why);

	if (!err)
		err = call_tree__walk(exporter->tree, add_stack, NULL);
	marshal_begin_dict(exporter->out);
	for (size_t i = 0; !err && i < call_tree__frame_cnt(exporter->tree); i++)
		err = put_function(exporter->out, call_tree__frame(exporter->tree, i));
	marshal_end_dict(exporter->out);
	return err;
}

const struct export_ops export_pstats = {
	.name = "pstats",
	.about = "a profile for Python's pstats",
	.options = EXPORT_HAS_WEIGHT,
	.open = pstats_open,
	.path = pstats_path,
	.call = pstats_call,
	.end = pstats_end,
	.free = pstats_free,
};
