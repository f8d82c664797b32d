/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of [resources], and -r: which processes are recorded, and how often. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"
#include "processes/fnmatch.h"

#define NS_PER_MS 1000000ULL
#define INTERVAL_MIN (100 * NS_PER_MS)
#define DEFAULT_INTERVAL_NS (10000 * NS_PER_MS)
#define DEFAULT_INTERVAL "10s"
#define DEFAULT_PROCESSES "/opt/opentrons*, python3*"

static int check_patterns(char **patterns, size_t cnt, struct fault *why)
{
	struct fnmatch_pattern *pattern = NULL;
	int err = 0;

	for (size_t i = 0; i < cnt && !err; i++) {
		err = fnmatch__compile(patterns[i], &pattern, why);
		if (!err)
			fnmatch__free(pattern);
	}
	return err == -E2BIG ? -EINVAL : err;
}

int config_resources__take_patterns(struct resources_config *resources, char **patterns, size_t cnt,
				    struct fault *why)
{
	int err;

	err = check_patterns(patterns, cnt, why);
	if (err) {
		config_list__free(patterns, cnt);
		return err;
	}
	config_list__free(resources->patterns, resources->pattern_cnt);
	resources->patterns = patterns;
	resources->pattern_cnt = cnt;
	resources->patterns_set = true;
	return 0;
}

static int take_list(struct resources_config *resources, const char *text, struct fault *why)
{
	char **patterns = NULL;
	size_t cnt = 0;
	int err;

	err = config_list__set(&patterns, &cnt, text, why);
	return err ? err : config_resources__take_patterns(resources, patterns, cnt, why);
}

int config_resources__set_defaults(struct resources_config *resources)
{
	int err;

	resources->interval_ns = DEFAULT_INTERVAL_NS;
	err = take_list(resources, DEFAULT_PROCESSES, NULL);
	resources->patterns_set = false;
	return err;
}

static int set_enabled(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	(void)state, (void)origin;
	return config_bool__parse(value, &config->resources.enabled, why);
}

static int set_interval(struct config *config, struct state_config *state, const char *value,
			const char *origin, struct fault *why)
{
	uint64_t ns;
	int err;

	(void)state, (void)origin;
	err = parse_duration_ns(*value ? value : DEFAULT_INTERVAL, &ns);
	if (!err && (ns < INTERVAL_MIN || ns > CONFIG_INTERVAL_MAX))
		err = -ERANGE;
	if (err)
		return config_refuse_duration(value, err, "100ms to 1d", why);
	config->resources.interval_ns = ns;
	return 0;
}

static int set_processes(struct config *config, struct state_config *state, const char *value,
			 const char *origin, struct fault *why)
{
	int err;

	(void)state, (void)origin;
	err = take_list(&config->resources, *value ? value : DEFAULT_PROCESSES, why);
	if (!err)
		config->resources.patterns_set = *value;
	return err;
}

int config__want_resources(struct config *config, const char *const *patterns, size_t cnt,
			   struct fault *why)
{
	static const char *const every[] = { "*" };
	char **copies;
	int err;

	config->resources.enabled = true;
	if (!cnt && config->resources.patterns_set)
		return 0;
	if (!cnt) {
		patterns = every;
		cnt = 1;
	}
	copies = calloc(cnt, sizeof(*copies));
	if (!copies)
		return config_no_memory(why);
	for (size_t i = 0; i < cnt; i++) {
		copies[i] = strdup(patterns[i]);
		if (!copies[i]) {
			config_list__free(copies, i);
			return config_no_memory(why);
		}
	}
	err = config_resources__take_patterns(&config->resources, copies, cnt, why);
	return err ? fault__prefix(why, err, "-r") : 0;
}

const struct config_key config_resources_keys[] = {
	{ "enabled", set_enabled, false },
	{ "interval", set_interval, false },
	{ "processes", set_processes, false },
	{},
};
