/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>

const char *doctor_status__name(enum doctor_status status)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok",
		[DOCTOR_FALLBACK] = "fallback",
		[DOCTOR_MISSING] = "missing",
		[DOCTOR_NOT_TRIED] = "not tried",
	};

	return names[status];
}

void doctor_report__add(struct doctor_report *report, const char *name, enum doctor_status status,
			const char *fmt, ...)
{
	struct doctor_check *check;
	va_list args;

	if (report->check_cnt == DOCTOR_CHECKS_MAX)
		return;
	check = &report->checks[report->check_cnt++];
	*check = (struct doctor_check) { .name = name, .status = status };
	va_start(args, fmt);
	vsnprintf(check->detail, sizeof(check->detail), fmt, args);
	va_end(args);
}

void doctor_report__remedy(struct doctor_report *report, const char *fmt, ...)
{
	struct doctor_check *check;
	va_list args;

	if (!report->check_cnt)
		return;
	check = &report->checks[report->check_cnt - 1];
	va_start(args, fmt);
	vsnprintf(check->remedy, sizeof(check->remedy), fmt, args);
	va_end(args);
}

void doctor_report__add_cost(struct doctor_report *report, const char *place, const char *how,
			     double ns)
{
	if (report->cost_cnt == DOCTOR_COSTS_MAX)
		return;
	/* Noise may make a probe that costs next to nothing seem to cost less than that. */
	report->costs[report->cost_cnt++] = (struct doctor_cost) {
		.place = place, .how = how, .ns = ns > 0 ? (uint64_t)(ns + 0.5) : 0
	};
}
