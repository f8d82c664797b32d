/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of [feature-flag]. */
#include <errno.h>
#include <string.h>

#include "config_internal.h"

static int note_origin(struct config *config, const char *origin, struct fault *why)
{
	if (config->flag.origin)
		return 0;
	return config_string__set(&config->flag.origin, origin) ? config_no_memory(why) : 0;
}

static int set_file(struct config *config, struct state_config *state, const char *value,
		    const char *origin, struct fault *why)
{
	int err;

	(void)state;
	if (*value && *value != '/')
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is not an absolute path",
				  value);
	err = config_string__set_optional(&config->flag.file, value, why);
	return err ? err : note_origin(config, origin, why);
}

/* It is a part of a variable's name, too. */
static int set_key(struct config *config, struct state_config *state, const char *value,
		   const char *origin, struct fault *why)
{
	int err;

	(void)state;
	if (strchr(value, '='))
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' has a '=' in it", value);
	if (strlen(value) > CONFIG_FLAG_KEY_MAX)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is longer than %d characters",
				  value, CONFIG_FLAG_KEY_MAX);
	err = config_string__set_optional(&config->flag.key, value, why);
	return err ? err : note_origin(config, origin, why);
}

int config_flag__finish(struct feature_flag_config *flag, struct fault *why)
{
	if (flag->key && !flag->file)
		return fault__set(why, -EINVAL, "%s: [feature-flag] needs a file (add file = PATH)",
				  flag->origin);
	if (flag->file && !flag->key && config_string__set(&flag->key, CONFIG_FLAG_KEY_DEFAULT))
		return config_no_memory(why);
	return 0;
}

const struct config_key config_flag_keys[] = {
	{ "file", set_file, false },
	{ "key", set_key, false },
	{},
};
