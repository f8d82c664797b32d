/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/processes_internal.h"

#include <errno.h>
#include <string.h>

#include "analysis/csv_header.h"
#include "analysis/row_columns.h"
#include "parse.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* parse returns what is wrong with the row, or NULL. */
struct process_layout {
	const char *const *columns;
	size_t column_cnt;
	const char *(*parse)(const char *const *values, struct usage_sample *sample);
};

/* --- process_detail.csv ---------------------------------------------------------------------- */

enum {
	DETAIL_TIME,
	DETAIL_EVENT,
	DETAIL_PID,
	DETAIL_START,
	DETAIL_COMM,
	DETAIL_COMMAND,
	DETAIL_CPU,
	DETAIL_RSS,
	DETAIL_PEAK,
	DETAIL_EXIT_CODE,
	DETAIL_COLUMN_CNT
};

static const char *const detail_columns[DETAIL_COLUMN_CNT] = {
	[DETAIL_TIME] = "time_ns",
	[DETAIL_EVENT] = "event",
	[DETAIL_PID] = "pid",
	[DETAIL_START] = "start_ns",
	[DETAIL_COMM] = "comm",
	[DETAIL_COMMAND] = "command",
	[DETAIL_CPU] = "cpu_ns",
	[DETAIL_RSS] = "rss_bytes",
	[DETAIL_PEAK] = "peak_rss_bytes",
	[DETAIL_EXIT_CODE] = "exit_code",
};

/* 0, also if there is nothing, which *ret_known says. */
static int parse_if_known(const char *text, bool *ret_known, uint64_t *ret_value)
{
	*ret_known = *text;
	return *text ? parse_u64(text, 0, UINT64_MAX, ret_value) : 0;
}

static int parse_exit_code(const char *text, struct usage_sample *sample)
{
	bool negative = *text == '-';
	uint64_t magnitude = 0;
	int err = parse_if_known(text + negative, &sample->exit_code_known, &magnitude);

	if (err || magnitude > 255 || (negative && !magnitude))
		return -EINVAL;
	sample->exit_code = negative ? -(int32_t)magnitude : (int32_t)magnitude;
	return 0;
}

static int parse_event(const char *text, struct usage_sample *sample)
{
	sample->ended = !strcmp(text, "exit");
	sample->at_tick = !strcmp(text, "sample");
	return sample->ended || sample->at_tick || !strcmp(text, "exec") ? 0 : -EINVAL;
}

static const char *parse_detail(const char *const *values, struct usage_sample *sample)
{
	uint64_t pid;
	bool known;

	*sample = (struct usage_sample) { .command = values[DETAIL_COMMAND],
					  .comm = values[DETAIL_COMM] };
	if (parse_u64(values[DETAIL_TIME], 0, UINT64_MAX, &sample->time_ns))
		return "the time is no number of nanoseconds";
	if (parse_event(values[DETAIL_EVENT], sample))
		return "no such event of a process";
	if (parse_u64(values[DETAIL_PID], 1, UINT32_MAX, &pid))
		return "the pid is no number of a process";
	if (parse_u64(values[DETAIL_START], 0, UINT64_MAX, &sample->start_ns))
		return "the start is no number of nanoseconds";
	if (parse_u64(values[DETAIL_CPU], 0, UINT64_MAX, &sample->cpu_ns))
		return "the processor time is no number of nanoseconds";
	if (parse_if_known(values[DETAIL_RSS], &sample->rss_known, &sample->rss_bytes) ||
	    parse_if_known(values[DETAIL_PEAK], &known, &sample->peak_bytes))
		return "the memory is no number of bytes";
	if (parse_exit_code(values[DETAIL_EXIT_CODE], sample))
		return "no such exit code";
	sample->pid = (uint32_t)pid;
	return NULL;
}

static const struct process_layout detail_layout = {
	.columns = detail_columns,
	.column_cnt = DETAIL_COLUMN_CNT,
	.parse = parse_detail,
};

/* --- system_resource_data -------------------------------------------------------------------- */

static const char *parse_resource(const char *const *values, struct usage_sample *sample)
{
	struct resource_row row;
	const char *wrong = resource_columns__parse(values, &row);

	if (wrong)
		return wrong;
	*sample = (struct usage_sample) { .time_ns = row.time_ns,
					  .start_ns = row.start_ns,
					  .command = row.command,
					  .command_raw = true,
					  .command_hash = row.command_hash,
					  .comm = "",
					  .cpu_ns = row.cpu_ns,
					  .memory_known = row.memory_percent > 0,
					  .memory_percent = row.memory_percent };
	return NULL;
}

static const struct process_layout resource_layout = {
	.columns = resource_columns,
	.column_cnt = RESOURCE_COLUMN_CNT,
	.parse = parse_resource,
};

/* --- any of them ----------------------------------------------------------------------------- */

static bool find_columns(struct processes *processes, const struct process_layout *layout,
			 const struct csv_record *record)
{
	if (!csv_record__find_all(record, record->field_cnt, layout->columns, layout->column_cnt,
				  layout->column_cnt, processes->column))
		return false;
	processes->layout = layout;
	processes->field_cnt = record->field_cnt;
	return true;
}

static bool take_header(struct processes *processes, const struct csv_record *record)
{
	return find_columns(processes, &detail_layout, record) ||
	       find_columns(processes, &resource_layout, record);
}

static const char *parse(const struct processes *processes, const struct csv_record *record,
			 struct usage_sample *sample)
{
	const char *values[ARRAY_SIZE(processes->column)];

	if (record->field_cnt != processes->field_cnt)
		return "too few or too many fields";
	for (size_t i = 0; i < processes->layout->column_cnt; i++)
		values[i] = record->fields[processes->column[i]].text;
	return processes->layout->parse(values, sample);
}

bool processes__knows(void *ctx, const struct csv_record *record)
{
	struct processes *processes = ctx;
	struct usage_sample sample;

	if (take_header(processes, record))
		return true;
	processes->layout = &resource_layout;
	processes->field_cnt = RESOURCE_COLUMN_CNT;
	for (size_t i = 0; i < RESOURCE_COLUMN_CNT; i++)
		processes->column[i] = i;
	return record->kind == CSV_RECORD_WHOLE && !parse(processes, record, &sample);
}

static void refuse(struct processes *processes, const struct csv_record *record, const char *wrong)
{
	const struct activities_watch *watch = processes->watch;

	processes->malformed_cnt++;
	if (watch && watch->malformed)
		watch->malformed(watch->ctx, record->path, record->line, record->line_cnt, wrong);
}

int processes__take(void *ctx, const struct csv_record *record)
{
	struct processes *processes = ctx;
	struct usage_sample sample;
	const char *wrong = record->wrong;

	if (record->kind == CSV_RECORD_TORN) {
		/* system_resource_data_headers is a row without a line end */
		processes->torn_cnt += !take_header(processes, record);
		return 0;
	}
	if (record->kind == CSV_RECORD_WHOLE)
		wrong = parse(processes, record, &sample);
	if (!wrong)
		return processes__add(processes, &sample);
	if (record->kind != CSV_RECORD_WHOLE || !take_header(processes, record))
		refuse(processes, record, wrong);
	return 0;
}
