/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "commands.h"
#include "message.h"
#include "parse.h"
#include "plural.h"
#include "select.h"
#include "session/session.h"
#include "settings.h"

#define PIDS_MAX 1024

enum { OPTION_FOR = 1, OPTION_RAW, OPTION_STATUS };

static const struct cli_option options[] = {
	SETTINGS_OPTIONS,
	SETTINGS_RESOURCES_OPTION,
	{ 'd', "directory", "DIR", "write the files there (made if missing)" },
	{ 'p', "pid", "PID", "record only this process; repeatable" },
	{ OPTION_FOR, "for", "TIME", "end after this time (30s, 5min, 1h)" },
	{ OPTION_RAW, "raw", "FILE", "keep the raw stream too, for tacho replay" },
	{ OPTION_STATUS, "status", "FILE", "say there how it goes, for tacho status" },
	{},
};

static const struct cli cli = {
	.command = "record",
	.usage = "[OPTION]... [-- COMMAND ARG...]",
	.about = "Attaches to functions of unmodified programs and writes each call to CSV files.\n"
		 "With COMMAND, records it and its descendants from the first instruction on and\n"
		 "ends with it. Otherwise records the processes given with -p, or every process\n"
		 "that runs the functions, until Ctrl-C, SIGTERM or --for.",
	.options = options,
	.runs_command = true,
	.notes =
		"Examples:\n"
		"  tacho record -s QUERY=libsqlite3.so.0:sqlite3_step -- sqlite3 my.db 'select 1'\n"
		"  tacho record -s PLAN=/opt/robot/bin/planner:plan_path -p 4711 --for 1min\n"
		"  tacho record -r'python3*' --for 1h\n"
		"  tacho record -c /etc/tacho/tacho.conf\n\n"
		"Exit status: 0, 1 when recording failed, 2 for wrong usage or settings. With\n"
		"COMMAND its own status (128 + N if signal N ended it), or 125 when recording\n"
		"failed, 126 when COMMAND cannot be run, 127 when there is none.",
};

struct arguments {
	struct settings settings;
	const char *directory;
	pid_t pids[PIDS_MAX];
	size_t pid_cnt;
	uint64_t duration_ns;
	const char *raw_path;
	const char *status_path;
	bool ends_with_r; /* the last option is -r, without a pattern */
	char **command;
};

static int take_pid(struct arguments *args, const char *text)
{
	uint64_t tid;
	pid_t pid;
	int err;

	if (parse_u64(text, 1, INT32_MAX, &tid))
		return cli__refuse(&cli, "-p %s: not a process id", text);
	if (args->pid_cnt == PIDS_MAX)
		return cli__refuse(&cli, "more than %d processes", PIDS_MAX);
	err = process_of(tid, &pid);
	if (err) {
		message("record: process %s: %s", text,
			err == -ESRCH ? "no such process" : strerror(-err));
		return CLI_EXIT_FAILED;
	}
	for (size_t i = 0; i < args->pid_cnt; i++) {
		if (args->pids[i] == pid)
			return 0;
	}
	args->pids[args->pid_cnt++] = pid;
	return 0;
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct arguments *args = ctx;

	args->ends_with_r = letter == 'r' && !arg;
	switch (letter) {
	case 'd':
		args->directory = arg;
		return 0;
	case 'p':
		return take_pid(args, arg);
	case OPTION_FOR:
		if (parse_duration_ns(arg, &args->duration_ns) || !args->duration_ns)
			return cli__refuse(&cli, "--for %s: not a time (30s, 5min, 1h)", arg);
		return 0;
	case OPTION_RAW:
		args->raw_path = arg;
		return 0;
	case OPTION_STATUS:
		args->status_path = arg;
		return *arg ? 0 : cli__refuse(&cli, "--status: the file is empty");
	default:
		return settings__take(&args->settings, letter, arg);
	}
}

/* `-r GLOB` would be -r and a command. That -r stood last shows in the word before the operand,
 * which is "--" where a command is meant. */
static int check_no_detached_glob(const struct arguments *args, char **operand)
{
	if (!args->ends_with_r || !*operand || strcmp(operand[-1], "--") == 0 ||
	    !strpbrk(*operand, "*?["))
		return 0;
	return cli__refuse(&cli, "-r has its pattern attached: write -r'%s'", *operand);
}

/* 0, or the exit status. */
static int take_operands(struct arguments *args, char **operands)
{
	int status = check_no_detached_glob(args, operands);

	if (status)
		return status;
	if (*operands)
		args->command = operands;
	if (args->command && args->pid_cnt)
		return cli__refuse(&cli, "a command and -p exclude each other");
	return 0;
}

static void tell_process_rows(const struct session_result *result, bool alone,
			      const char *directory)
{
	const struct message_subject stopped = { .id = MESSAGE_ID_STOPPED };
	const struct message_subject lost = { .id = MESSAGE_ID_ROWS_LOST };
	const struct recorder_summary *s = &result->summary;

	if (alone)
		message_about(&stopped, MESSAGE_INFO,
			      "%" PRIu64 " row%s of processes in %.1f s, %" PRIu64
			      " lost; files in %s",
			      s->process_rows, plural_s(s->process_rows), result->recorded_ns / 1e9,
			      s->process_rows_lost, directory);
	else if (s->process_rows || s->process_rows_lost)
		message_info("%" PRIu64 " row%s of processes, %" PRIu64 " lost", s->process_rows,
			     plural_s(s->process_rows), s->process_rows_lost);
	if (s->process_rows_lost)
		message_about(&lost, MESSAGE_WARNING,
			      "record: %" PRIu64
			      " row%s of processes or the machine found no room, on the disk or in "
			      "memory",
			      s->process_rows_lost, plural_s(s->process_rows_lost));
}

static void tell_activities(const struct session_result *result, const char *directory)
{
	const struct message_subject stopped = { .id = MESSAGE_ID_STOPPED };
	const struct message_subject lost = { .id = MESSAGE_ID_ROWS_LOST };
	const struct recorder_summary *s = &result->summary;

	message_about(&stopped, MESSAGE_INFO,
		      "%" PRIu64 " %s of %zu state%s in %.1f s, %" PRIu64 " open, %" PRIu64
		      " lost; files in %s",
		      s->activities, plural(s->activities, "activity", "activities"), s->state_cnt,
		      plural_s(s->state_cnt), result->recorded_ns / 1e9, s->open, s->lost,
		      directory);
	if (s->lost)
		message_about(&lost, MESSAGE_WARNING,
			      "record: %" PRIu64 " %s no row; %s/activity_ledger.csv says of "
			      "which states and why",
			      s->lost, plural(s->lost, "call has", "calls have"), directory);
	if (s->unaccounted)
		message("record: %" PRId64
			" %s not accounted for in the ledger: please report this",
			s->unaccounted, plural(s->unaccounted, "call is", "calls are"));
	if (s->unusable)
		message("record: %" PRIu64 " %s unusable", s->unusable,
			plural(s->unusable, "record from the kernel was",
			       "records from the kernel were"));
}

static void tell_summary(const struct session_options *asked, const struct session_result *result)
{
	if (asked->plan->state_cnt)
		tell_activities(result, asked->directory);
	if (asked->config->resources.enabled)
		tell_process_rows(result, !asked->plan->state_cnt, asked->directory);
}

static int exit_status(const struct session_options *asked, const struct session_result *result,
		       int err)
{
	if (result->command_failed)
		return err == -ENOENT ? COMMAND_STATUS_NOT_FOUND : COMMAND_STATUS_NOT_EXECUTABLE;
	if (err)
		return asked->command ? COMMAND_STATUS_FAILED : CLI_EXIT_FAILED;
	return result->command_ended ? result->command_status : 0;
}

/* Processes asked for may run in another root than ours. Each as "/proc/PID/root"; malloced. */
static char **make_roots(const struct arguments *args)
{
	char **roots = calloc(args->pid_cnt + 1, sizeof(*roots));

	for (size_t i = 0; roots && i < args->pid_cnt; i++) {
		if (asprintf(&roots[i], "/proc/%d/root", (int)args->pids[i]) < 0)
			roots[i] = NULL;
	}
	return roots;
}

static void free_roots(char **roots)
{
	for (size_t i = 0; roots && roots[i]; i++)
		free(roots[i]);
	free(roots);
}

static int make_plan(const struct arguments *args, struct plan **ret_plan, struct fault *why)
{
	char **roots = make_roots(args);
	struct plan_options wanted = { .wait = true, .roots = (const char *const *)roots };
	int err;

	if (!roots)
		return fault__set(why, -ENOMEM, "no memory");
	while (roots[wanted.root_cnt])
		wanted.root_cnt++;
	err = plan__new(args->settings.config, &wanted, ret_plan, why);
	free_roots(roots);
	return err;
}

static int load_again(void *ctx, struct config **ret_config, struct fault *why)
{
	const struct arguments *args = ctx;

	return settings__load_again(&args->settings, ret_config, why);
}

static int run(struct arguments *args)
{
	const struct config *config = args->settings.config;
	struct session_options session = {
		.config = config,
		.load_again = args->settings.path ? load_again : NULL,
		.load_ctx = args,
		.pids = args->pids,
		.pid_cnt = args->pid_cnt,
		.command = args->command,
		.raw_path = args->raw_path,
		.status_path = args->status_path ? args->status_path : config->status_path,
		.duration_ns = args->duration_ns,
		.way = getenv("TACHO_ATTACH"),
		.process_source = getenv("TACHO_PROCESSES"),
		.directory = args->directory	 ? args->directory
			     : config->directory ? config->directory
						 : DEFAULT_DIRECTORY,
	};
	const struct plan_mark all = {};
	struct session_result result = {};
	struct fault why = {};
	int err;

	err = make_plan(args, &session.plan, &why);
	if (!err) {
		session_tell_plan(session.plan, &all);
		err = session__run(&session, &result, &why);
	}
	if (err)
		message_about(&(struct message_subject) { .id = MESSAGE_ID_FAILED, .err = err },
			      MESSAGE_ERROR, "record: %s", why.text);
	if (result.recorded_ns)
		tell_summary(&session, &result);
	plan__free(session.plan);
	return exit_status(&session, &result, err);
}

/* The exit status. */
static int parse_and_run(struct arguments *args, int argc, char **argv)
{
	int operand;
	int status = cli__read(&cli, argc, argv, take_option, args, &operand);

	if (status != CLI_END)
		return status;
	status = take_operands(args, argv + operand);
	if (!status)
		status = settings__finish(&args->settings);
	return status ? status : run(args);
}

int cmd_record(int argc, char **argv)
{
	struct arguments *args = calloc(1, sizeof(*args));
	int status;

	if (!args) {
		message("record: no memory");
		return CLI_EXIT_FAILED;
	}
	settings__init(&args->settings, &cli);
	args->settings.recording = true;
	status = parse_and_run(args, argc, argv);
	settings__free(&args->settings);
	free(args);
	return status;
}
