/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "commands.h"
#include "list/list.h"
#include "list/show.h"
#include "message.h"
#include "screen.h"

/* No short form: what programs ask for may be spelled out. */
#define OPTION_JSON '\001'

#define PATIENCE_NS 1000000000

static const struct cli_option options[] = {
	{ 'v', "verbose", NULL, "say why functions cannot be recorded" },
	{ OPTION_JSON, "json", NULL, "one JSON object with all of it instead of the table" },
	{},
};

static const struct cli cli = {
	.command = "list",
	.usage = "[OPTION]... BINARY [PATTERN]",
	.about = "Shows what states could name in BINARY (a path, a program of PATH, a library's\n"
		 "soname): its functions, how the end of their calls would be seen and what a hit\n"
		 "costs, and its USDT probes. PATTERN is a glob; a word without *, ? and [ is\n"
		 "looked for within names. Attaches to nothing and needs no privileges.",
	.options = options,
	.notes = "In a pipe: no heading, columns separated by tabs: size, cost, end, probes,\n"
		 "arguments, table, name and, with -v, the reason.\n\n"
		 "Examples:\n"
		 "  tacho list libsqlite3.so.0 prepare\n"
		 "  tacho list /usr/bin/motord 'motor::Gantry::*'\n"
		 "  tacho list libstdc++.so.6 'usdt:*'\n\n"
		 "Exit status: 0, 1 when nothing was found, 2 for wrong usage.",
};

struct arguments {
	const char *binary;
	const char *pattern;
	bool verbose;
	bool json;
};

/* A live line for those who wait, and none for those who need not. */
static void show_step(void *ctx, size_t done, size_t all)
{
	const uint64_t *start_ns = ctx;

	if (clock_monotonic_ns() - *start_ns > PATIENCE_NS)
		status_line("list: %zu of %zu functions", done, all);
}

static int show(const struct arguments *args, const struct list *list)
{
	struct screen screen;
	int err;

	if (args->json)
		return list_show_json(list, stdout);
	screen__init(&screen, stdout);
	if (screen.width)
		err = list_show_table(list, args->verbose, &screen);
	else
		err = list_show_lines(list, args->verbose, stdout);
	screen__free(&screen);
	return err;
}

static int run(const struct arguments *args)
{
	uint64_t start_ns = clock_monotonic_ns();
	const struct list_watch watch = { show_step, &start_ns };
	struct list *list = NULL;
	struct fault why = {};
	int err;

	err = list__new(args->binary, args->pattern, &watch, &list, &why);
	status_line_clear();
	if (err) {
		message("list: %s", why.text);
		return CLI_EXIT_FAILED;
	}
	err = show(args, list);
	list__free(list);
	if (!err)
		return 0;
	message("list: %s", err == -EIO ? "writing to standard output failed" : strerror(-err));
	return CLI_EXIT_FAILED;
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct arguments *args = ctx;

	(void)arg;
	args->verbose |= letter == 'v';
	args->json |= letter == OPTION_JSON;
	return 0;
}

int cmd_list(int argc, char **argv)
{
	struct arguments args = {};
	int operand, status;

	/* A reader that has seen enough is no trouble. */
	signal(SIGPIPE, SIG_DFL);
	status = cli__read(&cli, argc, argv, take_option, &args, &operand);
	if (status != CLI_END)
		return status;
	if (operand == argc)
		return cli__refuse(&cli, "which BINARY?");
	args.binary = argv[operand++];
	if (operand < argc)
		args.pattern = argv[operand++];
	if (operand < argc)
		return cli__refuse(&cli, "'%s' is one word too many", argv[operand]);
	return run(&args);
}
