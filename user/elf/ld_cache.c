/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two layouts are in use. Since glibc 2.32 the file is the new one alone; before that it began
 * with the old one, for programs still older, and the new one followed:
 *
 *     old header | old entries | (padding) | new header | new entries | strings
 *
 * Strings of the new layout are counted from the new header, those of the old one from the end of
 * its entries.
 */
#include "ld_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

static const char old_magic[] = "ld.so-1.7.0";
static const char new_magic[] = "glibc-ld.so.cache1.1";

struct old_header {
	char magic[sizeof(old_magic) - 1];
	uint8_t pad;
	uint32_t lib_cnt;
};
_Static_assert(sizeof(struct old_header) == 16, "layout of the file");

struct old_entry {
	int32_t flags;
	uint32_t key, value;
};
_Static_assert(sizeof(struct old_entry) == 12, "layout of the file");

struct new_header {
	char magic[sizeof(new_magic) - 1];
	uint32_t lib_cnt;
	uint32_t string_sz;
	uint8_t byte_order; /* 0 unset, 2 little, 3 big */
	uint8_t pad[3];
	uint32_t extension;
	uint32_t unused[3];
};
_Static_assert(sizeof(struct new_header) == 48, "layout of the file");

struct new_entry {
	int32_t flags;
	uint32_t key, value;
	uint32_t os_version;
	uint64_t hwcap;
};
_Static_assert(sizeof(struct new_entry) == 24, "layout of the file");

/* glibc's _DL_CACHE_DEFAULT_ID: FLAG_ELF_LIBC6 and the ABI's own flag. */
#if defined(__x86_64__)
#define OWN_FLAGS 0x0303
#elif defined(__aarch64__)
#define OWN_FLAGS 0x0a03
#else
#define OWN_FLAGS 0x0003
#endif

#define BYTE_ORDER_LITTLE 2
#define BYTE_ORDER_BIG 3
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_BYTE_ORDER BYTE_ORDER_LITTLE
#else
#define OWN_BYTE_ORDER BYTE_ORDER_BIG
#endif

struct bytes {
	const char *at;
	size_t sz;
};

/* Many entries may point into one endless string: none is read further than a path is long. */
static const char *string_at(struct bytes strings, uint32_t offset)
{
	size_t sz;

	if (offset >= strings.sz)
		return NULL;
	sz = strings.sz - offset < PATH_MAX ? strings.sz - offset : PATH_MAX;
	return memchr(strings.at + offset, '\0', sz) ? strings.at + offset : NULL;
}

static int offer(struct bytes strings, const struct new_entry *raw,
		 int (*each)(void *ctx, const struct ld_cache_entry *entry), void *ctx)
{
	struct ld_cache_entry entry = {
		.soname = string_at(strings, raw->key),
		.path = string_at(strings, raw->value),
		.hwcap = raw->hwcap,
	};

	if (raw->flags != OWN_FLAGS || !entry.soname || !entry.path || entry.path[0] != '/')
		return 0;
	return each(ctx, &entry);
}

static int each_new(struct bytes cache, int (*each)(void *ctx, const struct ld_cache_entry *entry),
		    void *ctx)
{
	struct new_header header;
	struct new_entry raw;
	int err = 0;

	memcpy(&header, cache.at, sizeof(header));
	if (header.byte_order != 0 && header.byte_order != OWN_BYTE_ORDER)
		return -EBADMSG;
	if (header.lib_cnt > (cache.sz - sizeof(header)) / sizeof(raw))
		return -EBADMSG;
	for (uint32_t i = 0; i < header.lib_cnt && !err; i++) {
		memcpy(&raw, cache.at + sizeof(header) + i * sizeof(raw), sizeof(raw));
		err = offer(cache, &raw, each, ctx);
	}
	return err;
}

static bool is_new(struct bytes cache)
{
	return cache.sz >= sizeof(struct new_header) &&
	       memcmp(cache.at, new_magic, sizeof(new_magic) - 1) == 0;
}

static int each_old(struct bytes cache, int (*each)(void *ctx, const struct ld_cache_entry *entry),
		    void *ctx)
{
	struct bytes strings, rest = {};
	struct old_header header;
	struct old_entry raw;
	size_t end, aligned;
	int err = 0;

	memcpy(&header, cache.at, sizeof(header));
	if (header.lib_cnt > (cache.sz - sizeof(header)) / sizeof(raw))
		return -EBADMSG;
	end = sizeof(header) + header.lib_cnt * sizeof(raw);
	aligned = (end + 7) & ~(size_t)7;
	if (aligned <= cache.sz)
		rest = (struct bytes) { cache.at + aligned, cache.sz - aligned };
	if (is_new(rest))
		return each_new(rest, each, ctx);
	strings = (struct bytes) { cache.at + end, cache.sz - end };
	for (uint32_t i = 0; i < header.lib_cnt && !err; i++) {
		struct new_entry wide;

		memcpy(&raw, cache.at + sizeof(header) + i * sizeof(raw), sizeof(raw));
		wide = (struct new_entry) {
			.flags = raw.flags,
			.key = raw.key,
			.value = raw.value,
		};
		err = offer(strings, &wide, each, ctx);
	}
	return err;
}

int ld_cache__each(const void *data, size_t sz,
		   int (*each)(void *ctx, const struct ld_cache_entry *entry), void *ctx)
{
	struct bytes cache = { data, sz };

	if (is_new(cache))
		return each_new(cache, each, ctx);
	if (sz >= sizeof(struct old_header) && memcmp(data, old_magic, sizeof(old_magic) - 1) == 0)
		return each_old(cache, each, ctx);
	return -EBADMSG;
}
