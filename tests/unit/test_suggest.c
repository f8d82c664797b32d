/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "suggest.h"

static void equal_words_are_no_distance_apart(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("", "", 3), 0);
	assert_int_equal(suggest_distance("flush", "flush", 0), 0);
}

static void each_edit_counts_one(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("flush", "flsh", 3), 1);
	assert_int_equal(suggest_distance("flush", "fluush", 3), 1);
	assert_int_equal(suggest_distance("flush", "flash", 3), 1);
	assert_int_equal(suggest_distance("", "abc", 3), 3);
	assert_int_equal(suggest_distance("kitten", "sitting", 9), 3);
}

static void a_swap_of_neighbours_counts_one(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("flush", "fulsh", 3), 1);
	assert_int_equal(suggest_distance("flush", "fulsh", 1), 1);
	assert_int_equal(suggest_distance("ab", "ba", 1), 1);
	/* Optimal string alignment: what was swapped is not edited again. */
	assert_int_equal(suggest_distance("ca", "abc", 5), 3);
}

static void case_alone_is_no_distance(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("Flush", "fLUSH", 2), 0);
	assert_int_equal(suggest_distance("Flush", "flus", 3), 2);
}

static void distances_over_the_limit_read_one_more(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("abc", "xyz", 2), 3);
	assert_int_equal(suggest_distance("abc", "abcdefgh", 2), 3);
	assert_int_equal(suggest_distance("abc", "abd", 0), 1);
}

/* The textbook's table, without a band or an early end. */
static size_t plain_distance(const char *a, const char *b)
{
	size_t d[16][16], a_len = strlen(a), b_len = strlen(b);

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[a_len][b_len];
}

static void random_word(char *word)
{
	size_t len = (size_t)rand() % 12;

	for (size_t i = 0; i < len; i++)
		word[i] = (char)('a' + rand() % 3);
	word[len] = '\0';
}

static void every_limit_agrees_with_the_whole_table(void **state)
{
	char a[16], b[16];

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t want, limit = (size_t)rand() % 8;

		random_word(a);
		random_word(b);
		want = plain_distance(a, b);
		if (want > limit)
			want = limit + 1;
		if (suggest_distance(a, b, limit) != want)
			print_error("'%s' and '%s' within %zu\n", a, b, limit);
		assert_int_equal(suggest_distance(a, b, limit), want);
	}
}

static void very_long_words_are_only_compared(void **state)
{
	char a[4096], b[4096];

	(void)state;
	memset(a, 'x', sizeof(a) - 1);
	a[sizeof(a) - 1] = '\0';
	memcpy(b, a, sizeof(b));
	b[100] = 'y';
	assert_int_equal(suggest_distance(a, b, 3), 4);
	assert_true(suggest_distance(a, "x", SIZE_MAX) > 0);
}

static const char *const words[] = { "interval", "directory", "formats", "flush", "sync", NULL };

static void a_word_finds_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(suggest_word("directoy", words), "directory");
	assert_string_equal(suggest_word("Sync", words), "sync");
	assert_string_equal(suggest_word("snyc", words), "sync");
}

static void a_word_far_from_all_finds_nothing(void **state)
{
	static const char *const none[] = { NULL };

	(void)state;
	assert_null(suggest_word("colour", words));
	assert_null(suggest_word("", words));
	assert_null(suggest_word("flush", none));
}

static void the_best_few_are_kept_in_order(void **state)
{
	struct suggestions s = { .word = "analyze" };

	(void)state;
	suggestions__offer(&s, "analyz_r");
	suggestions__offer(&s, "analyse");
	suggestions__offer(&s, "unrelated");
	suggestions__offer(&s, "analyse");
	suggestions__offer(&s, "Analyze");
	assert_int_equal(s.cnt, 3);
	assert_string_equal(s.names[0], "Analyze");
	assert_string_equal(s.names[1], "analyse");
	assert_string_equal(s.names[2], "analyz_r");
}

static void a_nearer_one_pushes_the_farthest_out(void **state)
{
	static const char *const far[] = { "functixx", "functiyy", "functizz", "functiww",
					   "functivv" };
	struct suggestions s = { .word = "function" };

	(void)state;
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		suggestions__offer(&s, far[i]);
	assert_int_equal(s.cnt, SUGGEST_MAX);
	suggestions__offer(&s, "functiuu");
	assert_string_equal(s.names[SUGGEST_MAX - 1], "functivv");
	suggestions__offer(&s, "functon");
	assert_int_equal(s.cnt, SUGGEST_MAX);
	assert_string_equal(s.names[0], "functon");
	assert_string_equal(s.names[SUGGEST_MAX - 1], "functiww");
}

static void fifty_thousand_symbols_take_no_time(void **state)
{
	struct suggestions s = { .word = "_ZN7example8analyzer13read_protocolEv" };
	struct timespec from, to;
	char(*names)[64] = calloc(50000, sizeof(*names));

	(void)state;
	assert_non_null(names);
	for (int i = 0; i < 50000; i++)
		snprintf(names[i], sizeof(names[i]), "_ZN7example8analyzer%drd_protocol%dEv",
			 i % 97, i);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < 50000; i++)
		suggestions__offer(&s, names[i]);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	free(names);
	/* About 30 ms where it was written; this only catches a table of all cells for each. */
	assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 <
		    2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_words_are_no_distance_apart),
		cmocka_unit_test(each_edit_counts_one),
		cmocka_unit_test(a_swap_of_neighbours_counts_one),
		cmocka_unit_test(case_alone_is_no_distance),
		cmocka_unit_test(distances_over_the_limit_read_one_more),
		cmocka_unit_test(every_limit_agrees_with_the_whole_table),
		cmocka_unit_test(very_long_words_are_only_compared),
		cmocka_unit_test(a_word_finds_the_nearest),
		cmocka_unit_test(a_word_far_from_all_finds_nothing),
		cmocka_unit_test(the_best_few_are_kept_in_order),
		cmocka_unit_test(a_nearer_one_pushes_the_farthest_out),
		cmocka_unit_test(fifty_thousand_symbols_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
