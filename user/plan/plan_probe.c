/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One function or mark: where it begins, how its end is seen, and what is read there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/debug_file.h"
#include "../elf/dwarf.h"
#include "../elf/usdt.h"
#include "kernel_faults.h"
#include "marks.h"
#include "plan_internal.h"

/* --- debugging information ------------------------------------------------------------------ */

struct dwarf_info *plan__dwarf(struct plan *plan, uint32_t index)
{
	struct planned_binary *binary = &plan->binaries[index];
	const struct debug_file_options options = { .debuginfod = plan->config->debuginfod };

	if (!binary->dwarf_looked_for) {
		binary->dwarf_looked_for = true;
		if (dwarf_info__open(binary->elf, &options, &binary->dwarf, NULL))
			binary->dwarf = NULL;
	}
	return binary->dwarf;
}

/* --- how a call ends ------------------------------------------------------------------------ */

static const struct code_exit *exit_at(const struct code_exits *exits, uint64_t offset)
{
	for (size_t i = 0; i < exits->cnt; i++) {
		if (exits->items[i].offset == (int64_t)offset)
			return &exits->items[i];
	}
	return NULL;
}

static uint16_t jump_register(const struct elf_file *elf, uint8_t number)
{
	return number == CODE_REGISTER_NONE ? TACHO_NO_REGISTER
					    : register_offset(elf_file__machine(elf), number);
}

_Static_assert(CODE_ALWAYS == TACHO_JUMP_ALWAYS && CODE_IF_ZERO == TACHO_JUMP_ZERO &&
		       CODE_IF_NOT_ZERO == TACHO_JUMP_NOT_ZERO &&
		       CODE_IF_BIT_CLEAR == TACHO_JUMP_BIT_CLEAR &&
		       CODE_IF_BIT_SET == TACHO_JUMP_BIT_SET,
	       "the decoder's conditions are the kernel side's");

static struct tacho_jump translate_jump(const struct elf_file *elf, const struct code_jump *jump)
{
	struct tacho_jump to = {
		.present = 1,
		.condition = jump->condition,
		.bit = jump->test_bit,
		.scale = jump->scale,
		.condition_reg = jump_register(elf, jump->test_register),
		.base = jump_register(elf, jump->base),
		.index = jump_register(elf, jump->index),
		.in_memory = jump->target == CODE_TARGET_MEMORY,
		.displacement = jump->displacement,
	};

	memcpy(to.inside, jump->inside, sizeof(to.inside));
	return to;
}

static int add_exits(struct planned_probe *probe, const struct elf_file *elf,
		     const struct code_exits *exits)
{
	int err = 0;

	probe->exits = calloc(exits->cnt + 1, sizeof(*probe->exits));
	if (!probe->exits)
		return -ENOMEM;
	for (size_t i = 0; !err && i < exits->cnt; i++) {
		const struct code_exit *from = &exits->items[i];
		struct planned_exit *to = &probe->exits[probe->exit_cnt++];

		to->cost = from->cost;
		to->tail_call = from->kind != CODE_EXIT_RETURN;
		if (from->kind == CODE_EXIT_MAYBE)
			to->jump = translate_jump(elf, &from->jump);
		err = elf_file__offset(elf, probe->vaddr + from->offset, &to->offset);
	}
	probe->tail_call_cnt = exits->tail_call_cnt;
	probe->maybe_cnt = exits->maybe_cnt;
	return err;
}

/*
 * Safe mode. A call that leaves by a tail call ends at the jump, and the time of what it jumped to
 * is missing: a function that always does so is recorded only when somebody asks for it by name of
 * the mode.
 */
static int find_exits(const struct code *code, struct code_exits *ret_exits,
		      const struct planned_probe *probe, enum exit_choice choice, struct fault *why)
{
	int err;

	err = code__find_exits(code, ret_exits, why);
	if (err)
		return err;
	if (ret_exits->restarts && !probe->by_goroutine)
		err = fault__set(why, -EOPNOTSUPP,
				 "it jumps back to its first instruction, so that one call looks "
				 "like several");
	/* Which of the two probes would fire first is anybody's guess. */
	else if (exit_at(ret_exits, probe->delta))
		err = fault__set(why, -EOPNOTSUPP,
				 "its first instruction is also its last (a bare return or jump)");
	else if (ret_exits->cnt && ret_exits->tail_call_cnt == ret_exits->cnt &&
		 choice != EXIT_SAFE)
		err = fault__set(why, -EOPNOTSUPP,
				 "it always ends in a jump to another function, and its calls "
				 "would end there (exit = safe accepts that)");
	if (err)
		code_exits__free(ret_exits);
	return err;
}

static void choose_mode(struct planned_binary *binary, enum exit_choice choice, bool *ret_fast,
			const char **ret_reason)
{
	if (choice != EXIT_AUTO) {
		*ret_fast = choice == EXIT_FAST;
		*ret_reason = "asked for";
		return;
	}
	if (!binary->exit_mode_known) {
		binary->fast_is_harmless =
			exit_mode_fast_is_harmless(binary->elf, binary->root, binary->exit_reason);
		binary->exit_mode_known = true;
	}
	*ret_fast = binary->fast_is_harmless;
	*ret_reason = binary->exit_reason;
}

/* The program is harmless; is the function? */
static bool may_be_fast(const struct elf_file *elf, uint64_t vaddr, const struct code *code,
			const char **reason)
{
	if (vaddr == elf_file__entry(elf))
		*reason = "the program begins there: nobody called it, and it has no return "
			  "address";
	else if (code__reads_return_address(code))
		*reason = "it looks at its return address, which must be its own";
	else if (code__calls_itself(code))
		*reason = "it calls itself, and of more than 64 nested calls the kernel does not "
			  "see the end";
	else
		return true;
	return false;
}

/* Chooses between fast and safe, and refuses where neither is known to do no harm. */
static int choose_exit(struct plan *plan, struct planned_probe *probe, const struct code *code,
		       struct code_exits *ret_exits, struct fault *why)
{
	struct planned_binary *binary = &plan->binaries[probe->binary];
	enum exit_choice choice = plan->states[probe->state].config->exit;
	struct fault no_exits = {};
	const char *reason;
	int err = 0;

	choose_mode(binary, choice, &probe->fast, &reason);
	probe->by_goroutine = !probe->fast && elf_file__is_go(binary->elf);
	if (probe->fast && choice == EXIT_AUTO)
		probe->fast = may_be_fast(binary->elf, probe->vaddr, code, &reason);
	probe->reason = strdup(reason);
	if (!probe->reason)
		return -ENOMEM;
	/* Either way a call is told from the others by its stack pointer at entry. */
	if (probe->delta)
		err = code__check_return_intact(code, probe->delta, why);
	if (!err && probe->fast && probe->vaddr == elf_file__entry(binary->elf))
		err = fault__set(why, -EINVAL,
				 "the program begins there: there is no return address to replace "
				 "(use exit = safe)");
	if (err || probe->fast)
		return err;
	err = find_exits(code, ret_exits, probe, choice, &no_exits);
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

/* --- where it begins ------------------------------------------------------------------------ */

/* Moves the entry to where it costs least, but not onto an exit. */
static void place_entry(const struct plan *plan, struct planned_probe *probe,
			const struct code *code, const struct code_exits *exits)
{
	/* Go's prologue begins again when it has made the stack larger: behind that check, a call
	 * is seen once. */
	const uint64_t from =
		probe->by_goroutine && !probe->delta ? code__behind_checks(code) : probe->delta;
	const struct code_entry_wish wish = {
		.from = from,
		.return_intact = probe->kind == PLANNED_CALL && probe->fast,
		.shadow_stack = kernel_forgets_shadow_stacks(),
		.no_nop5 = kernel_breaks_nops(),
		.arguments = plan_arguments_read(
			probe, elf_file__machine(plan->binaries[probe->binary].elf)),
	};
	struct code_entry entry;

	probe->entry_offset = from;
	probe->cost = code__cost_at(code, from);
	if (plan->states[probe->state].config->place == PLACE_SYMBOL ||
	    code__place_entry(code, &wish, &entry, NULL) || exit_at(exits, entry.offset))
		return;
	probe->entry_offset = entry.offset;
	probe->sp_delta = entry.sp_delta;
	probe->cost = entry.cost;
}

void planned_probe__settle_types(struct planned_probe *probe, const struct planned_state *state)
{
	uint16_t text_offset = 0;

	if (!state->types_settled || probe->kind == PLANNED_END)
		return;
	for (size_t i = 0; i < state->config->capture_cnt; i++) {
		probe->values[i].type = state->types[i];
		probe->values[i].fetch.text_offset = text_offset;
		probe->values[i].fetch.text_sz = state->text_szs[i];
		text_offset += state->text_szs[i];
	}
}

/* Values on the stack are further away where the stack pointer has moved. */
static int resolve_values(struct plan *plan, struct planned_probe *probe,
			  const struct usdt_site *site, struct fault *why)
{
	const struct state_config *state = plan->states[probe->state].config;
	const struct value_scope scope = {
		.usdt = site,
		.vaddr = probe->vaddr,
		.at_entry = !probe->delta,
		.sp_delta = probe->sp_delta,
	};
	const struct value_ref *key =
		probe->kind == PLANNED_END ? &state->end_key : &state->begin_key;
	uint16_t text_offset = 0;
	int err;

	for (size_t i = 0; probe->kind != PLANNED_END && i < state->capture_cnt; i++) {
		const struct capture_config *capture = &state->captures[i];
		struct planned_value *value = &probe->values[i];

		err = plan__resolve_value(plan, probe->binary, &capture->value, &scope, value, why);
		if (err)
			return fault__prefix(why, err, "capture %s", capture->name);
		value->fetch.text_offset = text_offset;
		text_offset += value->fetch.text_sz;
		if (text_offset > TACHO_TEXT_SZ)
			return fault__set(why, -E2BIG,
					  "its captured strings have more than %d bytes together "
					  "(set smaller limits: string[32])",
					  TACHO_TEXT_SZ);
	}
	planned_probe__settle_types(probe, &plan->states[probe->state]);
	if (probe->kind == PLANNED_BEGIN || probe->kind == PLANNED_END) {
		err = plan__resolve_value(plan, probe->binary, key, &scope, &probe->key, why);
		if (err)
			return fault__prefix(why, err, "key");
	}
	return 0;
}

/* What the function returns, when somebody wants to know. */
static int resolve_return_type(struct plan *plan, struct planned_probe *probe, struct fault *why)
{
	const struct failed_if_config *failed_if = &plan->states[probe->state].config->failed_if;
	const struct value_ref value = { .source = VALUE_RETURN, .type = failed_if->type };
	const struct value_scope scope = { .vaddr = probe->vaddr };
	struct planned_value resolved;
	struct dwarf_info *dwarf;
	struct dwarf_type type;
	int err;

	if (failed_if->compare == TACHO_COMPARE_NONE || probe->kind != PLANNED_CALL)
		return 0;
	err = plan__resolve_value(plan, probe->binary, &value, &scope, &resolved, why);
	if (err)
		return err;
	probe->return_type =
		resolved.type == TACHO_VALUE_STRING ? TACHO_VALUE_POINTER : resolved.type;
	probe->return_type_known = failed_if->type != TACHO_VALUE_NONE;
	if (probe->return_type_known)
		return 0;
	dwarf = plan__dwarf(plan, probe->binary);
	if (dwarf && !dwarf_info__return_type(dwarf, probe->vaddr, &type, NULL)) {
		if (type.kind == DWARF_TYPE_VOID)
			return fault__set(why, -EINVAL,
					  "%s: failed-if: the function returns nothing",
					  failed_if->origin);
		probe->return_type_known =
			type.kind != DWARF_TYPE_FLOAT && type.kind != DWARF_TYPE_OTHER;
	}
	err = failed_if_config__check(failed_if, probe->return_type, why);
	return err ? fault__prefix(why, err, "%s: failed-if", failed_if->origin) : 0;
}

static void count_inlined(struct plan *plan, struct planned_probe *probe)
{
	struct dwarf_info *dwarf;

	if (!plan->options.count_inlined || probe->kind == PLANNED_POINT)
		return;
	dwarf = plan__dwarf(plan, probe->binary);
	if (!dwarf || dwarf_info__count_inlined(dwarf, probe->vaddr, &probe->inlined_cnt, NULL))
		probe->inlined_cnt = 0;
}

/* --- one function --------------------------------------------------------------------------- */

static int refuse_nop5(struct fault *why)
{
	return fault__set(
		why, -EOPNOTSUPP,
		"the place is a 5-byte nop, and under a probe there, Linux 6.18 and later "
		"end children that the program forks (SIGSEGV)");
}

static int plan_code(struct plan *plan, struct planned_probe *probe, const struct code *code,
		     struct fault *why)
{
	const struct elf_file *elf = plan->binaries[probe->binary].elf;
	struct code_exits exits = {};
	int err;

	err = code__check_boundary(code, probe->delta, why);
	if (!err && probe->kind == PLANNED_CALL)
		err = choose_exit(plan, probe, code, &exits, why);
	if (!err)
		err = resolve_values(plan, probe, NULL, why);
	if (err)
		goto out;
	place_entry(plan, probe, code, &exits);
	if (probe->cost == CODE_COST_NOP5 && kernel_breaks_nops()) {
		err = refuse_nop5(why);
		goto out;
	}
	/* Once more: what is on the stack is now sp_delta further away. */
	if (probe->sp_delta)
		err = resolve_values(plan, probe, NULL, why);
	if (!err && exits.cnt)
		err = add_exits(probe, elf, &exits);
	if (!err)
		err = elf_file__offset(elf, probe->vaddr + probe->entry_offset, &probe->offset);
	if (err == -ERANGE)
		fault__set(why, err, "symbol+0x%llx lies outside the file's code",
			   (unsigned long long)probe->delta);
out:
	code_exits__free(&exits);
	return err;
}

static struct planned_probe *plan__new_probe(struct plan *plan, uint32_t target, uint32_t binary)
{
	static const enum planned_kind kinds[] = {
		[TARGET_FUNCTION] = PLANNED_CALL,
		[TARGET_BEGIN] = PLANNED_BEGIN,
		[TARGET_END] = PLANNED_END,
		[TARGET_MARKS] = PLANNED_MARK,
	};
	struct planned_probe *grown;

	if (plan->probe_cnt == TACHO_PROBES_MAX)
		return NULL;
	grown = plan_grow(plan->probes, plan->probe_cnt, sizeof(*grown));
	if (!grown)
		return NULL;
	plan->probes = grown;
	grown += plan->probe_cnt;
	*grown = (struct planned_probe) {
		.target = target,
		.state = plan->targets[target].state,
		.binary = binary,
		.kind = kinds[plan->targets[target].role],
		.function = plan->targets[target].ref->function,
	};
	return grown;
}

/* The probe counts as added only when it is whole. */
static int plan__keep_probe(struct plan *plan, struct planned_probe *probe, int err)
{
	if (!err) {
		plan->probe_cnt++;
		return 0;
	}
	planned_probe__clear(probe);
	return err;
}

int plan__add_function(struct plan *plan, uint32_t target, uint32_t binary,
		       const struct named_place *place, struct fault *why)
{
	struct planned_probe *probe = plan__new_probe(plan, target, binary);
	const struct elf_symbol *symbol = place->symbol;
	struct code *code = NULL;
	int err;

	if (!probe)
		return -ENOMEM;
	probe->symbol = strdup(symbol->display);
	probe->table = strdup(symbol->table);
	probe->vaddr = symbol->vaddr;
	probe->size = symbol->size;
	probe->delta = place->delta;
	err = probe->symbol && probe->table ? 0 : -ENOMEM;
	if (!err)
		err = code__load(plan->binaries[binary].code, symbol->vaddr, symbol->size, &code,
				 why);
	if (!err)
		err = plan_code(plan, probe, code, why);
	if (!err)
		err = resolve_return_type(plan, probe, why);
	if (!err)
		count_inlined(plan, probe);
	code__free(code);
	return plan__keep_probe(plan, probe, err);
}

/*
 * A 5-byte nop that was hit is replaced by a call, whose return address overwrites what a function
 * without a frame keeps below its stack pointer. Whether it does is asked of the function.
 */
static int check_site(struct planned_binary *binary, const struct usdt_site *site,
		      struct fault *why)
{
	const struct elf_symbol *symbol;
	struct code *code = NULL;
	int err;

	if (!site->nop5)
		return 0;
	if (kernel_breaks_nops()) {
		refuse_nop5(why);
		return fault__prefix(why, -EOPNOTSUPP, "usdt:%s:%s at 0x%llx", site->provider,
				     site->name, (unsigned long long)site->vaddr);
	}
	symbol = elf_file__function_at(binary->elf, site->vaddr);
	if (!symbol)
		return fault__set(why, -EINVAL,
				  "usdt:%s:%s at 0x%llx: it is a 5-byte nop, and no symbol tells "
				  "the function around it, which it must not disturb",
				  site->provider, site->name, (unsigned long long)site->vaddr);
	err = code__load(binary->code, symbol->vaddr, symbol->size, &code, why);
	if (!err)
		err = code__check_boundary(code, site->vaddr - symbol->vaddr, why);
	code__free(code);
	return err;
}

int plan__add_site(struct plan *plan, uint32_t target, uint32_t binary,
		   const struct usdt_site *site, struct fault *why)
{
	struct planned_probe *probe = plan__new_probe(plan, target, binary);
	int err = 0;

	if (!probe)
		return -ENOMEM;
	if (probe->kind == PLANNED_MARK && !plan_find_mark(site, &probe->mark))
		return 0;
	if (probe->kind == PLANNED_CALL)
		probe->kind = PLANNED_POINT;
	if (asprintf(&probe->symbol, USDT_PREFIX "%s:%s", site->provider, site->name) < 0)
		probe->symbol = NULL;
	probe->table = strdup(".note.stapsdt");
	probe->vaddr = site->vaddr;
	probe->offset = site->offset;
	probe->semaphore_offset = site->semaphore_offset;
	probe->cost = site->nop5 ? CODE_COST_NOP5 : CODE_COST_EMULATED;
	if (!probe->symbol || !probe->table)
		err = -ENOMEM;
	if (!err)
		err = check_site(&plan->binaries[binary], site, why);
	if (!err && probe->kind == PLANNED_MARK)
		err = plan__resolve_mark(plan, probe, site, why);
	else if (!err)
		err = resolve_values(plan, probe, site, why);
	return plan__keep_probe(plan, probe, err);
}
