/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SOURCE[:TYPE]: where a value is read, and what it is.
 *
 *	arg1  arg2:u32  path:string[200]  return:ptr
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "parse.h"

#define ARGUMENT_MAX 12
#define TEXT_SZ_MIN 2 /* a character and the NUL */
#define TEXT_SZ_MAX TACHO_TEXT_SZ

static const struct value_range ranges[TACHO_VALUE_CNT] = {
	[TACHO_VALUE_NONE] = { "a number without type", INT64_MIN, INT64_MAX },
	[TACHO_VALUE_U8] = { "u8", 0, UINT8_MAX },
	[TACHO_VALUE_U16] = { "u16", 0, UINT16_MAX },
	[TACHO_VALUE_U32] = { "u32", 0, UINT32_MAX },
	[TACHO_VALUE_U64] = { "u64", 0, UINT64_MAX },
	[TACHO_VALUE_S8] = { "s8", INT8_MIN, INT8_MAX },
	[TACHO_VALUE_S16] = { "s16", INT16_MIN, INT16_MAX },
	[TACHO_VALUE_S32] = { "s32", INT32_MIN, INT32_MAX },
	[TACHO_VALUE_S64] = { "s64", INT64_MIN, INT64_MAX },
	/* -1 is how C programs write MAP_FAILED and its like. */
	[TACHO_VALUE_POINTER] = { "ptr", INT64_MIN, UINT64_MAX },
	[TACHO_VALUE_BOOL] = { "bool", 0, 1 },
	[TACHO_VALUE_STRING] = { "string", 0, 0 },
};

/* As C programs call them, on the machines that are supported: all of them are LP64. `char` is
 * missing, since its sign differs between x86-64 and arm64. */
static const struct {
	const char *name;
	enum tacho_value_type type;
} aliases[] = {
	{ "int", TACHO_VALUE_S32 },	      { "unsigned", TACHO_VALUE_U32 },
	{ "unsigned int", TACHO_VALUE_U32 },  { "long", TACHO_VALUE_S64 },
	{ "unsigned long", TACHO_VALUE_U64 }, { "size_t", TACHO_VALUE_U64 },
	{ "ssize_t", TACHO_VALUE_S64 },	      { "int8_t", TACHO_VALUE_S8 },
	{ "int16_t", TACHO_VALUE_S16 },	      { "int32_t", TACHO_VALUE_S32 },
	{ "int64_t", TACHO_VALUE_S64 },	      { "uint8_t", TACHO_VALUE_U8 },
	{ "uint16_t", TACHO_VALUE_U16 },      { "uint32_t", TACHO_VALUE_U32 },
	{ "uint64_t", TACHO_VALUE_U64 },      { "void*", TACHO_VALUE_POINTER },
	{ "char*", TACHO_VALUE_STRING },      { "const char*", TACHO_VALUE_STRING },
};

const struct value_range *value_type__range(enum tacho_value_type type)
{
	return type == TACHO_VALUE_STRING ? NULL : &ranges[type];
}

void value_ref__clear(struct value_ref *value)
{
	free(value->argument_name);
	*value = (struct value_ref) {};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One blank where words need it, none elsewhere: "char  *" becomes "char*". */
static void squeeze_blanks(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!is_blank(*from))
			*to++ = *from;
		else if (!is_blank(from[1]) && !strchr("*[]", from[1]) && to[-1] != '[')
			*to++ = ' ';
	}
	*to = '\0';
}

static int refuse_type(const char *name, struct fault *why)
{
	const char *names[TACHO_VALUE_CNT] = {};
	char hint[CONFIG_HINT_SZ];

	for (size_t i = 0; i + 1 < TACHO_VALUE_CNT; i++)
		names[i] = ranges[i + 1].type;
	config_hint(name, names, hint, sizeof(hint));
	return fault__set(why, -EINVAL, "unknown type '" CONFIG_SHOWN "' %s", name, hint);
}

/* "string[N]"; -ENOENT if it is something else. */
static int find_sized_string(char *name, struct value_ref *value, struct fault *why)
{
	static const char prefix[] = "string[";
	size_t sz = strlen(name);
	uint64_t text_sz;
	int err;

	if (strncmp(name, prefix, sizeof(prefix) - 1) || name[sz - 1] != ']')
		return -ENOENT;
	name[sz - 1] = '\0';
	err = parse_u64(name + sizeof(prefix) - 1, TEXT_SZ_MIN, TEXT_SZ_MAX, &text_sz);
	name[sz - 1] = ']';
	if (err)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN
				  "': a string has %d to %d bytes, the NUL included",
				  name, TEXT_SZ_MIN, TEXT_SZ_MAX);
	value->type = TACHO_VALUE_STRING;
	value->text_sz = (unsigned int)text_sz;
	return 0;
}

/* name must not begin with a blank. */
static int find_type(char *name, struct value_ref *value, struct fault *why)
{
	int err;

	squeeze_blanks(name);
	err = find_sized_string(name, value, why);
	if (err != -ENOENT)
		return err;
	for (unsigned int i = TACHO_VALUE_NONE + 1; i < TACHO_VALUE_CNT; i++) {
		if (strcmp(ranges[i].type, name) == 0)
			value->type = (enum tacho_value_type)i;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(aliases[i].name, name) == 0)
			value->type = aliases[i].type;
	}
	if (value->type == TACHO_VALUE_STRING)
		value->text_sz = CONFIG_TEXT_SZ_DEFAULT;
	return value->type ? 0 : refuse_type(name, why);
}

/* "arg1" to "arg12"; -ENOENT if it is something else. */
static int find_argument(const char *name, struct value_ref *value, struct fault *why)
{
	uint64_t argument;
	int err;

	if (strncmp(name, "arg", 3))
		return -ENOENT;
	err = parse_u64(name + 3, 1, ARGUMENT_MAX, &argument);
	if (err == -ERANGE)
		return fault__set(why, -EINVAL,
				  "there is no '" CONFIG_SHOWN "' (arguments are arg1 to arg%d)",
				  name, ARGUMENT_MAX);
	if (err)
		return -ENOENT;
	value->source = VALUE_ARGUMENT;
	value->argument = (unsigned int)argument;
	return 0;
}

static int find_source(const char *name, struct value_ref *value, struct fault *why)
{
	int err;

	err = find_argument(name, value, why);
	if (err != -ENOENT)
		return err;
	if (strcmp(name, "return") == 0) {
		value->source = VALUE_RETURN;
		return 0;
	}
	if (!config_is_identifier(name))
		return fault__set(
			why, -EINVAL,
			"'" CONFIG_SHOWN "' is no value (write arg1, or an argument's name)", name);
	value->source = VALUE_NAMED;
	value->argument_name = strdup(name);
	return value->argument_name ? 0 : config_no_memory(why);
}

static int find_source_and_type(const char *text, const char *source, char *type,
				struct value_ref *value, struct fault *why)
{
	int err;

	if (!*source)
		return fault__set(why, -EINVAL,
				  "'" CONFIG_SHOWN "' names no value (write arg1:u32)", text);
	if (type && !*type)
		return fault__set(why, -EINVAL, "'" CONFIG_SHOWN "' names no type (write arg1:u32)",
				  text);
	err = find_source(source, value, why);
	if (!err && type)
		err = find_type(type, value, why);
	return err;
}

int value_ref__parse(const char *text, struct value_ref *ret_value, struct fault *why)
{
	size_t source_sz = strcspn(text, ":");
	struct value_ref value = {};
	char *source, *type = NULL;
	int err;

	source = config_copy_trimmed(text, source_sz);
	if (text[source_sz])
		type = config_copy_trimmed(text + source_sz + 1, strlen(text + source_sz + 1));
	if (!source || (text[source_sz] && !type))
		err = config_no_memory(why);
	else
		err = find_source_and_type(text, source, type, &value, why);
	free(source);
	free(type);
	if (err) {
		value_ref__clear(&value);
		return err;
	}
	*ret_value = value;
	return 0;
}
