/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "encode.h"
#include "config.h"
#include "message.h"
#include "output_dir.h"
#include "plural.h"
#include "raw.h"
#include "recorder.h"

static const struct cli_option options[] = {
	{ 'd', "directory", "DIR", "write the files there (default " DEFAULT_DIRECTORY ")" },
	{},
};

static const struct cli cli = {
	.command = "replay",
	.usage = "[-d DIR] FILE",
	.about =
		"Writes the CSV files again from a raw stream (tacho record --raw FILE), byte for\n"
		"byte as the recording wrote them. Needs no privileges.",
	.options = options,
	.notes = "Exit status: 0, 1 when the stream is damaged or cut off (what could be read is\n"
		 "written), 2 for wrong usage.",
};

struct replay {
	struct recorder *recorder;
	bool begun; /* it is a stream */
	uint64_t passed_over;
};

static int feed(void *ctx, const void *data, size_t sz)
{
	struct replay *replay = ctx;
	struct fault why = {};
	int err;

	err = recorder__feed(replay->recorder, data, sz, &why);
	replay->begun |= !err;
	if (!err)
		return 0;
	if (err == -EBADMSG && !replay->passed_over++)
		message("replay: %s (passed over)", why.text);
	else if (err != -EBADMSG)
		message("replay: %s", why.text);
	return err == -EBADMSG ? 0 : err;
}

/* Writes out what a stream holds whose recorder did not get to end it. The calls that were open
 * then are in the ledger as such. */
static void flush_rest(struct replay *replay)
{
	struct recorder_summary summary;

	recorder__summarize(replay->recorder, &summary);
	if (!summary.ended_well)
		encode_flush(feed, replay, summary.last_ns, 0);
}

static void tell_summary(const struct recorder_summary *summary, const char *directory)
{
	message("%" PRIu64 " %s of %zu state%s, %" PRIu64 " lost; files in %s", summary->activities,
		plural(summary->activities, "activity", "activities"), summary->state_cnt,
		plural_s(summary->state_cnt), summary->lost, directory);
	if (summary->summarised)
		message("replay: %" PRIu64 " more %s; %s/activity_summary.csv has the sums",
			summary->summarised,
			plural(summary->summarised, "call has no row", "calls have no rows"),
			directory);
	if (summary->process_rows || summary->process_rows_lost)
		message("%" PRIu64 " row%s of processes, %" PRIu64 " lost", summary->process_rows,
			plural_s(summary->process_rows), summary->process_rows_lost);
}

static int replay_into(struct replay *replay, const char *path, const char *directory)
{
	struct recorder_summary summary;
	struct fault why = {};
	bool cut_off;
	int start_err;
	int err;

	err = raw_read(path, feed, replay, &why);
	if (err && *why.text)
		message("replay: %s: %s", path, why.text);
	if (err && !replay->begun)
		return CLI_EXIT_FAILED;
	/* a stream may end with its declarations; if it is this that has ended the reading, it has
	 * been told */
	start_err = recorder__start(replay->recorder, &why);
	if (start_err && !err)
		message("replay: %s", why.text);
	if (start_err)
		return CLI_EXIT_FAILED;
	recorder__summarize(replay->recorder, &summary);
	cut_off = !summary.ended_well;
	if (cut_off && !err)
		message("replay: %s: the recording did not end well; all that it holds is written",
			path);
	flush_rest(replay);
	tell_summary(&summary, directory);
	return err || cut_off || replay->passed_over ? CLI_EXIT_FAILED : 0;
}

static int run(const char *path, const char *directory)
{
	struct config *config = config__new();
	struct replay replay = {};
	struct output_dir *dir = NULL;
	struct sink_options sinks;
	struct fault why = {};
	int status = CLI_EXIT_FAILED;
	int err;

	signal(SIGXFSZ, SIG_IGN); /* a file size limit shows as EFBIG */
	err = config ? output_dir__open(directory, &dir, &why)
		     : fault__set(&why, -ENOMEM, "no memory");
	if (!err) {
		sinks = (struct sink_options) {
			.dir = dir,
			.sync_ns = CONFIG_SYNC_NEVER,
			.backlog_bytes = (size_t)32 << 20,
		};
		err = recorder__new((const char *const *)config->formats, config->format_cnt,
				    &sinks, &replay.recorder, &why);
	}
	if (err)
		message("replay: %s", why.text);
	else
		status = replay_into(&replay, path, directory);
	recorder__free(replay.recorder);
	output_dir__free(dir);
	config__free(config);
	return status;
}

static int take_option(void *ctx, int letter, char *arg)
{
	const char **directory = ctx;

	(void)letter;
	*directory = arg;
	return 0;
}

int cmd_replay(int argc, char **argv)
{
	const char *directory = DEFAULT_DIRECTORY;
	int operand;
	int status = cli__read(&cli, argc, argv, take_option, &directory, &operand);

	if (status != CLI_END)
		return status;
	if (operand + 1 != argc)
		return cli__refuse(&cli, operand == argc ? "which FILE?" : "one FILE at a time");
	return run(argv[operand], directory);
}
