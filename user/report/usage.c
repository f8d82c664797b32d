/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/usage.h"

#include <stdlib.h>
#include <string.h>

enum {
	COLUMN_COMMAND,
	COLUMN_COMM,
	COLUMN_PID,
	COLUMN_STARTED,
	COLUMN_FIRST_SEEN,
	COLUMN_LAST_SEEN,
	COLUMN_ENDED,
	COLUMN_EXIT,
	COLUMN_CPU,
	COLUMN_CPU_PERCENT,
	COLUMN_RSS,
	COLUMN_PEAK,
	COLUMN_GROWTH,
	COLUMN_MEMORY,
	COLUMN_MEMORY_PEAK,
	COLUMN_MEMORY_GROWTH,
	COLUMN_CNT
};

static const struct sheet_column columns[COLUMN_CNT] = {
	[COLUMN_COMMAND] = { "COMMAND", "command", SHEET_TEXT, SHEET_USUAL },
	[COLUMN_COMM] = { "COMM", "comm", SHEET_TEXT, SHEET_RARE },
	[COLUMN_PID] = { "PID", "pid", SHEET_COUNT, SHEET_USUAL },
	[COLUMN_STARTED] = { "STARTED", "start_ns", SHEET_MOMENT, SHEET_USUAL },
	[COLUMN_FIRST_SEEN] = { "FIRST SEEN", "first_seen_ns", SHEET_MOMENT, SHEET_RARE },
	[COLUMN_LAST_SEEN] = { "LAST SEEN", "last_seen_ns", SHEET_MOMENT, SHEET_YIELDING },
	[COLUMN_ENDED] = { "ENDED", "ended_ns", SHEET_MOMENT, SHEET_RARE },
	[COLUMN_EXIT] = { "EXIT", "exit_code", SHEET_COUNT, SHEET_YIELDING },
	[COLUMN_CPU] = { "CPU", "cpu_ns", SHEET_NS, SHEET_USUAL },
	[COLUMN_CPU_PERCENT] = { "CPU%", "cpu_percent", SHEET_PERCENT, SHEET_USUAL },
	[COLUMN_RSS] = { "RSS", "rss_mean_bytes", SHEET_BYTES, SHEET_YIELDING },
	[COLUMN_PEAK] = { "PEAK", "rss_peak_bytes", SHEET_BYTES, SHEET_USUAL },
	[COLUMN_GROWTH] = { "GROWTH/H", "rss_growth_bytes_per_h", SHEET_BYTES, SHEET_USUAL },
	[COLUMN_MEMORY] = { "MEM%", "memory_mean_percent", SHEET_PERCENT, SHEET_USUAL },
	[COLUMN_MEMORY_PEAK] = { "PEAK%", "memory_peak_percent", SHEET_PERCENT, SHEET_USUAL },
	[COLUMN_MEMORY_GROWTH] = { "GROWTH%/H", "memory_growth_percent_per_h", SHEET_PERCENT,
				   SHEET_USUAL },
};

_Static_assert(COLUMN_CNT <= SHEET_COLUMNS_MAX, "the columns of a sheet");

/* A process with what it comes to, to be sorted. */
struct row {
	const struct process_usage *usage;
	uint64_t cpu_ns;
	uint64_t from_ns;
};

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare(b->cpu_ns, a->cpu_ns);

	if (!order)
		order = compare(a->usage->start_ns, b->usage->start_ns);
	if (!order)
		order = compare(a->usage->pid, b->usage->pid);
	return order ? order : strcmp(a->usage->command, b->usage->command);
}

static void put_text(struct sheet *sheet, const char *text)
{
	if (*text)
		sheet__text(sheet, text);
	else
		sheet__none(sheet);
}

static void put_if(struct sheet *sheet, bool known, uint64_t value)
{
	if (known)
		sheet__u64(sheet, value);
	else
		sheet__none(sheet);
}

static void put_exit_code(struct sheet *sheet, const struct process_usage *usage)
{
	if (usage->ended && usage->exit_code_known)
		sheet__s64(sheet, usage->exit_code);
	else
		sheet__none(sheet);
}

/* Whole bytes. What fits no integer has not been memory. */
static void put_bytes(struct sheet *sheet, bool known, double bytes)
{
	if (known && bytes > -0x1p62 && bytes < 0x1p62)
		sheet__s64(sheet, (int64_t)(bytes < 0 ? bytes - 0.5 : bytes + 0.5));
	else
		sheet__none(sheet);
}

static void put_real(struct sheet *sheet, bool known, double value)
{
	if (known)
		sheet__double(sheet, value);
	else
		sheet__none(sheet);
}

static void put_memory(struct sheet *sheet, const struct process_usage *usage)
{
	double slope = 0;
	bool known;

	put_bytes(sheet, usage->rss.cnt, usage->rss.mean);
	put_if(sheet, usage->peak_bytes, usage->peak_bytes);
	known = trend__per_hour(&usage->rss, &slope);
	put_bytes(sheet, known, slope);
	put_real(sheet, usage->memory.cnt, usage->memory.mean);
	put_real(sheet, usage->memory.cnt, usage->memory.max);
	known = trend__per_hour(&usage->memory, &slope);
	put_real(sheet, known, slope);
}

static void put_row(struct sheet *sheet, const struct row *row)
{
	const struct process_usage *usage = row->usage;
	uint64_t seen_ns = usage->last_ns - row->from_ns;

	sheet__text(sheet, usage->command[0] ? usage->command : usage->comm);
	put_text(sheet, usage->comm);
	put_if(sheet, usage->pid, usage->pid);
	sheet__u64(sheet, usage->start_ns);
	sheet__u64(sheet, usage->first_ns);
	sheet__u64(sheet, usage->last_ns);
	put_if(sheet, usage->ended, usage->last_ns);
	put_exit_code(sheet, usage);
	sheet__u64(sheet, row->cpu_ns);
	put_real(sheet, seen_ns, 100 * (double)row->cpu_ns / (double)seen_ns);
	put_memory(sheet, usage);
}

struct sheet *report_usage__sheet(struct processes *processes)
{
	size_t cnt = processes ? processes__cnt(processes) : 0;
	struct sheet *sheet = sheet__new(columns, COLUMN_CNT);
	struct row *rows = calloc(cnt + 1, sizeof(*rows));

	if (!sheet || !rows) {
		sheet__free(sheet);
		free(rows);
		return NULL;
	}
	for (size_t i = 0; i < cnt; i++) {
		rows[i].usage = processes__usage(processes, i);
		rows[i].cpu_ns = processes__cpu_ns(processes, rows[i].usage, &rows[i].from_ns);
	}
	qsort(rows, cnt, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < cnt; i++)
		put_row(sheet, &rows[i]);
	free(rows);
	return sheet;
}

bool report_usage__any_failed(struct processes *processes)
{
	size_t cnt = processes__cnt(processes);
	const struct process_usage *usage;

	for (size_t i = 0; i < cnt; i++) {
		usage = processes__usage(processes, i);
		if (usage->ended && usage->exit_code_known && usage->exit_code)
			return true;
	}
	return false;
}
