/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values from the traced program's registers and memory: arguments, what a call returns, the key of
 * a pair, and where a jump leads. Where each is found stands in the probe's spec.
 */
#ifndef TACHO_BPF_VALUES_H
#define TACHO_BPF_VALUES_H

#include "common.bpf.h"

static __always_inline struct tacho_spec *spec_at(u32 number)
{
	return bpf_map_lookup_elem(&specs, &number);
}

/* regs is a number here and not a pointer, so that it can pass through functions and callbacks. */
static __always_inline bool read_register(u64 regs, u16 offset, u64 *ret_value)
{
	return !bpf_probe_read_kernel(ret_value, sizeof(*ret_value), (void *)(regs + offset));
}

static __always_inline bool read_address(u64 regs, u16 base, u16 index, u8 scale, s64 displacement,
					 u64 *ret_address)
{
	u64 address = 0, scaled = 0;

	if (base != TACHO_NO_REGISTER && !read_register(regs, base, &address))
		return false;
	if (index != TACHO_NO_REGISTER && !read_register(regs, index, &scaled))
		return false;
	*ret_address = address + scaled * scale + displacement;
	return true;
}

static __always_inline bool read_memory(u64 address, u8 size, u64 *ret_value)
{
	u64 value = 0; /* both machines are little-endian */
	u32 sz = size & 15;

	if (sz > sizeof(value) || bpf_probe_read_user(&value, sz, (void *)address))
		return false;
	*ret_value = value;
	return true;
}

/* As many bytes as count, extended to 64 bits. */
static __always_inline u64 extend(u64 value, const struct tacho_fetch *fetch)
{
	u32 unused_bits = (8 - fetch->size) * 8 & 63;

	value <<= unused_bits;
	return fetch->is_signed ? (u64)((s64)value >> unused_bits) : value >> unused_bits;
}

static __always_inline bool fetch_raw(u64 regs, const struct tacho_fetch *fetch, u64 *ret_value)
{
	u64 address;

	switch (fetch->kind) {
	case TACHO_FETCH_CONSTANT:
		*ret_value = fetch->displacement;
		return true;
	case TACHO_FETCH_REGISTER:
		return read_register(regs, fetch->base, ret_value);
	case TACHO_FETCH_MEMORY:
		return read_address(regs, fetch->base, fetch->index, fetch->scale,
				    fetch->displacement, &address) &&
		       read_memory(address, fetch->size, ret_value);
	case TACHO_FETCH_THREAD:
		*ret_value = (u32)bpf_get_current_pid_tgid();
		return true;
	}
	return false;
}

static __always_inline bool fetch_value(u64 regs, const struct tacho_fetch *fetch, u64 *ret_value)
{
	u64 value;

	if (!fetch_raw(regs, fetch, &value))
		return false;
	*ret_value = extend(value, fetch);
	return true;
}

/* The values of an open call that reads some when it begins, and the record that carries them. */
struct captured {
	u8 room[sizeof(struct tacho_activity) + sizeof(struct tacho_usage)]; /* for the beginning */
	struct tacho_values values;
	/* The verifier bounds a string's place and its length one by one, not their sum. */
	char slack[TACHO_TEXT_SZ];
};

/* struct tacho_values without its text. */
struct captured_numbers {
	u64 words[TACHO_VALUES_SZ / 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading when there are captures */
	__type(key, struct tacho_captured_key);
	__type(value, struct captured);
} captured __weak SEC(".maps");

/* What an element begins as. */
static const struct captured nothing_captured;

/*
 * Reads a string. When a call begins, its page may not be in memory yet: a program that may sleep
 * brings it in, as the traced one itself would a moment later. (Only bpf/activity.bpf.c has such
 * programs.)
 */
static __always_inline long read_text(void *to, u32 sz, u64 address, bool at_end)
{
#ifdef TACHO_BPF_MAY_SLEEP
	if (may_sleep && !at_end && bpf_copy_from_user_str)
		return bpf_copy_from_user_str(to, sz, (void *)address, 0);
#endif
	return bpf_probe_read_user_str(to, sz, (void *)address);
}

/* Reads the string at address, which is value i. */
static __always_inline void fetch_text(struct captured *c, const struct tacho_fetch *fetch, u32 i,
				       u64 address, bool at_end)
{
	u32 at = fetch->text_offset & (TACHO_TEXT_SZ - 1);
	u32 sz = fetch->text_sz;
	char next = 0;
	long got;

	if (!sz || sz > TACHO_TEXT_SZ)
		return;
	got = read_text(&c->values.text[at], sz, address, at_end);
	if (got <= 0)
		return;
	c->values.valid |= 1ULL << i;
	c->values.integers[i & (TACHO_CAPTURES_MAX - 1)] = got - 1;
	/* One that fits exactly looks the same: the byte behind tells. */
	if (got == sz && !bpf_probe_read_user(&next, 1, (void *)(address + sz - 1)) && next)
		c->values.truncated |= 1ULL << i;
}

struct fetching {
	u64 regs;
	const struct tacho_spec *spec;
	u32 at_end;
};

/* The numbers, into a record of the ring or an element of `captured`. Both are what the verifier
 * calls memory of TACHO_VALUES_SZ bytes at least. */
static __always_inline void fetch_integers(const struct fetching *f, struct tacho_values *values)
{
	const struct tacho_fetch *fetch;
	u64 value;

	for (u32 i = 0; i < TACHO_CAPTURES_MAX; i++) {
		fetch = &f->spec->fetches[i];
		if (i >= f->spec->fetch_cnt)
			break;
		if (fetch->at_end != f->at_end || fetch->text_sz ||
		    !fetch_value(f->regs, fetch, &value))
			continue;
		values->integers[i] = value;
		values->valid |= 1ULL << i;
	}
}

static __always_inline void fetch_texts(const struct fetching *f, struct captured *c, bool at_end)
{
	const struct tacho_fetch *fetch;
	u64 address;

	for (u32 i = 0; i < TACHO_CAPTURES_MAX; i++) {
		fetch = &f->spec->fetches[i];
		if (i >= f->spec->fetch_cnt)
			break;
		if (fetch->at_end == f->at_end && fetch->text_sz &&
		    fetch_value(f->regs, fetch, &address))
			fetch_text(c, fetch, i, address, at_end);
	}
}

/* A call begins: keeps the values that are read now. Not inlined: one walk of the verifier. */
static __noinline int capture_entry(u64 regs, const struct tacho_spec *spec,
				    const struct tacho_captured_key *key)
{
	struct fetching f = { .regs = regs, .spec = spec };
	struct captured *c;

	if (!spec || bpf_map_update_elem(&captured, key, &nothing_captured, BPF_ANY))
		return -1;
	c = bpf_map_lookup_elem(&captured, key);
	if (!c)
		return -1;
	fetch_integers(&f, &c->values);
	fetch_texts(&f, c, false);
	return 0;
}

#endif
