/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `begin =` and `end =`, their key, and what goes with a pair of places and what does not. */
#include <sys/stat.h>

#include "config_fixture.h"

#define PAIR "begin = /bin/a:start\nend = /bin/a:stop\n"

static struct config *load_key(const char *value)
{
	char lines[256];

	snprintf(lines, sizeof(lines), PAIR "key = %s", value);
	return load_state(lines);
}

static void several_begins_and_ends_keep_their_order_and_lines(void **state)
{
	struct config *config = load_state("begin = a:f\nend = b:usdt:P:done\nbegin = a:x.c:10\n"
					   "end = b:g");
	const struct state_config *pair = &config->states[0];

	(void)state;
	assert_int_equal(pair->function_cnt, 0);
	assert_int_equal(pair->begin_cnt, 2);
	assert_string_equal(pair->begins[0].function, "f");
	assert_string_equal(pair->begins[1].binary, "a");
	assert_string_equal(pair->begins[1].function, "x.c:10");
	assert_string_equal(pair->begins[1].origin, "tacho.conf:4");
	assert_int_equal(pair->end_cnt, 2);
	assert_string_equal(pair->ends[0].function, "usdt:P:done");
	assert_string_equal(pair->ends[0].origin, "tacho.conf:3");
	assert_string_equal(pair->ends[1].function, "g");
	config__free(config);
}

static void a_state_has_functions_or_begin_and_end(void **state)
{
	static const struct refusal refused[] = {
		{ "exit = safe", "tacho.conf:1: state 'A' has no function (add function = "
				 "BINARY:FUNCTION, or python, or begin and end)" },
		{ "begin = a:f",
		  "tacho.conf:1: state 'A' has a begin, but no end (add end = BINARY:FUNCTION)" },
		{ "end = a:f", "tacho.conf:1: state 'A' has an end, but no begin (add begin = "
			       "BINARY:FUNCTION)" },
		{ "begin = a:f\nend = a:g\nend =",
		  "tacho.conf:1: state 'A' has a begin, but no end (add end = BINARY:FUNCTION)" },
		{ "begin = a:f\nend = a:g\nfunction = a:h",
		  "tacho.conf:1: state 'A' has function (tacho.conf:4) and begin (tacho.conf:2): "
		  "keep function, or begin and end" },
		{ "function = a:h\nend = a:g",
		  "tacho.conf:1: state 'A' has function (tacho.conf:2) and end (tacho.conf:3): "
		  "keep function, or begin and end" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_state_refused(refused[i].text, refused[i].message);
}

/* What is on or off makes no difference: a mistake is a mistake. */
static void states_that_are_off_are_checked_too(void **state)
{
	(void)state;
	assert_text_refused("[record]\nstates = A\n" STATE "[state OFF]\n",
			    "tacho.conf:5: state 'OFF' has no function "
			    "(add function = BINARY:FUNCTION, or python, or begin and end)");
}

static void the_command_line_adds_no_function_to_a_pair(void **state)
{
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	write_file("tacho.conf", "[state A]\n" PAIR);
	assert_int_equal(config__load(config, "tacho.conf", &why), 0);
	assert_int_equal(config__add_state(config, "A=/bin/b:f", &why), 0);
	assert_int_equal(config__finish(config, &why), -EINVAL);
	assert_string_equal(why.text, "tacho.conf:1: state 'A' has function (-s) and begin "
				      "(tacho.conf:2): keep function, or begin and end");
	config__free(config);
}

static void an_empty_value_clears_the_list(void **state)
{
	struct config *config = load_state("begin = a:f\nend = a:g\nbegin =\nend =\nbegin = a:x\n"
					   "end = a:y");

	(void)state;
	assert_int_equal(config->states[0].begin_cnt, 1);
	assert_string_equal(config->states[0].begins[0].function, "x");
	assert_int_equal(config->states[0].end_cnt, 1);
	assert_string_equal(config->states[0].ends[0].function, "y");
	config__free(config);
}

static void a_place_stands_once_among_begins_and_ends(void **state)
{
	static const struct refusal refused[] = {
		{ "begin = a:f\nend = a:g\nbegin = a : f",
		  "tacho.conf:4: state 'A' already has the function 'a:f' (from tacho.conf:2)" },
		{ "begin = a:f\nend = a:g\nend = a:g",
		  "tacho.conf:4: state 'A' already has the function 'a:g' (from tacho.conf:3)" },
		{ "begin = a:f\nend = a:f",
		  "tacho.conf:3: state 'A' already has the function 'a:f' (from tacho.conf:2)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_state_refused(refused[i].text, refused[i].message);
}

/* ---- key ---- */

static void one_key_serves_begin_and_end(void **state)
{
	struct config *config = load_key("arg2:u32");

	(void)state;
	assert_int_equal(config->states[0].begin_key.source, VALUE_ARGUMENT);
	assert_int_equal(config->states[0].begin_key.argument, 2);
	assert_int_equal(config->states[0].begin_key.type, TACHO_VALUE_U32);
	assert_int_equal(config->states[0].end_key.source, VALUE_ARGUMENT);
	assert_int_equal(config->states[0].end_key.argument, 2);
	assert_int_equal(config->states[0].end_key.type, TACHO_VALUE_U32);
	assert_string_equal(config->states[0].key_origin, "tacho.conf:4");
	config__free(config);
	config = load_key("id");
	assert_int_equal(config->states[0].begin_key.source, VALUE_NAMED);
	assert_string_equal(config->states[0].begin_key.argument_name, "id");
	assert_string_equal(config->states[0].end_key.argument_name, "id");
	config__free(config);
}

static void begin_and_end_may_have_keys_of_their_own(void **state)
{
	struct config *config = load_key("request:ptr ,arg12");

	(void)state;
	assert_int_equal(config->states[0].begin_key.source, VALUE_NAMED);
	assert_string_equal(config->states[0].begin_key.argument_name, "request");
	assert_int_equal(config->states[0].begin_key.type, TACHO_VALUE_POINTER);
	assert_int_equal(config->states[0].end_key.source, VALUE_ARGUMENT);
	assert_int_equal(config->states[0].end_key.argument, 12);
	assert_int_equal(config->states[0].end_key.type, TACHO_VALUE_NONE);
	config__free(config);
	config = load_key("arg1, arg1");
	assert_int_equal(config->states[0].end_key.argument, 1);
	config__free(config);
}

static void the_thread_can_be_the_key(void **state)
{
	struct config *config = load_key("thread");

	(void)state;
	assert_int_equal(config->states[0].begin_key.source, VALUE_THREAD);
	assert_null(config->states[0].begin_key.argument_name);
	assert_int_equal(config->states[0].end_key.source, VALUE_THREAD);
	config__free(config);
	config = load_key("thread, arg1:u32");
	assert_int_equal(config->states[0].begin_key.source, VALUE_THREAD);
	assert_int_equal(config->states[0].end_key.source, VALUE_ARGUMENT);
	config__free(config);
}

static void without_a_key_there_is_none(void **state)
{
	struct config *config = load_state(PAIR);

	(void)state;
	assert_int_equal(config->states[0].begin_key.source, VALUE_NONE);
	assert_int_equal(config->states[0].end_key.source, VALUE_NONE);
	assert_null(config->states[0].key_origin);
	config__free(config);
	config = load_key("");
	assert_int_equal(config->states[0].begin_key.source, VALUE_NONE);
	assert_null(config->states[0].key_origin);
	config__free(config);
}

static void what_is_no_key_is_refused(void **state)
{
#define STRING                                                                                     \
	"a string is no key: keys are compared as numbers, and the same text may lie at two "      \
	"addresses"
#define RETURN "'return' is no key: begin and end are places where nothing returns"
	static const struct refusal refused[] = {
		{ "arg1:string", STRING },
		{ "name:char*", STRING },
		{ "arg1, arg1:string[8]", STRING },
		{ "return", RETURN },
		{ "return:u32", RETURN },
		{ "arg1, return", RETURN },
		{ "thread:u32", "'thread' takes no type (an argument of that name is argN)" },
		{ "arg1, arg2, arg3",
		  "'arg1, arg2, arg3' has more than two values (write BEGIN, END)" },
		{ "arg1,", "'' names no value (write arg1:u32)" },
		{ ", arg1", "'' names no value (write arg1:u32)" },
		{ "arg13", "there is no 'arg13' (arguments are arg1 to arg12)" },
		{ "arg1:u33", "unknown type 'u33' (did you mean 'u32'?)" },
		{ "arg1 as id", "'arg1 as id' is no value (write arg1, or an argument's name)" },
	};

	(void)state;
	assert_state_lines_refused("key", refused, ARRAY_SIZE(refused));
}

/* ---- what goes with a pair ---- */

static void a_pair_captures_what_its_begin_has(void **state)
{
	struct config *config = load_state(PAIR "capture = arg1:u32 as id, name:string\n"
						"process = /opt/*\nplace = symbol\nmany = yes\n"
						"rate-limit = 5");

	(void)state;
	assert_int_equal(config->states[0].capture_cnt, 2);
	assert_int_equal(config->states[0].place, PLACE_SYMBOL);
	assert_true(config->states[0].many);
	assert_int_equal(config->states[0].rate_limit, 5);
	config__free(config);
}

static void keys_about_calls_are_refused_with_a_pair(void **state)
{
	static const struct refusal refused[] = {
		{ PAIR "exit = safe",
		  "tacho.conf:4: exit: state 'A' has begin and end: how the end "
		  "of a call is seen is nothing to choose there" },
		{ "exit = auto\n" PAIR, "tacho.conf:2: exit: state 'A' has begin and end: how the "
					"end of a call is seen is nothing to choose there" },
		{ PAIR "failed-if = return < 0",
		  "tacho.conf:4: failed-if: state 'A' has begin and end: nothing returns there" },
		{ PAIR "capture = arg1 as id, return as result",
		  "tacho.conf:4: capture: state 'A' has begin and end: nothing returns there, and "
		  "values are read at the begin" },
		{ "function = a:f\nkey = arg1",
		  "tacho.conf:3: key: state 'A' has no begin and end to match: the calls of a "
		  "function need no key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_state_refused(refused[i].text, refused[i].message);
}

static void a_drop_in_makes_a_pair_of_a_function(void **state)
{
	struct config *config;

	(void)state;
	write_file("tacho.conf", "[state A]\nfunction = a:f\nexit = safe\nfailed-if = return < 0\n"
				 "capture = return as result\n");
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
	write_file("tacho.conf.d/x.conf", "[state A]\nfunction =\n" PAIR "key = arg1\n");
	assert_refused(-EINVAL, "tacho.conf:3: exit: state 'A' has begin and end: how the end of a "
				"call is seen is nothing to choose there");
	write_file("tacho.conf.d/x.conf", "[state A]\nfunction =\n" PAIR "key = arg1\nexit =\n"
					  "failed-if =\ncapture =\n");
	config = load();
	assert_int_equal(config->states[0].function_cnt, 0);
	assert_int_equal(config->states[0].begin_cnt, 1);
	assert_int_equal(config->states[0].capture_cnt, 0);
	assert_int_equal(config->states[0].failed_if.compare, TACHO_COMPARE_NONE);
	config__free(config);
}

static void begins_and_ends_of_a_drop_in_are_added(void **state)
{
	struct config *config;

	(void)state;
	write_file("tacho.conf", "[state A]\n" PAIR "key = arg1\n");
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
	write_file("tacho.conf.d/x.conf",
		   "[state A]\nbegin = /bin/b:f\nend =\nend = /bin/b:g\nkey = arg2\n");
	config = load();
	assert_int_equal(config->states[0].begin_cnt, 2);
	assert_string_equal(config->states[0].begins[1].origin, "tacho.conf.d/x.conf:2");
	assert_int_equal(config->states[0].end_cnt, 1);
	assert_string_equal(config->states[0].ends[0].function, "g");
	assert_int_equal(config->states[0].begin_key.argument, 2);
	assert_string_equal(config->states[0].key_origin, "tacho.conf.d/x.conf:5");
	config__free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(several_begins_and_ends_keep_their_order_and_lines),
		CASE(a_state_has_functions_or_begin_and_end),
		CASE(states_that_are_off_are_checked_too),
		CASE(the_command_line_adds_no_function_to_a_pair),
		CASE(an_empty_value_clears_the_list),
		CASE(a_place_stands_once_among_begins_and_ends),
		CASE(one_key_serves_begin_and_end),
		CASE(begin_and_end_may_have_keys_of_their_own),
		CASE(the_thread_can_be_the_key),
		CASE(without_a_key_there_is_none),
		CASE(what_is_no_key_is_refused),
		CASE(a_pair_captures_what_its_begin_has),
		CASE(keys_about_calls_are_refused_with_a_pair),
		CASE(a_drop_in_makes_a_pair_of_a_function),
		CASE(begins_and_ends_of_a_drop_in_are_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
