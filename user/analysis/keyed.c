/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/keyed.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

int thread_key__compare(const void *left, const void *right)
{
	const struct thread_key *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->tid == b->tid ? 0 : a->tid < b->tid ? -1 : 1;
}

int name_key__compare(const void *left, const void *right)
{
	const struct name_key *a = left, *b = right;

	return strcmp(a->name, b->name);
}

int name_key__own(void *key)
{
	struct name_key *name = key;

	name->name = strdup(name->name);
	return name->name ? 0 : -ENOMEM;
}

void name_key__free(void *item)
{
	free(((struct name_key *)item)->name);
}

static int grow(struct keyed *keyed)
{
	size_t capacity = keyed->capacity ? 2 * keyed->capacity : 16;
	void **grown;

	if (keyed->cnt < keyed->capacity)
		return 0;
	grown = reallocarray(keyed->items, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	keyed->items = grown;
	keyed->capacity = capacity;
	return 0;
}

static void *add(struct keyed *keyed, const void *key)
{
	void *item = grow(keyed) ? NULL : calloc(1, keyed->item_sz);

	if (!item)
		return NULL;
	memcpy(item, key, keyed->key_sz);
	if (keyed->own && keyed->own(item)) {
		free(item);
		return NULL;
	}
	if (!tsearch(item, &keyed->tree, keyed->compare)) {
		if (keyed->free_item)
			keyed->free_item(item);
		free(item);
		return NULL;
	}
	keyed->items[keyed->cnt++] = item;
	return item;
}

void *keyed__want(struct keyed *keyed, const void *key)
{
	void **found;

	if (keyed->recent && !keyed->compare(keyed->recent, key))
		return keyed->recent;
	found = tfind(key, &keyed->tree, keyed->compare);
	keyed->recent = found ? *found : add(keyed, key);
	return keyed->recent;
}

void *keyed__want_thread(struct keyed *keyed, uint64_t pid, uint64_t tid)
{
	const struct thread_key key = { pid, tid };

	return keyed__want(keyed, &key);
}

void *keyed__want_name(struct keyed *keyed, const char *name)
{
	const struct name_key key = { (char *)name }; /* copied before it is kept */

	return keyed__want(keyed, &key);
}

static void leave_to_the_array(void *item)
{
	(void)item;
}

void keyed__free(struct keyed *keyed)
{
	tdestroy(keyed->tree, leave_to_the_array);
	for (size_t i = 0; i < keyed->cnt; i++) {
		if (keyed->free_item)
			keyed->free_item(keyed->items[i]);
		free(keyed->items[i]);
	}
	free(keyed->items);
	keyed->items = NULL;
	keyed->tree = keyed->recent = NULL;
	keyed->cnt = keyed->capacity = 0;
}
