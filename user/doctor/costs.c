/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a probe costs here: the targets are called without probes and with them, in short rounds by
 * turns, and the medians are subtracted. The programs at the probes do nothing, so that this is the
 * price of the probe itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "examination.h"
#include "trial.h"

#define ROUNDS 9
#define ROUND_NS 1000000
/* Another doctor's probes on the same file would be measured, too. */
#define LOCK_TRIES 600
#define LOCK_WAIT_NS 50000000

double cost_median(double *values, size_t cnt)
{
	double value;
	size_t at;

	for (size_t i = 1; i < cnt; i++) {
		value = values[i];
		for (at = i; at && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	return values[cnt / 2];
}

const char *cost_how(double ns, double emulated_ns, double stepped_ns)
{
	/* nearer by ratio: ns / emulated < stepped / ns */
	return ns * ns < emulated_ns * stepped_ns ? "emulated" : "single-stepped";
}

/* --- measuring ------------------------------------------------------------------------------ */

/* Nanoseconds a call of each target. */
static int time_targets(struct examination *x, double *ret_ns)
{
	double rounds[DOCTOR_TARGETS_MAX][ROUNDS];
	struct runner_result result;
	int err;

	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < doctor_target_cnt; i++) {
			if (doctor_targets[i].use == TARGET_TRIAL)
				continue;
			err = examination__run(x, i, ROUND_NS, &result);
			if (err)
				return err;
			rounds[i][round] = (double)result.ns / (double)result.calls;
		}
	}
	for (size_t i = 0; i < doctor_target_cnt; i++) {
		if (doctor_targets[i].use != TARGET_TRIAL)
			ret_ns[i] = cost_median(rounds[i], ROUNDS);
	}
	return 0;
}

static int add_place(struct uprobe_places *places, const struct doctor_target *target, size_t delta)
{
	uint64_t offset;
	int err = doctor_file_offset((const void *)target->call, &offset);

	if (!err)
		places->offsets[places->cnt++] = offset + delta;
	return err;
}

/* Which places take which program: entries, replaced returns, and exits. */
static int find_places(struct uprobe_places *plain, struct uprobe_places *hijacked)
{
	const struct doctor_target *target;
	int err = 0;

	for (size_t i = 0; !err && i < doctor_target_cnt; i++) {
		target = &doctor_targets[i];
		if (target->use == TARGET_HIJACKED)
			err = add_place(hijacked, target, 0);
		else if (target->use != TARGET_TRIAL)
			err = add_place(plain, target, 0);
		if (!err && target->use == TARGET_BOTH)
			err = add_place(plain, target, target->exit_at);
	}
	return err;
}

static int attach_all(enum uprobe_way way, const struct trial *entry, const struct trial *both,
		      struct uprobe_links *links)
{
	struct uprobe_places plain = {}, hijacked = {};
	int err;

	err = find_places(&plain, &hijacked);
	if (!err)
		err = uprobe_links__attach(links, way, trial__program(entry), &plain);
	if (!err)
		err = uprobe_links__attach(links, way, trial__program(both), &hijacked);
	if (!err && way != UPROBE_SESSION) {
		hijacked.at_return = true;
		err = uprobe_links__attach(links, way, trial__program(both), &hijacked);
	}
	return err;
}

/* Has the kernel turned probes into calls? Then there is a page of it in the process for them to
 * call, which Linux 6.18 was the first to make (ba2bfc97b462). */
static bool has_trampoline(const struct runner *runner)
{
	char path[64], line[512];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)runner->pid);
	maps = fopen(path, "re");
	if (!maps)
		return false;
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, "[uprobes-trampoline]");
	fclose(maps);
	return found;
}

/* What probes add to a call of each target. */
static int measure(struct examination *x, double *ret_ns, bool *ret_optimised)
{
	double without[DOCTOR_TARGETS_MAX], with[DOCTOR_TARGETS_MAX];
	struct trial *entry = NULL, *both = NULL;
	struct uprobe_links links = {};
	int err;

	err = trial__new(x->way == UPROBE_SESSION ? "nothing_at_entry" : "nothing", NULL, x->way,
			 &entry);
	if (!err)
		err = trial__new("nothing", NULL, x->way, &both);
	if (!err)
		err = time_targets(x, without);
	if (!err)
		err = attach_all(x->way, entry, both, &links);
	if (!err)
		err = time_targets(x, with);
	for (size_t i = 0; !err && i < doctor_target_cnt; i++) {
		if (doctor_targets[i].use != TARGET_TRIAL)
			ret_ns[i] = with[i] - without[i];
	}
	if (!err)
		*ret_optimised = has_trampoline(&x->runner);
	uprobe_links__free(&links);
	trial__free(entry);
	trial__free(both);
	return err;
}

/* --- telling -------------------------------------------------------------------------------- */

static double mean_of_known(const double *ns, enum doctor_target_known known)
{
	double sum = 0;
	size_t cnt = 0;

	for (size_t i = 0; i < doctor_target_cnt; i++) {
		if (doctor_targets[i].known == known) {
			sum += ns[i];
			cnt++;
		}
	}
	return sum / (double)cnt;
}

static const char *how_of(const struct doctor_target *target, double ns, double emulated,
			  double stepped, bool optimised)
{
	if (target->known == KNOWN_OPTIMISABLE && optimised)
		return "optimised";
	if (target->known == KNOWN_EMULATED)
		return "emulated";
	if (target->known == KNOWN_STEPPED)
		return "single-stepped";
	return cost_how(ns, emulated, stepped);
}

static void tell(struct doctor_report *report, const double *ns, bool optimised)
{
	double emulated = mean_of_known(ns, KNOWN_EMULATED);
	double stepped = mean_of_known(ns, KNOWN_STEPPED);
	const struct doctor_target *target;
	double nop = emulated;

	for (size_t i = 0; i < doctor_target_cnt; i++) {
		target = &doctor_targets[i];
		if (target->use == TARGET_ENTRY) {
			doctor_report__add_cost(report, target->name,
						how_of(target, ns[i], emulated, stepped, optimised),
						ns[i]);
			if (!strcmp(target->name, "nop"))
				nop = ns[i];
		} else if (target->use == TARGET_HIJACKED) {
			doctor_report__add_cost(report, "return address", "replaced", ns[i] - nop);
			doctor_report__add_cost(report, "a call, exit = fast",
						"nop and return address", ns[i]);
		} else if (target->use == TARGET_BOTH) {
			doctor_report__add_cost(report, "a call, exit = safe", "nop and ret",
						ns[i]);
		}
	}
}

/* The lock goes with the descriptor. Another error than that somebody has it is as good as having
 * it: some file systems have no locks. */
static int lock_own_file(const struct examination *x, int *ret_fd)
{
	const struct timespec wait = { .tv_nsec = LOCK_WAIT_NS };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK) {
			*ret_fd = fd;
			return 0;
		}
		examination__step(x, "waiting for another doctor to end");
		nanosleep(&wait, NULL);
	}
	if (fd >= 0)
		close(fd);
	return -EBUSY;
}

void measure_costs(struct examination *x)
{
	double ns[DOCTOR_TARGETS_MAX];
	const char *trouble = NULL;
	bool optimised = false;
	int lock = -1;
	int err;

	if (x->way == UPROBE_WAY_CNT) {
		trouble = x->load_err ? refusal_remedy(x) : "no probe can be attached";
	} else if (lock_own_file(x, &lock)) {
		trouble = "another doctor is measuring; try again";
	} else {
		err = measure(x, ns, &optimised);
		trouble = err ? trial_trouble(err) : NULL;
		close(lock);
	}
	if (trouble)
		snprintf(x->report->costs_missing, sizeof(x->report->costs_missing),
			 "not measured: %s", trouble);
	else
		tell(x->report, ns, optimised);
}
