/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Something for each thread, or each state, that is met. */
#ifndef TACHO_USER_ANALYSIS_KEYED_H
#define TACHO_USER_ANALYSIS_KEYED_H

#include <stddef.h>
#include <stdint.h>

/* What begins an item. Whoever has others brings his own functions. */
struct thread_key {
	uint64_t pid;
	uint64_t tid;
};

struct name_key {
	char *name;
};

/* Zero-initialise, then set the first five. */
struct keyed {
	size_t item_sz; /* of a struct that begins with the key */
	size_t key_sz;
	int (*compare)(const void *left, const void *right); /* two keys */
	int (*own)(void *key);	       /* copies what the key borrows; 0 or -ENOMEM; may be NULL */
	void (*free_item)(void *item); /* its contents; may be NULL */
	void **items;		       /* in the order in which they were met */
	size_t cnt;
	size_t capacity;
	void *tree;
	void *recent;
};

#define KEYED_BY_THREAD(type)                                                                      \
	((struct keyed) { .item_sz = sizeof(type),                                                 \
			  .key_sz = sizeof(struct thread_key),                                     \
			  .compare = thread_key__compare })
#define KEYED_BY_NAME(type)                                                                        \
	((struct keyed) { .item_sz = sizeof(type),                                                 \
			  .key_sz = sizeof(struct name_key),                                       \
			  .compare = name_key__compare,                                            \
			  .own = name_key__own,                                                    \
			  .free_item = name_key__free })

int thread_key__compare(const void *left, const void *right);
int name_key__compare(const void *left, const void *right);
int name_key__own(void *key);
void name_key__free(void *item);

/* The item of that key, new and zeroed behind it if need be; NULL without memory. */
void *keyed__want(struct keyed *keyed, const void *key);
void *keyed__want_thread(struct keyed *keyed, uint64_t pid, uint64_t tid);
void *keyed__want_name(struct keyed *keyed, const char *name);
void keyed__free(struct keyed *keyed);

#endif
