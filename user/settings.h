/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * -c and -s, as every command has them that needs to know the states: options to struct config. And
 * what only recording has: processes (-r), and the environment variables that override the files.
 */
#ifndef TACHO_USER_SETTINGS_H
#define TACHO_USER_SETTINGS_H

#include <stdbool.h>

#include "cli.h"
#include "config.h"

#define SETTINGS_OPTIONS                                                                           \
	{ 'c', "config", "FILE", "read settings from FILE (default " CONFIG_DEFAULT_PATH ")" },    \
	{                                                                                          \
		's', "state", "NAME=BINARY:FUNCTION", "a state from the command line; repeatable"  \
	}

#define SETTINGS_RESOURCES_OPTION                                                                  \
	{                                                                                          \
		'r', "resources", "[GLOB]", "record processes too, by command line; repeatable"    \
	}

#define SETTINGS_STATES_MAX 1024 /* from the command line; a file may have more */
#define SETTINGS_PATTERNS_MAX 64 /* likewise */

struct settings {
	const struct cli *cli;
	struct config *config; /* complete after settings__finish */
	const char *path;
	const char *states[SETTINGS_STATES_MAX];
	size_t state_cnt;
	bool recording; /* the environment counts, and processes may do without states */
	bool resources; /* -r */
	const char *patterns[SETTINGS_PATTERNS_MAX];
	size_t pattern_cnt;
};

void settings__init(struct settings *settings, const struct cli *cli);

/* Takes one of the options above. 0 or an exit status (the trouble has been told). */
int settings__take(struct settings *settings, int letter, const char *arg);

/*
 * Loads what was given: the file of -c; the default one when neither -c nor -s was given. It must
 * be there then, unless only processes are recorded. When recording, says what the environment has
 * overridden, and sets which messages are shown. 0 or an exit status (the trouble has been told).
 */
int settings__finish(struct settings *settings);

/*
 * Loads the same again, as it is now, into a config of its own, and says nothing. To be called
 * after settings__finish. 0 or negative errno with why.
 */
int settings__load_again(const struct settings *settings, struct config **ret_config,
			 struct fault *why);

void settings__free(struct settings *settings);

#endif
