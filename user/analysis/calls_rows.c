/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

#include "ended.h"

enum {
	CALL_STATE,
	CALL_START,
	CALL_DURATION,
	CALL_ENDED,
	CALL_PID,
	CALL_TID,
	CALL_COMM,
	CALL_FAILED,
	CALL_DEPTH,
	CALL_CPU,
	CALL_RUNQUEUE,
	CALL_BLOCKED,
	CALL_MINOR_FAULTS,
	CALL_MAJOR_FAULTS,
	CALL_VOLUNTARY,
	CALL_INVOLUNTARY,
	CALL_RETURN_VALUE,
	CALL_BINARY,
	CALL_FUNCTION,
	CALL_COLUMN_CNT
};

static const char *const detail_columns[CALL_COLUMN_CNT] = {
	[CALL_STATE] = "state",
	[CALL_START] = "start_ns",
	[CALL_DURATION] = "duration_ns",
	[CALL_ENDED] = "ended",
	[CALL_PID] = "pid",
	[CALL_TID] = "tid",
	[CALL_COMM] = "comm",
	[CALL_FAILED] = "failed",
	[CALL_DEPTH] = "depth",
	[CALL_CPU] = "cpu_ns",
	[CALL_RUNQUEUE] = "runqueue_ns",
	[CALL_BLOCKED] = "blocked_ns",
	[CALL_MINOR_FAULTS] = "minor_faults",
	[CALL_MAJOR_FAULTS] = "major_faults",
	[CALL_VOLUNTARY] = "voluntary_switches",
	[CALL_INVOLUNTARY] = "involuntary_switches",
	[CALL_RETURN_VALUE] = "return_value",
	[CALL_BINARY] = "binary",
	[CALL_FUNCTION] = "function",
};

#define AT(member) offsetof(struct call, member)

static const struct number_column call_numbers[] = {
	{ CALL_PID, CALL_KNOWS_PID, AT(pid), "the pid is no number" },
	{ CALL_TID, CALL_KNOWS_TID, AT(tid), "the tid is no number" },
	{ CALL_DEPTH, CALL_KNOWS_DEPTH, AT(depth), "the depth is no number" },
	{ CALL_CPU, CALL_KNOWS_CPU, AT(cpu_ns), "cpu_ns is no number" },
	{ CALL_RUNQUEUE, CALL_KNOWS_RUNQUEUE, AT(runqueue_ns), "runqueue_ns is no number" },
	{ CALL_BLOCKED, CALL_KNOWS_BLOCKED, AT(blocked_ns), "blocked_ns is no number" },
	{ CALL_MINOR_FAULTS, CALL_KNOWS_MINOR_FAULTS, AT(minor_faults),
	  "minor_faults is no number" },
	{ CALL_MAJOR_FAULTS, CALL_KNOWS_MAJOR_FAULTS, AT(major_faults),
	  "major_faults is no number" },
	{ CALL_VOLUNTARY, CALL_KNOWS_VOLUNTARY, AT(voluntary_switches),
	  "voluntary_switches is no number" },
	{ CALL_INVOLUNTARY, CALL_KNOWS_INVOLUNTARY, AT(involuntary_switches),
	  "involuntary_switches is no number" },
};

static const char *parse_times(const struct data_row *row, struct call *call)
{
	call->state = row->values[CALL_STATE];
	return call_columns__parse_times(call->state, row->values[CALL_START],
					 row->values[CALL_DURATION], &call->start_ns,
					 &call->duration_ns);
}

static const char *parse_call(const struct data_row *row, struct call *call)
{
	const char *wrong = parse_times(row, call);

	if (!wrong && ended_parse(row->values[CALL_ENDED], &call->ended))
		wrong = "no such way to end";
	if (!wrong && call_columns__parse_failed(row->values[CALL_FAILED], &call->failed))
		wrong = "failed is neither 0 nor 1";
	call->known = CALL_KNOWS_ENDED;
	if (!wrong)
		wrong = calls__parse_numbers(row, call_numbers, ARRAY_SIZE(call_numbers), call,
					     &call->known);
	call->comm = calls__text(row->values[CALL_COMM]);
	call->return_value = calls__text(row->values[CALL_RETURN_VALUE]);
	call->binary = calls__text(row->values[CALL_BINARY]);
	call->function = calls__text(row->values[CALL_FUNCTION]);
	call->captured = row->more;
	call->captured_cnt = row->more_cnt;
	return wrong;
}

static int take_detail(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct call call = {};

	*ret_wrong = parse_call(row, &call);
	return *ret_wrong ? 0 : taker->call(taker->ctx, &call);
}

const struct data_layout calls__detail_layout = {
	detail_columns, CALL_COLUMN_CNT, CALL_ENDED + 1, "function", take_detail,
};

/* --- robot_activity_data ------------------------------------------------------------------ */

static int take_robot(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct call call = { .comm = "", .return_value = "", .binary = "", .function = "" };

	*ret_wrong = parse_times(row, &call);
	if (*ret_wrong)
		return 0;
	call.state = opentrons_state(call.state);
	return taker->call ? taker->call(taker->ctx, &call) : 0;
}

const struct data_layout calls__robot_layouts[OPENTRONS_SPELLINGS] = {
	{ opentrons_columns[0], OPENTRONS_COLUMN_CNT, OPENTRONS_COLUMN_CNT, NULL, take_robot },
	{ opentrons_columns[1], OPENTRONS_COLUMN_CNT, OPENTRONS_COLUMN_CNT, NULL, take_robot },
	{ opentrons_columns[2], OPENTRONS_COLUMN_CNT, OPENTRONS_COLUMN_CNT, NULL, take_robot },
};
