/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/activities.h"
#include "cli.h"
#include "clock.h"
#include "commands.h"
#include "malformed.h"
#include "message.h"
#include "parse.h"
#include "report/selection.h"
#include "report_print.h"

#define PROGRESS_INTERVAL_NS UINT64_C(100000000)

/* No short forms: letters are scarce. */
enum {
	OPTION_FORMAT = 1,
	OPTION_COLUMNS,
	OPTION_ALL,
	OPTION_STATE,
	OPTION_PROCESS,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_LAST,
	OPTION_ONLY,
	OPTION_TOP
};

static const struct cli_option options[] = {
	{ OPTION_FORMAT, "format", "FORMAT", REPORT_FORMATS },
	{ OPTION_COLUMNS, "columns", "NAME,...", "show these, in this order" },
	{ OPTION_ALL, "all", NULL, "show all columns" },
	{ OPTION_ONLY, "only", "TABLE", "states or processes" },
	{ OPTION_TOP, "top", "N", "show so many processes in a table (default 10)" },
	{ OPTION_STATE, "state", "GLOB", "only states that match; repeatable" },
	{ OPTION_PROCESS, "process", "GLOB", "only what processes of that name did; repeatable" },
	{ OPTION_SINCE, "since", "TIME", "only what began then or later" },
	{ OPTION_UNTIL, "until", "TIME", "only what began before" },
	{ OPTION_LAST, "last", "DURATION", "only what began so long before the newest row" },
	{},
};

static const struct cli cli = {
	.command = "report",
	.usage = "[OPTION]... [PATH]...",
	.about = "Shows how often each state was entered and how long it took, and what processes\n"
		 "have used, from the CSV files in a directory (default " DEFAULT_DIRECTORY ") or\n"
		 "from files; '-' is standard input. Needs no privileges.",
	.options = options,
	.notes = "TIME is 2026-11-22 09:30 or 2026-11-22 09:30:05 (local), 2026-11-22T09:30:05Z, "
		 "or\n"
		 "nanoseconds since 1970.\n\n"
		 "Exit status: 0, 1 when a path cannot be read or nothing was found, 2 for wrong\n"
		 "usage.",
};

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

static int print_report(const struct report_input *input, const struct report_look *look,
			bool *ret_any)
{
	struct report report = { .activities = input->activities, .processes = input->processes };
	int err;

	err = report_states__make(input->activities, &report.states);
	if (err)
		return err;
	err = report__print(&report, look);
	*ret_any = (look->only != REPORT_PROCESSES && report.states.finished) ||
		   (look->only != REPORT_STATES && processes__cnt(input->processes));
	report_states__free(&report.states);
	return err;
}

/* status: of reading. Returns the one of everything. */
static int report_on(const struct report_input *input, const struct report_selection *selection,
		     const struct report_look *look, int status)
{
	bool any = false;
	int err;

	err = print_report(input, look, &any);
	if (err)
		message("report: %s",
			err == -EIO ? "writing to standard output failed" : strerror(-err));
	else if (!any && !status)
		message("report: no %s was found%s",
			look->only == REPORT_PROCESSES ? "process" : "finished activity",
			report_selection__is_part(selection) ? " of what was asked for" : "");
	return err || !any ? CLI_EXIT_FAILED : status;
}

/* While files are read. */
struct reading {
	struct malformed_rows malformed;
	uint64_t told_ns; /* when the status line was replaced; 0: reading has just begun */
};

static void say_malformed(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			  const char *wrong)
{
	struct reading *reading = ctx;

	malformed_rows__say(&reading->malformed, path, line, line_cnt, wrong);
}

/* Nobody is told of what takes no time. */
static void say_progress(void *ctx, const char *path, uint64_t done, uint64_t size)
{
	struct reading *reading = ctx;
	uint64_t now_ns = clock_monotonic_ns();

	if (!reading->told_ns)
		reading->told_ns = now_ns;
	if (now_ns - reading->told_ns < PROGRESS_INTERVAL_NS)
		return;
	reading->told_ns = now_ns;
	if (size)
		status_line("%s: read %" PRIu64 " of %" PRIu64 " MB", path, done / 1000000,
			    size / 1000000);
	else
		status_line("%s: read %" PRIu64 " MB", path, done / 1000000);
}

/* For comparing: the report is the same. */
static void set_threads(struct activities *activities)
{
	const char *asked = getenv("TACHO_THREADS");
	struct activities_reading reading = {};
	uint64_t cnt;

	if (!asked || parse_u64(asked, 0, UINT16_MAX, &cnt))
		return;
	reading.threads = cnt;
	reading.careful = !cnt;
	activities__set_reading(activities, &reading);
}

static int report_paths(char **paths, size_t path_cnt, struct report_selection *selection,
			const struct report_look *look)
{
	struct reading reading = { .malformed.command = "report" };
	const struct activities_watch watch = { say_malformed, &reading, say_progress };
	struct report_input input = {};
	struct fault why = {};
	int status;

	if (report_selection__find_last(selection, paths, path_cnt, &why)) {
		message("report: %s", why.text);
		return CLI_EXIT_FAILED;
	}
	if (report_input__open(&input, &watch, &selection->filter)) {
		message("report: no memory");
		return CLI_EXIT_FAILED;
	}
	set_threads(input.activities);
	status = read_paths(input.activities, paths, path_cnt);
	status_line_clear();
	malformed_rows__say_rest(&reading.malformed);
	status = report_on(&input, selection, look, status);
	report_input__close(&input);
	return status;
}

static int set_only(struct report_look *look, const char *name, struct fault *why)
{
	if (!strcmp(name, "states"))
		look->only = REPORT_STATES;
	else if (!strcmp(name, "processes"))
		look->only = REPORT_PROCESSES;
	else
		return fault__set(why, -EINVAL, "--only: there are states and processes, not '%s'",
				  name);
	return 0;
}

static int set_top(struct report_look *look, const char *text, struct fault *why)
{
	int err = parse_u64(text, 0, UINT64_MAX, &look->top);

	return err ? fault__set(why, err, "--top: '%s' is no number", text) : 0;
}

struct request {
	struct report_look look;
	struct report_selection selection;
};

static int take_option(struct request *request, int letter, char *arg, struct fault *why)
{
	struct report_selection *selection = &request->selection;

	switch (letter) {
	case OPTION_FORMAT:
		request->look.format = report_format__find(arg);
		if (!request->look.format)
			return fault__set(why, -EINVAL, "'%s' is no format (" REPORT_FORMATS ")",
					  arg);
		return 0;
	case OPTION_COLUMNS:
		request->look.columns = arg;
		return 0;
	case OPTION_ALL:
		request->look.all = true;
		return 0;
	case OPTION_ONLY:
		return set_only(&request->look, arg, why);
	case OPTION_TOP:
		return set_top(&request->look, arg, why);
	case OPTION_STATE:
		return report_selection__add_state(selection, arg, why);
	case OPTION_PROCESS:
		return report_selection__add_process(selection, arg, why);
	case OPTION_SINCE:
		return report_selection__set_since(selection, arg, why);
	case OPTION_UNTIL:
		return report_selection__set_until(selection, arg, why);
	default:
		return report_selection__set_last(selection, arg, why);
	}
}

static int check_request(const struct request *request, struct fault *why)
{
	int err = report_selection__check(&request->selection, why);

	return err ? err : report_look__check(&request->look, why);
}

/* The exit status, or CLI_END: go on with the operands. */
static int read_options(int argc, char **argv, struct request *request, int *ret_operand)
{
	struct fault why = {};
	int letter;
	char *arg;

	while ((letter = cli__next(&cli, argc, argv, &arg, ret_operand)) != CLI_END) {
		if (letter < 0)
			return cli__status(letter);
		if (take_option(request, letter, arg, &why))
			return cli__refuse(&cli, "%s", why.text);
	}
	if (check_request(request, &why))
		return cli__refuse(&cli, "%s", why.text);
	return CLI_END;
}

int cmd_report(int argc, char **argv)
{
	struct request request = { .look.format = report_format__find("table"),
				   .look.top = REPORT_TOP_DEFAULT };
	char default_path[] = DEFAULT_DIRECTORY;
	char *default_paths[] = { default_path };
	int operand;
	int status = read_options(argc, argv, &request, &operand);

	if (status == CLI_END && operand == argc)
		status = report_paths(default_paths, 1, &request.selection, &request.look);
	else if (status == CLI_END)
		status = report_paths(argv + operand, (size_t)(argc - operand), &request.selection,
				      &request.look);
	report_selection__free(&request.selection);
	return status;
}
