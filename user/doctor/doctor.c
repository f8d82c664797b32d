/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../plan/plan.h"
#include "../probe/prober.h"
#include "examination.h"
#include "trial.h"

#define TRIAL_RING_BYTES (1 << 18) /* a multiple of every page size */

void examination__step(const struct examination *x, const char *what)
{
	if (x->watch && x->watch->step)
		x->watch->step(x->watch->ctx, what);
}

static void stop_runner(struct examination *x)
{
	if (x->runner_runs)
		runner__stop(&x->runner);
	x->runner_runs = false;
}

int examination__run(struct examination *x, size_t target, uint64_t budget_ns,
		     struct runner_result *ret_result)
{
	int err = 0;

	if (!x->runner_runs)
		err = runner__start(false, &x->runner);
	if (err)
		return err;
	x->runner_runs = true;
	err = runner__run(&x->runner, target, budget_ns, ret_result);
	if (err)
		stop_runner(x);
	return err;
}

/* The recorder's own programs, loaded and attached by its own code, with nothing to record. */
void check_recorder(struct examination *x)
{
	const struct state_config config = {};
	struct planned_state state = { .config = &config, .name = "DOCTOR" };
	const struct plan plan = { .states = &state, .state_cnt = 1 };
	const struct prober_options options = { .plan = &plan, .ring_bytes = TRIAL_RING_BYTES };
	struct doctor_report *report = x->report;
	struct prober *prober = NULL;
	struct fault why = {};
	int err;

	err = prober__new(&options, &prober, &why);
	if (err) {
		doctor_report__add(report, "recorder", DOCTOR_MISSING, "%s", why.text);
		doctor_report__remedy(report, "nothing can be recorded: %s",
				      x->load_err ? refusal_remedy(x)
						  : "see to what is missing above first");
		return;
	}
	report->can_record = true;
	snprintf(report->way, sizeof(report->way), "%s", prober__way(prober));
	doctor_report__add(report, "recorder", DOCTOR_OK,
			   "it is loaded and attached, with %s links", report->way);
	prober__free(prober);
}

/* --- the last line -------------------------------------------------------------------------- */

static void summarize_success(struct doctor_report *report)
{
	size_t shortcomings = 0;

	for (size_t i = 0; i < report->check_cnt; i++)
		shortcomings += report->checks[i].status != DOCTOR_OK;
	snprintf(report->summary, sizeof(report->summary),
		 "recording works here, with %s links; %zu of %zu things could be better",
		 report->way, shortcomings, report->check_cnt);
	if (!shortcomings)
		snprintf(report->summary, sizeof(report->summary),
			 "recording works here, with %s links; nothing is missing", report->way);
}

static void summarize_failure(struct doctor_report *report)
{
	const struct doctor_check *check = report->checks;

	while (check->status != DOCTOR_MISSING)
		check++; /* the recorder's own row at the latest */
	snprintf(report->summary, sizeof(report->summary),
		 "recording does not work here: %s: %s; %s", check->name, check->detail,
		 check->remedy);
}

void doctor__examine(const struct doctor_watch *watch, struct doctor_report *ret_report)
{
	struct examination x = { .report = ret_report, .watch = watch };

	*ret_report = (struct doctor_report) {};
	trial_silence_libbpf();
	gather_privileges(&x);
	examination__step(&x, "trying ways of attaching");
	try_ways(&x);
	check_kernel(&x);
	check_privileges(&x);
	check_ways(&x);
	examination__step(&x, "trying what BPF programs can do");
	check_features(&x);
	examination__step(&x, "trying the recorder");
	check_recorder(&x);
	check_seccomp(&x);
	check_files(&x);
	check_clock(&x);
	check_libraries(&x);
	check_gpus(&x);
	examination__step(&x, "measuring probes");
	measure_costs(&x);
	stop_runner(&x);
	if (ret_report->can_record)
		summarize_success(ret_report);
	else
		summarize_failure(ret_report);
}
