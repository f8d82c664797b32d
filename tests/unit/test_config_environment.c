/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The environment variables of the Opentrons tracker, and its messages to the letter. */
#include "config_fixture.h"

#define PREFIX "OT_SYSTEM_RESOURCE_TRACKER_"

static const char *const names[CONFIG_VARIABLE_CNT] = {
	PREFIX "ENABLED",     PREFIX "PROCESS_FILTERS", PREFIX "REFRESH_INTERVAL",
	PREFIX "STORAGE_DIR", PREFIX "LOGGING_LEVEL",
};

static int clear_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < CONFIG_VARIABLE_CNT; i++)
		unsetenv(names[i]);
	return 0;
}

/* What this variable, by the end of its name, makes of the defaults. */
static struct config *apply(const char *name, const char *value)
{
	struct config *config = config__new();
	struct fault why = {};
	char whole[64];

	assert_non_null(config);
	snprintf(whole, sizeof(whole), PREFIX "%s", name);
	assert_int_equal(setenv(whole, value, 1), 0);
	if (config__apply_environment(config, &why))
		fail_msg("%s=%s refused: %s", name, value, why.text);
	assert_string_equal(why.text, "");
	assert_int_equal(config->override_cnt, 1);
	assert_int_equal(unsetenv(whole), 0);
	return config;
}

/* message: what follows "OT_..._NAME environment variable must be "; %s in it is the value. */
static void assert_value_refused(const char *name, const char *value, const char *message)
{
	struct config *config = config__new();
	char whole[64], what[512], expected[1024];
	struct fault why = {};

	assert_non_null(config);
	snprintf(whole, sizeof(whole), PREFIX "%s", name);
	assert_int_equal(setenv(whole, value, 1), 0);
	if (config__apply_environment(config, &why) != -EINVAL)
		fail_msg("%s='%s' is not refused", name, value);
	assert_int_equal(unsetenv(whole), 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(what, sizeof(what), message, value);
#pragma GCC diagnostic pop
	snprintf(expected, sizeof(expected), "%s environment variable must be %s", whole, what);
	assert_string_equal(why.text, expected);
	config__free(config);
}

static void an_empty_environment_changes_nothing(void **state)
{
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	assert_int_equal(config__apply_environment(config, &why), 0);
	assert_int_equal(config->override_cnt, 0);
	assert_false(config->resources.enabled);
	assert_int_equal(config->resources.interval_ns, 10 * SECOND);
	assert_int_equal(config->message_level, MESSAGE_INFO);
	assert_null(config->directory);
	config__free(config);
}

/* ---- ENABLED ---- */

static void enabled_is_true_or_false_in_any_case(void **state)
{
	static const char *const yes[] = { "true", "True", "TRUE", "tRuE" };
	static const char *const no[] = { "false", "False", "FALSE" };
	struct config *config;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		config = apply("ENABLED", yes[i]);
		assert_true(config->resources.enabled);
		config__free(config);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		config = apply("ENABLED", no[i]);
		assert_false(config->resources.enabled);
		config__free(config);
	}
}

static void enabled_is_nothing_else(void **state)
{
	static const char *const wrong[] = { "",      "1",	"0",	   "yes", " true",
					     "true ", "truely", "false\n", "none" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("ENABLED", wrong[i], "'true' or 'false.' You specified: %s");
}

/* ---- PROCESS_FILTERS ---- */

static void filters_are_stripped_and_empty_ones_dropped(void **state)
{
	static const struct {
		const char *value;
		const char *first, *second;
	} fine[] = {
		{ "python3*", "python3*", NULL },
		{ " /opt/a b* ,\tx\n", "/opt/a b*", "x" },
		{ ",, a ,, ,b,", "a", "b" },
		{ "a,a", "a", "a" },
		{ "\xe2\x80\x83"
		  "a\xc2\xa0,b",
		  "a", "b" },
		{ "\xff,[", "\xff", "[" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config = apply("PROCESS_FILTERS", fine[i].value);
		const struct resources_config *resources = &config->resources;

		assert_int_equal(resources->pattern_cnt, fine[i].second ? 2 : 1);
		assert_string_equal(resources->patterns[0], fine[i].first);
		if (fine[i].second)
			assert_string_equal(resources->patterns[1], fine[i].second);
		assert_true(resources->patterns_set);
		config__free(config);
	}
}

static void no_filters_are_refused(void **state)
{
	static const char *const wrong[] = { "", " ", ",", " , ,\t", "\xc2\x85" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("PROCESS_FILTERS", wrong[i],
				     "a comma-separated list of process names (globbing is "
				     "supported) to monitor. You specified: %s");
}

static void a_filter_that_is_too_long_is_refused(void **state)
{
	struct config *config = config__new();
	struct fault why = {};
	char text[1026];

	(void)state;
	memset(text, 'x', 1025);
	text[1025] = '\0';
	assert_int_equal(setenv(PREFIX "PROCESS_FILTERS", text, 1), 0);
	assert_int_equal(config__apply_environment(config, &why), -EINVAL);
	assert_string_equal(why.text, PREFIX "PROCESS_FILTERS: pattern "
					     "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is "
					     "longer than 1024 characters");
	config__free(config);
}

/* ---- REFRESH_INTERVAL ---- */

static void an_interval_is_what_float_takes(void **state)
{
	static const struct {
		const char *value;
		uint64_t ns;
	} fine[] = {
		{ "1", SECOND },
		{ "1.0", SECOND },
		{ "15.0", 15 * SECOND },
		{ "1.", SECOND },
		{ "+2", 2 * SECOND },
		{ " 10 ", 10 * SECOND },
		{ "\t10\n", 10 * SECOND },
		{ "1_0", 10 * SECOND },
		{ "1e3", 1000 * SECOND },
		{ "1.5E+0_1", 15 * SECOND },
		{ "100e-1", 10 * SECOND },
		{ "1.0000000005", SECOND + 1 },
		{ "00001", SECOND },
		{ "86400", 86400 * SECOND },
		/* a day is the longest */
		{ "86400.1", 86400 * SECOND },
		{ "1e5", 86400 * SECOND },
		{ "1e300", 86400 * SECOND },
		{ "1e400", 86400 * SECOND },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config = apply("REFRESH_INTERVAL", fine[i].value);

		if (config->resources.interval_ns != fine[i].ns)
			fail_msg("'%s' is %llu ns", fine[i].value,
				 (unsigned long long)config->resources.interval_ns);
		config__free(config);
	}
}

static void what_float_refuses_is_refused(void **state)
{
	static const char *const wrong[] = { "",   " ",	   "ten",  "0x10", "1__0", "_1",
					     "1_", "1_.5", "1._5", "1e",   "1e_1", "e5",
					     ".",  "1 0",  "1,5",  "++1",  "10s",  "1e1.5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("REFRESH_INTERVAL", wrong[i], "a number. You specified: %s");
}

static void nan_and_infinity_are_no_numbers(void **state)
{
	static const char *const wrong[] = { "nan",  "NaN",  "-nan",	 "inf",
					     "+inf", "-inf", "Infinity", "nan(1)" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("REFRESH_INTERVAL", wrong[i], "a number. You specified: %s");
}

static void an_interval_below_a_second_is_refused(void **state)
{
	static const char *const wrong[] = { "0.999", "0", "-1", "-0", "1e-300", "-1e400", ".5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("REFRESH_INTERVAL", wrong[i],
				     "greater than or equal to 1.0. You specified: %s");
}

/* ---- STORAGE_DIR ---- */

static void an_absolute_directory_is_taken_as_it_is(void **state)
{
	static const char *const fine[] = { "/", "/data/dev/", "/data/../x y", "//a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config = apply("STORAGE_DIR", fine[i]);

		assert_string_equal(config->directory, fine[i]);
		config__free(config);
	}
}

static void a_relative_directory_is_refused(void **state)
{
	static const char *const wrong[] = { "data", "./data", "~/data", " /data" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("STORAGE_DIR", wrong[i],
				     "an absolute path to a directory.\nYou specified: %s.");
	assert_value_refused("STORAGE_DIR", "",
			     "an absolute path to a directory.\nYou specified: ..");
}

/* ---- LOGGING_LEVEL ---- */

static void levels_choose_the_messages(void **state)
{
	static const struct {
		const char *value;
		enum message_level level;
	} fine[] = {
		{ "CRITICAL", MESSAGE_WARNING }, { "FATAL", MESSAGE_WARNING },
		{ "ERROR", MESSAGE_WARNING },	 { "WARN", MESSAGE_WARNING },
		{ "WARNING", MESSAGE_WARNING },	 { "INFO", MESSAGE_INFO },
		{ "DEBUG", MESSAGE_DEBUG },	 { "NOTSET", MESSAGE_DEBUG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct config *config = apply("LOGGING_LEVEL", fine[i].value);

		assert_int_equal(config->message_level, fine[i].level);
		config__free(config);
	}
}

static void other_levels_are_refused(void **state)
{
	static const char *const wrong[] = { "", "info", "Debug", "10", "TRACE", "INFO " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_value_refused("LOGGING_LEVEL", wrong[i],
				     "one of ['CRITICAL', 'FATAL', 'ERROR', 'WARN', 'WARNING', "
				     "'INFO', 'DEBUG', 'NOTSET']. You specified: %s");
}

/* ---- all together ---- */

static void the_environment_overrides_the_file_and_says_so(void **state)
{
	static const char *const values[] = { "true", "a,b", "5.0", "/data/dev", "DEBUG" };
	static const char *const lines[] = {
		PREFIX "ENABLED=true overrides [resources] enabled",
		PREFIX "PROCESS_FILTERS=a,b overrides [resources] processes",
		PREFIX "REFRESH_INTERVAL=5.0 overrides [resources] interval",
		PREFIX "STORAGE_DIR=/data/dev overrides [record] directory",
		PREFIX "LOGGING_LEVEL=DEBUG overrides which messages are shown",
	};
	struct config *config = config__new();
	struct fault why = {};

	(void)state;
	write_file("tacho.conf", "[record]\ndirectory = /data\n[resources]\nenabled = no\n"
				 "interval = 1h\nprocesses = x\n");
	assert_int_equal(config__load(config, "tacho.conf", &why), 0);
	for (size_t i = 0; i < CONFIG_VARIABLE_CNT; i++)
		assert_int_equal(setenv(names[i], values[i], 1), 0);
	assert_int_equal(config__apply_environment(config, &why), 0);
	assert_int_equal(config__finish(config, &why), 0);
	assert_true(config->resources.enabled);
	assert_int_equal(config->resources.pattern_cnt, 2);
	assert_int_equal(config->resources.interval_ns, 5 * SECOND);
	assert_string_equal(config->directory, "/data/dev");
	assert_int_equal(config->override_cnt, CONFIG_VARIABLE_CNT);
	for (size_t i = 0; i < CONFIG_VARIABLE_CNT; i++)
		assert_string_equal(config->overrides[i], lines[i]);
	config__free(config);
}

static void a_long_value_is_cut_in_messages(void **state)
{
	struct config *config = config__new();
	struct fault why = {};
	char value[4096];

	(void)state;
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(setenv(PREFIX "LOGGING_LEVEL", value, 1), 0);
	assert_int_equal(config__apply_environment(config, &why), -EINVAL);
	assert_true(strlen(why.text) < 512);
	config__free(config);
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, enter_clean, leave_directory)

static int enter_clean(void **state)
{
	return clear_environment(state) || enter_directory(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_empty_environment_changes_nothing),
		CASE(enabled_is_true_or_false_in_any_case),
		CASE(enabled_is_nothing_else),
		CASE(filters_are_stripped_and_empty_ones_dropped),
		CASE(no_filters_are_refused),
		CASE(a_filter_that_is_too_long_is_refused),
		CASE(an_interval_is_what_float_takes),
		CASE(what_float_refuses_is_refused),
		CASE(nan_and_infinity_are_no_numbers),
		CASE(an_interval_below_a_second_is_refused),
		CASE(an_absolute_directory_is_taken_as_it_is),
		CASE(a_relative_directory_is_refused),
		CASE(levels_choose_the_messages),
		CASE(other_levels_are_refused),
		CASE(the_environment_overrides_the_file_and_says_so),
		CASE(a_long_value_is_cut_in_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
