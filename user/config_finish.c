/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can only be checked when every file and every -s has been read. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "tacho/probe.h"

static int refuse_both(const struct state_config *state, struct fault *why)
{
	const struct function_ref *place = state->begin_cnt ? state->begins : state->ends;

	return fault__set(why, -EINVAL,
			  "%s: state '%s' has function (%s) and %s (%s): keep function, or begin "
			  "and end",
			  state->origin, state->name, state->functions->origin,
			  state->begin_cnt ? "begin" : "end", place->origin);
}

/* A state has functions, or begins and ends. */
static int check_places(const struct state_config *state, struct fault *why)
{
	const char *mistake = NULL;

	if (state->function_cnt && (state->begin_cnt || state->end_cnt))
		return refuse_both(state, why);
	if (state->begin_cnt && !state->end_cnt)
		mistake = "a begin, but no end (add end = BINARY:FUNCTION)";
	else if (state->end_cnt && !state->begin_cnt)
		mistake = "an end, but no begin (add begin = BINARY:FUNCTION)";
	else if (!state->function_cnt && !state->begin_cnt)
		mistake = "no function (add function = BINARY:FUNCTION, or python, or begin and "
			  "end)";
	if (!mistake)
		return 0;
	return fault__set(why, -EINVAL, "%s: state '%s' has %s", state->origin, state->name,
			  mistake);
}

static int check_captures_of_pair(const struct state_config *state, struct fault *why)
{
	for (size_t i = 0; i < state->capture_cnt; i++) {
		if (state->captures[i].value.source == VALUE_RETURN)
			return fault__set(why, -EINVAL,
					  "%s: capture: state '%s' has begin and end: nothing "
					  "returns there, and values are read at the begin",
					  state->captures_origin, state->name);
	}
	return 0;
}

/* Keys that say something about calls have nothing to say about a pair of places. */
static int check_pair(const struct state_config *state, struct fault *why)
{
	if (state->exit_origin)
		return fault__set(why, -EINVAL,
				  "%s: exit: state '%s' has begin and end: how the end of a call "
				  "is seen is nothing to choose there",
				  state->exit_origin, state->name);
	if (state->failed_if.compare)
		return fault__set(why, -EINVAL,
				  "%s: failed-if: state '%s' has begin and end: nothing returns "
				  "there",
				  state->failed_if.origin, state->name);
	return check_captures_of_pair(state, why);
}

static int check_state(const struct state_config *state, struct fault *why)
{
	int err;

	err = state->python_cnt ? config_check_python(state, why) : check_places(state, why);
	if (!err && state->begin_cnt)
		err = check_pair(state, why);
	if (err)
		return err;
	if (state->key_origin && !state->begin_cnt)
		return fault__set(why, -EINVAL,
				  "%s: key: state '%s' has no begin and end to match: the calls of "
				  "a function need no key",
				  state->key_origin, state->name);
	return config_check_functions_differ(state, why);
}

static int no_state_matches(const struct config *config, const char *glob, struct fault *why)
{
	char hint[CONFIG_HINT_SZ] = "(there are none)";
	const char **names;

	names = calloc(config->state_cnt + 1, sizeof(*names));
	if (!names)
		return config_no_memory(why);
	for (size_t i = 0; i < config->state_cnt; i++)
		names[i] = config->states[i].name;
	if (config->state_cnt)
		config_hint(glob, names, hint, sizeof(hint));
	free(names);
	return fault__set(why, -EINVAL, "%s: states: '" CONFIG_SHOWN "' matches no state %s",
			  config->states_origin ? config->states_origin : "states", glob, hint);
}

static int enable_matching(struct config *config, const char *glob, struct fault *why)
{
	bool matched = false;

	for (size_t i = 0; i < config->state_cnt; i++) {
		if (fnmatch(glob, config->states[i].name, 0) == 0) {
			config->states[i].enabled = true;
			matched = true;
		}
	}
	return matched ? 0 : no_state_matches(config, glob, why);
}

static int enable_states(struct config *config, struct fault *why)
{
	size_t pythons = 0;
	int err = 0;

	for (size_t i = 0; i < config->state_glob_cnt && !err; i++)
		err = enable_matching(config, config->state_globs[i], why);
	for (size_t i = 0; i < config->state_cnt && !config->state_glob_cnt; i++)
		config->states[i].enabled = true;
	for (size_t i = 0; i < config->state_cnt; i++)
		pythons += config->states[i].enabled && config->states[i].python_cnt;
	config->marks.python = pythons != 0;
	if (!err && pythons > TACHO_LABELS_MAX)
		err = fault__set(why, -EINVAL, "%zu states have python (at most %d)", pythons,
				 TACHO_LABELS_MAX);
	return err;
}

struct columns {
	const char *names[CONFIG_COLUMNS_MAX]; /* borrowed from the captures */
	size_t cnt;
};

static int columns__add(struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->cnt; i++) {
		if (strcmp(columns->names[i], name) == 0)
			return 0;
	}
	if (columns->cnt == CONFIG_COLUMNS_MAX)
		return -E2BIG;
	columns->names[columns->cnt++] = name;
	return 0;
}

/* activity_detail.csv has a column for each name, whichever states capture under it. */
static int check_columns(const struct config *config, struct fault *why)
{
	struct columns columns = {};

	for (size_t i = 0; i < config->state_cnt; i++) {
		const struct state_config *state = &config->states[i];

		for (size_t k = 0; k < state->capture_cnt && state->enabled; k++) {
			if (columns__add(&columns, state->captures[k].name) == 0)
				continue;
			return fault__set(why, -EINVAL,
					  "%s: capture: '%s' is one column too many (at most %d "
					  "different ones over all states; states may share them)",
					  state->captures_origin, state->captures[k].name,
					  CONFIG_COLUMNS_MAX);
		}
	}
	return 0;
}

int config__finish(struct config *config, struct fault *why)
{
	int err;

	err = config_marks__finish(config, why);
	if (err)
		return err;
	if (!config->state_cnt && !config->resources.enabled && !config->resources.switched_off &&
	    !config->marks.enabled)
		return fault__set(why, -EINVAL,
				  "no states: nothing to record (add a [state NAME] section to the "
				  "configuration, or use -s NAME=BINARY:FUNCTION; other things to "
				  "record are programs = PATH in [marks], and enabled = yes in "
				  "[resources])");
	for (size_t i = 0; i < config->state_cnt && !err; i++) {
		err = check_state(&config->states[i], why);
		if (config->states[i].rate_limit == CONFIG_RATE_LIMIT_UNSET)
			config->states[i].rate_limit = config->rate_limit;
	}
	if (!err)
		err = enable_states(config, why);
	if (!err)
		err = config_flag__finish(&config->flag, why);
	return err ? err : check_columns(config, why);
}
