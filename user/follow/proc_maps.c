/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "proc_maps.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A line of maps is as long as its path, in which each byte may be written as four. */
#define LINES_SZ 32768

/* <linux/fs.h> since Linux 6.11 (commit ed5d583a88a9); older headers do not have it. */
#define OWN_PROCMAP_QUERY _IOWR('f', 17, struct procmap_query_v1)
#define QUERY_EXECUTABLE 0x04
#define QUERY_COVERING_OR_NEXT 0x10
#define QUERY_FILE_BACKED 0x20

struct procmap_query_v1 {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size;
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};
_Static_assert(sizeof(struct procmap_query_v1) == 104, "layout of the kernel");

int proc_maps__each(int fd, int (*each)(void *ctx, const struct proc_mapping *mapping), void *ctx)
{
	uint64_t from = 0;
	int ret;

	for (;;) {
		struct procmap_query_v1 query = {
			.size = sizeof(query),
			.query_flags =
				QUERY_EXECUTABLE | QUERY_COVERING_OR_NEXT | QUERY_FILE_BACKED,
			.query_addr = from,
		};
		struct proc_mapping mapping;

		if (ioctl(fd, OWN_PROCMAP_QUERY, &query)) {
			if (errno == ENOENT)
				return 0;
			if (errno == ENOTTY)
				return proc_maps__each_by_text(fd, each, ctx);
			return -errno;
		}
		mapping = (struct proc_mapping) {
			.start = query.vma_start,
			.end = query.vma_end,
			.dev = makedev(query.dev_major, query.dev_minor),
			.ino = query.inode,
		};
		ret = each(ctx, &mapping);
		if (ret)
			return ret;
		from = query.vma_end;
	}
}

/* --- the text ------------------------------------------------------------------------------ */

static uint64_t take_number(const char **at, int base)
{
	char *end;
	uint64_t number = strtoull(*at, &end, base);

	*at = *end ? end + 1 : end;
	return number;
}

/* "55d6b8baf000-55d6b8bb4000 r-xp 00002000 00:30 11075714    /usr/bin/sleep" (proc_pid_maps(5)) */
static bool parse_line(const char *line, struct proc_mapping *ret_mapping)
{
	const char *rights = strchr(line, ' ');
	uint64_t major, minor;

	if (!rights || strnlen(rights, 4) < 4 || rights[3] != 'x')
		return false;
	ret_mapping->start = take_number(&line, 16);
	ret_mapping->end = take_number(&line, 16);
	line = strchr(rights + 1, ' ');
	if (!line)
		return false;
	line++;
	take_number(&line, 16); /* the offset */
	major = take_number(&line, 16);
	minor = take_number(&line, 16);
	ret_mapping->dev = makedev(major, minor);
	ret_mapping->ino = take_number(&line, 10);
	return ret_mapping->ino != 0;
}

/* The whole lines among the bytes; what is left of the last one is kept for the next time. */
static int each_line(char *bytes, size_t *sz,
		     int (*each)(void *ctx, const struct proc_mapping *mapping), void *ctx)
{
	char *line = bytes, *end = bytes + *sz, *newline;
	struct proc_mapping mapping;
	int ret = 0;

	while (!ret && (newline = memchr(line, '\n', (size_t)(end - line)))) {
		*newline = '\0';
		if (parse_line(line, &mapping))
			ret = each(ctx, &mapping);
		line = newline + 1;
	}
	*sz = (size_t)(end - line);
	memmove(bytes, line, *sz);
	return ret;
}

int proc_maps__each_by_text(int fd, int (*each)(void *ctx, const struct proc_mapping *mapping),
			    void *ctx)
{
	char lines[LINES_SZ];
	bool any = false;
	size_t used = 0;
	ssize_t sz;
	int ret;

	for (;;) {
		if (used == sizeof(lines))
			return -EOVERFLOW;
		sz = read(fd, lines + used, sizeof(lines) - used);
		if (sz < 0)
			return -errno;
		if (sz == 0)
			return any ? 0 : -ESRCH;
		any = true;
		used += (size_t)sz;
		ret = each_line(lines, &used, each, ctx);
		if (ret)
			return ret;
	}
}
