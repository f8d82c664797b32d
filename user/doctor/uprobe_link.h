/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Probes on this program's own file, in each way that some kernel has. */
#ifndef TACHO_USER_DOCTOR_UPROBE_LINK_H
#define TACHO_USER_DOCTOR_UPROBE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "targets.h"

struct bpf_link;
struct bpf_program;

/* Best first. */
enum uprobe_way { UPROBE_SESSION, UPROBE_MULTI, UPROBE_PERF, UPROBE_WAY_CNT };

/* "session", as TACHO_ATTACH spells it */
const char *uprobe_way__name(enum uprobe_way way);

/* For bpf_program__set_expected_attach_type, before loading. */
uint32_t uprobe_way__attach_type(enum uprobe_way way);

#define UPROBE_PLACES_MAX (2 * DOCTOR_TARGETS_MAX)

struct uprobe_places {
	uint64_t offsets[UPROBE_PLACES_MAX]; /* in the file */
	size_t cnt;
	uint64_t cookie;    /* the same for all; 0 = none */
	uint64_t semaphore; /* its offset in the file; 0 = none */
	/* Where the function returns to, not where it begins. Not with UPROBE_SESSION, where the
	 * program's value decides at the entry. */
	bool at_return;
};

/* What holds the probes. Zero-initialise; uprobe_links__free detaches. */
struct uprobe_links {
	int multi_fds[UPROBE_PLACES_MAX];
	size_t multi_cnt;
	struct bpf_link *perf[UPROBE_PLACES_MAX];
	size_t perf_cnt;
};

/* Adds links. 0 or negative errno. */
int uprobe_links__attach(struct uprobe_links *links, enum uprobe_way way,
			 const struct bpf_program *prog, const struct uprobe_places *places);
void uprobe_links__free(struct uprobe_links *links);

#endif
