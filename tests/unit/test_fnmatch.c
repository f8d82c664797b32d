/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Patterns over command lines. Each answer here is Python 3.11's; test_python_oracle asks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes/fnmatch.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct answer {
	const char *pattern;
	const char *text;
	bool matches;
};

static bool matches(const char *pattern, const char *text, size_t sz)
{
	struct fnmatch_pattern *compiled = NULL;
	bool answer;

	if (fnmatch__compile(pattern, &compiled, NULL))
		fail_msg("'%s' is refused", pattern);
	answer = fnmatch__matches(compiled, text, sz);
	fnmatch__free(compiled);
	return answer;
}

static void assert_answers(const struct answer *answers, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct answer *a = &answers[i];

		if (matches(a->pattern, a->text, strlen(a->text)) != a->matches)
			fail_msg("'%s' and '%s'", a->pattern, a->text);
	}
}

static void a_pattern_is_for_the_whole_text(void **state)
{
	static const struct answer answers[] = {
		{ "python3*", "python3 -m uvicorn x", true },
		{ "python3*", "/usr/bin/python3 -m x", false },
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "abc", "ab", false },
		{ "Abc", "abc", false },
		{ "", "", true },
		{ "", "x", false },
		{ "a\\*c", "a\\bc", true }, /* no escapes */
		{ "{a,b}", "a", false },
	};

	(void)state;
	assert_answers(answers, ARRAY_SIZE(answers));
}

static void stars_and_question_marks_stand_for_everything(void **state)
{
	static const struct answer answers[] = {
		{ "*", "", true },
		{ "*", "any/thing at\nall", true },
		{ "?", "", false },
		{ "?", "\n", true },
		{ "a?c", "a/c", true },
		{ "*.sh", "run.sh.bak", false },
		{ "*a*b*c*", "xxaxxbxxcxx", true },
		{ "*a*b*c*", "xxaxxcxxbxx", false },
		{ "**x", "aaax", true },
		{ "*?*?", "a", false },
		{ "*aab", "aaaaab", true },
		{ "a*a", "a", false },
		{ "*ab*ab", "abab", true },
		{ "*ab*ab", "aab", false },
	};

	(void)state;
	assert_answers(answers, ARRAY_SIZE(answers));
}

static void sets_have_members_and_ranges(void **state)
{
	static const struct answer answers[] = {
		{ "[abc]", "b", true },	   { "[abc]", "d", false }, { "[a-c]x", "bx", true },
		{ "[!a-c]", "b", false },  { "[!a-c]", "d", true }, { "[!a-c]", "", false },
		{ "[]]", "]", true },	   { "[!]]", "]", false },  { "[!]a]", "b", true },
		{ "[]-a]", "^", true },	   { "[]-a]", "-", false }, { "[a-]", "-", true },
		{ "[-a]", "-", true },	   { "[!-a]", "-", false }, { "[a-c-e]", "-", true },
		{ "[a-c-e]", "d", false }, { "[a!]", "!", true },   { "[^a]", "^", true },
		{ "[^a]", "b", false },	   { "[\\]", "\\", true },  { "[[]", "[", true },
		{ "[&&~|]", "&", true },   { "[--0]", ".", true },  { "[*?]", "*", true },
		{ "[*?]", "a", false },
	};

	(void)state;
	assert_answers(answers, ARRAY_SIZE(answers));
}

static void a_set_without_end_stands_for_itself(void **state)
{
	static const struct answer answers[] = {
		{ "[x", "[x", true },	 { "[x", "x", false },	 { "[", "[", true },
		{ "[]", "[]", true },	 { "[!]", "[!]", true }, { "[]x", "[]x", true },
		{ "a[*", "a[bc", true }, { "[!", "[!", true },
	};

	(void)state;
	assert_answers(answers, ARRAY_SIZE(answers));
}

static void backward_ranges_are_removed(void **state)
{
	static const struct answer answers[] = {
		{ "[z-a]", "z", false },   { "[z-a]", "m", false },    { "[z-a]", "-", false },
		{ "[!z-a]", "m", true },   { "[z-ax]", "x", true },    { "[z-ax]", "z", false },
		{ "[b-a!x]", "x", false }, { "[b-a!x]", "y", true },   { "[b-a!]", "x", true },
		{ "[b-a^x]", "^", true },  { "[b-a!-x]", "-", false }, { "[b-a!-x]", "a", true },
		{ "[c-bd-f]", "e", true }, { "[a-cz-y]", "b", true },
	};

	(void)state;
	assert_answers(answers, ARRAY_SIZE(answers));
}

static void characters_are_those_of_utf_8(void **state)
{
	static const struct answer answers[] = {
		{ "caf?", "caf\xc3\xa9", true },
		{ "caf??", "caf\xc3\xa9", false },
		{ "[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", true },
		{ "[\xc3\xa0-\xc3\xbf]", "\xc3", false },
		{ "[!a]", "\xf0\x9f\xa4\x96", true },
		/* no UTF-8: each byte is a character, U+DC80 to U+DCFF */
		{ "?", "\xff", true },
		{ "??", "\xe2\x82", true },
		{ "?", "\xe2\x82", false },
		{ "[\x80-\xff]", "\xfe", true },
		{ "[\x80-\xff]", "\xc3\xa9", false },
		{ "??", "\xc0\x80", true },	 /* too long a form */
		{ "???", "\xed\xa0\x80", true }, /* a surrogate */
		{ "?", "\xed\x9f\xbf", true },
		{ "???", "\xe0\x82\xa0", true },
		{ "????", "\xf0\x80\x80\x80", true },
		{ "????", "\xf4\x90\x80\x80", true }, /* beyond Unicode */
		{ "*\xa9", "\xc3\xa9", false },	      /* never the half of a character */
	};

	(void)state;
	assert_answers(answers, ARRAY_SIZE(answers));
}

static void nul_is_a_character(void **state)
{
	(void)state;
	assert_true(matches("a?b", "a\0b", 3));
	assert_true(matches("*b", "a\0b", 3));
	assert_false(matches("a", "a\0b", 3));
}

static void patterns_have_1024_characters_at_most(void **state)
{
	struct fnmatch_pattern *pattern = NULL;
	struct fault why = {};
	char text[2 * 1024 + 2];

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		memcpy(&text[2 * i], "\xc3\xa9", 2);
	text[2048] = '\0';
	assert_true(matches(text, text, 2048));
	strcpy(text + 2048, "x");
	assert_int_equal(fnmatch__compile(text, &pattern, &why), -E2BIG);
	assert_non_null(strstr(why.text, "is longer than 1024 characters"));
	assert_null(pattern);
	fnmatch__free(NULL);
}

/* With backtracking to every star this would not end. */
static void many_stars_take_no_time(void **state)
{
	static char text[1 << 16];
	char pattern[1024] = "";

	(void)state;
	memset(text, 'a', sizeof(text));
	for (int i = 0; i < 300; i++)
		strcat(pattern, "*a");
	strcat(pattern, "*b");
	assert_false(matches(pattern, text, sizeof(text)));
	text[sizeof(text) - 1] = 'b';
	assert_true(matches(pattern, text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_for_the_whole_text),
		cmocka_unit_test(stars_and_question_marks_stand_for_everything),
		cmocka_unit_test(sets_have_members_and_ranges),
		cmocka_unit_test(a_set_without_end_stands_for_itself),
		cmocka_unit_test(backward_ranges_are_removed),
		cmocka_unit_test(characters_are_those_of_utf_8),
		cmocka_unit_test(nul_is_a_character),
		cmocka_unit_test(patterns_have_1024_characters_at_most),
		cmocka_unit_test(many_stars_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
