/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/state_table.h"

static uint32_t number(struct state_table *table, const char *name)
{
	char padded[256] = {};

	snprintf(padded, sizeof(padded) - STATE_BEYOND, "%s", name);
	/* whatever stands behind a name is not looked at in the end */
	memset(padded + strlen(name) + 1, ',', STATE_BEYOND - 1);
	return state_table__number(table, padded, strlen(name));
}

static void names_keep_their_numbers(void **state)
{
	struct state_table table = {};
	char name[64];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "%u.a.name.that.is.quite.long.%u", i % 7, i);
			assert_int_equal(number(&table, name), i);
		}
	}
	assert_string_equal(table.names[4999], "1.a.name.that.is.quite.long.4999");
	state_table__free(&table);
}

/* Each of these was taken for another one by some table at some time. */
static void similar_names_are_different(void **state)
{
	static const char *const names[] = {
		"A",
		"AA",
		"B",
		"12345678",
		"1234567",
		"123456789",
		"1234567812345678",
		"123456781234567812345678",
		"12345678x234567812345678",
		"123456781234567x12345678",
		"1234567812345678x",
		"\xff",
		"\xff\xff",
	};
	struct state_table table = {};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			assert_int_equal(number(&table, names[i]), i);
	}
	state_table__free(&table);
}

static void a_full_table_refuses_new_names_only(void **state)
{
	struct state_table table = {};
	uint32_t refused = 0;
	char name[16];

	(void)state;
	for (uint32_t i = 0; i < STATE_TABLE_MAX + 10; i++) {
		snprintf(name, sizeof(name), "%u", i);
		refused += number(&table, name) == STATE_NONE;
	}
	assert_in_range(refused, 10, 20);
	assert_int_equal(number(&table, "5"), 5);
	state_table__free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_keep_their_numbers),
		cmocka_unit_test(similar_names_are_different),
		cmocka_unit_test(a_full_table_refuses_new_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
