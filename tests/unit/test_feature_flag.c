/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a file, and the environment, say of the feature flag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "feature_flag.h"
#include "scratch.h"

#define VARIABLE "OT_API_FF_enablePerformanceMetrics"

struct fixture {
	struct scratch scratch;
	struct feature_flag_config config;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	scratch__make(&f->scratch);
	f->config.file = strdup(scratch__at(&f->scratch, "flags.json"));
	f->config.key = strdup(CONFIG_FLAG_KEY_DEFAULT);
	unsetenv(VARIABLE);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unsetenv(VARIABLE);
	scratch__remove(&f->scratch);
	free(f->config.file);
	free(f->config.key);
	free(f);
	return 0;
}

static struct feature_flag read_bytes(struct fixture *f, const char *bytes, size_t sz)
{
	struct feature_flag flag;

	scratch__write(&f->scratch, "flags.json", bytes, sz);
	feature_flag__read(&f->config, &flag);
	return flag;
}

static struct feature_flag read_text(struct fixture *f, const char *text)
{
	return read_bytes(f, text, strlen(text));
}

static void only_a_literal_true_is_on(void **state)
{
	static const struct {
		const char *text, *why;
	} offs[] = {
		{ "{\"enablePerformanceMetrics\": false}", "it is false" },
		{ "{\"enablePerformanceMetrics\": null}", "it is null" },
		{ "{\"enablePerformanceMetrics\": \"true\"}", "it is a string" },
		{ "{\"enablePerformanceMetrics\": 1}", "it is a number" },
		{ "{\"enablePerformanceMetrics\": {}}", "it is an object" },
		{ "{\"enablePerformanceMetrics\": [true]}", "it is a list" },
		{ "{\"enableperformancemetrics\": true}", "it is not in there" },
		{ "{}", "it is not in there" },
		{ "[true]", "it holds no JSON object" },
		{ "true", "it holds no JSON object" },
	};
	struct fixture *f = *state;
	struct feature_flag flag = read_text(
		f, "{\"shortFixedTrash\": null, \"enablePerformanceMetrics\": true, \"_version\": "
		   "36}\n");

	assert_true(flag.on);
	assert_string_equal(flag.why.text, "");
	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
		flag = read_text(f, offs[i].text);
		assert_false(flag.on);
		assert_false(flag.not_json);
		assert_string_equal(flag.why.text, offs[i].why);
	}
}

static void what_is_not_json_is_off_and_said_to_be_that(void **state)
{
	static const char *const texts[] = { "",
					     "{",
					     "{\"enablePerformanceMetrics\": true",
					     "tru",
					     "{\"enablePerformanceMetrics\": true} x",
					     "\xff\xfe" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct feature_flag flag = read_text(f, texts[i]);

		assert_false(flag.on);
		assert_true(flag.not_json);
		assert_non_null(strstr(flag.why.text, "not JSON"));
	}
}

static void what_is_no_ordinary_file_is_off(void **state)
{
	struct fixture *f = *state;
	struct feature_flag flag;

	feature_flag__read(&f->config, &flag);
	assert_false(flag.on || flag.not_json);
	assert_string_equal(flag.why.text, "No such file or directory");
	assert_int_equal(mkfifo(f->config.file, 0600), 0);
	feature_flag__read(&f->config, &flag);
	assert_false(flag.on || flag.not_json);
	assert_string_equal(flag.why.text, "not a regular file");
}

static void a_file_of_more_than_a_mebibyte_is_off(void **state)
{
	static const char on[] = "{\"enablePerformanceMetrics\": true}";
	struct fixture *f = *state;
	struct feature_flag flag;
	char *bytes = malloc((1 << 20) + 1);

	assert_non_null(bytes);
	memset(bytes, ' ', (1 << 20) + 1);
	memcpy(bytes, on, strlen(on));
	assert_true(read_bytes(f, bytes, 1 << 20).on);
	flag = read_bytes(f, bytes, (1 << 20) + 1);
	assert_false(flag.on || flag.not_json);
	assert_string_equal(flag.why.text, "larger than 1048576 bytes");
	free(bytes);
}

static void the_environment_wins_whatever_it_says(void **state)
{
	static const char *const ons[] = { "1", "true", "TRUE", "True", "on", "oN" };
	static const char *const offs[] = { "", "0", "yes", "false", " true", "11", "enabled" };
	struct fixture *f = *state;
	struct feature_flag flag;

	for (size_t i = 0; i < sizeof(ons) / sizeof(ons[0]); i++) {
		setenv(VARIABLE, ons[i], 1);
		flag = read_text(f, "{\"enablePerformanceMetrics\": false}");
		assert_true(flag.on && flag.by_environment);
	}
	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
		setenv(VARIABLE, offs[i], 1);
		flag = read_text(f, "{\"enablePerformanceMetrics\": true}");
		assert_true(!flag.on && flag.by_environment);
	}
	assert_string_equal(flag.why.text, VARIABLE "=enabled");
}

static void another_key_has_another_variable(void **state)
{
	struct fixture *f = *state;
	struct feature_flag flag;

	free(f->config.key);
	f->config.key = strdup("mine");
	setenv(VARIABLE, "1", 1);
	assert_false(read_text(f, "{\"mine\": false, \"enablePerformanceMetrics\": true}").on);
	assert_true(read_text(f, "{\"mine\": true}").on);
	setenv("OT_API_FF_mine", "off", 1);
	flag = read_text(f, "{\"mine\": true}");
	assert_true(!flag.on && flag.by_environment);
	unsetenv("OT_API_FF_mine");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_a_literal_true_is_on),
		CASE(what_is_not_json_is_off_and_said_to_be_that),
		CASE(what_is_no_ordinary_file_is_off),
		CASE(a_file_of_more_than_a_mebibyte_is_off),
		CASE(the_environment_wins_whatever_it_says),
		CASE(another_key_has_another_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
