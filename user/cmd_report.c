/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/activities.h"
#include "cli.h"
#include "commands.h"
#include "message.h"
#include "parse.h"
#include "reading.h"
#include "report/rates.h"
#include "report/selection.h"
#include "report/tree.h"
#include "report_print.h"

/* No short forms: letters are scarce. */
enum {
	OPTION_FORMAT = 1,
	OPTION_COLUMNS,
	OPTION_ALL,
	OPTION_ONLY,
	OPTION_TOP,
	OPTION_BY,
	OPTION_TREE,
	OPTION_RATE,
	OPTION_SERIES
};

static const struct cli_option options[] = {
	{ OPTION_FORMAT, "format", "FORMAT", REPORT_FORMATS },
	{ OPTION_COLUMNS, "columns", "NAME,...", "show these, in this order" },
	{ OPTION_ALL, "all", NULL, "show all columns" },
	{ OPTION_BY, "by", "COLUMN,...",
	  "tell calls apart by pid, tid, comm, failed, ended, host, ..." },
	{ OPTION_TREE, "tree", "[HOW]", "states within others: nesting (default) or name" },
	{ OPTION_RATE, "rate", "DURATION", "how many calls ended in each such interval" },
	{ OPTION_SERIES, "series", NULL, "with --rate: show the intervals themselves" },
	{ OPTION_ONLY, "only", "TABLE", "states or processes" },
	{ OPTION_TOP, "top", "N", "show so many processes in a table (default 10)" },
	REPORT_SELECTION_OPTIONS,
	{},
};

static const struct cli cli = {
	.command = "report",
	.usage = "[OPTION]... [PATH]...",
	.about = "Shows how often each state was entered and how long it took, and what processes\n"
		 "have used, from the CSV files in a directory (default " DEFAULT_DIRECTORY ") or\n"
		 "from files; '-' is standard input. Needs no privileges.",
	.options = options,
	.notes = REPORT_SELECTION_NOTES
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

static bool has_anything(const struct report *report, const struct report_look *look)
{
	if (look->view == REPORT_VIEW_NESTING)
		return report->tree.cnt;
	return (look->only != REPORT_PROCESSES && report->states.finished) ||
	       (look->only != REPORT_STATES && !report_look__is_special(look) &&
		processes__cnt(report->processes));
}

/* -E2BIG if there are more rows than anybody wants. */
static int make_view(struct report *report, const struct report_look *look)
{
	switch (look->view) {
	case REPORT_VIEW_NAMES:
		return report_tree__make_by_name(&report->states, &report->tree);
	case REPORT_VIEW_INTERVALS:
		return report_intervals__cnt(&report->states) > REPORT_INTERVALS_MAX ? -E2BIG : 0;
	default:
		return 0;
	}
}

static const char *explain(int err)
{
	if (err == -EIO)
		return "writing to standard output failed";
	return err == -E2BIG ? "these are too many intervals to show (try longer ones, or a time)"
			     : strerror(-err);
}

static void say_nothing(const struct report *report, const struct report_selection *selection,
			const struct report_look *look)
{
	char text[96];

	snprintf(text, sizeof(text), "no %s was found%s",
		 look->only == REPORT_PROCESSES ? "process" : "finished activity",
		 report_selection__is_part(selection) ? " of what was asked for" : "");
	say_nothing_found("report", report->paths, report->path_cnt, text);
}

/* status: of reading. Returns the one of everything. */
static int report_on(struct report *report, const struct report_selection *selection,
		     const struct report_look *look, int status)
{
	bool any = has_anything(report, look);
	int err;

	err = make_view(report, look);
	if (!err)
		err = report__print(report, look);
	if (err)
		message("report: %s", explain(err));
	else if (!any && !status)
		say_nothing(report, selection, look);
	return err || !any ? CLI_EXIT_FAILED : status;
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

static int say_no_memory(void)
{
	message("report: no memory");
	return CLI_EXIT_FAILED;
}

static int report_states(char **paths, size_t path_cnt, struct report_selection *selection,
			 const struct report_look *look)
{
	struct reading reading = { .command = "report" };
	const struct activities_watch watch = reading__activities_watch(&reading);
	struct report_input input = {};
	struct report report = { .paths = paths, .path_cnt = path_cnt };
	int status;

	if (report_input__open(&input, &watch, &selection->filter))
		return say_no_memory();
	activities__set_grouping(input.activities, &look->by);
	set_threads(input.activities);
	status = read_paths(input.activities, paths, path_cnt);
	reading__end(&reading);
	report.activities = input.activities;
	report.processes = input.processes;
	if (report_states__make(input.activities, &report.states))
		status = say_no_memory();
	else
		status = report_on(&report, selection, look, status);
	time_tree__free(&report.tree);
	report_states__free(&report.states);
	report_input__close(&input);
	return status;
}

/* --- calls within calls ----------------------------------------------------------------------- */

static int read_nested(struct nested_calls *nested, struct calls_reader *reader, char **paths,
		       size_t path_cnt)
{
	struct fault why;
	int status = 0, err;

	for (size_t i = 0; i < path_cnt; i++) {
		why.text[0] = '\0';
		err = calls_reader__read_path(reader, paths[i], &why);
		nested_calls__end_path(nested);
		if (!err)
			continue;
		message("report: %s", *why.text ? why.text : strerror(-err));
		status = CLI_EXIT_FAILED;
	}
	return status;
}

static int report_nested(struct nested_calls *nested, char **paths, size_t path_cnt,
			 const struct report_selection *selection, const struct report_look *look)
{
	const struct calls_taker taker = { .call = nested_calls__take_call,
					   .summary = nested_calls__take_summary,
					   .ledger = nested_calls__take_ledger,
					   .ctx = nested };
	struct reading reading = { .command = "report" };
	const struct data_watch watch = reading__data_watch(&reading);
	struct calls_reader *reader = calls_reader__new(&taker, &watch);
	struct report_input nothing = {};
	struct report report = { .paths = paths, .path_cnt = path_cnt };
	int status;

	if (!reader || report_input__open(&nothing, NULL, NULL)) {
		calls_reader__free(reader);
		return say_no_memory();
	}
	status = read_nested(nested, reader, paths, path_cnt);
	reading__end(&reading);
	report.activities = nothing.activities;
	report.processes = nothing.processes;
	report.malformed_cnt = reading.malformed_cnt;
	report.torn_cnt = reading.torn_cnt;
	if (nested_calls__finish(nested, &report.tree, &report.nested))
		status = say_no_memory();
	else
		status = report_on(&report, selection, look, status);
	time_tree__free(&report.tree);
	calls_reader__free(reader);
	report_input__close(&nothing);
	return status;
}

static int report_nesting(char **paths, size_t path_cnt, const struct report_selection *selection,
			  const struct report_look *look)
{
	struct nested_calls *nested = nested_calls__new(&selection->filter);
	int status =
		nested ? report_nested(nested, paths, path_cnt, selection, look) : say_no_memory();

	nested_calls__free(nested);
	return status;
}

static int report_paths(char **paths, size_t path_cnt, struct report_selection *selection,
			const struct report_look *look)
{
	struct fault why = {};

	if (report_selection__find_last(selection, paths, path_cnt, &why)) {
		message("report: %s", why.text);
		return CLI_EXIT_FAILED;
	}
	return look->view == REPORT_VIEW_NESTING ? report_nesting(paths, path_cnt, selection, look)
						 : report_states(paths, path_cnt, selection, look);
}

/* --- the command line ------------------------------------------------------------------------- */

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

static int set_tree(struct report_look *look, const char *how, struct fault *why)
{
	if (!how || !strcmp(how, "nesting"))
		look->view = REPORT_VIEW_NESTING;
	else if (!strcmp(how, "name"))
		look->view = REPORT_VIEW_NAMES;
	else
		return fault__set(why, -EINVAL, "--tree: there are nesting and name, not '%s'",
				  how);
	return 0;
}

static int set_rate(struct report_look *look, const char *text, struct fault *why)
{
	int err = parse_duration_ns(text, &look->by.interval_ns);

	if (!err && !look->by.interval_ns)
		err = -ERANGE;
	return err ? fault__set(why, err, "--rate: '%s' is no duration (try 1s, 500ms or 1min)",
				text)
		   : 0;
}

struct request {
	struct report_look look;
	struct report_selection selection;
	bool series;
};

static int set_option(struct request *request, int letter, char *arg, struct fault *why)
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
	case OPTION_BY:
		return report_groups__add(&request->look.by, arg, why);
	case OPTION_TREE:
		return set_tree(&request->look, arg, why);
	case OPTION_RATE:
		return set_rate(&request->look, arg, why);
	case OPTION_SERIES:
		request->series = true;
		return 0;
	case OPTION_ONLY:
		return set_only(&request->look, arg, why);
	case OPTION_TOP:
		return set_top(&request->look, arg, why);
	default:
		return report_selection__take(selection, letter, arg, why);
	}
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct fault why = {};

	return set_option(ctx, letter, arg, &why) ? cli__refuse(&cli, "%s", why.text) : 0;
}

/* What of the states is shown: one of these. */
static int choose_view(struct request *request, struct fault *why)
{
	struct report_look *look = &request->look;
	bool tree = look->view != REPORT_VIEW_STATES;
	bool special = tree || look->by.interval_ns || look->by.column_cnt;

	if (request->series && !look->by.interval_ns)
		return fault__set(why, -EINVAL, "--series is of --rate, which is missing");
	if (tree && (look->by.interval_ns || look->by.column_cnt))
		return fault__set(why, -EINVAL, "--tree goes with neither --rate nor --by");
	if (special && look->only == REPORT_PROCESSES)
		return fault__set(why, -EINVAL, "--only processes shows nothing of states");
	if (look->by.interval_ns)
		look->view = request->series ? REPORT_VIEW_INTERVALS : REPORT_VIEW_RATES;
	return 0;
}

static int check_request(struct request *request, struct fault *why)
{
	int err = report_selection__check(&request->selection, why);

	if (!err)
		err = choose_view(request, why);
	return err ? err : report_look__check(&request->look, why);
}

/* The exit status, or CLI_END: go on with the operands. */
static int read_options(int argc, char **argv, struct request *request, int *ret_operand)
{
	int status = cli__read(&cli, argc, argv, take_option, request, ret_operand);
	struct fault why = {};

	if (status != CLI_END)
		return status;
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
	report_groups__free(&request.look.by);
	report_selection__free(&request.selection);
	return status;
}
