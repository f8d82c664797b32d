/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* -c and -s, as every command has them that needs to know the states: options to struct config. */
#ifndef TACHO_USER_SETTINGS_H
#define TACHO_USER_SETTINGS_H

#include "cli.h"
#include "config.h"

#define SETTINGS_OPTIONS                                                                           \
	{ 'c', "config", "FILE", "read settings from FILE (default " CONFIG_DEFAULT_PATH ")" },    \
	{                                                                                          \
		's', "state", "NAME=BINARY:FUNCTION", "a state from the command line; repeatable"  \
	}

#define SETTINGS_STATES_MAX 1024 /* from the command line; a file may have more */

struct settings {
	const struct cli *cli;
	struct config *config; /* complete after settings__finish */
	const char *path;
	const char *states[SETTINGS_STATES_MAX];
	size_t state_cnt;
};

void settings__init(struct settings *settings, const struct cli *cli);

/* Takes one of SETTINGS_OPTIONS. 0 or an exit status (the trouble has been told). */
int settings__take(struct settings *settings, int letter, const char *arg);

/* Loads what was given: the file of -c; the default one when neither -c nor -s was given. */
int settings__finish(struct settings *settings);

void settings__free(struct settings *settings);

#endif
