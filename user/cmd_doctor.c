/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "commands.h"
#include "doctor/doctor.h"
#include "doctor/show.h"
#include "message.h"

/* No short form: what is asked for rarely may be spelled out. */
#define OPTION_JSON '\001'

#define PATIENCE_NS 1000000000

static const struct cli_option options[] = {
	{ OPTION_JSON, "json", NULL, "one JSON object instead of the table" },
	{},
};

static const struct cli cli = {
	.command = "doctor",
	.usage = "[--json]",
	.about =
		"Tries what this machine can do for recording, measures what a probe costs on it,\n"
		"and says for each shortcoming what to do. Needs no privileges, but without them\n"
		"little can be tried. Takes a second or two.",
	.options = options,
	.notes = "Exit status: 0 when recording works here, 1 when it does not, 2 for wrong usage.",
};

/* A live line for those who wait, and none for those who need not. */
static void show_step(void *ctx, const char *what)
{
	const uint64_t *start_ns = ctx;

	if (clock_monotonic_ns() - *start_ns > PATIENCE_NS)
		status_line("doctor: %s", what);
}

static int examine(bool json)
{
	static struct doctor_report report; /* too large for some stacks */
	uint64_t start_ns = clock_monotonic_ns();
	const struct doctor_watch watch = { show_step, &start_ns };
	int err;

	/* Children are waited for; who started us may have wanted none of his. */
	signal(SIGCHLD, SIG_DFL);
	doctor__examine(&watch, &report);
	status_line_clear();
	err = json ? doctor_show_json(&report, stdout) : doctor_show_table(&report, stdout);
	if (err) {
		message("doctor: %s",
			err == -EIO ? "writing to standard output failed" : strerror(-err));
		return CLI_EXIT_FAILED;
	}
	return report.can_record ? 0 : CLI_EXIT_FAILED;
}

static int take_option(void *ctx, int letter, char *arg)
{
	bool *json = ctx;

	(void)arg;
	*json = letter == OPTION_JSON;
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	bool json = false;
	int operand;
	int status = cli__read(&cli, argc, argv, take_option, &json, &operand);

	if (status != CLI_END)
		return status;
	if (operand < argc)
		return cli__refuse(&cli, "'%s' is one word too many", argv[operand]);
	return examine(json);
}
