/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What could be recorded of a file: each of its functions planned as a state of its own would be,
 * with nothing set that has a default.
 */
#ifndef TACHO_USER_PLAN_SURVEY_H
#define TACHO_USER_PLAN_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../elf/elf_file.h"
#include "../fault.h"
#include "code.h"

struct survey;

/* Finds and opens BINARY as plan__new does. 0, or negative errno with why. */
int survey__new(const char *binary, struct survey **ret_survey, struct fault *why);
void survey__free(struct survey *survey);

const char *survey__path(const struct survey *survey);
const struct elf_file *survey__file(const struct survey *survey);

/* Which mode exit = auto is in this file, and why. */
bool survey__is_fast(const struct survey *survey);
const char *survey__exit_reason(const struct survey *survey);

enum survey_verdict {
	SURVEY_RECORDABLE,
	SURVEY_ON_REQUEST, /* only with exit = safe: it always ends in a tail call */
	SURVEY_REFUSED,	   /* or only with exit = fast, at the risk of whoever sets it */
};

struct survey_function {
	enum survey_verdict verdict;
	/* Unless REFUSED. */
	uint32_t entry_offset; /* symbol + entry_offset is probed */
	enum code_cost cost;
	size_t exit_cnt; /* probes besides; 0 in fast mode */
	size_t tail_call_cnt, maybe_cnt;
	struct fault why; /* unless RECORDABLE */
};

/* The symbol is the file's. 0, or -ENOMEM with why. */
int survey__plan(struct survey *survey, const struct elf_symbol *symbol,
		 struct survey_function *ret_function, struct fault *why);

#endif
