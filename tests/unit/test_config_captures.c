/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `capture =`: sources, types and columns. */
#include <limits.h>

#include "config_fixture.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

static char header_path[PATH_MAX];

#define FUNCTION "function = /bin/a:f\n"

static struct config *load_captures(const char *value)
{
	char lines[2048];

	snprintf(lines, sizeof(lines), FUNCTION "capture = %s", value);
	return load_state(lines);
}

static void assert_captures_refused(const struct refusal *cases, size_t cnt)
{
	assert_state_lines_refused("capture", cases, cnt);
}

/* ---- sources ---- */

static void arguments_are_1_to_12(void **state)
{
	static const struct refusal refused[] = {
		{ "arg0 as x", "there is no 'arg0' (arguments are arg1 to arg12)" },
		{ "arg13 as x", "there is no 'arg13' (arguments are arg1 to arg12)" },
		{ "arg99999999999999999999 as x",
		  "there is no 'arg99999999999999999999' (arguments "
		  "are arg1 to arg12)" },
	};
	struct config *config = load_captures("arg1 as first, arg12:u8 as last");
	const struct capture_config *captures = config->states[0].captures;

	(void)state;
	assert_int_equal(config->states[0].capture_cnt, 2);
	assert_int_equal(captures[0].value.source, VALUE_ARGUMENT);
	assert_int_equal(captures[0].value.argument, 1);
	assert_null(captures[0].value.argument_name);
	assert_int_equal(captures[0].value.type, TACHO_VALUE_NONE);
	assert_int_equal(captures[0].value.text_sz, 0);
	assert_string_equal(captures[0].name, "first");
	assert_int_equal(captures[1].value.argument, 12);
	assert_int_equal(captures[1].value.type, TACHO_VALUE_U8);
	assert_string_equal(captures[1].name, "last");
	config__free(config);
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

static void the_returned_value_can_be_captured(void **state)
{
	struct config *config = load_captures("return:s64 as result");

	(void)state;
	assert_int_equal(config->states[0].captures[0].value.source, VALUE_RETURN);
	assert_int_equal(config->states[0].captures[0].value.type, TACHO_VALUE_S64);
	config__free(config);
}

static void other_words_are_names_of_arguments(void **state)
{
	static const char *const names[] = { "len",  "_x9",   "this",	"args",	  "arg",
					     "argc", "arg1x", "Return", "thread", "as_is" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct config *config = load_captures(names[i]);
		const struct capture_config *capture = &config->states[0].captures[0];

		assert_int_equal(capture->value.source, VALUE_NAMED);
		assert_string_equal(capture->value.argument_name, names[i]);
		assert_string_equal(capture->name, names[i]);
		config__free(config);
	}
}

static void what_is_no_name_is_refused(void **state)
{
#define NO_VALUE " is no value (write arg1, or an argument's name)"
	static const struct refusal refused[] = {
		{ "1st as x", "'1st'" NO_VALUE },
		{ "req->len as x", "'req->len'" NO_VALUE },
		{ "*arg1 as x", "'*arg1'" NO_VALUE },
		{ "arg1 arg2 as x", "'arg1 arg2'" NO_VALUE },
		{ "-1 as x", "'-1'" NO_VALUE },
		{ "\xc3\xa4 as x", "'\xc3\xa4'" NO_VALUE },
		{ ":u32 as x", "':u32' names no value (write arg1:u32)" },
	};

	(void)state;
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

/* ---- types ---- */

static void every_type_has_a_name(void **state)
{
	static const struct {
		const char *name;
		enum tacho_value_type type;
	} cases[] = {
		{ "u8", TACHO_VALUE_U8 },
		{ "u16", TACHO_VALUE_U16 },
		{ "u32", TACHO_VALUE_U32 },
		{ "u64", TACHO_VALUE_U64 },
		{ "s8", TACHO_VALUE_S8 },
		{ "s16", TACHO_VALUE_S16 },
		{ "s32", TACHO_VALUE_S32 },
		{ "s64", TACHO_VALUE_S64 },
		{ "ptr", TACHO_VALUE_POINTER },
		{ "bool", TACHO_VALUE_BOOL },
		{ "int", TACHO_VALUE_S32 },
		{ "unsigned", TACHO_VALUE_U32 },
		{ "unsigned int", TACHO_VALUE_U32 },
		{ "long", TACHO_VALUE_S64 },
		{ "unsigned \t long", TACHO_VALUE_U64 },
		{ "size_t", TACHO_VALUE_U64 },
		{ "ssize_t", TACHO_VALUE_S64 },
		{ "int8_t", TACHO_VALUE_S8 },
		{ "int16_t", TACHO_VALUE_S16 },
		{ "int32_t", TACHO_VALUE_S32 },
		{ "int64_t", TACHO_VALUE_S64 },
		{ "uint8_t", TACHO_VALUE_U8 },
		{ "uint16_t", TACHO_VALUE_U16 },
		{ "uint32_t", TACHO_VALUE_U32 },
		{ "uint64_t", TACHO_VALUE_U64 },
		{ "void*", TACHO_VALUE_POINTER },
		{ "void *", TACHO_VALUE_POINTER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *config;
		char text[128];

		snprintf(text, sizeof(text), "arg1 : %s as x", cases[i].name);
		config = load_captures(text);
		assert_int_equal(config->states[0].captures[0].value.type, cases[i].type);
		assert_int_equal(config->states[0].captures[0].value.text_sz, 0);
		config__free(config);
	}
}

static void strings_keep_64_bytes_or_what_they_are_told(void **state)
{
	static const struct {
		const char *name;
		unsigned int text_sz;
	} cases[] = {
		{ "string", 64 },	   { "string[2]", 2 }, { "string[512]", 512 },
		{ "string [ 100 ]", 100 }, { "char*", 64 },    { "char *", 64 },
		{ "const char  *", 64 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *config;
		char text[128];

		snprintf(text, sizeof(text), "path:%s as path", cases[i].name);
		config = load_captures(text);
		assert_int_equal(config->states[0].captures[0].value.type, TACHO_VALUE_STRING);
		assert_int_equal(config->states[0].captures[0].value.text_sz, cases[i].text_sz);
		config__free(config);
	}
}

static void unknown_types_name_the_nearest_one(void **state)
{
#define TYPES "(valid: u8, u16, u32, u64, s8, s16, s32, s64, ptr, bool, string)"
#define STRING_SIZE ": a string has 2 to 512 bytes, the NUL included"
	static const struct refusal refused[] = {
		{ "arg1:u65 as x", "unknown type 'u65' (did you mean 'u64'?)" },
		{ "arg1:strng as x", "unknown type 'strng' (did you mean 'string'?)" },
		{ "arg1:U64 as x", "unknown type 'U64' (did you mean 'u64'?)" },
		{ "arg1:char as x", "unknown type 'char' " TYPES },
		{ "arg1:double as x", "unknown type 'double' " TYPES },
		{ "arg1:struct x * as x", "unknown type 'struct x*' " TYPES },
		{ "arg1:string[64 as x", "unknown type 'string[64' (did you mean 'string'?)" },
		{ "arg1:string[ as x", "unknown type 'string[' (did you mean 'string'?)" },
		{ "arg1:[64] as x", "unknown type '[64]' " TYPES },
		{ "arg1:a:b as x", "unknown type 'a:b' " TYPES },
		{ "arg1: as x", "'arg1:' names no type (write arg1:u32)" },
		{ "arg1:string[] as x", "'string[]'" STRING_SIZE },
		{ "arg1:string[1] as x", "'string[1]'" STRING_SIZE },
		{ "arg1:string[513] as x", "'string[513]'" STRING_SIZE },
		{ "arg1:string[-2] as x", "'string[-2]'" STRING_SIZE },
		{ "arg1:string[4294967298] as x", "'string[4294967298]'" STRING_SIZE },
		{ "arg1:string[64][64] as x", "'string[64][64]'" STRING_SIZE },
	};

	(void)state;
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

/* ---- columns ---- */

static void only_named_arguments_need_no_as(void **state)
{
	static const struct refusal refused[] = {
		{ "arg1", "'arg1' needs a name (write arg1 as NAME)" },
		{ "arg2:u32", "'arg2:u32' needs a name (write arg2:u32 as NAME)" },
		{ "len, return", "'return' needs a name (write return as NAME)" },
		{ "arg1 as", "no name behind 'as' in 'arg1 as'" },
		{ "as x", "no value before 'as' in 'as x' (write arg1 as NAME)" },
		{ "as", "no value before 'as' in 'as' (write arg1 as NAME)" },
		{ "arg1 alias x",
		  "'arg1 alias x' is no value (write arg1, or an argument's name)" },
	};
	struct config *config = load_captures("len:u32, path:string as file, class\tas\tkind");

	(void)state;
	assert_string_equal(config->states[0].captures[0].name, "len");
	assert_string_equal(config->states[0].captures[1].name, "file");
	assert_string_equal(config->states[0].captures[1].value.argument_name, "path");
	assert_string_equal(config->states[0].captures[2].name, "kind");
	assert_string_equal(config->states[0].captures[2].value.argument_name, "class");
	config__free(config);
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

static void names_of_columns_are_identifiers(void **state)
{
#define NO_NAME " is no name for a column (letters, digits and '_', no digit in front)"
	static const struct refusal refused[] = {
		{ "arg1 as 1x", "'1x'" NO_NAME },
		{ "arg1 as a-b", "'a-b'" NO_NAME },
		{ "arg1 as a b", "'a b'" NO_NAME },
		{ "arg1 as a.b", "'a.b'" NO_NAME },
		{ "arg1 as \"a\"", "'\"a\"'" NO_NAME },
		{ "arg1 as \xc3\xa4", "'\xc3\xa4'" NO_NAME },
		{ "arg1 as as x", "'as x'" NO_NAME },
	};
	struct config *config = load_captures("arg1 as _A9z, arg2 as as");

	(void)state;
	assert_string_equal(config->states[0].captures[0].name, "_A9z");
	assert_string_equal(config->states[0].captures[1].name, "as");
	config__free(config);
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

static void names_of_columns_have_64_characters_at_most(void **state)
{
	char name[66] = "", text[128], message[256];
	const struct refusal refused = { text, message };
	struct config *config;

	(void)state;
	memset(name, 'n', 64);
	snprintf(text, sizeof(text), "arg1 as %s", name);
	config = load_captures(text);
	assert_string_equal(config->states[0].captures[0].name, name);
	config__free(config);
	name[64] = 'n';
	snprintf(text, sizeof(text), "arg1 as %s", name);
	snprintf(message, sizeof(message), "the column '%s' is longer than 64 characters", name);
	assert_captures_refused(&refused, 1);
	strcpy(text, name);
	assert_captures_refused(&refused, 1);
}

static void assert_column_refused(const char *name)
{
	char text[128], message[256];
	const struct refusal refused = { text, message };

	snprintf(text, sizeof(text), "arg1 as %s", name);
	snprintf(message, sizeof(message),
		 "activity_detail.csv has a column '%s' of its own (give another name behind 'as')",
		 name);
	assert_captures_refused(&refused, 1);
}

static void names_of_other_columns_are_refused(void **state)
{
	static const char *const names[] = {
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
	static const struct refusal named = {
		"state", "activity_detail.csv has a column 'state' of its own (give another name "
			 "behind 'as')"
	};
	struct config *config = load_captures("arg1 as State, state as the_state");

	(void)state;
	config__free(config);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_column_refused(names[i]);
	assert_captures_refused(&named, 1);
}

/* A file that was recorded has them all. */
static void every_column_that_is_written_is_refused(void **state)
{
	FILE *file = fopen(header_path, "r");
	char header[1024], *rest = header, *name;
	size_t cnt = 0;

	(void)state;
	if (!file)
		fail_msg("%s cannot be opened", header_path);
	assert_non_null(fgets(header, sizeof(header), file));
	fclose(file);
	header[strcspn(header, "\r\n")] = '\0';
	while ((name = strsep(&rest, ","))) {
		assert_column_refused(name);
		cnt++;
	}
	assert_true(cnt >= 10);
}

static void a_name_stands_for_one_value(void **state)
{
	static const struct refusal refused[] = {
		{ "arg1 as x, arg2 as x", "two values are named 'x'" },
		{ "x, arg2:u8 as y, arg2:u16 as x", "two values are named 'x'" },
		{ "arg1 as x, arg1 as x", "'arg1 as x' is listed twice" },
		{ "arg1 as x,", "an item of the list is empty (write a, b)" },
	};
	struct config *config = load_captures("arg1:u32 as low, arg1:u64 as all");

	(void)state;
	assert_int_equal(config->states[0].capture_cnt, 2);
	config__free(config);
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

/* ---- together ---- */

static void eight_values_and_no_more(void **state)
{
	static const struct refusal refused = { "a, b, c, d, e, f, g, h, i",
						"9 values are too many (at most 8 for a state)" };
	struct config *config = load_captures("a, b, c, d, e, f, g, h");

	(void)state;
	assert_int_equal(config->states[0].capture_cnt, 8);
	config__free(config);
	assert_captures_refused(&refused, 1);
}

static void strings_have_512_bytes_together(void **state)
{
	static const char *const fine[] = {
		"a:string, b:string, c:string, d:string, e:string, f:string, g:string, h:string",
		"a:string[512], b:u64",
		"a:string[256], return:string[256] as b",
	};
	static const struct refusal refused[] = {
		{ "a:string[500], b:string[13]",
		  "with 'b' the strings have 513 bytes together (at most 512; write string[N] for "
		  "shorter ones)" },
		{ "a:string[512], b:u64, c:char*, d:nonsense",
		  "with 'c' the strings have 576 bytes together (at most 512; write string[N] for "
		  "shorter ones)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		config__free(load_captures(fine[i]));
	assert_captures_refused(refused, ARRAY_SIZE(refused));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(arguments_are_1_to_12),
		CASE(the_returned_value_can_be_captured),
		CASE(other_words_are_names_of_arguments),
		CASE(what_is_no_name_is_refused),
		CASE(every_type_has_a_name),
		CASE(strings_keep_64_bytes_or_what_they_are_told),
		CASE(unknown_types_name_the_nearest_one),
		CASE(only_named_arguments_need_no_as),
		CASE(names_of_columns_are_identifiers),
		CASE(names_of_columns_have_64_characters_at_most),
		CASE(names_of_other_columns_are_refused),
		CASE(every_column_that_is_written_is_refused),
		CASE(a_name_stands_for_one_value),
		CASE(eight_values_and_no_more),
		CASE(strings_have_512_bytes_together),
	};

	if (!realpath(SOURCE_DIR "/tests/replay/sqlite/activity_detail.csv", header_path))
		strcpy(header_path, SOURCE_DIR "/tests/replay/sqlite/activity_detail.csv");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
