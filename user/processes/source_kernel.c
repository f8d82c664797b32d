/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes as the kernel's own structures have them, read by BPF programs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process_source.h"
#include "resources_bpf.skel.h"

/* The kernel gives 32 KiB at most at a time (8 pages, bpf_seq_read); larger pages, more. */
#define SAMPLES_AT_ONCE 1024
#define CPUS_MAX 8192 /* NR_CPUS of the largest kernels */
#define RSS_ATTEMPTS 16
#define RSS_STEP_PAGES 5

struct kernel_source {
	struct process_source source;
	struct resources_bpf *bpf;
	struct ring_buffer *ring;
	struct tacho_process_sample *samples;
	/* While draining. */
	int (*each_event)(void *ctx, const struct tacho_process_event *event);
	void *each_ctx;
	int stopped;
};

static struct kernel_source *kernel_source_of(struct process_source *source)
{
	return (struct kernel_source *)source;
}

/* --- samples --------------------------------------------------------------------------------- */

static int read_samples(struct kernel_source *k, int fd,
			int (*each)(void *ctx, const struct tacho_process_sample *sample),
			void *ctx, struct fault *why)
{
	char *bytes = (char *)k->samples;
	size_t room = SAMPLES_AT_ONCE * sizeof(*k->samples);
	size_t have = 0; /* less than a sample, between two turns */

	for (;;) {
		ssize_t sz = read(fd, bytes + have, room - have);
		size_t cnt;
		int err;

		/* EAGAIN: many threads in a row, and no process among them. */
		if (sz < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (sz < 0)
			return fault__set(why, -errno, "reading the list of processes: %s",
					  strerror(errno));
		if (!sz)
			return 0;
		have += (size_t)sz;
		cnt = have / sizeof(*k->samples);
		for (size_t i = 0; i < cnt; i++) {
			err = each(ctx, &k->samples[i]);
			if (err)
				return err;
		}
		have %= sizeof(*k->samples);
		memmove(bytes, &k->samples[cnt], have);
	}
}

static int kernel_sample(struct process_source *source,
			 int (*each)(void *ctx, const struct tacho_process_sample *sample),
			 void *ctx, struct fault *why)
{
	struct kernel_source *k = kernel_source_of(source);
	int fd = bpf_iter_create(bpf_link__fd(k->bpf->links.sample_processes));
	int err;

	if (fd < 0)
		return fault__set(why, fd, "a list of the processes: %s", strerror(-fd));
	err = read_samples(k, fd, each, ctx, why);
	close(fd);
	return err;
}

/* --- events ---------------------------------------------------------------------------------- */

/* libbpf goes on after positive numbers. */
static int on_event(void *ctx, void *data, size_t sz)
{
	struct kernel_source *k = ctx;
	const struct tacho_process_event *event = data;
	size_t fixed_sz = offsetof(struct tacho_process_event, command);

	if (sz < fixed_sz || event->command_sz > sz - fixed_sz)
		return 0; /* can't happen: it is ours */
	k->stopped = k->each_event(k->each_ctx, event);
	return k->stopped ? -ECANCELED : 0;
}

static int kernel_drain(struct process_source *source,
			int (*each)(void *ctx, const struct tacho_process_event *event), void *ctx)
{
	struct kernel_source *k = kernel_source_of(source);
	int err;

	k->each_event = each;
	k->each_ctx = ctx;
	k->stopped = 0;
	err = ring_buffer__consume(k->ring);
	if (k->stopped)
		return k->stopped;
	return err < 0 ? err : 0;
}

static int kernel_event_fd(const struct process_source *source)
{
	return ring_buffer__epoll_fd(((const struct kernel_source *)source)->ring);
}

static uint64_t kernel_lost_events(const struct process_source *source)
{
	const struct kernel_source *k = (const struct kernel_source *)source;

	return *(const volatile __u64 *)&k->bpf->bss->trouble.lost_events;
}

static void kernel_free(struct process_source *source)
{
	struct kernel_source *k = kernel_source_of(source);

	if (!k)
		return;
	ring_buffer__free(k->ring);
	resources_bpf__destroy(k->bpf);
	free(k->samples);
	free(k);
}

static const struct process_source_ops kernel_ops = {
	.name = "kernel",
	.sample = kernel_sample,
	.drain = kernel_drain,
	.event_fd = kernel_event_fd,
	.lost_events = kernel_lost_events,
	.free = kernel_free,
};

/* --- which CPUs there may be ---------------------------------------------------------------------
 */

struct cpus {
	uint32_t numbers[CPUS_MAX];
	uint32_t cnt;
};

/* "0-3,8-11" */
static int read_possible_cpus(struct cpus *ret_cpus)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int first, last;
	int separator = ',';

	if (!file)
		return -errno;
	ret_cpus->cnt = 0;
	while (separator == ',' && fscanf(file, "%u", &first) == 1) {
		last = first;
		separator = fgetc(file);
		if (separator == '-' && fscanf(file, "%u", &last) == 1)
			separator = fgetc(file);
		for (unsigned int cpu = first; cpu <= last && ret_cpus->cnt < CPUS_MAX; cpu++)
			ret_cpus->numbers[ret_cpus->cnt++] = cpu;
	}
	fclose(file);
	return ret_cpus->cnt ? 0 : -EINVAL;
}

static int find_cpus(struct kernel_source *k, const struct cpus *cpus)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	for (uint32_t i = 0; i < cpus->cnt; i++) {
		int err;

		k->bpf->bss->wanted_cpu = cpus->numbers[i];
		k->bpf->bss->wanted_slot = i;
		err = bpf_prog_test_run_opts(bpf_program__fd(k->bpf->progs.find_cpu), &run);
		if (err)
			return err;
		if (run.retval)
			return -ENOTSUP;
	}
	return 0;
}

/* --- does the resident memory agree with /proc
 * ----------------------------------------------------- */

static int own_statm_rss(uint64_t *ret_pages)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages;
	int got;

	if (!file)
		return -errno;
	got = fscanf(file, "%*u %llu", &pages);
	fclose(file);
	if (got != 1)
		return -EINVAL;
	*ret_pages = pages;
	return 0;
}

static int keep_own(void *ctx, const struct tacho_process_sample *sample)
{
	if (sample->pid == (uint32_t)getpid())
		*(struct tacho_process_sample *)ctx = *sample;
	return 0;
}

static int own_rss(struct kernel_source *k, bool exact, uint64_t *ret_pages, struct fault *why)
{
	struct tacho_process_sample own = {};
	int err;

	k->bpf->data->exact_rss = exact;
	err = kernel_sample(&k->source, keep_own, &own, why);
	if (err)
		return err;
	if (!own.pid)
		return fault__set(
			why, -ENOTSUP,
			"the kernel knows this process by another number than %d (it runs "
			"in a PID namespace of its own)",
			getpid());
	*ret_pages = own.rss_pages;
	return 0;
}

enum rss_verdict { RSS_UNCLEAR, RSS_EXACT, RSS_LAGS, RSS_DIFFERS };

/* One look at what this process has, in both ways and in /proc. */
static int compare_rss(struct kernel_source *k, enum rss_verdict *ret_verdict, struct fault *why)
{
	uint64_t before, after, exact, lagging;
	int err = own_statm_rss(&before);

	if (!err)
		err = own_rss(k, false, &lagging, why);
	if (!err)
		err = own_rss(k, true, &exact, why);
	if (!err)
		err = own_statm_rss(&after);
	if (err)
		return err;
	*ret_verdict = RSS_UNCLEAR;
	if (before != after)
		return 0;
	if (before != exact && before != lagging)
		*ret_verdict = RSS_DIFFERS;
	else if (exact != lagging || !k->bpf->bss->rss_is_per_cpu)
		*ret_verdict = before == exact ? RSS_EXACT : RSS_LAGS;
	return 0;
}

/* Makes our own memory grow by a few pages at a time, which the kernel adds up in larger numbers,
 * until the two ways of counting differ. */
static int try_rss(struct kernel_source *k, char *pages, enum rss_verdict *ret_verdict,
		   struct fault *why)
{
	size_t step = RSS_STEP_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	enum rss_verdict verdict = RSS_UNCLEAR;
	int err = 0;

	for (int i = 0; i < RSS_ATTEMPTS && !err; i++) {
		memset(pages + i * step, 1, step);
		err = compare_rss(k, &verdict, why);
		if (verdict == RSS_EXACT || verdict == RSS_LAGS)
			break;
	}
	*ret_verdict = verdict;
	return err;
}

static int settle_rss(struct kernel_source *k, struct fault *why)
{
	size_t sz = RSS_ATTEMPTS * RSS_STEP_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	enum rss_verdict verdict;
	uint64_t statm;
	char *pages;
	int err;

	if (own_statm_rss(&statm))
		return 0; /* no /proc to agree with */
	pages = mmap(NULL, sz, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return fault__set(why, -errno, "memory to compare with /proc: %s", strerror(errno));
	madvise(pages, sz, MADV_NOHUGEPAGE);
	err = try_rss(k, pages, &verdict, why);
	munmap(pages, sz);
	if (!err && verdict == RSS_DIFFERS)
		err = fault__set(why, -ENOTSUP,
				 "this kernel keeps the memory of processes in a way that is not "
				 "known here");
	k->bpf->data->exact_rss = verdict != RSS_LAGS;
	return err;
}

/* --- opening --------------------------------------------------------------------------------- */

static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
}

/* The verifier says EACCES as well, but not to those who may not load at all. */
static bool is_forbidden(int err)
{
	return err == -EPERM || (err == -EACCES && geteuid());
}

static int explain(int err, struct fault *why)
{
	if (is_forbidden(err))
		return fault__set(why, -EPERM,
				  "not allowed to load BPF programs (run as root, or grant CAP_BPF "
				  "and CAP_PERFMON)");
	return fault__set(why, err, "the kernel did not take the BPF programs for processes: %s",
			  strerror(-err));
}

static int load(struct kernel_source *k, uint32_t ring_bytes, const struct cpus *cpus,
		struct fault *why)
{
	int err;

	k->bpf = resources_bpf__open();
	if (!k->bpf)
		return explain(-errno, why);
	k->bpf->rodata->wake_bytes = ring_bytes / 4;
	k->bpf->rodata->cpu_cnt = cpus->cnt;
	bpf_map__set_max_entries(k->bpf->maps.process_events, ring_bytes);
	bpf_map__set_max_entries(k->bpf->maps.cpu_offsets, cpus->cnt);
	err = resources_bpf__load(k->bpf);
	if (!is_forbidden(err) &&
	    libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) != 1)
		return fault__set(why, -ENOTSUP, "the kernel has no bpf_loop (Linux 5.17)");
	return err ? explain(err, why) : 0;
}

/* The ring first: what it holds when it is first polled would count as a wake-up. */
static int attach(struct kernel_source *k, struct fault *why)
{
	int err;

	k->ring = ring_buffer__new(bpf_map__fd(k->bpf->maps.process_events), on_event, k, NULL);
	if (!k->ring)
		return explain(-errno, why);
	err = resources_bpf__attach(k->bpf);
	return err ? explain(err, why) : 0;
}

static int learn_machine(struct kernel_source *k, const struct cpus *cpus, struct fault *why)
{
	int err = find_cpus(k, cpus);
	int settled = settle_rss(k, why);

	if (settled)
		return settled;
	if (err && k->bpf->bss->rss_is_per_cpu)
		return fault__set(why, -ENOTSUP, "where each CPU counts pages is not found: %s",
				  strerror(-err));
	return 0;
}

int process_source__open_kernel(uint32_t ring_bytes, struct process_source **ret_source,
				struct fault *why)
{
	struct kernel_source *k = calloc(1, sizeof(*k));
	struct cpus *cpus = calloc(1, sizeof(*cpus));
	libbpf_print_fn_t print;
	int err = -ENOMEM;

	if (!k || !cpus)
		goto out;
	k->source.ops = &kernel_ops;
	k->samples = calloc(SAMPLES_AT_ONCE, sizeof(*k->samples));
	if (!k->samples)
		goto out;
	err = read_possible_cpus(cpus);
	if (err) {
		fault__set(why, err, "/sys/devices/system/cpu/possible: %s", strerror(-err));
		goto out;
	}
	print = libbpf_set_print(say_nothing);
	err = load(k, ring_bytes, cpus, why);
	if (!err)
		err = attach(k, why);
	if (!err)
		err = learn_machine(k, cpus, why);
	libbpf_set_print(print);
out:
	free(cpus);
	if (err)
		kernel_free(k ? &k->source : NULL);
	else
		*ret_source = &k->source;
	return err;
}
