/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sections, and the keys of [state NAME]: what each may hold, and where it goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A line of a list of functions: one more, or none at all. */
static int set_functions(struct function_ref **refs, size_t *cnt, const char *value,
			 const char *origin, struct fault *why)
{
	if (*value)
		return function_refs__add(refs, cnt, function_ref__parse, value, origin, why);
	function_refs__clear(refs, cnt);
	return 0;
}

static int set_function(struct config *config, struct state_config *state, const char *value,
			const char *origin, struct fault *why)
{
	(void)config;
	return set_functions(&state->functions, &state->function_cnt, value, origin, why);
}

static int set_python(struct config *config, struct state_config *state, const char *value,
		      const char *origin, struct fault *why)
{
	(void)config;
	if (*value)
		return function_refs__add(&state->pythons, &state->python_cnt, python_ref__parse,
					  value, origin, why);
	function_refs__clear(&state->pythons, &state->python_cnt);
	return 0;
}

static int set_begin(struct config *config, struct state_config *state, const char *value,
		     const char *origin, struct fault *why)
{
	(void)config;
	return set_functions(&state->begins, &state->begin_cnt, value, origin, why);
}

static int set_end(struct config *config, struct state_config *state, const char *value,
		   const char *origin, struct fault *why)
{
	(void)config;
	return set_functions(&state->ends, &state->end_cnt, value, origin, why);
}

static int set_key(struct config *config, struct state_config *state, const char *value,
		   const char *origin, struct fault *why)
{
	struct value_ref begin = {}, end = {};
	int err = 0;

	(void)config;
	if (*value)
		err = key__parse(value, &begin, &end, why);
	if (err)
		return err;
	value_ref__clear(&state->begin_key);
	value_ref__clear(&state->end_key);
	state->begin_key = begin;
	state->end_key = end;
	return config_string__set_optional(&state->key_origin, *value ? origin : "", why);
}

static int set_process(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	(void)config, (void)origin;
	return config_string__set_optional(&state->process, value, why);
}

static int set_exit(struct config *config, struct state_config *state, const char *value,
		    const char *origin, struct fault *why)
{
	static const char *const names[] = {
		[EXIT_AUTO] = "auto",
		[EXIT_SAFE] = "safe",
		[EXIT_FAST] = "fast",
		NULL,
	};
	unsigned int choice = EXIT_AUTO;
	int err;

	(void)config;
	err = config_choose(names, value, &choice, why);
	if (err)
		return err;
	state->exit = (enum exit_choice)choice;
	return config_string__set_optional(&state->exit_origin, *value ? origin : "", why);
}

static int set_place(struct config *config, struct state_config *state, const char *value,
		     const char *origin, struct fault *why)
{
	static const char *const names[] = {
		[PLACE_AUTO] = "auto",
		[PLACE_SYMBOL] = "symbol",
		NULL,
	};
	unsigned int choice = PLACE_AUTO;
	int err;

	(void)config, (void)origin;
	err = config_choose(names, value, &choice, why);
	if (!err)
		state->place = (enum place_choice)choice;
	return err;
}

static int set_many(struct config *config, struct state_config *state, const char *value,
		    const char *origin, struct fault *why)
{
	(void)config, (void)origin;
	return config_bool__parse(value, &state->many, why);
}

static int set_capture(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	struct capture_config *captures = NULL;
	size_t cnt = 0;
	int err = 0;

	(void)config;
	if (*value)
		err = captures__parse(value, &captures, &cnt, why);
	if (err)
		return err;
	captures__free(state->captures, state->capture_cnt);
	state->captures = captures;
	state->capture_cnt = cnt;
	return config_string__set_optional(&state->captures_origin, *value ? origin : "", why);
}

static int set_failed_if(struct config *config, struct state_config *state, const char *value,
			 const char *origin, struct fault *why)
{
	struct failed_if_config failed_if = {};
	int err = 0;

	(void)config;
	if (*value)
		err = failed_if__parse(value, &failed_if, why);
	if (!err)
		err = config_string__set_optional(&failed_if.origin, *value ? origin : "", why);
	if (err)
		return err;
	free(state->failed_if.origin);
	state->failed_if = failed_if;
	return 0;
}

static int set_rate_limit(struct config *config, struct state_config *state, const char *value,
			  const char *origin, struct fault *why)
{
	(void)config, (void)origin;
	if (!*value) {
		state->rate_limit = CONFIG_RATE_LIMIT_UNSET;
		return 0;
	}
	return config_rate_limit__parse(value, &state->rate_limit, why);
}

static const struct config_key state_keys[] = {
	{ "function", set_function, true },
	{ "python", set_python, true },
	{ "begin", set_begin, true },
	{ "end", set_end, true },
	{ "key", set_key, false },
	{ "process", set_process, false },
	{ "exit", set_exit, false },
	{ "place", set_place, false },
	{ "many", set_many, false },
	{ "capture", set_capture, false },
	{ "failed-if", set_failed_if, false },
	{ "rate-limit", set_rate_limit, false },
	{},
};
_Static_assert(ARRAY_SIZE(state_keys) <= CONFIG_KEY_MAX + 1, "raise CONFIG_KEY_MAX");

const struct config_section config_sections[CONFIG_SECTION_CNT] = {
	{ "record", "[record]", false, config_record_keys },
	{ "state", "[state NAME]", true, state_keys },
	{ "resources", "[resources]", false, config_resources_keys },
	{ "feature-flag", "[feature-flag]", false, config_flag_keys },
	{ "marks", "[marks]", false, config_marks_keys },
};

static int key_index(const struct config_section *section, const char *name)
{
	for (size_t i = 0; section->keys[i].name; i++) {
		if (strcmp(section->keys[i].name, name) == 0)
			return (int)i;
	}
	return -EINVAL;
}

int config_section__find_key(const struct config_section *section, const char *heading,
			     const char *name, struct fault *why)
{
	const char *names[CONFIG_KEY_MAX + 1] = {};
	char hint[CONFIG_HINT_SZ];
	int idx = key_index(section, name);

	if (idx >= 0)
		return idx;
	for (size_t i = 0; section->keys[i].name; i++)
		names[i] = section->keys[i].name;
	config_hint(name, names, hint, sizeof(hint));
	for (size_t i = 0; i < CONFIG_SECTION_CNT; i++) {
		if (key_index(&config_sections[i], name) < 0)
			continue;
		snprintf(hint, sizeof(hint), "(it belongs in %s)", config_sections[i].heading);
		break;
	}
	return fault__set(why, -EINVAL, "unknown key '" CONFIG_SHOWN "' in %s %s", name, heading,
			  hint);
}
