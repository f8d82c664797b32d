/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `failed-if = return[:TYPE] OPERATOR NUMBER`. What could never, or only ever, be true is refused:
 * it is a mistake about the type.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"

#define OPERATOR_CHARS "<>=!"

struct number {
	bool negative;
	uint64_t magnitude;
	/* What a word stands for if nothing else is said: NULL is a pointer, true and false are
	 * of type bool, of which a register holds only eight bits. */
	enum tacho_value_type type;
};

static const struct {
	const char *text;
	enum tacho_compare compare; /* NONE: not an operator here, but `meant` is */
	const char *meant;
} operators[] = {
	{ "<", TACHO_COMPARE_LESS, NULL },	     { "<=", TACHO_COMPARE_LESS_EQUAL, NULL },
	{ "==", TACHO_COMPARE_EQUAL, NULL },	     { "!=", TACHO_COMPARE_NOT_EQUAL, NULL },
	{ ">=", TACHO_COMPARE_GREATER_EQUAL, NULL }, { ">", TACHO_COMPARE_GREATER, NULL },
	{ "=", TACHO_COMPARE_NONE, "==" },	     { "===", TACHO_COMPARE_NONE, "==" },
	{ "=<", TACHO_COMPARE_NONE, "<=" },	     { "=>", TACHO_COMPARE_NONE, ">=" },
	{ "<>", TACHO_COMPARE_NONE, "!=" },
};

static int find_operator(const char *text, enum tacho_compare *ret_compare, struct fault *why)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (strcmp(operators[i].text, text))
			continue;
		if (operators[i].meant)
			return fault__set(why, -EINVAL,
					  "unknown operator '%s' (did you mean '%s'?)", text,
					  operators[i].meant);
		*ret_compare = operators[i].compare;
		return 0;
	}
	return fault__set(why, -EINVAL,
			  "unknown operator '" CONFIG_SHOWN "' (valid: <, <=, ==, !=, >=, >)",
			  text);
}

static const char *operator_text(enum tacho_compare compare)
{
	size_t i = 0;

	while (operators[i].compare != compare)
		i++;
	return operators[i].text;
}

static int find_number(const char *text, struct number *ret_number, struct fault *why)
{
	static const struct {
		const char *word;
		struct number number;
	} words[] = {
		{ "NULL", { false, 0, TACHO_VALUE_POINTER } },
		{ "null", { false, 0, TACHO_VALUE_POINTER } },
		{ "true", { false, 1, TACHO_VALUE_BOOL } },
		{ "false", { false, 0, TACHO_VALUE_BOOL } },
	};
	struct number number = {};
	int err;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) == 0) {
			*ret_number = words[i].number;
			return 0;
		}
	}
	err = parse_signed(text, &number.negative, &number.magnitude);
	if (err == -EINVAL)
		return fault__set(why, err,
				  "'" CONFIG_SHOWN
				  "' is not a number (write -1, 0x1f, NULL, true or false)",
				  text);
	if (err)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' does not fit into 64 bits",
				  text);
	*ret_number = number;
	return 0;
}

/* "never", "always", or NULL: is the comparison false, or true, of every value in the range? */
static const char *verdict(enum tacho_compare compare, const struct number *number,
			   const struct value_range *range)
{
	bool lowest = number->negative ? number->magnitude == -(uint64_t)range->min
				       : !number->magnitude && !range->min;
	bool highest = !number->negative && number->magnitude == range->max;

	if ((lowest && compare == TACHO_COMPARE_LESS) ||
	    (highest && compare == TACHO_COMPARE_GREATER))
		return "never";
	if ((lowest && compare == TACHO_COMPARE_GREATER_EQUAL) ||
	    (highest && compare == TACHO_COMPARE_LESS_EQUAL))
		return "always";
	return NULL;
}

static int check_comparison(enum tacho_compare compare, const struct number *number,
			    enum tacho_value_type type, struct fault *why)
{
	const struct value_range *range = value_type__range(type);
	bool equality = compare == TACHO_COMPARE_EQUAL || compare == TACHO_COMPARE_NOT_EQUAL;
	const char *sign = number->negative ? "-" : "";
	unsigned long long magnitude = number->magnitude;

	if (!range)
		return fault__set(
			why, -EINVAL,
			"a string is not compared (return:ptr == NULL, if that is meant)");
	if (type == TACHO_VALUE_POINTER && !equality)
		return fault__set(why, -EINVAL, "pointers have no order (write == or !=)");
	if (number->magnitude > (number->negative ? -(uint64_t)range->min : range->max))
		return fault__set(why, -EINVAL, "%s%llu is out of range for %s (%lld to %llu)",
				  sign, magnitude, range->type, (long long)range->min,
				  (unsigned long long)range->max);
	if (!verdict(compare, number, range))
		return 0;
	return fault__set(why, -EINVAL, "'return %s %s%llu' is %s true (%s is %lld to %llu)",
			  operator_text(compare), sign, magnitude, verdict(compare, number, range),
			  range->type, (long long)range->min, (unsigned long long)range->max);
}

int failed_if_config__check(const struct failed_if_config *failed_if, enum tacho_value_type type,
			    struct fault *why)
{
	bool negative = failed_if->operand < 0;
	struct number number = {
		.negative = negative,
		.magnitude =
			negative ? -(uint64_t)failed_if->operand : (uint64_t)failed_if->operand,
	};

	return check_comparison(failed_if->compare, &number, type, why);
}

static int find_returned(const char *text, enum tacho_value_type *ret_type, struct fault *why)
{
	static const char *const sources[] = { "return", NULL };
	struct value_ref value = {};
	char hint[CONFIG_HINT_SZ];
	int err;

	err = value_ref__parse(text, &value, why);
	if (err)
		return err;
	if (value.source != VALUE_RETURN) {
		config_hint(text, sources, hint, sizeof(hint));
		err = fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' cannot tell a failure %s", text,
				 hint);
	}
	*ret_type = value.type;
	value_ref__clear(&value);
	return err;
}

static int combine(const char *returned, const char *comparison, const char *operand,
		   struct failed_if_config *failed_if, struct fault *why)
{
	struct number number = {};
	int err;

	err = find_returned(returned, &failed_if->type, why);
	if (!err)
		err = find_operator(comparison, &failed_if->compare, why);
	if (!err)
		err = find_number(operand, &number, why);
	if (err)
		return err;
	if (!failed_if->type)
		failed_if->type = number.type;
	/* Or else nobody could tell it from a negative number. */
	if (!failed_if->type && !number.negative && number.magnitude > INT64_MAX)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN
				  "' is too large without a type (write return:u64)",
				  operand);
	failed_if->operand = (int64_t)(number.negative ? -number.magnitude : number.magnitude);
	return check_comparison(failed_if->compare, &number, failed_if->type, why);
}

static int check_parts(const char *whole, size_t returned_sz, size_t comparison_sz,
		       struct fault *why)
{
	static const char form[] = "write return < 0";

	if (!comparison_sz)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' compares nothing (%s)", whole,
				  form);
	if (!returned_sz)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no value (%s)", whole,
				  form);
	if (!whole[returned_sz + comparison_sz])
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no number (%s)", whole,
				  form);
	return 0;
}

int failed_if__parse(const char *text, struct failed_if_config *ret_failed_if, struct fault *why)
{
	size_t returned_sz = strcspn(text, OPERATOR_CHARS);
	size_t comparison_sz = strspn(text + returned_sz, OPERATOR_CHARS);
	const char *behind = text + returned_sz + comparison_sz;
	struct failed_if_config failed_if = {};
	char *returned, *comparison, *operand;
	int err;

	err = check_parts(text, returned_sz, comparison_sz, why);
	if (err)
		return err;
	returned = config_copy_trimmed(text, returned_sz);
	comparison = config_copy_trimmed(text + returned_sz, comparison_sz);
	operand = config_copy_trimmed(behind, strlen(behind));
	if (!returned || !comparison || !operand)
		err = config_no_memory(why);
	else
		err = combine(returned, comparison, operand, &failed_if, why);
	free(returned);
	free(comparison);
	free(operand);
	if (!err)
		*ret_failed_if = failed_if;
	return err;
}
