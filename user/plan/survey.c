/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan_internal.h"

/* The states of the survey's plan. */
enum { STATE_AUTO, STATE_SAFE, STATE_CNT };

struct survey {
	struct config *config; /* without states */
	struct state_config states[STATE_CNT];
	struct function_ref ref;
	struct plan *plan;
	uint32_t binary;
};

/* A target for each state, none of which is looked for: functions are handed in one by one. */
static int add_states(struct survey *survey)
{
	struct plan *plan = survey->plan;

	free(plan->states);
	free(plan->targets);
	plan->states = calloc(STATE_CNT, sizeof(*plan->states));
	plan->targets = calloc(STATE_CNT, sizeof(*plan->targets));
	if (!plan->states || !plan->targets)
		return -ENOMEM;
	survey->states[STATE_AUTO].exit = EXIT_AUTO;
	survey->states[STATE_SAFE].exit = EXIT_SAFE;
	for (uint32_t i = 0; i < STATE_CNT; i++) {
		plan->states[i] = (struct planned_state) { .config = &survey->states[i] };
		plan->targets[i] = (struct planned_target) { .state = i,
							     .role = TARGET_FUNCTION,
							     .ref = &survey->ref };
	}
	plan->state_cnt = plan->target_cnt = STATE_CNT;
	return 0;
}

static int open_file(struct survey *survey, const char *text, struct fault *why)
{
	struct planned_binary *binary;
	int err;

	err = plan__add_binary(survey->plan, text, NULL, &survey->binary, why);
	if (err)
		return err;
	binary = &survey->plan->binaries[survey->binary];
	err = code_reader__new(binary->elf, &binary->code, why);
	if (err)
		return err;
	binary->fast_is_harmless =
		exit_mode_fast_is_harmless(binary->elf, NULL, binary->exit_reason);
	binary->exit_mode_known = true;
	return 0;
}

int survey__new(const char *binary, struct survey **ret_survey, struct fault *why)
{
	const struct plan_options none = {};
	struct survey *survey = calloc(1, sizeof(*survey));
	int err = -ENOMEM;

	if (survey)
		survey->config = config__new();
	if (survey && survey->config)
		err = plan__new(survey->config, &none, &survey->plan, NULL);
	if (!err)
		err = add_states(survey);
	if (err) {
		survey__free(survey);
		return fault__set(why, err, "no memory for the plan");
	}
	err = open_file(survey, binary, why);
	if (err)
		survey__free(survey);
	else
		*ret_survey = survey;
	return err;
}

void survey__free(struct survey *survey)
{
	if (!survey)
		return;
	plan__free(survey->plan);
	config__free(survey->config);
	free(survey);
}

static const struct planned_binary *binary_of(const struct survey *survey)
{
	return &survey->plan->binaries[survey->binary];
}

const char *survey__path(const struct survey *survey)
{
	return binary_of(survey)->path;
}

const struct elf_file *survey__file(const struct survey *survey)
{
	return binary_of(survey)->elf;
}

bool survey__is_fast(const struct survey *survey)
{
	return binary_of(survey)->fast_is_harmless;
}

const char *survey__exit_reason(const struct survey *survey)
{
	return binary_of(survey)->exit_reason;
}

/* Plans it in this state, and forgets the probe: files may have a million functions. */
static int try_state(struct survey *survey, uint32_t state, const struct elf_symbol *symbol,
		     struct survey_function *ret_function, struct fault *why)
{
	const struct named_place place = { .symbol = symbol };
	struct plan *plan = survey->plan;
	struct planned_probe *probe;
	int err;

	err = plan__add_function(plan, state, survey->binary, &place, why);
	if (err)
		return err;
	probe = &plan->probes[--plan->probe_cnt];
	*ret_function = (struct survey_function) {
		.entry_offset = probe->entry_offset,
		.cost = probe->cost,
		.exit_cnt = probe->exit_cnt,
		.tail_call_cnt = probe->tail_call_cnt,
		.maybe_cnt = probe->maybe_cnt,
	};
	planned_probe__clear(probe);
	return 0;
}

/* Everything is about this file: its path is not said with each function. */
static void shorten(const struct survey *survey, struct fault *why)
{
	const char *path = survey__path(survey);
	size_t sz = strlen(path);

	if (!strncmp(why->text, path, sz) && !strncmp(why->text + sz, ": ", 2))
		memmove(why->text, why->text + sz + 2, strlen(why->text + sz + 2) + 1);
}

int survey__plan(struct survey *survey, const struct elf_symbol *symbol,
		 struct survey_function *ret_function, struct fault *why)
{
	struct survey_function function = {};
	struct fault reason = {};
	int err;

	err = try_state(survey, STATE_AUTO, symbol, &function, &reason);
	if (err && err != -ENOMEM && !survey__is_fast(survey)) {
		/* What auto says is a text about both modes; what safe says is the reason. */
		err = try_state(survey, STATE_SAFE, symbol, &function, &reason);
		if (!err) {
			function.verdict = SURVEY_ON_REQUEST;
			fault__set(&function.why, 0,
				   "always ends in a jump to another function, where its calls "
				   "would end (exit = safe accepts that)");
		}
	}
	if (err == -ENOMEM)
		return fault__set(why, err, "no memory for the plan");
	if (err) {
		function.verdict = SURVEY_REFUSED;
		shorten(survey, &reason);
		function.why = reason;
	}
	*ret_function = function;
	return 0;
}
