/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "commands.h"
#include "json.h"
#include "message.h"
#include "screen.h"
#include "status/show.h"
#include "status/status.h"

/* No short form: what is asked for rarely may be spelled out. */
#define OPTION_JSON '\001'

/* A service's RuntimeDirectory=tacho; or tacho/NAME, where there are several of it. */
#define STATUS_GLOB "/run/tacho/*.json"
#define STATUS_GLOB_BELOW "/run/tacho/*/*.json"

/* As `systemctl status` and the LSB have it: "program is not running". */
#define EXIT_NOT_RUNNING 3

static const struct cli_option options[] = {
	{ OPTION_JSON, "json", NULL, "one JSON array instead of the tables" },
	{},
};

static const struct cli cli = {
	.command = "status",
	.usage = "[--json] [FILE]...",
	.about = "Shows how recordings that run are going: which probes are there and which are\n"
		 "awaited, when they were hit, what was recorded and what was lost. Reads the "
		 "files\n"
		 "that recorders publish: those given, or else " STATUS_GLOB "\n"
		 "and " STATUS_GLOB_BELOW ". Needs no privileges.",
	.options = options,
	.notes = "Exit status: 0 when a recording runs and all of them are fine, 1 when a file\n"
		 "cannot be read or a recorder does not answer, 2 for wrong usage, 3 when no\n"
		 "recording runs.",
};

struct request {
	bool json;
	struct screen screen;
	json_t *array;
	size_t running_cnt;
	size_t trouble_cnt;
	size_t shown_cnt;
	int err; /* of showing */
};

static int show(struct request *r, const struct shown_status *shown)
{
	json_t *json;

	if (!r->json) {
		if (r->shown_cnt)
			fputc('\n', stdout);
		return status_show_text(shown, &r->screen);
	}
	json = status_show_json(shown);
	return json && !json_array_append_new(r->array, json) ? 0 : -ENOMEM;
}

/* A file that goes while we look is one of a recorder that has ended: there is nothing to say. */
static void take_file(struct request *r, const char *path, bool asked_for)
{
	struct status *status;
	struct fault why = {};
	int err = status__read(path, &status, &why);

	if (err == -ENOENT && !asked_for)
		return;
	if (err) {
		message("status: %s", why.text);
		r->trouble_cnt += err != -ENOENT;
		return;
	}
	const struct shown_status shown = {
		.path = path,
		.status = status,
		.life = status__life(status, clock_monotonic_ns()),
		.now_ns = clock_monotonic_ns() + clock_measure_offset(CLOCK_MONOTONIC),
	};

	r->running_cnt += shown.life == STATUS_RUNNING;
	r->trouble_cnt += shown.life == STATUS_SILENT;
	if (!r->err)
		r->err = show(r, &shown);
	r->shown_cnt++;
	status__free(status);
}

static void take_all(struct request *r)
{
	glob_t found = {};

	bool any = !glob(STATUS_GLOB, 0, NULL, &found);

	glob(STATUS_GLOB_BELOW, any ? GLOB_APPEND : 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		take_file(r, found.gl_pathv[i], false);
	globfree(&found);
	if (!r->shown_cnt && !r->trouble_cnt && !r->json)
		message("status: no recording has published how it goes (see --status in "
			"tacho-record(1))");
}

static int finish(struct request *r)
{
	int err = r->err;

	if (r->json && !err)
		err = json_write(r->array, stdout);
	else
		json_decref(r->array);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = -EIO;
	if (err) {
		message("status: %s",
			err == -EIO ? "writing to standard output failed" : strerror(-err));
		return CLI_EXIT_FAILED;
	}
	if (r->trouble_cnt)
		return CLI_EXIT_FAILED;
	return r->running_cnt ? 0 : EXIT_NOT_RUNNING;
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct request *request = ctx;

	(void)arg;
	request->json = letter == OPTION_JSON;
	return 0;
}

int cmd_status(int argc, char **argv)
{
	struct request request = {};
	int operand;
	int status = cli__read(&cli, argc, argv, take_option, &request, &operand);

	if (status != CLI_END)
		return status;
	screen__init(&request.screen, stdout);
	request.array = json_array();
	for (int i = operand; i < argc; i++)
		take_file(&request, argv[i], true);
	if (operand == argc)
		take_all(&request);
	status = finish(&request);
	screen__free(&request.screen);
	return status;
}
