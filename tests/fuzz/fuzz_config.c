/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The configuration, from any bytes. The text goes through a file without a name, whose path in
 * /proc leads to no drop-ins ("/proc/self/fd/N.d" cannot exist); the same bytes, as far as they are
 * a string, also serve as an argument of -s.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "sink.h"

/* Gives way to the real list where a build links it. */
__attribute__((weak)) const char *const *sink_ops__names(void)
{
	static const char *const names[] = { "opentrons", "detail", NULL };

	return names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_functions(const struct function_ref *refs, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		require(refs[i].binary[0] && refs[i].function[0] && refs[i].origin);
}

static void check_value(const struct value_ref *value)
{
	require((value->source == VALUE_NAMED) == (value->argument_name != NULL));
	require((value->source == VALUE_ARGUMENT) == (value->argument >= 1));
	require(value->argument <= 12 && value->type < TACHO_VALUE_CNT);
	require((value->type == TACHO_VALUE_STRING) == (value->text_sz >= 2));
}

static void check_captures(const struct state_config *state)
{
	size_t text_sz = 0;

	require(state->capture_cnt <= TACHO_CAPTURES_MAX);
	require(!state->capture_cnt == !state->captures_origin);
	for (size_t i = 0; i < state->capture_cnt; i++) {
		const struct capture_config *capture = &state->captures[i];

		check_value(&capture->value);
		require(capture->name[0] && strlen(capture->name) <= 64);
		require(!strpbrk(capture->name, ",\"\r\n .-"));
		require(capture->value.source != VALUE_NONE &&
			capture->value.source != VALUE_THREAD);
		text_sz += capture->value.text_sz;
	}
	require(text_sz <= TACHO_TEXT_SZ);
}

static void check_pair(const struct state_config *state)
{
	require(state->end_cnt > 0 && !state->function_cnt);
	require(!state->failed_if.compare && !state->exit_origin);
	for (size_t i = 0; i < state->capture_cnt; i++)
		require(state->captures[i].value.source != VALUE_RETURN);
	check_value(&state->begin_key);
	check_value(&state->end_key);
	require(!state->begin_key.source == !state->end_key.source);
	require(!state->begin_key.source == !state->key_origin);
	require(state->begin_key.source != VALUE_RETURN && state->end_key.source != VALUE_RETURN);
	require(!state->begin_key.text_sz && !state->end_key.text_sz);
}

static void check_failed_if(const struct failed_if_config *failed_if)
{
	require(failed_if->compare < TACHO_COMPARE_CNT && failed_if->type < TACHO_VALUE_STRING);
	require(!failed_if->compare == !failed_if->origin);
	if (failed_if->compare && (!failed_if->type || failed_if->operand >= 0))
		require(!failed_if_config__check(failed_if, failed_if->type, NULL));
}

static void check_state(const struct state_config *state)
{
	require(state->name[0] && state->origin);
	check_functions(state->functions, state->function_cnt);
	check_functions(state->pythons, state->python_cnt);
	check_functions(state->begins, state->begin_cnt);
	check_functions(state->ends, state->end_cnt);
	check_captures(state);
	check_failed_if(&state->failed_if);
	require(state->rate_limit <= 1000000000);
	if (state->begin_cnt)
		check_pair(state);
	else
		require((state->function_cnt > 0) != (state->python_cnt > 0) && !state->end_cnt &&
			!state->begin_key.source);
}

static void check_resources(const struct resources_config *resources)
{
	require(resources->interval_ns >= 100000000 &&
		resources->interval_ns <= UINT64_C(86400000000000));
	require(resources->pattern_cnt > 0);
	for (size_t i = 0; i < resources->pattern_cnt; i++)
		require(resources->patterns[i][0]);
}

static void check_marks(const struct marks_config *marks)
{
	require(!marks->enabled || (!marks->disabled && marks->program_cnt > 0));
	require(marks->limit >= 1 && marks->limit <= 1024);
	for (size_t i = 0; i < marks->program_cnt; i++)
		require(marks->programs[i][0]);
}

static void check_finished(const struct config *config)
{
	require(config->state_cnt > 0 || config->resources.enabled ||
		config->resources.switched_off || config->marks.enabled);
	require(config->format_cnt > 0);
	check_resources(&config->resources);
	check_marks(&config->marks);
	require(config->flush_ns > 0);
	require(config->ring_bytes >= 4096 && !(config->ring_bytes & (config->ring_bytes - 1)));
	for (size_t i = 0; i < config->state_cnt; i++)
		check_state(&config->states[i]);
}

static void check_outcome(int err, const struct fault *why)
{
	require(err ? err < 0 && why->text[0] : !why->text[0]);
}

static void fuzz_file(const char *path)
{
	struct config *config = config__new();
	struct fault why = {};
	int err;

	require(config != NULL);
	err = config__load(config, path, &why);
	check_outcome(err, &why);
	if (!err) {
		err = config__finish(config, &why);
		check_outcome(err, &why);
		if (!err)
			check_finished(config);
	}
	config__free(config);
}

static void fuzz_argument(const uint8_t *data, size_t sz)
{
	struct config *config = config__new();
	char *text = strndup((const char *)data, sz);
	struct fault why = {};

	require(config && text);
	if (config__add_state(config, text, &why) == 0) {
		require(config__finish(config, &why) == 0);
		check_finished(config);
	}
	config__free(config);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, data, sz) == (ssize_t)sz);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fuzz_file(path);
	close(fd);
	fuzz_argument(data, sz);
	return 0;
}
