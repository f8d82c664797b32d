/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the prober share; nobody else includes it. */
#ifndef TACHO_USER_PROBE_INTERNAL_H
#define TACHO_USER_PROBE_INTERNAL_H

#include "../select.h"
#include "attach.h"
#include "prober.h"

struct tacho_bpf;

/* The specs that the kernel knows; each content once. */
struct specs {
	struct tacho_spec *items;
	uint32_t cnt; /* 0 is none */
	size_t max;
	uint32_t *slots; /* a hash table of numbers; 0 = empty */
	size_t slot_cnt; /* a power of two */
};

#define HOOKS UINT32_MAX /* in place of a state: where stacks are cut back */

/* What is attached in one file for one state, or the hooks. */
struct attachment {
	uint32_t binary;
	uint32_t state;
	uint32_t next; /* in the same slot: its number and 1; 0 = none */
	size_t cnt;    /* of the plan's probes (hooks) that were there when it was made */
	/* Ends are there before beginnings and go after them: a call whose beginning is seen is
	 * seen to end. */
	struct attach_links begins;
	struct attach_links ends;
};

#define ATTACHMENT_SLOTS 4096

struct prober {
	struct prober_options options;
	struct tacho_bpf *bpf;
	const struct attach_way *way;
	struct attachment *attachments;
	size_t attachment_cnt;
	uint32_t attachment_slots[ATTACHMENT_SLOTS]; /* by file and state; as `next` */
	size_t states_max;
	size_t labels_max; /* states behind states_max, for labels of marks and for the others */
	size_t state_cnt;  /* that prober__add_states has seen */
	struct specs specs;
	struct tacho_glob globs[TACHO_RULES_MAX - 1];
	char *glob_texts[TACHO_RULES_MAX - 1];
	uint32_t glob_cnt;
	uint32_t *state_rules; /* rule of each state, states_max of them; 0 = none */
	uint32_t parity;       /* of the sums that are being added to */
	int cpu_cnt;
};

/* The number under which the kernel counts the state. */
static inline uint32_t prober__kernel_state(const struct prober *prober, uint32_t state)
{
	uint32_t label = prober->options.plan->states[state].label;

	return label ? prober->states_max + label - 1 : state;
}

/* What is attached in this file for this state, or was; or NULL. */
struct attachment *prober__find_attachment(const struct prober *prober, uint32_t binary,
					   uint32_t state);

/* Opens, configures and loads the programs for the best way of attaching that works. */
int prober__load(struct prober *prober, struct fault *why);

/* May processes come to be told apart? */
static inline bool prober__may_filter(const struct prober *prober)
{
	return prober->options.scoped || prober->glob_cnt || prober->options.may_grow;
}

/* Numbers the different globs of `process =` of the states from first on; states with the same text
 * share a rule. */
int prober__make_rules(struct prober *prober, size_t first, struct fault *why);
/* After loading and attaching the process hooks: tells the kernel of the globs from first on, and
 * judges what runs already. */
int prober__write_globs(struct prober *prober, uint32_t first, struct fault *why);
int prober__write_label_globs(struct prober *prober, struct fault *why);

/* Of the states of Python functions from first on: the kernel is to know their labels, so that
 * these have the numbers that the plan gave them. */
int prober__write_python_labels(struct prober *prober, size_t first, struct fault *why);
/* From here on, blocks with this label are recorded, or not. The state is one of these. */
void prober__select_python_label(struct prober *prober, uint32_t state, bool selected);

/* How many globs select labels beside these. Without [marks], there is one that selects none. */
static inline uint32_t prober__label_glob_cnt(const struct prober *prober)
{
	const struct plan *plan = prober->options.plan;

	if (!plan->has_marks)
		return 0;
	return plan->config->marks.enabled ? plan->config->marks.label_cnt : 1;
}
int prober__judge_processes(struct prober *prober, struct fault *why);

/* The places of one file for one state that are not attached yet, or its hooks; malloced. probes[i]
 * says of which probe place i is (UINT32_MAX: a hook). */
struct prober_places {
	struct attach_place *items;
	uint32_t *probes;
	size_t cnt;
};

int prober__make_places(struct prober *prober, uint32_t binary, uint32_t state,
			struct prober_places *ret_places, struct fault *why);
void prober_places__free(struct prober_places *places);

/* Room for what the plan needs now, and as much again. */
int prober__make_room_for_specs(struct prober *prober, struct fault *why);

#endif
