/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "analysis/random.h"
#include "plot/kept.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct kept));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void few_calls_are_all_kept_in_their_order(void **state)
{
	struct kept *kept = *state;

	for (uint64_t i = 0; i < 100; i++)
		kept__add(kept, &(struct kept_call) { .start_ns = 1000 - i, .duration_ns = i % 7 });
	kept__sort(kept);
	assert_int_equal(kept->cnt, 100);
	for (size_t i = 1; i < kept->cnt; i++)
		assert_true(kept->calls[i - 1].start_ns < kept->calls[i].start_ns);
}

static void of_many_calls_the_longest_are_kept(void **state)
{
	const size_t cnt = 4 * KEPT_MAX;
	uint64_t *durations = calloc(cnt, sizeof(*durations)), sum = 0, expected = 0;
	struct kept *kept = *state;
	struct random random;

	assert_non_null(durations);
	random__seed(&random, 3);
	for (size_t i = 0; i < cnt; i++) {
		durations[i] = random__next(&random) >> 20;
		kept__add(kept, &(struct kept_call) { .start_ns = i, .duration_ns = durations[i] });
	}
	qsort(durations, cnt, sizeof(*durations), compare);
	for (size_t i = 0; i < KEPT_MAX; i++) {
		sum += kept->calls[i].duration_ns;
		expected += durations[cnt - 1 - i];
	}
	assert_int_equal(kept->cnt, KEPT_MAX);
	assert_int_equal(kept->seen, cnt);
	assert_int_equal(sum, expected);
	free(durations);
}

static void of_equal_calls_the_first_are_kept(void **state)
{
	struct kept *kept = *state;

	for (uint64_t i = 0; i < 2 * KEPT_MAX; i++)
		kept__add(kept, &(struct kept_call) { .start_ns = i, .duration_ns = 5 });
	kept__sort(kept);
	assert_int_equal(kept->calls[0].start_ns, 0);
	assert_int_equal(kept->calls[KEPT_MAX - 1].start_ns, KEPT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(few_calls_are_all_kept_in_their_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(of_many_calls_the_longest_are_kept, setup,
						teardown),
		cmocka_unit_test_setup_teardown(of_equal_calls_the_first_are_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
