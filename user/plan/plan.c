/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/locate.h"
#include "../parse.h"
#include "code.h"
#include "exit_mode.h"

static void *grow(void *items, size_t cnt, size_t item_sz)
{
	/* powers of two, seen from the count alone */
	if (cnt && (cnt & (cnt - 1)))
		return items;
	return reallocarray(items, cnt ? cnt * 2 : 1, item_sz);
}

static int plan__add_binary(struct plan *plan, const char *text, uint32_t *ret_index,
			    struct fault *why)
{
	struct planned_binary *grown;
	struct elf_file *elf = NULL;
	char *path = NULL;
	int err;

	err = locate_binary(text, &path, why);
	if (!err)
		err = elf_file__open(path, &elf, why);
	if (err)
		goto out;
	for (size_t i = 0; i < plan->binary_cnt; i++) {
		if (elf_file__dev(plan->binaries[i].elf) == elf_file__dev(elf) &&
		    elf_file__ino(plan->binaries[i].elf) == elf_file__ino(elf)) {
			*ret_index = i;
			goto out;
		}
	}
	grown = grow(plan->binaries, plan->binary_cnt, sizeof(*grown));
	if (!grown) {
		err = -ENOMEM;
		goto out;
	}
	plan->binaries = grown;
	*ret_index = plan->binary_cnt;
	plan->binaries[plan->binary_cnt++] = (struct planned_binary) { .path = path, .elf = elf };
	return 0;
out:
	elf_file__free(elf);
	free(path);
	return err;
}

/* Splits "symbol+0xOFF". A '+' that is not followed by a number belongs to the name (operator+). */
static int split_delta(const char *function, char **ret_name, uint64_t *ret_delta)
{
	const char *plus = strrchr(function, '+');
	uint64_t delta = 0;
	size_t name_sz = strlen(function);

	if (plus && plus > function && !parse_offset(plus + 1, &delta))
		name_sz = plus - function;
	*ret_name = strndup(function, name_sz);
	*ret_delta = delta;
	return *ret_name ? 0 : -ENOMEM;
}

/*
 * Safe mode: the function's exits, as file offsets. A call that leaves by a tail call ends at the
 * jump, and the time of what it jumped to is missing: a function that always does so is recorded
 * only when somebody asks for it by name of the mode.
 */
static int find_exits(struct planned_probe *probe, const struct elf_file *elf, struct code *code,
		      enum exit_choice choice, struct fault *why)
{
	struct code_exits exits = {};
	int err;

	err = code__find_exits(code, &exits, why);
	if (err)
		return err;
	if (exits.maybe_cnt > 0)
		err = fault__set(why, -EOPNOTSUPP, "it has a jump that may leave it or not");
	/* Which of the two probes would fire first is anybody's guess. */
	else if (exits.items[0].offset == (int64_t)probe->delta)
		err = fault__set(why, -EOPNOTSUPP,
				 "its first instruction is also its last (a bare return or jump)");
	else if (exits.tail_call_cnt == exits.cnt && choice != EXIT_SAFE)
		err = fault__set(why, -EOPNOTSUPP,
				 "it always ends in a jump to another function, and its calls "
				 "would end there (exit = safe accepts that)");
	else if (!(probe->exits = calloc(exits.cnt, sizeof(*probe->exits))))
		err = -ENOMEM;
	for (size_t i = 0; !err && i < exits.cnt; i++) {
		err = elf_file__offset(elf, probe->vaddr + (uint64_t)exits.items[i].offset,
				       &probe->exits[i]);
		probe->exit_cnt++;
	}
	probe->tail_call_cnt = exits.tail_call_cnt;
	code_exits__free(&exits);
	return err;
}

/* Chooses between fast and safe, and refuses where neither is known to do no harm. */
static int choose_exit(struct planned_probe *probe, const struct elf_file *elf, struct code *code,
		       enum exit_choice choice, struct fault *why)
{
	char reason[EXIT_REASON_SZ] = "asked for";
	struct fault no_exits = {};
	int err;

	probe->fast = choice == EXIT_FAST ||
		      (choice == EXIT_AUTO && exit_mode_fast_is_harmless(elf, reason));
	probe->reason = strdup(reason);
	if (!probe->reason)
		return -ENOMEM;
	/* Either way a call is told from the others by its stack pointer at entry. */
	if (probe->delta) {
		err = code__check_return_intact(code, probe->delta, why);
		if (err)
			return err;
	}
	if (probe->fast)
		return 0;
	err = find_exits(probe, elf, code, choice, &no_exits);
	if (!err || err == -ENOMEM)
		return err;
	if (choice == EXIT_SAFE)
		return fault__set(why, err, "%s", no_exits.text);
	return fault__set(why, err,
			  "it cannot be recorded exactly and without risk. Replacing return "
			  "addresses may kill the program: %s. Probing its exits will not do: %s. "
			  "If no exception or coroutine passes this function, set exit = fast",
			  reason, no_exits.text);
}

static int plan__add_probe(struct plan *plan, const struct planned_probe *template,
			   const struct elf_symbol *symbol, enum exit_choice choice,
			   struct fault *why)
{
	const struct elf_file *elf = plan->binaries[template->binary].elf;
	struct planned_probe *probe;
	struct planned_probe *grown;
	struct code_reader *reader = NULL;
	struct code *code = NULL;
	int err;

	grown = grow(plan->probes, plan->probe_cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->probes = grown;
	probe = &plan->probes[plan->probe_cnt++];
	*probe = *template;
	probe->function = strdup(template->function);
	probe->symbol = strdup(symbol->name);
	if (!probe->function || !probe->symbol)
		return -ENOMEM;
	probe->table = symbol->table;
	probe->vaddr = symbol->vaddr;
	probe->size = symbol->size;
	err = code_reader__new(elf, &reader, why);
	if (!err)
		err = code__load(reader, probe->vaddr, probe->size, &code, why);
	if (!err)
		err = code__check_boundary(code, probe->delta, why);
	if (!err)
		err = elf_file__offset(elf, probe->vaddr + probe->delta, &probe->offset);
	if (!err)
		err = choose_exit(probe, elf, code, choice, why);
	code__free(code);
	code_reader__free(reader);
	return err;
}

static int plan__add_function(struct plan *plan, uint32_t state, const struct state_config *config,
			      const struct function_ref *function, struct fault *why)
{
	struct planned_probe template = { .state = state, .function = function->function };
	struct elf_symbols symbols = {};
	char *name = NULL;
	int err;

	err = plan__add_binary(plan, function->binary, &template.binary, why);
	if (err)
		return fault__prefix(why, err, "%s: state %s", function->origin, config->name);
	err = split_delta(function->function, &name, &template.delta);
	if (!err)
		err = elf_file__find(plan->binaries[template.binary].elf,
				     &(struct elf_query) { .name = name }, &symbols, why);
	for (size_t i = 0; !err && i < symbols.cnt; i++) {
		err = plan__add_probe(plan, &template, &symbols.items[i], config->exit, why);
		if (err)
			fault__prefix(why, err, "%s", function->function);
	}
	if (err)
		fault__prefix(why, err, "%s: state %s", function->origin, config->name);
	elf_symbols__free(&symbols);
	free(name);
	return err;
}

static int plan__add_states(struct plan *plan, const struct config *config, struct fault *why)
{
	const struct state_config *state;
	int err = 0;

	plan->states = calloc(config->state_cnt, sizeof(*plan->states));
	if (!plan->states)
		return -ENOMEM;
	for (size_t i = 0; !err && i < config->state_cnt; i++) {
		state = &config->states[i];
		if (!state->enabled)
			continue;
		plan->states[plan->state_cnt++] =
			(struct planned_state) { .name = state->name, .process = state->process };
		for (size_t f = 0; !err && f < state->function_cnt; f++)
			err = plan__add_function(plan, plan->state_cnt - 1, state,
						 &state->functions[f], why);
	}
	return err;
}

int plan__new(const struct config *config, struct plan **ret_plan, struct fault *why)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int err;

	if (!plan)
		return fault__set(why, -ENOMEM, "no memory for the plan");
	err = plan__add_states(plan, config, why);
	if (err) {
		if (err == -ENOMEM)
			fault__set(why, err, "no memory for the plan");
		plan__free(plan);
		return err;
	}
	*ret_plan = plan;
	return 0;
}

void plan__free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		free(plan->probes[i].function);
		free(plan->probes[i].symbol);
		free(plan->probes[i].reason);
		free(plan->probes[i].exits);
	}
	for (size_t i = 0; i < plan->binary_cnt; i++) {
		free(plan->binaries[i].path);
		elf_file__free(plan->binaries[i].elf);
	}
	free(plan->probes);
	free(plan->binaries);
	free(plan->states);
	free(plan);
}
