/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "check/show.h"
#include "cli.h"
#include "commands.h"
#include "message.h"
#include "screen.h"
#include "settings.h"

/* No short form: what programs ask for may be spelled out. */
#define OPTION_JSON '\001'

static const struct cli_option options[] = {
	SETTINGS_OPTIONS,
	{ 'v', "verbose", NULL, "show each probe in full" },
	{ OPTION_JSON, "json", NULL, "one JSON object with all of it instead of the table" },
	{},
};

static const struct cli cli = {
	.command = "check",
	.usage = "[OPTION]...",
	.about =
		"Resolves every state and shows where record would attach, what a hit costs there\n"
		"by class, how the end of a call would be seen and why, and what is missing.\n"
		"Attaches to nothing and needs no privileges but to read the binaries.",
	.options = options,
	.notes = "Exit status: 0, 1 when a state is refused or has to wait for something, 2 for\n"
		 "wrong usage or settings.",
};

struct arguments {
	struct settings settings;
	bool verbose;
	bool json;
};

static int show(const struct arguments *args, const struct check *check)
{
	struct screen screen;
	int err;

	if (args->json)
		return check_show_json(check, stdout);
	screen__init(&screen, stdout);
	err = check_show_table(check, args->verbose, &screen);
	screen__free(&screen);
	return err;
}

static int run(const struct arguments *args)
{
	struct check *check;
	struct fault why = {};
	int status, err;

	err = check__new(args->settings.config, &check, &why);
	if (err) {
		message("check: %s", why.text);
		return CLI_EXIT_FAILED;
	}
	status = check__all_ready(check) ? 0 : CLI_EXIT_FAILED;
	err = show(args, check);
	if (err) {
		message("check: %s",
			err == -EIO ? "writing to standard output failed" : strerror(-err));
		status = CLI_EXIT_FAILED;
	}
	check__free(check);
	return status;
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct arguments *args = ctx;

	if (letter == 'v')
		args->verbose = true;
	else if (letter == OPTION_JSON)
		args->json = true;
	else
		return settings__take(&args->settings, letter, arg);
	return 0;
}

/* The exit status. */
static int parse_and_run(struct arguments *args, int argc, char **argv)
{
	int operand;
	int status = cli__read(&cli, argc, argv, take_option, args, &operand);

	if (status != CLI_END)
		return status;
	if (operand < argc)
		return cli__refuse(&cli, "'%s' is one word too many", argv[operand]);
	status = settings__finish(&args->settings);
	return status ? status : run(args);
}

int cmd_check(int argc, char **argv)
{
	struct arguments args = {};
	int status;

	/* A reader that has seen enough is no trouble. */
	signal(SIGPIPE, SIG_DFL);
	settings__init(&args.settings, &cli);
	status = parse_and_run(&args, argc, argv);
	settings__free(&args.settings);
	return status;
}
