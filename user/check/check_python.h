/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far Python programs can be told which functions to mark: whether the package is there, and
 * which of the programs that run have loaded its core.
 */
#ifndef TACHO_USER_CHECK_CHECK_PYTHON_H
#define TACHO_USER_CHECK_CHECK_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

#include "../plan/plan.h"

struct checked_python {
	size_t core_cnt;    /* files of the package's core */
	size_t package_cnt; /* of them, beside which the rest of the package is */
	const char *bare;   /* the first beside which it is not; the plan's */
	/* Processes that run now. */
	size_t loaded_cnt;  /* with the core */
	size_t without_cnt; /* Python's interpreter, without it */
	size_t unknown_cnt; /* may be either, but we may not look */
};

void checked_python__find(const struct plan *plan, struct checked_python *ret_python);

/* Do programs exist, or can they be started, that mark functions by name? */
static inline bool checked_python__is_ready(const struct checked_python *python)
{
	return python->package_cnt;
}

#endif
