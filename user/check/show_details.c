/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each probe in full, for tacho check --verbose. */
#include <inttypes.h>
#include <stdio.h>

#include "../plural.h"
#include "check_text.h"
#include "show_private.h"

static void detail_symbol(struct notes *notes, const struct plan *plan,
			  const struct planned_probe *probe)
{
	const char *path = plan->binaries[probe->binary].path;

	if (probe_is_usdt(probe)) {
		notes__add(notes, "probe", "%s at 0x%" PRIx64 " in %s", probe->symbol, probe->vaddr,
			   path);
		return;
	}
	notes__add(notes, "probe", "%s in %s", probe->symbol, path);
	if (probe->size)
		notes__add(notes, "symbol", "at 0x%" PRIx64 ", %" PRIu64 " byte%s, in %s",
			   probe->vaddr, probe->size, plural_s(probe->size), probe->table);
	else
		notes__add(notes, "symbol", "at 0x%" PRIx64 ", without size, in %s", probe->vaddr,
			   probe->table);
}

static void detail_entry(struct notes *notes, const struct planned_probe *probe)
{
	char away[64] = "";

	if (probe->delta)
		snprintf(away, sizeof(away), " (+0x%" PRIx64 " was asked for)", probe->delta);
	if (probe_is_usdt(probe))
		notes__add(notes, "entry", "file offset 0x%" PRIx64 ", %s", probe->offset,
			   code_cost__name(probe->cost));
	else
		notes__add(notes, "entry", "symbol+0x%" PRIx32 "%s, file offset 0x%" PRIx64 ", %s",
			   probe->entry_offset, away, probe->offset, code_cost__name(probe->cost));
	if (probe->semaphore_offset)
		notes__add(notes, "semaphore", "file offset 0x%" PRIx64, probe->semaphore_offset);
}

static void detail_exits(struct notes *notes, const struct planned_probe *probe)
{
	if (probe->kind == PLANNED_CALL)
		notes__add(notes, "end", "%s: %s", probe_end_text(probe), probe->reason);
	for (size_t i = 0; i < probe->exit_cnt; i++) {
		const struct planned_exit *exit = &probe->exits[i];

		notes__add(notes, "exit", "file offset 0x%" PRIx64 ", %s, %s", exit->offset,
			   code_cost__name(exit->cost),
			   exit->jump.present ? "a jump that leaves only sometimes"
			   : exit->tail_call  ? "a tail call"
					      : "a return");
	}
}

static void detail_values(struct notes *notes, const struct plan *plan,
			  const struct planned_probe *probe)
{
	const struct state_config *config = plan->states[probe->state].config;
	const uint16_t machine = probe_machine(plan, probe);
	char place[VALUE_PLACE_SZ];

	for (size_t i = 0; probe->kind != PLANNED_END && i < config->capture_cnt; i++) {
		value_place_text(machine, &probe->values[i], place);
		notes__add(notes, "value", "%s: %s %s", config->captures[i].name,
			   value_type_text(probe->values[i].type), place);
	}
	if (probe->key.fetch.kind != TACHO_FETCH_NONE) {
		value_place_text(machine, &probe->key, place);
		notes__add(notes, "key", "%s", place);
	}
	if (probe->return_type != TACHO_VALUE_NONE)
		notes__add(notes, "returns", "%s, %s", value_type_text(probe->return_type),
			   probe->return_type_known ? "known" : "assumed");
}

void note_probes(struct notes *notes, const struct plan *plan, uint32_t state)
{
	const struct probe_span probes = probes_of_state(plan, state);

	for (size_t i = 0; i < probes.cnt; i++) {
		const struct planned_probe *probe = &probes.items[i];

		detail_symbol(notes, plan, probe);
		detail_entry(notes, probe);
		detail_exits(notes, probe);
		detail_values(notes, plan, probe);
		if (probe_is_usdt(probe))
			continue;
		if (plan->binaries[probe->binary].dwarf)
			notes__add(notes, "inlined", "%zu known", probe->inlined_cnt);
		else
			notes__add(notes, "inlined", "not known: no debugging information");
	}
}
