/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tacho check finds out: the plan as far as it can be made, and what becomes of each state.
 * (record refuses all when one is refused.)
 */
#ifndef TACHO_USER_CHECK_CHECK_H
#define TACHO_USER_CHECK_CHECK_H

#include "../plan/plan.h"
#include "check_python.h"

enum checked_status {
	CHECKED_READY,
	CHECKED_PENDING, /* some of what it names is not there yet */
	CHECKED_REFUSED,
};

const char *checked_status__name(enum checked_status status);
enum checked_status checked_status__of(const struct planned_target *target);

struct checked_state {
	const struct state_config *config;
	enum checked_status status; /* of its worst target */
};

struct check {
	struct checked_state *states; /* those that are recorded, in the order of the config */
	size_t state_cnt;
	size_t cnt[CHECKED_REFUSED + 1]; /* of them, by status */
	struct plan *plan;		 /* its states are these, in the same order */
	bool has_python;		 /* there are states of Python functions: */
	struct checked_python python;
};

/* The config outlives the check. 0, or negative errno with why, when no plan can be made at all. */
int check__new(const struct config *config, struct check **ret_check, struct fault *why);
void check__free(struct check *check);

/* Is there nothing that record would refuse or wait for? */
bool check__all_ready(const struct check *check);

#endif
