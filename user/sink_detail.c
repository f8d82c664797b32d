/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * activity_detail.csv: every call, however it ended, with all that is known about it.
 *
 *     state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,cpu_ns,runqueue_ns,blocked_ns,
 *     SAVING,1718739269730290312,47381526,812,815,writer,return,0,0,2381526,3000000,42000000,
 *
 *     minor_faults,major_faults,voluntary_switches,involuntary_switches,return_value,
 *     3,0,1,2,12,
 *
 *     binary,function,path
 *     /usr/bin/saver,save,/tmp/x
 *
 * The columns behind `function` are the captured values, under the names that the settings give.
 */
#include "sink_csv.h"

#include <stddef.h>

#include "analysis/csv_reader.h"
#include "ended.h"

static void put_ended(struct csv_row *row, const void *field)
{
	csv_row__text(row, ended_name(*(const enum tacho_ended *)field));
}

/* Empty when nobody can know. */
static void put_failed(struct csv_row *row, const void *field)
{
	switch (*(const enum row_failed *)field) {
	case ROW_FAILED_YES:
		csv_row__text(row, "1");
		break;
	case ROW_FAILED_NO:
		csv_row__text(row, "0");
		break;
	case ROW_FAILED_UNKNOWN:
		csv_row__empty(row);
	}
}

static void put_number(struct csv_row *row, const void *field)
{
	const struct row_number *number = field;

	if (number->known)
		csv_row__u64(row, number->value);
	else
		csv_row__empty(row);
}

#define AT(member) offsetof(struct activity_row, member)

static const struct sink_csv_column columns[] = {
	{ "state", sink_csv__put_hostile_text, AT(state) },
	{ "start_ns", sink_csv__put_u64, AT(start_ns) },
	{ "duration_ns", sink_csv__put_u64, AT(duration_ns) },
	{ "pid", sink_csv__put_u32, AT(pid) },
	{ "tid", sink_csv__put_u32, AT(tid) },
	{ "comm", sink_csv__put_hostile_text, AT(comm) },
	{ "ended", put_ended, AT(ended) },
	{ "failed", put_failed, AT(failed) },
	{ "depth", sink_csv__put_u32, AT(depth) },
	{ "cpu_ns", put_number, AT(cpu_ns) },
	{ "runqueue_ns", put_number, AT(runqueue_ns) },
	{ "blocked_ns", put_number, AT(blocked_ns) },
	{ "minor_faults", put_number, AT(minor_faults) },
	{ "major_faults", put_number, AT(major_faults) },
	{ "voluntary_switches", put_number, AT(voluntary_switches) },
	{ "involuntary_switches", put_number, AT(involuntary_switches) },
	{ "return_value", sink_csv__put_text, AT(return_value) },
	{ "binary", sink_csv__put_hostile_text, AT(binary) },
	{ "function", sink_csv__put_hostile_text, AT(function) },
};

static const struct sink_csv_format format = {
	.file_name = "activity_detail.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.captured_offset = AT(captured),
};

_Static_assert(sizeof(columns) / sizeof(columns[0]) + SINK_CAPTURES_MAX <= CSV_FIELD_CNT_MAX,
	       "tacho report reads these rows");

static int detail_open(const struct sink_options *options, struct sink **ret_sink,
		       struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int detail_more_columns(const struct sink_options *options, char ***ret_names,
			       size_t *ret_cnt)
{
	return sink_csv__more_columns(&format, options, ret_names, ret_cnt);
}

static int detail_activity(struct sink *sink, const struct activity_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops detail_sink_ops = {
	.name = "detail",
	.open = detail_open,
	.activity = detail_activity,
	.more_columns = detail_more_columns,
	.large_rows = true,
	SINK_CSV_OPERATIONS,
};
