/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each command is run in a fork: report_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "report_fixture.h"

#define HEADER "time_ns,event,pid,start_ns,comm,command,cpu_ns,rss_bytes,peak_rss_bytes,exit_code\n"
#define AT(seconds) "17953398" seconds "000000000"

static int in_utc(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	return scratch__set_up(state);
}

/* A server that grows by 1 MiB in a minute, and a command that fails. */
static void put_recording(const struct scratch *scratch)
{
	put(scratch, "activity_detail.csv", "state,start_ns,duration_ns,ended\nA,1,5,return\n");
	put(scratch, "process_detail.csv",
	    HEADER "" AT("05") ",sample,812," AT(
		    "00") ",serverd,\"serverd -a, -b\",1000000000,"
			  "10485760,20971520,\n" AT("35") ",sample,812," AT(
				  "00") ",serverd,\"serverd -a, "
					"-b\",5000000000,11010048,"
					"20971520,\n"
					"" AT("65") ",sample,812," AT(
						"00") ",serverd,\"serverd -a, -b\",7000000000,"
						      "11534336,20971520,\n"
						      "" AT("20") ",exec,900," AT(
							      "20") ",cc1,cc1 x.c,0,4096,4096,\n"
								    "" AT("30") ",exit,900," AT(
									    "20") ",cc1,cc1 "
										  "x.c,2500000000,,"
										  "1048576,1\n");
}

static void processes_have_a_table_of_their_own(void **state)
{
	put_recording(*state);
	assert_int_equal(RUN(*state, "."), 0);
	scratch__expect(
		*state, "out",
		"STATE  COUNT  TOTAL  MEAN   P50   P90   P99   MAX\n"
		"A          1   5 ns  5 ns  5 ns  5 ns  5 ns  5 ns\n"
		"\n"
		"COMMAND         PID              STARTED            LAST SEEN  EXIT     CPU    "
		"CPU%       RSS      PEAK  GROWTH/H\n"
		"serverd -a, -b  812  2026-11-22 09:30:00  2026-11-22 09:31:05     -  6.00 s  "
		"10.0 %  10.5 MiB  20.0 MiB  60.0 MiB\n"
		"cc1 x.c         900  2026-11-22 09:30:20  2026-11-22 09:30:30     1  2.50 s  "
		"25.0 %         -  1.00 MiB         -\n");
	scratch__expect(*state, "err", "");
}

static void only_so_many_are_shown_and_the_others_counted(void **state)
{
	put_recording(*state);
	assert_int_equal(RUN(*state, "--only=processes", "--top=1", "--columns=cpu", "."), 0);
	scratch__expect(*state, "out",
			"COMMAND            CPU\nserverd -a, -b  6.00 s\n1 more process (--top)\n");
	assert_int_equal(RUN(*state, "--only=processes", "--top=0", "."), 0);
	scratch__expect(*state, "out", "2 more processes (--top)\n");
	assert_int_equal(RUN(*state, "--only=states", "--columns=count", "."), 0);
	scratch__expect(*state, "out", "STATE  COUNT\nA          1\n");
}

static void csv_has_one_table_and_says_so(void **state)
{
	put_recording(*state);
	assert_int_equal(RUN(*state, "--format=csv", "--columns=count", "."), 0);
	scratch__expect(*state, "out", "state,count\r\nA,1\r\n");
	scratch__expect(
		*state, "err",
		"tacho: report: 2 processes are in a table of their own (--only processes)\n");
	assert_int_equal(RUN(*state, "--format=csv", "--only=processes", "--top=1", "."), 0);
	scratch__expect(
		*state, "out",
		"command,comm,pid,start_ns,first_seen_ns,last_seen_ns,ended_ns,exit_code,cpu_ns,"
		"cpu_percent,rss_mean_bytes,rss_peak_bytes,rss_growth_bytes_per_h,"
		"memory_mean_percent,memory_peak_percent,memory_growth_percent_per_h\r\n"
		"\"serverd -a, -b\",serverd,812,1795339800000000000,1795339805000000000,"
		"1795339865000000000,,,6000000000,10.0,11010048,20971520,62914560,,,\r\n"
		"cc1 x.c,cc1,900,1795339820000000000,1795339820000000000,1795339830000000000,"
		"1795339830000000000,1,2500000000,25.0,,1048576,,,,\r\n");
	scratch__expect(*state, "err", "");
}

static void a_file_of_processes_alone_has_no_states(void **state)
{
	put_recording(*state);
	assert_int_equal(RUN(*state, "--columns=cpu,count", "process_detail.csv"), 0);
	scratch__expect(*state, "out",
			"COMMAND            CPU\nserverd -a, -b  6.00 s\ncc1 x.c         2.50 s\n");
	assert_int_equal(RUN(*state, "--format=csv", "--columns=pid", "process_detail.csv"), 0);
	scratch__expect(*state, "out", "command,pid\r\n\"serverd -a, -b\",812\r\ncc1 x.c,900\r\n");
	assert_int_equal(RUN(*state, "--only=states", "process_detail.csv"), 1);
	scratch__expect(*state, "err",
			"tacho: report: process_detail.csv: no finished activity was found\n");
}

static void the_files_of_the_package_have_percentages(void **state)
{
	put(*state, "system_resource_data",
	    "\"1795339805000000000\",\"a\nb\",\"1795339800.5\",\"1.0\",\"0.5\",\"1.5\"\r\n"
	    "\"1795339815000000000\",\"a\nb\",\"1795339800.5\",\"2.0\",\"0.5\",\"2.5\"\r\n"
	    "\"1795339825000000000\",\"a\nb\",\"1795339800.5\",\"2.0\",\"1.5\",\"2.0\"\r\n");
	assert_int_equal(RUN(*state, "."), 0);
	scratch__expect(*state, "out",
			"COMMAND              STARTED            LAST SEEN     CPU    CPU%   MEM%  "
			"PEAK%  GROWTH%/H\n"
			"a\\x0ab   2026-11-22 09:30:00  2026-11-22 09:30:25  2.00 s  10.0 %  2.0 "
			"%  2.5 %     90.0 %\n");
}

static void json_has_both_tables(void **state)
{
	put_recording(*state);
	put(*state, "a", "A,1,5\n");
	assert_int_equal(RUN(*state, "--format=json", "--columns=count,pid,exit_code", "."), 0);
	scratch__expect(
		*state, "out",
		"{\n"
		"  \"states\": [\n    {\n      \"state\": \"A\",\n      \"count\": 1\n    }\n"
		"  ],\n"
		"  \"processes\": [\n"
		"    {\n      \"command\": \"serverd -a, -b\",\n      \"pid\": 812,\n"
		"      \"exit_code\": null\n    },\n"
		"    {\n      \"command\": \"cc1 x.c\",\n      \"pid\": 900,\n"
		"      \"exit_code\": 1\n    }\n"
		"  ],\n"
		"  \"malformed\": 0,\n  \"torn\": 0,\n  \"notes\": []\n}\n");
	assert_int_equal(RUN(*state, "--format=json", "--only=states", "--columns=count", "a"), 0);
	scratch__expect(
		*state, "out",
		"{\n"
		"  \"states\": [\n    {\n      \"state\": \"A\",\n      \"count\": 1\n    }\n"
		"  ],\n"
		"  \"malformed\": 0,\n  \"torn\": 0,\n  \"notes\": []\n}\n");
}

static void markdown_has_both_tables_and_all_processes(void **state)
{
	put_recording(*state);
	assert_int_equal(RUN(*state, "--format=markdown", "--columns=count,cpu", "--top=1", "."),
			 0);
	scratch__expect(*state, "out",
			"| STATE | COUNT |\n| --- | ---: |\n| A | 1 |\n"
			"\n"
			"| COMMAND | CPU |\n| --- | ---: |\n| serverd -a, -b | 6.00 s |\n"
			"| cc1 x.c | 2.50 s |\n");
}

static void filters_are_for_processes_too(void **state)
{
	put_recording(*state);
	assert_int_equal(RUN(*state, "--only=processes", "--columns=cpu", "--process=ser*", "."),
			 0);
	scratch__expect(*state, "out", "COMMAND            CPU\nserverd -a, -b  6.00 s\n");
	assert_int_equal(RUN(*state, "--only=processes", "--columns=cpu,cpu%", "--last=40s", "."),
			 0);
	scratch__expect(*state, "out",
			"COMMAND            CPU   CPU%\n"
			"serverd -a, -b  2.00 s  6.7 %\n"
			"cc1 x.c           0 ns      -\n");
	assert_int_equal(RUN(*state, "--only=processes", "--process=nobody", "."), 1);
	scratch__expect(*state, "err",
			"tacho: report: .: no process was found of what was asked for\n");
}

static void malformed_rows_of_processes_are_told(void **state)
{
	put(*state, "a", HEADER "1,sample,x,1,a,a,1,,,\n2,sample,3,1,a,a,1,,,\n3,");
	assert_int_equal(RUN(*state, "--columns=cpu", "a"), 0);
	scratch__expect(*state, "out",
			"COMMAND   CPU\na        0 ns\nmalformed: 1 row not counted\n"
			"torn: 1 last row not counted\n");
	scratch__expect(*state, "err", "tacho: report: a:2: the pid is no number of a process\n");
}

static void wrong_words_are_refused(void **state)
{
	assert_int_equal(RUN(*state, "--only=threads", "a"), 2);
	scratch__expect(*state, "err",
			"tacho: report: --only: there are states and processes, not 'threads' (see "
			"tacho report --help)\n");
	assert_int_equal(RUN(*state, "--top=all", "a"), 2);
	scratch__expect(*state, "err",
			"tacho: report: --top: 'all' is no number (see tacho report --help)\n");
	assert_int_equal(RUN(*state, "--columns=cpus", "a"), 2);
	scratch__expect(*state, "err",
			"tacho: report: there is no column 'cpus'; did you mean 'cpu'? (see tacho "
			"report --help)\n");
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, in_utc, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(processes_have_a_table_of_their_own),
		CASE(only_so_many_are_shown_and_the_others_counted),
		CASE(csv_has_one_table_and_says_so),
		CASE(a_file_of_processes_alone_has_no_states),
		CASE(the_files_of_the_package_have_percentages),
		CASE(json_has_both_tables),
		CASE(markdown_has_both_tables_and_all_processes),
		CASE(filters_are_for_processes_too),
		CASE(malformed_rows_of_processes_are_told),
		CASE(wrong_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
