/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether two states of the settings mean the same, and two of other parts. */
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

static bool same_marks(const struct config *a, const struct config *b)
{
	return marks_config__same(&a->marks, &b->marks);
}

static bool same_resources(const struct config *a, const struct config *b)
{
	return resources_config__same(&a->resources, &b->resources);
}

static bool same_flag(const struct config *a, const struct config *b)
{
	return feature_flag_config__same(&a->flag, &b->flag);
}

typedef bool same_fn(const struct config *a, const struct config *b);

static bool same_in(same_fn *is_same, const char *a_lines, const char *b_lines)
{
	char text[256];
	struct config *a, *b;
	bool found;

	snprintf(text, sizeof(text), STATE "%s", a_lines);
	a = load_text(text);
	snprintf(text, sizeof(text), "; elsewhere\n" STATE "%s", b_lines);
	b = load_text(text);
	found = is_same(a, b);
	assert_int_equal(found, is_same(b, a));
	config__free(a);
	config__free(b);
	return found;
}

#define MARKS "[marks]\nprograms = /a\n"
#define RESOURCES "[resources]\nenabled = yes\n"
#define FLAG "[feature-flag]\nfile = /a\n"
#define RECORD "[record]\n"

static void every_key_of_another_part_counts(void **state)
{
	static const struct {
		same_fn *is_same;
		const char *text, *as_well; /* which are the same */
		const char *others[6];	    /* and these are not */
	} parts[] = {
		{ same_marks,
		  MARKS,
		  "[marks]\nlimit = 256\nenabled = yes\nprograms = /a\n",
		  { "", "[marks]\nprograms = /b\n", MARKS "labels = x*\n", MARKS "process = x*\n",
		    MARKS "limit = 7\n" } },
		{ same_marks, "", MARKS "enabled = no\n", { MARKS } },
		{ same_resources,
		  RESOURCES,
		  RESOURCES "processes =\ninterval = 10s\n",
		  { "", RESOURCES "interval = 2s\n", RESOURCES "processes = a*\n",
		    RESOURCES "processes = *, a*\n" } },
		{ same_resources, "", "[resources]\nenabled = no\ninterval = 9s\n", { RESOURCES } },
		{ same_flag,
		  FLAG,
		  FLAG "key = " CONFIG_FLAG_KEY_DEFAULT "\n",
		  { "", FLAG "key = k\n", "[feature-flag]\nfile = /b\n" } },
		{ config__same_directory,
		  RECORD "directory = /a\n",
		  RECORD "sync = 1s\ndirectory = /a\n",
		  { "", RECORD "directory = /b\n" } },
		{ config__same_formats,
		  RECORD "formats = opentrons\n",
		  RECORD "sync = 1s\nformats = opentrons\n",
		  { RECORD "formats = detail\n", RECORD "formats = opentrons, detail\n" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!same_in(parts[i].is_same, parts[i].text, parts[i].as_well))
			fail_msg("not the same: %s and %s", parts[i].text, parts[i].as_well);
		for (const char *const *other = parts[i].others; *other; other++) {
			if (same_in(parts[i].is_same, parts[i].text, *other))
				fail_msg("the same: %s and %s", parts[i].text, *other);
		}
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
		CASE(every_key_of_another_part_counts),
		CASE(a_state_that_is_taken_out_outlives_its_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
