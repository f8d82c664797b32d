/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "commands.h"
#include "export/new_file.h"
#include "message.h"
#include "parse.h"
#include "plot/page.h"
#include "reading.h"
#include "suggest.h"

enum {
	OPTION_SVG = '\001',
	OPTION_TITLE,
	OPTION_TOP,
};

static const struct cli_option options[] = {
	{ 'o', "output", "FILE", "write to this file" },
	{ OPTION_SVG, "svg", "[CHART]",
	  "only this chart, as SVG: timeline, histogram, percentiles, cpu, memory or losses" },
	{ OPTION_TITLE, "title", "TEXT", "the heading" },
	{ OPTION_TOP, "top", "N", "so many processes have curves of their own (default 6)" },
	REPORT_SELECTION_OPTIONS,
	{},
};

static const struct cli cli = {
	.command = "plot",
	.usage = "[-o FILE] [OPTION]... [PATH]...",
	.about = "Draws when each state was active, how long its calls took, what processes used\n"
		 "and what was lost, from the CSV files in a directory (default " DEFAULT_DIRECTORY
		 ")\nor from files; '-' is standard input. Writes one HTML file that needs nothing "
		 "else.\nNeeds no privileges.",
	.options = options,
	.notes = REPORT_SELECTION_NOTES
	"Exit status: 0, 1 when a path cannot be read, nothing was found or the output\n"
	"cannot be written, 2 for wrong usage.",
};

struct request {
	const char *output;
	const char *chart; /* NULL: the page */
	const char *title;
	uint64_t top;
	struct report_selection selection;
};

struct plot {
	struct plot_data *data;
	struct reading reading;
};

/* --- reading ------------------------------------------------------------------------------ */

/* 0, or -ENOMEM. What cannot be read is told, and shows in *ret_status. */
static int read_path(struct plot *plot, struct calls_reader *reader, const char *path,
		     int *ret_status)
{
	struct fault why = {};
	int err = calls_reader__read_path(reader, path, &why);

	if (err && *why.text) {
		message("plot: %s", why.text);
		*ret_status = CLI_EXIT_FAILED;
		err = 0;
	}
	plot_data__next_path(plot->data);
	return err;
}

static int read_paths(struct plot *plot, char **paths, size_t path_cnt, int *ret_status)
{
	const struct calls_taker taker = plot_data__taker(plot->data);
	const struct data_watch watch = reading__data_watch(&plot->reading);
	struct calls_reader *reader = calls_reader__new(&taker, &watch);
	int err = reader ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < path_cnt; i++)
		err = read_path(plot, reader, paths[i], ret_status);
	reading__end(&plot->reading);
	calls_reader__free(reader);
	return err;
}

/* --- writing ------------------------------------------------------------------------------ */

static int write_page(const struct plot_page *page, const struct request *request,
		      struct fault *why)
{
	struct new_file file = {};
	int err = new_file__open(&file, request->output, why);

	if (err)
		return err;
	err = request->chart ? plot_page__write_chart(page, request->chart, file.out, why)
			     : plot_page__write(page, file.out);
	if (!err)
		err = new_file__finish(&file, why);
	new_file__abandon(&file);
	return err;
}

/* status: of reading. Returns the one of everything. */
static int draw(struct plot *plot, const struct request *request, char **paths, size_t path_cnt,
		int status)
{
	struct plot_page page = { .data = plot->data,
				  .title = request->title,
				  .paths = paths,
				  .path_cnt = path_cnt,
				  .top = (size_t)request->top,
				  .malformed_cnt = plot->reading.malformed_cnt,
				  .torn_cnt = plot->reading.torn_cnt };
	struct fault why = {};
	char losses[128];
	int err;

	if (!plot->data->row_cnt) {
		if (!status)
			say_nothing_found(
				"plot", paths, path_cnt,
				report_selection__is_part(&request->selection)
					? "nothing to draw was found of what was asked for"
					: "nothing to draw was found");
		return CLI_EXIT_FAILED;
	}
	kept__sort(&plot->data->kept);
	err = plot_page__sort(&page);
	if (!err)
		err = write_page(&page, request, &why);
	if (err)
		message("plot: %s", *why.text ? why.text : strerror(-err));
	plot_page__losses(&page, losses, sizeof(losses));
	if (!err && *losses)
		message("plot: %s", losses);
	plot_page__free(&page);
	return err ? CLI_EXIT_FAILED : status;
}

static int plot_paths(struct request *request, char **paths, size_t path_cnt)
{
	struct plot plot = { .reading.command = "plot" };
	struct fault why = {};
	int status = 0, err;

	if (report_selection__find_last(&request->selection, paths, path_cnt, &why)) {
		message("plot: %s", why.text);
		return CLI_EXIT_FAILED;
	}
	plot.data = plot_data__new(&request->selection.filter);
	err = plot.data ? read_paths(&plot, paths, path_cnt, &status) : -ENOMEM;
	if (err)
		message("plot: %s", strerror(-err));
	else
		status = draw(&plot, request, paths, path_cnt, status);
	plot_data__free(plot.data);
	return err ? CLI_EXIT_FAILED : status;
}

/* --- the command line --------------------------------------------------------------------- */

static int set_chart(struct request *request, const char *name, struct fault *why)
{
	const char *nearest;

	request->chart = plot_charts[0];
	if (!name)
		return 0;
	for (size_t i = 0; plot_charts[i]; i++) {
		request->chart = plot_charts[i];
		if (!strcmp(plot_charts[i], name))
			return 0;
	}
	nearest = suggest_word(name, plot_charts);
	if (nearest)
		return fault__set(why, -EINVAL, "--svg: '%s' is no chart; did you mean '%s'?", name,
				  nearest);
	return fault__set(why, -EINVAL,
			  "--svg: '%s' is no chart (timeline, histogram, percentiles, cpu, memory, "
			  "losses)",
			  name);
}

static int set_top(struct request *request, const char *text, struct fault *why)
{
	int err = parse_u64(text, 1, PLOT_TOP_MAX, &request->top);

	return err ? fault__set(why, err, "--top: '%s' is no number from 1 to %d", text,
				PLOT_TOP_MAX)
		   : 0;
}

static int set_option(struct request *request, int letter, char *arg, struct fault *why)
{
	struct report_selection *selection = &request->selection;

	switch (letter) {
	case 'o':
		request->output = strcmp(arg, "-") ? arg : NULL;
		return 0;
	case OPTION_SVG:
		return set_chart(request, arg, why);
	case OPTION_TITLE:
		request->title = arg;
		return 0;
	case OPTION_TOP:
		return set_top(request, arg, why);
	default:
		return report_selection__take(selection, letter, arg, why);
	}
}

static int take_option(void *ctx, int letter, char *arg)
{
	struct fault why = {};

	return set_option(ctx, letter, arg, &why) ? cli__refuse(&cli, "%s", why.text) : 0;
}

/* The exit status, or CLI_END: go on with the operands. */
static int read_options(int argc, char **argv, struct request *request, int *ret_operand)
{
	int status = cli__read(&cli, argc, argv, take_option, request, ret_operand);
	struct fault why = {};

	if (status != CLI_END)
		return status;
	if (report_selection__check(&request->selection, &why))
		return cli__refuse(&cli, "%s", why.text);
	if (!request->output && isatty(STDOUT_FILENO))
		return cli__refuse(&cli, "%s is nothing for a terminal: -o FILE says where it goes",
				   request->chart ? "a picture" : "a page");
	return CLI_END;
}

int cmd_plot(int argc, char **argv)
{
	struct request request = { .top = PLOT_TOP_DEFAULT };
	char default_path[] = DEFAULT_DIRECTORY;
	char *default_paths[] = { default_path };
	int operand, status;

	signal(SIGXFSZ, SIG_IGN); /* a file size limit shows when the file is finished */
	status = read_options(argc, argv, &request, &operand);
	if (status == CLI_END && operand == argc)
		status = plot_paths(&request, default_paths, 1);
	else if (status == CLI_END)
		status = plot_paths(&request, argv + operand, (size_t)(argc - operand));
	report_selection__free(&request.selection);
	return status;
}
