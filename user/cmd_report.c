/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/activities.h"
#include "analysis/summary.h"
#include "cli.h"
#include "commands.h"
#include "message.h"
#include "report_print.h"

/* No short form yet: letters are scarce, and there is more to come. */
#define OPTION_FORMAT '\001'

#define MALFORMED_SHOWN 5

static const struct cli_option options[] = {
	{ OPTION_FORMAT, "format", "FORMAT", "table (default) or csv, with nanoseconds" },
	{},
};

static const struct cli cli = {
	.command = "report",
	.usage = "[--format FORMAT] [PATH]...",
	.about = "Shows how often each state was entered and how long it took, from the CSV files\n"
		 "in a directory (default " DEFAULT_DIRECTORY
		 ") or from files; '-' is standard input.\n"
		 "Needs no privileges.",
	.options = options,
	.notes = "Exit status: 0, 1 when a path cannot be read or nothing was found, 2 for wrong\n"
		 "usage.",
};

static void say_malformed(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			  const char *wrong)
{
	uint64_t *cnt = ctx;

	if (++*cnt > MALFORMED_SHOWN)
		return;
	if (line_cnt > 1)
		message("report: %s:%" PRIu64 ": %s (the row goes on to line %" PRIu64 ")", path,
			line, wrong, line + line_cnt - 1);
	else
		message("report: %s:%" PRIu64 ": %s", path, line, wrong);
}

static int read_paths(struct activities *activities, char **paths, size_t path_cnt)
{
	struct fault why = {};
	int status = 0;

	for (size_t i = 0; i < path_cnt; i++) {
		if (!activities__add_path(activities, paths[i], &why))
			continue;
		message("report: %s", why.text);
		status = CLI_EXIT_FAILED;
	}
	return status;
}

/* The longest total first. */
static int compare_rows(const void *left, const void *right)
{
	const struct report_row *a = left, *b = right;

	if (a->durations.total != b->durations.total)
		return a->durations.total < b->durations.total ? 1 : -1;
	return strcmp(a->series->state, b->series->state);
}

static int make_row(const struct activity_series *series, struct report_row *row)
{
	const struct activity_sums *more = &series->summarised;
	uint64_t *durations = activity_series__durations(series);

	if (!durations)
		return -ENOMEM;
	row->series = series;
	summarize(durations, series->cnt, &row->durations);
	free(durations);
	if (more->cnt)
		summary__add(&row->durations, more->cnt, more->sum_ns, more->min_ns, more->max_ns);
	return 0;
}

static int make_rows(const struct activities *activities, struct report *report)
{
	size_t cnt = activities__series_cnt(activities);
	int err;

	report->rows = calloc(cnt + 1, sizeof(*report->rows));
	if (!report->rows)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		err = make_row(activities__series(activities, i), &report->rows[i]);
		if (err)
			return err;
	}
	report->row_cnt = cnt;
	qsort(report->rows, cnt, sizeof(*report->rows), compare_rows);
	return 0;
}

static int print_report(const struct activities *activities, const struct report_format *format,
			uint64_t *ret_finished)
{
	struct report report = { .activities = activities };
	uint64_t finished = 0;
	int err;

	err = make_rows(activities, &report);
	if (!err)
		err = report__print(&report, format);
	for (size_t i = 0; i < report.row_cnt; i++)
		finished += report.rows[i].durations.cnt;
	free(report.rows);
	if (!err)
		*ret_finished = finished;
	return err;
}

static int report_paths(char **paths, size_t path_cnt, const struct report_format *format)
{
	uint64_t malformed_cnt = 0, finished = 0;
	const struct activities_watch watch = { say_malformed, &malformed_cnt };
	struct activities *activities = activities__new(&watch);
	int status, err;

	if (!activities) {
		message("report: no memory");
		return CLI_EXIT_FAILED;
	}
	status = read_paths(activities, paths, path_cnt);
	if (malformed_cnt > MALFORMED_SHOWN)
		message("report: %" PRIu64 " more malformed rows", malformed_cnt - MALFORMED_SHOWN);
	err = print_report(activities, format, &finished);
	if (err)
		message("report: %s",
			err == -EIO ? "writing to standard output failed" : strerror(-err));
	else if (!finished && !status)
		message("report: no finished activity was found");
	activities__free(activities);
	return err || !finished ? CLI_EXIT_FAILED : status;
}

int cmd_report(int argc, char **argv)
{
	const struct report_format *format = report_format__find("table");
	char default_path[] = DEFAULT_DIRECTORY;
	char *default_paths[] = { default_path };
	int operand;
	int letter;
	char *arg;

	while ((letter = cli__next(&cli, argc, argv, &arg, &operand)) != CLI_END) {
		if (letter < 0)
			return cli__status(letter);
		format = report_format__find(arg);
		if (!format)
			return cli__refuse(&cli, "'%s' is no format (table or csv)", arg);
	}
	if (operand == argc)
		return report_paths(default_paths, 1, format);
	return report_paths(argv + operand, (size_t)(argc - operand), format);
}
