/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of a file can be attached to: its functions, planned one by one, and its USDT probes. */
#ifndef TACHO_USER_LIST_LIST_H
#define TACHO_USER_LIST_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "../fault.h"
#include "../plan/survey.h"

struct listed_function {
	char *name;   /* for people: "ns::f(int)" */
	char *symbol; /* as its table has it */
	const char *table;
	uint64_t vaddr;
	uint64_t size; /* 0: not known */
	uint64_t offset;
	enum survey_verdict verdict;
	char *why; /* unless RECORDABLE; otherwise NULL */
	/* Unless REFUSED, as in struct survey_function. */
	uint32_t entry_offset;
	enum code_cost cost;
	size_t exit_cnt, tail_call_cnt, maybe_cnt;
};

struct listed_site {
	uint64_t vaddr;
	uint64_t offset;
	uint64_t semaphore_offset; /* 0: none */
	size_t arg_cnt;
	char *args; /* as the note has them */
	enum code_cost cost;
};

struct listed_usdt {
	char *name; /* "usdt:PROVIDER:NAME" */
	struct listed_site *sites;
	size_t site_cnt;
	char *why; /* why one of them cannot be probed, and so the whole cannot; or NULL */
};

struct list {
	struct survey *survey;
	struct listed_function *functions; /* by name, then address */
	size_t function_cnt;
	struct listed_usdt *usdts; /* by name */
	size_t usdt_cnt;
};

/* Told now and then how far it is. */
struct list_watch {
	void (*step)(void *ctx, size_t done, size_t all);
	void *ctx;
};

/*
 * What matches the pattern: NULL is everything; a text with `*`, `?` or `[` is a pattern as
 * `function =` takes it with many = yes; any other text is looked for within names. USDT probes are
 * called "usdt:PROVIDER:NAME" or "PROVIDER:NAME". -ENOENT with why, which has a hint, when nothing
 * does; other negative errno with why when the file cannot be read.
 */
int list__new(const char *binary, const char *pattern, const struct list_watch *watch,
	      struct list **ret_list, struct fault *why);
void list__free(struct list *list);

enum code_cost listed_usdt__cost(const struct listed_usdt *usdt); /* of its dearest place */
size_t listed_usdt__arg_cnt(const struct listed_usdt *usdt);	  /* that every place has */

#endif
