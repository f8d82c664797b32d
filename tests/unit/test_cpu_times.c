/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "processes/cpu_times.h"

#define assert_times(times, user, system)                                                          \
	do {                                                                                       \
		assert_int_equal((times).user_ns, (user));                                         \
		assert_int_equal((times).system_ns, (system));                                     \
	} while (0)

static void what_ran_is_divided_as_the_ticks_fell(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 30, 10, 1000);
	assert_times(times, 750, 250);
}

static void without_a_tick_all_of_it_is_user_time(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 0, 0, 999);
	assert_times(times, 999, 0);
}

static void without_a_user_tick_all_of_it_is_system_time(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 0, 4, 999);
	assert_times(times, 0, 999);
}

static void system_time_does_not_go_back_when_the_ratio_does(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 10, 10, 1000);
	assert_times(times, 500, 500);
	cpu_times__advance(&times, 30, 10, 1200);
	assert_times(times, 700, 500);
}

static void user_time_does_not_go_back_when_the_ratio_does(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 10, 10, 1000);
	cpu_times__advance(&times, 10, 90, 1200);
	assert_times(times, 500, 700);
}

static void nothing_changes_while_it_does_not_run(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 10, 10, 1000);
	cpu_times__advance(&times, 10, 90, 1000);
	cpu_times__advance(&times, 10, 90, 10);
	assert_times(times, 500, 500);
}

static void what_somebody_else_was_shown_is_not_gone_back_behind(void **state)
{
	struct cpu_times times = {};

	(void)state;
	cpu_times__catch_up(&times, 400, 600);
	cpu_times__advance(&times, 50, 50, 1100);
	assert_times(times, 500, 600);
	cpu_times__catch_up(&times, 600, 500); /* would go back */
	assert_times(times, 500, 600);
}

static void times_of_years_do_not_overflow(void **state)
{
	const uint64_t years = 10ULL * 365 * 86400 * 1000000000;
	struct cpu_times times = {};

	(void)state;
	cpu_times__advance(&times, 3 * years, years, 4 * years);
	assert_times(times, 3 * years, years);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ran_is_divided_as_the_ticks_fell),
		cmocka_unit_test(without_a_tick_all_of_it_is_user_time),
		cmocka_unit_test(without_a_user_tick_all_of_it_is_system_time),
		cmocka_unit_test(system_time_does_not_go_back_when_the_ratio_does),
		cmocka_unit_test(user_time_does_not_go_back_when_the_ratio_does),
		cmocka_unit_test(nothing_changes_while_it_does_not_run),
		cmocka_unit_test(what_somebody_else_was_shown_is_not_gone_back_behind),
		cmocka_unit_test(times_of_years_do_not_overflow),
	};

	return cmocka_run_group_tests_name("cpu_times", tests, NULL, NULL);
}
