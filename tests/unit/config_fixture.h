/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For tests of the configuration. Each case runs in a fresh directory of its own, so that files
 * have short names and messages can be compared whole.
 */
#ifndef TACHO_TESTS_CONFIG_FIXTURE_H
#define TACHO_TESTS_CONFIG_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "sink.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND UINT64_C(1000000000)
#define STATE "[state A]\nfunction = /bin/a:f\n"

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)

/* Gives way to the real list where a build links it. */
__attribute__((weak)) const char *const *sink_ops__names(void)
{
	static const char *const names[] = { "opentrons", "detail", NULL };

	return names;
}

static inline void write_bytes(const char *name, const void *bytes, size_t sz)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, sz, file), sz);
	assert_int_equal(fclose(file), 0);
}

static inline void write_file(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static inline int enter_directory(void **state)
{
	static char name[64];

	strcpy(name, "/tmp/test_config.XXXXXX");
	if (!mkdtemp(name) || chdir(name))
		return -1;
	*state = name;
	return 0;
}

static inline int leave_directory(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", (const char *)*state);
	return chdir("/") || system(command) ? -1 : 0;
}

/* tacho.conf as it lies in the directory, loaded and finished. */
static inline struct config *load(void)
{
	struct config *config = config__new();
	struct fault why = {};

	assert_non_null(config);
	if (config__load(config, "tacho.conf", &why) || config__finish(config, &why))
		fail_msg("refused: %s", why.text);
	assert_string_equal(why.text, "");
	return config;
}

static inline struct config *load_text(const char *text)
{
	write_file("tacho.conf", text);
	return load();
}

static inline void assert_refused(int expected_err, const char *message)
{
	struct config *config = config__new();
	struct fault why = {};
	int err;

	assert_non_null(config);
	err = config__load(config, "tacho.conf", &why);
	if (!err)
		err = config__finish(config, &why);
	config__free(config);
	assert_string_equal(why.text, message);
	assert_int_equal(err, expected_err);
}

static inline void assert_text_refused(const char *text, const char *message)
{
	write_file("tacho.conf", text);
	assert_refused(-EINVAL, message);
}

/* One line of [record], line 2 of the file. */
static inline void assert_record_line_refused(const char *line, const char *message)
{
	char text[512], whole[1024];

	snprintf(text, sizeof(text), "[record]\n%s\n", line);
	snprintf(whole, sizeof(whole), "tacho.conf:2: %s", message);
	assert_text_refused(text, whole);
}

static inline struct config *load_record_line(const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), "[record]\n%s\n" STATE, line);
	return load_text(text);
}

/* Lines of [state A], from line 2 of the file on. */
static inline void assert_state_refused(const char *lines, const char *message)
{
	char text[4096];

	snprintf(text, sizeof(text), "[state A]\n%s\n", lines);
	assert_text_refused(text, message);
}

static inline struct config *load_state(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text), "[state A]\n%s\n", lines);
	return load_text(text);
}

struct refusal {
	const char *text;
	const char *message;
};

/* One line of [state A] each, line 2 of the file. */
static inline void assert_state_lines_refused(const char *key, const struct refusal *cases,
					      size_t cnt)
{
	char line[2048], message[2048];

	for (size_t i = 0; i < cnt; i++) {
		snprintf(line, sizeof(line), "%s = %s", key, cases[i].text);
		snprintf(message, sizeof(message), "tacho.conf:2: %s: %s", key, cases[i].message);
		assert_state_refused(line, message);
	}
}

#endif
