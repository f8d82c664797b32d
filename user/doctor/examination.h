/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of an examination share, and their order. Each part tries something and adds rows
 * to the report.
 */
#ifndef TACHO_USER_DOCTOR_EXAMINATION_H
#define TACHO_USER_DOCTOR_EXAMINATION_H

#include <stdbool.h>
#include <stdint.h>

#include "doctor.h"
#include "runner.h"
#include "uprobe_link.h"

/* linux/capability.h of older build hosts lacks the two newest. */
enum {
	CAPABILITY_DAC_OVERRIDE = 1,
	CAPABILITY_DAC_READ_SEARCH = 2,
	CAPABILITY_SYS_PTRACE = 19,
	CAPABILITY_SYS_ADMIN = 21,
	CAPABILITY_SYS_RESOURCE = 24,
	CAPABILITY_LEASE = 28,
	CAPABILITY_PERFMON = 38,
	CAPABILITY_BPF = 39,
};

struct examination {
	struct doctor_report *report;
	const struct doctor_watch *watch;

	/* privileges.c */
	uint64_t capabilities; /* effective */
	uint64_t seccomp_mode; /* of this process: 0, or 2 under a filter */
	bool own_user_namespace;
	bool own_pid_namespace;
	bool memory_is_locked; /* what BPF maps take counts against RLIMIT_MEMLOCK */

	/* ways.c */
	int load_err; /* of the simplest program; 0 when programs can be loaded */
	int way_errs[UPROBE_WAY_CNT];
	enum uprobe_way way; /* the best that works; UPROBE_WAY_CNT if none does */

	struct runner runner;
	bool runner_runs;
};

static inline bool has_capability(const struct examination *x, int capability)
{
	return x->capabilities >> capability & 1;
}

struct trial; /* trial.h */

void examination__step(const struct examination *x, const char *what);

/* As runner__run, with the examination's own runner: started when there is none, stopped when
 * anything goes wrong with it. */
int examination__run(struct examination *x, size_t target, uint64_t budget_ns,
		     struct runner_result *ret_result);

/* Puts the program on a target, with the cookie and semaphore that places has; with returns, it
 * runs when the function returns as well (on session links it always does). */
int attach_trial(const struct trial *trial, size_t target, enum uprobe_way way, bool returns,
		 struct uprobe_places *places, struct uprobe_links *links);

/* What a negative errno means here. -ENODATA: a program did not run, or did not do its work. */
const char *trial_trouble(int err);

/* A row for what needs BPF programs where none can be loaded, or probes where none can be attached.
 * True if it is so. */
bool add_not_tried(struct examination *x, const char *name, bool needs_probes);

/* What to do when programs cannot be loaded. */
const char *refusal_remedy(const struct examination *x);

/* --- in this order ------------------------------------------------------------------------- */

void gather_privileges(struct examination *x);
void try_ways(struct examination *x);

void check_kernel(struct examination *x);
void check_privileges(struct examination *x);
void check_ways(struct examination *x);
void check_features(struct examination *x);
void check_recorder(struct examination *x);
void check_seccomp(struct examination *x);
void check_files(struct examination *x);
void check_clock(struct examination *x);
void check_libraries(struct examination *x);
void check_gpus(struct examination *x);
void measure_costs(struct examination *x);

/* --- for the tests -------------------------------------------------------------------------- */

/* The middle one of cnt > 0 values, which are sorted. */
double cost_median(double *values, size_t cnt);

/* "emulated" or "single-stepped", whichever of the two known costs is nearer by ratio. */
const char *cost_how(double ns, double emulated_ns, double stepped_ns);

#endif
