/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of [record]: what each may hold, and where it goes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"
#include "sink.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
#define FLUSH_MIN (10 * NS_PER_MS)
#define FLUSH_MAX (3600 * NS_PER_S)
#define SYNC_MAX (24 * 3600 * NS_PER_S)
#define ROTATE_MIN 4096
#define ROTATE_KEEP_MAX 1000
#define ROTATE_AGE_MIN NS_PER_S
#define ROTATE_AGE_MAX (3650 * 24 * 3600 * NS_PER_S)
#define RING_MIN (1ULL << 12)
#define RING_MAX (1ULL << 30)

static int set_directory(struct config *config, struct state_config *state, const char *value,
			 const char *origin, struct fault *why)
{
	(void)state, (void)origin;
	/* A service's working directory is nothing the reader of this file can see. */
	if (*value && *value != '/')
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is not an absolute path",
				  value);
	return config_string__set_optional(&config->directory, value, why);
}

static int set_status(struct config *config, struct state_config *state, const char *value,
		      const char *origin, struct fault *why)
{
	(void)state, (void)origin;
	if (*value && *value != '/')
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is not an absolute path",
				  value);
	return config_string__set_optional(&config->status_path, value, why);
}

static int set_states(struct config *config, struct state_config *state, const char *value,
		      const char *origin, struct fault *why)
{
	int err;

	(void)state;
	err = config_list__set(&config->state_globs, &config->state_glob_cnt, value, why);
	if (err)
		return err;
	return config_string__set(&config->states_origin, origin) ? config_no_memory(why) : 0;
}

static int check_format(const char *name, struct fault *why)
{
	const char *const *valid = sink_ops__names();
	char hint[CONFIG_HINT_SZ];

	for (size_t i = 0; valid[i]; i++) {
		if (strcmp(valid[i], name) == 0)
			return 0;
	}
	config_hint(name, valid, hint, sizeof(hint));
	return fault__set(why, -EINVAL, "unknown format '" CONFIG_SHOWN "' %s", name, hint);
}

static int set_formats(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	int err;

	(void)state, (void)origin;
	err = config_list__set(&config->formats, &config->format_cnt,
			       *value ? value : CONFIG_DEFAULT_FORMATS, why);
	for (size_t i = 0; i < config->format_cnt && !err; i++)
		err = check_format(config->formats[i], why);
	return err;
}

static int set_flush(struct config *config, struct state_config *state, const char *value,
		     const char *origin, struct fault *why)
{
	uint64_t ns;
	int err;

	(void)state, (void)origin;
	err = parse_duration_ns(*value ? value : "1s", &ns);
	if (!err && (ns < FLUSH_MIN || ns > FLUSH_MAX))
		err = -ERANGE;
	if (err)
		return config_refuse_duration(value, err, "10ms to 1h", why);
	config->flush_ns = ns;
	return 0;
}

static int set_sync(struct config *config, struct state_config *state, const char *value,
		    const char *origin, struct fault *why)
{
	uint64_t ns;
	int err;

	(void)state, (void)origin;
	if (strcmp(value, "never") == 0) {
		config->sync_ns = CONFIG_SYNC_NEVER;
		return 0;
	}
	err = parse_duration_ns(*value ? value : "5s", &ns);
	if (!err && ns > SYNC_MAX)
		err = -ERANGE;
	if (err)
		return config_refuse_duration(value, err, "0 for each flush, up to 1d, or never",
					      why);
	config->sync_ns = ns;
	return 0;
}

static int refuse_size(const char *value, struct fault *why)
{
	return fault__set(why, -EINVAL,
			  "'" CONFIG_SHOWN "' is not a size (write 4096, 64K, 8M, 1G)", value);
}

static int set_rotate_size(struct config *config, struct state_config *state, const char *value,
			   const char *origin, struct fault *why)
{
	uint64_t bytes;
	int err;

	(void)state, (void)origin;
	err = parse_size_bytes(*value ? value : "64M", &bytes);
	if (err == -EINVAL)
		return refuse_size(value, why);
	if (err || bytes > INT64_MAX)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is larger than any file (write 0 for never)",
				  value);
	if (bytes && bytes < ROTATE_MIN)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is too small (at least 4K, or 0 for never)",
				  value);
	config->rotate_bytes = bytes;
	return 0;
}

static int set_rotate_keep(struct config *config, struct state_config *state, const char *value,
			   const char *origin, struct fault *why)
{
	uint64_t cnt;

	(void)state, (void)origin;
	if (parse_u64(*value ? value : "8", 0, ROTATE_KEEP_MAX, &cnt))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is not a number of files from 0 to %d", value,
				  ROTATE_KEEP_MAX);
	config->rotate_keep = (unsigned int)cnt;
	return 0;
}

static int set_rotate_age(struct config *config, struct state_config *state, const char *value,
			  const char *origin, struct fault *why)
{
	uint64_t ns;
	int err;

	(void)state, (void)origin;
	err = parse_duration_ns(*value ? value : "0", &ns);
	if (!err && ns && (ns < ROTATE_AGE_MIN || ns > ROTATE_AGE_MAX))
		err = -ERANGE;
	if (err)
		return config_refuse_duration(value, err, "0 for never, or 1s to 3650d", why);
	config->rotate_age_ns = ns;
	return 0;
}

static int set_rotate_compress(struct config *config, struct state_config *state, const char *value,
			       const char *origin, struct fault *why)
{
	static const char *const names[] = { "no", "zstd", NULL };
	unsigned int chosen;
	int err;

	(void)state, (void)origin;
	err = config_choose(names, value, &chosen, why);
	if (!err)
		config->rotate_compress = chosen == 1;
	return err;
}

static int set_keep_size(struct config *config, struct state_config *state, const char *value,
			 const char *origin, struct fault *why)
{
	uint64_t bytes;
	int err;

	(void)state, (void)origin;
	err = parse_size_bytes(*value ? value : "0", &bytes);
	if (err == -EINVAL)
		return refuse_size(value, why);
	if (err || bytes > INT64_MAX)
		return fault__set(
			why, -EINVAL,
			"'" CONFIG_SHOWN "' is larger than any disk (write 0 for no limit)", value);
	if (bytes && bytes < ROTATE_MIN)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is too small (at least 4K, or 0 for no "
				  "limit)",
				  value);
	config->keep_bytes = bytes;
	return 0;
}

/* A power of two from RING_MIN on, in the unit in which it reads shortest. */
static const char *format_ring_size(uint64_t bytes, char *text, size_t sz)
{
	static const char units[] = "KMG";
	size_t unit = 0;

	for (bytes >>= 10; bytes >= 1024; bytes >>= 10)
		unit++;
	snprintf(text, sz, "%u%c", (unsigned int)bytes, units[unit]);
	return text;
}

static int set_ring_size(struct config *config, struct state_config *state, const char *value,
			 const char *origin, struct fault *why)
{
	uint64_t bytes, below = RING_MIN;
	char low[16], high[16];
	int err;

	(void)state, (void)origin;
	err = parse_size_bytes(*value ? value : "8M", &bytes);
	if (err == -EINVAL)
		return refuse_size(value, why);
	if (err || bytes > RING_MAX)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is too large (at most 1G)",
				  value);
	if (bytes < RING_MIN)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is too small (at least 4K)",
				  value);
	if (bytes & (bytes - 1)) {
		while (below * 2 < bytes)
			below *= 2;
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN
				  "' is not a power of two (the nearest are %s and %s)",
				  value, format_ring_size(below, low, sizeof(low)),
				  format_ring_size(below * 2, high, sizeof(high)));
	}
	config->ring_bytes = bytes;
	return 0;
}

static int set_rate_limit(struct config *config, struct state_config *state, const char *value,
			  const char *origin, struct fault *why)
{
	(void)state, (void)origin;
	if (!*value) {
		config->rate_limit = CONFIG_RATE_LIMIT_DEFAULT;
		return 0;
	}
	return config_rate_limit__parse(value, &config->rate_limit, why);
}

static int set_debuginfod(struct config *config, struct state_config *state, const char *value,
			  const char *origin, struct fault *why)
{
	(void)state, (void)origin;
	return config_bool__parse(value, &config->debuginfod, why);
}

const struct config_key config_record_keys[] = {
	{ "directory", set_directory, false },
	{ "states", set_states, false },
	{ "formats", set_formats, false },
	{ "flush", set_flush, false },
	{ "sync", set_sync, false },
	{ "rotate-size", set_rotate_size, false },
	{ "rotate-keep", set_rotate_keep, false },
	{ "rotate-age", set_rotate_age, false },
	{ "rotate-compress", set_rotate_compress, false },
	{ "keep-size", set_keep_size, false },
	{ "ring-size", set_ring_size, false },
	{ "rate-limit", set_rate_limit, false },
	{ "debuginfod", set_debuginfod, false },
	{ "status", set_status, false },
	{},
};
_Static_assert(sizeof(config_record_keys) / sizeof(config_record_keys[0]) <= CONFIG_KEY_MAX + 1,
	       "raise CONFIG_KEY_MAX");
