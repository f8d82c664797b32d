/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Can programs be loaded, and in which ways can they be attached to probes? */
#include <errno.h>
#include <string.h>

#include "examination.h"
#include "../proc_text.h"
#include "trial.h"

int attach_trial(const struct trial *trial, size_t target, enum uprobe_way way, bool returns,
		 struct uprobe_places *places, struct uprobe_links *links)
{
	int err;

	err = doctor_file_offset((const void *)doctor_targets[target].call, &places->offsets[0]);
	if (err)
		return err;
	places->cnt = 1;
	if (returns && way != UPROBE_SESSION) {
		places->at_return = true;
		err = uprobe_links__attach(links, way, trial__program(trial), places);
		places->at_return = false;
	}
	if (!err)
		err = uprobe_links__attach(links, way, trial__program(trial), places);
	return err;
}

bool add_not_tried(struct examination *x, const char *name, bool needs_probes)
{
	if (x->load_err) {
		doctor_report__add(x->report, name, DOCTOR_NOT_TRIED,
				   "no BPF program can be loaded");
		doctor_report__remedy(x->report, "%s", refusal_remedy(x));
		return true;
	}
	if (needs_probes && x->way == UPROBE_WAY_CNT) {
		doctor_report__add(x->report, name, DOCTOR_NOT_TRIED, "no probe can be attached");
		doctor_report__remedy(x->report, "see to session, multi or perf links first");
		return true;
	}
	return false;
}

static int try_way(struct examination *x, enum uprobe_way way)
{
	struct uprobe_places places = {};
	struct uprobe_links links = {};
	struct runner_result result;
	struct trial *trial = NULL;
	int err;

	err = trial__new("try_probe", NULL, way, &trial);
	if (!err)
		err = attach_trial(trial, TRIAL_TARGET, way, true, &places, &links);
	if (!err)
		err = examination__run(x, TRIAL_TARGET, 0, &result);
	/* Each call twice: when it began and when it returned. */
	if (!err && trial__runs(trial) < 2 * result.calls)
		err = -ENODATA;
	uprobe_links__free(&links);
	trial__free(trial);
	return err;
}

void try_ways(struct examination *x)
{
	struct trial *trial = NULL;

	x->way = UPROBE_WAY_CNT;
	x->load_err = trial__new("nothing", NULL, UPROBE_PERF, &trial);
	trial__free(trial);
	for (int way = 0; way < UPROBE_WAY_CNT; way++) {
		x->way_errs[way] = x->load_err ? x->load_err : try_way(x, way);
		if (!x->way_errs[way] && x->way == UPROBE_WAY_CNT)
			x->way = way;
	}
}

const char *trial_trouble(int err)
{
	switch (err) {
	case -ENODATA:
		return "it is attached, but its program does not run as it should";
	case -ECHILD:
		return "the probed process died of it";
	case -ETIMEDOUT:
		return "the probed process did not come back";
	case -524: /* ENOTSUPP, which the kernel keeps to itself, and strerror does not know */
		return "not supported";
	default:
		return strerror(-err);
	}
}

/* --- rows ----------------------------------------------------------------------------------- */

static void check_loading(struct examination *x)
{
	if (!x->load_err) {
		doctor_report__add(x->report, "BPF programs", DOCTOR_OK, "the kernel takes them");
		return;
	}
	doctor_report__add(x->report, "BPF programs", DOCTOR_MISSING, "the kernel takes none: %s",
			   strerror(-x->load_err));
	doctor_report__remedy(x->report, "nothing can be recorded: %s", refusal_remedy(x));
}

static const struct {
	const char *name;
	const char *proof;
	const char *since;
	const char *price; /* of doing without, where a lesser way works */
} way_rows[UPROBE_WAY_CNT] = {
	[UPROBE_SESSION] = {
		"session links",
		"one program saw calls begin and return",
		"Linux 6.13 has them",
		"each file takes two links, and no call is exempt from having its return address "
		"replaced",
	},
	[UPROBE_MULTI] = {
		"multi links",
		"two programs saw calls begin and return",
		"Linux 6.6 has them",
		"each probe takes links of its own, and thousands of them may take minutes to "
		"detach",
	},
	[UPROBE_PERF] = {
		"perf links",
		"two programs saw calls begin and return",
		"Linux 5.15 has them, and CAP_SYS_ADMIN is needed",
		"",
	},
};

/* With the setting that has a say in perf events, where it may have been that. */
static void add_way_failure(struct examination *x, enum uprobe_way way, enum doctor_status status)
{
	static const char path[] = "/proc/sys/kernel/perf_event_paranoid";
	int err = x->way_errs[way];
	char paranoid[16];

	if (way == UPROBE_PERF && (err == -EACCES || err == -EPERM) &&
	    !proc_text__read(path, paranoid, sizeof(paranoid)))
		doctor_report__add(x->report, way_rows[way].name, status,
				   "%s (perf_event_paranoid is %s)", trial_trouble(err), paranoid);
	else
		doctor_report__add(x->report, way_rows[way].name, status, "%s", trial_trouble(err));
}

static void check_way(struct examination *x, enum uprobe_way way)
{
	int err = x->way_errs[way];

	if (add_not_tried(x, way_rows[way].name, false))
		return;
	if (!err) {
		doctor_report__add(x->report, way_rows[way].name, DOCTOR_OK, "%s",
				   way_rows[way].proof);
	} else if (x->way == UPROBE_WAY_CNT) {
		add_way_failure(x, way, DOCTOR_MISSING);
		doctor_report__remedy(x->report, "no probe can be attached in this way: %s",
				      way_rows[way].since);
	} else {
		add_way_failure(x, way, DOCTOR_FALLBACK);
		if (way > x->way)
			doctor_report__remedy(x->report, "nothing to do: %s are better",
					      way_rows[x->way].name);
		else
			doctor_report__remedy(x->report, "%s; %s", way_rows[way].price,
					      way_rows[way].since);
	}
}

void check_ways(struct examination *x)
{
	check_loading(x);
	for (int way = 0; way < UPROBE_WAY_CNT; way++)
		check_way(x, way);
}
