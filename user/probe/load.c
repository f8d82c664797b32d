/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loading the BPF programs, for the best way of attaching that the kernel has. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

#define PROCESSES_MAX 65536 /* under a filter at one time */
/* Open calls beyond TACHO_HIJACK_LIMIT per thread, over all threads. */
#define DEEP_FRAMES_MAX 65536
#define SPANS_MAX 65536	   /* pairs that have begun, over all processes */
#define CAPTURED_MAX 16384 /* open calls with captured values */
#define COUNTERS_MAX 16384 /* of which the totals are known; the oldest are forgotten first */
/* Labels that are not selected, or beyond the limit (LABELS_PASSED_OVER_MAX), and threads that find
 * a label at one time. */
#define LABELS_SPARE (2 * 4096)
#define WAKE_BYTES_MAX (2u << 20)

/* libbpf has one print function for the process and no context to go with it. */
static char load_trouble[256];

static int keep_libbpf_warning(enum libbpf_print_level level, const char *fmt, va_list args)
{
	size_t sz;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(load_trouble, sizeof(load_trouble), fmt, args);
	sz = strlen(load_trouble);
	while (sz && load_trouble[sz - 1] == '\n')
		load_trouble[--sz] = '\0';
	return 0;
}

static int explain_load_failure(int err, struct fault *why)
{
	/* The verifier says EACCES as well, but not to those who may not load at all. */
	if (err == -EPERM || (err == -EACCES && geteuid()))
		return fault__set(
			why, err,
			"not allowed to load or attach BPF programs (run as root, or "
			"grant CAP_BPF, CAP_PERFMON and CAP_DAC_READ_SEARCH; attaching by "
			"way of 'perf' also needs CAP_SYS_ADMIN)");
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return fault__set(why, err,
				  "the kernel has no BTF: /sys/kernel/btf/vmlinux: %s (a kernel "
				  "built with CONFIG_DEBUG_INFO_BTF is needed)",
				  strerror(errno));
	return fault__set(why, err, "the kernel did not take the BPF programs: %s (%s)",
			  strerror(-err), load_trouble);
}

/* May the plan come to have functions whose exits are probed? */
static bool has_exit_places(const struct plan *plan)
{
	for (size_t i = 0; i < plan->target_cnt; i++) {
		if (plan->targets[i].role == TARGET_FUNCTION &&
		    plan->states[plan->targets[i].state].config->exit != EXIT_FAST)
			return true;
	}
	return false;
}

static bool has_pairs(const struct plan *plan)
{
	for (size_t i = 0; i < plan->target_cnt; i++) {
		if (plan->targets[i].role == TARGET_BEGIN || plan->targets[i].role == TARGET_END)
			return true;
	}
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		if (plan->probes[i].by_goroutine)
			return true;
	}
	return false;
}

static bool has_captures(const struct plan *plan)
{
	for (size_t i = 0; i < plan->state_cnt; i++) {
		if (plan->states[i].config->capture_cnt)
			return true;
	}
	return false;
}

static bool reads_text(const struct plan *plan)
{
	for (size_t i = 0; i < plan->state_cnt; i++) {
		for (size_t c = 0; c < plan->states[i].config->capture_cnt; c++) {
			if (plan->states[i].types[c] == TACHO_VALUE_STRING)
				return true;
		}
	}
	return false;
}

static bool has_limits(const struct plan *plan)
{
	for (size_t i = 0; i < plan->state_cnt; i++) {
		if (plan->states[i].rate_limit)
			return true;
	}
	return false;
}

static uint32_t own_mount_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/mnt", &st) ? 0 : st.st_ino;
}

static void set_map_sizes(const struct prober *prober, struct tacho_bpf *bpf)
{
	const struct plan *plan = prober->options.plan;
	bool grows = prober->options.may_grow;
	uint32_t states_max = prober->states_max + prober->labels_max;
	bool marks = plan->has_marks;
	bool filtering = prober->options.scoped || prober->glob_cnt;

	bpf_map__set_max_entries(bpf->maps.ring, prober->options.ring_bytes);
	bpf_map__set_max_entries(bpf->maps.counts, states_max);
	bpf_map__set_max_entries(bpf->maps.budgets, states_max);
	bpf_map__set_max_entries(bpf->maps.summaries, 2 * states_max);
	bpf_map__set_max_entries(bpf->maps.specs, prober->specs.max);
	bpf_map__set_max_entries(bpf->maps.processes, filtering || grows ? PROCESSES_MAX : 1);
	/* What may never be needed takes its memory only when it is. */
	if (!filtering && grows)
		bpf_map__set_map_flags(bpf->maps.processes, BPF_F_NO_PREALLOC);
	bpf_map__set_max_entries(bpf->maps.deep_frames,
				 has_exit_places(plan) || marks || grows ? DEEP_FRAMES_MAX : 1);
	if (!has_exit_places(plan) && (marks || grows))
		bpf_map__set_map_flags(bpf->maps.deep_frames, BPF_F_NO_PREALLOC);
	bpf_map__set_max_entries(bpf->maps.captured,
				 has_captures(plan) || grows ? CAPTURED_MAX : 1);
	bpf_map__set_max_entries(bpf->maps.spans, has_pairs(plan) || grows ? SPANS_MAX : 1);
	bpf_map__set_max_entries(bpf->maps.span_pids,
				 has_pairs(plan) || marks || grows ? SPANS_MAX : 1);
	if (!marks)
		return;
	bpf_map__set_max_entries(bpf->maps.attributes, CAPTURED_MAX);
	bpf_map__set_max_entries(bpf->maps.keyed_blocks, SPANS_MAX);
	bpf_map__set_max_entries(bpf->maps.counters, COUNTERS_MAX);
	bpf_map__set_max_entries(bpf->maps.labels, prober->labels_max + LABELS_SPARE);
	bpf_map__set_max_entries(bpf->maps.label_names, prober->labels_max);
	if (prober__label_glob_cnt(prober))
		bpf_map__set_max_entries(bpf->maps.label_globs, prober__label_glob_cnt(prober));
}

static void configure(struct prober *prober, struct tacho_bpf *bpf)
{
	const struct prober_options *o = &prober->options;
	uint64_t wake_bytes = o->ring_bytes / 4;

	bpf->rodata->own_pid = getpid();
	bpf->rodata->scoped = o->scoped;
	bpf->rodata->scope_follows_forks = o->scope_follows_forks;
	bpf->rodata->may_filter = prober__may_filter(prober);
	bpf->rodata->wake_bytes = wake_bytes < WAKE_BYTES_MAX ? wake_bytes : WAKE_BYTES_MAX;
	bpf->rodata->guarded = has_limits(o->plan) || o->may_grow;
	bpf->rodata->pairs = has_pairs(o->plan) || o->may_grow;
	bpf->rodata->usage_wanted = o->measure_usage;
	bpf->rodata->own_mount_namespace = o->tell_execs ? own_mount_namespace() : 0;
	bpf->rodata->marks = o->plan->has_marks;
	bpf->rodata->label_base = prober->states_max;
	bpf->rodata->label_limit = prober->labels_max ? prober->labels_max - 1 : 0;
	bpf->rodata->marks_state = o->plan->has_marks ? o->plan->marks_state : 0;
	bpf->rodata->label_glob_cnt = prober__label_glob_cnt(prober);
	bpf->bss->label_cnt = o->plan->reserved_labels; /* those are given away */
	set_map_sizes(prober, bpf);
	bpf_program__set_autoload(bpf->progs.activity_session, false);
	bpf_program__set_autoload(bpf->progs.activity_entry_multi, false);
	bpf_program__set_autoload(bpf->progs.activity_return_multi, false);
	bpf_program__set_autoload(bpf->progs.activity_entry_perf, false);
	bpf_program__set_autoload(bpf->progs.activity_return_perf, false);
	bpf_program__set_autoload(bpf->progs.mark_multi, false);
	bpf_program__set_autoload(bpf->progs.mark_perf, false);
	bpf_program__set_autoload(bpf->progs.process_fork, prober__may_filter(prober));
}

/* A function of our own to try a way on. Never called, so nothing is ever recorded by it; not
 * static, so that no compiler drops or splits it. */
void tacho_try_attaching_here(void);
__attribute__((noinline, used)) void tacho_try_attaching_here(void)
{
	__asm__ volatile("");
}

static int own_offset(uint64_t *ret_offset)
{
	unsigned long address = (unsigned long)tacho_try_attaching_here;
	unsigned long start, end, offset;
	int err = -ENOENT;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	if (!maps)
		return -errno;
	while (err && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    address >= start && address < end) {
			*ret_offset = address - start + offset;
			err = 0;
		}
	}
	fclose(maps);
	return err;
}

static int try_way(const struct attach_way *way, struct tacho_bpf *bpf)
{
	struct attach_place place = { .cookie = TACHO_COOKIE(TACHO_PLACE_HIJACK, 0, 0, 0, 0, 0) };
	struct attach_target self = { .path = "/proc/self/exe", .places = &place, .cnt = 1 };
	struct attach_links links = {};
	size_t bad;
	int err;

	err = own_offset(&place.offset);
	if (err)
		return err;
	self.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self.fd < 0)
		return -errno;
	err = way->attach(bpf, &self, &links, &bad);
	/* Another recorder's long call may be holding up the kernel (bpf/common.bpf.h). */
	attach_links__free_later(&links);
	close(self.fd);
	return err;
}

/* Strings may lie in pages that are not in memory yet: only a program that may sleep reads those.
 */
static void allow_sleeping(struct tacho_bpf *bpf)
{
	struct bpf_program *const programs[] = {
		bpf->progs.activity_session,	  bpf->progs.activity_entry_multi,
		bpf->progs.activity_return_multi, bpf->progs.activity_entry_perf,
		bpf->progs.activity_return_perf,
	};

	bpf->rodata->may_sleep = true;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		bpf_program__set_flags(programs[i], BPF_F_SLEEPABLE);
}

/* Loads for one way and tries it. */
static int load_for(struct prober *prober, const struct attach_way *way, bool may_sleep)
{
	struct tacho_bpf *bpf = tacho_bpf__open();
	int err;

	if (!bpf)
		return -errno;
	configure(prober, bpf);
	way->prepare(bpf, prober->options.plan->has_marks);
	if (may_sleep)
		allow_sleeping(bpf);
	err = tacho_bpf__load(bpf);
	if (!err) {
		snprintf(load_trouble, sizeof(load_trouble),
			 "they load, but a trial attachment fails");
		err = try_way(way, bpf);
	}
	if (err) {
		tacho_bpf__destroy(bpf);
		return err;
	}
	prober->bpf = bpf;
	prober->way = way;
	return 0;
}

static int refuse_way(const char *name, struct fault *why)
{
	return fault__set(why, -EINVAL,
			  "TACHO_ATTACH: there is no way of attaching called '%s' (session, multi "
			  "or perf)",
			  name);
}

int prober__load(struct prober *prober, struct fault *why)
{
	const char *wanted = prober->options.way;
	bool tried = false;
	int err = -ENOTSUP;

	libbpf_set_print(keep_libbpf_warning);

	for (const struct attach_way *const *way = attach_ways; *way; way++) {
		if (wanted && strcmp(wanted, (*way)->name))
			continue;
		tried = true;
		err = reads_text(prober->options.plan) ? load_for(prober, *way, true) : -ENOTSUP;
		if (err)
			err = load_for(prober, *way, false);
		if (!err)
			return 0;
		if (err == -EPERM)
			break;
	}
	if (!tried)
		return refuse_way(wanted, why);
	explain_load_failure(err, why);
	if (wanted)
		return fault__prefix(why, err, "attaching by way of '%s'", wanted);
	return err;
}
