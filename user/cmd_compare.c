/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/activities.h"
#include "analysis/compare.h"
#include "analysis/threshold.h"
#include "cli.h"
#include "commands.h"
#include "compare/show.h"
#include "message.h"
#include "reading.h"

/* No short forms: a script that guards against regressions should say what it means. */
#define OPTION_FORMAT '\001'
#define OPTION_STATE '\002'
#define OPTION_ALPHA '\003'
#define OPTION_FAIL_IF '\004'
#define OPTION_STRICT '\005'

static const struct cli_option options[] = {
	{ OPTION_STATE, "state", "GLOB", "only such states; may be repeated" },
	{ OPTION_FAIL_IF, "fail-if", "LIMIT", "exit status 1 if 'p95 +10%'; may be repeated" },
	{ OPTION_STRICT, "strict", NULL, "... even if that may be chance" },
	{ OPTION_ALPHA, "alpha", "NUMBER", "chance of a false alarm (default 0.05)" },
	{ OPTION_FORMAT, "format", "FORMAT", "table (default), markdown, csv or json" },
	{},
};

static const struct cli cli = {
	.command = "compare",
	.usage = "[OPTION]... BASE NEW",
	.about = "Shows what changed in each state from one recording to another, and whether it\n"
		 "may be chance. BASE and NEW are each a directory or a CSV file, as for report;\n"
		 "'-' is standard input. Needs no privileges.",
	.options = options,
	.notes =
		"LIMIT is [STATE_GLOB:] METRIC and one of +N%, -N% (change), > VALUE, < VALUE (of\n"
		"NEW). METRIC is count, total, mean, p50, p90, p95, p99 or max.\n\n"
		"Examples:\n"
		"  tacho compare last-release/ today/\n"
		"  tacho compare --fail-if 'p95 +10%' --fail-if 'HOME: max > 5s' base/ new/\n\n"
		"Exit status: 0, 1 when a limit is exceeded or a path cannot be read (the message\n"
		"says which), 2 for wrong usage.",
};

struct arguments {
	const char *paths[COMPARE_SIDE_CNT];
	const struct compare_format *format;
	const char **globs;
	size_t glob_cnt;
	struct threshold *thresholds;
	size_t threshold_cnt;
	double alpha;
	bool strict;
};

/* --- comparing ------------------------------------------------------------------------------- */

static int say_failure(int err)
{
	message("compare: %s", err == -EIO ? "writing to standard output failed" : strerror(-err));
	return CLI_EXIT_FAILED;
}

/* Half a recording would look like a change: what cannot be read whole is not compared. */
static int read_path(struct activities *activities, const char *path)
{
	struct fault why = {};

	if (!activities__add_path(activities, path, &why))
		return 0;
	message("compare: %s", why.text);
	return CLI_EXIT_FAILED;
}

static int say_findings(const struct threshold_findings *findings)
{
	int status = 0;
	char *text;

	for (size_t i = 0; i < findings->cnt; i++) {
		const struct threshold_finding *finding = &findings->items[i];

		if (threshold_finding__fails(finding))
			status = CLI_EXIT_FAILED;
		else if (finding->outcome != THRESHOLD_NOT_SHOWN)
			continue;
		text = compare_finding_text(finding);
		if (!text)
			return -ENOMEM;
		message("compare: %s", text);
		free(text);
	}
	return status;
}

static int say_note(void *ctx, const char *line)
{
	(void)ctx;
	message("compare: %s", line);
	return 0;
}

static int show(const struct compare_report *report, const struct arguments *args)
{
	int err;

	err = compare_show(report, args->format, stdout);
	/* Nothing but rows may stand among the rows: the notes go to stderr. */
	if (!err && !args->format->has_notes)
		err = compare_each_note(report, say_note, NULL);
	if (!err)
		err = say_findings(report->findings);
	return err < 0 ? say_failure(err) : err;
}

static int compare_recordings(struct activities *const recordings[COMPARE_SIDE_CNT],
			      const struct arguments *args)
{
	const struct compare_options how = {
		.alpha = args->alpha,
		.globs = args->globs,
		.glob_cnt = args->glob_cnt,
	};
	struct threshold_findings findings = {};
	struct comparison *comparison = NULL;
	int status, err;

	err = comparison__new(recordings[COMPARE_BASE], recordings[COMPARE_NEW], &how, &comparison);
	if (!err)
		err = threshold_findings__new(args->thresholds, args->threshold_cnt, comparison,
					      args->strict, &findings);
	if (err) {
		status = say_failure(err);
	} else if (!comparison->cnt) {
		message("compare: no state matches --state");
		status = CLI_EXIT_FAILED;
	} else {
		const struct compare_report report = {
			.comparison = comparison,
			.activities = { recordings[COMPARE_BASE], recordings[COMPARE_NEW] },
			.paths = { args->paths[COMPARE_BASE], args->paths[COMPARE_NEW] },
			.findings = &findings,
		};

		status = show(&report, args);
	}
	threshold_findings__free(&findings);
	comparison__free(comparison);
	return status;
}

static bool has_finished(const struct activities *activities)
{
	for (size_t i = 0; i < activities__series_cnt(activities); i++) {
		const struct activity_series *series = activities__series(activities, i);

		if (series->cnt || series->summarised.cnt)
			return true;
	}
	return false;
}

static int run(const struct arguments *args)
{
	struct activities *recordings[COMPARE_SIDE_CNT] = {};
	struct reading reading = { .command = "compare", .says_first_line_only = true };
	const struct activities_watch watch = reading__activities_watch(&reading);
	int status = 0;

	for (size_t s = 0; !status && s < COMPARE_SIDE_CNT; s++) {
		recordings[s] = activities__new(&watch);
		status = recordings[s] ? read_path(recordings[s], args->paths[s])
				       : say_failure(-ENOMEM);
		if (!status && !has_finished(recordings[s])) {
			message("compare: %s: no finished activity was found", args->paths[s]);
			status = CLI_EXIT_FAILED;
		}
	}
	reading__end(&reading);
	if (!status)
		status = compare_recordings(recordings, args);
	for (size_t s = 0; s < COMPARE_SIDE_CNT; s++)
		activities__free(recordings[s]);
	return status;
}

/* --- usage ----------------------------------------------------------------------------------- */

static int take_alpha(struct arguments *args, const char *text)
{
	char *end;
	double alpha = strtod(text, &end);

	/* strtod takes more than digits, which the comparison refuses: nan, inf */
	if (end == text || *end || !(alpha >= BOOTSTRAP_ALPHA_MIN && alpha <= COMPARE_ALPHA_MAX))
		return cli__refuse(&cli, "--alpha: '%s' is no number from %g to %g", text,
				   BOOTSTRAP_ALPHA_MIN, COMPARE_ALPHA_MAX);
	args->alpha = alpha;
	return 0;
}

static int take_glob(struct arguments *args, const char *glob)
{
	const char **grown = reallocarray(args->globs, args->glob_cnt + 1, sizeof(*grown));

	if (!grown)
		return say_failure(-ENOMEM);
	args->globs = grown;
	args->globs[args->glob_cnt++] = glob;
	return 0;
}

static int take_threshold(struct arguments *args, const char *text)
{
	struct threshold *grown =
		reallocarray(args->thresholds, args->threshold_cnt + 1, sizeof(*grown));
	struct fault why = {};
	int err;

	if (!grown)
		return say_failure(-ENOMEM);
	args->thresholds = grown;
	err = threshold__parse(text, &grown[args->threshold_cnt], &why);
	if (err == -ENOMEM)
		return say_failure(err);
	if (err)
		return cli__refuse(&cli, "--fail-if '%s': %s", text, why.text);
	args->threshold_cnt++;
	return 0;
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct arguments *args = ctx;

	switch (letter) {
	case OPTION_STATE:
		return take_glob(args, arg);
	case OPTION_FAIL_IF:
		return take_threshold(args, arg);
	case OPTION_ALPHA:
		return take_alpha(args, arg);
	case OPTION_STRICT:
		args->strict = true;
		return 0;
	default:
		args->format = compare_format__find(arg);
		return args->format
			       ? 0
			       : cli__refuse(&cli,
					     "'%s' is no format (table, markdown, csv or json)",
					     arg);
	}
}

static int take_paths(struct arguments *args, char **paths, int cnt)
{
	if (cnt < COMPARE_SIDE_CNT)
		return cli__refuse(&cli,
				   cnt ? "compare '%s' with what? NEW is missing"
				       : "which recordings? BASE and NEW are missing",
				   paths[0]);
	if (cnt > COMPARE_SIDE_CNT)
		return cli__refuse(&cli, "'%s' is one path too many; a directory has them all",
				   paths[COMPARE_SIDE_CNT]);
	if (!strcmp(paths[0], "-") && !strcmp(paths[1], "-"))
		return cli__refuse(&cli, "standard input can be one of the two only");
	args->paths[COMPARE_BASE] = paths[0];
	args->paths[COMPARE_NEW] = paths[1];
	return 0;
}

/* The exit status. */
static int parse_and_run(struct arguments *args, int argc, char **argv)
{
	int operand;
	int status = cli__read(&cli, argc, argv, take_option, args, &operand);

	if (status != CLI_END)
		return status;
	status = take_paths(args, argv + operand, argc - operand);
	return status ? status : run(args);
}

int cmd_compare(int argc, char **argv)
{
	struct arguments args = {
		.format = compare_format__find("table"),
		.alpha = COMPARE_ALPHA_DEFAULT,
	};
	int status = parse_and_run(&args, argc, argv);

	for (size_t i = 0; i < args.threshold_cnt; i++)
		threshold__free(&args.thresholds[i]);
	free(args.thresholds);
	free(args.globs);
	return status;
}
