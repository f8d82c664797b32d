/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said to be as in Python is: tens of thousands of generated cases, each asked there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes/command_line.h"
#include "processes/fnmatch.h"
#include "python_text.h"
#include "scratch.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define ORACLE "python3 -X utf8 tests/unit/python_oracle.py"
#define TEXT_SZ 128

/* The same numbers each time (xorshift64). */
static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Up to piece_cnt random ones of these pieces. */
static size_t make_text(char *text, const char *const *pieces, size_t cnt, size_t piece_cnt)
{
	size_t sz = 0;

	for (size_t left = next_random() % (piece_cnt + 1); left; left--) {
		const char *piece = pieces[next_random() % cnt];
		size_t piece_sz = *piece ? strlen(piece) : 1; /* "" stands for NUL */

		memcpy(text + sz, piece, piece_sz);
		sz += piece_sz;
	}
	assert_true(sz < TEXT_SZ);
	text[sz] = '\0';
	return sz;
}

static void put_hex(FILE *to, const char *text, size_t sz)
{
	fputc(' ', to);
	for (size_t i = 0; i < sz; i++)
		fprintf(to, "%02x", (unsigned char)text[i]);
}

/* The cases are in the file "cases" of the scratch directory. */
static void ask_python(const struct scratch *scratch, FILE *cases, unsigned int cnt)
{
	char command[512], answer[1024] = "", expected[32];
	FILE *oracle;

	assert_int_equal(fclose(cases), 0);
	snprintf(command, sizeof(command), ORACLE " < %s 2>&1", scratch__at(scratch, "cases"));
	oracle = popen(command, "r");
	assert_non_null(oracle);
	assert_true(fread(answer, 1, sizeof(answer) - 1, oracle) > 0);
	pclose(oracle);
	snprintf(expected, sizeof(expected), "%u\n", cnt);
	assert_string_equal(answer, expected);
}

static FILE *open_cases(const struct scratch *scratch)
{
	FILE *cases = fopen(scratch__at(scratch, "cases"), "w");

	assert_non_null(cases);
	return cases;
}

static bool put_match(FILE *cases, const char *glob, const char *text, size_t sz)
{
	struct fnmatch_pattern *pattern = NULL;
	bool matched;

	assert_int_equal(fnmatch__compile(glob, &pattern, NULL), 0);
	matched = fnmatch__matches(pattern, text, sz);
	fnmatch__free(pattern);
	fputs("fnmatch", cases);
	put_hex(cases, glob, strlen(glob));
	put_hex(cases, text, sz);
	fprintf(cases, " %d\n", matched);
	return matched;
}

static void stars_match_as_in_python(void **state)
{
	static const char *const pieces[] = { "*",    "*",    "?",	  "a",	  "b",	 "ab",
					      "[ab]", "[!a]", "\xc3\xa9", "\xc3", "\xa9" };
	static const char *const text_pieces[] = { "a", "b", "ab", "\xc3\xa9", "\xc3", "\n", "" };
	enum { CASES = 60000 };
	FILE *cases = open_cases(*state);
	unsigned int matched_cnt = 0;

	for (int i = 0; i < CASES; i++) {
		char glob[TEXT_SZ], text[TEXT_SZ];
		size_t sz;

		make_text(glob, pieces, ARRAY_SIZE(pieces), 8);
		sz = make_text(text, text_pieces, ARRAY_SIZE(text_pieces), 8);
		matched_cnt += put_match(cases, glob, text, sz);
	}
	assert_in_range(matched_cnt, CASES / 20, CASES / 2); /* both answers are asked for */
	ask_python(*state, cases, CASES);
}

static void odd_patterns_match_as_in_python(void **state)
{
	static const char *const pieces[] = { "*",
					      "?",
					      "[",
					      "[",
					      "]",
					      "]",
					      "!",
					      "-",
					      "-",
					      "-",
					      "a",
					      "b",
					      "c",
					      "d",
					      "^",
					      "\\",
					      "&",
					      "~~",
					      "|",
					      "\n",
					      "\xff",
					      "\xc3\xa9",
					      "\xe2\x82\xac",
					      "\x80" };
	static const char *const text_pieces[] = { "a", "b", "c",    "-",	 "!",		"]",
						   "[", "^", "\\",   "&",	 "\n",		"~",
						   "|", "d", "\xff", "\xc3\xa9", "\xe2\x82\xac" };
	enum { CASES = 60000 };
	FILE *cases = open_cases(*state);
	unsigned int matched_cnt = 0;

	for (int i = 0; i < CASES; i++) {
		char glob[TEXT_SZ], text[TEXT_SZ];
		size_t sz;

		make_text(glob, pieces, ARRAY_SIZE(pieces), 10);
		sz = make_text(text, text_pieces, ARRAY_SIZE(text_pieces), i % 2 ? 8 : 2);
		matched_cnt += put_match(cases, glob, text, sz);
	}
	assert_in_range(matched_cnt, CASES / 100, CASES / 2);
	ask_python(*state, cases, CASES);
}

/* One set over each of all ASCII characters. */
static void sets_have_the_same_members_as_in_python(void **state)
{
	static const char *const pieces[] = { "!", "-", "-", "-",  "a", "b", "c", "A",
					      "^", "]", "[", "\\", "z", "0", "&", "|" };
	enum { SETS = 1500 };
	FILE *cases = open_cases(*state);
	unsigned int cnt = 0;

	for (int i = 0; i < SETS; i++) {
		char inner[TEXT_SZ], glob[TEXT_SZ + 2];

		make_text(inner, pieces, ARRAY_SIZE(pieces), 9);
		snprintf(glob, sizeof(glob), "[%s]", inner);
		for (char c = ' '; c < 127; c++, cnt++)
			put_match(cases, glob, &c, 1);
	}
	ask_python(*state, cases, cnt);
}

static void command_lines_are_formatted_as_in_python(void **state)
{
	/* "" is NUL */
	static const char *const pieces[] = {
		"",
		"",
		"",
		"",
		" ",
		" ",
		"a",
		"bc",
		"-x",
		"\t",
		"\n",
		"\r",
		"\r\n",
		"\x1c",
		"\x1f",
		"\v",
		"\x85",
		"\xa0",
		"\xc2\x85",
		"\xc2\xa0",
		"\xc2",
		"\xe2",
		"\x80",
		"\xff",
		"\xc3\xa9",
		"\xe2\x80\x83",
		"\xe3\x80\x80",
		"\xe2\x80\x8b",
	};
	enum { CASES = 40000 };
	FILE *cases = open_cases(*state);
	struct command_text text = {};

	for (int i = 0; i < CASES; i++) {
		char raw[TEXT_SZ];
		size_t sz = make_text(raw, pieces, ARRAY_SIZE(pieces), i % 2 ? 12 : 4);

		assert_int_equal(command_line__format(raw, sz, false, &text), 0);
		fputs("command", cases);
		put_hex(cases, raw, sz);
		put_hex(cases, text.bytes, text.sz);
		fputc('\n', cases);
	}
	command_text__free(&text);
	ask_python(*state, cases, CASES);
}

static void numbers_are_read_as_in_python(void **state)
{
	static const char *const pieces[] = { "0",    "1", "9",	 "1",	"5",   ".",	   "_",
					      "_",    "e", "E",	 "+",	"-",   " ",	   "\n",
					      "\x1c", "x", "e1", "inf", "nan", "\xc2\xa0", "\xff" };
	enum { CASES = 60000 };
	FILE *cases = open_cases(*state);
	unsigned int number_cnt = 0;

	for (int i = 0; i < CASES; i++) {
		char text[TEXT_SZ], value_text[64] = "";
		double value = 0;

		make_text(text, pieces, ARRAY_SIZE(pieces), 7);
		if (python_text__float(text, &value) == 0) {
			number_cnt++;
			snprintf(value_text, sizeof(value_text), "%.17g", value);
		}
		fputs("float", cases);
		put_hex(cases, text, strlen(text));
		put_hex(cases, value_text, strlen(value_text));
		fputc('\n', cases);
	}
	assert_in_range(number_cnt, CASES / 20, CASES / 2);
	ask_python(*state, cases, CASES);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(stars_match_as_in_python),
		CASE(odd_patterns_match_as_in_python),
		CASE(sets_have_the_same_members_as_in_python),
		CASE(command_lines_are_formatted_as_in_python),
		CASE(numbers_are_read_as_in_python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
