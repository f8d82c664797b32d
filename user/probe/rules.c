/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which processes satisfy the globs of `process =`: each different glob is a rule. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

int prober__make_rules(struct prober *prober, struct fault *why)
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

int prober__write_globs(struct prober *prober, struct fault *why)
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
