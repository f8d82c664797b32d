/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/durations.h"

#define CNT 20000 /* enough that nothing is simply sorted */

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* Numbers as different as durations may be. */
static uint64_t make_value(int shape, size_t idx, uint64_t *seed)
{
	uint64_t random = next_random(seed);

	switch (shape) {
	case 0: /* of any size */
		return random >> next_random(seed) % 31;
	case 1: /* all in one bucket */
		return 1000000000 + random % 1000;
	case 2:
		return 7;
	case 3: /* too long for four bytes, now and then */
		return idx % 100 ? random % 100000 : (random + 1) << 31;
	case 4:
		return UINT64_MAX - random % 3;
	case 5: /* around what takes more than four bytes */
		return UINT32_MAX - 5 + random % 11;
	case 6:
		return idx;
	default: /* the buckets' edges */
		return UINT64_C(1) << idx % 40;
	}
}

#define SHAPES 8

static void expect_same(struct durations *durations, uint64_t *values, size_t cnt, int shape)
{
	struct summary expected, actual;

	summarize(values, cnt, &expected);
	assert_int_equal(durations__cnt(durations), cnt);
	assert_int_equal(durations__summarize(durations, &actual), 0);
	if (memcmp(&expected, &actual, sizeof(actual)))
		fail_msg("shape %d, %zu values: p50 %llu, should be %llu; deviation %llu, should "
			 "be %llu",
			 shape, cnt, (unsigned long long)actual.p50,
			 (unsigned long long)expected.p50, (unsigned long long)actual.stddev,
			 (unsigned long long)expected.stddev);
}

static void add(struct durations *durations, uint64_t value)
{
	assert_int_equal(durations__add(durations, value), 0);
}

static void durations_come_to_what_sorting_them_does(void **state)
{
	static const size_t cnts[] = { 0, 1, 2, 4096, 4097, 4098, 4099, CNT };
	uint64_t *values = calloc(CNT, sizeof(*values)), seed = 1;

	(void)state;
	assert_non_null(values);
	for (int shape = 0; shape < SHAPES; shape++) {
		for (size_t k = 0; k < sizeof(cnts) / sizeof(cnts[0]); k++) {
			struct durations durations = {};

			for (size_t i = 0; i < cnts[k]; i++) {
				values[i] = make_value(shape, i, &seed);
				add(&durations, values[i]);
			}
			expect_same(&durations, values, cnts[k], shape);
			durations__free(&durations);
		}
	}
	free(values);
}

static void joined_durations_are_as_if_added_to_one(void **state)
{
	uint64_t *values = calloc(CNT, sizeof(*values)), seed = 2;
	struct durations all = {}, parts[5] = {};

	(void)state;
	assert_non_null(values);
	for (size_t i = 0; i < CNT; i++) {
		values[i] = make_value(3, i, &seed);
		add(&parts[i % 3 ? 1 : i % 4], values[i]); /* one stays empty */
	}
	for (int i = 0; i < 5; i++)
		durations__join(&all, &parts[i]);
	assert_int_equal(durations__cnt(&parts[1]), 0);
	expect_same(&all, values, CNT, 3);
	/* and can be added to again */
	add(&all, 5);
	assert_int_equal(durations__cnt(&all), CNT + 1);
	durations__free(&all);
	free(values);
}

static void what_was_added_can_be_copied(void **state)
{
	struct durations durations = {};
	uint64_t values[100], sum = 0;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		add(&durations, i < 90 ? i : UINT64_MAX - i);
	durations__copy(&durations, values);
	for (int i = 0; i < 100; i++)
		sum += values[i];
	assert_int_equal(sum, UINT64_C(90) * 89 / 2 - UINT64_C(10) - (UINT64_C(90) + 99) * 5);
	durations__free(&durations);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_come_to_what_sorting_them_does),
		cmocka_unit_test(joined_durations_are_as_if_added_to_one),
		cmocka_unit_test(what_was_added_can_be_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
