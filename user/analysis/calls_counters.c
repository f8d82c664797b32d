/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

enum { COUNTER_TIME, COUNTER_PID, COUNTER_NAME, COUNTER_DELTA, COUNTER_TOTAL, COUNTER_COLUMN_CNT };

static const char *const counter_columns[COUNTER_COLUMN_CNT] = {
	"time_ns", "pid", "name", "delta", "total",
};

static bool parse_s64(const char *text, int64_t *ret_value)
{
	uint64_t magnitude;
	bool negative;

	if (parse_signed(text, &negative, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	*ret_value = (int64_t)(negative ? -magnitude : magnitude);
	return true;
}

static const char *parse_counter(const struct data_row *row, struct counter_row *counter)
{
	uint64_t pid;

	if (parse_u64(row->values[COUNTER_TIME], 0, UINT64_MAX, &counter->time_ns))
		return "the time is no number of nanoseconds";
	if (parse_u64(row->values[COUNTER_PID], 0, UINT32_MAX, &pid))
		return "the pid is no number";
	if (!parse_s64(row->values[COUNTER_DELTA], &counter->delta))
		return "the delta is no number";
	if (!parse_s64(row->values[COUNTER_TOTAL], &counter->total))
		return "the total is no number";
	counter->pid = (uint32_t)pid;
	counter->name = row->values[COUNTER_NAME];
	return NULL;
}

static int take_counter(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct counter_row counter = {};

	*ret_wrong = parse_counter(row, &counter);
	return *ret_wrong ? 0 : taker->counter(taker->ctx, &counter);
}

const struct data_layout calls__counter_layout = {
	counter_columns, COUNTER_COLUMN_CNT, COUNTER_COLUMN_CNT, NULL, take_counter,
};
