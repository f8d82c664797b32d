/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>

#include "analysis/calls.h"
#include "ended.h"
#include "scratch.h"

#define DETAIL_HEADER                                                                              \
	"state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,cpu_ns,runqueue_ns,"           \
	"blocked_ns,minor_faults,major_faults,voluntary_switches,involuntary_switches,"            \
	"return_value,binary,function"

/* Everything that is handed on, one line a row. */
struct fixture {
	struct scratch scratch;
	struct calls_taker taker;
	struct data_watch watch;
	struct calls_reader *reader;
	char got[8192];
	char told[4096];
	int stop; /* what the next call returns */
};

static void say(char *text, size_t sz, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void say(char *text, size_t sz, const char *fmt, ...)
{
	size_t at = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + at, sz - at, fmt, args);
	va_end(args);
}

#define GOT(...) say(fixture->got, sizeof(fixture->got), __VA_ARGS__)

static int take_call(void *ctx, const struct call *call)
{
	struct fixture *fixture = ctx;

	GOT("%s %" PRIu64 "+%" PRIu64 " known=%x %" PRIu64 "/%" PRIu64 "@%" PRIu64 " %s%s %d "
	    "%" PRIu64 "+%" PRIu64 "+%" PRIu64 " %" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
	    " %s %s %s",
	    call->state, call->start_ns, call->duration_ns, call->known, call->pid, call->tid,
	    call->depth, call->comm, *call->comm ? "" : "-", call->failed, call->cpu_ns,
	    call->runqueue_ns, call->blocked_ns, call->minor_faults, call->major_faults,
	    call->voluntary_switches, call->involuntary_switches, ended_name(call->ended),
	    call->return_value, call->function);
	for (size_t i = 0; i < call->captured_cnt; i++)
		GOT(" %s=%s", call->captured[i].name, call->captured[i].text);
	GOT("\n");
	return fixture->stop;
}

static int take_process(void *ctx, const struct process_sample *sample)
{
	struct fixture *fixture = ctx;

	GOT("%s %" PRIu64 " pid=%" PRIu64 " known=%x cpu=%" PRIu64 " rss=%" PRIu64 " %" PRId64
	    " %s\n",
	    sample->event, sample->time_ns, sample->pid, sample->known, sample->cpu_ns,
	    sample->rss_bytes, sample->exit_code, sample->command);
	return 0;
}

static int take_summary(void *ctx, const struct summary_row *row)
{
	struct fixture *fixture = ctx;

	GOT("summary %s %" PRIu64 " open=%" PRIu64 " %" PRIu64 "\n", row->state, row->count,
	    row->ended[TACHO_ENDED_OPEN], row->buckets[TACHO_BUCKETS - 1]);
	return 0;
}

static int take_ledger(void *ctx, const struct ledger_row *row)
{
	struct fixture *fixture = ctx;

	GOT("ledger %s %" PRIu64 " lost=%" PRIu64 "\n", row->state, row->entries, row->lost_other);
	return 0;
}

static int take_resource(void *ctx, const struct resource_row *row)
{
	struct fixture *fixture = ctx;

	GOT("resource %" PRIu64 " %s %" PRIu64 " cpu=%" PRIu64 " %g\n", row->time_ns, row->command,
	    row->start_ns, row->cpu_ns, row->memory_percent);
	return 0;
}

static int take_memory(void *ctx, const struct memory_sample *sample)
{
	struct fixture *fixture = ctx;

	GOT("memory %" PRIu64 " known=%x %" PRIu64 " %" PRIu64 " %" PRIu64 " busy=%g\n",
	    sample->time_ns, sample->known, sample->total_bytes, sample->available_bytes,
	    sample->used_bytes, sample->cpu_busy_percent);
	return 0;
}

static void note_malformed(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			   const char *wrong)
{
	struct fixture *fixture = ctx;

	(void)path;
	assert_true(line_cnt >= 1);
	say(fixture->told, sizeof(fixture->told), "%" PRIu64 ": %s\n", line, wrong);
}

static void note_torn(void *ctx, const char *path)
{
	struct fixture *fixture = ctx;

	(void)path;
	say(fixture->told, sizeof(fixture->told), "torn\n");
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	fixture->taker = (struct calls_taker) { .call = take_call, .ctx = fixture };
	fixture->watch = (struct data_watch) { note_malformed, note_torn, NULL, fixture };
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	calls_reader__free(fixture->reader);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

static void put(const struct fixture *fixture, const char *name, const char *text)
{
	scratch__write(&fixture->scratch, name, text, strlen(text));
}

static int read_path(struct fixture *fixture, const char *path, struct fault *why)
{
	if (!fixture->reader)
		fixture->reader = calls_reader__new(&fixture->taker, &fixture->watch);
	assert_non_null(fixture->reader);
	return calls_reader__read_path(fixture->reader, path, why);
}

static void expect(struct fixture *fixture, const char *path, const char *got, const char *told)
{
	struct fault why = {};

	if (read_path(fixture, path, &why))
		fail_msg("%s", why.text);
	assert_string_equal(fixture->got, got);
	assert_string_equal(fixture->told, told);
}

static void expect_file(struct fixture *fixture, const char *text, const char *got,
			const char *told)
{
	put(fixture, "file", text);
	expect(fixture, scratch__at(&fixture->scratch, "file"), got, told);
}

static void a_row_has_all_that_was_recorded(void **state)
{
	expect_file(*state,
		    DETAIL_HEADER ",path,n\r\n"
				  "S,1,2,3,4,w,exception,1,5,6,7,8,9,10,11,12,-1,/b,f,/x,\r\n",
		    "S 1+2 known=7ff 3/4@5 w 2 6+7+8 9,10,11,12 exception -1 f path=/x n=\n", "");
}

static void old_files_say_less(void **state)
{
	expect_file(*state,
		    "state,start_ns,duration_ns,pid,tid,comm,ended,depth,binary,function\n"
		    "S,1,2,3,4,w,killed,5,/b,f\n",
		    "S 1+2 known=f 3/4@5 w 0 0+0+0 0,0,0,0 killed  f\n", "");
}

static void what_is_empty_is_not_known(void **state)
{
	expect_file(*state, DETAIL_HEADER "\nS,1,2,,,,return,,,,,,,,,,,,\n",
		    "S 1+2 known=8 0/0@0 - 0 0+0+0 0,0,0,0 return  \n", "");
}

static void columns_may_be_in_any_order(void **state)
{
	expect_file(*state,
		    "function,cpu_ns,news,ended,tid,duration_ns,start_ns,state\n"
		    "f,7,x,return,4,2,1,S\n",
		    "S 1+2 known=1a 0/4@0 - 0 7+0+0 0,0,0,0 return  f\n", "");
}

static void captured_values_may_be_called_as_columns_are(void **state)
{
	expect_file(*state,
		    "state,start_ns,duration_ns,ended,function,cpu_ns,state\n"
		    "S,1,2,return,f,x y,\n",
		    "S 1+2 known=8 0/0@0 - 0 0+0+0 0,0,0,0 return  f cpu_ns=x y state=\n", "");
}

static void robot_files_have_finished_calls(void **state)
{
	static const char call[] =
		"A 1+2 known=0 0/0@0 - 0 0+0+0 0,0,0,0 return  \n"
		"ANALYZING_PROTOCOL 3+4 known=0 0/0@0 - 0 0+0+0 0,0,0,0 return  \n";

	expect_file(*state,
		    "\"A\",\"1\",\"2\"\r\nstate_id,function_start_time,duration\r\n2,3,4\r\n", call,
		    "");
}

static void a_header_row_without_a_line_end_is_not_torn(void **state)
{
	expect_file(*state, "state,func_start,duration", "", "");
}

static void rows_that_make_no_sense_are_told_and_passed_over(void **state)
{
	expect_file(*state,
		    DETAIL_HEADER "\n"
				  ",1,2,3,4,w,return,,0,,,,,,,,,,\n"
				  "S,-1,2,3,4,w,return,,0,,,,,,,,,,\n"
				  "S,1,1e3,3,4,w,return,,0,,,,,,,,,,\n"
				  "S,1,2,3,4,w,left,,0,,,,,,,,,,\n"
				  "S,1,2,3,4,w,return,yes,0,,,,,,,,,,\n"
				  "S,1,2,x,4,w,return,,0,,,,,,,,,,\n"
				  "S,1,2,3,4,w,return,,0,x,,,,,,,,,\n"
				  "S,1,2\n"
				  "S,1,2,3,4,\"w\"x,return,,0,,,,,,,,,,\n"
				  "S,1,2,3,4,w,return,,0,,,,,,,,,,\n"
				  "S,1,2,3",
		    "S 1+2 known=f 3/4@0 w 0 0+0+0 0,0,0,0 return  \n",
		    "2: the state has no name\n"
		    "3: the start is no number of nanoseconds\n"
		    "4: the duration is no number of nanoseconds\n"
		    "5: no such way to end\n"
		    "6: failed is neither 0 nor 1\n"
		    "7: the pid is no number\n"
		    "8: cpu_ns is no number\n"
		    "9: too few or too many fields\n"
		    "10: text behind a closing quote\n"
		    "torn\n");
}

static void an_end_beyond_time_is_the_end_of_time(void **state)
{
	struct call call = { .start_ns = UINT64_MAX - 1, .duration_ns = 5 };

	(void)state;
	assert_true(call__end_ns(&call) == UINT64_MAX);
}

#define PROCESS_HEADER                                                                             \
	"time_ns,event,pid,ppid,start_ns,comm,command,user_ns,system_ns,cpu_ns,rss_bytes,"         \
	"exit_code\n"

static void samples_of_processes_are_read_if_they_are_wanted(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.process = take_process;
	expect_file(fixture,
		    PROCESS_HEADER "1,sample,2,,,c,\"a, b\",,,5,6,\n"
				   "2,exit,2,1,3,c,x,7,8,9,,-9\n"
				   "2,left,2,1,3,c,x,7,8,9,,\n"
				   "2,exit,2,1,3,c,x,7,8,9,,99999999999\n",
		    "sample 1 pid=2 known=30 cpu=5 rss=6 0 a, b\n"
		    "exit 2 pid=2 known=801f cpu=9 rss=0 -9 x\n",
		    "4: no such event of a process\n5: exit_code is no number\n");
}

static void what_is_not_wanted_is_passed_over(void **state)
{
	expect_file(*state,
		    PROCESS_HEADER "1,sample,2,,,c,a,,,5,6,\n" DETAIL_HEADER
				   "\nS,1,2,,,,return,,,,,,,,,,,,\n",
		    "S 1+2 known=8 0/0@0 - 0 0+0+0 0,0,0,0 return  \n", "");
}

#define RESOURCE_HEADER                                                                            \
	"query_time,command,running_since,user_cpu_time,system_cpu_time,memory_percent"

static void files_without_header_rows_are_known_by_their_columns(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.resource = take_resource;
	expect_file(fixture,
		    "\"9\",\"a \n b\",\"1.5\",\"35.27\",\"4.81\",\"0.0\"\r\n"
		    "1,2,3,4\n"
		    "x,a,1.5,1,1,1\n"
		    "9,a,-1,1,1,1\n"
		    "9,a,1,1e99,1,1\n"
		    "9,a,1,1,1,nan\n"
		    "A,1,2\n",
		    "resource 9 a \n b 1500000000 cpu=40080000000 0\n"
		    "A 1+2 known=0 0/0@0 - 0 0+0+0 0,0,0,0 return  \n",
		    "3: too few or too many fields\n"
		    "4: the time is no number of nanoseconds\n"
		    "5: the start is no number of seconds\n"
		    "6: the processor time is no number of seconds\n"
		    "7: the memory is no percentage\n");
}

static void behind_a_header_row_all_rows_have_its_columns(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.resource = take_resource;
	expect_file(fixture, RESOURCE_HEADER "\n9,a,1,2,3,4\nA,1,2\n",
		    "resource 9 a 1000000000 cpu=5000000000 4\n",
		    "3: too few or too many fields\n");
}

static void six_columns_are_too_many_for_who_does_not_want_them(void **state)
{
	expect_file(*state, "9,a,1,2,3,4\n", "", "1: too few or too many fields\n");
}

static void a_directory_has_each_process_once(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.process = take_process;
	fixture->taker.resource = take_resource;
	put(fixture, "system_resource_data", "9,a,1,2,3,4\n");
	put(fixture, "process_detail.csv", PROCESS_HEADER "1,sample,2,,,c,a,,,5,6,\n");
	expect(fixture, fixture->scratch.path, "sample 1 pid=2 known=30 cpu=5 rss=6 0 a\n", "");
}

static void without_the_better_file_processes_are_those_of_the_other(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.process = take_process;
	fixture->taker.resource = take_resource;
	put(fixture, "system_resource_data", "9,a,1,2,3,4\n");
	expect(fixture, fixture->scratch.path, "resource 9 a 1000000000 cpu=5000000000 4\n", "");
}

#define MEMORY_HEADER                                                                              \
	"time_ns,memory_total_bytes,memory_available_bytes,memory_used_bytes,load_1min"

static void the_machine_has_memory_and_is_busy(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.memory = take_memory;
	expect_file(fixture,
		    MEMORY_HEADER ",cpu_busy_percent\n"
				  "1,9,8,7,0.5,54.2\n"
				  "2,,,7,,\n"
				  "3,,,,,100.0\n"
				  "4,9,8,7,0.5,x\n"
				  "5,9,8,7,0.5,nan\n"
				  "6,9,8,7,0.5,100.1\n"
				  "7,9,8,7,0.5,-0.1\n",
		    "memory 1 known=f 9 8 7 busy=54.2\n"
		    "memory 2 known=4 0 0 7 busy=0\n"
		    "memory 3 known=8 0 0 0 busy=100\n",
		    "5: cpu_busy_percent is no percentage\n"
		    "6: cpu_busy_percent is no percentage\n"
		    "7: cpu_busy_percent is no percentage\n"
		    "8: cpu_busy_percent is no percentage\n");
}

static void how_busy_the_machine_was_may_be_missing(void **state)
{
	struct fixture *fixture = *state;

	fixture->taker.memory = take_memory;
	expect_file(fixture, MEMORY_HEADER "\n1,9,8,7,0.5\n", "memory 1 known=7 9 8 7 busy=0\n",
		    "");
}

static void put_recording(struct fixture *fixture)
{
	put(fixture, "activity_detail.csv.1", "state,start_ns,duration_ns,ended\nOLD,1,2,return\n");
	put(fixture, "activity_detail.csv", "state,start_ns,duration_ns,ended\nNEW,3,4,return\n");
	put(fixture, "robot_activity_data", "OLD,1,2\nNEW,3,4\n");
	put(fixture, "activity_ledger.csv",
	    "time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"
	    "lost_ring,lost_nesting,lost_other,unmatched_returns\n9,NEW,7,1,0,0,0,0,0,0,0,0,6,0\n");
}

static void a_directory_has_each_call_once_and_rotated_files_first(void **state)
{
	struct fixture *fixture = *state;

	put_recording(fixture);
	fixture->taker.ledger = take_ledger;
	expect(fixture, fixture->scratch.path,
	       "OLD 1+2 known=8 0/0@0 - 0 0+0+0 0,0,0,0 return  \n"
	       "NEW 3+4 known=8 0/0@0 - 0 0+0+0 0,0,0,0 return  \n"
	       "ledger NEW 7 lost=6\n",
	       "");
	/* neither its files nor it are read again */
	fixture->got[0] = '\0';
	expect(fixture, scratch__at(&fixture->scratch, "activity_detail.csv"), "", "");
}

static void the_histogram_of_a_summary_is_read(void **state)
{
	struct fixture *fixture = *state;
	char text[4096] = "from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,"
			  "killed,sum_ns,min_ns,max_ns,ge_0_ns";

	for (int i = 1; i < TACHO_BUCKETS; i++)
		say(text, sizeof(text), ",ge_%llu_ns", 1ULL << i);
	say(text, sizeof(text), "\n1,2,S,10,3,0,0,1,0,0,99,1,50");
	for (int i = 0; i < TACHO_BUCKETS; i++)
		say(text, sizeof(text), ",%d", i);
	say(text, sizeof(text), "\n");
	fixture->taker.summary = take_summary;
	expect_file(fixture, text, "summary S 10 open=6 47\n", "");
}

static void a_taker_that_fails_ends_the_reading(void **state)
{
	struct fixture *fixture = *state;
	struct fault why = {};

	fixture->stop = -EDOM;
	put(fixture, "file", "A,1,2\nA,3,4\n");
	assert_int_equal(read_path(fixture, scratch__at(&fixture->scratch, "file"), &why), -EDOM);
	assert_string_equal(why.text, "");
	assert_string_equal(fixture->got, "A 1+2 known=0 0/0@0 - 0 0+0+0 0,0,0,0 return  \n");
}

static void what_is_not_there_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct fault why = {};

	assert_int_equal(read_path(fixture, scratch__at(&fixture->scratch, "none"), &why), -ENOENT);
	assert_non_null(strstr(why.text, "none: cannot open: No such file"));
	why.text[0] = '\0';
	assert_int_equal(read_path(fixture, fixture->scratch.path, &why), -ENOENT);
	assert_non_null(strstr(why.text, "holds no activity_detail.csv"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_row_has_all_that_was_recorded),
		CASE(old_files_say_less),
		CASE(what_is_empty_is_not_known),
		CASE(columns_may_be_in_any_order),
		CASE(captured_values_may_be_called_as_columns_are),
		CASE(robot_files_have_finished_calls),
		CASE(a_header_row_without_a_line_end_is_not_torn),
		CASE(rows_that_make_no_sense_are_told_and_passed_over),
		cmocka_unit_test(an_end_beyond_time_is_the_end_of_time),
		CASE(samples_of_processes_are_read_if_they_are_wanted),
		CASE(files_without_header_rows_are_known_by_their_columns),
		CASE(behind_a_header_row_all_rows_have_its_columns),
		CASE(six_columns_are_too_many_for_who_does_not_want_them),
		CASE(a_directory_has_each_process_once),
		CASE(without_the_better_file_processes_are_those_of_the_other),
		CASE(the_machine_has_memory_and_is_busy),
		CASE(how_busy_the_machine_was_may_be_missing),
		CASE(what_is_not_wanted_is_passed_over),
		CASE(a_directory_has_each_call_once_and_rotated_files_first),
		CASE(the_histogram_of_a_summary_is_read),
		CASE(a_taker_that_fails_ends_the_reading),
		CASE(what_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
