/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What marks say of the block that they stand in: numbers and texts under names that nobody knows
 * before. The names are numbered as they come; there are few of them.
 */
#ifndef TACHO_BPF_ATTRIBUTES_H
#define TACHO_BPF_ATTRIBUTES_H

#include "common.bpf.h"
#include "hash.bpf.h"

/* Of one open block, and the record that carries them. */
struct attributed {
	u8 room[sizeof(struct tacho_activity) + sizeof(struct tacho_usage)]; /* for the beginning */
	struct tacho_attributes values;
	/* The verifier bounds a text's place and its length one by one, not their sum. */
	char slack[TACHO_ATTRIBUTE_TEXT_SZ];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading when there are marks */
	__type(key, struct tacho_captured_key);
	__type(value, struct attributed);
} attributes __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TACHO_ATTRIBUTES_MAX);
	__type(key, u32);
	__type(value, struct tacho_attribute_name);
} attribute_names __weak SEC(".maps");

/* Of the names that have a number; 0: nobody has it yet. */
volatile __u64 attribute_hashes[TACHO_ATTRIBUTES_MAX] __weak = {};

/* What an element begins as. */
static const struct attributed no_attributes;

/* The block's, made when it has none yet; *has says so. NULL without memory. */
static __always_inline struct tacho_attributes *attributes_of(const struct tacho_captured_key *key,
							      u32 *has)
{
	struct attributed *a;

	if (!*has && bpf_map_update_elem(&attributes, key, &no_attributes, BPF_ANY))
		return 0;
	*has = 1;
	a = bpf_map_lookup_elem(&attributes, key);
	return a ? &a->values : 0;
}

struct naming {
	const struct tacho_attribute_name *name;
	u64 hash;
	u32 found; /* TACHO_ATTRIBUTES_MAX until it is */
	u32 reserved;
};

/* Whoever changes the 0 of a slot to the name's hash has the slot. */
static __noinline long name_slot(u32 i, struct naming *n)
{
	struct tacho_attribute_name *name;
	volatile __u64 *slot = &attribute_hashes[i & (TACHO_ATTRIBUTES_MAX - 1)];
	u64 known = *slot;

	if (!known)
		known = __sync_val_compare_and_swap(slot, 0, n->hash);
	if (known && known != n->hash)
		return 0;
	n->found = i;
	if (known)
		return 1;
	name = bpf_map_lookup_elem(&attribute_names, &i);
	if (name) {
		__builtin_memcpy(name->text, n->name->text, sizeof(name->text));
		barrier();
		name->known = 1;
	}
	return 1;
}

/* The number of the name, which gets one if it has none; TACHO_ATTRIBUTES_MAX when all are taken.
 */
static __always_inline u32 attribute_number(const struct tacho_attribute_name *name)
{
	struct naming n = {
		.name = name,
		.hash = hash_words(name->text, sizeof(name->text), sizeof(name->text)),
		.found = TACHO_ATTRIBUTES_MAX,
	};

	for (u32 i = 0; i < TACHO_ATTRIBUTES_MAX; i++) {
		if (name_slot(i, &n))
			break;
	}
	return n.found;
}

static __always_inline void attribute_set_number(struct tacho_attributes *a, u32 number, u64 value)
{
	barrier_var(number); /* Linux 6.1 forgets its bound when it is kept on the stack */
	if (number > TACHO_ATTRIBUTE_FAILURE)
		return;
	a->values[number] = value;
	a->set |= 1u << number;
	a->texts &= ~(1u << number);
}

/* Texts that were set before stay where they are, unused: there is room for a few changes. */
static __always_inline void attribute_set_text(struct tacho_attributes *a, u32 number, u64 address)
{
	u32 at = a->text_sz;
	char next = 0;
	s64 got = 0;
	u64 sz;

	barrier_var(number); /* as above */
	if (number > TACHO_ATTRIBUTE_FAILURE)
		return;
	a->set |= 1u << number;
	a->texts |= 1u << number;
	a->truncated &= ~(1u << number);
	a->values[number] = at;
	if (at >= TACHO_TEXT_SZ) {
		a->truncated |= 1u << number;
		return;
	}
	if (address)
		got = bpf_probe_read_user_str(&a->text[at], TACHO_ATTRIBUTE_TEXT_SZ,
					      (void *)address);
	if (got <= 0)
		return;
	sz = got - 1;
	/* One that fits exactly looks the same: the byte behind tells. */
	if (got == TACHO_ATTRIBUTE_TEXT_SZ &&
	    !bpf_probe_read_user(&next, 1, (void *)(address + sz)) && next)
		a->truncated |= 1u << number;
	if (at + sz > TACHO_TEXT_SZ) {
		sz = TACHO_TEXT_SZ - at;
		a->truncated |= 1u << number;
	}
	a->values[number] = sz << 32 | at;
	a->text_sz = at + sz;
}

#endif
