/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Does a probed function kill a service that runs under a system call filter? On x86-64, Linux 6.11
 * made the trampoline of replaced return addresses a system call, uretprobe, which filters made
 * before know nothing of (systemd issue 34615); 6.18 did the same for probes on 5-byte nops. Since
 * Linux 6.14 and in stable kernels the filters are not asked (cf6cb56ef244).
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "examination.h"
#include "trial.h"

static const char name[] = "filtered services";

/* The first call is what makes the kernel turn a 5-byte nop into a call of its own; a batch has
 * enough of them. *ret_status is that of the filtered process. */
static int try_filtered(struct examination *x, struct runner *runner, int *ret_status)
{
	struct uprobe_places places = {};
	struct uprobe_links links = {};
	struct runner_result result;
	struct trial *trial = NULL;
	int err;

	/* Whatever ends it without a probe is no fault of probes. */
	if (runner__run(runner, TRIAL_TARGET, 0, &result))
		err = -EOPNOTSUPP;
	else
		err = trial__new("try_probe", NULL, x->way, &trial);
	if (!err)
		err = attach_trial(trial, TRIAL_TARGET, x->way, true, &places, &links);
	if (!err)
		err = runner__run(runner, TRIAL_TARGET, 0, &result);
	if (!err && trial__runs(trial) < 2 * result.calls)
		err = -ENODATA;
	*ret_status = runner__stop(runner);
	uprobe_links__free(&links);
	trial__free(trial);
	return err;
}

static void add_death(struct examination *x, int status)
{
	if (WIFSIGNALED(status))
		doctor_report__add(x->report, name, DOCTOR_MISSING,
				   "a return probe ended one: signal %d (%s)", WTERMSIG(status),
				   strsignal(WTERMSIG(status)));
	else
		doctor_report__add(x->report, name, DOCTOR_MISSING, "a return probe ended one");
	doctor_report__remedy(
		x->report, "exit = fast may kill services that have a SystemCallFilter=: set exit "
			   "= safe for them, or run a kernel with commit cf6cb56ef244 (Linux "
			   "6.14)");
}

void check_seccomp(struct examination *x)
{
	struct runner runner;
	int status;
	int err;

	if (add_not_tried(x, name, true))
		return;
	err = runner__start(true, &runner);
	if (err == -EOPNOTSUPP) {
		doctor_report__add(x->report, name, DOCTOR_OK,
				   "there are none: the kernel takes no seccomp filter");
		return;
	}
	if (!err)
		err = try_filtered(x, &runner, &status);
	if (!err) {
		doctor_report__add(x->report, name, DOCTOR_OK,
				   "a process with a filter survived return probes");
	} else if (err == -ECHILD) {
		add_death(x, status);
	} else {
		doctor_report__add(x->report, name, DOCTOR_NOT_TRIED, "%s", trial_trouble(err));
		doctor_report__remedy(x->report,
				      "exit = safe keeps services that have a "
				      "SystemCallFilter= from harm, whatever the kernel");
	}
}
