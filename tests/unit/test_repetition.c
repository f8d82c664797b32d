/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "repetition.h"

#define SECOND 1000000000ULL
#define START (1000 * SECOND)

static struct repetition repetition;
static char said[8192];

static void keep(void *ctx, int level, const char *id, const char *text)
{
	size_t used = strlen(said);

	(void)ctx;
	snprintf(said + used, sizeof(said) - used, "%d %s %s\n", level, id ? id : "-", text);
}

static int set_up(void **state)
{
	(void)state;
	repetition = (struct repetition) {};
	*said = '\0';
	return 0;
}

static bool comes(uint64_t at_ns, const char *text)
{
	return repetition__admit(&repetition, START + at_ns, 2, "id", text, keep, NULL);
}

static void look(uint64_t at_ns)
{
	repetition__say(&repetition, START + at_ns, false, keep, NULL);
}

static void a_text_is_said_once_and_counted_after_that(void **state)
{
	(void)state;
	assert_true(comes(0, "full"));
	for (int i = 1; i <= 30; i++)
		assert_false(comes(i * SECOND, "full"));
	look(59 * SECOND);
	assert_string_equal(said, "");
	look(60 * SECOND);
	assert_string_equal(said, "2 id 30 times more in the last 60 s: full\n");
}

static void another_text_is_said_at_once(void **state)
{
	(void)state;
	assert_true(comes(0, "full"));
	assert_true(comes(0, "full of something else"));
	assert_true(comes(1, ""));
	assert_false(comes(2, ""));
}

static void a_count_comes_at_most_once_a_minute(void **state)
{
	(void)state;
	comes(0, "full");
	comes(1 * SECOND, "full");
	look(60 * SECOND);
	comes(61 * SECOND, "full");
	look(119 * SECOND);
	assert_string_equal(said, "2 id 1 time more in the last 60 s: full\n");
	look(120 * SECOND);
	assert_string_equal(said, "2 id 1 time more in the last 60 s: full\n"
				  "2 id 1 time more in the last 60 s: full\n");
}

static void what_has_not_come_for_a_minute_is_new_again(void **state)
{
	(void)state;
	assert_true(comes(0, "full"));
	look(30 * SECOND);
	assert_true(comes(60 * SECOND, "full"));
	assert_string_equal(said, "");
}

/* Nobody has looked meanwhile: it is not said without the count that stands out. */
static void a_count_that_is_due_is_not_forgotten(void **state)
{
	(void)state;
	comes(0, "full");
	comes(1 * SECOND, "full");
	assert_false(comes(90 * SECOND, "full"));
	look(90 * SECOND);
	assert_string_equal(said, "2 id 2 times more in the last 90 s: full\n");
}

static void all_that_is_held_back_is_said_at_the_end(void **state)
{
	(void)state;
	comes(0, "a");
	comes(0, "b");
	comes(1 * SECOND, "b");
	repetition__say(&repetition, START + 2 * SECOND, true, keep, NULL);
	assert_string_equal(said, "2 id 1 time more in the last 2 s: b\n");
	repetition__say(&repetition, START + 2 * SECOND, true, keep, NULL);
	assert_string_equal(said, "2 id 1 time more in the last 2 s: b\n");
}

static void a_text_that_makes_room_is_told_with_its_count(void **state)
{
	char text[32];

	(void)state;
	comes(0, "first");
	comes(1, "first");
	for (int i = 0; i < REPETITION_TEXTS_MAX; i++) {
		assert_string_equal(said, "");
		snprintf(text, sizeof(text), "other %d", i);
		assert_true(comes(2 + i, text));
	}
	assert_string_equal(said, "2 id 1 time more in the last 1 s: first\n");
	assert_true(comes(99, "first"));
}

static void long_texts_are_compared_as_far_as_they_are_kept(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	comes(0, text);
	text[0] = 'y';
	assert_true(comes(0, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_text_is_said_once_and_counted_after_that, set_up),
		cmocka_unit_test_setup(another_text_is_said_at_once, set_up),
		cmocka_unit_test_setup(a_count_comes_at_most_once_a_minute, set_up),
		cmocka_unit_test_setup(what_has_not_come_for_a_minute_is_new_again, set_up),
		cmocka_unit_test_setup(a_count_that_is_due_is_not_forgotten, set_up),
		cmocka_unit_test_setup(all_that_is_held_back_is_said_at_the_end, set_up),
		cmocka_unit_test_setup(a_text_that_makes_room_is_told_with_its_count, set_up),
		cmocka_unit_test_setup(long_texts_are_compared_as_far_as_they_are_kept, set_up),
	};

	return cmocka_run_group_tests_name("repetition", tests, NULL, NULL);
}
