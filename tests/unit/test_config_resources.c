/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* [resources], and -r. */
#include "config_fixture.h"

#define ON "[resources]\nenabled = yes\n"

static void assert_patterns(const struct config *config, const char *first, const char *second)
{
	const struct resources_config *resources = &config->resources;

	assert_int_equal(resources->pattern_cnt, second ? 2 : 1);
	assert_string_equal(resources->patterns[0], first);
	if (second)
		assert_string_equal(resources->patterns[1], second);
}

static struct config *load_resources_line(const char *line)
{
	char text[2048];

	snprintf(text, sizeof(text), "[resources]\n%s\n" STATE, line);
	return load_text(text);
}

/* One line of [resources], line 2 of the file. */
static void assert_lines_refused(const struct refusal *cases, size_t cnt)
{
	char text[2048], message[2048];

	for (size_t i = 0; i < cnt; i++) {
		snprintf(text, sizeof(text), "[resources]\n%s\n", cases[i].text);
		snprintf(message, sizeof(message), "tacho.conf:2: %s", cases[i].message);
		assert_text_refused(text, message);
	}
}

/* ---- the keys ---- */

static void processes_are_not_recorded_by_default(void **state)
{
	struct config *config = load_text(STATE);

	(void)state;
	assert_false(config->resources.enabled);
	assert_int_equal(config->resources.interval_ns, 10 * SECOND);
	assert_patterns(config, "/opt/opentrons*", "python3*");
	assert_false(config->resources.patterns_set);
	config__free(config);
}

static void every_key_of_resources_is_read(void **state)
{
	struct config *config =
		load_text(ON "interval = 1500ms\nprocesses = /usr/bin/* -m [a-c]?, x\n");

	(void)state;
	assert_true(config->resources.enabled);
	assert_int_equal(config->resources.interval_ns, 3 * SECOND / 2);
	assert_patterns(config, "/usr/bin/* -m [a-c]?", "x");
	assert_true(config->resources.patterns_set);
	config__free(config);
}

static void an_empty_value_is_the_default(void **state)
{
	struct config *config;

	(void)state;
	write_file("tacho.conf", ON "interval = 1s\nprocesses = x\n");
	assert_int_equal(system("mkdir tacho.conf.d"), 0);
	write_file("tacho.conf.d/a.conf",
		   "[resources]\nenabled =\ninterval =\nprocesses =\n" STATE);
	config = load();
	assert_false(config->resources.enabled);
	assert_int_equal(config->resources.interval_ns, 10 * SECOND);
	assert_patterns(config, "/opt/opentrons*", "python3*");
	assert_false(config->resources.patterns_set);
	config__free(config);
}

static void interval_is_100ms_to_1d(void **state)
{
	static const struct {
		const char *line;
		uint64_t ns;
	} fine[] = {
		{ "interval = 100ms", SECOND / 10 },
		{ "interval = 1d", 86400 * SECOND },
		{ "interval = 15.5", 31 * SECOND / 2 },
	};
	static const struct refusal refused[] = {
		{ "interval = 99999us", "interval: '99999us' is out of range (100ms to 1d)" },
		{ "interval = 0", "interval: '0' is out of range (100ms to 1d)" },
		{ "interval = 25h", "interval: '25h' is out of range (100ms to 1d)" },
		{ "interval = never",
		  "interval: 'never' is not a duration (write 500ms, 1s, 2min)" },
		{ "interval = 1e3", "interval: '1e3' is not a duration (write 500ms, 1s, 2min)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config = load_resources_line(fine[i].line);

		assert_int_equal(config->resources.interval_ns, fine[i].ns);
		config__free(config);
	}
	assert_lines_refused(refused, ARRAY_SIZE(refused));
}

static void what_is_no_yes_and_no_list_is_refused(void **state)
{
	static const struct refusal refused[] = {
		{ "enabled = maybe",
		  "enabled: 'maybe' is neither yes nor no (valid: yes, no, true, false, on, off)" },
		{ "processes = a,,b", "processes: an item of the list is empty (write a, b)" },
		{ "processes = a, a", "processes: 'a' is listed twice" },
		{ "process = a", "unknown key 'process' in [resources] (it belongs in "
				 "[state NAME])" },
		{ "proceses = a",
		  "unknown key 'proceses' in [resources] (did you mean 'processes'?)" },
		{ "flush = 1s", "unknown key 'flush' in [resources] (it belongs in [record])" },
	};

	(void)state;
	assert_lines_refused(refused, ARRAY_SIZE(refused));
	assert_text_refused("[record]\ninterval = 1s\n",
			    "tacho.conf:2: unknown key 'interval' in [record] (it belongs in "
			    "[resources])");
}

static void patterns_of_1024_characters_are_the_longest(void **state)
{
	char line[2048] = "processes = ";
	struct config *config;

	(void)state;
	memset(line + strlen(line), 'x', 1024);
	config = load_resources_line(line);
	assert_int_equal(strlen(config->resources.patterns[0]), 1024);
	config__free(config);
	strcat(line, "y");
	assert_lines_refused(
		&(struct refusal) { line,
				    "processes: pattern 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				    "...' is longer than 1024 characters" },
		1);
}

/* ---- with and without states ---- */

static void processes_need_no_states(void **state)
{
	struct config *config = load_text(ON);

	(void)state;
	assert_int_equal(config->state_cnt, 0);
	config__free(config);
	assert_text_refused(
		"[resources]\nenabled = no\n",
		"no states: nothing to record (add a [state NAME] section to the "
		"configuration, or use -s NAME=BINARY:FUNCTION; other things to record are "
		"programs = PATH in [marks], and enabled = yes in [resources])");
	assert_text_refused("[record]\nstates = A\n" ON,
			    "tacho.conf:2: states: 'A' matches no state (there are none)");
}

/* ---- the command line ---- */

/* What -r makes of this file. */
static struct config *want(const char *text, const char *const *patterns, size_t cnt)
{
	struct config *config = config__new();
	struct fault why = {};

	assert_non_null(config);
	write_file("tacho.conf", text);
	assert_int_equal(config__load(config, "tacho.conf", &why), 0);
	if (config__want_resources(config, patterns, cnt, &why))
		fail_msg("%s", why.text);
	assert_int_equal(config__finish(config, &why), 0);
	assert_true(config->resources.enabled);
	return config;
}

static void globs_of_the_command_line_replace_those_of_the_file(void **state)
{
	static const char *const globs[] = { "a, b*",
					     "a, b*" }; /* commas and twins are fine here */
	struct config *config;

	(void)state;
	config = want("[resources]\nprocesses = x\ninterval = 2s\n", globs, 2);
	assert_patterns(config, "a, b*", "a, b*");
	assert_int_equal(config->resources.interval_ns, 2 * SECOND);
	config__free(config);
	config = want("", globs, 1);
	assert_patterns(config, "a, b*", NULL);
	config__free(config);
}

static void without_a_glob_those_of_the_file_stay(void **state)
{
	struct config *config = want("[resources]\nenabled = no\nprocesses = x\n", NULL, 0);

	(void)state;
	assert_patterns(config, "x", NULL);
	config__free(config);
}

static void without_any_globs_every_process_is_recorded(void **state)
{
	struct config *config = want("[resources]\nenabled = yes\nprocesses =\n", NULL, 0);

	(void)state;
	assert_patterns(config, "*", NULL);
	config__free(config);
}

static void a_glob_that_is_too_long_is_refused(void **state)
{
	struct config *config = config__new();
	const char *glob;
	struct fault why = {};
	char text[1026];

	(void)state;
	memset(text, '?', 1025);
	text[1025] = '\0';
	glob = text;
	assert_int_equal(config__want_resources(config, &glob, 1, &why), -EINVAL);
	assert_string_equal(why.text, "-r: pattern '????????????????????????????????????????...' "
				      "is longer than 1024 characters");
	config__free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(processes_are_not_recorded_by_default),
		CASE(every_key_of_resources_is_read),
		CASE(an_empty_value_is_the_default),
		CASE(interval_is_100ms_to_1d),
		CASE(what_is_no_yes_and_no_list_is_refused),
		CASE(patterns_of_1024_characters_are_the_longest),
		CASE(processes_need_no_states),
		CASE(globs_of_the_command_line_replace_those_of_the_file),
		CASE(without_a_glob_those_of_the_file_stay),
		CASE(without_any_globs_every_process_is_recorded),
		CASE(a_glob_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
