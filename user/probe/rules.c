/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which processes satisfy the globs of `process =`: each different glob is a rule. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

/* The number of the rule with this glob, a new one if need be. */
static int want_rule(struct prober *prober, const char *text, uint32_t *ret_rule, struct fault *why)
{
	uint32_t rule = 0;
	int err;

	while (rule < prober->glob_cnt && strcmp(prober->glob_texts[rule], text))
		rule++;
	if (rule == TACHO_RULES_MAX - 1)
		return fault__set(why, -E2BIG, "more than %d different `process =` globs%s",
				  TACHO_RULES_MAX - 1,
				  prober->bpf ? " since the start (start again)" : "");
	if (rule == prober->glob_cnt) {
		err = glob_compile(text, &prober->globs[rule], why);
		if (err)
			return err;
		prober->glob_texts[rule] = strdup(text);
		if (!prober->glob_texts[rule])
			return fault__set(why, -ENOMEM, "no memory");
		prober->glob_cnt++;
	}
	*ret_rule = rule + 1;
	return 0;
}

int prober__make_rules(struct prober *prober, size_t first, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	int err;

	if (!prober->state_rules)
		prober->state_rules = calloc(prober->states_max + 1, sizeof(*prober->state_rules));
	if (!prober->state_rules)
		return fault__set(why, -ENOMEM, "no memory for %zu states", plan->state_cnt);
	for (size_t i = first; i < plan->state_cnt; i++) {
		const char *text = plan->states[i].process;

		prober->state_rules[i] = 0;
		if (!text)
			continue;
		err = want_rule(prober, text, &prober->state_rules[i], why);
		if (err)
			return fault__prefix(why, err, "state %s: process", plan->states[i].name);
	}
	return 0;
}

int prober__write_globs(struct prober *prober, uint32_t first, struct fault *why)
{
	int fd = bpf_map__fd(prober->bpf->maps.globs);

	for (uint32_t i = first; i < prober->glob_cnt; i++) {
		if (bpf_map_update_elem(fd, &i, &prober->globs[i], BPF_ANY))
			return fault__set(why, -errno, "BPF map 'globs': %s", strerror(errno));
	}
	prober->bpf->bss->glob_cnt = prober->glob_cnt;
	return 0;
}

/* Without [marks], only labels of Python functions are of interest. These are known: no glob is
 * asked about the name of the first of them. */
static const char *label_glob(const struct plan *plan, uint32_t number)
{
	uint32_t state = 0;

	if (plan->config->marks.enabled)
		return plan->config->marks.labels[number];
	while (!plan__is_python(plan, state))
		state++;
	return plan->states[state].name;
}

int prober__write_label_globs(struct prober *prober, struct fault *why)
{
	int fd = bpf_map__fd(prober->bpf->maps.label_globs);
	struct tacho_glob glob;
	int err = 0;

	for (uint32_t i = 0; !err && i < prober__label_glob_cnt(prober); i++) {
		err = glob_compile(label_glob(prober->options.plan, i), &glob, why);
		if (!err && bpf_map_update_elem(fd, &i, &glob, BPF_ANY))
			err = fault__set(why, -errno, "BPF map 'label_globs': %s", strerror(errno));
	}
	return err;
}

static int write_python_label(struct prober *prober, uint32_t state)
{
	const struct planned_state *planned = &prober->options.plan->states[state];
	struct tacho_label_name name = { .known = 1 };
	uint32_t number = planned->label - 1;

	strncpy(name.text, planned->name, sizeof(name.text) - 1);
	if (bpf_map_update_elem(bpf_map__fd(prober->bpf->maps.label_names), &number, &name,
				BPF_ANY))
		return -errno;
	prober__select_python_label(prober, state, true);
	return 0;
}

int prober__write_python_labels(struct prober *prober, size_t first, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	int err = 0;

	for (size_t i = first; !err && i < plan->state_cnt; i++) {
		if (plan__is_python(plan, i))
			err = write_python_label(prober, i);
	}
	return err ? fault__set(why, err, "BPF map 'label_names': %s", strerror(-err)) : 0;
}

/* One that is not selected may have left its label to a state of the same name. */
void prober__select_python_label(struct prober *prober, uint32_t state, bool selected)
{
	const struct planned_state *planned = &prober->options.plan->states[state];
	int fd = bpf_map__fd(prober->bpf->maps.labels);
	uint32_t number = planned->label - 1, known = TACHO_LABEL_UNWANTED;
	struct tacho_label_key key = {};

	strncpy(key.text, planned->name, sizeof(key.text) - 1);
	bpf_map_lookup_elem(fd, &key, &known);
	if (!selected && known != number)
		return;
	if (!selected)
		number = TACHO_LABEL_UNWANTED;
	bpf_map_update_elem(fd, &key, &number, BPF_ANY);
	__atomic_fetch_add(&prober->bpf->bss->label_generation, 1, __ATOMIC_SEQ_CST);
}

static uint64_t rules_of_command(const struct prober *prober, const char *command, size_t sz)
{
	uint64_t rules = 0;

	for (uint32_t i = 0; i < prober->glob_cnt; i++) {
		if (glob_matches(&prober->globs[i], command, sz))
			rules |= 1ULL << (i + 1);
	}
	return rules;
}

/* The process satisfies these; whether it is in scope is not asked here. */
static int set_rules(const struct prober *prober, pid_t pid, uint64_t rules)
{
	int fd = bpf_map__fd(prober->bpf->maps.processes);
	struct tacho_process process = {};
	__u32 key = pid;

	bpf_map_lookup_elem(fd, &key, &process);
	process.rules = (process.rules & (TACHO_RULE_SCOPE | TACHO_RULE_SCOPE_AT_EXEC)) | rules;
	if (!process.rules)
		bpf_map_delete_elem(fd, &key);
	else if (bpf_map_update_elem(fd, &key, &process, BPF_ANY))
		return -errno;
	/* Gone in the meantime: the exit hook may have run before the entry was made. */
	if (kill(pid, 0) && errno == ESRCH)
		bpf_map_delete_elem(fd, &key);
	return 0;
}

#define LOOKS_MAX 4

/* A process that ran before the hooks, or some of the globs, were there. The exec hook may judge it
 * at the same time: then the command line is another one, and it is judged again. */
static int judge_process(void *ctx, pid_t pid)
{
	struct prober *prober = ctx;
	char command[TACHO_COMMAND_SZ], again[TACHO_COMMAND_SZ];
	ssize_t sz, again_sz;
	int err = 0;

	if (pid == getpid())
		return 0; /* never ourselves, whatever the glob */
	sz = read_command_line(pid, command);
	for (int i = 0; !err && i < LOOKS_MAX; i++) {
		if (sz <= 0)
			return 0; /* gone meanwhile, or a kernel thread */
		err = set_rules(prober, pid, rules_of_command(prober, command, sz));
		again_sz = read_command_line(pid, again);
		if (again_sz == sz && !memcmp(command, again, sz))
			return err;
		sz = again_sz;
		memcpy(command, again, sizeof(command));
	}
	return err;
}

int prober__judge_processes(struct prober *prober, struct fault *why)
{
	int err;

	if (!prober->glob_cnt)
		return 0;
	err = each_process(judge_process, prober);
	if (err)
		return fault__set(why, err, "the running processes cannot be read from /proc: %s",
				  strerror(-err));
	return 0;
}
