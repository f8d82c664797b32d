/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TACHO_BPF_HASH_H
#define TACHO_BPF_HASH_H

#include "compat.bpf.h"

/* Of the words that have the first sz bytes of a room of room_sz, a multiple of 8 known to the
 * compiler: FNV-1a, by 64-bit words. Their high bits would never reach the low ones by multiplying
 * alone. Never 0. */
static __always_inline u64 hash_words(const void *room, u32 room_sz, u32 sz)
{
	const u64 *words = room;
	u64 hash = 0xcbf29ce484222325ULL;

	for (u32 i = 0; i < room_sz / sizeof(*words) && i * sizeof(*words) < sz; i++) {
		hash = (hash ^ words[i]) * 0x100000001b3ULL;
		hash ^= hash >> 32;
	}
	return hash | 1;
}

#endif
