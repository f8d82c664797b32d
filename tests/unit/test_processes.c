/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What processes have used, read back. Rows come by way of the activities, as they do in life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "activities_fixture.h"
#include "analysis/processes.h"
#include "select.h"

#define HEADER                                                                                     \
	"time_ns,event,pid,ppid,start_ns,comm,command,user_ns,system_ns,cpu_ns,rss_bytes,"         \
	"peak_rss_bytes,virtual_bytes,threads,minor_faults,major_faults,read_bytes,write_bytes,"   \
	"voluntary_switches,involuntary_switches,exit_code,cgroup\r\n"
#define ROW(time, event, pid, start, comm, command, cpu, rss, peak, code)                          \
	time "," event "," pid ",1," start "," comm "," command ",0,0," cpu "," rss "," peak       \
	     ",,1,0,0,,,0,0," code ",/\r\n"

struct reading {
	struct fixture *fixture;
	struct processes *processes;
	struct activities_other other;
};

static int begin(void **state)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	void *fixture;

	assert_non_null(reading);
	set_up(&fixture);
	reading->fixture = fixture;
	reading->processes = processes__new(&reading->fixture->watch);
	assert_non_null(reading->processes);
	reading->other = processes__as_other(reading->processes);
	activities__set_other(reading->fixture->activities, &reading->other);
	*state = reading;
	return 0;
}

static int finish(void **state)
{
	struct reading *reading = *state;
	void *fixture = reading->fixture;

	tear_down(&fixture);
	processes__free(reading->processes);
	free(reading);
	return 0;
}

static void read_text(struct reading *reading, const char *text)
{
	add_file(reading->fixture, text);
}

/* "COMMAND/COMM pid@start first-last cpu peak\n" of each. */
static void expect_processes(struct reading *reading, const char *expected)
{
	char text[4096] = "";
	size_t sz = 0;
	uint64_t from;

	for (size_t i = 0; i < processes__cnt(reading->processes); i++) {
		const struct process_usage *usage = processes__usage(reading->processes, i);

		sz += (size_t)snprintf(
			text + sz, sizeof(text) - sz,
			"%s/%s %u@%llu %llu-%llu cpu %llu peak %llu\n", usage->command, usage->comm,
			usage->pid, (unsigned long long)usage->start_ns,
			(unsigned long long)usage->first_ns, (unsigned long long)usage->last_ns,
			(unsigned long long)processes__cpu_ns(reading->processes, usage, &from),
			(unsigned long long)usage->peak_bytes);
	}
	assert_string_equal(text, expected);
}

static void expect_refused(struct reading *reading, const char *told, uint64_t malformed,
			   uint64_t torn)
{
	assert_string_equal(reading->fixture->told, told);
	assert_int_equal(processes__malformed_cnt(reading->processes), malformed);
	assert_int_equal(processes__torn_cnt(reading->processes), torn);
	assert_int_equal(activities__malformed_cnt(reading->fixture->activities), 0);
	assert_int_equal(activities__torn_cnt(reading->fixture->activities), 0);
}

static void a_process_is_its_pid_and_start(void **state)
{
	read_text(*state,
		  HEADER ROW("100", "sample", "7", "50", "a", "a x", "10", "", "",
			     "") ROW("200", "sample", "7", "50", "a", "a x", "30", "5", "9", "")
			  ROW("200", "sample", "7", "150", "b", "b", "4", "8", "", "")
				  ROW("200", "sample", "8", "50", "a", "a x", "9", "", "", ""));
	/* of what began before the file does, only what was added */
	expect_processes(*state, "a x/a 7@50 100-200 cpu 20 peak 9\n"
				 "b/b 7@150 200-200 cpu 4 peak 8\n"
				 "a x/a 8@50 200-200 cpu 0 peak 0\n");
	expect_refused(*state, "", 0, 0);
}

static void a_process_has_the_names_of_its_newest_row(void **state)
{
	struct reading *reading = *state;

	read_text(reading,
		  HEADER ROW("100", "sample", "7", "90", "sh", "sh -c x", "1", "", "", "")
			  ROW("200", "exec", "7", "90", "x", "\"x,\"\"y\"\"\"", "2", "", "", "")
				  ROW("150", "sample", "7", "90", "old", "old", "1", "", "", "")
					  ROW("300", "exit", "7", "90", "x", "x \\x0a\\\\", "6", "",
					      "", "-9"));
	expect_processes(reading, "x \\x0a\\\\/x 7@90 100-300 cpu 5 peak 0\n");
	assert_true(processes__usage(reading->processes, 0)->ended);
	assert_true(processes__usage(reading->processes, 0)->exit_code_known);
	assert_int_equal(processes__usage(reading->processes, 0)->exit_code, -9);
}

static void processor_time_is_counted_from_when_it_was_seen(void **state)
{
	struct reading *reading = *state;
	uint64_t from;

	read_text(reading, HEADER ROW("100", "sample", "1", "50", "a", "a", "10", "", "", "")
				   ROW("300", "exit", "2", "150", "b", "b", "60", "", "", ""));
	processes__cpu_ns(reading->processes, processes__usage(reading->processes, 0), &from);
	assert_int_equal(from, 100);
	processes__cpu_ns(reading->processes, processes__usage(reading->processes, 1), &from);
	assert_int_equal(from, 150);
	assert_false(processes__usage(reading->processes, 1)->exit_code_known);
}

static void memory_is_that_of_ticks_and_its_peak_that_of_all_rows(void **state)
{
	struct reading *reading = *state;
	const struct process_usage *usage;
	double slope = 0;

	read_text(reading,
		  HEADER ROW("0", "exec", "1", "0", "a", "a", "0", "4", "5", "")
			  ROW("1000000000", "sample", "1", "0", "a", "a", "0", "1000", "1000",
			      "") ROW("2000000000", "sample", "1", "0", "a", "a", "0", "2000",
				      "9999", "") ROW("3000000000", "sample", "1", "0", "a", "a",
						      "0", "4500", "", "")
				  ROW("4000000000", "exit", "1", "0", "a", "a", "0", "", "", "0"));
	usage = processes__usage(reading->processes, 0);
	assert_int_equal(usage->rss.cnt, 3);
	assert_float_equal(usage->rss.mean, 2500, 1e-9);
	assert_int_equal(usage->peak_bytes, 9999);
	assert_true(trend__per_hour(&usage->rss, &slope));
	assert_float_equal(slope, 1750.0 * 3600, 1e-6);
}

static void two_numbers_or_one_moment_make_no_trend(void **state)
{
	struct trend two = {}, moment = {}, falling = {};
	double slope = 7;

	(void)state;
	trend__add(&two, 1, 1);
	trend__add(&two, 2, 2);
	assert_false(trend__per_hour(&two, &slope));
	for (int i = 0; i < 5; i++)
		trend__add(&moment, 5, i);
	assert_false(trend__per_hour(&moment, &slope));
	assert_float_equal(slope, 7, 0);
	/* the clock may have been set back; large offsets cost no digits */
	for (uint64_t i = 0; i < 1000; i++)
		trend__add(&falling, UINT64_C(1795339805000000000) - i * 1000000000,
			   1e12 + (double)i);
	assert_true(trend__per_hour(&falling, &slope));
	assert_float_equal(slope, -3600, 1e-3);
	assert_float_equal(falling.max, 1e12 + 999, 1e-3);
}

static void resource_data_needs_no_header(void **state)
{
	struct reading *reading = *state;
	const struct process_usage *usage;

	read_text(reading,
		  "\"2000000000\",\"python3 -m "
		  "\"\"s\"\"\r\nx\\\",\"1.5\",\"0.25\",\"0.5\",\"9.5\"\r\n"
		  "\"3000000000\",\"python3 -m "
		  "\"\"s\"\"\r\nx\\\",\"1.5\",\"1.25\",\"1e-05\",\"10.5\"\r\n"
		  "\"3000000000\",\"b\",\"2.5\",\"0.07\",\"0.0\",\"0.0\"\r\n"
		  "query_time,command,running_since,user_cpu_time,system_cpu_time,memory_percent\n"
		  "4000000000,b,2.51,1.0,1.0,0.5\n");
	expect_processes(reading,
			 "python3 -m \"s\"\\x0d\\x0ax\\\\/ 0@1500000000 2000000000-3000000000 "
			 "cpu 500010000 peak 0\n"
			 "b/ 0@2500000000 3000000000-3000000000 cpu 70000000 peak 0\n"
			 "b/ 0@2510000000 4000000000-4000000000 cpu 2000000000 peak 0\n");
	usage = processes__usage(reading->processes, 0);
	assert_int_equal(usage->memory.cnt, 2);
	assert_float_equal(usage->memory.mean, 10, 1e-9);
	assert_float_equal(usage->memory.max, 10.5, 1e-9);
	assert_int_equal(processes__usage(reading->processes, 1)->memory.cnt, 0);
	expect_refused(reading, "", 0, 0);
}

static void rows_of_no_sense_are_told_and_passed_over(void **state)
{
	read_text(*state,
		  HEADER ROW("x", "sample", "1", "0", "a", "a", "0", "", "", "") ROW(
			  "1", "fork", "1", "0", "a", "a", "0", "", "",
			  "") ROW("1", "exit", "0", "0", "a", "a", "0", "", "",
				  "") ROW("1", "exit", "4294967296", "0", "a", "a", "0", "", "", "")
			  ROW("1", "exit", "1", "-1", "a", "a", "0", "", "",
			      "") ROW("1", "exit", "1", "0", "a", "a", "", "", "", "")
				  ROW("1", "exit", "1", "0", "a", "a", "0", "1K",
				      "", "") ROW("1", "exit", "1", "0", "a", "a", "0", "", "-1",
						  "") ROW("1", "exit", "1", "0", "a", "a", "0",
							  "", "", "256")
					  ROW("1", "exit", "1", "0", "a", "a", "0", "", "",
					      "-") "1,exit\r\n\"1\"x\r\n" ROW("5", "exit", "1", "5",
									      "a", "a", "3", "", "",
									      "1") "6,exit,1");
	expect_processes(*state, "a/a 1@5 5-5 cpu 3 peak 0\n");
	expect_refused(*state,
		       "file:2: the time is no number of nanoseconds\n"
		       "file:3: no such event of a process\n"
		       "file:4: the pid is no number of a process\n"
		       "file:5: the pid is no number of a process\n"
		       "file:6: the start is no number of nanoseconds\n"
		       "file:7: the processor time is no number of nanoseconds\n"
		       "file:8: the memory is no number of bytes\n"
		       "file:9: the memory is no number of bytes\n"
		       "file:10: no such exit code\n"
		       "file:11: no such exit code\n"
		       "file:12: too few or too many fields\n"
		       "file:13: text behind a closing quote\n",
		       12, 1);
}

static void resource_rows_of_no_sense_are_told_too(void **state)
{
	read_text(*state, "5,a,1.0,1.0,1.0,1.0\n"
			  "x,a,1.0,1.0,1.0,1.0\n5,a,nan,1.0,1.0,1.0\n5,a,1.0,-1.0,1.0,1.0\n"
			  "5,a,1.0,1.0,1e30,1.0\n5,a,1.0,1.0,1.0,-0.5\n5,a,1.0,1.0,1.0,1e999\n"
			  "5,a,1.0,1e10,1e10,1.0\n5,a\n");
	assert_int_equal(processes__cnt(((struct reading *)*state)->processes), 1);
	expect_refused(*state,
		       "file:2: the time is no number of nanoseconds\n"
		       "file:3: the start is no number of seconds\n"
		       "file:4: the processor time is no number of seconds\n"
		       "file:5: the processor time is no number of seconds\n"
		       "file:6: the memory is no percentage\n"
		       "file:7: the memory is no percentage\n"
		       "file:8: the processor time is no number of seconds\n"
		       "file:9: too few or too many fields\n",
		       8, 0);
}

static void a_directory_has_one_file_of_processes(void **state)
{
	struct reading *reading = *state;

	put(reading->fixture, "process_detail.csv.1",
	    HEADER ROW("1", "sample", "1", "0", "a", "a", "10", "", "", ""));
	put(reading->fixture, "process_detail.csv",
	    HEADER ROW("2", "sample", "1", "0", "a", "a", "13", "", "", ""));
	put(reading->fixture, "system_resource_data", "5,other,1.0,1.0,1.0,1.0\n");
	put(reading->fixture, "system_resource_data_headers",
	    "query_time,command,running_since,user_cpu_time,system_cpu_time,memory_percent");
	add_dir(reading->fixture);
	expect_processes(reading, "a/a 1@0 1-2 cpu 3 peak 0\n");
	/* and not again; a file of headers holds nothing */
	add_dir(reading->fixture);
	add(reading->fixture,
	    scratch__at(&reading->fixture->scratch, "system_resource_data_headers"));
	expect_processes(reading, "a/a 1@0 1-2 cpu 3 peak 0\n");
	expect_refused(reading, "", 0, 0);
}

static void activities_stay_where_they_are(void **state)
{
	struct reading *reading = *state;

	put(reading->fixture, "robot_activity_data", "A,5,1\n");
	put(reading->fixture, "system_resource_data", "5,other,5.0,1.0,1.0,1.0\n");
	put(reading->fixture, "activity_ledger.csv",
	    LEDGER_HEADER "1,A,3,1,0,0,0,0,0,1,1,0,0,0\r\n");
	add_dir(reading->fixture);
	expect(reading->fixture, "A 5..6 1\n");
	assert_int_equal(find(reading->fixture, "A")->ledger.lost_ring, 1);
	expect_processes(reading, "other/ 0@5000000000 5-5 cpu 2000000000 peak 0\n");
	expect_refused(reading, "", 0, 0);
}

static void long_commands_are_cut_and_still_told_apart(void **state)
{
	struct reading *reading = *state;
	char *text = malloc(40000);
	size_t sz = 0;

	assert_non_null(text);
	for (int i = 0; i < 3; i++) {
		sz += (size_t)sprintf(text + sz, "5,");
		memset(text + sz, 'x', 9000);
		sz += 9000;
		sz += (size_t)sprintf(text + sz, "%d,1.0,1.0,1.0,1.0\n", i / 2);
	}
	read_text(reading, text);
	free(text);
	assert_int_equal(processes__cnt(reading->processes), 2);
	text = processes__usage(reading->processes, 1)->command;
	assert_int_equal(strlen(text), PROCESS_COMMAND_SZ_MAX + 3);
	assert_string_equal(text + PROCESS_COMMAND_SZ_MAX, "\xe2\x80\xa6");
}

static void rows_and_processes_are_chosen_as_asked(void **state)
{
	struct reading *reading = *state;
	struct tacho_glob glob = {};
	struct activities_filter filter = { .since_ns = 20, .until_ns = 40 };
	uint64_t newest;

	assert_int_equal(glob_compile("w*", &glob, NULL), 0);
	filter.threads = (struct glob_list) { &glob, 1 };
	processes__set_filter(reading->processes, &filter);
	assert_false(processes__newest(reading->processes, &newest));
	read_text(reading,
		  HEADER ROW("10", "sample", "1", "0", "web", "a", "1", "", "",
			     "") ROW("20", "sample", "1", "0", "web", "a", "3", "", "",
				     "") ROW("39", "sample", "1", "0", "web", "a", "7", "", "", "")
			  ROW("40", "sample", "1", "0", "web", "a", "15", "", "", "")
				  ROW("30", "sample", "2", "0", "db", "w", "31", "", "", ""));
	expect_processes(reading, "a/web 1@0 20-39 cpu 4 peak 0\n");
	assert_true(processes__newest(reading->processes, &newest));
	assert_int_equal(newest, 39);
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_process_is_its_pid_and_start),
		CASE(a_process_has_the_names_of_its_newest_row),
		CASE(processor_time_is_counted_from_when_it_was_seen),
		CASE(memory_is_that_of_ticks_and_its_peak_that_of_all_rows),
		cmocka_unit_test(two_numbers_or_one_moment_make_no_trend),
		CASE(resource_data_needs_no_header),
		CASE(rows_of_no_sense_are_told_and_passed_over),
		CASE(resource_rows_of_no_sense_are_told_too),
		CASE(a_directory_has_one_file_of_processes),
		CASE(activities_stay_where_they_are),
		CASE(long_commands_are_cut_and_still_told_apart),
		CASE(rows_and_processes_are_chosen_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
