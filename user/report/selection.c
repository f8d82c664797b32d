/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "parse.h"
#include "select.h"

void report_selection__free(struct report_selection *selection)
{
	free(selection->states);
	free(selection->processes);
	*selection = (struct report_selection) {};
}

static int add_glob(struct glob_list *list, struct tacho_glob **globs, const char *glob,
		    struct fault *why)
{
	struct tacho_glob compiled, *grown;
	int err = glob_compile(glob, &compiled, why);

	if (err)
		return err;
	grown = reallocarray(*globs, list->cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory");
	grown[list->cnt++] = compiled;
	list->globs = *globs = grown;
	return 0;
}

static int add_state(struct report_selection *selection, const char *glob, struct fault *why)
{
	return add_glob(&selection->filter.states, &selection->states, glob, why);
}

static int add_process(struct report_selection *selection, const char *glob, struct fault *why)
{
	return add_glob(&selection->filter.threads, &selection->processes, glob, why);
}

static int set_moment(uint64_t *moment_ns, const char *option, const char *text, struct fault *why)
{
	int err = parse_moment_ns(text, moment_ns);

	if (err)
		fault__set(why, err,
			   "--%s: '%s' is no moment (try 2026-11-22 09:30, 2026-11-22T09:30:00Z or "
			   "nanoseconds since 1970)",
			   option, text);
	return err;
}

static int set_since(struct report_selection *selection, const char *text, struct fault *why)
{
	return set_moment(&selection->filter.since_ns, "since", text, why);
}

static int set_until(struct report_selection *selection, const char *text, struct fault *why)
{
	return set_moment(&selection->filter.until_ns, "until", text, why);
}

static int set_last(struct report_selection *selection, const char *text, struct fault *why)
{
	int err = parse_duration_ns(text, &selection->last_ns);

	if (!err && !selection->last_ns)
		err = -ERANGE;
	if (err)
		fault__set(why, err, "--last: '%s' is no duration (try 30s, 10min or 2h)", text);
	return err;
}

int report_selection__check(const struct report_selection *selection, struct fault *why)
{
	const struct activities_filter *filter = &selection->filter;

	if (filter->until_ns && filter->until_ns <= filter->since_ns)
		return fault__set(why, -EINVAL, "--until is not later than --since");
	return 0;
}

bool report_selection__is_part(const struct report_selection *selection)
{
	const struct activities_filter *filter = &selection->filter;

	return filter->states.cnt || filter->threads.cnt || filter->since_ns || filter->until_ns ||
	       selection->last_ns;
}

int report_input__open(struct report_input *input, const struct activities_watch *watch,
		       const struct activities_filter *filter)
{
	input->activities = activities__new(watch);
	input->processes = processes__new(watch);
	if (!input->activities || !input->processes) {
		report_input__close(input);
		return -ENOMEM;
	}
	input->other = processes__as_other(input->processes);
	activities__set_filter(input->activities, filter);
	activities__set_other(input->activities, &input->other);
	processes__set_filter(input->processes, filter);
	return 0;
}

void report_input__close(struct report_input *input)
{
	activities__free(input->activities);
	processes__free(input->processes);
	*input = (struct report_input) {};
}

/* So long before the newest row as is asked for. */
static void begin_before(struct report_selection *selection, const struct report_input *input)
{
	uint64_t newest = 0, other = 0, first;

	activities__newest(input->activities, &newest);
	if (processes__newest(input->processes, &other) && other > newest)
		newest = other;
	first = newest > selection->last_ns ? newest - selection->last_ns : 0;
	if (first > selection->filter.since_ns)
		selection->filter.since_ns = first;
}

int report_selection__find_last(struct report_selection *selection, char **paths, size_t path_cnt,
				struct fault *why)
{
	struct activities_filter newest_only = selection->filter;
	struct report_input input = {};
	struct fault passed_over = {};
	int err;

	if (!selection->last_ns)
		return 0;
	newest_only.newest_only = true;
	err = report_input__open(&input, NULL, &newest_only);
	if (err)
		return fault__set(why, err, "no memory");
	for (size_t i = 0; !err && i < path_cnt; i++) {
		if (!strcmp(paths[i], "-") ||
		    activities__add_path(input.activities, paths[i], &passed_over) == -ESPIPE)
			err = fault__set(why, -ESPIPE,
					 "%s: can be read only once, and --last needs to find the "
					 "newest row first (use --since)",
					 paths[i]);
	}
	if (!err)
		begin_before(selection, &input);
	report_input__close(&input);
	return err;
}

int report_selection__take(struct report_selection *selection, int letter, const char *arg,
			   struct fault *why)
{
	switch ((enum report_selection_option)letter) {
	case REPORT_SELECTION_STATE:
		return add_state(selection, arg, why);
	case REPORT_SELECTION_PROCESS:
		return add_process(selection, arg, why);
	case REPORT_SELECTION_SINCE:
		return set_since(selection, arg, why);
	case REPORT_SELECTION_UNTIL:
		return set_until(selection, arg, why);
	case REPORT_SELECTION_LAST:
		return set_last(selection, arg, why);
	}
	return fault__set(why, -EINVAL, "no such option");
}
