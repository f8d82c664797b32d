/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel side, as the rest of the recorder sees it: load, choose processes, attach, count,
 * detach. The order of calls is the order below; attaching and detaching files, selecting states
 * and adding some may go on while recording.
 */
#ifndef TACHO_USER_PROBE_PROBER_H
#define TACHO_USER_PROBE_PROBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fault.h"
#include "../plan/plan.h"
#include "tacho/probe.h"

struct prober;

struct prober_options {
	const struct plan *plan; /* outlives the prober; may grow */
	uint64_t ring_bytes;
	bool scoped;		  /* record only what prober__add_process names */
	bool scope_follows_forks; /* and what they fork */
	bool measure_usage;	  /* send struct tacho_usage with each activity */
	bool tell_execs;	  /* send an EXEC record for each exec in another mount namespace */
	bool may_grow;	 /* leave room for states of any kind to be added while recording */
	const char *way; /* "session", "multi", "perf", or NULL: the best that works */
};

/* Loads the programs and puts the hooks on processes; no probe is attached yet. */
int prober__new(const struct prober_options *options, struct prober **ret_prober,
		struct fault *why);

/* Takes the process into the scope, at once or from its next exec on. -ESRCH when it is gone. */
int prober__add_process(struct prober *prober, pid_t pid, bool at_exec, struct fault *why);

/*
 * The plan has more states than before: makes their filters and limits known. Negative errno with
 * why when there is no room for them, and they must leave the plan.
 */
int prober__add_states(struct prober *prober, struct fault *why);
/* The state's rate_limit in the plan is another one. */
int prober__set_limit(struct prober *prober, uint32_t state);

/*
 * Attaches what the plan has in this file for selected states and is not attached yet: all of it or
 * nothing. 1 when something was attached, 0 when there was nothing to do, negative errno with why.
 */
int prober__attach(struct prober *prober, uint32_t binary, struct fault *why);
bool prober__is_attached(const struct prober *prober, uint32_t binary);
/* Is this one of the plan's probes in place? */
bool prober__has_probe(const struct prober *prober, uint32_t probe);
/* When everything is attached that is there: calls that begin from now on are recorded. */
void prober__begin(struct prober *prober);

/* Takes the probes in this file away; returns when they no longer fire. */
void prober__detach(struct prober *prober, uint32_t binary);

/*
 * States are selected at first. Of one that is not, no call begins any more from here on; its
 * probes stay until prober__detach_unselected, and come back with prober__attach.
 */
void prober__select(struct prober *prober, uint32_t state, bool selected);
bool prober__is_selected(const struct prober *prober, uint32_t state);

/*
 * Takes away the probes of the states that are not selected, and the places where stacks are cut
 * back when no selected state has use for them. The calls of the others are not disturbed. True
 * when there were any.
 */
bool prober__detach_unselected(struct prober *prober);
/* After it: sends an ACTIVITY record (TACHO_ENDED_OPEN) for each open call of theirs. */
int prober__close_unselected_calls(struct prober *prober);

const char *prober__way(const struct prober *prober);
int prober__ring_fd(const struct prober *prober); /* a BPF ring buffer map */

/* Sums the per-CPU counters of a state. */
int prober__read_counts(const struct prober *prober, uint32_t state,
			struct tacho_state_counts *ret_counts);
int prober__read_trouble(const struct prober *prober, struct tacho_trouble *ret_trouble);

/*
 * Takes away the sums of calls that were summarised in the interval before the last one, for a
 * state: 1 when there are any, 0 when not, or negative errno. prober__next_interval begins the next
 * interval; the kernel may still be adding to the last one, so that it is read one interval late.
 * last: the interval that is being added to, after everything was detached.
 */
int prober__take_sums(const struct prober *prober, uint32_t state, bool last,
		      struct tacho_summary_sums *ret_sums);
void prober__next_interval(struct prober *prober);

/*
 * Marks. What the kernel has numbered so far, at most: numbers count up from 0, and some are
 * nobody's (known is 0); the last one, which the limit of the settings is, stands for all labels
 * beyond.
 */
size_t prober__label_cnt(const struct prober *prober);
int prober__read_label(const struct prober *prober, uint32_t label,
		       struct tacho_label_name *ret_name);
/* Has anything been counted for it? */
bool prober__label_is_used(const struct prober *prober, uint32_t label);
int prober__read_attribute(const struct prober *prober, uint32_t attribute,
			   struct tacho_attribute_name *ret_name);

/* Takes all probes away; returns when no program runs any more. The hooks on processes stay, so
 * that a thread that exits now still closes its calls. */
void prober__detach_all(struct prober *prober);

/* Sends an ACTIVITY record (TACHO_ENDED_OPEN) for each call that is open. After detaching. */
int prober__close_open_calls(struct prober *prober);

void prober__free(struct prober *prober); /* detaches if need be; NULL is fine */

#endif
