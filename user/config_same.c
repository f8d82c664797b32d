/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Do two parts of the settings mean the same? */
#include <string.h>

#include "config.h"

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_list(char *const *a, size_t a_cnt, char *const *b, size_t b_cnt)
{
	if (a_cnt != b_cnt)
		return false;
	for (size_t i = 0; i < a_cnt; i++) {
		if (strcmp(a[i], b[i]))
			return false;
	}
	return true;
}

/* In another order they are others: numbers and columns follow it. */
static bool same_functions(const struct function_ref *a, size_t a_cnt, const struct function_ref *b,
			   size_t b_cnt)
{
	if (a_cnt != b_cnt)
		return false;
	for (size_t i = 0; i < a_cnt; i++) {
		if (!same_text(a[i].binary, b[i].binary) ||
		    !same_text(a[i].function, b[i].function))
			return false;
	}
	return true;
}

static bool same_value(const struct value_ref *a, const struct value_ref *b)
{
	return a->source == b->source && a->argument == b->argument &&
	       same_text(a->argument_name, b->argument_name) && a->type == b->type &&
	       a->text_sz == b->text_sz;
}

static bool same_captures(const struct state_config *a, const struct state_config *b)
{
	if (a->capture_cnt != b->capture_cnt)
		return false;
	for (size_t i = 0; i < a->capture_cnt; i++) {
		if (!same_value(&a->captures[i].value, &b->captures[i].value) ||
		    !same_text(a->captures[i].name, b->captures[i].name))
			return false;
	}
	return true;
}

static bool same_failed_if(const struct failed_if_config *a, const struct failed_if_config *b)
{
	return a->compare == b->compare && a->type == b->type && a->operand == b->operand;
}

bool state_config__same(const struct state_config *a, const struct state_config *b)
{
	return same_text(a->name, b->name) &&
	       same_functions(a->functions, a->function_cnt, b->functions, b->function_cnt) &&
	       same_functions(a->pythons, a->python_cnt, b->pythons, b->python_cnt) &&
	       same_functions(a->begins, a->begin_cnt, b->begins, b->begin_cnt) &&
	       same_functions(a->ends, a->end_cnt, b->ends, b->end_cnt) &&
	       same_value(&a->begin_key, &b->begin_key) && same_value(&a->end_key, &b->end_key) &&
	       same_text(a->process, b->process) && a->exit == b->exit && a->place == b->place &&
	       a->many == b->many && same_captures(a, b) &&
	       same_failed_if(&a->failed_if, &b->failed_if);
}

bool marks_config__same(const struct marks_config *a, const struct marks_config *b)
{
	if (a->enabled != b->enabled)
		return false;
	if (a->enabled && (!same_list(a->programs, a->program_cnt, b->programs, b->program_cnt) ||
			   !same_list(a->labels, a->label_cnt, b->labels, b->label_cnt)))
		return false;
	if (a->python && b->python && !same_list(a->cores, a->core_cnt, b->cores, b->core_cnt))
		return false;
	return !(a->enabled || (a->python && b->python)) ||
	       (same_text(a->process, b->process) && a->limit == b->limit);
}

bool resources_config__same(const struct resources_config *a, const struct resources_config *b)
{
	if (!a->enabled || !b->enabled)
		return a->enabled == b->enabled;
	return a->interval_ns == b->interval_ns &&
	       same_list(a->patterns, a->pattern_cnt, b->patterns, b->pattern_cnt);
}

bool feature_flag_config__same(const struct feature_flag_config *a,
			       const struct feature_flag_config *b)
{
	return same_text(a->file, b->file) && same_text(a->key, b->key);
}

bool config__same_directory(const struct config *a, const struct config *b)
{
	return same_text(a->directory, b->directory);
}

bool config__same_formats(const struct config *a, const struct config *b)
{
	return same_list(a->formats, a->format_cnt, b->formats, b->format_cnt);
}
