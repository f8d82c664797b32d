/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The environment variables of the Opentrons package performance-metrics (its
 * system_resource_tracker/_config.py), so that its service files work here too. What each may hold,
 * and what is said about the rest, is what it may hold there and what is said there.
 *
 * Fixed on the way: it accepts an interval of nan or inf and a directory, and all three end it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_internal.h"
#include "python_text.h"

#define PREFIX "OT_SYSTEM_RESOURCE_TRACKER_"
#define INTERVAL_MIN_S 1.0
#define NS_PER_S 1000000000ULL

#define MUST_BE(what) " environment variable must be " what
#define YOU_SPECIFIED "You specified: " CONFIG_SHOWN

static int take_enabled(struct config *config, const char *value, struct fault *why)
{
	bool enabled = strcasecmp(value, "true") == 0;

	if (!enabled && strcasecmp(value, "false"))
		return fault__set(why, -EINVAL,
				  PREFIX "ENABLED" MUST_BE("'true' or 'false.' ") YOU_SPECIFIED,
				  value);
	config->resources.enabled = enabled;
	config->resources.switched_off = !enabled;
	return 0;
}

/* Items without the white space around them; empty ones are left out. As many as there is room for
 * is one more than there are commas. */
static int split_filters(const char *value, char **items, size_t *cnt)
{
	for (;;) {
		const char *item = value;
		size_t sz = strcspn(value, ",");

		value += sz;
		sz = python_text__strip(&item, sz);
		if (sz) {
			items[*cnt] = strndup(item, sz);
			if (!items[*cnt])
				return -ENOMEM;
			++*cnt;
		}
		if (!*value)
			return 0;
		value++;
	}
}

static int take_process_filters(struct config *config, const char *value, struct fault *why)
{
	size_t cnt = 0, room = 1;
	char **items;
	int err;

	for (const char *c = value; *c; c++)
		room += *c == ',';
	items = calloc(room, sizeof(*items));
	if (!items)
		return config_no_memory(why);
	err = split_filters(value, items, &cnt);
	if (err || !cnt) {
		config_list__free(items, cnt);
		if (err)
			return config_no_memory(why);
		return fault__set(why, -EINVAL,
				  PREFIX "PROCESS_FILTERS" MUST_BE(
					  "a comma-separated list of process names (globbing is "
					  "supported) to monitor. ") YOU_SPECIFIED,
				  value);
	}
	err = config_resources__take_patterns(&config->resources, items, cnt, why);
	return err ? fault__prefix(why, err, PREFIX "PROCESS_FILTERS") : 0;
}

static int take_refresh_interval(struct config *config, const char *value, struct fault *why)
{
	double seconds = 0;
	int err;

	err = python_text__float(value, &seconds);
	if (err == -ENOMEM)
		return config_no_memory(why);
	if (err)
		return fault__set(why, -EINVAL,
				  PREFIX "REFRESH_INTERVAL" MUST_BE("a number. ") YOU_SPECIFIED,
				  value);
	if (seconds < INTERVAL_MIN_S)
		return fault__set(why, -EINVAL,
				  PREFIX
				  "REFRESH_INTERVAL" MUST_BE("greater than or equal to 1.0. ")
					  YOU_SPECIFIED,
				  value);
	config->resources.interval_ns = CONFIG_INTERVAL_MAX;
	if (seconds * NS_PER_S < CONFIG_INTERVAL_MAX)
		config->resources.interval_ns = (uint64_t)(seconds * NS_PER_S + 0.5);
	return 0;
}

static int take_storage_dir(struct config *config, const char *value, struct fault *why)
{
	if (*value != '/') /* there, an empty path is the current directory */
		return fault__set(why, -EINVAL,
				  PREFIX "STORAGE_DIR" MUST_BE("an absolute path to a directory.\n")
					  YOU_SPECIFIED ".",
				  *value ? value : ".");
	return config_string__set(&config->directory, value) ? config_no_memory(why) : 0;
}

/* The names that Python's logging has from the beginning, in its order. */
static int take_logging_level(struct config *config, const char *value, struct fault *why)
{
	static const struct {
		const char *name;
		enum message_level level;
	} levels[] = {
		{ "CRITICAL", MESSAGE_WARNING }, { "FATAL", MESSAGE_WARNING },
		{ "ERROR", MESSAGE_WARNING },	 { "WARN", MESSAGE_WARNING },
		{ "WARNING", MESSAGE_WARNING },	 { "INFO", MESSAGE_INFO },
		{ "DEBUG", MESSAGE_DEBUG },	 { "NOTSET", MESSAGE_DEBUG },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, value) == 0) {
			config->message_level = levels[i].level;
			return 0;
		}
	}
	return fault__set(why, -EINVAL,
			  PREFIX "LOGGING_LEVEL" MUST_BE(
				  "one of ['CRITICAL', 'FATAL', 'ERROR', 'WARN', 'WARNING', "
				  "'INFO', 'DEBUG', 'NOTSET']. ") YOU_SPECIFIED,
			  value);
}

static int note_override(struct config *config, const char *name, const char *value,
			 const char *overridden)
{
	char *line;

	if (asprintf(&line, "%s=" CONFIG_SHOWN " overrides %s", name, value, overridden) < 0)
		return -ENOMEM;
	config->overrides[config->override_cnt++] = line;
	return 0;
}

int config__apply_environment(struct config *config, struct fault *why)
{
	static const struct {
		const char *name;
		int (*take)(struct config *config, const char *value, struct fault *why);
		const char *overridden;
	} variables[CONFIG_VARIABLE_CNT] = {
		{ PREFIX "ENABLED", take_enabled, "[resources] enabled" },
		{ PREFIX "PROCESS_FILTERS", take_process_filters, "[resources] processes" },
		{ PREFIX "REFRESH_INTERVAL", take_refresh_interval, "[resources] interval" },
		{ PREFIX "STORAGE_DIR", take_storage_dir, "[record] directory" },
		{ PREFIX "LOGGING_LEVEL", take_logging_level, "which messages are shown" },
	};
	int err = 0;

	for (size_t i = 0; i < CONFIG_VARIABLE_CNT && !err; i++) {
		const char *value = getenv(variables[i].name);

		if (!value)
			continue;
		err = variables[i].take(config, value, why);
		if (!err &&
		    note_override(config, variables[i].name, value, variables[i].overridden))
			err = config_no_memory(why);
	}
	return err;
}
