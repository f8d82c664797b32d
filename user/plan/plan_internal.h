/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the planner share; nobody else includes it. */
#ifndef TACHO_USER_PLAN_INTERNAL_H
#define TACHO_USER_PLAN_INTERNAL_H

#include "plan.h"

/* Room for one more item: the array itself, grown by powers of two, or NULL without memory. */
void *plan_grow(void *items, size_t cnt, size_t item_sz);

/* Opens what text names, here (root NULL) or inside root. *ret_path is malloced. */
int open_binary(const char *text, const char *root, char **ret_path, struct elf_file **ret_elf,
		struct fault *why);

/* The file that text names, added unless it is there. */
int plan__add_binary(struct plan *plan, const char *text, const char *root, uint32_t *ret_index,
		     struct fault *why);

/* Frees what the probe owns, not the probe, which is an item of an array. */
void planned_probe__clear(struct planned_probe *probe);

/* Adds the probes of a target in a file. All or none. */
int plan__add_probes(struct plan *plan, uint32_t target, uint32_t binary, struct fault *why);

#define USDT_PREFIX "usdt:"

/* A function, and where in it. */
struct named_place {
	const struct elf_symbol *symbol;
	uint64_t delta;
};

/* Adds one probe, or nothing. */
int plan__add_function(struct plan *plan, uint32_t target, uint32_t binary,
		       const struct named_place *place, struct fault *why);
struct usdt_site;
int plan__add_site(struct plan *plan, uint32_t target, uint32_t binary,
		   const struct usdt_site *site, struct fault *why);

/* Adds the hooks that the calls in this file need, in it and in the libraries that unwind for it.
 * What is not there is not needed. again: looks for the libraries although that was done. */
int plan__add_hooks(struct plan *plan, uint32_t binary, bool again, struct fault *why);

/* What a place can tell about its values. */
struct value_scope {
	const struct usdt_site *usdt; /* a USDT place, or NULL: a function's first instruction */
	uint64_t vaddr;		      /* of that function */
	bool at_entry;		      /* false: arguments have been overwritten, perhaps */
	uint32_t sp_delta;
};

/* Finds the debugging information of the file, once; NULL when there is none. */
struct dwarf_info *plan__dwarf(struct plan *plan, uint32_t binary);

/* The place of the value and its type. */
int plan__resolve_value(struct plan *plan, uint32_t binary, const struct value_ref *value,
			const struct value_scope *scope, struct planned_value *ret_value,
			struct fault *why);

/* Makes the probe's values what the state's columns are. */
void planned_probe__settle_types(struct planned_probe *probe, const struct planned_state *state);

/* Registers by their number in the machine's own encoding, as an offset in struct pt_regs;
 * TACHO_NO_REGISTER when there is none. */
uint16_t register_offset(uint16_t machine, unsigned int number);

/* Which of the arguments in registers the values read: bit n = argument n + 1. */
uint32_t plan_arguments_read(const struct planned_probe *probe, uint16_t machine);

#endif
