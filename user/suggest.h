/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The nearest word: what the user probably meant. */
#ifndef TACHO_USER_SUGGEST_H
#define TACHO_USER_SUGGEST_H

#include <stddef.h>

/* Optimal string alignment distance (a swap of neighbours counts 1), case-insensitive letters
 * cost nothing only when everything else is equal. Returns limit + 1 as soon as it is exceeded. */
size_t suggest_distance(const char *a, const char *b, size_t limit);

/* The candidate nearest to word, or NULL when none is near (distance over a third of its length,
 * at least 1). candidates is NULL-terminated; the result points into it. */
const char *suggest_word(const char *word, const char *const *candidates);

/* Keeps the best few of a long stream of candidates (symbols). */
#define SUGGEST_MAX 5
struct suggestions {
	const char *word;
	const char *names[SUGGEST_MAX]; /* nearest first; borrowed from the caller */
	size_t distances[SUGGEST_MAX];
	size_t cnt;
};

void suggestions__offer(struct suggestions *s, const char *candidate);

#endif
