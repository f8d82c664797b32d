/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The multi links are made with the bpf system call itself: libbpf has functions for them only
 * since 1.3 (uprobe_multi) and 1.5 (session), and the build must do with 1.1.
 */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tacho/probe.h"
#include "tacho_bpf.skel.h"

/* enum bpf_attach_type, from include/uapi/linux/bpf.h of newer kernels. */
enum {
	ATTACH_UPROBE_MULTI = 48,   /* Linux 6.6, 89ae89f53d20 */
	ATTACH_UPROBE_SESSION = 57, /* Linux 6.13, d920179b3d48 */
};

#define UPROBE_MULTI_RETURN 1 /* BPF_F_UPROBE_MULTI_RETURN */

/* union bpf_attr.link_create with its uprobe_multi arm, Linux 6.6. */
struct uprobe_multi_attr {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__aligned_u64 path;
	__aligned_u64 offsets;
	__aligned_u64 ref_ctr_offsets;
	__aligned_u64 cookies;
	__u32 cnt;
	__u32 multi_flags;
	__u32 pid;
	__u32 reserved;
};

static int links__add_fd(struct attach_links *links, int fd)
{
	int *grown = reallocarray(links->fds, links->fd_cnt + 1, sizeof(*grown));

	if (!grown) {
		close(fd);
		return -ENOMEM;
	}
	links->fds = grown;
	links->fds[links->fd_cnt++] = fd;
	return 0;
}

static int links__add_link(struct attach_links *links, struct bpf_link *link)
{
	struct bpf_link **grown = reallocarray(links->links, links->link_cnt + 1, sizeof(*grown));

	if (!grown) {
		bpf_link__destroy(link);
		return -ENOMEM;
	}
	links->links = grown;
	links->links[links->link_cnt++] = link;
	return 0;
}

void attach_links__free(struct attach_links *links)
{
	for (size_t i = 0; i < links->fd_cnt; i++)
		close(links->fds[i]);
	for (size_t i = 0; i < links->link_cnt; i++)
		bpf_link__destroy(links->links[i]);
	free(links->fds);
	free(links->links);
	*links = (struct attach_links) {};
}

/* --- one link for many places ------------------------------------------------------------- */

struct multi_link {
	int prog_fd;
	__u32 attach_type;
	__u32 flags;
	char path[64];
	const uint64_t *offsets;
	const uint64_t *cookies;
};

/* A link for the places [first, first + cnt). Returns its descriptor or negative errno. */
static int multi_link__create(const struct multi_link *multi, size_t first, size_t cnt)
{
	struct uprobe_multi_attr attr = {
		.prog_fd = multi->prog_fd,
		.attach_type = multi->attach_type,
		.path = (__u64)(unsigned long)multi->path,
		.offsets = (__u64)(unsigned long)(multi->offsets + first),
		.cookies = (__u64)(unsigned long)(multi->cookies + first),
		.cnt = cnt,
		.multi_flags = multi->flags,
	};
	int fd = syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

/* One bad place fails the whole link without saying which: halve until it is alone. */
static size_t multi_link__find_bad(const struct multi_link *multi, size_t cnt)
{
	size_t first = 0;
	size_t all = cnt;
	size_t half;
	int fd;

	while (cnt > 1) {
		half = cnt / 2;
		fd = multi_link__create(multi, first, half);
		if (fd >= 0) {
			close(fd);
			first += half;
			half = cnt - half;
		}
		cnt = half;
	}
	fd = multi_link__create(multi, first, 1);
	if (fd < 0)
		return first;
	close(fd);
	return all;
}

/* Places split into two arrays, as the kernel wants them; only those of a return link if asked. */
static size_t split_places(const struct attach_target *target, bool hijacked_only,
			   uint64_t *offsets, uint64_t *cookies, size_t *places)
{
	size_t cnt = 0;

	for (size_t i = 0; i < target->cnt; i++) {
		if (hijacked_only && target->places[i].cookie >> 56 != TACHO_PLACE_HIJACK)
			continue;
		offsets[cnt] = target->places[i].offset;
		cookies[cnt] = target->places[i].cookie;
		places[cnt++] = i;
	}
	return cnt;
}

static int attach_multi_link(struct bpf_program *prog, __u32 attach_type, __u32 flags,
			     const struct attach_target *target, struct attach_links *links,
			     size_t *ret_bad)
{
	uint64_t *offsets = calloc(target->cnt, sizeof(*offsets));
	uint64_t *cookies = calloc(target->cnt, sizeof(*cookies));
	size_t *places = calloc(target->cnt, sizeof(*places));
	struct multi_link multi = {
		.prog_fd = bpf_program__fd(prog),
		.attach_type = attach_type,
		.flags = flags,
		.offsets = offsets,
		.cookies = cookies,
	};
	size_t bad;
	size_t cnt;
	int err = 0;
	int fd;

	*ret_bad = target->cnt;
	if (!offsets || !cookies || !places) {
		err = -ENOMEM;
		goto out;
	}
	snprintf(multi.path, sizeof(multi.path), "/proc/self/fd/%d", target->fd);
	cnt = split_places(target, flags & UPROBE_MULTI_RETURN, offsets, cookies, places);
	if (!cnt)
		goto out;
	fd = multi_link__create(&multi, 0, cnt);
	if (fd < 0) {
		err = fd;
		bad = multi_link__find_bad(&multi, cnt);
		*ret_bad = bad < cnt ? places[bad] : target->cnt;
	} else {
		err = links__add_fd(links, fd);
	}
out:
	free(offsets);
	free(cookies);
	free(places);
	return err;
}

/* --- session ------------------------------------------------------------------------------ */

static void session_prepare(struct tacho_bpf *bpf)
{
	bpf_program__set_autoload(bpf->progs.activity_session, true);
	bpf_program__set_expected_attach_type(bpf->progs.activity_session,
					      (enum bpf_attach_type)ATTACH_UPROBE_SESSION);
}

static int session_attach(struct tacho_bpf *bpf, const struct attach_target *target,
			  struct attach_links *links, size_t *ret_bad)
{
	return attach_multi_link(bpf->progs.activity_session, ATTACH_UPROBE_SESSION, 0, target,
				 links, ret_bad);
}

/* --- multi -------------------------------------------------------------------------------- */

static void multi_prepare(struct tacho_bpf *bpf)
{
	bpf_program__set_autoload(bpf->progs.activity_entry_multi, true);
	bpf_program__set_autoload(bpf->progs.activity_return_multi, true);
	bpf_program__set_expected_attach_type(bpf->progs.activity_entry_multi,
					      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	bpf_program__set_expected_attach_type(bpf->progs.activity_return_multi,
					      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
}

/* Returns first: a call that begins in between is an unmatched return, not a call left open. */
static int multi_attach(struct tacho_bpf *bpf, const struct attach_target *target,
			struct attach_links *links, size_t *ret_bad)
{
	int err;

	err = attach_multi_link(bpf->progs.activity_return_multi, ATTACH_UPROBE_MULTI,
				UPROBE_MULTI_RETURN, target, links, ret_bad);
	if (err)
		return err;
	return attach_multi_link(bpf->progs.activity_entry_multi, ATTACH_UPROBE_MULTI, 0, target,
				 links, ret_bad);
}

/* --- perf --------------------------------------------------------------------------------- */

static void perf_prepare(struct tacho_bpf *bpf)
{
	bpf_program__set_autoload(bpf->progs.activity_entry_perf, true);
	bpf_program__set_autoload(bpf->progs.activity_return_perf, true);
}

static int attach_perf_link(struct bpf_program *prog, bool at_return, int fd,
			    const struct attach_place *place, struct attach_links *links)
{
	DECLARE_LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = place->cookie,
			    .retprobe = at_return);
	struct bpf_link *link;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	link = bpf_program__attach_uprobe_opts(prog, -1, path, place->offset, &opts);
	if (!link)
		return -errno;
	return links__add_link(links, link);
}

static int perf_attach(struct tacho_bpf *bpf, const struct attach_target *target,
		       struct attach_links *links, size_t *ret_bad)
{
	int err = 0;

	for (size_t i = 0; i < target->cnt; i++) {
		*ret_bad = i;
		if (target->places[i].cookie >> 56 == TACHO_PLACE_HIJACK)
			err = attach_perf_link(bpf->progs.activity_return_perf, true, target->fd,
					       &target->places[i], links);
		if (!err)
			err = attach_perf_link(bpf->progs.activity_entry_perf, false, target->fd,
					       &target->places[i], links);
		if (err)
			return err;
	}
	return 0;
}

static const struct attach_way session_way = { "session", session_prepare, session_attach };
static const struct attach_way multi_way = { "multi", multi_prepare, multi_attach };
static const struct attach_way perf_way = { "perf", perf_prepare, perf_attach };

const struct attach_way *const attach_ways[] = { &session_way, &multi_way, &perf_way, NULL };
