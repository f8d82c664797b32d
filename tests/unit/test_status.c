/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "scratch.h"
#include "screen_fixture.h"
#include "service/process_start.h"
#include "status/show.h"
#include "status/status.h"

#define SECOND 1000000000ULL

#define WHOLE                                                                                      \
	"{\"tacho_status\": 1, \"version\": \"9\", \"pid\": 4711, \"start_ticks\": 7,"             \
	" \"updated_ns\": 1795349529000000000, \"updated_monotonic_ns\": 5000000000,"              \
	" \"refresh_ns\": 10000000000, \"recording_ns\": 60000000000, \"directory\": \"/d\","      \
	" \"way\": \"session\", \"trouble\": [\"disk\", 5], \"own\": {\"cpu_ns\": 600000000,"      \
	" \"rss_bytes\": 1048576}, \"ring\": {\"size_bytes\": 4096, \"peak_bytes\": 1024},"        \
	" \"states\": [{\"name\": \"A\", \"selected\": true, \"probes\": 2, \"attached\": 1,"      \
	" \"pending\": [{\"binary\": \"/b\", \"function\": \"f\", \"why\": \"not there\"}],"       \
	" \"last_hit_ns\": 1795349527000000000, \"calls\": 10, \"rows\": 4, \"summarised\": 3,"    \
	" \"summarising\": true, \"lost\": {\"ring\": 1, \"nesting\": 2, \"other\": 0},"           \
	" \"calls_per_second\": 2.5, \"estimated_ns_per_call\": 1000.0,"                           \
	" \"estimated_cpu_share\": 0.25}], \"processes\": {\"source\": \"kernel\","                \
	" \"interval_ns\": 10000000000, \"rows\": 8, \"lost_rows\": 0, \"lost_events\": 0,"        \
	" \"gpus\": \"none\"}}"

static int parse(const char *text, struct status **ret_status, struct fault *why)
{
	return status__parse(text, strlen(text), ret_status, why);
}

static struct status *parsed(const char *text)
{
	struct status *status = NULL;
	struct fault why = {};

	if (parse(text, &status, &why))
		fail_msg("%s", why.text);
	return status;
}

static void everything_is_read(void **state)
{
	struct status *s = parsed(WHOLE);

	(void)state;
	assert_int_equal(s->pid, 4711);
	assert_int_equal(s->recording_ns, 60 * SECOND);
	assert_string_equal(s->directory, "/d");
	assert_int_equal(s->trouble_cnt, 1);
	assert_string_equal(s->troubles[0], "disk");
	assert_int_equal(s->ring_peak_bytes, 1024);
	assert_int_equal(s->state_cnt, 1);
	assert_true(s->states[0].selected);
	assert_true(s->states[0].summarising);
	assert_int_equal(s->states[0].lost_nesting, 2);
	assert_int_equal(s->states[0].pending_cnt, 1);
	assert_string_equal(s->states[0].pending[0].why, "not there");
	assert_true(s->records_processes);
	assert_int_equal(s->process_rows, 8);
	status__free(s);
	status__free(NULL);
}

static void what_is_missing_or_makes_no_sense_is_nothing(void **state)
{
	static const char *const texts[] = {
		"{\"tacho_status\": 1}",
		"{\"tacho_status\": 1, \"pid\": -1, \"states\": 5, \"trouble\": {}, \"own\": [],"
		" \"processes\": \"x\", \"directory\": 7}",
		"{\"tacho_status\": 1, \"pid\": 1e300, \"states\": [], \"ring\": null}",
		"{\"tacho_status\": 1, \"pid\": 99999999999999, \"trouble\": [null, [], {}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct status *s = parsed(texts[i]);

		assert_int_equal(s->pid, 0);
		assert_int_equal(s->state_cnt, 0);
		assert_int_equal(s->trouble_cnt, 0);
		assert_string_equal(s->directory, "");
		assert_false(s->records_processes);
		assert_int_equal(status__life(s, 0), STATUS_GONE);
		status__free(s);
	}
}

static void states_of_any_kind_are_taken(void **state)
{
	struct status *s = parsed("{\"tacho_status\": 1, \"states\": [1, null, {\"pending\": [3]},"
				  " {\"name\": [], \"calls\": 1.5, \"calls_per_second\": -1}]}");

	(void)state;
	assert_int_equal(s->state_cnt, 4);
	assert_int_equal(s->states[2].pending_cnt, 1);
	assert_string_equal(s->states[2].pending[0].why, "");
	assert_string_equal(s->states[3].name, "");
	assert_int_equal(s->states[3].calls, 0);
	assert_true(s->states[3].calls_per_second == 0);
	status__free(s);
}

static void more_states_than_there_can_be_are_not_taken(void **state)
{
	size_t cnt = STATUS_STATES_MAX + 1;
	char *text = malloc(64 + 2 * cnt);
	struct status *s;
	size_t at;

	(void)state;
	assert_non_null(text);
	at = sprintf(text, "{\"tacho_status\": 1, \"states\": [1");
	for (size_t i = 1; i < cnt; i++)
		at += sprintf(text + at, ",1");
	strcpy(text + at, "]}");
	s = parsed(text);
	assert_int_equal(s->state_cnt, STATUS_STATES_MAX);
	status__free(s);
	free(text);
}

static void refuse(const char *text, const char *expected)
{
	struct status *status = NULL;
	struct fault why = {};

	assert_int_equal(parse(text, &status, &why), -EINVAL);
	assert_null(status);
	if (!strstr(why.text, expected))
		fail_msg("'%s' lacks '%s'", why.text, expected);
}

static void what_is_no_status_is_refused(void **state)
{
	char *deep = malloc(100001);

	(void)state;
	refuse("", "not a status file");
	refuse("{", "not a status file");
	refuse("[]", "not a status file");
	refuse("{}", "not a status file");
	refuse("{\"tacho_status\": \"1\"}", "not a status file");
	refuse("{\"tacho_status\": 2}", "of format 2");
	refuse("{\"tacho_status\": 1, \"pid\": 1, \"pid\": 2}", "not a status file");
	refuse("{\"tacho_status\": 1} x", "not a status file");
	refuse("{\"tacho_status\": 1, \"way\": \"\xff\"}", "not a status file");
	assert_non_null(deep);
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	refuse(deep, "not a status file");
	free(deep);
}

static void only_regular_files_of_some_size_are_read(void **state)
{
	const struct scratch *scratch = *state;
	struct status *status = NULL;
	struct fault why = {};

	assert_int_equal(status__read(scratch__at(scratch, "none"), &status, &why), -ENOENT);
	assert_int_equal(mkfifo(scratch__at(scratch, "pipe"), 0600), 0);
	assert_int_equal(status__read(scratch__at(scratch, "pipe"), &status, &why), -EINVAL);
	assert_int_equal(status__read(scratch->path, &status, &why), -EINVAL);
	scratch__write(scratch, "large", "{", 1);
	assert_int_equal(truncate(scratch__at(scratch, "large"), STATUS_FILE_MAX + 1), 0);
	assert_int_equal(status__read(scratch__at(scratch, "large"), &status, &why), -EINVAL);
	assert_non_null(strstr(why.text, "larger than any"));
	scratch__write(scratch, "good", WHOLE, strlen(WHOLE));
	assert_int_equal(status__read(scratch__at(scratch, "good"), &status, &why), 0);
	status__free(status);
}

static void it_runs_while_its_process_does_and_it_writes(void **state)
{
	struct status *s = parsed(WHOLE);

	(void)state;
	s->pid = getpid();
	assert_int_equal(process_start_ticks(s->pid, &s->start_ticks), 0);
	assert_int_equal(status__life(s, 5 * SECOND), STATUS_RUNNING);
	assert_int_equal(status__life(s, 35 * SECOND), STATUS_RUNNING);
	assert_int_equal(status__life(s, 36 * SECOND), STATUS_SILENT);
	assert_int_equal(status__life(s, 4 * SECOND), STATUS_SILENT);
	s->refresh_ns = UINT64_MAX; /* nobody is trusted for ever */
	assert_int_equal(status__life(s, 5 * 3600 * SECOND), STATUS_SILENT);
	s->start_ticks++; /* the number is used again */
	assert_int_equal(status__life(s, 5 * SECOND), STATUS_GONE);
	status__free(s);
}

static void a_process_that_was_not_reaped_is_gone(void **state)
{
	struct status *s = parsed(WHOLE);
	siginfo_t info;

	(void)state;
	s->pid = fork();
	if (!s->pid)
		pause();
	assert_true(s->pid > 0);
	assert_int_equal(process_start_ticks(s->pid, &s->start_ticks), 0);
	assert_int_equal(status__life(s, 5 * SECOND), STATUS_RUNNING);
	kill(s->pid, SIGKILL);
	assert_int_equal(waitid(P_PID, s->pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(status__life(s, 5 * SECOND), STATUS_GONE);
	waitpid(s->pid, NULL, 0);
	assert_int_equal(status__life(s, 5 * SECOND), STATUS_GONE);
	status__free(s);
}

static void it_is_shown(void **state)
{
	struct status *s = parsed(WHOLE);
	const struct shown_status shown = { "/f", s, STATUS_RUNNING, 1795349529 * SECOND };
	struct kept_screen kept;

	(void)state;
	kept_screen__open(&kept, 0);
	assert_int_equal(status_show_text(&shown, &kept.screen), 0);
	assert_shown(&kept,
		     "recorder   running for 60.0 s, process 4711, probes by way of session\n"
		     "directory  /d\n"
		     "uses       600 ms of CPU time (1.0 % of one CPU), 1.00 MiB of memory\n"
		     "ring       4.00 KiB, of which at most 1.00 KiB were full\n"
		     "processes  every 10.0 s (kernel), 8 rows, 0 lost, 0 events not seen\n"
		     "GPUs       none\n"
		     "trouble    disk\n"
		     "\n"
		     "STATE  PROBES  PENDING    LAST HIT  CALLS  ROWS  SUMMED  LOST    RATE      "
		     "CPU  NOW\n"
		     "A         1/2        1  2.00 s ago     10     4       3     3  2.50/s  ~25.0 "
		     "%  summarised\n"
		     "\n"
		     "lost       state A: 1 call because the ring was full, 2 for nesting too "
		     "deep, 0 for want of memory or disk\n"
		     "\n"
		     "pending    not there\n");
	status__free(s);
}

static void one_that_has_gone_says_so(void **state)
{
	struct status *s =
		parsed("{\"tacho_status\": 1, \"pid\": 1, \"directory\": \"a\\u001bb\"}");
	const struct shown_status gone = { "/f", s, STATUS_GONE, 1795349529 * SECOND };
	struct kept_screen kept;

	(void)state;
	kept_screen__open(&kept, 0);
	assert_int_equal(status_show_text(&gone, &kept.screen), 0);
	assert_shown(
		&kept,
		"recorder   not running: process 1, which wrote this never, has not ended well\n"
		"directory  a\\x1bb\n");
	status__free(s);
}

static void json_has_the_file_and_whether_it_lives(void **state)
{
	struct status *s = parsed(WHOLE);
	const struct shown_status shown = { "/f\xff", s, STATUS_SILENT, 0 };
	json_t *json = status_show_json(&shown);

	(void)state;
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "file")), "/f\\xff");
	assert_string_equal(json_string_value(json_object_get(json, "life")), "silent");
	assert_int_equal(json_integer_value(json_object_get(json, "pid")), 4711);
	json_decref(json);
	status__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(what_is_missing_or_makes_no_sense_is_nothing),
		cmocka_unit_test(states_of_any_kind_are_taken),
		cmocka_unit_test(more_states_than_there_can_be_are_not_taken),
		cmocka_unit_test(what_is_no_status_is_refused),
		cmocka_unit_test_setup_teardown(only_regular_files_of_some_size_are_read,
						scratch__set_up, scratch__tear_down),
		cmocka_unit_test(it_runs_while_its_process_does_and_it_writes),
		cmocka_unit_test(a_process_that_was_not_reaped_is_gone),
		cmocka_unit_test(it_is_shown),
		cmocka_unit_test(one_that_has_gone_says_so),
		cmocka_unit_test(json_has_the_file_and_whether_it_lives),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
