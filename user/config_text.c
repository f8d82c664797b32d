/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parsers of several keys need: words, lists, hints. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"
#include "suggest.h"

#define LIST_MAX 4096
#define RATE_LIMIT_MAX 1000000000 /* no processor gets near */

int config_no_memory(struct fault *why)
{
	return fault__set(why, -ENOMEM, "out of memory");
}

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

char *config_copy_trimmed(const char *text, size_t sz)
{
	while (sz && strchr(" \t", text[0])) {
		text++;
		sz--;
	}
	while (sz && strchr(" \t", text[sz - 1]))
		sz--;
	return strndup(text, sz);
}

/* Not isalpha: what a valid name is must not depend on the locale. */
bool config_is_identifier(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char digits[] = "0123456789";
	size_t sz = strspn(text, letters);

	while (sz && text[sz] && (strchr(letters, text[sz]) || strchr(digits, text[sz])))
		sz++;
	return sz && !text[sz];
}

int config_string__set(char **string, const char *value)
{
	char *copy;

	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

int config_string__set_optional(char **string, const char *value, struct fault *why)
{
	if (!*value) {
		free(*string);
		*string = NULL;
		return 0;
	}
	return config_string__set(string, value) ? config_no_memory(why) : 0;
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
		return config_no_memory(why);
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
		return config_no_memory(why);
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

int config_choose(const char *const *names, const char *value, unsigned int *ret_idx,
		  struct fault *why)
{
	char hint[CONFIG_HINT_SZ];

	for (unsigned int i = 0; names[i]; i++) {
		if (!*value || strcmp(names[i], value) == 0) {
			*ret_idx = i;
			return 0;
		}
	}
	config_hint(value, names, hint, sizeof(hint));
	return fault__set(why, -EINVAL, "unknown value '" CONFIG_SHOWN "' %s", value, hint);
}

int config_bool__parse(const char *value, bool *ret, struct fault *why)
{
	static const char *const words[] = { "yes", "no", "true", "false", "on", "off", NULL };
	char hint[CONFIG_HINT_SZ];

	if (parse_bool(*value ? value : "no", ret) == 0)
		return 0;
	config_hint(value, words, hint, sizeof(hint));
	return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is neither yes nor no %s", value, hint);
}

int config_refuse_duration(const char *value, int err, const char *range, struct fault *why)
{
	if (err == -EINVAL)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is not a duration (write 500ms, 1s, 2min)",
				  value);
	return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' is out of range (%s)", value, range);
}

int config_rate_limit__parse(const char *value, uint64_t *ret_limit, struct fault *why)
{
	if (parse_u64(value, 0, RATE_LIMIT_MAX, ret_limit))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN
				  "' is not a number of rows a second from 0 (no limit) to %d",
				  value, RATE_LIMIT_MAX);
	return 0;
}
