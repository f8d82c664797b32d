/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What code_x86.c and code_x86_effects.c share; nobody else includes it. */
#ifndef TACHO_USER_PLAN_CODE_X86_H
#define TACHO_USER_PLAN_CODE_X86_H

#include "code_private.h"

/* The hardware's numbers. */
#define X86_RSP 4
#define X86_RBP 5

/* What the instruction does to the stack and to registers; insn has its kind and target already. */
void x86_find_effects(const struct code_part *part, const cs_insn *cs, struct code_insn *insn);

/* Where an indirect jump finds its target. False: in a way that cannot be told. */
bool x86_describe_indirect(const cs_insn *cs, struct code_jump *jump);

/* rax for al, ax, eax and rax, by the hardware's number; above 15 for other registers. */
unsigned x86_register_family(unsigned reg);

/* See struct code_arch. */
int x86_find_table(const struct code_part *part, const struct code_insn *insn,
		   struct code_table *ret_table);

#endif
