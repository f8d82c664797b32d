/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/state_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bytes.h"

#define FIRST_SLOTS 64
#define SLOTS_PER_NAME 4
#define PROBES_MAX 32 /* nobody needs so many by chance when three slots of four are free */

void state_table__free(struct state_table *table)
{
	for (size_t i = 0; i < table->cnt; i++)
		free(table->names[i]);
	free(table->names);
	free(table->slots);
	*table = (struct state_table) {};
}

static uint64_t mix(uint64_t hash, uint64_t bytes)
{
	unsigned __int128 product =
		(unsigned __int128)(hash ^ bytes) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* What makes a name of up to 16 bytes itself. */
static inline struct state_table_slot make_slot(const char *name, size_t sz)
{
	struct state_table_slot slot = { .first = bytes_load(name), .sz = (uint32_t)sz };

	if (sz >= 8)
		slot.last = bytes_load(name + sz - 8);
	else
		slot.first &= (UINT64_C(1) << 8 * sz) - 1;
	return slot;
}

static inline uint64_t hash_of(const struct state_table_slot *slot, const char *name)
{
	uint64_t hash = mix(mix(slot->sz, slot->first), slot->last);

	for (size_t i = 8; i + 8 < slot->sz; i += 8)
		hash = mix(hash, bytes_load(name + i));
	return hash;
}

static inline bool is_same(const struct state_table *table, const struct state_table_slot *slot,
			   const struct state_table_slot *sought, const char *name)
{
	if (slot->first != sought->first || slot->last != sought->last || slot->sz != sought->sz)
		return false;
	for (size_t i = 8; i + 8 < sought->sz; i += 8) {
		if (bytes_load(table->names[slot->number - 1] + i) != bytes_load(name + i))
			return false;
	}
	return true;
}

/* The slot of that name, or the free one where it belongs; NULL: neither is near. */
static inline struct state_table_slot *find(const struct state_table *table,
					    const struct state_table_slot *sought, const char *name)
{
	uint64_t at = hash_of(sought, name);

	for (size_t i = 0; i < PROBES_MAX && i < table->slot_cnt; i++) {
		struct state_table_slot *slot = &table->slots[(at + i) & (table->slot_cnt - 1)];

		if (!slot->number || is_same(table, slot, sought, name))
			return slot;
	}
	return NULL;
}

/* Those for which there is no place any more are known by their numbers only. */
static int grow(struct state_table *table)
{
	struct state_table bigger = *table;
	char **names;

	bigger.slot_cnt = table->slot_cnt ? 2 * table->slot_cnt : FIRST_SLOTS;
	names = reallocarray(table->names, bigger.slot_cnt / SLOTS_PER_NAME, sizeof(*names));
	if (!names)
		return -1;
	table->names = bigger.names = names;
	bigger.slots = calloc(bigger.slot_cnt, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < table->slot_cnt; i++) {
		const struct state_table_slot *slot = &table->slots[i];
		struct state_table_slot *to;

		if (!slot->number)
			continue;
		to = find(&bigger, slot, table->names[slot->number - 1]);
		if (to)
			*to = *slot;
	}
	free(table->slots);
	*table = bigger;
	return 0;
}

static uint32_t add(struct state_table *table, const struct state_table_slot *sought,
		    const char *name)
{
	struct state_table_slot *slot;
	char *copy;

	if (table->cnt == STATE_TABLE_MAX ||
	    (SLOTS_PER_NAME * table->cnt == table->slot_cnt && grow(table)))
		return STATE_NONE;
	slot = find(table, sought, name);
	copy = slot ? malloc(sought->sz + 8) : NULL; /* hash_of() reads eight bytes at a time */
	if (!copy)
		return STATE_NONE;
	memcpy(copy, name, sought->sz);
	memset(copy + sought->sz, 0, 8);
	table->names[table->cnt++] = copy;
	*slot = *sought;
	slot->number = (uint32_t)table->cnt;
	return slot->number - 1;
}

uint32_t state_table__number(struct state_table *table, const char *name, size_t sz)
{
	const struct state_table_slot sought = make_slot(name, sz);
	const struct state_table_slot *slot = find(table, &sought, name);

	return slot && slot->number ? slot->number - 1 : add(table, &sought, name);
}
