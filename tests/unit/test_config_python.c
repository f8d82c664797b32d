/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `python =`. */
#include "config_fixture.h"

#define FORM " (write MODULE:NAME, as in robot.planner:Planner.plan)"
#define PYTHON "python = a.b:C.d\n"

static void each_line_is_a_function_more(void **state)
{
	struct config *config =
		load_state("python = robot_server.analyzer:Analyzer.analyze\n"
			   "python = __main__:main\npython = gc:pause\npython = größe:Länge.m2");
	const struct state_config *read = &config->states[0];

	(void)state;
	assert_int_equal(read->python_cnt, 4);
	assert_int_equal(read->function_cnt, 0);
	assert_string_equal(read->pythons[0].binary, "robot_server.analyzer");
	assert_string_equal(read->pythons[0].function, "Analyzer.analyze");
	assert_string_equal(read->pythons[1].origin, "tacho.conf:3");
	assert_string_equal(read->pythons[3].function, "Länge.m2");
	assert_true(config->marks.python);
	assert_false(config->marks.enabled);
	assert_int_equal(config->marks.limit, 256);
	config__free(config);
}

static void an_empty_line_clears_the_list(void **state)
{
	struct config *config = load_state("python = a:b\npython =\nfunction = /bin/a:f");

	(void)state;
	assert_int_equal(config->states[0].python_cnt, 0);
	assert_false(config->marks.python);
	config__free(config);
}

static void states_that_are_not_recorded_need_no_marks(void **state)
{
	struct config *config =
		load_text("[record]\nstates = A\n" STATE "[state P]\n" PYTHON "[marks]\nlimit=3\n");

	(void)state;
	assert_false(config->marks.python);
	config__free(config);
}

static void marks_need_no_programs_then(void **state)
{
	struct config *config = load_text("[marks]\nprocess = *server*\npython-core = /a, /b*/c\n"
					  "[state P]\n" PYTHON);

	(void)state;
	assert_false(config->marks.enabled);
	assert_int_equal(config->marks.core_cnt, 2);
	assert_string_equal(config->marks.cores[1], "/b*/c");
	config__free(config);
}

static void what_can_be_no_name_is_refused(void **state)
{
	static const struct refusal refused[] = {
		{ "robot.plan", "'robot.plan' has no ':'" FORM },
		{ ":plan", "':plan' names no module" FORM },
		{ "robot:", "'robot:' names no function" FORM },
		{ "robot::plan",
		  "'robot::plan': ':plan' is no name, or names joined by dots" FORM },
		{ "robot..x:plan",
		  "'robot..x:plan': 'robot..x' is no name, or names joined by dots" FORM },
		{ ".robot:plan",
		  "'.robot:plan': '.robot' is no name, or names joined by dots" FORM },
		{ "robot:plan.",
		  "'robot:plan.': 'plan.' is no name, or names joined by dots" FORM },
		{ "robot:2nd", "'robot:2nd': '2nd' is no name, or names joined by dots" FORM },
		{ "robot:plan()",
		  "'robot:plan()': 'plan()' is no name, or names joined by dots" FORM },
		{ "robot:a b",
		  "'robot:a b': white space and control characters are in no name of a "
		  "function" FORM },
		{ "robot:a\tb",
		  "'robot:a\tb': white space and control characters are in no name of "
		  "a function" FORM },
		{ "robot:a\x7f", "'robot:a?': white space and control characters are in no name "
				 "of a function" FORM },
		{ "robot:\xff", "the name is not valid UTF-8" },
		{ "robot:f.<locals>.g", "'robot:f.<locals>.g': what is defined within a function "
					"has no place where it could be found" },
	};

	(void)state;
	assert_state_lines_refused("python", refused, ARRAY_SIZE(refused));
}

#define NOT_BY_FILE ": a module is named as import names it, not by its file (write "
#define PROGRAM "__main__:f if it is the program itself)"
#define BEHIND " with its packages before it, or "

static void a_file_in_place_of_a_module_is_refused_with_the_module(void **state)
{
	static const struct refusal refused[] = {
		{ "planner.py:f", "'planner.py:f'" NOT_BY_FILE "planner:f, or " PROGRAM },
		{ "robot.planner.py:f",
		  "'robot.planner.py:f'" NOT_BY_FILE "robot.planner:f, or " PROGRAM },
		{ "/opt/robot.py:f", "'/opt/robot.py:f'" NOT_BY_FILE "robot:f" BEHIND PROGRAM },
		{ "src/planner:f", "'src/planner:f'" NOT_BY_FILE "planner:f" BEHIND PROGRAM },
		{ "src/robot/__init__.py:f",
		  "'src/robot/__init__.py:f'" NOT_BY_FILE "robot:f" BEHIND PROGRAM },
		{ "__init__.py:f", "'__init__.py:f'" NOT_BY_FILE PROGRAM },
		{ "my-script.py:f", "'my-script.py:f'" NOT_BY_FILE PROGRAM },
		{ "src/.py:f", "'src/.py:f'" NOT_BY_FILE PROGRAM },
		{ "/:f", "'/:f'" NOT_BY_FILE PROGRAM },
		{ ".py:f", "'.py:f': '.py' is no name, or names joined by dots" FORM },
	};

	(void)state;
	assert_state_lines_refused("python", refused, ARRAY_SIZE(refused));
}

static void a_module_may_be_called_py(void **state)
{
	struct config *config = load_state("python = py:f\npython = py.path:f\npython = happy:f");

	(void)state;
	assert_int_equal(config->states[0].python_cnt, 3);
	config__free(config);
}

static void a_name_without_end_is_refused(void **state)
{
	struct config *config = config__new();
	struct fault why = {};
	char text[1300];

	(void)state;
	snprintf(text, sizeof(text), "[state A]\npython = a:%01100d\n", 0);
	write_file("tacho.conf", text);
	assert_int_equal(config__load(config, "tacho.conf", &why), -EINVAL);
	assert_non_null(strstr(why.text, "is longer than 1024 characters"));
	config__free(config);
}

static void keys_that_say_nothing_of_python_are_refused(void **state)
{
	static const struct refusal refused[] = {
		{ "key = arg1", "tacho.conf:3: key: state 'A' has python: the calls of a function "
				"need no key" },
		{ "exit = safe", "tacho.conf:3: exit: state 'A' has python: the interpreter says "
				 "when a call ends" },
		{ "place = symbol", "tacho.conf:1: place: state 'A' has python: there is no "
				    "instruction to choose" },
		{ "many = yes", "tacho.conf:1: many: state 'A' has python: each function is named "
				"in full (python may stand several times)" },
		{ "capture = arg1 as x", "tacho.conf:3: capture: state 'A' has python: arguments "
					 "are the program's own objects (tacho.attribute says "
					 "something of a call)" },
		{ "failed-if = return < 0", "tacho.conf:3: failed-if: state 'A' has python: a call "
					    "has failed that an exception ends" },
		{ "process = *x*",
		  "tacho.conf:1: process: state 'A' has python: process in [marks] "
		  "says whose marks are recorded, of all such states alike" },
		{ "function = /bin/a:f", "tacho.conf:1: state 'A' has python (tacho.conf:2) and "
					 "function (tacho.conf:3): keep one of them" },
		{ "end = /bin/a:f", "tacho.conf:1: state 'A' has python (tacho.conf:2) and end "
				    "(tacho.conf:3): keep one of them" },
		{ "python = a.b:C.d", "tacho.conf:3: state 'A' already has the function 'a.b:C.d' "
				      "(from tacho.conf:2)" },
	};
	char lines[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		snprintf(lines, sizeof(lines), PYTHON "%s", refused[i].text);
		assert_state_refused(lines, refused[i].message);
	}
}

static void keys_that_fit_are_taken(void **state)
{
	struct config *config =
		load_state(PYTHON "rate-limit = 7\nexit =\nplace = auto\nmany = no\n");

	(void)state;
	assert_int_equal(config->states[0].rate_limit, 7);
	config__free(config);
}

static void a_name_that_is_no_label_is_refused(void **state)
{
	char text[512], message[512];

	(void)state;
	snprintf(text, sizeof(text), "[state A%0127d]\n" PYTHON, 0);
	snprintf(message, sizeof(message),
		 "tacho.conf:1: state 'A%0127d' has python: its name may have 127 characters", 0);
	assert_text_refused(text, message);
}

static void other_functions_are_another_meaning(void **state)
{
	struct config *one = load_state(PYTHON), *two = load_state("python = a.b:C.e");

	(void)state;
	assert_true(state_config__same(&one->states[0], &one->states[0]));
	assert_false(state_config__same(&one->states[0], &two->states[0]));
	config__free(one);
	config__free(two);
}

static void the_core_matters_while_it_is_used(void **state)
{
	char *here[] = { "/a" }, *there[] = { "/b" };
	struct marks_config a = { .cores = here, .core_cnt = 1, .limit = 1 };
	struct marks_config b = { .cores = there, .core_cnt = 1, .limit = 2 };

	(void)state;
	assert_true(marks_config__same(&a, &b));
	a.python = b.python = true;
	assert_false(marks_config__same(&a, &b));
	b.cores = here;
	assert_false(marks_config__same(&a, &b));
	b.limit = 1;
	assert_true(marks_config__same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_line_is_a_function_more),
		CASE(an_empty_line_clears_the_list),
		CASE(states_that_are_not_recorded_need_no_marks),
		CASE(marks_need_no_programs_then),
		CASE(what_can_be_no_name_is_refused),
		CASE(a_file_in_place_of_a_module_is_refused_with_the_module),
		CASE(a_module_may_be_called_py),
		CASE(a_name_without_end_is_refused),
		CASE(keys_that_say_nothing_of_python_are_refused),
		CASE(keys_that_fit_are_taken),
		CASE(a_name_that_is_no_label_is_refused),
		CASE(other_functions_are_another_meaning),
		CASE(the_core_matters_while_it_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
