/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "analysis/ledger_sum.h"

static void recordings_are_added_up_where_counts_go_down(void **state)
{
	struct ledger_row sum = {}, latest = {};

	(void)state;
	ledger_sum__add(&sum, &latest, &(struct ledger_row) { .entries = 5, .lost_ring = 1 });
	ledger_sum__add(&sum, &latest, &(struct ledger_row) { .entries = 9, .lost_ring = 2 });
	ledger_sum__add(&sum, &latest, &(struct ledger_row) { .entries = 10, .lost_ring = 1 });
	ledger_sum__close(&sum, &latest);
	assert_int_equal(sum.entries, 19);
	assert_int_equal(sum.lost_ring, 3);
	ledger_sum__close(&sum, &latest);
	assert_int_equal(sum.entries, 19);
}

static void open_calls_may_become_fewer_in_a_recording(void **state)
{
	struct ledger_row sum = {}, latest = {};

	(void)state;
	ledger_sum__add(&sum, &latest,
			&(struct ledger_row) { .entries = 5, .ended = { [TACHO_ENDED_OPEN] = 5 } });
	ledger_sum__add(&sum, &latest, &(struct ledger_row) { .entries = 5, .ended = { 5 } });
	ledger_sum__close(&sum, &latest);
	assert_int_equal(sum.entries, 5);
	assert_int_equal(sum.ended[TACHO_ENDED_OPEN], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_are_added_up_where_counts_go_down),
		cmocka_unit_test(open_calls_may_become_fewer_in_a_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
