/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* As in attach.c, multi links are made with the bpf system call itself: libbpf 1.1 cannot. */
#include "uprobe_link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../probe/uprobe_multi.h"

#define OWN_FILE "/proc/self/exe"

static const struct {
	const char *name;
	uint32_t attach_type; /* enum bpf_attach_type of newer kernels */
} ways[] = {
	[UPROBE_SESSION] = { "session", ATTACH_UPROBE_SESSION },
	[UPROBE_MULTI] = { "multi", ATTACH_UPROBE_MULTI },
	[UPROBE_PERF] = { "perf", 0 },
};

const char *uprobe_way__name(enum uprobe_way way)
{
	return ways[way].name;
}

uint32_t uprobe_way__attach_type(enum uprobe_way way)
{
	return ways[way].attach_type;
}

static int attach_multi(struct uprobe_links *links, enum uprobe_way way,
			const struct bpf_program *prog, const struct uprobe_places *places)
{
	uint64_t semaphores[UPROBE_PLACES_MAX], cookies[UPROBE_PLACES_MAX];
	struct uprobe_multi_attr attr = {
		.prog_fd = (__u32)bpf_program__fd(prog),
		.attach_type = ways[way].attach_type,
		.path = (__u64)(unsigned long)OWN_FILE,
		.offsets = (__u64)(unsigned long)places->offsets,
		.ref_ctr_offsets = places->semaphore ? (__u64)(unsigned long)semaphores : 0,
		.cookies = places->cookie ? (__u64)(unsigned long)cookies : 0,
		.cnt = (__u32)places->cnt,
		.multi_flags = places->at_return ? UPROBE_MULTI_RETURN : 0,
	};
	int fd;

	if (links->multi_cnt == UPROBE_PLACES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < places->cnt; i++) {
		semaphores[i] = places->semaphore;
		cookies[i] = places->cookie;
	}
	fd = (int)syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	links->multi_fds[links->multi_cnt++] = fd;
	return 0;
}

static int attach_perf(struct uprobe_links *links, const struct bpf_program *prog,
		       const struct uprobe_places *places)
{
	DECLARE_LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = places->cookie,
			    .retprobe = places->at_return, .ref_ctr_offset = places->semaphore);
	struct bpf_link *link;

	for (size_t i = 0; i < places->cnt; i++) {
		if (links->perf_cnt == UPROBE_PLACES_MAX)
			return -E2BIG;
		link = bpf_program__attach_uprobe_opts(prog, -1, OWN_FILE, places->offsets[i],
						       &opts);
		if (!link)
			return -errno;
		links->perf[links->perf_cnt++] = link;
	}
	return 0;
}

int uprobe_links__attach(struct uprobe_links *links, enum uprobe_way way,
			 const struct bpf_program *prog, const struct uprobe_places *places)
{
	if (way == UPROBE_PERF)
		return attach_perf(links, prog, places);
	return attach_multi(links, way, prog, places);
}

void uprobe_links__free(struct uprobe_links *links)
{
	for (size_t i = 0; i < links->multi_cnt; i++)
		close(links->multi_fds[i]);
	for (size_t i = 0; i < links->perf_cnt; i++)
		bpf_link__destroy(links->perf[i]);
	*links = (struct uprobe_links) {};
}
