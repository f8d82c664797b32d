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
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../thread.h"
#include "tacho/probe.h"
#include "tacho_bpf.skel.h"
#include "uprobe_multi.h"

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

int attach_links__move(struct attach_links *to, struct attach_links *from)
{
	int *fds = reallocarray(to->fds, to->fd_cnt + from->fd_cnt + 1, sizeof(*fds));
	struct bpf_link **links;

	if (!fds)
		return -ENOMEM;
	to->fds = fds;
	links = reallocarray(to->links, to->link_cnt + from->link_cnt + 1,
			     sizeof(struct bpf_link *));
	if (!links)
		return -ENOMEM;
	to->links = links;
	if (from->fd_cnt)
		memcpy(fds + to->fd_cnt, from->fds, from->fd_cnt * sizeof(*fds));
	if (from->link_cnt)
		memcpy(links + to->link_cnt, from->links, from->link_cnt * sizeof(*from->links));
	to->fd_cnt += from->fd_cnt;
	to->link_cnt += from->link_cnt;
	free(from->fds);
	free(from->links);
	*from = (struct attach_links) {};
	return 0;
}

/* --- detaching: each link waits for the kernel's readers (RCU), so let them wait together ------
 */

#define CLOSERS_MAX 32
#define SLOW_MS 250

struct closing {
	struct attach_links links;
	size_t next; /* taken by atomic addition */
	size_t left; /* not closed yet; whoever closes the last one frees this, when abandoned */
};

static void *close_links(void *ctx)
{
	struct closing *closing = ctx;
	const struct attach_links *links = &closing->links;
	size_t i;

	for (;;) {
		i = __atomic_fetch_add(&closing->next, 1, __ATOMIC_RELAXED);
		if (i < links->fd_cnt)
			close(links->fds[i]);
		else if (i < links->fd_cnt + links->link_cnt)
			bpf_link__destroy(links->links[i - links->fd_cnt]);
		else
			return NULL;
	}
}

static void free_arrays(struct attach_links *links)
{
	free(links->fds);
	free(links->links);
}

static struct timespec in_ms(long ms)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at); /* what pthread_timedjoin_np goes by */
	at.tv_nsec += ms * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

void attach_links__free_watched(struct attach_links *links, void (*slow)(void *ctx), void *ctx)
{
	struct closing closing = { .links = *links };
	size_t cnt = links->fd_cnt + links->link_cnt;
	struct timespec patience = in_ms(SLOW_MS);
	pthread_t threads[CLOSERS_MAX];
	size_t thread_cnt = 0;

	while (thread_cnt < cnt && thread_cnt < CLOSERS_MAX &&
	       !thread__start(&threads[thread_cnt], close_links, &closing))
		thread_cnt++;
	if (!thread_cnt)
		close_links(&closing);
	while (thread_cnt) {
		thread_cnt--;
		if (slow && pthread_timedjoin_np(threads[thread_cnt], NULL, &patience)) {
			slow(ctx);
			slow = NULL;
			pthread_join(threads[thread_cnt], NULL);
		} else if (!slow) {
			pthread_join(threads[thread_cnt], NULL);
		}
	}
	free_arrays(links);
	*links = (struct attach_links) {};
}

void attach_links__free(struct attach_links *links)
{
	attach_links__free_watched(links, NULL, NULL);
}

#define PATIENCE_MS 250
/* Closings that the kernel does not come to the end of: beyond these, they are waited for. */
#define LEFT_BEHIND_MAX 64

static size_t left_behind; /* threads; by atomic operations */

/* One of several threads; the last one to end frees what they share. */
static void *close_links_beside_others(void *ctx)
{
	struct closing *closing = ctx;

	close_links(closing);
	if (!__atomic_sub_fetch(&closing->left, 1, __ATOMIC_ACQ_REL)) {
		free_arrays(&closing->links);
		free(closing);
	}
	__atomic_sub_fetch(&left_behind, 1, __ATOMIC_RELAXED);
	return NULL;
}

static size_t start_closers(struct closing *closing, size_t cnt, pthread_t *threads)
{
	size_t started = 0;

	closing->left = cnt + 1; /* and who starts them */
	for (size_t i = 0; i < cnt; i++) {
		__atomic_add_fetch(&left_behind, 1, __ATOMIC_RELAXED);
		if (thread__start(&threads[started], close_links_beside_others, closing)) {
			__atomic_sub_fetch(&left_behind, 1, __ATOMIC_RELAXED);
			__atomic_sub_fetch(&closing->left, 1, __ATOMIC_ACQ_REL);
		} else {
			started++;
		}
	}
	return started;
}

void attach_links__free_patiently(struct attach_links *links)
{
	struct closing *closing = calloc(1, sizeof(*closing));
	size_t cnt = links->fd_cnt + links->link_cnt;
	pthread_t threads[CLOSERS_MAX];
	struct timespec patience = in_ms(PATIENCE_MS);
	size_t started;

	if (!closing || !cnt || __atomic_load_n(&left_behind, __ATOMIC_RELAXED) > LEFT_BEHIND_MAX) {
		free(closing);
		attach_links__free(links);
		return;
	}
	closing->links = *links;
	*links = (struct attach_links) {};
	started = start_closers(closing, cnt < CLOSERS_MAX ? cnt : CLOSERS_MAX, threads);
	if (!started)
		close_links(closing);
	for (size_t i = 0; i < started; i++) {
		if (pthread_timedjoin_np(threads[i], NULL, &patience))
			pthread_detach(threads[i]);
	}
	if (!__atomic_sub_fetch(&closing->left, 1, __ATOMIC_ACQ_REL)) {
		free_arrays(&closing->links);
		free(closing);
	}
}

static void *close_links_and_free(void *ctx)
{
	struct closing *closing = ctx;

	close_links(closing);
	free_arrays(&closing->links);
	free(closing);
	return NULL;
}

void attach_links__free_later(struct attach_links *links)
{
	struct closing *closing = calloc(1, sizeof(*closing));
	pthread_t thread;

	if (closing)
		closing->links = *links;
	if (!closing || thread__start(&thread, close_links_and_free, closing)) {
		free(closing);
		attach_links__free(links);
		return;
	}
	pthread_detach(thread);
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
	const uint64_t *semaphores; /* NULL: there are none */
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
		.ref_ctr_offsets =
			multi->semaphores ? (__u64)(unsigned long)(multi->semaphores + first) : 0,
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

/* The places as the kernel wants them: an array for each of their members. */
struct place_arrays {
	uint64_t *offsets;
	uint64_t *cookies;
	uint64_t *semaphores;
	size_t *places; /* index in the target */
	size_t cnt;
	bool any_semaphore;
};

static void place_arrays__free(struct place_arrays *arrays)
{
	free(arrays->offsets);
	free(arrays->cookies);
	free(arrays->semaphores);
	free(arrays->places);
}

/* Only the places of a return link, if asked. */
static int place_arrays__fill(struct place_arrays *arrays, const struct attach_target *target,
			      bool hijacked_only)
{
	arrays->offsets = calloc(target->cnt, sizeof(*arrays->offsets));
	arrays->cookies = calloc(target->cnt, sizeof(*arrays->cookies));
	arrays->semaphores = calloc(target->cnt, sizeof(*arrays->semaphores));
	arrays->places = calloc(target->cnt, sizeof(*arrays->places));
	if (!arrays->offsets || !arrays->cookies || !arrays->semaphores || !arrays->places)
		return -ENOMEM;
	for (size_t i = 0; i < target->cnt; i++) {
		const struct attach_place *place = &target->places[i];

		if (hijacked_only && TACHO_COOKIE_PLACE(place->cookie) != TACHO_PLACE_HIJACK)
			continue;
		arrays->offsets[arrays->cnt] = place->offset;
		arrays->cookies[arrays->cnt] = place->cookie;
		arrays->semaphores[arrays->cnt] = place->semaphore_offset;
		arrays->any_semaphore |= place->semaphore_offset != 0;
		arrays->places[arrays->cnt++] = i;
	}
	return 0;
}

static int attach_multi_link(struct bpf_program *prog, __u32 attach_type, __u32 flags,
			     const struct attach_target *target, struct attach_links *links,
			     size_t *ret_bad)
{
	struct place_arrays arrays = {};
	struct multi_link multi = {
		.prog_fd = bpf_program__fd(prog),
		.attach_type = attach_type,
		.flags = flags,
	};
	size_t bad;
	int err;
	int fd;

	*ret_bad = target->cnt;
	err = place_arrays__fill(&arrays, target, flags & UPROBE_MULTI_RETURN);
	if (err || !arrays.cnt)
		goto out;
	multi.offsets = arrays.offsets;
	multi.cookies = arrays.cookies;
	multi.semaphores = arrays.any_semaphore ? arrays.semaphores : NULL;
	snprintf(multi.path, sizeof(multi.path), "/proc/self/fd/%d", target->fd);
	fd = multi_link__create(&multi, 0, arrays.cnt);
	if (fd < 0) {
		err = fd;
		bad = multi_link__find_bad(&multi, arrays.cnt);
		*ret_bad = bad < arrays.cnt ? arrays.places[bad] : target->cnt;
	} else {
		err = links__add_fd(links, fd);
	}
out:
	place_arrays__free(&arrays);
	return err;
}

/* --- session ------------------------------------------------------------------------------ */

static void multi_prepare_marks(struct tacho_bpf *bpf)
{
	bpf_program__set_autoload(bpf->progs.mark_multi, true);
	bpf_program__set_expected_attach_type(bpf->progs.mark_multi,
					      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
}

static int multi_attach_marks(struct tacho_bpf *bpf, const struct attach_target *target,
			      struct attach_links *links, size_t *ret_bad)
{
	return attach_multi_link(bpf->progs.mark_multi, ATTACH_UPROBE_MULTI, 0, target, links,
				 ret_bad);
}

static void session_prepare(struct tacho_bpf *bpf, bool with_marks)
{
	if (with_marks)
		multi_prepare_marks(bpf);
	bpf_program__set_autoload(bpf->progs.activity_session, true);
	bpf_program__set_expected_attach_type(bpf->progs.activity_session,
					      (enum bpf_attach_type)ATTACH_UPROBE_SESSION);
}

static int session_attach(struct tacho_bpf *bpf, const struct attach_target *target,
			  struct attach_links *links, size_t *ret_bad)
{
	if (target->marks)
		return multi_attach_marks(bpf, target, links, ret_bad);
	return attach_multi_link(bpf->progs.activity_session, ATTACH_UPROBE_SESSION, 0, target,
				 links, ret_bad);
}

/* --- multi -------------------------------------------------------------------------------- */

static void multi_prepare(struct tacho_bpf *bpf, bool with_marks)
{
	if (with_marks)
		multi_prepare_marks(bpf);
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

	if (target->marks)
		return multi_attach_marks(bpf, target, links, ret_bad);
	err = attach_multi_link(bpf->progs.activity_return_multi, ATTACH_UPROBE_MULTI,
				UPROBE_MULTI_RETURN, target, links, ret_bad);
	if (err)
		return err;
	return attach_multi_link(bpf->progs.activity_entry_multi, ATTACH_UPROBE_MULTI, 0, target,
				 links, ret_bad);
}

/* --- perf --------------------------------------------------------------------------------- */

static void perf_prepare(struct tacho_bpf *bpf, bool with_marks)
{
	bpf_program__set_autoload(bpf->progs.mark_perf, with_marks);
	bpf_program__set_autoload(bpf->progs.activity_entry_perf, true);
	bpf_program__set_autoload(bpf->progs.activity_return_perf, true);
}

static int attach_perf_link(struct bpf_program *prog, bool at_return, int fd,
			    const struct attach_place *place, struct attach_links *links)
{
	DECLARE_LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = place->cookie,
			    .retprobe = at_return, .ref_ctr_offset = place->semaphore_offset);
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
		if (target->marks) {
			err = attach_perf_link(bpf->progs.mark_perf, false, target->fd,
					       &target->places[i], links);
			if (err)
				return err;
			continue;
		}
		if (TACHO_COOKIE_PLACE(target->places[i].cookie) == TACHO_PLACE_HIJACK)
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
