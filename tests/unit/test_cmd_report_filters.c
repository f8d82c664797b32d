/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each command is run in a fork: report_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "report_fixture.h"

#define HEADER "state,start_ns,duration_ns,comm,ended,failed\n"
#define LEDGER_HEADER                                                                              \
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"           \
	"lost_ring,lost_nesting,lost_other,unmatched_returns\n"
#define SUMMARY_HEADER                                                                             \
	"from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,killed,sum_ns,min_" \
	"ns,max_ns\n"

#define SHOW "--format=csv", "--columns=count,total,failed,unfinished,summarised,lost"
#define COLUMNS "state,count,total_ns,failed,unfinished,summarised,lost\r\n"

static void put_detail(const struct scratch *scratch)
{
	put(scratch, "a",
	    HEADER "HOME,1000,1,motord,return,1\nMOVE,1010,2,motord,return,0\n"
		   "HOME,1020,4,web server,return,1\nMOVE,1030,8,web server,killed,\n"
		   "HOLD,1040,16,motord,return,\n");
}

static void only_states_that_match_are_shown(void **state)
{
	put_detail(*state);
	assert_int_equal(RUN(*state, SHOW, "--state", "HO*", "a"), 0);
	scratch__expect(*state, "out", COLUMNS "HOLD,1,16,,0,0,0\r\nHOME,2,5,2,0,0,0\r\n");
	assert_int_equal(RUN(*state, SHOW, "--state=HOLD", "--state=M?VE", "a"), 0);
	scratch__expect(*state, "out", COLUMNS "HOLD,1,16,,0,0,0\r\nMOVE,1,2,0,1,0,0\r\n");
}

static void the_share_is_of_the_states_that_are_shown(void **state)
{
	put_detail(*state);
	assert_int_equal(RUN(*state, "--columns=share", "--state=HO*", "a"), 0);
	scratch__expect(*state, "out", "STATE   SHARE\nHOLD   76.2 %\nHOME   23.8 %\n");
}

static void calls_count_by_when_they_began(void **state)
{
	put_detail(*state);
	assert_int_equal(RUN(*state, SHOW, "--since", "1010", "a"), 0);
	scratch__expect(*state, "out",
			COLUMNS "HOLD,1,16,,0,0,0\r\nHOME,1,4,1,0,0,0\r\nMOVE,1,2,0,1,0,0\r\n");
	assert_int_equal(RUN(*state, SHOW, "--until", "1020", "a"), 0);
	scratch__expect(*state, "out",
			COLUMNS "MOVE,1,2,0,0,0,0\r\nHOME,1,1,1,0,0,0\r\nHOLD,0,0,,0,0,0\r\n");
	assert_int_equal(RUN(*state, SHOW, "--since=1020", "--until=1021", "--state=HOME", "a"), 0);
	scratch__expect(*state, "out", COLUMNS "HOME,1,4,1,0,0,0\r\n");
}

static void times_may_be_those_of_a_clock(void **state)
{
	setenv("TZ", "UTC-1", 1);
	tzset();
	put(*state, "a",
	    "A,1795339804999999999,1\nA,1795339805000000000,2\nA,1795339806000000000,4\n");
	assert_int_equal(RUN(*state, SHOW, "--since", "2026-11-22 10:30:05", "--until",
			     "2026-11-22T09:30:06Z", "a"),
			 0);
	scratch__expect(*state, "out", COLUMNS "A,1,2,,0,0,0\r\n");
}

/* The newest row is the one that ended last, in any of the files; HOLD at 1056. */
static void the_last_rows_are_counted_from_the_newest(void **state)
{
	put_detail(*state);
	put(*state, "b", "HOME,1025,2\nMOVE,1035,20\n");
	assert_int_equal(RUN(*state, SHOW, "--last", "30ns", "b", "a"), 0);
	scratch__expect(*state, "out",
			COLUMNS "MOVE,1,20,,1,0,0\r\nHOLD,1,16,,0,0,0\r\nHOME,0,0,,0,0,0\r\n");
	assert_int_equal(RUN(*state, SHOW, "--last", "30ns", "--state=HOME", "a", "b"), 0);
	scratch__expect(*state, "out", COLUMNS "HOME,3,7,2,0,0,0\r\n");
	assert_int_equal(RUN(*state, SHOW, "--last=1d", "--since=1025", "--state=HOME", "a", "b"),
			 0);
	scratch__expect(*state, "out", COLUMNS "HOME,1,2,,0,0,0\r\n");
}

static void the_last_rows_of_what_is_read_once_are_refused(void **state)
{
	assert_int_equal(RUN(*state, "--last=1s", "-"), 1);
	scratch__expect(
		*state, "err",
		"tacho: report: -: can be read only once, and --last needs to find the newest "
		"row first (use --since)\n");
	assert_int_equal(mkfifo(scratch__at(*state, "fifo"), 0600), 0);
	/* somebody who writes, so that opening does not wait */
	assert_true(open(scratch__at(*state, "fifo"), O_RDWR | O_CLOEXEC) >= 0);
	assert_int_equal(RUN(*state, "--last=1s", "fifo"), 1);
	scratch__expect(*state, "out", "");
}

static void what_cannot_be_read_is_said_once_with_last_too(void **state)
{
	put(*state, "a", "A,1,5\nx\n");
	assert_int_equal(RUN(*state, SHOW, "--last=1s", "nothing", "a"), 1);
	scratch__expect(*state, "out", COLUMNS "A,1,5,,0,0,0\r\n");
	scratch__expect(*state, "err",
			"tacho: report: nothing: cannot open: No such file or directory\n"
			"tacho: report: a:2: too few or too many fields\n"
			"tacho: report: malformed: 1 row not counted\n");
}

static void only_what_processes_of_that_name_did_is_shown(void **state)
{
	put_detail(*state);
	put(*state, "b", "HOME,1025,2\nHOME,1026,2\n");
	assert_int_equal(RUN(*state, SHOW, "--process", "web*", "a", "b"), 0);
	scratch__expect(*state, "out",
			COLUMNS "HOME,1,4,1,0,0,0\r\nHOLD,0,0,,0,0,0\r\nMOVE,0,0,,1,0,0\r\n");
	scratch__expect(*state, "err",
			"tacho: report: not finished: 1 call of MOVE (1 killed)\n"
			"tacho: report: without process: 2 rows not counted, in files that do not "
			"name it\n");
}

/* The ledger has counts of whole recordings: what is lost is said all the same, but calls that did
 * not finish would be too many. */
static void losses_are_shown_whatever_is_asked_for(void **state)
{
	put_detail(*state);
	put(*state, "ledger", LEDGER_HEADER "1,HOME,12,2,0,0,0,0,3,2,5,0,0,0\n");
	assert_int_equal(RUN(*state, SHOW, "--state=HOME", "a", "ledger"), 0);
	scratch__expect(*state, "out", COLUMNS "HOME,2,5,2,5,0,5\r\n");
	scratch__expect(*state, "err",
			"tacho: report: lost: 5 of 12 calls of HOME (5 ring full)\n"
			"tacho: report: not finished: 5 calls of HOME (3 killed, 2 open)\n");
	assert_int_equal(RUN(*state, SHOW, "--state=HOME", "--since=1010", "a", "ledger"), 0);
	scratch__expect(*state, "out", COLUMNS "HOME,1,4,1,0,0,5\r\n");
	scratch__expect(
		*state, "err",
		"tacho: report: lost: 5 of 12 calls of HOME (5 ring full)\n"
		"tacho: report: lost calls are those of the whole recordings: when and where "
		"they were is not known\n");
	assert_int_equal(RUN(*state, SHOW, "--state=MOVE", "a", "ledger"), 0);
	scratch__expect(*state, "out", COLUMNS "MOVE,1,2,0,1,0,0\r\n");
}

/* Intervals that reach beyond what is asked for cannot be divided. */
static void sums_count_only_as_a_whole(void **state)
{
	put(*state, "a",
	    SUMMARY_HEADER "100,200,A,1,1,0,0,0,0,0,10,10,10\n200,300,A,2,2,0,0,0,0,0,20,10,10\n"
			   "300,400,A,4,4,0,0,0,0,0,40,10,10\n");
	assert_int_equal(RUN(*state, SHOW, "--since=200", "--until=350", "a"), 0);
	scratch__expect(*state, "out", COLUMNS "A,2,20,,0,2,0\r\n");
	scratch__expect(
		*state, "err",
		"tacho: report: summarised: 2 of 2 calls of A have no rows\n"
		"tacho: report: summarised: 5 calls not counted, of which only the sums are "
		"known\n");
	assert_int_equal(RUN(*state, SHOW, "--since=201", "--until=300", "a"), 1);
	assert_int_equal(RUN(*state, SHOW, "--last=100ns", "a"), 0);
	scratch__expect(*state, "out", COLUMNS "A,4,40,,0,4,0\r\n");
	assert_int_equal(RUN(*state, SHOW, "--process=*", "a"), 1);
	scratch__expect(
		*state, "err",
		"tacho: report: summarised: 7 calls not counted, of which only the sums are "
		"known\n"
		"tacho: report: a: no finished activity was found of what was asked for\n");
}

static void nothing_of_what_was_asked_for_is_a_failure(void **state)
{
	put_detail(*state);
	assert_int_equal(RUN(*state, "--state=HALT", "a"), 1);
	scratch__expect(*state, "out", "");
	scratch__expect(*state, "err",
			"tacho: report: a: no finished activity was found of what was asked for\n");
}

static void refuse(const struct scratch *scratch, const char *option, const char *says)
{
	char expected[512];

	snprintf(expected, sizeof(expected), "tacho: report: %s (see tacho report --help)\n", says);
	assert_int_equal(RUN(scratch, (char *)option, "a"), 2);
	scratch__expect(scratch, "err", expected);
	scratch__expect(scratch, "out", "");
}

static void what_cannot_be_asked_for_is_refused(void **state)
{
	refuse(*state, "--since=yesterday",
	       "--since: 'yesterday' is no moment (try 2026-11-22 09:30, 2026-11-22T09:30:00Z or "
	       "nanoseconds since 1970)");
	refuse(*state, "--until=",
	       "--until: '' is no moment (try 2026-11-22 09:30, 2026-11-22T09:30:00Z or "
	       "nanoseconds since 1970)");
	refuse(*state, "--last=soon", "--last: 'soon' is no duration (try 30s, 10min or 2h)");
	refuse(*state, "--last=0", "--last: '0' is no duration (try 30s, 10min or 2h)");
	refuse(*state, "--state=", "an empty glob matches nothing");
	refuse(*state, "--process=", "an empty glob matches nothing");
	assert_int_equal(RUN(*state, "--since=7", "--until=7", "a"), 2);
	scratch__expect(
		*state, "err",
		"tacho: report: --until is not later than --since (see tacho report --help)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_states_that_match_are_shown),
		CASE(the_share_is_of_the_states_that_are_shown),
		CASE(calls_count_by_when_they_began),
		CASE(times_may_be_those_of_a_clock),
		CASE(the_last_rows_are_counted_from_the_newest),
		CASE(the_last_rows_of_what_is_read_once_are_refused),
		CASE(what_cannot_be_read_is_said_once_with_last_too),
		CASE(only_what_processes_of_that_name_did_is_shown),
		CASE(losses_are_shown_whatever_is_asked_for),
		CASE(sums_count_only_as_a_whole),
		CASE(nothing_of_what_was_asked_for_is_a_failure),
		CASE(what_cannot_be_asked_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
