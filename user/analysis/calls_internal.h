/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the calls module share; nobody else includes this.
 *
 *     calls.c            which files a path stands for
 *     calls_rows.c       rows of calls
 *     calls_peers.c      the same, as other tools have written them
 *     calls_sums.c       rows of sums of calls
 *     calls_processes.c  rows of processes
 *     calls_machine.c    rows of the machine and its GPUs
 *     calls_counters.c   rows of what programs count
 *
 * The takes get a struct calls_reader, whose taker has the operation that they need.
 */
#ifndef TACHO_USER_ANALYSIS_CALLS_INTERNAL_H
#define TACHO_USER_ANALYSIS_CALLS_INTERNAL_H

#include "analysis/calls.h"
#include "analysis/row_columns.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct calls_reader {
	const struct calls_taker *taker;
	/* as below, if they are wanted */
	struct data_layout detail, process, resource, summary, ledger, memory, gpu, counter;
	const struct data_layout *layouts[14];
	struct data_reader *rows;
};

/* A number that may be missing. */
struct number_column {
	size_t column;
	unsigned int knows;
	size_t offset; /* of a uint64_t in what is filled */
	const char *wrong;
};

/* Returns what is wrong, or NULL. */
const char *calls__parse_numbers(const struct data_row *row, const struct number_column *numbers,
				 size_t cnt, void *filled, unsigned int *known);
const char *calls__text(const char *text); /* "" for NULL */

/* calls_rows.c */
extern const struct data_layout calls__robot_layouts[OPENTRONS_SPELLINGS];
extern const struct data_layout calls__detail_layout;

/* calls_peers.c */
extern const struct data_layout calls__quantumleap_layout;
extern const struct data_layout calls__junmai_layout;

/* calls_sums.c */
extern const struct data_layout calls__summary_layout;
extern const struct data_layout calls__ledger_layout;

/* calls_processes.c */
extern const struct data_layout calls__process_layout;
extern const struct data_layout calls__resource_layout;

/* calls_machine.c */
extern const struct data_layout calls__memory_layout;
extern const struct data_layout calls__gpu_layout;

/* calls_counters.c */
extern const struct data_layout calls__counter_layout;

#endif
