/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * activity_ledger.csv: what became of every call, so that nothing is lost silently. In each row
 *
 *     entries = returned + exception + unwound + thread_exit + exec + killed + open
 *             + lost_ring + lost_nesting + lost_other
 */
#include "sink_csv.h"

#include <stddef.h>

#define AT(member) offsetof(struct ledger_row, member)

static const struct sink_csv_column columns[] = {
	{ "time_ns", sink_csv__put_u64, AT(time_ns) },
	{ "state", sink_csv__put_hostile_text, AT(state) },
	{ "entries", sink_csv__put_u64, AT(entries) },
	{ "returned", sink_csv__put_u64, AT(ended[TACHO_ENDED_RETURN]) },
	{ "exception", sink_csv__put_u64, AT(ended[TACHO_ENDED_EXCEPTION]) },
	{ "unwound", sink_csv__put_u64, AT(ended[TACHO_ENDED_UNWOUND]) },
	{ "thread_exit", sink_csv__put_u64, AT(ended[TACHO_ENDED_THREAD_EXIT]) },
	{ "exec", sink_csv__put_u64, AT(ended[TACHO_ENDED_EXEC]) },
	{ "killed", sink_csv__put_u64, AT(ended[TACHO_ENDED_KILLED]) },
	{ "open", sink_csv__put_u64, AT(ended[TACHO_ENDED_OPEN]) },
	{ "lost_ring", sink_csv__put_u64, AT(lost_ring) },
	{ "lost_nesting", sink_csv__put_u64, AT(lost_nesting) },
	{ "lost_other", sink_csv__put_u64, AT(lost_other) },
	{ "unmatched_returns", sink_csv__put_u64, AT(unmatched_returns) },
};

static const struct sink_csv_format format = {
	.file_name = "activity_ledger.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
};

static int ledger_open(const struct sink_options *options, struct sink **ret_sink,
		       struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int ledger_ledger(struct sink *sink, const struct ledger_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops ledger_sink_ops = {
	.name = "ledger",
	.open = ledger_open,
	.ledger = ledger_ledger,
	SINK_CSV_OPERATIONS,
};
