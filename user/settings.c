/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "settings.h"

#include <errno.h>
#include <unistd.h>

#include "message.h"

void settings__init(struct settings *settings, const struct cli *cli)
{
	*settings = (struct settings) { .cli = cli };
}

static int take_resources(struct settings *settings, const char *glob)
{
	settings->resources = true;
	if (!glob)
		return 0;
	if (!*glob)
		return cli__refuse(settings->cli, "-r: the pattern is empty");
	if (settings->pattern_cnt == SETTINGS_PATTERNS_MAX)
		return cli__refuse(settings->cli, "more than %d patterns on the command line",
				   SETTINGS_PATTERNS_MAX);
	settings->patterns[settings->pattern_cnt++] = glob;
	return 0;
}

int settings__take(struct settings *settings, int letter, const char *arg)
{
	if (letter == 'r')
		return take_resources(settings, arg);
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

/* Everything there is, the weakest first. */
static int load(const struct settings *settings, struct config *config, struct fault *why)
{
	int err = 0;

	if (settings->path)
		err = config__load(config, settings->path, why);
	if (!err && settings->recording)
		err = config__apply_environment(config, why);
	if (!err && settings->resources)
		err = config__want_resources(config, (const char *const *)settings->patterns,
					     settings->pattern_cnt, why);
	for (size_t i = 0; !err && i < settings->state_cnt; i++)
		err = config__add_state(config, settings->states[i], why);
	return err;
}

int settings__load_again(const struct settings *settings, struct config **ret_config,
			 struct fault *why)
{
	struct config *config = config__new();
	int err;

	if (!config)
		return fault__set(why, -ENOMEM, "no memory");
	err = load(settings, config, why);
	if (!err)
		err = config__finish(config, why);
	if (err)
		config__free(config);
	else
		*ret_config = config;
	return err;
}

static int refuse_nothing(const struct settings *settings)
{
	if (settings->recording)
		return cli__refuse(settings->cli,
				   "which states? Give -s NAME=BINARY:FUNCTION or -c FILE (there "
				   "is no " CONFIG_DEFAULT_PATH "), or -r for processes");
	return cli__refuse(settings->cli, "which states? Give -s NAME=BINARY:FUNCTION or -c FILE; "
					  "there is no " CONFIG_DEFAULT_PATH);
}

static void tell(const struct settings *settings)
{
	const struct config *config = settings->config;
	const struct resources_config *resources = &config->resources;

	message_set_level(config->message_level);
	for (size_t i = 0; i < config->override_cnt; i++)
		message_info("%s: %s", settings->cli->command, config->overrides[i]);
	message_debug("%s: settings: %s", settings->cli->command,
		      settings->path ? settings->path : "no file");
	for (size_t i = 0; resources->enabled && i < resources->pattern_cnt; i++)
		message_debug("%s: processes that match '%s', every %.10g s",
			      settings->cli->command, resources->patterns[i],
			      resources->interval_ns / 1e9);
}

int settings__finish(struct settings *settings)
{
	bool given = settings->path || settings->state_cnt;
	struct fault why = {};
	int err;

	settings->config = config__new();
	if (!settings->config) {
		message("%s: no memory", settings->cli->command);
		return CLI_EXIT_FAILED;
	}
	if (!given && (access(CONFIG_DEFAULT_PATH, F_OK) == 0 || errno != ENOENT))
		settings->path = CONFIG_DEFAULT_PATH;
	err = load(settings, settings->config, &why);
	if (!err && !settings->path && !settings->state_cnt && !settings->config->resources.enabled)
		return refuse_nothing(settings);
	if (!err)
		err = config__finish(settings->config, &why);
	if (!err && !settings->recording && !settings->config->state_cnt &&
	    !settings->config->marks.enabled)
		err = fault__set(&why, -EINVAL,
				 "%s: no states, only [resources], which needs no probes",
				 settings->path);
	if (err) {
		message("%s: %s", settings->cli->command, why.text);
		return CLI_EXIT_USAGE;
	}
	if (settings->recording)
		tell(settings);
	return 0;
}

void settings__free(struct settings *settings)
{
	config__free(settings->config);
}
