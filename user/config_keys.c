/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sections and their keys: what each may hold, and where it goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"
#include "sink.h"
#include "suggest.h"

#define LIST_MAX 4096
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
#define FLUSH_MIN (10 * NS_PER_MS)
#define FLUSH_MAX (3600 * NS_PER_S)
#define SYNC_MAX (24 * 3600 * NS_PER_S)
#define ROTATE_MIN 4096
#define ROTATE_KEEP_MAX 1000
#define RING_MIN (1ULL << 12)
#define RING_MAX (1ULL << 30)

void config_hint(const char *word, const char *const *candidates, char *ret_text, size_t sz)
{
	static const char more[] = ", ...)";
	const char *nearest = suggest_word(word, candidates);
	int used;

	if (nearest) {
		snprintf(ret_text, sz, "(did you mean '%s'?)", nearest);
		return;
	}
	used = snprintf(ret_text, sz, "(valid:");
	for (size_t i = 0; candidates[i]; i++) {
		size_t left = sz - (size_t)used;

		if (strlen(candidates[i]) + sizeof(", ") + sizeof(more) > left) {
			snprintf(ret_text + used, left, "%s", more + (i ? 0 : 1));
			return;
		}
		used += snprintf(ret_text + used, left, "%s %s", i ? "," : "", candidates[i]);
	}
	snprintf(ret_text + used, sz - (size_t)used, ")");
}

void config_list__free(char **list, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		free(list[i]);
	free(list);
}

static int add_item(char **items, size_t *cnt, const char *text, size_t sz, struct fault *why)
{
	char *item;

	item = config_copy_trimmed(text, sz);
	if (!item)
		return fault__set(why, -ENOMEM, "out of memory");
	items[(*cnt)++] = item;
	if (!*item)
		return fault__set(why, -EINVAL, "an item of the list is empty (write a, b)");
	for (size_t i = 0; i < *cnt - 1; i++) {
		if (strcmp(items[i], item) == 0)
			return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is listed twice", item);
	}
	return 0;
}

static int split_list(const char *text, char ***ret_items, size_t *ret_cnt, struct fault *why)
{
	size_t cnt = 0, item_cnt = 1, sz;
	char **items;
	int err = 0;

	for (const char *c = text; *c; c++)
		item_cnt += *c == ',';
	if (item_cnt > LIST_MAX)
		return fault__set(why, -EINVAL, "the list has more than %d items", LIST_MAX);
	items = calloc(item_cnt, sizeof(*items));
	if (!items)
		return fault__set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < item_cnt && !err; i++) {
		sz = strcspn(text, ",");
		err = add_item(items, &cnt, text, sz, why);
		text += sz + 1;
	}
	if (err) {
		config_list__free(items, cnt);
		return err;
	}
	*ret_items = items;
	*ret_cnt = cnt;
	return 0;
}

int config_list__set(char ***list, size_t *cnt, const char *text, struct fault *why)
{
	char **items = NULL;
	size_t item_cnt = 0;
	int err;

	if (*text) {
		err = split_list(text, &items, &item_cnt, why);
		if (err)
			return err;
	}
	config_list__free(*list, *cnt);
	*list = items;
	*cnt = item_cnt;
	return 0;
}

/* An empty value becomes NULL. */
static int set_optional_string(char **string, const char *value, struct fault *why)
{
	if (!*value) {
		free(*string);
		*string = NULL;
		return 0;
	}
	if (config_string__set(string, value))
		return fault__set(why, -ENOMEM, "out of memory");
	return 0;
}

static int set_directory(struct config *config, struct state_config *state, const char *value,
			 const char *origin, struct fault *why)
{
	(void)state, (void)origin;
	/* A service's working directory is nothing the reader of this file can see. */
	if (*value && *value != '/')
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is not an absolute path",
				  value);
	return set_optional_string(&config->directory, value, why);
}

static int set_states(struct config *config, struct state_config *state, const char *value,
		      const char *origin, struct fault *why)
{
	int err;

	(void)state;
	err = config_list__set(&config->state_globs, &config->state_glob_cnt, value, why);
	if (err)
		return err;
	if (config_string__set(&config->states_origin, origin))
		return fault__set(why, -ENOMEM, "out of memory");
	return 0;
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

static int refuse_duration(const char *value, int err, const char *range, struct fault *why)
{
	if (err == -EINVAL)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is not a duration (write 500ms, 1s, 2min)",
				  value);
	return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is out of range (%s)", value, range);
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
		return refuse_duration(value, err, "10ms to 1h", why);
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
		return refuse_duration(value, err, "0 for each flush, up to 1d, or never", why);
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

static int set_function(struct config *config, struct state_config *state, const char *value,
			const char *origin, struct fault *why)
{
	(void)config;
	if (!*value) {
		state_config__clear_functions(state);
		return 0;
	}
	return state_config__add_function(state, value, origin, why);
}

static int set_process(struct config *config, struct state_config *state, const char *value,
		       const char *origin, struct fault *why)
{
	(void)config, (void)origin;
	return set_optional_string(&state->process, value, why);
}

static int set_exit(struct config *config, struct state_config *state, const char *value,
		    const char *origin, struct fault *why)
{
	static const char *const names[] = {
		[EXIT_AUTO] = "auto",
		[EXIT_SAFE] = "safe",
		[EXIT_FAST] = "fast",
		NULL,
	};
	char hint[CONFIG_HINT_SZ];

	(void)config, (void)origin;
	if (!*value)
		value = names[EXIT_AUTO];
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], value) == 0) {
			state->exit = (enum exit_choice)i;
			return 0;
		}
	}
	config_hint(value, names, hint, sizeof(hint));
	return fault__set(why, -EINVAL, "unknown value '" CONFIG_SHOWN "' %s", value, hint);
}

static const struct config_key record_keys[] = {
	{ "directory", set_directory, false },
	{ "states", set_states, false },
	{ "formats", set_formats, false },
	{ "flush", set_flush, false },
	{ "sync", set_sync, false },
	{ "rotate-size", set_rotate_size, false },
	{ "rotate-keep", set_rotate_keep, false },
	{ "ring-size", set_ring_size, false },
};
_Static_assert(ARRAY_SIZE(record_keys) <= CONFIG_KEY_MAX, "raise CONFIG_KEY_MAX");

static const struct config_key state_keys[] = {
	{ "function", set_function, true },
	{ "process", set_process, false },
	{ "exit", set_exit, false },
};
_Static_assert(ARRAY_SIZE(state_keys) <= CONFIG_KEY_MAX, "raise CONFIG_KEY_MAX");

const struct config_section config_sections[CONFIG_SECTION_CNT] = {
	{ "record", "[record]", false, record_keys, ARRAY_SIZE(record_keys) },
	{ "state", "[state NAME]", true, state_keys, ARRAY_SIZE(state_keys) },
};

static int key_index(const struct config_section *section, const char *name)
{
	for (size_t i = 0; i < section->key_cnt; i++) {
		if (strcmp(section->keys[i].name, name) == 0)
			return (int)i;
	}
	return -EINVAL;
}

int config_section__find_key(const struct config_section *section, const char *heading,
			     const char *name, struct fault *why)
{
	const char *names[CONFIG_KEY_MAX + 1] = {};
	char hint[CONFIG_HINT_SZ];
	int idx = key_index(section, name);

	if (idx >= 0)
		return idx;
	for (size_t i = 0; i < section->key_cnt; i++)
		names[i] = section->keys[i].name;
	config_hint(name, names, hint, sizeof(hint));
	for (size_t i = 0; i < CONFIG_SECTION_CNT; i++) {
		if (key_index(&config_sections[i], name) >= 0)
			snprintf(hint, sizeof(hint), "(it belongs in %s)",
				 config_sections[i].heading);
	}
	return fault__set(why, -EINVAL, "unknown key '" CONFIG_SHOWN "' in %s %s", name, heading,
			  hint);
}
