/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/row_columns.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "parse.h"
#include "python_text.h"

/* --- calls -------------------------------------------------------------------------------- */

const char *const opentrons_columns[OPENTRONS_SPELLINGS][OPENTRONS_COLUMN_CNT] = {
	{ "state", "func_start", "duration" },
	{ "state_name", "function_start_time", "duration" },
	{ "state_id", "function_start_time", "duration" },
};

int call_columns__parse_failed(const char *text, enum row_failed *ret_failed)
{
	if (!text || !*text)
		*ret_failed = ROW_FAILED_UNKNOWN;
	else if ((*text == '0' || *text == '1') && !text[1])
		*ret_failed = *text == '1' ? ROW_FAILED_YES : ROW_FAILED_NO;
	else
		return -EINVAL;
	return 0;
}

/* --- sums of calls ------------------------------------------------------------------------ */

/* The first is the name of the state. */
static const char *parse_numbers(const char *const *values, size_t column_cnt, const char *wrong,
				 uint64_t *numbers)
{
	if (!*values[0])
		return "the state has no name";
	for (size_t i = 1; i < column_cnt; i++) {
		if (parse_u64(values[i], 0, UINT64_MAX, &numbers[i]))
			return wrong;
	}
	return NULL;
}

const char *const ledger_columns[LEDGER_COLUMN_CNT] = {
	[LEDGER_STATE] = "state",
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
	[LEDGER_TIME] = "time_ns",
};

const char *ledger_columns__parse(const char *const *values, size_t column_cnt,
				  struct ledger_row *ret_row)
{
	uint64_t numbers[LEDGER_COLUMN_CNT] = {};
	const char *wrong;

	wrong = parse_numbers(values, column_cnt, "a count of the ledger is no number", numbers);
	if (wrong)
		return wrong;
	*ret_row = (struct ledger_row) {
		.time_ns = numbers[LEDGER_TIME],
		.state = values[LEDGER_STATE],
		.entries = numbers[LEDGER_ENTRIES],
		.lost_ring = numbers[LEDGER_LOST_RING],
		.lost_nesting = numbers[LEDGER_LOST_NESTING],
		.lost_other = numbers[LEDGER_LOST_OTHER],
		.unmatched_returns = numbers[LEDGER_UNMATCHED],
	};
	memcpy(ret_row->ended, &numbers[LEDGER_ENDED], sizeof(ret_row->ended));
	return NULL;
}

_Static_assert(TACHO_BUCKETS == 48, "the columns below");

const char *const summary_columns[SUMMARY_COLUMN_CNT] = {
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

const char *summary_columns__parse(const char *const *values, size_t column_cnt,
				   struct summary_row *ret_row)
{
	uint64_t numbers[SUMMARY_COLUMN_CNT] = {};
	const char *wrong;

	wrong = parse_numbers(values, column_cnt, "a number of the summary is no number", numbers);
	if (wrong)
		return wrong;
	*ret_row = (struct summary_row) {
		.from_ns = numbers[SUMMARY_FROM],
		.to_ns = numbers[SUMMARY_TO],
		.state = values[SUMMARY_STATE],
		.count = numbers[SUMMARY_COUNT],
		.sum_ns = numbers[SUMMARY_SUM],
		.min_ns = numbers[SUMMARY_MIN],
		.max_ns = numbers[SUMMARY_MAX],
	};
	memcpy(ret_row->ended, &numbers[SUMMARY_ENDED], TACHO_ENDED_OPEN * sizeof(*ret_row->ended));
	memcpy(ret_row->buckets, &numbers[SUMMARY_BUCKETS], sizeof(ret_row->buckets));
	return NULL;
}

/* --- processes ---------------------------------------------------------------------------- */

const char *const resource_columns[RESOURCE_COLUMN_CNT] = {
	[RESOURCE_TIME] = "query_time",	       [RESOURCE_COMMAND] = "command",
	[RESOURCE_SINCE] = "running_since",    [RESOURCE_USER] = "user_cpu_time",
	[RESOURCE_SYSTEM] = "system_cpu_time", [RESOURCE_MEMORY] = "memory_percent",
};

/* Seconds, as Python writes a float. */
static int parse_seconds(const char *text, uint64_t *ret_ns)
{
	double seconds;

	if (python_text__float(text, &seconds) || !(seconds >= 0) || seconds * 1e9 >= 0x1p64)
		return -EINVAL;
	*ret_ns = (uint64_t)(seconds * 1e9 + 0.5);
	return 0;
}

/* FNV-1a. Who finds two commands of the same hash and starts them at once gets one row of both. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

const char *resource_columns__parse(const char *const *values, struct resource_row *ret_row)
{
	struct resource_row row = { .command = values[RESOURCE_COMMAND] };
	uint64_t system_ns;

	if (parse_u64(values[RESOURCE_TIME], 0, UINT64_MAX, &row.time_ns))
		return "the time is no number of nanoseconds";
	if (parse_seconds(values[RESOURCE_SINCE], &row.start_ns))
		return "the start is no number of seconds";
	if (parse_seconds(values[RESOURCE_USER], &row.cpu_ns) ||
	    parse_seconds(values[RESOURCE_SYSTEM], &system_ns) ||
	    __builtin_add_overflow(row.cpu_ns, system_ns, &row.cpu_ns))
		return "the processor time is no number of seconds";
	if (python_text__float(values[RESOURCE_MEMORY], &row.memory_percent) ||
	    !isfinite(row.memory_percent) || row.memory_percent < 0)
		return "the memory is no percentage";
	row.command_hash = hash_of(row.command);
	*ret_row = row;
	return NULL;
}

/* --- probes ------------------------------------------------------------------------------- */

const char *const probes_columns[PROBES_COLUMN_CNT] = {
	[PROBES_EVENT] = "event",
	"state",
	"binary",
	"last_hit_ns",
};
