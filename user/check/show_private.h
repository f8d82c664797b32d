/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files that show a check share; nobody else includes it. */
#ifndef TACHO_USER_CHECK_SHOW_PRIVATE_H
#define TACHO_USER_CHECK_SHOW_PRIVATE_H

#include "show.h"

/* Consecutive probes of the plan. */
struct probe_span {
	const struct planned_probe *items;
	size_t cnt;
};

/* plan__new goes target by target, in the order of the states. */
struct probe_span probes_of_target(const struct plan *plan, uint32_t target);
struct probe_span probes_of_state(const struct plan *plan, uint32_t state);

uint16_t probe_machine(const struct plan *plan, const struct planned_probe *probe);

/* A block of notes below a heading, which is printed with the first of them. */
struct notes {
	const struct screen *screen;
	const char *heading;
	bool begun;
	bool failed; /* for want of memory */
};

/* "  SUBJECT     text", wrapped. */
void notes__add(struct notes *notes, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What the table does not say of the state; what is the same for all its probes once. */
void note_state(struct notes *notes, const struct plan *plan, uint32_t state, bool verbose);

/* Each probe of the state in full. */
void note_probes(struct notes *notes, const struct plan *plan, uint32_t state);

#endif
