/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each command is run in a fork: report_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "report_fixture.h"
#include "report_print.h"

#define SECOND UINT64_C(1000000000)
#define STATE_COLUMNS                                                                              \
	"state,count,rate_per_s,total_ns,share_percent,mean_ns,stddev_ns,min_ns,p50_ns,p75_ns,"    \
	"p90_ns,p95_ns,p99_ns,p999_ns,max_ns,failed,lost,unfinished,summarised,lost_ring,"         \
	"lost_nesting,lost_other\r\n"

static void durations_have_three_digits_and_a_unit(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 7, "7 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 1004, "1.00 us" },
		{ 1005, "1.01 us" },
		{ 9994, "9.99 us" },
		{ 9995, "10.0 us" },
		{ 99949, "99.9 us" },
		{ 99950, "100 us" },
		{ 999499, "999 us" },
		{ 999500, "1.00 ms" },
		{ 47381526, "47.4 ms" },
		{ 999499999, "999 ms" },
		{ 999500000, "1.00 s" },
		{ 14028043893, "14.0 s" },
		{ 999 * SECOND, "999 s" },
		{ 1234 * SECOND + SECOND / 2, "1235 s" },
		{ UINT64_MAX, "18446744074 s" },
	};
	char text[REPORT_DURATION_SZ];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		report_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void the_longest_total_comes_first(void **state)
{
	put(*state, "a", "SHORT,1,5\nLONG,1,2000000\nSHORT,2,9\nLONG,3,1500\nB,4,7\nA,5,7\n");
	assert_int_equal(RUN(*state, "a"), 0);
	scratch__expect(*state, "out",
			"STATE  COUNT    TOTAL     MEAN      P50      P90      P99      MAX\n"
			"LONG       2  2.00 ms  1.00 ms  1.00 ms  1.80 ms  1.98 ms  2.00 ms\n"
			"SHORT      2    14 ns     7 ns     7 ns     9 ns     9 ns     9 ns\n"
			"A          1     7 ns     7 ns     7 ns     7 ns     7 ns     7 ns\n"
			"B          1     7 ns     7 ns     7 ns     7 ns     7 ns     7 ns\n");
	scratch__expect(*state, "err", "");
}

static void csv_has_whole_nanoseconds(void **state)
{
	put(*state, "a", "LONG,1,2000000\n\"S,H\",2,9\nLONG,3,1500\n");
	assert_int_equal(RUN(*state, "--format", "csv", "a"), 0);
	scratch__expect(*state, "out",
			STATE_COLUMNS
			"LONG,2,1000.0,2001500,99.99955033926902,1000750,1413153,1500,1000750,"
			"1500375,1800150,1900075,1980015,1998002,2000000,,0,0,0,0,0,0\r\n"
			"\"S,H\",1,,9,0.00044966073097847675,9,,9,9,9,9,9,9,9,9,,0,0,0,0,0,0\r\n");
	scratch__expect(*state, "err", "");
}

static void the_default_path_is_that_of_the_recorder(void **state)
{
	const struct scratch *scratch = *state;

	assert_int_equal(mkdir(scratch__at(scratch, DEFAULT_DIRECTORY), 0700), 0);
	put(scratch, DEFAULT_DIRECTORY "/robot_activity_data", "A,1,5\n");
	assert_int_equal(RUN(scratch), 0);
	scratch__expect(scratch, "out",
			"STATE  COUNT  TOTAL  MEAN   P50   P90   P99   MAX\n"
			"A          1   5 ns  5 ns  5 ns  5 ns  5 ns  5 ns\n");
}

static const char detail_with_losses[] =
	"state,start_ns,duration_ns,ended\nA,1,5,return\nA,2,6,killed\nB,3,7,open\nA,4,";
static const char ledger_with_losses[] =
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"
	"lost_ring,lost_nesting,lost_other,unmatched_returns\n"
	"1,A,9,1,0,0,0,0,1,2,4,1,0,0\n1,B,1,0,0,0,0,0,0,1,0,0,0,0\n";

static void what_is_missing_is_said_below_the_table(void **state)
{
	put(*state, "activity_detail.csv", detail_with_losses);
	put(*state, "activity_ledger.csv", ledger_with_losses);
	assert_int_equal(RUN(*state, "."), 0);
	scratch__expect(*state, "out",
			"STATE  COUNT  TOTAL  MEAN   P50   P90   P99   MAX\n"
			"A          1   5 ns  5 ns  5 ns  5 ns  5 ns  5 ns\n"
			"B          0   0 ns     -     -     -     -     -\n"
			"lost: 5 of 9 calls of A (4 ring full, 1 nested too deep)\n"
			"not finished: 3 calls of A (1 killed, 2 open)\n"
			"not finished: 1 call of B (1 open)\n"
			"torn: 1 last row not counted\n");
	scratch__expect(*state, "err", "");
}

static void what_is_missing_from_csv_is_said_on_stderr(void **state)
{
	put(*state, "activity_detail.csv", detail_with_losses);
	put(*state, "activity_ledger.csv", ledger_with_losses);
	assert_int_equal(RUN(*state, "--format=csv", "."), 0);
	scratch__expect(*state, "out",
			STATE_COLUMNS "A,1,,5,100.0,5,,5,5,5,5,5,5,5,5,,5,3,0,4,1,0\r\n"
				      "B,0,,0,0.0,,,,,,,,,,,,0,1,0,0,0,0\r\n");
	scratch__expect(*state, "err",
			"tacho: report: lost: 5 of 9 calls of A (4 ring full, 1 nested too deep)\n"
			"tacho: report: not finished: 3 calls of A (1 killed, 2 open)\n"
			"tacho: report: not finished: 1 call of B (1 open)\n"
			"tacho: report: torn: 1 last row not counted\n");
}

static const char detail_beside_a_summary[] =
	"state,start_ns,duration_ns,ended\nA,1,5,return\nA,2,8,return\n";
static const char summary[] =
	"from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,killed,sum_ns,min_"
	"ns,"
	"max_ns\n1,2,A,10,8,0,0,0,0,2,1000,2,700\n1,2,B,3,3,0,0,0,0,0,60,10,30\n";
static const char ledger_of_both[] =
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"
	"lost_ring,lost_nesting,lost_other,unmatched_returns\n"
	"1,A,12,10,0,0,0,0,2,0,0,0,0,0\n1,B,3,3,0,0,0,0,0,0,0,0,0,0\n";

static void summarised_calls_count_but_have_no_percentiles(void **state)
{
	put(*state, "activity_detail.csv", detail_beside_a_summary);
	put(*state, "activity_summary.csv", summary);
	put(*state, "activity_ledger.csv", ledger_of_both);
	assert_int_equal(RUN(*state, "."), 0);
	scratch__expect(
		*state, "out",
		"STATE  COUNT    TOTAL   MEAN   P50   P90   P99     MAX\n"
		"A         12  1.01 us  84 ns  7 ns  8 ns  8 ns  700 ns\n"
		"B          3    60 ns  20 ns     -     -     -   30 ns\n"
		"summarised: 10 of 12 calls of A have no rows; percentiles are of the other 2\n"
		"summarised: 3 of 3 calls of B have no rows\n");
	assert_int_equal(RUN(*state, "--format=csv", "."), 0);
	scratch__expect(
		*state, "out",
		STATE_COLUMNS
		"A,12,1333333333.3333333,1013,94.40820130475304,84,2,2,7,7,8,8,8,8,700,,0,0,10,"
		"0,0,0\r\n"
		"B,3,3000000000.0,60,5.591798695246971,20,,10,,,,,,,30,,0,0,3,0,0,0\r\n");
	scratch__expect(*state, "err",
			"tacho: report: summarised: 10 of 12 calls of A have no rows; percentiles "
			"are of the "
			"other 2\n"
			"tacho: report: summarised: 3 of 3 calls of B have no rows\n");
}

static void a_summary_alone_is_something_found(void **state)
{
	put(*state, "a", summary);
	assert_int_equal(RUN(*state, "a"), 0);
}

static void the_first_five_malformed_rows_are_shown(void **state)
{
	put(*state, "a", "1\n2\nA,1,5\n\"3\n\"x,\n5\n6\n7\n8\n");
	assert_int_equal(RUN(*state, "a"), 0);
	scratch__expect(*state, "out",
			"STATE  COUNT  TOTAL  MEAN   P50   P90   P99   MAX\n"
			"A          1   5 ns  5 ns  5 ns  5 ns  5 ns  5 ns\n"
			"malformed: 7 rows not counted\n");
	scratch__expect(*state, "err",
			"tacho: report: a:1: too few or too many fields\n"
			"tacho: report: a:2: too few or too many fields\n"
			"tacho: report: a:4: text behind a closing quote (the row goes on to line "
			"5)\n"
			"tacho: report: a:6: too few or too many fields\n"
			"tacho: report: a:7: too few or too many fields\n"
			"tacho: report: 2 more malformed rows\n");
}

static void hostile_names_reach_no_terminal(void **state)
{
	put(*state, "a",
	    "\"\x1b[2J\r\n\x7f\t\",1,5\n\xc2\x9b"
	    "31m\xff,1,4\n\xe7\x8a\xb6\xe6\x85\x8b\xc3\xa9,1,3\n");
	assert_int_equal(RUN(*state, "a"), 0);
	scratch__expect(*state, "out",
			"STATE                    COUNT  TOTAL  MEAN   P50   P90   P99   MAX\n"
			"\\x1b[2J\\x0d\\x0a\\x7f\\x09      1   5 ns  5 ns  5 ns  5 ns  5 ns  5 ns\n"
			"\\xc2\\x9b31m\\xff              1   4 ns  4 ns  4 ns  4 ns  4 ns  4 ns\n"
			"\xe7\x8a\xb6\xe6\x85\x8b\xc3\xa9                        1   3 ns  3 ns  "
			"3 ns  3 ns  3 ns  3 ns\n");
	assert_int_equal(RUN(*state, "--format", "csv", "a"), 0);
	scratch__expect(*state, "out",
			STATE_COLUMNS
			"\\x1b[2J\\x0d\\x0a\\x7f\\x09,1,,5,41.666666666666664,5,,5,5,5,5,5,5,5,"
			"5,,0,0,0,0,0,0\r\n"
			"\\xc2\\x9b31m\\xff,1,,4,33.333333333333336,4,,4,4,4,4,4,4,4,4,,0,0,0,0,0,"
			"0\r\n"
			"\xe7\x8a\xb6\xe6\x85\x8b\xc3\xa9,1,,3,25.0,3,,3,3,3,3,3,3,3,3,,0,0,0,0,0,"
			"0\r\n");
}

static void endless_names_are_cut(void **state)
{
	char text[8192];
	char *out;

	memset(text, 'x', sizeof(text));
	strcpy(text + sizeof(text) - 8, ",1,5\n");
	put(*state, "a", text);
	assert_int_equal(RUN(*state, "a"), 0);
	out = read_whole(scratch__at(*state, "out"), NULL);
	assert_true(strlen(out) < 300);
	assert_non_null(strstr(out, "xxx...xxx"));
	free(out);
}

static void one_bad_path_fails_but_the_others_are_shown(void **state)
{
	put(*state, "a", "A,1,5\n");
	assert_int_equal(RUN(*state, "nothing", "a"), 1);
	scratch__expect(*state, "out",
			"STATE  COUNT  TOTAL  MEAN   P50   P90   P99   MAX\n"
			"A          1   5 ns  5 ns  5 ns  5 ns  5 ns  5 ns\n");
	scratch__expect(*state, "err",
			"tacho: report: nothing: cannot open: No such file or directory\n");
}

static void nothing_found_is_a_failure(void **state)
{
	put(*state, "a", "state,func_start,duration\n");
	assert_int_equal(RUN(*state, "a"), 1);
	scratch__expect(*state, "out", "");
	scratch__expect(*state, "err", "tacho: report: a: no finished activity was found\n");
}

static void a_missing_default_directory_is_said_once(void **state)
{
	assert_int_equal(RUN(*state), 1);
	scratch__expect(*state, "out", "");
	scratch__expect(*state, "err",
			"tacho: report: " DEFAULT_DIRECTORY
			": cannot open: No such file or directory\n");
}

static void wrong_usage_is_refused(void **state)
{
	assert_int_equal(RUN(*state, "--format", "xml", "a"), 2);
	scratch__expect(*state, "err",
			"tacho: report: 'xml' is no format (table, csv, json or markdown) (see "
			"tacho report --help)\n");
	assert_int_equal(RUN(*state, "--formt", "csv"), 2);
	assert_int_equal(RUN(*state, "--format"), 2);
	scratch__expect(*state, "out", "");
}

static void a_column_that_is_none_is_refused_before_anything_is_read(void **state)
{
	assert_int_equal(RUN(*state, "--columns", "count,p9,max", "nothing"), 2);
	scratch__expect(*state, "err",
			"tacho: report: there is no column 'p9'; did you mean 'p90'? (see tacho "
			"report --help)\n");
	assert_int_equal(RUN(*state, "--columns", "everything", "nothing"), 2);
	scratch__expect(
		*state, "err",
		"tacho: report: there is no column 'everything' (see tacho report --help)\n");
}

static void columns_are_shown_as_they_are_named(void **state)
{
	put(*state, "a", "A,0,1500000000\nA,60000000000,500000000\nB,5,9\n");
	assert_int_equal(RUN(*state, "--columns", "p99.9,max_ns, rate,share,count,state,max", "a"),
			 0);
	scratch__expect(*state, "out",
			"STATE   P99.9     MAX      RATE    SHARE  COUNT\n"
			"A      1.50 s  1.50 s  1.98/min  100.0 %      2\n"
			"B        9 ns    9 ns         -   <0.1 %      1\n");
	assert_int_equal(RUN(*state, "--columns=max,count", "--format=csv", "a"), 0);
	scratch__expect(*state, "out", "state,max_ns,count\r\nA,1500000000,2\r\nB,9,1\r\n");
}

static void all_columns_are_shown_on_demand(void **state)
{
	put(*state, "a", "A,0,10\nA,90,10\n");
	assert_int_equal(RUN(*state, "--all", "a"), 0);
	scratch__expect(
		*state, "out",
		"STATE  COUNT        RATE  TOTAL    SHARE   MEAN  STDDEV    MIN    P50    P75    "
		"P90    P95    P99  P99.9    MAX  FAILED  LOST  UNFINISHED  SUMMARISED  LOST_RING  "
		"LOST_NESTING  LOST_OTHER\n"
		"A          2  20000000/s  20 ns  100.0 %  10 ns    0 ns  10 ns  10 ns  10 ns  10 "
		"ns  10 ns  10 ns  10 ns  10 ns       -     0           0           0          0   "
		"          0           0\n");
}

static const char detail_with_failures[] =
	"state,start_ns,duration_ns,ended,failed\nA,1,5,return,1\nA,2,5,return,0\n"
	"A,3,5,exception,1\nA,4,5,return,\nA,5,5,killed,\nB,6,1,return,\nC,6,0,return,0\n"
	"A,7,5,return,yes\n";

static void failures_have_a_column_when_there_are_any(void **state)
{
	put(*state, "a", detail_with_failures);
	assert_int_equal(RUN(*state, "a"), 0);
	scratch__expect(*state, "out",
			"STATE  COUNT  TOTAL  MEAN   P50   P90   P99   MAX  FAILED\n"
			"A          4  20 ns  5 ns  5 ns  5 ns  5 ns  5 ns       2\n"
			"B          1   1 ns  1 ns  1 ns  1 ns  1 ns  1 ns       -\n"
			"C          1   0 ns  0 ns  0 ns  0 ns  0 ns  0 ns       0\n"
			"not finished: 1 call of A (1 killed)\n"
			"malformed: 1 row not counted\n");
	scratch__expect(*state, "err",
			"tacho: report: a:9: whether it failed is neither 0, 1 nor empty\n");
}

static void json_has_null_where_nothing_is_known(void **state)
{
	put(*state, "activity_detail.csv", detail_with_losses);
	put(*state, "activity_ledger.csv", ledger_with_losses);
	assert_int_equal(
		RUN(*state, "--format=json", "--columns=count,mean,failed,lost,lost_ring", "."), 0);
	scratch__expect(*state, "out",
			"{\n"
			"  \"states\": [\n"
			"    {\n"
			"      \"state\": \"A\",\n"
			"      \"count\": 1,\n"
			"      \"mean_ns\": 5,\n"
			"      \"failed\": null,\n"
			"      \"lost\": 5,\n"
			"      \"lost_ring\": 4\n"
			"    },\n"
			"    {\n"
			"      \"state\": \"B\",\n"
			"      \"count\": 0,\n"
			"      \"mean_ns\": null,\n"
			"      \"failed\": null,\n"
			"      \"lost\": 0,\n"
			"      \"lost_ring\": 0\n"
			"    }\n"
			"  ],\n"
			"  \"processes\": [],\n"
			"  \"malformed\": 0,\n"
			"  \"torn\": 1,\n"
			"  \"notes\": [\n"
			"    \"lost: 5 of 9 calls of A (4 ring full, 1 nested too deep)\",\n"
			"    \"not finished: 3 calls of A (1 killed, 2 open)\",\n"
			"    \"not finished: 1 call of B (1 open)\",\n"
			"    \"torn: 1 last row not counted\"\n"
			"  ]\n"
			"}\n");
	scratch__expect(*state, "err", "");
}

static void markdown_has_units_and_no_markup_of_others(void **state)
{
	put(*state, "activity_detail.csv",
	    "state,start_ns,duration_ns,ended\n_A_B|`<i>,1,1500,return\n_A_B|`<i>,2,6,open\n");
	assert_int_equal(RUN(*state, "--format=markdown", "--columns=count,mean,failed", "."), 0);
	scratch__expect(*state, "out",
			"| STATE | COUNT | MEAN | FAILED |\n"
			"| --- | ---: | ---: | ---: |\n"
			"| \\_A_B\\|\\`\\<i\\> | 1 | 1.50 us | - |\n"
			"\n"
			"* not finished: 1 call of \\_A_B\\|\\`\\<i\\> (1 open)\n");
}

static void a_full_disk_is_a_failure(void **state)
{
	put(*state, "a", "A,1,5\n");
	assert_int_equal(WEXITSTATUS(RUN_TO(*state, "/dev/full", "a")), 1);
	scratch__expect(*state, "err", "tacho: report: writing to standard output failed\n");
	assert_int_equal(WEXITSTATUS(RUN_TO(*state, "/dev/full", "--format=csv", "a")), 1);
	assert_int_equal(WEXITSTATUS(RUN_TO(*state, "/dev/full", "--format=json", "a")), 1);
	assert_int_equal(WEXITSTATUS(RUN_TO(*state, "/dev/full", "--format=markdown", "a")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_three_digits_and_a_unit),
		CASE(the_longest_total_comes_first),
		CASE(csv_has_whole_nanoseconds),
		CASE(the_default_path_is_that_of_the_recorder),
		CASE(what_is_missing_is_said_below_the_table),
		CASE(what_is_missing_from_csv_is_said_on_stderr),
		CASE(summarised_calls_count_but_have_no_percentiles),
		CASE(a_summary_alone_is_something_found),
		CASE(the_first_five_malformed_rows_are_shown),
		CASE(hostile_names_reach_no_terminal),
		CASE(endless_names_are_cut),
		CASE(one_bad_path_fails_but_the_others_are_shown),
		CASE(nothing_found_is_a_failure),
		CASE(a_missing_default_directory_is_said_once),
		CASE(wrong_usage_is_refused),
		CASE(a_column_that_is_none_is_refused_before_anything_is_read),
		CASE(columns_are_shown_as_they_are_named),
		CASE(all_columns_are_shown_on_demand),
		CASE(failures_have_a_column_when_there_are_any),
		CASE(json_has_null_where_nothing_is_known),
		CASE(markdown_has_units_and_no_markup_of_others),
		CASE(a_full_disk_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
