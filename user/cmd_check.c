/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "commands.h"
#include "message.h"
#include "plan/plan.h"
#include "settings.h"

static const struct cli_option options[] = {
	SETTINGS_OPTIONS,
	{},
};

static const struct cli cli = {
	.command = "check",
	.usage = "[OPTION]...",
	.about = "Resolves every state and shows where record would attach: file, build-id, "
		 "symbol,\n"
		 "file offset, and how the end of a call would be seen and why. Attaches to "
		 "nothing\n"
		 "and needs no privileges.",
	.options = options,
	.notes = "Exit status: 0, 1 when a function cannot be recorded, 2 for wrong usage or\n"
		 "settings.",
};

static void print_probe(const struct plan *plan, const struct planned_probe *probe)
{
	const struct planned_binary *binary = &plan->binaries[probe->binary];
	const char *build_id = elf_file__build_id(binary->elf);

	printf("%s\n", plan->states[probe->state].name);
	printf("  file      %s\n", binary->path);
	printf("  build-id  %s\n", *build_id ? build_id : "none");
	printf("  symbol    %s", probe->symbol);
	if (probe->delta)
		printf("+0x%llx", (unsigned long long)probe->delta);
	printf(" (%s, %llu bytes at 0x%llx)\n", probe->table, (unsigned long long)probe->size,
	       (unsigned long long)probe->vaddr);
	printf("  offset    0x%llx\n", (unsigned long long)probe->offset);
	if (probe->fast)
		printf("  exit      fast: the return address is replaced; %s\n", probe->reason);
	else
		printf("  exit      safe: %zu exit%s probed; %s\n", probe->exit_cnt,
		       probe->exit_cnt == 1 ? " is" : "s are", probe->reason);
	if (probe->tail_call_cnt)
		printf("            tail calls among them: %zu; a call that leaves by one ends at "
		       "the "
		       "jump\n",
		       probe->tail_call_cnt);
	if (plan->states[probe->state].process)
		printf("  process   %s\n", plan->states[probe->state].process);
}

/* Plans one state alone, so that a bad one does not hide the others. */
static int check_state(struct config *config, size_t index)
{
	const struct plan_options wanted = { .count_inlined = true };
	struct plan *plan = NULL;
	struct fault why = {};

	for (size_t i = 0; i < config->state_cnt; i++)
		config->states[i].enabled = i == index;
	if (plan__new(config, &wanted, &plan, &why)) {
		message("check: %s", why.text);
		return CLI_EXIT_FAILED;
	}
	for (size_t i = 0; i < plan->probe_cnt; i++)
		print_probe(plan, &plan->probes[i]);
	plan__free(plan);
	return 0;
}

static int check_states(struct config *config)
{
	bool *enabled = calloc(config->state_cnt, sizeof(*enabled));
	int status = 0;

	if (!enabled) {
		message("check: no memory");
		return CLI_EXIT_FAILED;
	}
	for (size_t i = 0; i < config->state_cnt; i++)
		enabled[i] = config->states[i].enabled;
	for (size_t i = 0; i < config->state_cnt; i++) {
		if (enabled[i] && check_state(config, i))
			status = CLI_EXIT_FAILED;
	}
	free(enabled);
	if (fflush(stdout) || ferror(stdout)) {
		message("check: writing the plan failed");
		return CLI_EXIT_FAILED;
	}
	return status;
}

static int parse_arguments(struct settings *settings, int argc, char **argv, bool *ret_done)
{
	int status = 0;
	int operand;
	int letter;
	char *arg;

	while (!status && (letter = cli__next(&cli, argc, argv, &arg, &operand)) != CLI_END) {
		*ret_done = letter < 0;
		if (*ret_done)
			return cli__status(letter);
		status = settings__take(settings, letter, arg);
	}
	if (!status && operand < argc)
		return cli__refuse(&cli, "'%s' is one word too many", argv[operand]);
	return status;
}

int cmd_check(int argc, char **argv)
{
	struct settings settings;
	bool done = false;
	int status;

	settings__init(&settings, &cli);
	status = parse_arguments(&settings, argc, argv, &done);
	if (!status && !done)
		status = settings__finish(&settings);
	if (!status && !done)
		status = check_states(settings.config);
	settings__free(&settings);
	return status;
}
