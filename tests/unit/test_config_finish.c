/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line's states, and what is checked when everything has been read. */
#include "config_fixture.h"

/* ---- the command line ---- */

static void the_command_line_adds_states_and_functions(void **state)
{
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	assert_int_equal(config__add_state(config, "A=/bin/a:f", &why), 0);
	assert_int_equal(config__add_state(config, "B.c=prog:operator==", &why), 0);
	assert_int_equal(config__add_state(config, "A=/bin/a:ns::g", &why), 0);
	assert_int_equal(config__finish(config, &why), 0);
	assert_int_equal(config->state_cnt, 2);
	assert_int_equal(config->states[0].function_cnt, 2);
	assert_string_equal(config->states[0].functions[1].function, "ns::g");
	assert_string_equal(config->states[0].functions[1].origin, "-s");
	assert_string_equal(config->states[1].functions[0].function, "operator==");
	assert_true(config->states[0].enabled && config->states[1].enabled);
	config__free(config);
}

static void a_state_from_the_command_line_needs_no_glob(void **state)
{
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	write_file("tacho.conf",
		   "[record]\nstates = A\n" STATE
		   "[state B]\nfunction = /bin/a:g\n[state C]\nfunction = /bin/a:h\n");
	assert_int_equal(config__load(config, "tacho.conf", &why), 0);
	assert_int_equal(config__add_state(config, "B=/bin/b:g", &why), 0);
	assert_int_equal(config__add_state(config, "D=/bin/b:h", &why), 0);
	assert_int_equal(config__finish(config, &why), 0);
	assert_int_equal(config->state_cnt, 4);
	assert_true(config->states[0].enabled);
	assert_true(config->states[1].enabled);
	assert_false(config->states[2].enabled);
	assert_true(config->states[3].enabled);
	config__free(config);
}

static void a_malformed_state_on_the_command_line_is_refused(void **state)
{
	static const struct refusal refused[] = {
		{ "", "-s '': no '=' (write NAME=BINARY:FUNCTION)" },
		{ "/bin/a:f", "-s '/bin/a:f': no '=' (write NAME=BINARY:FUNCTION)" },
		{ "=/bin/a:f", "-s '=/bin/a:f': a state needs a name" },
		{ "A B=/bin/a:f",
		  "-s 'A B=/bin/a:f': state name 'A B' may only hold letters, digits, "
		  "'_', '.', ':' and '-'" },
		{ "A=main", "-s 'A=main': 'main' has no ':' (write BINARY:FUNCTION, as in "
			    "/usr/lib/libx.so:do_it)" },
		{ "A=", "-s 'A=': '' has no ':' (write BINARY:FUNCTION, as in "
			"/usr/lib/libx.so:do_it)" },
	};
	struct config *config = config__new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct fault why = {};

		assert_int_equal(config__add_state(config, refused[i].text, &why), -EINVAL);
		assert_string_equal(why.text, refused[i].message);
	}
	config__free(config);
}

/* ---- the final check ---- */

static void globs_choose_the_states_that_are_on(void **state)
{
	struct config *config = load_text("[record]\nstates = GET*, [XY]?\n"
					  "[state GETTING]\nfunction = /bin/a:a\n"
					  "[state RUNNING]\nfunction = /bin/a:b\n"
					  "[state X1]\nfunction = /bin/a:c\n"
					  "[state Z1]\nfunction = /bin/a:d\n");

	(void)state;
	assert_true(config->states[0].enabled);
	assert_false(config->states[1].enabled);
	assert_true(config->states[2].enabled);
	assert_false(config->states[3].enabled);
	config__free(config);
}

static void a_glob_without_a_match_names_the_nearest_state(void **state)
{
	(void)state;
	assert_text_refused("[record]\nstates = ANALYSING_PROTOCOL\n"
			    "[state ANALYZING_PROTOCOL]\nfunction = /bin/a:f\n",
			    "tacho.conf:2: states: 'ANALYSING_PROTOCOL' matches no state "
			    "(did you mean 'ANALYZING_PROTOCOL'?)");
	assert_text_refused("[record]\nstates = A, Q*\n[state A]\nfunction = /bin/a:f\n"
			    "[state BOOTING]\nfunction = /bin/a:f\n",
			    "tacho.conf:2: states: 'Q*' matches no state (valid: A, BOOTING)");
}

static void a_hint_of_many_words_is_cut(void **state)
{
	char text[8192] = "[record]\nstates = zzz\n";
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	for (unsigned int i = 100; i < 200; i++)
		sprintf(text + strlen(text), "[state STATE_%u]\nfunction = /bin/a:f\n", i);
	write_file("tacho.conf", text);
	assert_int_equal(config__load(config, "tacho.conf", &why), 0);
	assert_int_equal(config__finish(config, &why), -EINVAL);
	assert_non_null(strstr(why.text, "(valid: STATE_100, STATE_101, "));
	assert_string_equal(why.text + strlen(why.text) - strlen(", ...)"), ", ...)");
	config__free(config);
}

static void no_states_is_an_error(void **state)
{
	(void)state;
	assert_text_refused(
		"[record]\nflush = 1s\n",
		"no states: nothing to record (add a [state NAME] section to the "
		"configuration, or use -s NAME=BINARY:FUNCTION; other things to record are "
		"programs = PATH in [marks], and enabled = yes in [resources])");
}

/* ---- rows of all states ---- */

/* A state with eight captures, "PREFIX0" to "PREFIX7". */
static void append_state(char *text, const char *state, const char *prefix)
{
	sprintf(text + strlen(text), "[state %s]\nfunction = a:f\ncapture = ", state);
	for (int i = 0; i < 8; i++)
		sprintf(text + strlen(text), "%sarg%d as %s%d", i ? ", " : "", i + 1, prefix, i);
	strcat(text, "\n");
}

static void write_64_columns(char *text)
{
	char name[16];

	for (int i = 0; i < 8; i++) {
		sprintf(name, "S%c", 'a' + i);
		append_state(text, name, name);
	}
}

static void there_may_be_64_columns_and_no_more(void **state)
{
	char text[8192] = "";
	struct config *config;

	(void)state;
	write_64_columns(text);
	config = load_text(text);
	config__free(config);
	strcat(text, "[state Z]\nfunction = a:f\ncapture = arg1 as Sa0, arg2 as more\n");
	assert_text_refused(text, "tacho.conf:27: capture: 'more' is one column too many (at most "
				  "64 different ones over all states; states may share them)");
}

static void states_may_share_columns_whatever_their_types(void **state)
{
	char text[8192] = "";
	struct config *config;

	(void)state;
	write_64_columns(text);
	strcat(text, "[state Z]\nfunction = a:f\ncapture = arg1:string as Sa0, return:s8 as Sh7\n");
	config = load_text(text);
	assert_int_equal(config->states[8].capture_cnt, 2);
	config__free(config);
}

static void states_that_are_off_have_no_columns(void **state)
{
	char text[8192] = "[record]\nstates = S*\n";
	struct config *config;

	(void)state;
	write_64_columns(text);
	append_state(text, "OFF", "off");
	config = load_text(text);
	assert_false(config->states[8].enabled);
	config__free(config);
}

static void freeing_nothing_is_fine(void **state)
{
	(void)state;
	config__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_command_line_adds_states_and_functions),
		CASE(a_state_from_the_command_line_needs_no_glob),
		CASE(a_malformed_state_on_the_command_line_is_refused),
		CASE(globs_choose_the_states_that_are_on),
		CASE(a_glob_without_a_match_names_the_nearest_state),
		CASE(a_hint_of_many_words_is_cut),
		CASE(no_states_is_an_error),
		CASE(there_may_be_64_columns_and_no_more),
		CASE(states_may_share_columns_whatever_their_types),
		CASE(states_that_are_off_have_no_columns),
		CASE(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
