/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

#define NS_PER_S 1000000000ULL
#define FUNCTION_FORM "write BINARY:FUNCTION, as in /usr/lib/libx.so:do_it"

struct config *config__new(void)
{
	struct config *config;

	config = calloc(1, sizeof(*config));
	if (!config)
		return NULL;
	config->flush_ns = NS_PER_S;
	config->sync_ns = 5 * NS_PER_S;
	config->rotate_bytes = 64 << 20;
	config->rotate_keep = 8;
	config->ring_bytes = 8 << 20;
	if (config_list__set(&config->formats, &config->format_cnt, CONFIG_DEFAULT_FORMATS, NULL)) {
		config__free(config);
		return NULL;
	}
	return config;
}

int config_string__set(char **string, const char *value)
{
	char *copy;

	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

static void function_ref__clear(struct function_ref *ref)
{
	free(ref->binary);
	free(ref->function);
	free(ref->origin);
}

void state_config__clear_functions(struct state_config *state)
{
	for (size_t i = 0; i < state->function_cnt; i++)
		function_ref__clear(&state->functions[i]);
	free(state->functions);
	state->functions = NULL;
	state->function_cnt = 0;
}

static void state_config__clear(struct state_config *state)
{
	state_config__clear_functions(state);
	free(state->name);
	free(state->origin);
	free(state->process);
}

void config__free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->state_cnt; i++)
		state_config__clear(&config->states[i]);
	free(config->states);
	config_list__free(config->formats, config->format_cnt);
	config_list__free(config->state_globs, config->state_glob_cnt);
	free(config->states_origin);
	free(config->directory);
	free(config);
}

/* Not isalpha: what a valid name is must not depend on the locale. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int check_state_name(const char *name, struct fault *why)
{
	if (!*name)
		return fault__set(why, -EINVAL, "a state needs a name");
	if (!is_letter(*name))
		return fault__set(why, -EINVAL,
				  "state name '" CONFIG_SHOWN "' doesn't begin with a letter",
				  name);
	for (const char *c = name; *c; c++) {
		if (is_letter(*c) || (*c >= '0' && *c <= '9') || strchr("_.:-", *c))
			continue;
		return fault__set(why, -EINVAL,
				  "state name '" CONFIG_SHOWN
				  "' may only hold letters, digits, '_', '.', ':' and '-'",
				  name);
	}
	if (strlen(name) > CONFIG_STATE_NAME_MAX)
		return fault__set(why, -EINVAL,
				  "state name '" CONFIG_SHOWN "' is longer than %d characters",
				  name, CONFIG_STATE_NAME_MAX);
	return 0;
}

static int add_empty_state(struct config *config, const char *name, const char *origin)
{
	struct state_config state = { .exit = EXIT_AUTO };
	struct state_config *states;

	states = reallocarray(config->states, config->state_cnt + 1, sizeof(*states));
	if (!states)
		return -ENOMEM;
	config->states = states;
	if (config_string__set(&state.name, name) || config_string__set(&state.origin, origin)) {
		state_config__clear(&state);
		return -ENOMEM;
	}
	config->states[config->state_cnt++] = state;
	return 0;
}

int config__want_state(struct config *config, const char *name, const char *origin, size_t *ret_idx,
		       struct fault *why)
{
	int err;

	for (size_t i = 0; i < config->state_cnt; i++) {
		if (strcmp(config->states[i].name, name) == 0) {
			*ret_idx = i;
			return 0;
		}
	}
	err = check_state_name(name, why);
	if (err)
		return err;
	if (config->state_cnt == CONFIG_STATE_MAX)
		return fault__set(why, -EINVAL, "state '%s' is one too many (at most %d)", name,
				  CONFIG_STATE_MAX);
	err = add_empty_state(config, name, origin);
	if (err)
		return fault__set(why, err, "out of memory");
	*ret_idx = config->state_cnt - 1;
	return 0;
}

char *config_copy_trimmed(const char *text, size_t sz)
{
	while (sz && strchr(" \t", text[0])) {
		text++;
		sz--;
	}
	while (sz && strchr(" \t", text[sz - 1]))
		sz--;
	return strndup(text, sz);
}

/*
 * Cuts at the first ':', since a function may hold more of them (C++, usdt:) and a path that holds
 * one is rare. "ns::f" without a binary would so become "ns" and ":f"; nothing that can be traced
 * begins with a single colon.
 */
static int split_function(const char *text, struct function_ref *ref, struct fault *why)
{
	const char *colon = strchr(text, ':');

	if (!colon)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' has no ':' (%s)", text,
				  FUNCTION_FORM);
	ref->binary = config_copy_trimmed(text, (size_t)(colon - text));
	ref->function = config_copy_trimmed(colon + 1, strlen(colon + 1));
	if (!ref->binary || !ref->function)
		return fault__set(why, -ENOMEM, "out of memory");
	if (!*ref->binary)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no binary (%s)", text,
				  FUNCTION_FORM);
	if (!*ref->function)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no function (%s)", text,
				  FUNCTION_FORM);
	if (ref->function[0] == ':' && ref->function[1] != ':')
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' names no binary before '::' (%s)", text,
				  FUNCTION_FORM);
	return 0;
}

int state_config__add_function(struct state_config *state, const char *text, const char *origin,
			       struct fault *why)
{
	struct function_ref ref = {}, *functions;
	int err;

	err = split_function(text, &ref, why);
	if (err)
		goto fail;
	ref.origin = strdup(origin);
	functions = reallocarray(state->functions, state->function_cnt + 1, sizeof(*functions));
	if (functions)
		state->functions = functions;
	if (!ref.origin || !functions) {
		err = fault__set(why, -ENOMEM, "out of memory");
		goto fail;
	}
	state->functions[state->function_cnt++] = ref;
	return 0;
fail:
	function_ref__clear(&ref);
	return err;
}

int config__add_state(struct config *config, const char *text, struct fault *why)
{
	const char *equals = strchr(text, '=');
	char *name;
	size_t idx;
	int err;

	if (!equals)
		return fault__set(why, -EINVAL,
				  "-s '" CONFIG_SHOWN "': no '=' (write NAME=BINARY:FUNCTION)",
				  text);
	name = config_copy_trimmed(text, (size_t)(equals - text));
	if (!name)
		return fault__set(why, -ENOMEM, "-s: out of memory");
	err = config__want_state(config, name, "-s", &idx, why);
	free(name);
	if (!err)
		err = state_config__add_function(&config->states[idx], equals + 1, "-s", why);
	if (err)
		return fault__prefix(why, err, "-s '" CONFIG_SHOWN "'", text);
	config->states[idx].enabled = true;
	return 0;
}

static int compare_functions(const void *a, const void *b)
{
	const struct function_ref *const *x = a, *const *y = b;
	int order = strcmp((*x)->binary, (*y)->binary);

	if (!order)
		order = strcmp((*x)->function, (*y)->function);
	/* Their place in the array is the order in which they were read. */
	return order ? order : (*x > *y) - (*x < *y);
}

/* The same function twice would be two probes, and each call counted twice. */
static int check_functions_differ(const struct state_config *state, struct fault *why)
{
	const struct function_ref **sorted;
	int err = 0;

	sorted = malloc(state->function_cnt * sizeof(*sorted));
	if (!sorted)
		return fault__set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < state->function_cnt; i++)
		sorted[i] = &state->functions[i];
	qsort(sorted, state->function_cnt, sizeof(*sorted), compare_functions);
	for (size_t i = 1; i < state->function_cnt && !err; i++) {
		const struct function_ref *a = sorted[i - 1], *b = sorted[i];

		if (strcmp(a->binary, b->binary) || strcmp(a->function, b->function))
			continue;
		err = fault__set(why, -EINVAL,
				 "%s: state '%s' already has the function '" CONFIG_SHOWN
				 ":" CONFIG_SHOWN "' (from %s)",
				 b->origin, state->name, b->binary, b->function, a->origin);
	}
	free(sorted);
	return err;
}

static int check_state(const struct state_config *state, struct fault *why)
{
	if (!state->function_cnt)
		return fault__set(why, -EINVAL,
				  "%s: state '%s' has no function (add function = BINARY:FUNCTION)",
				  state->origin, state->name);
	return check_functions_differ(state, why);
}

static int no_state_matches(const struct config *config, const char *glob, struct fault *why)
{
	char hint[CONFIG_HINT_SZ];
	const char **names;

	names = calloc(config->state_cnt + 1, sizeof(*names));
	if (!names)
		return fault__set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < config->state_cnt; i++)
		names[i] = config->states[i].name;
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

int config__finish(struct config *config, struct fault *why)
{
	int err = 0;

	if (!config->state_cnt)
		return fault__set(why, -EINVAL,
				  "no states: nothing to record (add a [state NAME] section to the "
				  "configuration, or use -s NAME=BINARY:FUNCTION)");
	for (size_t i = 0; i < config->state_cnt && !err; i++)
		err = check_state(&config->states[i], why);
	for (size_t i = 0; i < config->state_glob_cnt && !err; i++)
		err = enable_matching(config, config->state_globs[i], why);
	if (!config->state_glob_cnt) {
		for (size_t i = 0; i < config->state_cnt; i++)
			config->states[i].enabled = true;
	}
	return err;
}
