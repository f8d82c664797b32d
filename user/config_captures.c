/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `capture = SOURCE[:TYPE] as NAME, ...`, values that become columns of activity_detail.csv, and
 * `key = BEGIN[, END]`, the values by which an end finds its begin.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"

#define COLUMN_NAME_MAX 64

/* What activity_detail.csv has without captures. */
static const char *const own_columns[] = {
	"state",
	"start_ns",
	"duration_ns",
	"pid",
	"tid",
	"comm",
	"ended",
	"failed",
	"depth",
	"cpu_ns",
	"runqueue_ns",
	"blocked_ns",
	"minor_faults",
	"major_faults",
	"voluntary_switches",
	"involuntary_switches",
	"return_value",
	"binary",
	"function",
};

static void capture_config__clear(struct capture_config *capture)
{
	value_ref__clear(&capture->value);
	free(capture->name);
}

void captures__free(struct capture_config *captures, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		capture_config__clear(&captures[i]);
	free(captures);
}

/* The word "as", or NULL. strchr finds the NUL too: the text may end there. */
static const char *find_as(const char *text)
{
	for (const char *at = strstr(text, "as"); at; at = strstr(at + 1, "as")) {
		if ((at == text || strchr(" \t", at[-1])) && strchr(" \t", at[2]))
			return at;
	}
	return NULL;
}

static int check_column(const char *name, struct fault *why)
{
	if (!config_is_identifier(name))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' is no name for a column (letters, digits and "
				  "'_', no digit in front)",
				  name);
	if (strlen(name) > COLUMN_NAME_MAX)
		return fault__set(why, -EINVAL,
				  "the column '" CONFIG_SHOWN "' is longer than %d characters",
				  name, COLUMN_NAME_MAX);
	for (size_t i = 0; i < sizeof(own_columns) / sizeof(own_columns[0]); i++) {
		if (strcmp(own_columns[i], name) == 0)
			return fault__set(why, -EINVAL,
					  "activity_detail.csv has a column '%s' of its own (give "
					  "another name behind 'as')",
					  name);
	}
	return 0;
}

/* What stands behind `as`; else the name that the argument has anyway. */
static int set_column(const char *item, const char *as, struct capture_config *capture,
		      struct fault *why)
{
	if (as)
		capture->name = config_copy_trimmed(as + 2, strlen(as + 2));
	else if (capture->value.source != VALUE_NAMED)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' needs a name (write " CONFIG_SHOWN
				  " as NAME)",
				  item, item);
	else
		capture->name = strdup(capture->value.argument_name);
	if (!capture->name)
		return config_no_memory(why);
	if (!*capture->name)
		return fault__set(why, -EINVAL, "no name behind 'as' in '" CONFIG_SHOWN "'", item);
	return check_column(capture->name, why);
}

static int capture_config__parse(const char *item, struct capture_config *capture,
				 struct fault *why)
{
	const char *as = find_as(item);
	char *value = config_copy_trimmed(item, as ? (size_t)(as - item) : strlen(item));
	int err;

	if (!value)
		return config_no_memory(why);
	if (!*value)
		err = fault__set(why, -EINVAL,
				 "no value before 'as' in '" CONFIG_SHOWN "' (write arg1 as NAME)",
				 item);
	else
		err = value_ref__parse(value, &capture->value, why);
	free(value);
	return err ? err : set_column(item, as, capture, why);
}

/* What can be said only of all of them together. The last one is the new one. */
static int check_captures(const struct capture_config *captures, size_t cnt, struct fault *why)
{
	const struct capture_config *last = &captures[cnt - 1];
	unsigned int text_sz = 0;

	for (size_t i = 0; i < cnt; i++)
		text_sz += captures[i].value.text_sz;
	if (text_sz > TACHO_TEXT_SZ)
		return fault__set(why, -EINVAL,
				  "with '%s' the strings have %u bytes together (at most %d; write "
				  "string[N] for shorter ones)",
				  last->name, text_sz, TACHO_TEXT_SZ);
	for (size_t i = 0; i + 1 < cnt; i++) {
		if (strcmp(captures[i].name, last->name) == 0)
			return fault__set(why, -EINVAL, "two values are named '%s'", last->name);
	}
	return 0;
}

static int parse_items(char **items, size_t cnt, struct capture_config *captures, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; i < cnt && !err; i++) {
		err = capture_config__parse(items[i], &captures[i], why);
		if (!err)
			err = check_captures(captures, i + 1, why);
	}
	return err;
}

int captures__parse(const char *text, struct capture_config **ret_captures, size_t *ret_cnt,
		    struct fault *why)
{
	struct capture_config *captures = NULL;
	char **items = NULL;
	size_t cnt = 0;
	int err;

	err = config_list__set(&items, &cnt, text, why);
	if (err)
		return err;
	if (cnt > TACHO_CAPTURES_MAX)
		err = fault__set(why, -EINVAL, "%zu values are too many (at most %d for a state)",
				 cnt, TACHO_CAPTURES_MAX);
	else if (!(captures = calloc(cnt, sizeof(*captures))))
		err = config_no_memory(why);
	else
		err = parse_items(items, cnt, captures, why);
	config_list__free(items, cnt);
	if (err) {
		captures__free(captures, captures ? cnt : 0);
		return err;
	}
	*ret_captures = captures;
	*ret_cnt = cnt;
	return 0;
}

/* ---- key ---- */

/* `thread` is a word of keys alone: elsewhere an argument may well be named so. */
static int take_thread(struct value_ref *value, struct fault *why)
{
	if (value->source != VALUE_NAMED || strcmp(value->argument_name, "thread"))
		return 0;
	if (value->type)
		return fault__set(why, -EINVAL,
				  "'thread' takes no type (an argument of that name is argN)");
	value_ref__clear(value);
	value->source = VALUE_THREAD;
	return 0;
}

static int parse_key(const char *text, size_t sz, struct value_ref *ret_value, struct fault *why)
{
	struct value_ref value = {};
	char *copy = strndup(text, sz);
	int err;

	if (!copy)
		return config_no_memory(why);
	err = value_ref__parse(copy, &value, why);
	free(copy);
	if (err)
		return err;
	err = take_thread(&value, why);
	if (value.source == VALUE_RETURN)
		err = fault__set(why, -EINVAL,
				 "'return' is no key: begin and end are places where nothing "
				 "returns");
	else if (value.type == TACHO_VALUE_STRING)
		err = fault__set(why, -EINVAL,
				 "a string is no key: keys are compared as numbers, and the same "
				 "text may lie at two addresses");
	if (err)
		value_ref__clear(&value);
	else
		*ret_value = value;
	return err;
}

int key__parse(const char *text, struct value_ref *ret_begin, struct value_ref *ret_end,
	       struct fault *why)
{
	struct value_ref begin = {}, end = {};
	const char *comma = strchr(text, ',');
	size_t begin_sz = strcspn(text, ",");
	int err;

	if (comma && strchr(comma + 1, ','))
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' has more than two values (write BEGIN, END)",
				  text);
	err = parse_key(text, begin_sz, &begin, why);
	if (err)
		return err;
	if (comma)
		err = parse_key(comma + 1, strlen(comma + 1), &end, why);
	else
		err = parse_key(text, begin_sz, &end, why);
	if (err) {
		value_ref__clear(&begin);
		return err;
	}
	*ret_begin = begin;
	*ret_end = end;
	return 0;
}
