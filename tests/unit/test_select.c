/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "select.h"

/* Answers of Python 3.11's fnmatch.fnmatchcase(text, pattern). */
static const struct {
	const char *pattern;
	const char *text;
	bool matches;
} cases[] = {
	{ "python3*", "python3 -m uvicorn", true },
	{ "python3*", "/usr/bin/python3 -m x", false },
	{ "abc", "abc", true },
	{ "abc", "abcd", false },
	{ "abc", "ab", false },
	{ "*", "", true },
	{ "*", "anything/at all\n", true },
	{ "?", "", false },
	{ "?", "x", true },
	{ "a?c", "a/c", true },
	{ "*.sh", "run.sh", true },
	{ "*.sh", "run.sh.bak", false },
	{ "*a*b*c*", "xxaxxbxxcxx", true },
	{ "*a*b*c*", "xxaxxcxxbxx", false },
	{ "**x", "aaax", true },
	{ "*aab", "aaaaab", true },
	{ "[abc]x", "bx", true },
	{ "[abc]x", "dx", false },
	{ "[a-c]x", "bx", true },
	{ "[!a-c]x", "bx", false },
	{ "[!a-c]x", "dx", true },
	{ "[]]x", "]x", true },
	{ "[!]]x", "]x", false },
	{ "[a-]x", "-x", true },
	{ "[x", "[x", true },
	{ "a[", "a[", true },
	{ "[z-a]", "m", false },
	{ "/opt/opentrons*", "/opt/opentrons-app/opentrons --ozone", true },
	{ "Abc", "abc", false },
	{ "a\\*c", "a\\bc", true },
	{ "caf\xc3\xa9*", "caf\xc3\xa9 x", true },
};

static void globs_match_as_python_does(void **state)
{
	struct tacho_glob glob;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(glob_compile(cases[i].pattern, &glob, NULL), 0);
		if (glob_matches(&glob, cases[i].text, strlen(cases[i].text)) != cases[i].matches)
			fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
	}
}

static void empty_and_oversized_globs_are_refused(void **state)
{
	char pattern[TACHO_GLOB_TOKENS + 2];
	struct tacho_glob glob;
	struct fault why = {};

	(void)state;
	assert_int_equal(glob_compile("", &glob, &why), -EINVAL);
	memset(pattern, 'x', sizeof(pattern));
	pattern[TACHO_GLOB_TOKENS] = '\0';
	assert_int_equal(glob_compile(pattern, &glob, &why), 0);
	pattern[TACHO_GLOB_TOKENS] = 'x';
	pattern[TACHO_GLOB_TOKENS + 1] = '\0';
	assert_int_equal(glob_compile(pattern, &glob, &why), -E2BIG);
	assert_int_equal(glob_compile("[a][b][c][d][e][f][g][h]", &glob, &why), 0);
	assert_int_equal(glob_compile("[a][b][c][d][e][f][g][h][i]", &glob, &why), -E2BIG);
	assert_non_null(strstr(why.text, "sets"));
}

/* Made to backtrack: it must end, and say no. */
static void a_slow_command_line_ends_the_search(void **state)
{
	static char text[TACHO_COMMAND_SZ];
	struct tacho_glob glob;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(glob_compile("*a*a*a*a*a*a*a*a*b", &glob, NULL), 0);
	assert_false(glob_matches(&glob, text, sizeof(text)));
}

static void own_command_line_is_read(void **state)
{
	char command[TACHO_COMMAND_SZ];
	ssize_t sz = read_command_line(getpid(), command);

	(void)state;
	assert_true(sz > 0);
	assert_non_null(memmem(command, sz, "test_select", 11));
	assert_null(memchr(command, '\0', sz));
}

static int find_self(void *ctx, pid_t pid)
{
	(void)ctx;
	return pid == getpid();
}

static void running_processes_include_this_one(void **state)
{
	pid_t pid = 0;

	(void)state;
	assert_int_equal(each_process(find_self, NULL), 1);
	assert_int_equal(process_of(syscall(SYS_gettid), &pid), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(process_of(INT32_MAX, &pid), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match_as_python_does),
		cmocka_unit_test(empty_and_oversized_globs_are_refused),
		cmocka_unit_test(a_slow_command_line_ends_the_search),
		cmocka_unit_test(own_command_line_is_read),
		cmocka_unit_test(running_processes_include_this_one),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
