/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

#include <string.h>

#include "parse.h"

enum {
	PROCESS_TIME,
	PROCESS_EVENT,
	PROCESS_PID,
	PROCESS_PPID,
	PROCESS_START,
	PROCESS_COMM,
	PROCESS_COMMAND,
	PROCESS_USER,
	PROCESS_SYSTEM,
	PROCESS_CPU,
	PROCESS_RSS,
	PROCESS_PEAK_RSS,
	PROCESS_VIRTUAL,
	PROCESS_THREADS,
	PROCESS_MINOR_FAULTS,
	PROCESS_MAJOR_FAULTS,
	PROCESS_READ,
	PROCESS_WRITE,
	PROCESS_VOLUNTARY,
	PROCESS_INVOLUNTARY,
	PROCESS_EXIT_CODE,
	PROCESS_CGROUP,
	PROCESS_COLUMN_CNT
};

static const char *const process_columns[PROCESS_COLUMN_CNT] = {
	"time_ns",
	"event",
	"pid",
	"ppid",
	"start_ns",
	"comm",
	"command",
	"user_ns",
	"system_ns",
	"cpu_ns",
	"rss_bytes",
	"peak_rss_bytes",
	"virtual_bytes",
	"threads",
	"minor_faults",
	"major_faults",
	"read_bytes",
	"write_bytes",
	"voluntary_switches",
	"involuntary_switches",
	"exit_code",
	"cgroup",
};

#define PROCESS_REQUIRED_CNT (PROCESS_COMMAND + 1)

#define AT(member) offsetof(struct process_sample, member)

static const struct number_column process_numbers[] = {
	{ PROCESS_PPID, PROCESS_KNOWS_PPID, AT(ppid), "the ppid is no number" },
	{ PROCESS_START, PROCESS_KNOWS_START, AT(start_ns), "start_ns is no number" },
	{ PROCESS_USER, PROCESS_KNOWS_USER, AT(user_ns), "user_ns is no number" },
	{ PROCESS_SYSTEM, PROCESS_KNOWS_SYSTEM, AT(system_ns), "system_ns is no number" },
	{ PROCESS_CPU, PROCESS_KNOWS_CPU, AT(cpu_ns), "cpu_ns is no number" },
	{ PROCESS_RSS, PROCESS_KNOWS_RSS, AT(rss_bytes), "rss_bytes is no number" },
	{ PROCESS_PEAK_RSS, PROCESS_KNOWS_PEAK_RSS, AT(peak_rss_bytes),
	  "peak_rss_bytes is no number" },
	{ PROCESS_VIRTUAL, PROCESS_KNOWS_VIRTUAL, AT(virtual_bytes), "virtual_bytes is no number" },
	{ PROCESS_THREADS, PROCESS_KNOWS_THREADS, AT(threads), "threads is no number" },
	{ PROCESS_MINOR_FAULTS, PROCESS_KNOWS_MINOR_FAULTS, AT(minor_faults),
	  "minor_faults is no number" },
	{ PROCESS_MAJOR_FAULTS, PROCESS_KNOWS_MAJOR_FAULTS, AT(major_faults),
	  "major_faults is no number" },
	{ PROCESS_READ, PROCESS_KNOWS_READ, AT(read_bytes), "read_bytes is no number" },
	{ PROCESS_WRITE, PROCESS_KNOWS_WRITE, AT(write_bytes), "write_bytes is no number" },
	{ PROCESS_VOLUNTARY, PROCESS_KNOWS_VOLUNTARY, AT(voluntary_switches),
	  "voluntary_switches is no number" },
	{ PROCESS_INVOLUNTARY, PROCESS_KNOWS_INVOLUNTARY, AT(involuntary_switches),
	  "involuntary_switches is no number" },
};

static const char *parse_exit_code(const char *text, struct process_sample *sample)
{
	uint64_t magnitude;
	bool negative;

	if (!text || !*text)
		return NULL;
	if (parse_signed(text, &negative, &magnitude) || magnitude > INT32_MAX)
		return "exit_code is no number";
	sample->exit_code = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	sample->known |= PROCESS_KNOWS_EXIT_CODE;
	return NULL;
}

static const char *parse_process(const struct data_row *row, struct process_sample *sample)
{
	const char *wrong;

	sample->event = row->values[PROCESS_EVENT];
	if (strcmp(sample->event, "sample") && strcmp(sample->event, "exec") &&
	    strcmp(sample->event, "exit"))
		return "no such event of a process";
	if (parse_u64(row->values[PROCESS_TIME], 0, UINT64_MAX, &sample->time_ns))
		return "the time is no number of nanoseconds";
	if (parse_u64(row->values[PROCESS_PID], 0, UINT64_MAX, &sample->pid))
		return "the pid is no number";
	wrong = calls__parse_numbers(row, process_numbers, ARRAY_SIZE(process_numbers), sample,
				     &sample->known);
	if (!wrong)
		wrong = parse_exit_code(row->values[PROCESS_EXIT_CODE], sample);
	sample->comm = calls__text(row->values[PROCESS_COMM]);
	sample->command = calls__text(row->values[PROCESS_COMMAND]);
	sample->cgroup = calls__text(row->values[PROCESS_CGROUP]);
	return wrong;
}

static int take_process(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct process_sample sample = {};

	*ret_wrong = parse_process(row, &sample);
	return *ret_wrong ? 0 : taker->process(taker->ctx, &sample);
}

const struct data_layout calls__process_layout = {
	process_columns, PROCESS_COLUMN_CNT, PROCESS_REQUIRED_CNT, NULL, take_process,
};

static int take_resource(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct resource_row resource;

	*ret_wrong = resource_columns__parse(row->values, &resource);
	return *ret_wrong ? 0 : taker->resource(taker->ctx, &resource);
}

const struct data_layout calls__resource_layout = {
	resource_columns, RESOURCE_COLUMN_CNT, RESOURCE_COLUMN_CNT, NULL, take_resource,
};
