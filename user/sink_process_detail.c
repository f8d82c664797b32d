/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * process_detail.csv: what each chosen process has used, at each tick, when it becomes another
 * program, and when it ends. What is not known is empty.
 *
 *     time_ns,event,pid,ppid,start_ns,comm,command,user_ns,system_ns,cpu_ns,rss_bytes,...
 *     1720546820296000001,sample,812,1,1720546700120000000,python3,python3 -m
 * server,35270000000,...
 */
#include "sink_csv.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "escape.h"
#include "values.h"

static void put_moment(struct csv_row *row, const void *field)
{
	static const char *const names[] = {
		[PROCESS_SAMPLE] = "sample",
		[PROCESS_EXEC] = "exec",
		[PROCESS_EXIT] = "exit",
	};

	csv_row__text(row, names[*(const enum process_moment *)field]);
}

static bool ends_with_mark(const char *text, size_t sz)
{
	const size_t mark_sz = strlen(VALUE_GOES_ON);

	return sz >= mark_sz && !memcmp(text + sz - mark_sz, VALUE_GOES_ON, mark_sz);
}

/* A command that goes on has a mark, as captured strings have it (value__format_string), and a
 * whole one that ends with such a character has it escaped. */
static void put_odd_command(struct csv_row *row, const char *command, size_t sz, bool cut)
{
	char *escaped = malloc(ESCAPED_SZ(sz) + strlen(VALUE_GOES_ON));
	size_t end;

	if (!escaped) {
		row->err = -ENOMEM;
		return;
	}
	if (cut) {
		end = escape_bytes(escaped, command, sz);
		strcpy(escaped + end, VALUE_GOES_ON);
	} else {
		end = escape_bytes(escaped, command, sz - strlen(VALUE_GOES_ON));
		strcpy(escaped + end, "\\xe2\\x80\\xa6");
	}
	csv_row__text(row, escaped);
	free(escaped);
}

static void put_command(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;
	size_t sz = strlen(process->command);

	if (process->command_cut || ends_with_mark(process->command, sz))
		put_odd_command(row, process->command, sz, process->command_cut);
	else
		sink_csv__put_hostile_text(row, &process->command);
}

static void put_if(struct csv_row *row, bool known, uint64_t value)
{
	if (known)
		csv_row__u64(row, value);
	else
		csv_row__empty(row);
}

static void put_rss(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;

	put_if(row, process->memory_known, process->rss_bytes);
}

static void put_peak_rss(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;

	put_if(row, process->peak_known, process->peak_rss_bytes);
}

static void put_virtual(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;

	put_if(row, process->memory_known, process->virtual_bytes);
}

static void put_read(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;

	put_if(row, process->io_known, process->read_bytes);
}

static void put_write(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;

	put_if(row, process->io_known, process->write_bytes);
}

/* As Python's subprocess module has it: what the process said, or minus the signal that ended it.
 */
static void put_exit_code(struct csv_row *row, const void *record)
{
	const struct process_row *process = record;
	int status = process->exit_code;

	if (process->exit_code_known && WIFEXITED(status))
		csv_row__s64(row, WEXITSTATUS(status));
	else if (process->exit_code_known && WIFSIGNALED(status))
		csv_row__s64(row, -WTERMSIG(status));
	else
		csv_row__empty(row);
}

#define AT(member) offsetof(struct process_row, member)
#define WHOLE_ROW 0

static const struct sink_csv_column columns[] = {
	{ "time_ns", sink_csv__put_u64, AT(time_ns) },
	{ "event", put_moment, AT(moment) },
	{ "pid", sink_csv__put_u32, AT(pid) },
	{ "ppid", sink_csv__put_u32, AT(ppid) },
	{ "start_ns", sink_csv__put_u64, AT(start_ns) },
	{ "comm", sink_csv__put_hostile_text, AT(comm) },
	{ "command", put_command, WHOLE_ROW },
	{ "user_ns", sink_csv__put_u64, AT(user_ns) },
	{ "system_ns", sink_csv__put_u64, AT(system_ns) },
	{ "cpu_ns", sink_csv__put_u64, AT(cpu_ns) },
	{ "rss_bytes", put_rss, WHOLE_ROW },
	{ "peak_rss_bytes", put_peak_rss, WHOLE_ROW },
	{ "virtual_bytes", put_virtual, WHOLE_ROW },
	{ "threads", sink_csv__put_u32, AT(threads) },
	{ "minor_faults", sink_csv__put_u64, AT(minor_faults) },
	{ "major_faults", sink_csv__put_u64, AT(major_faults) },
	{ "read_bytes", put_read, WHOLE_ROW },
	{ "write_bytes", put_write, WHOLE_ROW },
	{ "voluntary_switches", sink_csv__put_u64, AT(voluntary_switches) },
	{ "involuntary_switches", sink_csv__put_u64, AT(involuntary_switches) },
	{ "exit_code", put_exit_code, WHOLE_ROW },
	{ "cgroup", sink_csv__put_hostile_text, AT(cgroup) },
};

static const struct sink_csv_format format = {
	.file_name = "process_detail.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int process_detail_open(const struct sink_options *options, struct sink **ret_sink,
			       struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int process_detail_process(struct sink *sink, const struct process_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops process_detail_sink_ops = {
	.name = "detail",
	.open = process_detail_open,
	.process = process_detail_process,
	.large_rows = true,
	SINK_CSV_OPERATIONS,
};
