/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same text again and again: said once, counted after that, and told at most once a minute:
 * "N times more in the last T: TEXT". A text that has not come for a minute is new again.
 *
 * Nothing is dropped in silence. Memory is bounded: of more different texts than there is room for,
 * the one that came least recently is told with its count and forgotten. Whole texts are compared,
 * so that none is ever taken for another.
 */
#ifndef TACHO_USER_REPETITION_H
#define TACHO_USER_REPETITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define REPETITION_TEXTS_MAX 32
#define REPETITION_PAUSE_NS 60000000000ULL

struct repeated_text {
	struct fault text; /* "": free */
	uint64_t hash;
	int level; /* the caller's, handed back */
	const char *id;
	uint64_t said_ns; /* when it, or its count, was said last */
	uint64_t seen_ns;
	uint64_t held_cnt; /* since then */
};

/* Zero-initialise. */
struct repetition {
	struct repeated_text texts[REPETITION_TEXTS_MAX];
};

/* Says a text that counts others, for the level and the id (borrowed for ever, or NULL) that came
 * with them. */
typedef void (*repetition_say_fn)(void *ctx, int level, const char *id, const char *text);

/* True when the caller is to say the text now. Room is made by say, if need be. */
bool repetition__admit(struct repetition *repetition, uint64_t now_ns, int level, const char *id,
		       const char *text, repetition_say_fn say, void *ctx);

/* Says the counts that are due; all: each that is not 0. */
void repetition__say(struct repetition *repetition, uint64_t now_ns, bool all,
		     repetition_say_fn say, void *ctx);

#endif
