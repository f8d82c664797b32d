/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of the planner that knows marks; nobody else includes it. */
#ifndef TACHO_USER_PLAN_MARKS_H
#define TACHO_USER_PLAN_MARKS_H

#include "plan.h"

struct usdt_site;

/* Adds the probes of all marks in the file: those of tacho/mark.h, and those where CPython tells of
 * its collections of garbage. -ENOENT: there are none. */
int plan__add_marks(struct plan *plan, uint32_t target, uint32_t binary, struct fault *why);

/* False: it is no mark; somebody else's, or of a later version. */
bool plan_find_mark(const struct usdt_site *site, enum tacho_mark *ret_mark);

/* Finds the arguments of probe->mark; they are probe->values. */
int plan__resolve_mark(struct plan *plan, struct planned_probe *probe, const struct usdt_site *site,
		       struct fault *why);

struct plan_cores {
	size_t cnt; /* of the first targets */
	bool usual; /* they are the usual places, and in none is one */
};

/* The state that [marks] is, with a target for each core of the Python package, if there are states
 * of Python functions, and behind these for each program: of a file that is both, the probes are
 * the core's. Free with state_config__free. */
int plan_make_marks(const struct config *config, struct state_config **ret_state,
		    struct plan_cores *ret_cores, struct fault *why);

#endif
