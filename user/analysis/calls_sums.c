/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

#include <string.h>

#include "analysis/summary.h"
#include "parse.h"

/* --- activity_ledger.csv ------------------------------------------------------------------ */

enum {
	LEDGER_STATE,
	LEDGER_TIME,
	LEDGER_ENTRIES,
	LEDGER_ENDED,
	LEDGER_LOST_RING = LEDGER_ENDED + TACHO_ENDED_CNT,
	LEDGER_LOST_NESTING,
	LEDGER_LOST_OTHER,
	LEDGER_UNMATCHED,
	LEDGER_COLUMN_CNT
};

static const char *const ledger_columns[LEDGER_COLUMN_CNT] = {
	[LEDGER_STATE] = "state",
	[LEDGER_TIME] = "time_ns",
	[LEDGER_ENTRIES] = "entries",
	[LEDGER_ENDED + TACHO_ENDED_RETURN] = "returned",
	[LEDGER_ENDED + TACHO_ENDED_EXCEPTION] = "exception",
	[LEDGER_ENDED + TACHO_ENDED_UNWOUND] = "unwound",
	[LEDGER_ENDED + TACHO_ENDED_THREAD_EXIT] = "thread_exit",
	[LEDGER_ENDED + TACHO_ENDED_EXEC] = "exec",
	[LEDGER_ENDED + TACHO_ENDED_KILLED] = "killed",
	[LEDGER_ENDED + TACHO_ENDED_OPEN] = "open",
	[LEDGER_LOST_RING] = "lost_ring",
	[LEDGER_LOST_NESTING] = "lost_nesting",
	[LEDGER_LOST_OTHER] = "lost_other",
	[LEDGER_UNMATCHED] = "unmatched_returns",
};

static int take_ledger(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	uint64_t numbers[LEDGER_COLUMN_CNT];
	struct ledger_row ledger;

	if (!*row->values[LEDGER_STATE])
		*ret_wrong = "the state has no name";
	for (size_t i = LEDGER_TIME; !*ret_wrong && i < LEDGER_COLUMN_CNT; i++) {
		if (parse_u64(row->values[i], 0, UINT64_MAX, &numbers[i]))
			*ret_wrong = "a count of the ledger is no number";
	}
	if (*ret_wrong)
		return 0;
	ledger = (struct ledger_row) {
		.time_ns = numbers[LEDGER_TIME],
		.state = row->values[LEDGER_STATE],
		.entries = numbers[LEDGER_ENTRIES],
		.lost_ring = numbers[LEDGER_LOST_RING],
		.lost_nesting = numbers[LEDGER_LOST_NESTING],
		.lost_other = numbers[LEDGER_LOST_OTHER],
		.unmatched_returns = numbers[LEDGER_UNMATCHED],
	};
	memcpy(ledger.ended, &numbers[LEDGER_ENDED], sizeof(ledger.ended));
	return taker->ledger(taker->ctx, &ledger);
}

const struct data_layout calls__ledger_layout = {
	ledger_columns, LEDGER_COLUMN_CNT, LEDGER_COLUMN_CNT, NULL, take_ledger,
};

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
	SUMMARY_BUCKETS = SUMMARY_ENDED + TACHO_ENDED_OPEN,
	SUMMARY_COLUMN_CNT = SUMMARY_BUCKETS + TACHO_BUCKETS
};

_Static_assert(SUMMARY_COLUMN_CNT <= DATA_COLUMNS_MAX, "the columns of a layout");
_Static_assert(TACHO_BUCKETS == 48, "the columns below");

static const char *const summary_columns[SUMMARY_COLUMN_CNT] = {
	[SUMMARY_STATE] = "state",
	[SUMMARY_FROM] = "from_ns",
	[SUMMARY_TO] = "to_ns",
	[SUMMARY_COUNT] = "count",
	[SUMMARY_SUM] = "sum_ns",
	[SUMMARY_MIN] = "min_ns",
	[SUMMARY_MAX] = "max_ns",
	[SUMMARY_ENDED + TACHO_ENDED_RETURN] = "returned",
	[SUMMARY_ENDED + TACHO_ENDED_EXCEPTION] = "exception",
	[SUMMARY_ENDED + TACHO_ENDED_UNWOUND] = "unwound",
	[SUMMARY_ENDED + TACHO_ENDED_THREAD_EXIT] = "thread_exit",
	[SUMMARY_ENDED + TACHO_ENDED_EXEC] = "exec",
	[SUMMARY_ENDED + TACHO_ENDED_KILLED] = "killed",
	/* clang-format off */
	[SUMMARY_BUCKETS] =
	"ge_0_ns", "ge_2_ns", "ge_4_ns", "ge_8_ns", "ge_16_ns", "ge_32_ns", "ge_64_ns",
	"ge_128_ns", "ge_256_ns", "ge_512_ns", "ge_1024_ns", "ge_2048_ns", "ge_4096_ns",
	"ge_8192_ns", "ge_16384_ns", "ge_32768_ns", "ge_65536_ns", "ge_131072_ns",
	"ge_262144_ns", "ge_524288_ns", "ge_1048576_ns", "ge_2097152_ns", "ge_4194304_ns",
	"ge_8388608_ns", "ge_16777216_ns", "ge_33554432_ns", "ge_67108864_ns",
	"ge_134217728_ns", "ge_268435456_ns", "ge_536870912_ns", "ge_1073741824_ns",
	"ge_2147483648_ns", "ge_4294967296_ns", "ge_8589934592_ns", "ge_17179869184_ns",
	"ge_34359738368_ns", "ge_68719476736_ns", "ge_137438953472_ns", "ge_274877906944_ns",
	"ge_549755813888_ns", "ge_1099511627776_ns", "ge_2199023255552_ns",
	"ge_4398046511104_ns", "ge_8796093022208_ns", "ge_17592186044416_ns",
	"ge_35184372088832_ns", "ge_70368744177664_ns", "ge_140737488355328_ns",
	/* clang-format on */
};

static void fill_summary(const uint64_t *numbers, struct summary_row *summary)
{
	uint64_t ended = 0;

	summary->from_ns = numbers[SUMMARY_FROM];
	summary->to_ns = numbers[SUMMARY_TO];
	summary->count = numbers[SUMMARY_COUNT];
	summary->sum_ns = numbers[SUMMARY_SUM];
	summary->min_ns = numbers[SUMMARY_MIN];
	summary->max_ns = numbers[SUMMARY_MAX];
	for (int i = 0; i < TACHO_ENDED_OPEN; i++) {
		summary->ended[i] = numbers[SUMMARY_ENDED + i];
		ended = add_saturated(ended, summary->ended[i]);
	}
	if (ended < summary->count)
		summary->ended[TACHO_ENDED_OPEN] = summary->count - ended;
	memcpy(summary->buckets, &numbers[SUMMARY_BUCKETS], sizeof(summary->buckets));
}

static int take_summary(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct summary_row summary = { .state = row->values[SUMMARY_STATE] };
	uint64_t numbers[SUMMARY_COLUMN_CNT];

	if (!*row->values[SUMMARY_STATE])
		*ret_wrong = "the state has no name";
	for (size_t i = SUMMARY_FROM; !*ret_wrong && i < SUMMARY_COLUMN_CNT; i++) {
		if (parse_u64(row->values[i], 0, UINT64_MAX, &numbers[i]))
			*ret_wrong = "a number of the summary is no number";
	}
	if (*ret_wrong)
		return 0;
	fill_summary(numbers, &summary);
	return taker->summary(taker->ctx, &summary);
}

const struct data_layout calls__summary_layout = {
	summary_columns, SUMMARY_COLUMN_CNT, SUMMARY_COLUMN_CNT, NULL, take_summary,
};
