/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is open on each thread. An end is marked only for a block whose beginning was: somebody may
 * begin to record in the middle. Blocks usually end in the reverse order of their beginnings, but a
 * generator can be suspended within one, so that any of them can be taken away.
 */
#include "core.h"

#include <string.h>

/* Deeper ones are counted only: they have no attributes of their own, and an end is believed. */
#define DEPTH_MAX 128

static _Thread_local struct {
	unsigned depth;
	struct open_block blocks[DEPTH_MAX];
} here;

/* Away from pointers and from small numbers, which programs take as keys of their own. */
static uint64_t last_key = UINT64_C(0x5059) << 48;
static uint64_t last_serial;

uint64_t open__next_key(unsigned count)
{
	uint64_t key = last_key + 1;

	last_key += count;
	return key;
}

uint64_t open__next_serial(void)
{
	return ++last_serial;
}

void open__push(const void *owner, uint64_t key, uint64_t serial)
{
	if (here.depth < DEPTH_MAX)
		here.blocks[here.depth] = (struct open_block) { owner, key, serial };
	here.depth++;
}

bool open__take(const void *owner)
{
	if (here.depth > DEPTH_MAX) {
		here.depth--;
		return true;
	}
	for (unsigned i = here.depth; i-- > 0;) {
		if (here.blocks[i].owner != owner)
			continue;
		memmove(&here.blocks[i], &here.blocks[i + 1],
			(here.depth - i - 1) * sizeof(here.blocks[0]));
		here.depth--;
		return true;
	}
	return false;
}

const struct open_block *open__innermost(void)
{
	return here.depth && here.depth <= DEPTH_MAX ? &here.blocks[here.depth - 1] : NULL;
}
