/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was found out about a machine: a row for each thing that was looked at, and what probes cost
 * here. Zero-initialise; nothing in it needs freeing.
 */
#ifndef TACHO_USER_DOCTOR_REPORT_H
#define TACHO_USER_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCTOR_CHECKS_MAX 48
#define DOCTOR_COSTS_MAX 24
#define DOCTOR_TEXT_SZ 512

enum doctor_status {
	DOCTOR_OK,
	DOCTOR_FALLBACK, /* not there; recording works without, for a price that the remedy names */
	DOCTOR_MISSING,	 /* not there, and something cannot be done without */
	DOCTOR_NOT_TRIED, /* the remedy says how to have it tried */
};

struct doctor_check {
	const char *name;
	enum doctor_status status;
	char detail[DOCTOR_TEXT_SZ]; /* what was found */
	/* What the lack of it costs, and what to do. Empty if and only if the status is OK. */
	char remedy[DOCTOR_TEXT_SZ];
};

struct doctor_cost {
	const char *place; /* where the probe is: "5-byte nop" */
	const char *how;   /* what the kernel makes of it there: "emulated" */
	uint64_t ns;
};

struct doctor_report {
	char kernel[256];  /* release */
	char machine[128]; /* "x86_64" */
	struct doctor_check checks[DOCTOR_CHECKS_MAX];
	size_t check_cnt;
	struct doctor_cost costs[DOCTOR_COSTS_MAX];
	size_t cost_cnt;
	char costs_missing[DOCTOR_TEXT_SZ]; /* why there are no costs */
	bool can_record;
	char way[16]; /* of attaching, "" if none works */
	char summary[3 * DOCTOR_TEXT_SZ];
};

/* "ok", "fallback", "missing", "not tried" */
const char *doctor_status__name(enum doctor_status status);

/* Adds a row. A row that is not OK gets its remedy from doctor_report__remedy, next. */
void doctor_report__add(struct doctor_report *report, const char *name, enum doctor_status status,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Says what to do about the row added last. */
void doctor_report__remedy(struct doctor_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void doctor_report__add_cost(struct doctor_report *report, const char *place, const char *how,
			     double ns);

#endif
