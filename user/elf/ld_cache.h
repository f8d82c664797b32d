/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The dynamic linker's cache, /etc/ld.so.cache, as glibc's elf/cache.c writes it: soname to path.
 * Parsed from memory; every offset is checked, and entries that lie are passed over.
 */
#ifndef TACHO_USER_ELF_LD_CACHE_H
#define TACHO_USER_ELF_LD_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* A library of this machine's own 64-bit ABI. The strings point into the cache. */
struct ld_cache_entry {
	const char *soname;
	const char *path;
	uint64_t hwcap; /* 0: for every processor */
};

/* Calls each for every such library, in the cache's order, until it returns non-zero; returns
 * that, 0, or -EBADMSG when the bytes are no cache. */
int ld_cache__each(const void *cache, size_t sz,
		   int (*each)(void *ctx, const struct ld_cache_entry *entry), void *ctx);

#endif
