/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "settings.h"

#include <errno.h>
#include <unistd.h>

#include "message.h"

void settings__init(struct settings *settings, const struct cli *cli)
{
	*settings = (struct settings) { .cli = cli };
}

int settings__take(struct settings *settings, int letter, const char *arg)
{
	if (letter == 'c') {
		if (settings->path)
			return cli__refuse(settings->cli, "-c is given twice");
		settings->path = arg;
		return 0;
	}
	if (settings->state_cnt == SETTINGS_STATES_MAX)
		return cli__refuse(settings->cli, "more than %d states on the command line",
				   SETTINGS_STATES_MAX);
	settings->states[settings->state_cnt++] = arg;
	return 0;
}

int settings__finish(struct settings *settings)
{
	struct fault why = {};
	int err = 0;

	settings->config = config__new();
	if (!settings->config) {
		message("%s: no memory", settings->cli->command);
		return CLI_EXIT_FAILED;
	}
	if (!settings->path && !settings->state_cnt) {
		if (access(CONFIG_DEFAULT_PATH, F_OK) && errno == ENOENT)
			return cli__refuse(settings->cli,
					   "which states? Give -s NAME=BINARY:FUNCTION or -c FILE; "
					   "there is no " CONFIG_DEFAULT_PATH);
		settings->path = CONFIG_DEFAULT_PATH;
	}
	if (settings->path)
		err = config__load(settings->config, settings->path, &why);
	for (size_t i = 0; !err && i < settings->state_cnt; i++)
		err = config__add_state(settings->config, settings->states[i], &why);
	if (!err)
		err = config__finish(settings->config, &why);
	if (!err)
		return 0;
	message("%s: %s", settings->cli->command, why.text);
	return CLI_EXIT_USAGE;
}

void settings__free(struct settings *settings)
{
	config__free(settings->config);
}
