/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/cost_estimate.h"

static uint32_t cost_of(enum code_cost entry, enum code_cost first, enum code_cost second)
{
	struct planned_exit exits[] = { { .cost = first }, { .cost = second } };
	const struct planned_probe probe = {
		.kind = PLANNED_CALL,
		.cost = entry,
		.exits = exits,
		.exit_cnt = 2,
	};

	return planned_probe__cost_ns(&probe);
}

static void stepping_costs_most_and_a_long_nop_least(void **state)
{
	uint32_t nop = cost_of(CODE_COST_NOP5, CODE_COST_NOP5, CODE_COST_NOP5);
	uint32_t emulated = cost_of(CODE_COST_EMULATED, CODE_COST_NOP5, CODE_COST_NOP5);
	uint32_t stepped = cost_of(CODE_COST_STEPPED, CODE_COST_NOP5, CODE_COST_NOP5);

	(void)state;
	assert_true(nop < emulated && emulated < stepped);
}

static void the_dearest_way_out_counts(void **state)
{
	(void)state;
	assert_int_equal(cost_of(CODE_COST_NOP5, CODE_COST_STEPPED, CODE_COST_NOP5),
			 cost_of(CODE_COST_NOP5, CODE_COST_NOP5, CODE_COST_STEPPED));
	assert_true(cost_of(CODE_COST_NOP5, CODE_COST_STEPPED, CODE_COST_NOP5) >
		    cost_of(CODE_COST_NOP5, CODE_COST_EMULATED, CODE_COST_NOP5));
}

static void a_replaced_return_address_costs_less_than_a_stepped_exit(void **state)
{
	const struct planned_probe fast = { .kind = PLANNED_CALL, .fast = true };
	const struct planned_probe point = { .kind = PLANNED_POINT };
	uint32_t safe = cost_of(CODE_COST_NOP5, CODE_COST_STEPPED, CODE_COST_STEPPED);

	(void)state;
	assert_true(planned_probe__cost_ns(&fast) < safe);
	assert_true(planned_probe__cost_ns(&point) < planned_probe__cost_ns(&fast));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stepping_costs_most_and_a_long_nop_least),
		cmocka_unit_test(the_dearest_way_out_counts),
		cmocka_unit_test(a_replaced_return_address_costs_less_than_a_stepped_exit),
	};

	return cmocka_run_group_tests_name("cost_estimate", tests, NULL, NULL);
}
