/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether two states of the settings mean the same. */
#include "config_fixture.h"

/* The first state of each. */
static bool same(const char *a_lines, const char *b_lines)
{
	struct config *a, *b;
	char text[1024];
	bool is_same;

	snprintf(text, sizeof(text), "[state A]\n%s", a_lines);
	a = load_text(text);
	snprintf(text, sizeof(text), "; elsewhere\n[record]\nflush = 2s\n[state A]\n%s", b_lines);
	b = load_text(text);
	is_same = state_config__same(&a->states[0], &b->states[0]);
	assert_int_equal(is_same, state_config__same(&b->states[0], &a->states[0]));
	config__free(a);
	config__free(b);
	return is_same;
}

#define FUNCTION "function = /bin/a:f\n"
#define PAIR "begin = /bin/a:b\nend = /bin/a:e\n"

static void where_it_stands_does_not_count(void **state)
{
	(void)state;
	assert_true(same(FUNCTION, FUNCTION));
	assert_true(same(FUNCTION "exit = auto\n", FUNCTION "many = no\n"));
	assert_true(
		same(FUNCTION "capture = arg1:u64 as a, return as b\nfailed-if = return < 0\n",
		     "failed-if = return < 0\ncapture = arg1:u64 as a, return as b\n" FUNCTION));
	assert_true(same(PAIR "key = arg1\n", "key = arg1, arg1\n" PAIR));
}

static void a_limit_is_no_other_meaning(void **state)
{
	(void)state;
	assert_true(same(FUNCTION "rate-limit = 5\n", FUNCTION "rate-limit = 7\n"));
}

static void every_other_key_counts(void **state)
{
	static const char *const pairs[][2] = {
		{ FUNCTION, "function = /bin/a:g\n" },
		{ FUNCTION, "function = /bin/b:f\n" },
		{ FUNCTION, FUNCTION "function = /bin/a:g\n" },
		{ FUNCTION, FUNCTION "process = x*\n" },
		{ FUNCTION "process = y*\n", FUNCTION "process = x*\n" },
		{ FUNCTION, FUNCTION "exit = safe\n" },
		{ FUNCTION, FUNCTION "place = symbol\n" },
		{ FUNCTION, FUNCTION "many = yes\n" },
		{ FUNCTION, FUNCTION "capture = arg1 as a\n" },
		{ FUNCTION "capture = arg1 as a\n", FUNCTION "capture = arg2 as a\n" },
		{ FUNCTION "capture = arg1 as a\n", FUNCTION "capture = arg1 as b\n" },
		{ FUNCTION "capture = arg1 as a\n", FUNCTION "capture = arg1:u8 as a\n" },
		{ FUNCTION "capture = x as a\n", FUNCTION "capture = y as a\n" },
		{ FUNCTION "capture = arg1:string[8] as a\n",
		  FUNCTION "capture = arg1:string[9] as a\n" },
		{ FUNCTION, FUNCTION "failed-if = return < 0\n" },
		{ FUNCTION "failed-if = return < 1\n", FUNCTION "failed-if = return < 0\n" },
		{ FUNCTION "failed-if = return > 0\n", FUNCTION "failed-if = return < 0\n" },
		{ FUNCTION "failed-if = return:s8 < 0\n", FUNCTION "failed-if = return < 0\n" },
		{ FUNCTION, PAIR },
		{ PAIR, "begin = /bin/a:b\nend = /bin/a:f\n" },
		{ PAIR, "begin = /bin/a:c\nend = /bin/a:e\n" },
		{ PAIR, PAIR "key = arg1\n" },
		{ PAIR "key = arg1, arg2\n", PAIR "key = arg1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (same(pairs[i][0], pairs[i][1]))
			fail_msg("the same: %s and %s", pairs[i][0], pairs[i][1]);
	}
}

static void a_state_that_is_taken_out_outlives_its_config(void **state)
{
	struct config *config = load_text(STATE "[state B]\nfunction = /bin/b:f\n");
	struct state_config *taken = config__take_state(config, 0);

	(void)state;
	assert_non_null(taken);
	assert_false(config->states[0].enabled);
	assert_string_equal(config->states[1].name, "B");
	config__free(config);
	assert_string_equal(taken->name, "A");
	assert_string_equal(taken->functions[0].binary, "/bin/a");
	state_config__free(taken);
	state_config__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(where_it_stands_does_not_count),
		CASE(a_limit_is_no_other_meaning),
		CASE(every_other_key_counts),
		CASE(a_state_that_is_taken_out_outlives_its_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
