/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "select.h"
#include "tacho_bpf.skel.h"

#define PROCESSES_MAX 65536 /* under a filter at one time */
#define DEEP_FRAMES_MAX                                                                            \
	65536 /* open calls beyond TACHO_HIJACK_LIMIT per thread, over all threads */
#define WAKE_BYTES_MAX (2u << 20)

struct prober {
	struct prober_options options;
	struct tacho_bpf *bpf;
	const struct attach_way *way;
	struct attach_links links;
	struct tacho_glob globs[TACHO_RULES_MAX - 1];
	const char *glob_texts[TACHO_RULES_MAX - 1];
	uint32_t glob_cnt;
	uint32_t *state_rules; /* rule of each state; 0 = none */
	int cpu_cnt;
};

/* --- what libbpf says: kept, and shown only with a failure --------------------------------- */

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

/* --- loading ------------------------------------------------------------------------------- */

static bool plan_has_exit_places(const struct plan *plan)
{
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		if (plan->probes[i].exit_cnt)
			return true;
	}
	return false;
}

static void configure(struct prober *prober, struct tacho_bpf *bpf)
{
	const struct prober_options *o = &prober->options;
	bool filtering = o->scoped || prober->glob_cnt;
	uint64_t wake_bytes = o->ring_bytes / 4;

	bpf->rodata->own_pid = getpid();
	bpf->rodata->scoped = o->scoped;
	bpf->rodata->scope_follows_forks = o->scope_follows_forks;
	bpf->rodata->glob_cnt = prober->glob_cnt;
	bpf->rodata->wake_bytes = wake_bytes < WAKE_BYTES_MAX ? wake_bytes : WAKE_BYTES_MAX;
	bpf_map__set_max_entries(bpf->maps.ring, o->ring_bytes);
	bpf_map__set_max_entries(bpf->maps.counts, o->plan->state_cnt);
	bpf_map__set_max_entries(bpf->maps.processes, filtering ? PROCESSES_MAX : 1);
	bpf_map__set_max_entries(bpf->maps.deep_frames,
				 plan_has_exit_places(o->plan) ? DEEP_FRAMES_MAX : 1);
	bpf_program__set_autoload(bpf->progs.activity_session, false);
	bpf_program__set_autoload(bpf->progs.activity_entry_multi, false);
	bpf_program__set_autoload(bpf->progs.activity_return_multi, false);
	bpf_program__set_autoload(bpf->progs.activity_entry_perf, false);
	bpf_program__set_autoload(bpf->progs.activity_return_perf, false);
	bpf_program__set_autoload(bpf->progs.process_fork, filtering);
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
	struct attach_place place = { .cookie = TACHO_COOKIE(TACHO_PLACE_HIJACK, 0, 0, 0) };
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
	attach_links__free(&links);
	close(self.fd);
	return err;
}

/* Loads for one way and tries it. */
static int load_for(struct prober *prober, const struct attach_way *way)
{
	struct tacho_bpf *bpf = tacho_bpf__open();
	int err;

	if (!bpf)
		return -errno;
	configure(prober, bpf);
	way->prepare(bpf);
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

static int load(struct prober *prober, struct fault *why)
{
	const char *wanted = prober->options.way;
	bool tried = false;
	int err = -ENOTSUP;

	for (const struct attach_way *const *way = attach_ways; *way; way++) {
		if (wanted && strcmp(wanted, (*way)->name))
			continue;
		tried = true;
		err = load_for(prober, *way);
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

/* --- rules --------------------------------------------------------------------------------- */

/* Numbers the different globs of `process =`; states with the same text share a rule. */
static int make_rules(struct prober *prober, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	const char *text;
	uint32_t rule;
	int err;

	prober->state_rules = calloc(plan->state_cnt, sizeof(*prober->state_rules));
	if (!prober->state_rules)
		return fault__set(why, -ENOMEM, "no memory for %zu states", plan->state_cnt);
	for (size_t i = 0; i < plan->state_cnt; i++) {
		text = plan->states[i].process;
		if (!text)
			continue;
		for (rule = 0; rule < prober->glob_cnt; rule++) {
			if (!strcmp(prober->glob_texts[rule], text))
				break;
		}
		if (rule == TACHO_RULES_MAX - 1)
			return fault__set(why, -E2BIG, "more than %d different `process =` globs",
					  TACHO_RULES_MAX - 1);
		if (rule == prober->glob_cnt) {
			err = glob_compile(text, &prober->globs[rule], why);
			if (err)
				return fault__prefix(why, err, "state %s: process",
						     plan->states[i].name);
			prober->glob_texts[rule] = text;
			prober->glob_cnt++;
		}
		prober->state_rules[i] = rule + 1;
	}
	return 0;
}

static int write_globs(struct prober *prober, struct fault *why)
{
	int fd = bpf_map__fd(prober->bpf->maps.globs);

	for (uint32_t i = 0; i < prober->glob_cnt; i++) {
		if (bpf_map_update_elem(fd, &i, &prober->globs[i], BPF_ANY))
			return fault__set(why, -errno, "BPF map 'globs': %s", strerror(errno));
	}
	return 0;
}

/* A process that ran before the hooks were there. */
static int judge_process(void *ctx, pid_t pid)
{
	struct prober *prober = ctx;
	struct tacho_process process = {};
	char command[TACHO_COMMAND_SZ];
	__u32 key = pid;
	ssize_t sz;

	if (pid == getpid())
		return 0; /* never ourselves, whatever the glob */
	sz = read_command_line(pid, command);
	if (sz <= 0)
		return 0; /* gone meanwhile, or a kernel thread */
	for (uint32_t i = 0; i < prober->glob_cnt; i++) {
		if (glob_matches(&prober->globs[i], command, sz))
			process.rules |= 1ULL << (i + 1);
	}
	/* An entry that is there already was made by the exec hook, which knows better. */
	if (process.rules &&
	    bpf_map_update_elem(bpf_map__fd(prober->bpf->maps.processes), &key, &process,
				BPF_NOEXIST) &&
	    errno != EEXIST)
		return -errno;
	return 0;
}

/* --- the life of a prober ------------------------------------------------------------------ */

static void raise_open_files_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int attach_hooks(struct prober *prober, struct fault *why)
{
	struct tacho_bpf *bpf = prober->bpf;
	const bool filtering = prober->options.scoped || prober->glob_cnt;

	bpf->links.process_exit = bpf_program__attach(bpf->progs.process_exit);
	if (bpf->links.process_exit)
		bpf->links.process_exec = bpf_program__attach(bpf->progs.process_exec);
	if (bpf->links.process_exec && filtering)
		bpf->links.process_fork = bpf_program__attach(bpf->progs.process_fork);
	if (!bpf->links.process_exec || (filtering && !bpf->links.process_fork))
		return fault__set(why, -errno, "the sched tracepoints cannot be attached to: %s",
				  strerror(errno));
	return 0;
}

int prober__new(const struct prober_options *options, struct prober **ret_prober, struct fault *why)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int err;

	if (!prober)
		return fault__set(why, -ENOMEM, "no memory");
	prober->options = *options;
	libbpf_set_print(keep_libbpf_warning);
	raise_open_files_limit();
	err = make_rules(prober, why);
	if (!err)
		err = load(prober, why);
	if (err)
		goto fail;
	prober->cpu_cnt = libbpf_num_possible_cpus();
	if (prober->cpu_cnt < 0) {
		err = fault__set(why, prober->cpu_cnt, "the number of CPUs cannot be read");
		goto fail;
	}
	err = write_globs(prober, why);
	if (!err)
		err = attach_hooks(prober, why);
	/* Hooks first, then those that were there: between the two, nobody slips through. */
	if (!err && prober->glob_cnt) {
		err = each_process(judge_process, prober);
		if (err)
			fault__set(why, err, "the running processes cannot be read from /proc: %s",
				   strerror(-err));
	}
	if (err)
		goto fail;
	*ret_prober = prober;
	return 0;
fail:
	prober__free(prober);
	return err;
}

int prober__add_process(struct prober *prober, pid_t pid, bool at_exec, struct fault *why)
{
	int fd = bpf_map__fd(prober->bpf->maps.processes);
	struct tacho_process process = {};
	__u32 key = pid;

	bpf_map_lookup_elem(fd, &key, &process); /* the rules it has; none is fine */
	process.rules |= at_exec ? TACHO_RULE_SCOPE_AT_EXEC : TACHO_RULE_SCOPE;
	if (bpf_map_update_elem(fd, &key, &process, BPF_ANY))
		return fault__set(why, -errno, "process %d: it cannot be put under the filter: %s",
				  (int)pid, strerror(errno));
	/* Gone in the meantime: the exit hook may have run before the entry was made. */
	if (kill(pid, 0) && errno == ESRCH) {
		bpf_map_delete_elem(fd, &key);
		return fault__set(why, -ESRCH, "process %d: no such process", (int)pid);
	}
	return 0;
}

/* The places of one binary: entries and, in safe mode, exits. */
static struct attach_place *places_of(const struct prober *prober, size_t binary, size_t *ret_cnt,
				      uint32_t **ret_probes)
{
	const struct plan *plan = prober->options.plan;
	const struct planned_probe *p;
	struct attach_place *places;
	enum tacho_place kind;
	uint32_t *probes;
	uint32_t rule;
	size_t cnt = 0;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		if (plan->probes[i].binary == binary)
			cnt += 1 + plan->probes[i].exit_cnt;
	}
	places = calloc(cnt ? cnt : 1, sizeof(*places));
	probes = calloc(cnt ? cnt : 1, sizeof(*probes));
	if (!places || !probes) {
		free(places);
		free(probes);
		return NULL;
	}
	cnt = 0;
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		p = &plan->probes[i];
		if (p->binary != binary)
			continue;
		rule = prober->state_rules[p->state];
		kind = p->fast ? TACHO_PLACE_HIJACK : TACHO_PLACE_ENTRY;
		probes[cnt] = i;
		places[cnt++] =
			(struct attach_place) { p->offset, TACHO_COOKIE(kind, rule, p->state, i) };
		for (size_t e = 0; e < p->exit_cnt; e++) {
			probes[cnt] = i;
			places[cnt++] = (struct attach_place) {
				p->exits[e], TACHO_COOKIE(TACHO_PLACE_EXIT, rule, p->state, i)
			};
		}
	}
	*ret_cnt = cnt;
	*ret_probes = probes;
	return places;
}

static int explain_attach_failure(const struct prober *prober, const struct attach_target *target,
				  int err, size_t bad, const uint32_t *probes, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	const char *reason = err == -524 /* ENOTSUPP, known to the kernel only */
				     ? "the kernel cannot probe this instruction"
				     : strerror(-err);
	const char *advice = "";

	if (err == -EMFILE)
		advice = " (raise the limit on open files, LimitNOFILE= or ulimit -n)";
	if (bad >= target->cnt)
		return fault__set(why, err, "%s: attaching failed: %s%s", target->path, reason,
				  advice);
	return fault__set(why, err, "%s:%s (offset 0x%llx): attaching failed: %s%s", target->path,
			  plan->probes[probes[bad]].function,
			  (unsigned long long)target->places[bad].offset, reason, advice);
}

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#endif

/* A file of another machine can be planned for but not probed; one that was rewritten in place
 * since it was planned has other instructions where the plan wants its probes. */
static int check_attachable(const struct planned_binary *binary, struct fault *why)
{
	if (elf_file__machine(binary->elf) != HOST_MACHINE)
		return fault__set(why, -ENOEXEC, "%s: built for another machine than this one",
				  binary->path);
	if (elf_file__unchanged(binary->elf))
		return 0;
	return fault__set(why, -ESTALE,
			  "%s: the file changed while the probes were being planned (start again)",
			  binary->path);
}

static int attach_binary(struct prober *prober, size_t index, struct fault *why)
{
	const struct planned_binary *binary = &prober->options.plan->binaries[index];
	struct attach_target target = { .fd = elf_file__fd(binary->elf), .path = binary->path };
	struct attach_place *places;
	uint32_t *probes = NULL;
	size_t bad;
	int err;

	err = check_attachable(binary, why);
	if (err)
		return err;
	places = places_of(prober, index, &target.cnt, &probes);
	if (!places)
		return fault__set(why, -ENOMEM, "no memory to attach to %s", binary->path);
	target.places = places;
	if (target.cnt) {
		err = prober->way->attach(prober->bpf, &target, &prober->links, &bad);
		if (err)
			explain_attach_failure(prober, &target, err, bad, probes, why);
	}
	free(places);
	free(probes);
	return err;
}

int prober__attach(struct prober *prober, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; !err && i < prober->options.plan->binary_cnt; i++)
		err = attach_binary(prober, i, why);
	if (err)
		prober__detach(prober);
	return err;
}

const char *prober__way(const struct prober *prober)
{
	return prober->way->name;
}

int prober__ring_fd(const struct prober *prober)
{
	return bpf_map__fd(prober->bpf->maps.ring);
}

int prober__read_counts(const struct prober *prober, uint32_t state,
			struct tacho_state_counts *ret_counts)
{
	struct tacho_state_counts *per_cpu;
	struct tacho_state_counts sum = {};

	per_cpu = calloc(prober->cpu_cnt, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(prober->bpf->maps.counts), &state, per_cpu)) {
		free(per_cpu);
		return -ENOENT;
	}
	for (int i = 0; i < prober->cpu_cnt; i++) {
		sum.entries += per_cpu[i].entries;
		sum.lost_ring += per_cpu[i].lost_ring;
		sum.lost_nesting += per_cpu[i].lost_nesting;
		sum.lost_other += per_cpu[i].lost_other;
		sum.unmatched_returns += per_cpu[i].unmatched_returns;
	}
	free(per_cpu);
	*ret_counts = sum;
	return 0;
}

int prober__read_trouble(const struct prober *prober, struct tacho_trouble *ret_trouble)
{
	__u32 key = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(prober->bpf->maps.trouble), &key, ret_trouble))
		return -errno;
	return 0;
}

void prober__detach(struct prober *prober)
{
	attach_links__free(&prober->links);
}

int prober__close_open_calls(struct prober *prober)
{
	struct bpf_link *link;
	char nothing[64];
	ssize_t got;
	int err = 0;
	int fd;

	link = bpf_program__attach_iter(prober->bpf->progs.close_open_calls, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	/* The program writes to the ring; reading makes it visit every task. */
	do {
		got = read(fd, nothing, sizeof(nothing));
	} while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
	if (got < 0)
		err = -errno;
	close(fd);
out:
	bpf_link__destroy(link);
	return err;
}

void prober__free(struct prober *prober)
{
	if (!prober)
		return;
	prober__detach(prober);
	tacho_bpf__destroy(prober->bpf);
	free(prober->state_rules);
	free(prober);
}
