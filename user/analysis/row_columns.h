/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What stands in the columns of the files of calls, and of those of processes that the robot's
 * package writes, for all who read them. A parse returns what is wrong with the row, or NULL.
 */
#ifndef TACHO_USER_ANALYSIS_ROW_COLUMNS_H
#define TACHO_USER_ANALYSIS_ROW_COLUMNS_H

#include "parse.h"
#include "row.h"

/* --- calls: robot_activity_data and activity_detail.csv ----------------------------------- */

#define OPENTRONS_SPELLINGS 3
#define OPENTRONS_COLUMN_CNT 3

/* Three spellings have been in use; the columns have always been the same. */
extern const char *const opentrons_columns[OPENTRONS_SPELLINGS][OPENTRONS_COLUMN_CNT];

/* These two are inline for the sake of files with millions of rows. */

/* Before June 2024 a state was a number. No state was ever called by one, so that quotes, which
 * somebody's tool may have added, change nothing. */
static inline const char *opentrons_state(const char *text)
{
	static const char *const states[] = { "STARTING_UP", "CALIBRATING", "ANALYZING_PROTOCOL",
					      "RUNNING_PROTOCOL", "SHUTTING_DOWN" };

	if (text[0] >= '0' && text[0] < '0' + (int)(sizeof(states) / sizeof(states[0])) && !text[1])
		return states[text[0] - '0'];
	return text;
}

static inline const char *call_columns__parse_times(const char *state, const char *start,
						    const char *duration, uint64_t *ret_start_ns,
						    uint64_t *ret_duration_ns)
{
	if (!*state)
		return "the state has no name";
	if (parse_u64(start, 0, UINT64_MAX, ret_start_ns))
		return "the start is no number of nanoseconds";
	if (parse_u64(duration, 0, UINT64_MAX, ret_duration_ns))
		return "the duration is no number of nanoseconds";
	return NULL;
}

/* text may be NULL: the first versions did not know which calls failed. 0 or -EINVAL. */
int call_columns__parse_failed(const char *text, enum row_failed *ret_failed);

/* --- activity_ledger.csv ------------------------------------------------------------------ */

enum {
	LEDGER_STATE,
	LEDGER_ENTRIES,
	LEDGER_ENDED,
	LEDGER_LOST_RING = LEDGER_ENDED + TACHO_ENDED_CNT,
	LEDGER_LOST_NESTING,
	LEDGER_LOST_OTHER,
	LEDGER_UNMATCHED,
	LEDGER_TIME, /* last, for who does without */
	LEDGER_COLUMN_CNT
};

extern const char *const ledger_columns[LEDGER_COLUMN_CNT];

/* The values of the first column_cnt columns; the others are 0. The state is borrowed. */
const char *ledger_columns__parse(const char *const *values, size_t column_cnt,
				  struct ledger_row *ret_row);

/* --- activity_summary.csv ----------------------------------------------------------------- */

enum {
	SUMMARY_STATE,
	SUMMARY_FROM,
	SUMMARY_TO,
	SUMMARY_COUNT,
	SUMMARY_SUM,
	SUMMARY_MIN,
	SUMMARY_MAX,
	SUMMARY_ENDED,
	SUMMARY_BUCKETS = SUMMARY_ENDED + TACHO_ENDED_OPEN, /* last, for who does without */
	SUMMARY_COLUMN_CNT = SUMMARY_BUCKETS + TACHO_BUCKETS
};

extern const char *const summary_columns[SUMMARY_COLUMN_CNT];

/* Likewise. The file does not say how many calls were open. */
const char *summary_columns__parse(const char *const *values, size_t column_cnt,
				   struct summary_row *ret_row);

/* --- system_resource_data --------------------------------------------------------------------- */

enum {
	RESOURCE_TIME,
	RESOURCE_COMMAND,
	RESOURCE_SINCE,
	RESOURCE_USER,
	RESOURCE_SYSTEM,
	RESOURCE_MEMORY,
	RESOURCE_COLUMN_CNT
};

extern const char *const resource_columns[RESOURCE_COLUMN_CNT];

/* A process, of which the pid is not known: command and start tell it. */
struct resource_row {
	uint64_t time_ns;
	uint64_t start_ns;
	const char *command;   /* borrowed; any bytes, as in the file */
	uint64_t command_hash; /* of all of them; never 0 */
	uint64_t cpu_ns;
	double memory_percent; /* of the machine's; 0 is written of a process that has ended */
};

const char *resource_columns__parse(const char *const *values, struct resource_row *ret_row);

/* --- activity_probes.csv ------------------------------------------------------------------ */

enum { PROBES_EVENT, PROBES_COLUMN_CNT = 4 };

extern const char *const probes_columns[PROBES_COLUMN_CNT];

#endif
