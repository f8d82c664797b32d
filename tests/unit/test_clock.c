/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "clock.h"

static void a_moment_gets_the_offset_of_its_time(void **state)
{
	struct clock_history *history = calloc(1, sizeof(*history));

	(void)state;
	assert_non_null(history);
	assert_int_equal(clock_history__offset_at(history, 5), 0);
	clock_history__add(history, 100, 1000);
	clock_history__add(history, 200, -7);
	assert_int_equal(clock_history__offset_at(history, 50), 1000); /* before anything known */
	assert_int_equal(clock_history__offset_at(history, 100), 1000);
	assert_int_equal(clock_history__offset_at(history, 199), 1000);
	assert_int_equal(clock_history__offset_at(history, 200), -7);
	assert_int_equal(clock_history__offset_at(history, UINT64_MAX), -7);
	free(history);
}

static void a_full_history_forgets_the_oldest(void **state)
{
	struct clock_history *history = calloc(1, sizeof(*history));

	(void)state;
	assert_non_null(history);
	for (uint64_t i = 0; i < CLOCK_HISTORY_MAX + 10; i++)
		clock_history__add(history, i * 10, (int64_t)i);
	assert_int_equal(history->cnt, CLOCK_HISTORY_MAX);
	assert_int_equal(clock_history__offset_at(history, 0), 10);
	assert_int_equal(clock_history__offset_at(history, 105), 10);
	assert_int_equal(clock_history__offset_at(history, (CLOCK_HISTORY_MAX + 9) * 10),
			 CLOCK_HISTORY_MAX + 9);
	free(history);
}

static void time_that_runs_backwards_is_taken_as_now(void **state)
{
	struct clock_history *history = calloc(1, sizeof(*history));

	(void)state;
	assert_non_null(history);
	clock_history__add(history, 100, 1);
	clock_history__add(history, 50, 2);
	assert_int_equal(clock_history__offset_at(history, 99), 1);
	assert_int_equal(clock_history__offset_at(history, 100), 2);
	free(history);
}

static void the_measured_offset_leads_to_the_wall_clock(void **state)
{
	int64_t offset = clock_measure_offset(CLOCK_MONOTONIC);
	int64_t before, wall, after;
	struct timespec now;

	(void)state;
	/* However long a busy machine comes between the readings. */
	before = (int64_t)clock_monotonic_ns();
	clock_gettime(CLOCK_REALTIME, &now);
	after = (int64_t)clock_monotonic_ns();
	wall = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	assert_true(before + offset <= wall + 50000);
	assert_true(after + offset >= wall - 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_gets_the_offset_of_its_time),
		cmocka_unit_test(a_full_history_forgets_the_oldest),
		cmocka_unit_test(time_that_runs_backwards_is_taken_as_now),
		cmocka_unit_test(the_measured_offset_leads_to_the_wall_clock),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
