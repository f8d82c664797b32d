/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was recorded, as other tools read it: one format a file, each a set of operations. An
 * exporter gets row by row what calls.h reads, and keeps as little of it as its format allows.
 */
#ifndef TACHO_USER_EXPORT_H
#define TACHO_USER_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/call_tree.h"
#include "analysis/calls.h"

/* Which options mean something to a format. */
enum export_option {
	EXPORT_HAS_WEIGHT = 1,
	EXPORT_HAS_TIMESCALE = 2,
	EXPORT_HAS_KEY = 4,
};

struct export_options {
	FILE *out;	       /* of a format of one stream */
	const char *directory; /* of one of several files */
	enum call_weight weight;
	bool timescale;
	const char *key; /* name of a captured value; NULL: none */
};

/* What the format could not say of what it was given; said once, at the end. */
struct export_notes {
	struct call_tree_unknown unknown;
	uint64_t too_large;	      /* rows with a moment that the format has no room for */
	uint64_t summarised_left_out; /* calls without rows of their own */
};

struct exporter;

/* Operations return 0 or a negative errno; a stream that fails shows at its end. What an exporter
 * has no operation for is not read. */
struct export_ops {
	const char *name;
	const char *about;
	bool directory;	      /* writes files into one; otherwise one stream */
	unsigned int options; /* enum export_option */
	int (*open)(const struct export_options *options, struct exporter **ret_exporter,
		    struct fault *why);
	int (*path)(struct exporter *exporter); /* the rows of another path begin */
	int (*call)(struct exporter *exporter, const struct call *call);
	int (*process)(struct exporter *exporter, const struct process_sample *sample);
	int (*summary)(struct exporter *exporter, const struct summary_row *row);
	int (*ledger)(struct exporter *exporter, const struct ledger_row *row);
	int (*memory)(struct exporter *exporter, const struct memory_sample *sample);
	int (*gpu)(struct exporter *exporter, const struct gpu_row *row);
	int (*counter)(struct exporter *exporter, const struct counter_row *row);
	/* Writes what is left. notes may be added to. */
	int (*end)(struct exporter *exporter, struct export_notes *notes, struct fault *why);
	void (*free)(struct exporter *exporter); /* of NULL, too */
};

/* NULL behind the last one. */
extern const struct export_ops *const export_formats[];

const struct export_ops *export_format__find(const char *name); /* NULL: there is none */

extern const struct export_ops export_chrome_trace;
extern const struct export_ops export_sql;
extern const struct export_ops export_openmetrics;
extern const struct export_ops export_folded;
extern const struct export_ops export_pstats;
extern const struct export_ops export_quantumleap;
extern const struct export_ops export_junmai_json;
extern const struct export_ops export_junmai_csv;
extern const struct export_ops export_proxystore;

#endif
