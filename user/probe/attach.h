/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ways of attaching programs to places in a file. What a kernel can do is found by trying: each way
 * is first tried on this program itself.
 */
#ifndef TACHO_USER_PROBE_ATTACH_H
#define TACHO_USER_PROBE_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../fault.h"

struct tacho_bpf; /* the skeleton */
struct bpf_link;

struct attach_place {
	uint64_t offset;	   /* in the file */
	uint64_t cookie;	   /* TACHO_COOKIE */
	uint64_t semaphore_offset; /* in the file, of a USDT semaphore; 0 = none */
};

/* The file, opened; places[0..cnt). */
struct attach_target {
	int fd;
	const char *path; /* for messages only: the file is found through fd */
	const struct attach_place *places;
	size_t cnt;
	bool marks; /* their places are for the programs of marks */
};

/* What holds the probes in place. Zero-initialise; attach_links__free detaches. */
struct attach_links {
	int *fds;
	size_t fd_cnt;
	struct bpf_link **links;
	size_t link_cnt;
};

struct attach_way {
	const char *name; /* as TACHO_ATTACH spells it */
	/* Before loading: chooses the programs to load. */
	void (*prepare)(struct tacho_bpf *bpf, bool with_marks);
	/* After loading: attaches all places or none of them; on failure *ret_bad is the place
	 * that the kernel refused, or target->cnt when no single one is to blame. */
	int (*attach)(struct tacho_bpf *bpf, const struct attach_target *target,
		      struct attach_links *links, size_t *ret_bad);
};

/* Best first, NULL-terminated: session (Linux 6.13), multi (6.6), perf. */
extern const struct attach_way *const attach_ways[];

/* Adds the links of from, which is empty afterwards; -ENOMEM leaves both as they are. */
int attach_links__move(struct attach_links *to, struct attach_links *from);
void attach_links__free(struct attach_links *links);

/* As free, but calls slow once if it takes long, and goes on. */
void attach_links__free_watched(struct attach_links *links, void (*slow)(void *ctx), void *ctx);

/* As free, but goes on without waiting any longer when it takes long: what is left to do then is
 * nobody's concern but the kernel's. */
void attach_links__free_patiently(struct attach_links *links);

/* As free, without waiting: the links are gone some time later. */
void attach_links__free_later(struct attach_links *links);

#endif
