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

static void check_finished(const struct config *config)
{
	require(config->state_cnt > 0 && config->format_cnt > 0);
	require(config->flush_ns > 0);
	require(config->ring_bytes >= 4096 && !(config->ring_bytes & (config->ring_bytes - 1)));
	for (size_t i = 0; i < config->state_cnt; i++) {
		const struct state_config *state = &config->states[i];

		require(state->name[0] && state->origin && state->function_cnt > 0);
		for (size_t k = 0; k < state->function_cnt; k++)
			require(state->functions[k].binary[0] && state->functions[k].function[0] &&
				state->functions[k].origin);
	}
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
