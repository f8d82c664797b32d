/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

#define NS_PER_S 1000000000ULL

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
	config->rate_limit = CONFIG_RATE_LIMIT_DEFAULT;
	config->message_level = MESSAGE_INFO;
	if (config_list__set(&config->formats, &config->format_cnt, CONFIG_DEFAULT_FORMATS, NULL) ||
	    config_resources__set_defaults(&config->resources)) {
		config__free(config);
		return NULL;
	}
	return config;
}

static void state_config__clear(struct state_config *state)
{
	function_refs__clear(&state->functions, &state->function_cnt);
	function_refs__clear(&state->pythons, &state->python_cnt);
	function_refs__clear(&state->begins, &state->begin_cnt);
	function_refs__clear(&state->ends, &state->end_cnt);
	value_ref__clear(&state->begin_key);
	value_ref__clear(&state->end_key);
	captures__free(state->captures, state->capture_cnt);
	free(state->name);
	free(state->origin);
	free(state->key_origin);
	free(state->process);
	free(state->exit_origin);
	free(state->captures_origin);
	free(state->failed_if.origin);
}

void state_config__free(struct state_config *state)
{
	if (state)
		state_config__clear(state);
	free(state);
}

struct state_config *config__take_state(struct config *config, size_t index)
{
	struct state_config *state = malloc(sizeof(*state));

	if (!state)
		return NULL;
	*state = config->states[index];
	config->states[index] = (struct state_config) {};
	return state;
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
	config_list__free(config->resources.patterns, config->resources.pattern_cnt);
	for (size_t i = 0; i < config->override_cnt; i++)
		free(config->overrides[i]);
	free(config->flag.file);
	free(config->flag.key);
	free(config->flag.origin);
	config_marks__clear(&config->marks);
	free(config->states_origin);
	free(config->directory);
	free(config->status_path);
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
	struct state_config state = { .rate_limit = CONFIG_RATE_LIMIT_UNSET };
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
		return config_no_memory(why);
	*ret_idx = config->state_cnt - 1;
	return 0;
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
		err = function_refs__add(&config->states[idx].functions,
					 &config->states[idx].function_cnt, function_ref__parse,
					 equals + 1, "-s", why);
	if (err)
		return fault__prefix(why, err, "-s '" CONFIG_SHOWN "'", text);
	config->states[idx].enabled = true;
	return 0;
}
