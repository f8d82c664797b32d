/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/activities_internal.h"

#include <string.h>

#include "analysis/peer_rows.h"

_Static_assert(QUANTUMLEAP_COLUMN_CNT <= SOURCE_COLUMNS_MAX, "the columns of a layout");
_Static_assert(JUNMAI_COLUMN_CNT <= SOURCE_COLUMNS_MAX, "the columns of a layout");

static int take_peer(struct source *source, const struct peer_call *peer)
{
	const struct call_row call = {
		.start_ns = peer->start_ns,
		.duration_ns = peer->duration_ns,
		.ended = ENDED_NOT_SAID,
		.failed = (uint8_t)peer->failed,
		.thread = (uint8_t)source__sort_thread(source, NULL),
	};

	return peer->is_call ? source__take_call(source, peer->state, &call) : 0;
}

static int take_quantumleap(struct source *source, const char *const *values,
			    const char **ret_wrong)
{
	struct peer_call call;

	*ret_wrong = quantumleap_columns__parse(values, &call);
	return *ret_wrong ? 0 : take_peer(source, &call);
}

const struct layout activities__quantumleap_layout = {
	.columns = quantumleap_columns,
	.column_cnt = QUANTUMLEAP_COLUMN_CNT,
	.take = take_quantumleap,
	.is_calls = true,
	.aliases = { { "pid", "PID" } },
};

/* What is 0 and 1 in our files. */
static void group_by_failed(struct source *source, enum row_failed failed)
{
	const struct activities *activities = source->activities;

	for (size_t i = 0; i < activities->grouping->column_cnt; i++) {
		if (!strcmp(activities->grouping->columns[i], "failed"))
			source->group_text[i] = failed == ROW_FAILED_YES ? "1" : "0";
	}
}

static int take_junmai(struct source *source, const char *const *values, const char **ret_wrong)
{
	struct peer_call call;

	*ret_wrong = junmai_columns__parse(values, &call);
	if (*ret_wrong)
		return 0;
	group_by_failed(source, call.failed);
	return take_peer(source, &call);
}

const struct layout activities__junmai_layout = {
	.columns = junmai_columns,
	.column_cnt = JUNMAI_COLUMN_CNT,
	.optional_cnt = JUNMAI_COLUMN_CNT - JUNMAI_PHOTO,
	.take = take_junmai,
	.is_calls = true,
	.aliases = { { "failed", "success" } },
};
