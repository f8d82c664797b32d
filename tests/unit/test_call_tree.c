/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/call_tree.h"

#define THREAD (CALL_KNOWS_PID | CALL_KNOWS_TID | CALL_KNOWS_DEPTH)

struct text {
	char text[4096];
};

static int put_stack(void *ctx, const struct call_node *const *stack, size_t depth)
{
	struct text *text = ctx;
	size_t at = strlen(text->text);

	for (size_t i = 0; i < depth; i++)
		at += (size_t)snprintf(text->text + at, sizeof(text->text) - at, "%s%s",
				       i ? ";" : "", stack[i]->frame->state);
	snprintf(text->text + at, sizeof(text->text) - at,
		 " %" PRIu64 "x %" PRIu64 " self %" PRIu64 "\n", stack[depth - 1]->cnt,
		 stack[depth - 1]->total_ns, stack[depth - 1]->self_ns);
	return 0;
}

static void add(struct call_tree *tree, const char *state, uint64_t tid, uint64_t depth,
		uint64_t start_ns, uint64_t duration_ns)
{
	const struct call call = { .state = state,
				   .binary = "",
				   .known = THREAD,
				   .pid = 1,
				   .tid = tid,
				   .depth = depth,
				   .start_ns = start_ns,
				   .duration_ns = duration_ns };

	assert_int_equal(call_tree__add(tree, &call), 0);
}

static struct call_tree *make(void)
{
	struct call_tree *tree = call_tree__new(CALL_WEIGHT_WALL, false);

	assert_non_null(tree);
	return tree;
}

/* Frees it, too. */
static void expect(struct call_tree *tree, const char *expected)
{
	struct text text = {};

	call_tree__settle(tree);
	assert_int_equal(call_tree__walk(tree, put_stack, &text), 0);
	assert_string_equal(text.text, expected);
	call_tree__free(tree);
}

static void a_call_claims_what_began_within_it(void **state)
{
	struct call_tree *tree = make();

	(void)state;
	add(tree, "C", 1, 2, 12, 3);
	add(tree, "B", 1, 1, 11, 5);
	add(tree, "B", 1, 1, 20, 4);
	add(tree, "A", 1, 0, 10, 30);
	add(tree, "A", 1, 0, 50, 5);
	expect(tree, "A 2x 35 self 26\nA;B 2x 9 self 6\nA;B;C 1x 3 self 3\n");
}

static void threads_do_not_mix(void **state)
{
	struct call_tree *tree = make();

	(void)state;
	add(tree, "B", 2, 1, 12, 3);
	add(tree, "A", 1, 0, 10, 30);
	expect(tree, "A 1x 30 self 30\nB 1x 3 self 3\n");
}

static void a_call_takes_no_part_in_what_began_before_it(void **state)
{
	struct call_tree *tree = make();

	(void)state;
	add(tree, "C", 1, 2, 5, 3); /* its caller was lost */
	add(tree, "B", 1, 1, 10, 3);
	add(tree, "A", 1, 0, 1, 30);
	expect(tree, "A 1x 30 self 24\nA;C 1x 3 self 3\nA;B 1x 3 self 3\n");
}

static void calls_that_took_longer_than_their_caller_leave_it_nothing(void **state)
{
	struct call_tree *tree = make();

	(void)state;
	add(tree, "B", 1, 1, 10, 40);
	add(tree, "A", 1, 0, 10, 30);
	expect(tree, "A 1x 30 self 0\nA;B 1x 40 self 40\n");
}

static void settling_gives_up_callers_that_never_came(void **state)
{
	struct call_tree *tree = make();

	(void)state;
	add(tree, "B", 1, 1, 10, 4);
	call_tree__settle(tree);
	add(tree, "A", 1, 0, 1, 30);
	expect(tree, "B 1x 4 self 4\nA 1x 30 self 30\n");
}

static void a_binary_makes_another_frame_if_told_so(void **state)
{
	struct call call = { .state = "S", .binary = "/a", .duration_ns = 1 };

	(void)state;
	for (int by_binary = 0; by_binary < 2; by_binary++) {
		struct call_tree *tree = call_tree__new(CALL_WEIGHT_WALL, by_binary);

		assert_non_null(tree);
		call.binary = "/a";
		assert_int_equal(call_tree__add(tree, &call), 0);
		call.binary = "/b";
		assert_int_equal(call_tree__add(tree, &call), 0);
		assert_int_equal(call_tree__frame_cnt(tree), 1 + by_binary);
		call_tree__free(tree);
	}
}

static void processor_times_are_needed_only_if_asked_for(void **state)
{
	struct call call = { .state = "S", .binary = "", .duration_ns = 9, .cpu_ns = 5 };
	struct call_tree *tree = call_tree__new(CALL_WEIGHT_CPU, false);
	struct call_tree_unknown unknown = {};
	struct fault why = {};

	(void)state;
	assert_non_null(tree);
	call.cpu_ns = 0;
	assert_int_equal(call_tree__add(tree, &call), 0);
	assert_int_equal(call_tree__finish(tree, &unknown, &why), -ENODATA);
	call.known = CALL_KNOWS_CPU;
	call.cpu_ns = 5;
	assert_int_equal(call_tree__add(tree, &call), 0);
	assert_int_equal(call_tree__finish(tree, &unknown, &why), 0);
	assert_int_equal(unknown.cpu, 1);
	expect(tree, "S 2x 5 self 5\n");
}

/* More than are kept, of a caller that ends last; and of many states, which cannot be merged. */
static void what_is_pending_has_a_bound(void **state)
{
	struct call_tree *tree = make();
	char name[32];

	(void)state;
	for (uint64_t i = 0; i < 200000; i++)
		add(tree, i % 2 ? "B" : "C", 1, 1, 10 * i, 5);
	add(tree, "A", 1, 0, 0, 2000000);
	expect(tree, "A 1x 2000000 self 1000000\nA;C 100000x 500000 self 500000\n"
		     "A;B 100000x 500000 self 500000\n");
	tree = make();
	for (uint64_t i = 0; i < 70000; i++) {
		snprintf(name, sizeof(name), "S%" PRIu64, i % 100);
		add(tree, name, 1, 1 + i, 10 * i, 5);
	}
	call_tree__free(tree);
}

static void a_tower_of_calls_is_cut(void **state)
{
	struct call_tree *tree = make();

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		add(tree, "S", 1, 100000 - i, 1000000 - i, 2 * i);
	call_tree__settle(tree);
	call_tree__free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_claims_what_began_within_it),
		cmocka_unit_test(threads_do_not_mix),
		cmocka_unit_test(a_call_takes_no_part_in_what_began_before_it),
		cmocka_unit_test(calls_that_took_longer_than_their_caller_leave_it_nothing),
		cmocka_unit_test(settling_gives_up_callers_that_never_came),
		cmocka_unit_test(a_binary_makes_another_frame_if_told_so),
		cmocka_unit_test(processor_times_are_needed_only_if_asked_for),
		cmocka_unit_test(what_is_pending_has_a_bound),
		cmocka_unit_test(a_tower_of_calls_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
