/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compare_fixture.h"
#include "run_command.h"

static int exit_status(int status)
{
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define RUN_TO(scratch, out_path, ...)                                                             \
	exit_status(run_command(cmd_compare, scratch, out_path,                                    \
				(char *[]) { (char *)"compare", ##__VA_ARGS__, NULL }))
#define RUN(scratch, ...) RUN_TO(scratch, NULL, ##__VA_ARGS__)

/* The same calls take twice as long. */
static void put_slower(const struct scratch *scratch)
{
	put_calls(scratch, "base", "A", 10, 1000, 0);
	put_calls(scratch, "new", "A", 10, 2000, 0);
}

static const char slower_table[] = "A: slower (p < 0.0001)\n"
				   "METRIC     BASE      NEW    CHANGE       95 % INTERVAL\n"
				   "count        10       10     0.0 %                   -\n"
				   "total   10.0 us  20.0 us  +100.0 %                   -\n"
				   "mean    1.00 us  2.00 us  +100.0 %  +100.0 to +100.0 %\n"
				   "p50     1.00 us  2.00 us  +100.0 %  +100.0 to +100.0 %\n"
				   "p90     1.00 us  2.00 us  +100.0 %                   -\n"
				   "p95     1.00 us  2.00 us  +100.0 %                   -\n"
				   "p99     1.00 us  2.00 us  +100.0 %                   -\n"
				   "max     1.00 us  2.00 us  +100.0 %                   -\n"
				   "\n"
				   "1 state: 1 slower\n"
				   "no interval: p90 has one from 36 calls on either side on\n"
				   "no interval: p95 has one from 72 calls on either side on\n"
				   "no interval: p99 has one from 368 calls on either side on\n";

static void a_table_shows_each_metric(void **state)
{
	put_slower(*state);
	assert_int_equal(RUN(*state, "base", "new"), 0);
	scratch__expect(*state, "out", slower_table);
	scratch__expect(*state, "err", "");
}

static void csv_has_a_row_for_each_metric(void **state)
{
	put_slower(*state);
	assert_int_equal(RUN(*state, "--format", "csv", "--state", "B*", "base", "new"), 1);
	scratch__expect(*state, "err", "tacho: compare: no state matches --state\n");
	scratch__write(*state, "base", "\"B,C\",1,7\n", 10);
	assert_int_equal(RUN(*state, "--format", "csv", "--state", "B*", "base", "new"), 0);
	scratch__expect(*state, "out",
			"state,metric,base,new,change_percent,low_percent,high_percent,base_rows,"
			"new_rows,base_lost,new_lost,p_value,p_adjusted,longer,verdict\r\n"
			"\"B,C\",count,1,0,-100.0,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",total,7,0,-100.0,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",mean,7,,,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",p50,7,,,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",p90,7,,,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",p95,7,,,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",p99,7,,,,,1,0,0,0,,,,only in base\r\n"
			"\"B,C\",max,7,,,,,1,0,0,0,,,,only in base\r\n");
	scratch__expect(*state, "err", "");
}

static void names_are_code_in_markdown(void **state)
{
	static const char row[] = "\"@team | `x` <b>\x1b[2J\",1,5\n";
	char *out;

	scratch__write(*state, "base", row, strlen(row));
	scratch__write(*state, "new", row, strlen(row));
	assert_int_equal(RUN(*state, "--format=markdown", "base", "new"), 0);
	out = read_whole(scratch__at(*state, "out"), NULL);
	assert_non_null(strstr(
		out, "\n| `` @team \\| `x` <b>\\x1b[2J `` | count | 1 | 1 | 0.0 % | - | too few "
		     "calls |\n| | total | 5 ns | 5 ns | 0.0 % | - |  |\n"));
	assert_non_null(strstr(out, "\n\n1 state: 1 too few calls\n\n"));
	free(out);
}

static void hostile_names_reach_no_terminal(void **state)
{
	static const char row[] = "\"\x1b[2J\r\n\xff\",1,5\n";
	char *out;

	scratch__write(*state, "base", row, strlen(row));
	scratch__write(*state, "new", row, strlen(row));
	assert_int_equal(RUN(*state, "--fail-if", "max > 1ns", "base", "new"), 1);
	out = read_whole(scratch__at(*state, "out"), NULL);
	out[strcspn(out, "\n")] = '\0';
	assert_string_equal(out, "\\x1b[2J\\x0d\\x0a\\xff: too few calls");
	free(out);
	scratch__expect(
		*state, "err",
		"tacho: compare: \\x1b[2J\\x0d\\x0a\\xff: max is 5 ns (--fail-if 'max > 1ns')\n");
}

static const char ledger[] =
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"
	"lost_ring,lost_nesting,lost_other,unmatched_returns\n"
	"1,A,9,1,0,0,0,0,1,2,4,1,0,0\n";
static const char summary[] =
	"from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,killed,sum_ns,min_"
	"ns,max_ns\n1,2,A,10,10,0,0,0,0,0,1000,2,700\n";

static void put_directory(const struct scratch *scratch)
{
	assert_int_equal(mkdir(scratch__at(scratch, "dir"), 0700), 0);
	scratch__write(scratch, "dir/robot_activity_data", "A,1,5\nbad\nA,4,", 14);
	scratch__write(scratch, "dir/activity_ledger.csv", ledger, strlen(ledger));
	scratch__write(scratch, "dir/activity_summary.csv", summary, strlen(summary));
}

#define NOTES(prefix)                                                                              \
	prefix "lost: 5 of 9 calls of A in new\n" prefix                                           \
	       "summarised: 10 of 11 calls of A in new have no rows, so that percentiles and "     \
	       "test leave them out\n" prefix "not finished: 3 calls of A in new\n" prefix         \
	       "malformed: 1 row of new not counted\n" prefix                                      \
	       "torn: 1 last row of new not counted\n"

static void what_biases_the_comparison_is_said(void **state)
{
	char *out;

	put_calls(*state, "base", "A", 1, 5, 0);
	put_directory(*state);
	assert_int_equal(RUN(*state, "base", "dir"), 0);
	out = read_whole(scratch__at(*state, "out"), NULL);
	assert_string_equal(strstr(out, "1 state"), "1 state: 1 too few calls\n" NOTES(""));
	free(out);
	scratch__expect(*state, "err",
			"tacho: compare: dir/robot_activity_data:2: too few or too many fields\n");
	assert_int_equal(RUN(*state, "--format=csv", "base", "dir"), 0);
	scratch__expect(*state, "err",
			"tacho: compare: dir/robot_activity_data:2: too few or too many "
			"fields\n" NOTES("tacho: compare: "));
}

static void json_has_all_of_it(void **state)
{
	char *out;

	put_calls(*state, "base", "A", 1, 0, 0);
	put_directory(*state);
	assert_int_equal(RUN(*state, "--format=json", "--fail-if", "p50 +10%", "base", "dir"), 0);
	out = read_whole(scratch__at(*state, "out"), NULL);
	assert_non_null(strstr(out, "\"lost\": 5"));
	assert_non_null(strstr(out, "\"summarised\": 10"));
	assert_non_null(strstr(out, "\"unfinished\": 3"));
	assert_non_null(strstr(out, "\"malformed\": 1"));
	assert_non_null(strstr(out, "\"verdict\": \"too few calls\""));
	assert_non_null(strstr(out, "\"change_percent\": null")); /* from 0 */
	assert_non_null(strstr(out, "\"outcome\": \"not shown\""));
	free(out);
}

static void an_exceeded_limit_fails_and_is_told(void **state)
{
	put_slower(*state);
	assert_int_equal(
		RUN(*state, "--fail-if", "p50 +99%", "--fail-if", "max > 1ms", "base", "new"), 1);
	scratch__expect(*state, "out", slower_table);
	scratch__expect(*state, "err",
			"tacho: compare: A: p50 rose by 100.0 %, from 1.00 us to 2.00 us "
			"(--fail-if 'p50 +99%')\n");
	assert_int_equal(RUN(*state, "--fail-if", "p50 +100%", "base", "new"), 0);
	scratch__expect(*state, "err", "");
	assert_int_equal(RUN(*state, "--fail-if", "total -10%", "new", "base"), 1);
	scratch__expect(*state, "err",
			"tacho: compare: A: total fell by 50.0 %, from 20.0 us to 10.0 us "
			"(--fail-if 'total -10%')\n");
}

static void chance_fails_only_if_strict(void **state)
{
	put_calls(*state, "base", "A", 7, 1000, 0);
	put_calls(*state, "new", "A", 7, 2000, 0);
	assert_int_equal(RUN(*state, "--fail-if", "p50 +10%", "base", "new"), 0);
	scratch__expect(
		*state, "err",
		"tacho: compare: A: p50 rose by 100.0 %, from 1.00 us to 2.00 us (--fail-if "
		"'p50 +10%'; it may be chance, so only --strict fails)\n");
	assert_int_equal(RUN(*state, "--strict", "--fail-if", "p50 +10%", "base", "new"), 1);
	scratch__expect(*state, "err",
			"tacho: compare: A: p50 rose by 100.0 %, from 1.00 us to 2.00 us "
			"(--fail-if 'p50 +10%')\n");
}

static void a_rise_from_zero_has_no_percentage(void **state)
{
	put_calls(*state, "base", "A", 10, 0, 0);
	put_calls(*state, "new", "A", 10, 7, 0);
	assert_int_equal(RUN(*state, "--fail-if", "max +900000%", "base", "new"), 1);
	scratch__expect(*state, "err",
			"tacho: compare: A: max rose from 0 ns to 7 ns (--fail-if 'max "
			"+900000%')\n");
}

static void a_limit_for_no_state_fails(void **state)
{
	put_slower(*state);
	assert_int_equal(RUN(*state, "--fail-if", "TYPO: p50 +10%", "base", "new"), 1);
	scratch__expect(*state, "err",
			"tacho: compare: --fail-if 'TYPO: p50 +10%': no state that it could be "
			"checked on\n");
}

static void half_a_comparison_is_none(void **state)
{
	put_slower(*state);
	assert_int_equal(RUN(*state, "base", "nothing"), 1);
	scratch__expect(*state, "out", "");
	scratch__expect(*state, "err",
			"tacho: compare: nothing: cannot open: No such file or directory\n");
	scratch__write(*state, "empty", "", 0);
	assert_int_equal(RUN(*state, "empty", "new"), 1);
	scratch__expect(*state, "out", "");
	scratch__expect(*state, "err", "tacho: compare: empty: no finished activity was found\n");
}

static void expect_refused(const struct scratch *scratch, char **argv, const char *why)
{
	char expected[512];

	assert_int_equal(exit_status(run_command(cmd_compare, scratch, NULL, argv)), 2);
	snprintf(expected, sizeof(expected), "tacho: compare: %s (see tacho compare --help)\n",
		 why);
	scratch__expect(scratch, "err", expected);
	scratch__expect(scratch, "out", "");
}

#define REFUSED(scratch, why, ...)                                                                 \
	expect_refused(scratch, (char *[]) { (char *)"compare", ##__VA_ARGS__, NULL }, why)

static void wrong_usage_is_refused(void **state)
{
	REFUSED(*state, "which recordings? BASE and NEW are missing");
	REFUSED(*state, "compare 'base' with what? NEW is missing", "base");
	REFUSED(*state, "'c' is one path too many; a directory has them all", "a", "b", "c");
	REFUSED(*state, "standard input can be one of the two only", "-", "-");
	REFUSED(*state, "'xml' is no format (table, markdown, csv or json)", "--format", "xml");
	REFUSED(*state, "--alpha: '0' is no number from 0.001 to 0.5", "--alpha", "0");
	REFUSED(*state, "--alpha: 'nan' is no number from 0.001 to 0.5", "--alpha", "nan");
	REFUSED(*state, "--alpha: '0.1x' is no number from 0.001 to 0.5", "--alpha", "0.1x");
	REFUSED(*state, "--alpha: '' is no number from 0.001 to 0.5", "--alpha=");
	REFUSED(*state, "--fail-if 'p9 +1%': 'p9' is nothing to compare; did you mean 'p90'?",
		"--fail-if", "p50 +1%", "--fail-if", "p9 +1%", "a", "b");
}

static void a_full_disk_is_a_failure(void **state)
{
	put_slower(*state);
	for (size_t i = 0; i < 4; i++) {
		static const char *const formats[] = { "table", "markdown", "csv", "json" };

		assert_int_equal(
			RUN_TO(*state, "/dev/full", "--format", (char *)formats[i], "base", "new"),
			1);
		scratch__expect(*state, "err",
				"tacho: compare: writing to standard output failed\n");
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_table_shows_each_metric),
		CASE(csv_has_a_row_for_each_metric),
		CASE(names_are_code_in_markdown),
		CASE(hostile_names_reach_no_terminal),
		CASE(what_biases_the_comparison_is_said),
		CASE(json_has_all_of_it),
		CASE(an_exceeded_limit_fails_and_is_told),
		CASE(chance_fails_only_if_strict),
		CASE(a_rise_from_zero_has_no_percentage),
		CASE(a_limit_for_no_state_fails),
		CASE(half_a_comparison_is_none),
		CASE(wrong_usage_is_refused),
		CASE(a_full_disk_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
