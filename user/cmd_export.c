/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "export/export.h"
#include "export/new_file.h"
#include "message.h"
#include "plural.h"
#include "reading.h"
#include "suggest.h"

enum { OPTION_WEIGHT = '\001', OPTION_TIMESCALE, OPTION_KEY };

#define FORMATS_MAX 16

static const struct cli_option options[] = {
	{ 'f', "format", "NAME", "write this format" },
	{ 'l', "list", NULL, "show the formats" },
	{ 'o', "output", "PATH", "the file, or for some formats the directory, to write" },
	{ OPTION_WEIGHT, "weight", "WHAT", "folded, pstats: wall (default) or cpu time" },
	{ OPTION_TIMESCALE, "timescale", NULL, "sql: make the tables TimescaleDB hypertables" },
	{ OPTION_KEY, "key", "NAME", "proxystore: the captured value that is the key" },
	{},
};

static const struct cli cli = {
	.command = "export",
	.usage = "--format NAME [-o PATH] [PATH]...",
	.about = "Converts the CSV files in a directory (default " DEFAULT_DIRECTORY
		 ") or files to what other\n"
		 "tools read; '-' is standard input. Writes to standard output unless told where.\n"
		 "Needs no privileges.",
	.options = options,
	.notes = "Exit status: 0, 1 when a path cannot be read, nothing was found or the output\n"
		 "cannot be written, 2 for wrong usage.",
};

struct export
{
	const struct export_ops *ops;
	struct exporter *exporter;
	struct export_notes notes;
	uint64_t row_cnt; /* taken */
	struct reading reading;
};

/* --- what is read ------------------------------------------------------------------------- */

static int take_call(void *ctx, const struct call *call)
{
	struct export *export = ctx;

	export->row_cnt++;
	return export->ops->call(export->exporter, call);
}

static int take_process(void *ctx, const struct process_sample *sample)
{
	struct export *export = ctx;

	export->row_cnt++;
	return export->ops->process(export->exporter, sample);
}

/* Without an operation of the format: what it leaves out is counted. */
static int take_summary(void *ctx, const struct summary_row *row)
{
	struct export *export = ctx;

	if (!export->ops->summary) {
		export->notes.summarised_left_out += row->count;
		return 0;
	}
	export->row_cnt++;
	return export->ops->summary(export->exporter, row);
}

static int take_ledger(void *ctx, const struct ledger_row *row)
{
	struct export *export = ctx;

	export->row_cnt++;
	return export->ops->ledger(export->exporter, row);
}

static int take_memory(void *ctx, const struct memory_sample *sample)
{
	struct export *export = ctx;

	export->row_cnt++;
	return export->ops->memory(export->exporter, sample);
}

static int take_gpu(void *ctx, const struct gpu_row *row)
{
	struct export *export = ctx;

	export->row_cnt++;
	return export->ops->gpu(export->exporter, row);
}

static int take_counter(void *ctx, const struct counter_row *row)
{
	struct export *export = ctx;

	export->row_cnt++;
	return export->ops->counter(export->exporter, row);
}

static int read_paths(struct export *export, char **paths, size_t path_cnt, int *ret_status)
{
	const struct export_ops *ops = export->ops;
	const struct calls_taker taker = {
		.call = ops->call ? take_call : NULL,
		.process = ops->process ? take_process : NULL,
		.summary = take_summary,
		.ledger = ops->ledger ? take_ledger : NULL,
		.memory = ops->memory ? take_memory : NULL,
		.gpu = ops->gpu ? take_gpu : NULL,
		.counter = ops->counter ? take_counter : NULL,
		.ctx = export,
	};
	const struct data_watch watch = reading__data_watch(&export->reading);
	struct calls_reader *reader = calls_reader__new(&taker, &watch);
	struct fault why;
	int err = reader ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < path_cnt; i++) {
		why.text[0] = '\0';
		if (ops->path)
			err = ops->path(export->exporter);
		if (!err)
			err = calls_reader__read_path(reader, paths[i], &why);
		if (!err || !*why.text)
			continue; /* what is empty is the exporter's */
		message("export: %s", why.text);
		*ret_status = CLI_EXIT_FAILED;
		err = 0;
	}
	reading__end(&export->reading);
	calls_reader__free(reader);
	return err;
}

static void tell_notes(const struct export *export)
{
	const struct export_notes *notes = &export->notes;
	uint64_t torn_cnt = export->reading.torn_cnt;

	if (torn_cnt)
		message("export: torn: %" PRIu64 " last row%s left out", torn_cnt,
			plural_s(torn_cnt));
	if (notes->summarised_left_out)
		message("export: %" PRIu64 " more %s left out", notes->summarised_left_out,
			plural(notes->summarised_left_out, "call has no row of its own and is",
			       "calls have no rows of their own and are"));
	if (notes->too_large)
		message("export: %" PRIu64 " row%s left out: the moment is too large",
			notes->too_large, plural_s(notes->too_large));
	if (notes->unknown.thread)
		message_info("export: the thread%s of %" PRIu64
			     " %s not known: none is shown within another",
			     plural_s(notes->unknown.thread), notes->unknown.thread,
			     plural(notes->unknown.thread, "call is", "calls are"));
	if (notes->unknown.cpu)
		message("export: of %" PRIu64
			" call%s the processor time is not known and counts as 0",
			notes->unknown.cpu, plural_s(notes->unknown.cpu));
}

/* --- what is written ---------------------------------------------------------------------- */

static int export_paths(struct export *export, const struct export_options *how, char **paths,
			size_t path_cnt, struct fault *why)
{
	int status = 0;
	int err;

	err = export->ops->open(how, &export->exporter, why);
	if (!err)
		err = read_paths(export, paths, path_cnt, &status);
	if (!err && !export->row_cnt) {
		err = -ENODATA;
		if (!status)
			say_nothing_found("export", paths, path_cnt, "nothing to export was found");
		status = CLI_EXIT_FAILED;
	}
	if (!err)
		err = export->ops->end(export->exporter, &export->notes, why);
	if (err < 0 && !status && !*why->text)
		fault__set(why, err, "%s", strerror(-err));
	export->ops->free(export->exporter);
	tell_notes(export);
	return err ? err : status;
}

static int run(const struct export_ops *ops, struct export_options *how, const char *output,
	       char **paths, size_t path_cnt)
{
	struct export export = { .ops = ops, .reading.command = "export" };
	struct new_file file = {};
	struct fault why = {};
	int err = 0;

	if (ops->directory) {
		how->directory = output;
	} else {
		err = new_file__open(&file, output, &why);
		how->out = file.out;
	}
	if (!err)
		err = export_paths(&export, how, paths, path_cnt, &why);
	/* with a path that could not be read, the rest is written all the same */
	if (err >= 0 && !ops->directory) {
		int finished = new_file__finish(&file, &why);

		err = finished ? finished : err;
	}
	new_file__abandon(&file);
	if (*why.text)
		message("export: %s", why.text);
	return err ? CLI_EXIT_FAILED : 0;
}

/* --- the command line --------------------------------------------------------------------- */

static int list_formats(void)
{
	for (size_t i = 0; export_formats[i]; i++)
		printf("%-13s %s%s\n", export_formats[i]->name, export_formats[i]->about,
		       export_formats[i]->directory ? "; files in a directory" : "");
	return cli__printed("export");
}

static int refuse_format(const char *name)
{
	const char *names[FORMATS_MAX + 1] = {};
	const char *nearest;

	for (size_t i = 0; export_formats[i] && i < FORMATS_MAX; i++)
		names[i] = export_formats[i]->name;
	nearest = suggest_word(name, names);
	if (nearest)
		return cli__refuse(&cli, "'%s' is no format; did you mean '%s'?", name, nearest);
	return cli__refuse(&cli, "'%s' is no format; --list shows them", name);
}

static int parse_weight(const char *text, enum call_weight *ret_weight)
{
	if (!strcmp(text, "wall"))
		*ret_weight = CALL_WEIGHT_WALL;
	else if (!strcmp(text, "cpu"))
		*ret_weight = CALL_WEIGHT_CPU;
	else
		return cli__refuse(&cli, "--weight %s: is neither wall nor cpu", text);
	return 0;
}

/* What the options say. */
struct asked {
	const char *format;
	const char *output;
	struct export_options how;
	unsigned int given; /* enum export_option */
	bool list;
};

static int take_option(void *ctx, int letter, char *arg)
{
	struct asked *asked = ctx;

	switch (letter) {
	case 'f':
		asked->format = arg;
		return 0;
	case 'o':
		asked->output = arg;
		return 0;
	case 'l':
		asked->list = true;
		return 0;
	case OPTION_WEIGHT:
		asked->given |= EXPORT_HAS_WEIGHT;
		return parse_weight(arg, &asked->how.weight);
	case OPTION_KEY:
		asked->given |= EXPORT_HAS_KEY;
		asked->how.key = arg;
		return 0;
	case OPTION_TIMESCALE:
		asked->given |= EXPORT_HAS_TIMESCALE;
		asked->how.timescale = true;
		return 0;
	}
	return CLI_EXIT_USAGE;
}

/* NULL: none is. */
static const char *find_misplaced(unsigned int foreign)
{
	if (foreign & EXPORT_HAS_WEIGHT)
		return "--weight";
	if (foreign & EXPORT_HAS_TIMESCALE)
		return "--timescale";
	return foreign & EXPORT_HAS_KEY ? "--key" : NULL;
}

static int run_asked(struct asked *asked, char **paths, size_t path_cnt)
{
	char default_path[] = DEFAULT_DIRECTORY;
	char *default_paths[] = { default_path };
	const struct export_ops *ops;
	const char *misplaced;

	if (asked->list)
		return list_formats();
	if (!asked->format)
		return cli__refuse(&cli, "which --format? --list shows them");
	ops = export_format__find(asked->format);
	if (!ops)
		return refuse_format(asked->format);
	misplaced = find_misplaced(asked->given & ~ops->options);
	if (misplaced)
		return cli__refuse(&cli, "%s is not for the format %s", misplaced, ops->name);
	if (asked->output && !strcmp(asked->output, "-"))
		asked->output = NULL;
	if (ops->directory && !asked->output)
		return cli__refuse(&cli, "the format %s is of several files: -o DIR says where",
				   ops->name);
	if (!path_cnt)
		return run(ops, &asked->how, asked->output, default_paths, 1);
	return run(ops, &asked->how, asked->output, paths, path_cnt);
}

int cmd_export(int argc, char **argv)
{
	struct asked asked = {};
	int operand, status;

	signal(SIGXFSZ, SIG_IGN); /* a file size limit shows when the file is finished */
	status = cli__read(&cli, argc, argv, take_option, &asked, &operand);
	if (status != CLI_END)
		return status;
	return run_asked(&asked, argv + operand, (size_t)(argc - operand));
}
