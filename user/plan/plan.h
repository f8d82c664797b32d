/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From settings to places: which byte of which file is probed, for which state, and how the end of
 * the call is seen. Planning touches nothing and needs no privileges; attaching follows the plan.
 */
#ifndef TACHO_USER_PLAN_PLAN_H
#define TACHO_USER_PLAN_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "../config.h"
#include "../elf/elf_file.h"
#include "../fault.h"

struct planned_binary {
	char *path;
	struct elf_file
		*elf; /* open: what was planned is what gets probed, whatever the name does */
};

struct planned_probe {
	uint32_t state;	   /* index into plan.states */
	uint32_t binary;   /* index into plan.binaries */
	char *function;	   /* as written */
	char *symbol;	   /* as found */
	const char *table; /* ".symtab" or ".dynsym" */
	uint64_t vaddr;	   /* of the symbol */
	uint64_t size;	   /* of the symbol */
	uint64_t delta;	   /* symbol + delta is probed */
	uint64_t offset;   /* in the file, delta included */
	bool fast;	   /* exit mode, see exit_mode.h */
	char *reason;	   /* why that exit mode */
	uint64_t *exits;   /* file offsets; safe mode only */
	size_t exit_cnt;
	size_t tail_call_cnt; /* of the exits: a call that leaves there ends at the jump */
};

struct planned_state {
	const char *name;    /* borrowed from the config */
	const char *process; /* likewise; NULL = any */
};

struct plan {
	struct planned_state *states; /* the enabled ones, in the order of the config */
	size_t state_cnt;
	struct planned_binary *binaries; /* each file once, however many names it has */
	size_t binary_cnt;
	struct planned_probe *probes;
	size_t probe_cnt;
};

/* Resolves every enabled state. The config outlives the plan. 0, or negative errno with why
 * ("ORIGIN: ..."). */
int plan__new(const struct config *config, struct plan **ret_plan, struct fault *why);
void plan__free(struct plan *plan);

#endif
