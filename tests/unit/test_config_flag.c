/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* [feature-flag]. */
#include "config_fixture.h"

#include <sys/stat.h>

#define SECTION "[feature-flag]\n"

static void there_is_no_flag_by_default(void **state)
{
	struct config *config = load_text(STATE SECTION);

	(void)state;
	assert_null(config->flag.file);
	config__free(config);
}

static void the_key_is_that_of_the_package_by_default(void **state)
{
	struct config *config = load_text(STATE SECTION "file = /data/flags.json\n");

	(void)state;
	assert_string_equal(config->flag.file, "/data/flags.json");
	assert_string_equal(config->flag.key, "enablePerformanceMetrics");
	config__free(config);
}

static void both_keys_are_read_and_later_ones_count(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
	write_file("tacho.conf.d/more.conf", SECTION "key = two\nfile = /b\n");
	config = load_text(STATE SECTION "file = /a\nkey = one\n");
	assert_string_equal(config->flag.file, "/b");
	assert_string_equal(config->flag.key, "two");
	config__free(config);
}

static void an_empty_file_is_none(void **state)
{
	struct config *config;

	(void)state;
	assert_int_equal(mkdir("tacho.conf.d", 0755), 0);
	write_file("tacho.conf.d/more.conf", SECTION "file =\n");
	config = load_text(STATE SECTION "file = /a\n");
	assert_null(config->flag.file);
	config__free(config);
}

static void a_key_without_a_file_is_refused(void **state)
{
	(void)state;
	assert_text_refused(STATE SECTION "key = x\n",
			    "tacho.conf:4: [feature-flag] needs a file (add file = PATH)");
}

static void what_is_no_path_and_no_key_is_refused(void **state)
{
	char text[256], key[130];

	(void)state;
	assert_text_refused(SECTION "file = flags.json\n",
			    "tacho.conf:2: file: 'flags.json' is not an absolute path");
	assert_text_refused(SECTION "key = a=b\n", "tacho.conf:2: key: 'a=b' has a '=' in it");
	assert_text_refused(
		SECTION "path = /a\n",
		"tacho.conf:2: unknown key 'path' in [feature-flag] (valid: file, key)");
	memset(key, 'k', 129);
	key[129] = '\0';
	snprintf(text, sizeof(text), SECTION "key = %s\n", key);
	write_file("tacho.conf", text);
	key[128] = '\0';
	snprintf(text, sizeof(text), SECTION "file = /a\nkey = %s\n" STATE, key);
	config__free(load_text(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(there_is_no_flag_by_default),
		CASE(the_key_is_that_of_the_package_by_default),
		CASE(both_keys_are_read_and_later_ones_count),
		CASE(an_empty_file_is_none),
		CASE(a_key_without_a_file_is_refused),
		CASE(what_is_no_path_and_no_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
