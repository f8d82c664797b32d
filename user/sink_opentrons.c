/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * robot_activity_data and robot_activity_data_headers, byte for byte as the performance-metrics
 * package of the Opentrons robots writes them:
 *
 *     "ANALYZING_PROTOCOL","1718739269730290312","14028043893"
 *
 * Every field quoted, CRLF, no header row; the column names are in the other file, unquoted and
 * without a line end.
 */
#include "sink_csv.h"

#include <stddef.h>

#include "ended.h"

#define AT(member) offsetof(struct activity_row, member)

static const struct sink_csv_column columns[] = {
	{ "state", sink_csv__put_hostile_text, AT(state) },
	{ "func_start", sink_csv__put_u64, AT(start_ns) },
	{ "duration", sink_csv__put_u64, AT(duration_ns) },
};

static const struct sink_csv_format format = {
	.file_name = "robot_activity_data",
	.headers_name = "robot_activity_data_headers",
	.quoting = CSV_QUOTE_ALL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
};

static int opentrons_open(const struct sink_options *options, struct sink **ret_sink,
			  struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

/* The package writes a row when control leaves the function, by whichever way; a call that was cut
 * off by the end of its thread or process leaves none there. */
static int opentrons_activity(struct sink *sink, const struct activity_row *row)
{
	return ended_finished(row->ended) ? sink_csv__add(sink, row) : 1;
}

const struct sink_ops opentrons_sink_ops = {
	.name = "opentrons",
	.open = opentrons_open,
	.activity = opentrons_activity,
	SINK_CSV_OPERATIONS,
};
