/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "prober.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

/* Specs for files that appear while recording. */
#define SPECS_SPARE 1024

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

static int write_budgets(struct prober *prober, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	int fd = bpf_map__fd(prober->bpf->maps.budgets);

	for (__u32 i = 0; i < plan->state_cnt; i++) {
		const struct tacho_budget budget = { .limit = plan->states[i].config->rate_limit };

		if (bpf_map_update_elem(fd, &i, &budget, BPF_ANY))
			return fault__set(why, -errno, "BPF map 'budgets': %s", strerror(errno));
	}
	return 0;
}

static int make_room_for_specs(struct prober *prober, struct fault *why)
{
	size_t needed = prober_specs_needed(prober->options.plan);

	if (needed > TACHO_SPECS_MAX)
		return fault__set(why, -E2BIG,
				  "the plan needs %zu different descriptions of places, and %d is "
				  "the limit (record fewer functions)",
				  needed, TACHO_SPECS_MAX);
	prober->specs_max = 2 * needed + SPECS_SPARE;
	if (prober->specs_max > TACHO_SPECS_MAX)
		prober->specs_max = TACHO_SPECS_MAX;
	prober->specs = calloc(prober->specs_max, sizeof(*prober->specs));
	return prober->specs ? 0 : fault__set(why, -ENOMEM, "no memory");
}

int prober__new(const struct prober_options *options, struct prober **ret_prober, struct fault *why)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int err;

	if (!prober)
		return fault__set(why, -ENOMEM, "no memory");
	prober->options = *options;
	prober->spec_cnt = 1;
	raise_open_files_limit();
	err = prober__make_rules(prober, why);
	if (!err)
		err = make_room_for_specs(prober, why);
	if (!err)
		err = prober__load(prober, why);
	if (err)
		goto fail;
	prober->cpu_cnt = libbpf_num_possible_cpus();
	if (prober->cpu_cnt < 0) {
		err = fault__set(why, prober->cpu_cnt, "the number of CPUs cannot be read");
		goto fail;
	}
	err = write_budgets(prober, why);
	if (!err)
		err = prober__write_globs(prober, why);
	if (!err)
		err = attach_hooks(prober, why);
	/* Hooks first, then those that were there: between the two, nobody slips through. */
	if (!err)
		err = prober__judge_processes(prober, why);
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

/* --- attaching ----------------------------------------------------------------------------- */

static int explain_attach_failure(const struct prober *prober, const struct attach_target *target,
				  int err, size_t bad, const struct prober_places *places,
				  struct fault *why)
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
			  places->probes[bad] == UINT32_MAX
				  ? "unwinding"
				  : plan->probes[places->probes[bad]].function,
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

struct attachment *prober__find_attachment(const struct prober *prober, uint32_t binary)
{
	for (size_t i = 0; i < prober->attachment_cnt; i++) {
		if (prober->attachments[i].binary == binary)
			return &prober->attachments[i];
	}
	return NULL;
}

static struct attachment *want_attachment(struct prober *prober, uint32_t binary)
{
	struct attachment *attachment = prober__find_attachment(prober, binary);

	if (attachment)
		return attachment;
	attachment =
		reallocarray(prober->attachments, prober->attachment_cnt + 1, sizeof(*attachment));
	if (!attachment)
		return NULL;
	prober->attachments = attachment;
	attachment += prober->attachment_cnt++;
	*attachment = (struct attachment) { .binary = binary };
	return attachment;
}

bool prober__is_attached(const struct prober *prober, uint32_t binary)
{
	const struct attachment *attachment = prober__find_attachment(prober, binary);

	return attachment && (attachment->begins.fd_cnt || attachment->begins.link_cnt ||
			      attachment->ends.fd_cnt || attachment->ends.link_cnt);
}

/* Attaches the ends, or the others. */
static int attach_half(struct prober *prober, const struct planned_binary *binary,
		       const struct prober_places *places, bool ends,
		       struct attach_links *ret_links, struct fault *why)
{
	struct attach_target target = { .fd = elf_file__fd(binary->elf), .path = binary->path };
	struct prober_places half = {};
	struct attach_links links = {};
	size_t bad;
	int err = 0;

	half.items = calloc(places->cnt, sizeof(*half.items));
	half.probes = calloc(places->cnt, sizeof(*half.probes));
	if (!half.items || !half.probes)
		err = fault__set(why, -ENOMEM, "no memory to attach to %s", binary->path);
	for (size_t i = 0; !err && i < places->cnt; i++) {
		if (tacho_place_is_end(TACHO_COOKIE_PLACE(places->items[i].cookie)) != ends)
			continue;
		half.items[half.cnt] = places->items[i];
		half.probes[half.cnt++] = places->probes[i];
	}
	if (!err && half.cnt) {
		target.places = half.items;
		target.cnt = half.cnt;
		bad = half.cnt;
		err = prober->way->attach(prober->bpf, &target, &links, &bad);
		if (err)
			explain_attach_failure(prober, &target, err, bad, &half, why);
	}
	if (err)
		attach_links__free(&links);
	else
		*ret_links = links;
	prober_places__free(&half);
	return err;
}

static int attach_places(struct prober *prober, const struct planned_binary *binary,
			 const struct prober_places *places, struct attachment *attachment,
			 struct fault *why)
{
	struct attach_links begins = {}, ends = {};
	int err;

	err = attach_half(prober, binary, places, true, &ends, why);
	if (!err)
		err = attach_half(prober, binary, places, false, &begins, why);
	if (!err && (attach_links__move(&attachment->ends, &ends) ||
		     attach_links__move(&attachment->begins, &begins)))
		err = fault__set(why, -ENOMEM, "no memory to attach to %s", binary->path);
	attach_links__free(&begins); /* empty when all went well */
	attach_links__free(&ends);
	return err;
}

int prober__attach(struct prober *prober, uint32_t binary, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	const struct planned_binary *b = &plan->binaries[binary];
	struct attachment *attachment = want_attachment(prober, binary);
	struct prober_places places = {};
	int err;

	if (!attachment)
		return fault__set(why, -ENOMEM, "no memory to attach to %s", b->path);
	err = prober__make_places(prober, binary, &places, why);
	if (!err && places.cnt) {
		err = check_attachable(b, why);
		if (!err)
			err = attach_places(prober, b, &places, attachment, why);
		if (!err)
			err = 1;
	}
	if (err >= 0) {
		attachment->probe_cnt = plan->probe_cnt;
		attachment->hook_cnt = plan->hook_cnt;
	}
	prober_places__free(&places);
	return err;
}

/* The kernel is held up by calls that others keep being entered in: see bpf/common.bpf.h. */
static void stop_hijacking(void *ctx)
{
	struct prober *prober = ctx;

	prober->bpf->bss->no_hijack = true;
}

void prober__detach(struct prober *prober, uint32_t binary)
{
	struct attachment *attachment = prober__find_attachment(prober, binary);

	if (!attachment)
		return;
	attach_links__free_watched(&attachment->begins, stop_hijacking, prober);
	attach_links__free_watched(&attachment->ends, stop_hijacking, prober);
	prober->bpf->bss->no_hijack = false;
}

void prober__begin(struct prober *prober)
{
	prober->bpf->bss->recording = true;
}

void prober__detach_all(struct prober *prober)
{
	struct attach_links all = {};

	if (prober->bpf)
		prober->bpf->bss->recording = false;
	/* In one go; without memory for that, one after the other. */
	for (size_t i = 0; i < prober->attachment_cnt; i++) {
		struct attachment *attachment = &prober->attachments[i];

		if (attach_links__move(&all, &attachment->begins))
			attach_links__free(&attachment->begins);
		if (attach_links__move(&all, &attachment->ends))
			attach_links__free(&attachment->ends);
	}
	attach_links__free(&all);
}

/* --- reading ------------------------------------------------------------------------------- */

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

static void add_sums(struct tacho_summary_sums *to, const struct tacho_summary_sums *from)
{
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		to->ended[i] += from->ended[i];
	for (int i = 0; i < TACHO_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
	to->sum_ns += from->sum_ns;
	if (from->min_inverse_ns > to->min_inverse_ns)
		to->min_inverse_ns = from->min_inverse_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
}

int prober__take_sums(const struct prober *prober, uint32_t state, bool last,
		      struct tacho_summary_sums *ret_sums)
{
	const struct tacho_summary_key key = {
		.state = state,
		.parity = last ? prober->parity : !prober->parity,
	};
	int fd = bpf_map__fd(prober->bpf->maps.summaries);
	struct tacho_summary_sums *per_cpu = calloc(prober->cpu_cnt, sizeof(*per_cpu));
	struct tacho_summary_sums sums = {};

	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, per_cpu)) {
		free(per_cpu);
		return 0;
	}
	bpf_map_delete_elem(fd, &key);
	for (int i = 0; i < prober->cpu_cnt; i++)
		add_sums(&sums, &per_cpu[i]);
	free(per_cpu);
	*ret_sums = sums;
	return 1;
}

void prober__next_interval(struct prober *prober)
{
	prober->parity = !prober->parity;
	prober->bpf->bss->summary_parity = prober->parity;
}

int prober__close_open_calls(struct prober *prober)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
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
	/* Who has just slept knows what time the scheduler has (run_queue_now_ns, process.bpf.c).
	 */
	nanosleep(&moment, NULL);
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
	prober__detach_all(prober);
	tacho_bpf__destroy(prober->bpf);
	free(prober->attachments);
	free(prober->specs);
	free(prober->state_rules);
	free(prober);
}
