/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger.h"

/* 100 calls began; 60 returned, 2 were killed, 10 + 5 + 3 lost in the kernel, 4 rows on disk. */
static struct ledger_account account(void)
{
	struct ledger_account a = {
		.kernel = { .entries = 100, .lost_ring = 10, .lost_nesting = 5, .lost_other = 3 },
		.rows_lost = 4,
	};

	a.ended[TACHO_ENDED_RETURN] = 60;
	a.ended[TACHO_ENDED_KILLED] = 2;
	return a;
}

static void what_is_left_over_is_open_while_recording(void **state)
{
	const struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	ledger_account__row(&a, false, &row);
	assert_int_equal(row.ended[TACHO_ENDED_OPEN], 100 - 60 - 2 - 10 - 5 - 3 - 4);
	assert_int_equal(ledger_row__imbalance(&row), 0);
}

static void nothing_is_made_up_at_the_end(void **state)
{
	const struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	ledger_account__row(&a, true, &row);
	assert_int_equal(row.ended[TACHO_ENDED_OPEN], 0);
	assert_int_equal(ledger_row__imbalance(&row), 16);
}

static void calls_counted_open_balance_the_end(void **state)
{
	struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	a.ended[TACHO_ENDED_OPEN] = 16;
	ledger_account__row(&a, true, &row);
	assert_int_equal(ledger_row__imbalance(&row), 0);
}

static void rows_lost_on_disk_are_lost_other(void **state)
{
	const struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	ledger_account__row(&a, false, &row);
	assert_int_equal(row.lost_other, 3 + 4);
	assert_int_equal(ledger_row__lost(&row), 10 + 5 + 7);
}

static void calls_without_rows_of_their_own_have_ended_too(void **state)
{
	struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	a.kernel.entries += 1000;
	a.summarised[TACHO_ENDED_RETURN] = 990;
	a.summarised[TACHO_ENDED_KILLED] = 10;
	ledger_account__row(&a, true, &row);
	assert_int_equal(row.ended[TACHO_ENDED_RETURN], 60 + 990);
	assert_int_equal(row.ended[TACHO_ENDED_KILLED], 2 + 10);
	assert_int_equal(ledger_row__imbalance(&row), 16);
	ledger_account__row(&a, false, &row);
	assert_int_equal(row.ended[TACHO_ENDED_OPEN], 16);
}

static void more_ends_than_entries_never_make_open_negative(void **state)
{
	struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	a.kernel.entries = 50;
	ledger_account__row(&a, false, &row);
	assert_int_equal(row.ended[TACHO_ENDED_OPEN], 0);
	assert_true(ledger_row__imbalance(&row) < 0);
}

static void only_a_changed_row_is_worth_writing(void **state)
{
	struct ledger_account a = account();
	struct ledger_row row;

	(void)state;
	ledger_account__row(&a, false, &row);
	assert_true(ledger_account__changed(&a, &row));
	ledger_account__mark_written(&a, &row);
	ledger_account__row(&a, false, &row);
	assert_false(ledger_account__changed(&a, &row));
	a.kernel.unmatched_returns++;
	ledger_account__row(&a, false, &row);
	assert_true(ledger_account__changed(&a, &row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_over_is_open_while_recording),
		cmocka_unit_test(nothing_is_made_up_at_the_end),
		cmocka_unit_test(calls_counted_open_balance_the_end),
		cmocka_unit_test(rows_lost_on_disk_are_lost_other),
		cmocka_unit_test(calls_without_rows_of_their_own_have_ended_too),
		cmocka_unit_test(more_ends_than_entries_never_make_open_negative),
		cmocka_unit_test(only_a_changed_row_is_worth_writing),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
