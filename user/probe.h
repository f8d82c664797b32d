/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel side, as the rest of the recorder sees it: load, choose processes, attach, count,
 * detach. The order of calls is the order below.
 */
#ifndef TACHO_USER_PROBE_H
#define TACHO_USER_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"
#include "plan/plan.h"
#include "tacho/probe.h"

struct prober;

struct prober_options {
	const struct plan *plan; /* outlives the prober */
	uint64_t ring_bytes;
	bool scoped;		  /* record only what prober__add_process names */
	bool scope_follows_forks; /* and what they fork */
	const char *way;	  /* "session", "multi", "perf", or NULL: the best that works */
};

/* Loads the programs and puts the hooks on processes; no probe is attached yet. */
int prober__new(const struct prober_options *options, struct prober **ret_prober,
		struct fault *why);

/* Takes the process into the scope, at once or from its next exec on. -ESRCH when it is gone. */
int prober__add_process(struct prober *prober, pid_t pid, bool at_exec, struct fault *why);

/* Attaches every probe of the plan, or none. */
int prober__attach(struct prober *prober, struct fault *why);

const char *prober__way(const struct prober *prober);
int prober__ring_fd(const struct prober *prober); /* a BPF ring buffer map */

/* Sums the per-CPU counters of a state. */
int prober__read_counts(const struct prober *prober, uint32_t state,
			struct tacho_state_counts *ret_counts);
int prober__read_trouble(const struct prober *prober, struct tacho_trouble *ret_trouble);

/* Takes the probes away; returns when no program runs any more. The hooks on processes stay, so
 * that a thread that exits now still closes its calls. */
void prober__detach(struct prober *prober);

/* Sends an ACTIVITY record (TACHO_ENDED_OPEN) for each call that is open. After detach. */
int prober__close_open_calls(struct prober *prober);

void prober__free(struct prober *prober); /* detaches if need be; NULL is fine */

#endif
