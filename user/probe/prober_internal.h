/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the prober share; nobody else includes it. */
#ifndef TACHO_USER_PROBE_INTERNAL_H
#define TACHO_USER_PROBE_INTERNAL_H

#include "../select.h"
#include "attach.h"
#include "prober.h"

struct tacho_bpf;

/* What is attached in one file. */
struct attachment {
	uint32_t binary;
	size_t probe_cnt; /* of the plan's probes and hooks that were there when it was made */
	size_t hook_cnt;
	/* Ends are there before beginnings and go after them: a call whose beginning is seen is
	 * seen to end. */
	struct attach_links begins;
	struct attach_links ends;
};

struct prober {
	struct prober_options options;
	struct tacho_bpf *bpf;
	const struct attach_way *way;
	struct attachment *attachments;
	size_t attachment_cnt;
	uint32_t spec_cnt; /* in use; 0 is none */
	struct tacho_spec *specs;
	size_t specs_max;
	struct tacho_glob globs[TACHO_RULES_MAX - 1];
	const char *glob_texts[TACHO_RULES_MAX - 1];
	uint32_t glob_cnt;
	uint32_t *state_rules; /* rule of each state; 0 = none */
	uint32_t parity;       /* of the sums that are being added to */
	int cpu_cnt;
};

/* What is attached in this file, or was; or NULL. */
struct attachment *prober__find_attachment(const struct prober *prober, uint32_t binary);

/* Opens, configures and loads the programs for the best way of attaching that works. */
int prober__load(struct prober *prober, struct fault *why);

/* Numbers the different globs of `process =`; states with the same text share a rule. */
int prober__make_rules(struct prober *prober, struct fault *why);
/* After loading and attaching the process hooks: tells the kernel, and judges what runs already. */
int prober__write_globs(struct prober *prober, struct fault *why);
int prober__judge_processes(struct prober *prober, struct fault *why);

/* The places of one file that are not attached yet; malloced. probes[i] says of which probe place i
 * is (UINT32_MAX: a hook). */
struct prober_places {
	struct attach_place *items;
	uint32_t *probes;
	size_t cnt;
};

int prober__make_places(struct prober *prober, uint32_t binary, struct prober_places *ret_places,
			struct fault *why);
void prober_places__free(struct prober_places *places);

/* How many specs the plan needs now. */
size_t prober_specs_needed(const struct plan *plan);

#endif
