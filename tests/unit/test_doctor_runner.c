/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the doctor does with its child. Here one more child is made by fork, to see it go. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "doctor/doctor.h"
#include "doctor/runner.h"
#include "doctor/targets.h"

static void expect_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_runner_calls_every_target(void **state)
{
	struct runner_result result;
	struct runner runner;

	(void)state;
	assert_int_equal(runner__start(false, &runner), 0);
	for (size_t i = 0; i < doctor_target_cnt; i++) {
		assert_int_equal(runner__run(&runner, i, 0, &result), 0);
		assert_int_equal(result.calls, RUNNER_BATCH);
		assert_int_equal(runner__run(&runner, i, 100000, &result), 0);
		assert_true(result.calls >= RUNNER_BATCH && result.ns >= 100000);
	}
	assert_int_equal(runner__stop(&runner), 0);
	expect_no_children();
}

static void a_runner_under_a_filter_can_do_its_work(void **state)
{
	struct runner_result result;
	struct runner runner;
	int err;

	(void)state;
	err = runner__start(true, &runner);
	if (err == -EOPNOTSUPP)
		skip(); /* a kernel without seccomp filters */
	assert_int_equal(err, 0);
	assert_int_equal(runner__run(&runner, TRIAL_TARGET, 0, &result), 0);
	assert_int_equal(result.calls, RUNNER_BATCH);
	assert_int_equal(runner__stop(&runner), 0);
	expect_no_children();
}

static void a_runner_that_dies_is_noticed_and_reaped(void **state)
{
	struct runner_result result;
	struct runner runner;
	int status;

	(void)state;
	assert_int_equal(runner__start(false, &runner), 0);
	assert_int_equal(kill(runner.pid, SIGSEGV), 0);
	assert_int_equal(runner__run(&runner, TRIAL_TARGET, 0, &result), -ECHILD);
	status = runner__stop(&runner);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	expect_no_children();
}

static void a_runner_that_hangs_is_killed(void **state)
{
	struct runner_result result;
	struct runner runner;
	int status;

	(void)state;
	assert_int_equal(runner__start(false, &runner), 0);
	assert_int_equal(kill(runner.pid, SIGSTOP), 0);
	assert_int_equal(runner__run(&runner, TRIAL_TARGET, 0, &result), -ETIMEDOUT);
	status = runner__stop(&runner);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	expect_no_children();
}

static void an_order_for_no_target_ends_the_runner(void **state)
{
	struct runner_result result;
	struct runner runner;

	(void)state;
	assert_int_equal(runner__start(false, &runner), 0);
	assert_int_equal(runner__run(&runner, doctor_target_cnt, 0, &result), -ECHILD);
	assert_true(runner__stop(&runner) != 0);
	expect_no_children();
}

/* The grandchild is handed on to us, so that we can wait for it. */
static void a_runner_goes_with_its_parent(void **state)
{
	struct runner runner;
	pid_t pid, child;
	int pair[2];

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(pipe(pair), 0);
	child = fork();
	if (!child) {
		if (runner__start(false, &runner) ||
		    write(pair[1], &runner.pid, sizeof(runner.pid)) != sizeof(runner.pid))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(pair[1]);
	assert_int_equal(read(pair[0], &pid, sizeof(pid)), sizeof(pid));
	close(pair[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	expect_no_children();
}

static void every_shortcoming_of_this_machine_has_a_remedy(void **state)
{
	static struct doctor_report report;

	(void)state;
	doctor__examine(NULL, &report);
	assert_in_range(report.check_cnt, 20, DOCTOR_CHECKS_MAX - 1);
	for (size_t i = 0; i < report.check_cnt; i++) {
		const struct doctor_check *check = &report.checks[i];

		if (!*check->detail)
			fail_msg("%s has no detail", check->name);
		if ((check->status == DOCTOR_OK) != !*check->remedy)
			fail_msg("%s: %s, and the remedy is '%s'", check->name,
				 doctor_status__name(check->status), check->remedy);
	}
	assert_int_equal(report.can_record, *report.way != '\0');
	assert_true(report.cost_cnt || *report.costs_missing);
	assert_true(*report.summary);
	expect_no_children();
}

/* In a process of its own, which comes back with the number of rows that were not as they should.
 */
static void without_privileges_nothing_crashes_and_everything_is_said(void **state)
{
	static struct doctor_report report;
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		int bad = 0;

		if (!geteuid() && setuid(65534))
			_exit(99);
		doctor__examine(NULL, &report);
		for (size_t i = 0; i < report.check_cnt; i++)
			bad += (report.checks[i].status == DOCTOR_OK) != !*report.checks[i].remedy;
		_exit(bad + report.can_record + !*report.costs_missing);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_runner_calls_every_target),
		cmocka_unit_test(a_runner_under_a_filter_can_do_its_work),
		cmocka_unit_test(a_runner_that_dies_is_noticed_and_reaped),
		cmocka_unit_test(a_runner_that_hangs_is_killed),
		cmocka_unit_test(an_order_for_no_target_ends_the_runner),
		cmocka_unit_test(a_runner_goes_with_its_parent),
		cmocka_unit_test(every_shortcoming_of_this_machine_has_a_remedy),
		cmocka_unit_test(without_privileges_nothing_crashes_and_everything_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
