/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Folded stacks, as flamegraph.pl, speedscope and inferno read them: one line for each stack of
 * states, the outermost first, and the nanoseconds spent in the innermost itself.
 *
 *     HOMING;MOVING;STEP 1000
 */
#include "export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/call_tree.h"
#include "escape.h"

struct exporter {
	FILE *out;
	struct call_tree *tree;
};

static void folded_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	call_tree__free(exporter->tree);
	free(exporter);
}

static int folded_open(const struct export_options *options, struct exporter **ret_exporter,
		       struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (exporter)
		exporter->tree = call_tree__new(options->weight, false);
	if (!exporter || !exporter->tree) {
		folded_free(exporter);
		return fault__set(why, -ENOMEM, "no memory");
	}
	exporter->out = options->out;
	*ret_exporter = exporter;
	return 0;
}

static int folded_path(struct exporter *exporter)
{
	call_tree__settle(exporter->tree);
	return 0;
}

static int folded_call(struct exporter *exporter, const struct call *call)
{
	return call_tree__add(exporter->tree, call);
}

/* The characters that mean something become \xHH, as in our files. */
static int put_frame(FILE *out, const char *name)
{
	char *escaped = malloc(ESCAPED_SZ(strlen(name)));

	if (!escaped)
		return -ENOMEM;
	escape_no_utf8(escaped, name, strlen(name));
	for (const char *at = escaped; *at; at++) {
		if (*at == ';' || (unsigned char)*at < ' ' || *at == 0x7f)
			fprintf(out, "\\x%02x", (unsigned int)*at);
		else
			putc(*at, out);
	}
	free(escaped);
	return 0;
}

static int put_stack(void *ctx, const struct call_node *const *stack, size_t depth)
{
	struct exporter *exporter = ctx;
	int err = 0;

	if (!stack[depth - 1]->self_ns)
		return 0;
	for (size_t i = 0; !err && i < depth; i++) {
		if (i)
			putc(';', exporter->out);
		err = put_frame(exporter->out, stack[i]->frame->state);
	}
	fprintf(exporter->out, " %" PRIu64 "\n", stack[depth - 1]->self_ns);
	return err;
}

static int folded_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	int err = call_tree__finish(exporter->tree, &notes->unknown, why);

	return err ? err : call_tree__walk(exporter->tree, put_stack, exporter);
}

const struct export_ops export_folded = {
	.name = "folded",
	.about = "stacks of states for flame graphs",
	.options = EXPORT_HAS_WEIGHT,
	.open = folded_open,
	.path = folded_path,
	.call = folded_call,
	.end = folded_end,
	.free = folded_free,
};
