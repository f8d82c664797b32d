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

/* States that may be added while recording: these, or as many as there are. */
#define STATES_SPARE 256

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
	const bool filtering = prober__may_filter(prober);

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

static int write_budgets(struct prober *prober, size_t first, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	int fd = bpf_map__fd(prober->bpf->maps.budgets);

	for (__u32 i = first; i < plan->state_cnt; i++) {
		const struct tacho_budget budget = { .limit = plan->states[i].rate_limit };

		__u32 state = prober__kernel_state(prober, i);

		if (plan->states[i].label && !plan__is_python(plan, i))
			continue;
		if (bpf_map_update_elem(fd, &state, &budget, BPF_ANY))
			return fault__set(why, -errno, "BPF map 'budgets': %s", strerror(errno));
	}
	return 0;
}

/* Of labels, which come later; all alike. */
static int write_label_budgets(struct prober *prober, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	int fd = bpf_map__fd(prober->bpf->maps.budgets);

	for (__u32 i = 0; i < prober->labels_max; i++) {
		const struct tacho_budget budget = {
			.limit = plan->states[plan->marks_state].rate_limit,
		};
		__u32 state = prober->states_max + i;

		if (bpf_map_update_elem(fd, &state, &budget, BPF_ANY))
			return fault__set(why, -errno, "BPF map 'budgets': %s", strerror(errno));
	}
	return 0;
}

/* The kernel's tables are by state, and of a fixed size. */
static int make_room_for_states(struct prober *prober, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	size_t cnt = plan->state_cnt;
	size_t more = cnt > STATES_SPARE ? cnt : STATES_SPARE;

	if (plan->has_marks)
		prober->labels_max = plan->reserved_labels + plan->config->marks.limit + 1;
	/* Labels are states of the plan, too, when they are known. */
	prober->states_max = cnt + prober->labels_max + (prober->options.may_grow ? more : 0);
	if (prober->states_max > TACHO_STATES_MAX - prober->labels_max)
		prober->states_max = TACHO_STATES_MAX - prober->labels_max;
	if (cnt <= prober->states_max)
		return 0;
	return fault__set(why, -E2BIG,
			  "%zu states and %zu labels of marks are more than %d together (set a "
			  "smaller limit in [marks])",
			  cnt, prober->labels_max, TACHO_STATES_MAX);
}

int prober__new(const struct prober_options *options, struct prober **ret_prober, struct fault *why)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	int err;

	if (!prober)
		return fault__set(why, -ENOMEM, "no memory");
	prober->options = *options;
	raise_open_files_limit();
	err = make_room_for_states(prober, why);
	if (!err)
		err = prober__make_rules(prober, 0, why);
	if (!err)
		err = prober__make_room_for_specs(prober, why);
	if (!err)
		err = prober__load(prober, why);
	if (err)
		goto fail;
	prober->cpu_cnt = libbpf_num_possible_cpus();
	if (prober->cpu_cnt < 0) {
		err = fault__set(why, prober->cpu_cnt, "the number of CPUs cannot be read");
		goto fail;
	}
	err = write_label_budgets(prober, why);
	if (!err)
		err = write_budgets(prober, 0, why);
	if (!err)
		err = prober__write_python_labels(prober, 0, why);
	if (!err)
		err = prober__write_globs(prober, 0, why);
	if (!err)
		err = prober__write_label_globs(prober, why);
	if (!err)
		err = attach_hooks(prober, why);
	/* Hooks first, then those that were there: between the two, nobody slips through. */
	if (!err)
		err = prober__judge_processes(prober, why);
	if (err)
		goto fail;
	prober->state_cnt = options->plan->state_cnt;
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

void prober__begin(struct prober *prober)
{
	prober->bpf->bss->recording = true;
}

/* --- states that are added ------------------------------------------------------------------ */

int prober__add_states(struct prober *prober, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	uint32_t first_glob = prober->glob_cnt;
	int err;

	if (plan->state_cnt > prober->states_max)
		return fault__set(why, -E2BIG,
				  "no more than %zu states, old and new ones, find room in this "
				  "recording (start again)",
				  prober->states_max);
	err = prober__make_rules(prober, prober->state_cnt, why);
	if (!err)
		err = write_budgets(prober, prober->state_cnt, why);
	if (!err)
		err = prober__write_python_labels(prober, prober->state_cnt, why);
	if (!err && prober->glob_cnt > first_glob) {
		err = prober__write_globs(prober, first_glob, why);
		if (!err)
			err = prober__judge_processes(prober, why);
		prober->bpf->bss->rules_generation++;
	}
	if (!err)
		prober->state_cnt = plan->state_cnt;
	return err;
}

int prober__set_limit(struct prober *prober, uint32_t state)
{
	const struct tacho_budget budget = {
		.limit = prober->options.plan->states[state].rate_limit,
	};

	state = prober__kernel_state(prober, state);
	return bpf_map_update_elem(bpf_map__fd(prober->bpf->maps.budgets), &state, &budget, BPF_ANY)
		       ? -errno
		       : 0;
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

static int read_counts(const struct prober *prober, uint32_t state,
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

int prober__read_counts(const struct prober *prober, uint32_t state,
			struct tacho_state_counts *ret_counts)
{
	return read_counts(prober, prober__kernel_state(prober, state), ret_counts);
}

bool prober__label_is_used(const struct prober *prober, uint32_t label)
{
	struct tacho_state_counts counts = {};

	read_counts(prober, prober->states_max + label, &counts);
	return counts.entries || counts.unmatched_returns;
}

size_t prober__label_cnt(const struct prober *prober)
{
	size_t cnt = prober->bpf->bss->label_cnt;

	if (!prober->labels_max)
		return 0;
	/* When the numbers are used up, there may be others. */
	return cnt < prober->labels_max - 1 ? cnt : prober->labels_max;
}

int prober__read_label(const struct prober *prober, uint32_t label,
		       struct tacho_label_name *ret_name)
{
	return bpf_map_lookup_elem(bpf_map__fd(prober->bpf->maps.label_names), &label, ret_name)
		       ? -errno
		       : 0;
}

int prober__read_attribute(const struct prober *prober, uint32_t attribute,
			   struct tacho_attribute_name *ret_name)
{
	int fd = bpf_map__fd(prober->bpf->maps.attribute_names);

	return bpf_map_lookup_elem(fd, &attribute, ret_name) ? -errno : 0;
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
		.state = prober__kernel_state(prober, state),
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

/* Runs an iterator over all tasks. */
static int visit_tasks(const struct bpf_program *program)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct bpf_link *link;
	char nothing[64];
	ssize_t got;
	int err = 0;
	int fd;

	link = bpf_program__attach_iter(program, NULL);
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

int prober__close_open_calls(struct prober *prober)
{
	return visit_tasks(prober->bpf->progs.close_open_calls);
}

int prober__close_unselected_calls(struct prober *prober)
{
	return visit_tasks(prober->bpf->progs.close_unselected_calls);
}

void prober__free(struct prober *prober)
{
	if (!prober)
		return;
	prober__detach_all(prober);
	tacho_bpf__destroy(prober->bpf);
	free(prober->attachments);
	free(prober->specs.items);
	free(prober->specs.slots);
	for (uint32_t i = 0; i < prober->glob_cnt; i++)
		free(prober->glob_texts[i]);
	free(prober->state_rules);
	free(prober);
}
