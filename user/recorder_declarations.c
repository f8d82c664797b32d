/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "recorder_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tacho/probe.h"

static void link_namesake(struct recorder *recorder, uint32_t number)
{
	struct state *state = &recorder->states[number];

	for (uint32_t i = number; i--;) {
		if (strcmp(recorder->states[i].name, state->name))
			continue;
		recorder->states[i].namesake = number;
		state->later = true;
		return;
	}
}

int recorder__take_state(struct recorder *recorder, const struct event_state *event,
			 struct fault *why)
{
	struct state *grown;

	if (event->number != recorder->state_cnt || event->number == TACHO_STATES_MAX)
		return fault__set(why, -EBADMSG, "state %u comes out of order", event->number);
	grown = reallocarray(recorder->states, recorder->state_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory for another state");
	recorder->states = grown;
	grown += recorder->state_cnt;
	*grown = (struct state) { .name = strdup(event->name), .namesake = NO_STATE };
	if (!grown->name)
		return fault__set(why, -ENOMEM, "no memory for another state");
	link_namesake(recorder, recorder->state_cnt);
	recorder->state_cnt++;
	return 0;
}

struct ledger_account recorder__account_of(const struct recorder *recorder, uint32_t first)
{
	const struct state *state = &recorder->states[first];
	struct ledger_account sum = state->account;

	while (state->namesake != NO_STATE) {
		state = &recorder->states[state->namesake];
		ledger_account__add(&sum, &state->account);
	}
	return sum;
}

int recorder__find_column(struct recorder *recorder, const char *name, size_t *ret_column,
			  struct fault *why)
{
	size_t at = 0;

	while (at < recorder->column_cnt && strcmp(recorder->columns[at], name))
		at++;
	if (at == SINK_CAPTURES_MAX)
		return fault__set(why, -E2BIG,
				  "captured values have more than %d names (let states share them)",
				  SINK_CAPTURES_MAX);
	if (at == recorder->column_cnt) {
		recorder->columns[recorder->column_cnt++] = name;
		recorder->columns_added = true;
	}
	*ret_column = at;
	return 0;
}

static bool has_capture(const struct state *state, const char *name)
{
	for (size_t i = 0; i < state->capture_cnt; i++) {
		if (!strcmp(state->captures[i].name, name))
			return true;
	}
	return false;
}

int recorder__take_capture(struct recorder *recorder, const struct event_capture *event,
			   struct fault *why)
{
	struct capture *grown;
	struct state *state;
	int err;

	if (event->state >= recorder->state_cnt)
		return fault__set(why, -EBADMSG, "a captured value of unknown state %u",
				  event->state);
	state = &recorder->states[event->state];
	if (state->called)
		return fault__set(why, -EBADMSG, "captured value %u of %s comes too late",
				  event->index, state->name);
	if (event->index != state->capture_cnt)
		return fault__set(why, -EBADMSG, "captured value %u of %s comes out of order",
				  event->index, state->name);
	if (has_capture(state, event->name))
		return fault__set(why, -EBADMSG, "two captured values of %s are called %s",
				  state->name, event->name);
	grown = reallocarray(state->captures, state->capture_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory for another captured value");
	state->captures = grown;
	grown += state->capture_cnt;
	*grown = (struct capture) {
		.name = strdup(event->name),
		.type = event->type,
		.text_offset = event->text_offset,
		.text_sz = event->text_sz,
	};
	if (!grown->name)
		return fault__set(why, -ENOMEM, "no memory for another captured value");
	err = recorder->started ? recorder__find_column(recorder, grown->name, &grown->column, why)
				: 0;
	if (err) {
		free(grown->name);
		return -EBADMSG;
	}
	state->capture_cnt++;
	return 0;
}

static void free_probe(struct probe *probe)
{
	free(probe->binary);
	free(probe->function);
	free(probe->build_id);
	free(probe->symbol);
	free(probe->exit_mode);
}

int recorder__take_probe(struct recorder *recorder, const struct event_probe *event,
			 struct fault *why)
{
	struct probe *grown;

	if (event->number != recorder->probe_cnt || event->state >= recorder->state_cnt)
		return fault__set(why, -EBADMSG, "probe %u comes out of order or has no state",
				  event->number);
	grown = reallocarray(recorder->probes, recorder->probe_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory for another probe");
	recorder->probes = grown;
	grown += recorder->probe_cnt;
	*grown = (struct probe) {
		.state = event->state,
		.binary = strdup(event->binary),
		.function = strdup(event->function),
		.build_id = strdup(event->build_id),
		.symbol = strdup(event->symbol),
		.exit_mode = strdup(event->exit_mode),
	};
	if (!grown->binary || !grown->function || !grown->build_id || !grown->symbol ||
	    !grown->exit_mode) {
		free_probe(grown);
		return fault__set(why, -ENOMEM, "no memory for another probe");
	}
	recorder->probe_cnt++;
	return 0;
}

int recorder__take_return(struct recorder *recorder, const struct tacho_return *event,
			  struct fault *why)
{
	struct probe *probe;

	if (event->probe >= recorder->probe_cnt)
		return fault__set(why, -EBADMSG, "the return value of unknown probe %u",
				  event->probe);
	probe = &recorder->probes[event->probe];
	if (probe->has_return)
		return fault__set(why, -EBADMSG, "the return value of probe %u comes twice",
				  event->probe);
	probe->has_return = true;
	probe->return_type = event->type;
	probe->compare = event->compare;
	probe->operand = event->operand;
	return 0;
}

int recorder__make_columns(struct recorder *recorder, struct fault *why)
{
	int err = 0;

	recorder->columns = calloc(SINK_CAPTURES_MAX, sizeof(*recorder->columns));
	recorder->captured = calloc(SINK_CAPTURES_MAX, sizeof(*recorder->captured));
	if (!recorder->columns || !recorder->captured)
		err = fault__set(why, -ENOMEM, "no memory");
	for (size_t s = 0; !err && s < recorder->state_cnt; s++) {
		struct state *state = &recorder->states[s];

		for (size_t i = 0; !err && i < state->capture_cnt; i++)
			err = recorder__find_column(recorder, state->captures[i].name,
						    &state->captures[i].column, why);
	}
	if (!err)
		err = recorder__make_attribute_columns(recorder, why);
	recorder->columns_added = false;
	if (err)
		recorder__free_columns(recorder);
	return err;
}

void recorder__keep_columns(struct recorder *recorder)
{
	size_t column;

	for (size_t i = 0; i < recorder->kept_cnt; i++) {
		if (recorder__find_column(recorder, recorder->kept_columns[i], &column, NULL))
			break; /* there are too many: the file is begun anew */
	}
	recorder->columns_added = false;
}

void recorder__free_columns(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->kept_cnt; i++)
		free(recorder->kept_columns[i]);
	free(recorder->kept_columns);
	recorder->kept_columns = NULL;
	recorder->kept_cnt = 0;
	free(recorder->columns);
	free(recorder->captured);
	recorder->columns = NULL;
	recorder->captured = NULL;
	recorder->column_cnt = 0;
}

static void free_state(struct state *state)
{
	for (size_t i = 0; i < state->capture_cnt; i++)
		free(state->captures[i].name);
	free(state->captures);
	free(state->name);
}

void recorder__free_declarations(struct recorder *recorder)
{
	recorder__free_columns(recorder);
	recorder__free_attributes(recorder);
	for (size_t i = 0; i < recorder->state_cnt; i++)
		free_state(&recorder->states[i]);
	for (size_t i = 0; i < recorder->probe_cnt; i++)
		free_probe(&recorder->probes[i]);
	free(recorder->states);
	free(recorder->probes);
}
