/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/nested_calls.h"
#include "analysis/time_tree.h"

/* "  B 2x 30 self 20 children 10\n" of each; without a count of what has no calls. Frees it. */
static void expect(struct time_tree *tree, const char *expected)
{
	char text[4096] = "";
	size_t at = 0;

	for (size_t i = 0; i < tree->cnt; i++) {
		const struct time_node *node = &tree->nodes[i];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%*s%s ", (int)node->depth, "",
				       node->name);
		if (node->has_calls)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%" PRIu64 "x ",
					       node->cnt);
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%" PRIu64 " self %" PRIu64 " children %" PRIu64 "\n",
				       node->total_ns, node->self_ns, node->children_ns);
	}
	time_tree__free(tree);
	assert_string_equal(text, expected);
}

#define EXPECT_NAMES(expected, ...)                                                                \
	do {                                                                                       \
		struct time_of_name names[] = { __VA_ARGS__ };                                     \
		struct time_tree tree = {};                                                        \
		assert_int_equal(                                                                  \
			time_tree__make_by_name(names, sizeof(names) / sizeof(*names), &tree), 0); \
		expect(&tree, expected);                                                           \
	} while (0)

static void a_name_is_within_what_is_before_its_dot(void **state)
{
	(void)state;
	EXPECT_NAMES("put 2x 100 self 60 children 40\n"
		     " serialize 2x 30 self 25 children 5\n"
		     "  pickle 1x 5 self 5 children 0\n"
		     " connect 2x 10 self 10 children 0\n",
		     { "put.connect", 2, 10 }, { "put.serialize.pickle", 1, 5 }, { "put", 2, 100 },
		     { "put.serialize", 2, 30 });
}

static void a_parent_without_calls_is_the_sum_of_its_children(void **state)
{
	(void)state;
	EXPECT_NAMES("a 12 self 0 children 12\n"
		     " b 10 self 0 children 10\n"
		     "  c 1x 9 self 9 children 0\n"
		     "  d 1x 1 self 1 children 0\n"
		     " e 1x 2 self 2 children 0\n",
		     { "a.b.c", 1, 9 }, { "a.e", 1, 2 }, { "a.b.d", 1, 1 });
}

/* Phases that ran at once. */
static void children_may_take_longer_than_their_parent(void **state)
{
	(void)state;
	EXPECT_NAMES("a 1x 5 self 0 children 9\n"
		     " b 1x 9 self 9 children 0\n",
		     { "a", 1, 5 }, { "a.b", 1, 9 });
}

static void names_that_begin_alike_are_no_children(void **state)
{
	(void)state;
	EXPECT_NAMES("a-b 1x 9 self 9 children 0\n"
		     "a!b 1x 8 self 8 children 0\n"
		     "ab 1x 7 self 7 children 0\n"
		     "a 1x 5 self 4 children 1\n"
		     " b 1x 1 self 1 children 0\n",
		     { "a-b", 1, 9 }, { "a!b", 1, 8 }, { "ab", 1, 7 }, { "a", 1, 5 },
		     { "a.b", 1, 1 });
}

static void names_may_be_nothing_but_dots(void **state)
{
	(void)state;
	EXPECT_NAMES(". 3x 6 self 4 children 2\n"
		     "  1x 2 self 2 children 0\n",
		     { ".", 3, 6 }, { "..", 1, 2 });
}

static void names_may_be_as_deep_as_they_like(void **state)
{
	size_t sz = 200000;
	char *name = malloc(sz + 1);
	struct time_of_name names = { name, 1, 7 };
	struct time_tree tree = {};

	(void)state;
	for (size_t i = 0; i < sz; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[sz] = '\0';
	assert_int_equal(time_tree__make_by_name(&names, 1, &tree), 0);
	assert_int_equal(tree.cnt, TIME_TREE_NAME_DEPTH);
	assert_int_equal(strlen(tree.nodes[tree.cnt - 1].name),
			 sz - 2 * (TIME_TREE_NAME_DEPTH - 1));
	assert_int_equal(tree.total_ns, 7);
	time_tree__free(&tree);
	free(name);
}

/* --- by nesting --------------------------------------------------------------------------- */

#define THREAD (CALL_KNOWS_PID | CALL_KNOWS_TID | CALL_KNOWS_DEPTH)

static void take(struct nested_calls *nested, const char *state, uint64_t tid, uint64_t depth,
		 uint64_t start_ns, uint64_t duration_ns)
{
	const struct call call = { .state = state,
				   .comm = "",
				   .known = tid ? THREAD : 0,
				   .pid = 1,
				   .tid = tid,
				   .depth = depth,
				   .start_ns = start_ns,
				   .duration_ns = duration_ns };

	assert_int_equal(nested_calls__take_call(nested, &call), 0);
}

static struct nested_notes finish(struct nested_calls *nested, const char *expected)
{
	struct time_tree tree = {};
	struct nested_notes notes;

	assert_non_null(nested);
	assert_int_equal(nested_calls__finish(nested, &tree, &notes), 0);
	nested_calls__free(nested);
	expect(&tree, expected);
	return notes;
}

static void calls_may_come_before_what_they_called(void **state)
{
	struct nested_calls *nested = nested_calls__new(NULL);

	(void)state;
	take(nested, "A", 1, 0, 10, 100);
	take(nested, "B", 1, 1, 20, 50);
	take(nested, "C", 1, 2, 20, 50);
	take(nested, "B", 1, 1, 80, 30);
	finish(nested, "A 1x 100 self 20 children 80\n"
		       " B 2x 80 self 30 children 50\n"
		       "  C 1x 50 self 50 children 0\n");
}

static void threads_of_two_paths_are_two(void **state)
{
	struct nested_calls *nested = nested_calls__new(NULL);

	(void)state;
	take(nested, "A", 1, 0, 10, 100);
	nested_calls__end_path(nested);
	take(nested, "B", 1, 1, 20, 50);
	finish(nested, "A 1x 100 self 100 children 0\n"
		       "B 1x 50 self 50 children 0\n");
}

static void calls_of_unknown_threads_are_within_nothing(void **state)
{
	struct nested_calls *nested = nested_calls__new(NULL);
	struct nested_notes notes;

	(void)state;
	take(nested, "A", 0, 0, 10, 100);
	take(nested, "B", 0, 1, 20, 50);
	notes = finish(nested, "A 1x 100 self 100 children 0\n"
			       "B 1x 50 self 50 children 0\n");
	assert_int_equal(notes.thread_unknown, 2);
	assert_int_equal(notes.calls, 2);
}

static void losses_of_all_recordings_are_added_up(void **state)
{
	const struct activities_filter filter = {};
	struct nested_calls *nested = nested_calls__new(&filter);
	struct ledger_row row = { .state = "A", .entries = 9, .lost_ring = 2 };
	const struct summary_row summary = { .state = "A", .count = 5 };
	struct nested_notes notes;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nested_calls__take_ledger(nested, &row), 0);
		row.lost_ring = 3;
		assert_int_equal(nested_calls__take_ledger(nested, &row), 0);
		nested_calls__end_path(nested);
	}
	assert_int_equal(nested_calls__take_summary(nested, &summary), 0);
	notes = finish(nested, "");
	assert_int_equal(notes.lost, 6);
	assert_int_equal(notes.summarised, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_within_what_is_before_its_dot),
		cmocka_unit_test(a_parent_without_calls_is_the_sum_of_its_children),
		cmocka_unit_test(children_may_take_longer_than_their_parent),
		cmocka_unit_test(names_that_begin_alike_are_no_children),
		cmocka_unit_test(names_may_be_nothing_but_dots),
		cmocka_unit_test(names_may_be_as_deep_as_they_like),
		cmocka_unit_test(calls_may_come_before_what_they_called),
		cmocka_unit_test(threads_of_two_paths_are_two),
		cmocka_unit_test(calls_of_unknown_threads_are_within_nothing),
		cmocka_unit_test(losses_of_all_recordings_are_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
