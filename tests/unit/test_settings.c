/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files, environment and command line together: which wins, and what is said. */
#include <getopt.h>

#include "config_fixture.h"

#include "capture.h"
#include "commands.h"
#include "message.h"
#include "settings.h"

#define PREFIX "OT_SYSTEM_RESOURCE_TRACKER_"
#define NO_DEFAULT_FILE                                                                            \
	do {                                                                                       \
		if (access(CONFIG_DEFAULT_PATH, F_OK) == 0)                                        \
			skip(); /* what happens without it cannot be seen */                       \
	} while (0)

static const struct cli recording = { .command = "record" };
static const struct cli checking = { .command = "check" };

static struct settings settings;
static struct capture capture;

static int set_up(void **state)
{
	static const char *const names[] = { "ENABLED", "PROCESS_FILTERS", "REFRESH_INTERVAL",
					     "STORAGE_DIR", "LOGGING_LEVEL" };
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), PREFIX "%s", names[i]);
		unsetenv(name);
	}
	message_set_level(MESSAGE_INFO);
	settings__init(&settings, &recording);
	settings.recording = true;
	return enter_directory(state);
}

static int tear_down(void **state)
{
	settings__free(&settings);
	message_set_level(MESSAGE_INFO);
	return leave_directory(state);
}

static void set(const char *name, const char *value)
{
	char whole[64];

	snprintf(whole, sizeof(whole), PREFIX "%s", name);
	assert_int_equal(setenv(whole, value, 1), 0);
}

/* Finishes; what was printed is in capture.text. */
static int finish(void)
{
	int status;

	capture__begin(&capture, stderr);
	status = settings__finish(&settings);
	capture__end(&capture);
	return status;
}

static void use_file(const char *text)
{
	write_file("tacho.conf", text);
	assert_int_equal(settings__take(&settings, 'c', "tacho.conf"), 0);
}

static void the_environment_wins_over_the_file_and_says_so(void **state)
{
	(void)state;
	use_file("[record]\ndirectory = /a\n[resources]\nenabled = yes\ninterval = 1h\n" STATE);
	set("ENABLED", "false");
	set("REFRESH_INTERVAL", "15.0");
	assert_int_equal(finish(), 0);
	assert_string_equal(capture.text,
			    "tacho: record: " PREFIX "ENABLED=false overrides [resources] enabled\n"
			    "tacho: record: " PREFIX "REFRESH_INTERVAL=15.0 overrides [resources] "
			    "interval\n");
	assert_false(settings.config->resources.enabled);
	assert_int_equal(settings.config->resources.interval_ns, 15 * SECOND);
	assert_string_equal(settings.config->directory, "/a");
}

static void the_command_line_wins_over_the_environment(void **state)
{
	(void)state;
	use_file(STATE);
	set("ENABLED", "false");
	set("PROCESS_FILTERS", "x");
	assert_int_equal(settings__take(&settings, 'r', "a*"), 0);
	assert_int_equal(settings__take(&settings, 'r', "b"), 0);
	assert_int_equal(finish(), 0);
	assert_true(settings.config->resources.enabled);
	assert_int_equal(settings.config->resources.pattern_cnt, 2);
	assert_string_equal(settings.config->resources.patterns[1], "b");
}

static void without_a_glob_the_filters_of_the_environment_stay(void **state)
{
	(void)state;
	use_file("[resources]\nprocesses = x\n");
	set("PROCESS_FILTERS", "y");
	assert_int_equal(settings__take(&settings, 'r', NULL), 0);
	assert_int_equal(finish(), 0);
	assert_int_equal(settings.config->resources.pattern_cnt, 1);
	assert_string_equal(settings.config->resources.patterns[0], "y");
}

static void processes_alone_are_enough_to_record(void **state)
{
	(void)state;
	NO_DEFAULT_FILE;
	assert_int_equal(settings__take(&settings, 'r', NULL), 0);
	assert_int_equal(finish(), 0);
	assert_string_equal(capture.text, "");
	assert_int_equal(settings.config->state_cnt, 0);
	assert_string_equal(settings.config->resources.patterns[0], "*");
}

static void processes_by_the_environment_alone_are_enough(void **state)
{
	(void)state;
	NO_DEFAULT_FILE;
	set("ENABLED", "true");
	assert_int_equal(finish(), 0);
	assert_string_equal(settings.config->resources.patterns[0], "/opt/opentrons*");
}

static void a_file_without_states_may_be_switched_off_by_the_environment(void **state)
{
	(void)state;
	use_file("[record]\ndirectory = /a\n");
	set("ENABLED", "false");
	assert_int_equal(finish(), 0);
	assert_false(settings.config->resources.enabled);
	assert_int_equal(settings.config->state_cnt, 0);
}

static void a_file_without_states_is_refused(void **state)
{
	(void)state;
	use_file("[record]\ndirectory = /a\n");
	assert_int_equal(finish(), CLI_EXIT_USAGE);
	assert_non_null(strstr(capture.text, "no states: nothing to record"));
}

static void nothing_to_record_is_refused(void **state)
{
	(void)state;
	NO_DEFAULT_FILE;
	set("ENABLED", "false");
	assert_int_equal(finish(), CLI_EXIT_USAGE);
	assert_string_equal(capture.text,
			    "tacho: record: which states? Give -s NAME=BINARY:FUNCTION or -c FILE "
			    "(there is no " CONFIG_DEFAULT_PATH "), or -r for processes (see tacho "
			    "record --help)\n");
}

static void a_wrong_variable_is_wrong_settings(void **state)
{
	(void)state;
	use_file(STATE);
	set("REFRESH_INTERVAL", "0.5");
	assert_int_equal(finish(), CLI_EXIT_USAGE);
	assert_string_equal(capture.text,
			    "tacho: record: " PREFIX "REFRESH_INTERVAL environment variable must "
			    "be greater than or equal to 1.0. You specified: 0.5\n");
}

static void the_level_hides_even_what_the_environment_overrides(void **state)
{
	(void)state;
	use_file(STATE);
	set("LOGGING_LEVEL", "WARNING");
	assert_int_equal(finish(), 0);
	assert_string_equal(capture.text, "");
}

static void debugging_shows_where_settings_come_from(void **state)
{
	(void)state;
	use_file(STATE);
	set("LOGGING_LEVEL", "DEBUG");
	assert_int_equal(settings__take(&settings, 'r', "a*"), 0);
	assert_int_equal(finish(), 0);
	assert_string_equal(capture.text,
			    "tacho: record: " PREFIX "LOGGING_LEVEL=DEBUG overrides which messages "
			    "are shown\n"
			    "tacho: record: settings: tacho.conf\n"
			    "tacho: record: processes that match 'a*', every 10 s\n");
}

static void other_commands_do_without_the_environment(void **state)
{
	(void)state;
	settings__init(&settings, &checking);
	use_file(STATE);
	set("ENABLED", "true");
	set("REFRESH_INTERVAL", "wrong");
	assert_int_equal(finish(), 0);
	assert_string_equal(capture.text, "");
	assert_false(settings.config->resources.enabled);
}

static void other_commands_need_states(void **state)
{
	(void)state;
	settings__init(&settings, &checking);
	use_file("[resources]\nenabled = yes\n");
	assert_int_equal(finish(), CLI_EXIT_USAGE);
	assert_string_equal(capture.text, "tacho: check: tacho.conf: no states, only [resources], "
					  "which needs no probes\n");
}

static void an_empty_glob_and_too_many_are_refused(void **state)
{
	int empty, refused_cnt = 0;

	(void)state;
	capture__begin(&capture, stderr);
	empty = settings__take(&settings, 'r', "");
	for (int i = 0; i <= SETTINGS_PATTERNS_MAX; i++)
		refused_cnt += settings__take(&settings, 'r', "x") == CLI_EXIT_USAGE;
	assert_string_equal(capture__end(&capture),
			    "tacho: record: -r: the pattern is empty (see tacho record --help)\n"
			    "tacho: record: more than 64 patterns on the command line (see tacho "
			    "record --help)\n");
	assert_int_equal(empty, CLI_EXIT_USAGE);
	assert_int_equal(refused_cnt, 1);
}

/* ---- tacho record -r GLOB ---- */

static void assert_record_says(const char *const *words, size_t cnt, const char *expected)
{
	char *argv[16] = { (char *)"record" };
	int status;

	for (size_t i = 0; i < cnt; i++)
		argv[i + 1] = (char *)words[i];
	optind = 0;
	capture__begin(&capture, stderr);
	status = cmd_record((int)cnt + 1, argv);
	assert_string_equal(capture__end(&capture), expected);
	assert_int_equal(status, CLI_EXIT_USAGE);
}

#define ASSERT_RECORD_SAYS(expected, ...)                                                          \
	assert_record_says((const char *const[]) { __VA_ARGS__ },                                  \
			   sizeof((const char *const[]) { __VA_ARGS__ }) / sizeof(const char *),   \
			   expected)

static void a_glob_in_a_word_of_its_own_is_no_command(void **state)
{
	static const char hint[] = "tacho: record: -r has its pattern attached: write -r'python3*' "
				   "(see tacho record --help)\n";

	(void)state;
	ASSERT_RECORD_SAYS(hint, "-c", "x", "-r", "python3*");
	ASSERT_RECORD_SAYS(hint, "--resources", "python3*", "-d", "y");
}

/* That there is no file x is only found when the words have been understood. */
static void other_words_behind_it_are_a_command(void **state)
{
	static const char other[] = "tacho: record: x: No such file or directory\n";

	(void)state;
	ASSERT_RECORD_SAYS(other, "-c", "x", "-r", "python3");
	ASSERT_RECORD_SAYS(other, "-c", "x", "-r", "--", "python3*");
	ASSERT_RECORD_SAYS(other, "-c", "x", "-ra*", "python3*");
	ASSERT_RECORD_SAYS(other, "-r", "-c", "x", "python3*");
	ASSERT_RECORD_SAYS(other, "-c", "x", "-r");
}

static void the_same_is_loaded_again_as_it_is_now(void **state)
{
	struct config *config = NULL;
	struct fault why = {};

	(void)state;
	use_file(STATE);
	assert_int_equal(settings__take(&settings, 's', "B=/bin/b:g"), 0);
	assert_int_equal(settings__take(&settings, 'r', "a*"), 0);
	assert_int_equal(finish(), 0);
	write_file("tacho.conf", "[state C]\nfunction = /bin/c:h\n");
	set("REFRESH_INTERVAL", "15.0");
	assert_int_equal(settings__load_again(&settings, &config, &why), 0);
	assert_int_equal(config->state_cnt, 2);
	assert_string_equal(config->states[0].name, "C");
	assert_string_equal(config->states[1].name, "B");
	assert_true(config->states[1].enabled);
	assert_string_equal(config->resources.patterns[0], "a*");
	assert_int_equal(config->resources.interval_ns, 15 * SECOND);
	config__free(config);
	/* The first one is untouched. */
	assert_string_equal(settings.config->states[0].name, "A");
	assert_int_equal(settings.config->resources.interval_ns, 10 * SECOND);
}

static void what_is_wrong_when_it_is_loaded_again_is_returned_not_told(void **state)
{
	struct config *config = NULL;
	struct fault why = {};

	(void)state;
	use_file(STATE);
	assert_int_equal(finish(), 0);
	write_file("tacho.conf", STATE "nonsense = 1\n");
	capture__begin(&capture, stderr);
	assert_int_equal(settings__load_again(&settings, &config, &why), -EINVAL);
	capture__end(&capture);
	assert_string_equal(capture.text, "");
	assert_non_null(strstr(why.text, "tacho.conf:3: unknown key 'nonsense'"));
	assert_null(config);
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_environment_wins_over_the_file_and_says_so),
		CASE(the_command_line_wins_over_the_environment),
		CASE(without_a_glob_the_filters_of_the_environment_stay),
		CASE(processes_alone_are_enough_to_record),
		CASE(processes_by_the_environment_alone_are_enough),
		CASE(a_file_without_states_may_be_switched_off_by_the_environment),
		CASE(a_file_without_states_is_refused),
		CASE(nothing_to_record_is_refused),
		CASE(a_wrong_variable_is_wrong_settings),
		CASE(the_level_hides_even_what_the_environment_overrides),
		CASE(debugging_shows_where_settings_come_from),
		CASE(other_commands_do_without_the_environment),
		CASE(other_commands_need_states),
		CASE(an_empty_glob_and_too_many_are_refused),
		CASE(a_glob_in_a_word_of_its_own_is_no_command),
		CASE(other_words_behind_it_are_a_command),
		CASE(the_same_is_loaded_again_as_it_is_now),
		CASE(what_is_wrong_when_it_is_loaded_again_is_returned_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
