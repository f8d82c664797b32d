/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * system_resource_data and system_resource_data_headers, byte for byte as the system resource
 * tracker of the Opentrons package performance-metrics writes them:
 *
 *     "1720546820296000001","python3 -m server","1720546700.12","35.27","4.81","11.482910156"
 *
 * Every field quoted, CRLF, no header row, numbers as Python's repr() has them. The values are
 * computed as psutil 6.0.0, which the package uses, computes them (psutil/__init__.py and
 * _pslinux.py), operation by operation: it decides the last digit.
 */
#include "sink_csv.h"

#include <stddef.h>

/* Of the counters in /proc/PID/stat: sysconf(_SC_CLK_TCK), which is 100 on every Linux machine
 * (USER_HZ, include/asm-generic/param.h). */
#define TICKS_A_SECOND 100
#define TICK_NS (1000000000 / TICKS_A_SECOND)

/* The whole ticks, as nsec_to_clock_t of the kernel counts them. */
static void put_cpu_time(struct csv_row *row, const void *field)
{
	uint64_t ticks = *(const uint64_t *)field / TICK_NS;

	csv_row__double(row, (double)ticks / TICKS_A_SECOND);
}

static void put_running_since(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;

	csv_row__double(row,
			(double)process->start_ticks / TICKS_A_SECOND + (double)process->boot_s);
}

/* What has no memory any more has none of it. */
static void put_memory_percent(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;
	double percent = 0;

	if (process->memory_known && process->memory_total_bytes)
		percent = (double)process->rss_bytes / (double)process->memory_total_bytes * 100;
	csv_row__double(row, percent);
}

#define AT(member) offsetof(struct process_row, member)
#define WHOLE_ROW 0

/* The package writes a command as it is, and ends with the first that is no UTF-8. */
static const struct sink_csv_column columns[] = {
	{ "query_time", sink_csv__put_u64, AT(time_ns) },
	{ "command", sink_csv__put_utf8_text, AT(command) },
	{ "running_since", put_running_since, WHOLE_ROW },
	{ "user_cpu_time", put_cpu_time, AT(user_ns) },
	{ "system_cpu_time", put_cpu_time, AT(system_ns) },
	{ "memory_percent", put_memory_percent, WHOLE_ROW },
};

static const struct sink_csv_format format = {
	.file_name = "system_resource_data",
	.headers_name = "system_resource_data_headers",
	.quoting = CSV_QUOTE_ALL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int resources_open(const struct sink_options *options, struct sink **ret_sink,
			  struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

/* The package looks at a process now and then; that it has begun to run something is no look. */
static int resources_process(struct sink *sink, const struct process_row *row)
{
	return row->moment == PROCESS_EXEC ? 1 : sink_csv__add(sink, row);
}

const struct sink_ops opentrons_resources_sink_ops = {
	.name = "opentrons",
	.open = resources_open,
	.process = resources_process,
	.large_rows = true,
	SINK_CSV_OPERATIONS,
};
