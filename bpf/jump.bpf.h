/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Does this jump leave the function? Decided from the registers when only the running program
 * knows: a conditional jump to another function, or an indirect one that may be a jump table or a
 * tail call.
 */
#ifndef TACHO_BPF_JUMP_H
#define TACHO_BPF_JUMP_H

#include "values.bpf.h"

#if defined(__TARGET_ARCH_x86)

/* Intel SDM volume 1, appendix B: the condition of jcc from the flags. */
static __always_inline bool condition_holds(struct pt_regs *regs, u32 condition)
{
	u64 flags = regs->flags;
	bool cf = flags & 1 << 0;
	bool pf = flags & 1 << 2;
	bool zf = flags & 1 << 6;
	bool sf = flags & 1 << 7;
	bool of = flags & 1 << 11;
	bool holds = false;

	switch (condition >> 1) {
	case 0:
		holds = of;
		break;
	case 1:
		holds = cf;
		break;
	case 2:
		holds = zf;
		break;
	case 3:
		holds = cf || zf;
		break;
	case 4:
		holds = sf;
		break;
	case 5:
		holds = pf;
		break;
	case 6:
		holds = sf != of;
		break;
	case 7:
		holds = zf || sf != of;
		break;
	}
	return holds != (condition & 1);
}

#else

/* Arm ARM, ConditionHolds(). */
static __always_inline bool condition_holds(struct pt_regs *regs, u32 condition)
{
	u64 state = ((struct user_pt_regs *)regs)->pstate;
	bool n = state >> 31 & 1;
	bool z = state >> 30 & 1;
	bool c = state >> 29 & 1;
	bool v = state >> 28 & 1;
	bool holds = true;

	switch (condition >> 1) {
	case 0:
		holds = z;
		break;
	case 1:
		holds = c;
		break;
	case 2:
		holds = n;
		break;
	case 3:
		holds = v;
		break;
	case 4:
		holds = c && !z;
		break;
	case 5:
		holds = n == v;
		break;
	case 6:
		holds = n == v && !z;
		break;
	case 7:
		return true;
	}
	return holds != (condition & 1);
}

#endif

static __always_inline bool is_taken(struct pt_regs *regs, const struct tacho_jump *jump)
{
	u64 value = 0;

	if (jump->condition == TACHO_JUMP_ALWAYS)
		return true;
	if (jump->condition < TACHO_JUMP_ZERO)
		return condition_holds(regs, jump->condition);
	if (!read_register((u64)regs, jump->condition_reg, &value))
		return true;
	switch (jump->condition) {
	case TACHO_JUMP_ZERO:
		return jump->bit < 32 ? !(u32)value : !value;
	case TACHO_JUMP_NOT_ZERO:
		return jump->bit < 32 ? (u32)value : value;
	case TACHO_JUMP_BIT_CLEAR:
		return !(value >> (jump->bit & 63) & 1);
	default:
		return value >> (jump->bit & 63) & 1;
	}
}

static __always_inline bool within(s64 at, const s64 range[2])
{
	return at >= range[0] && at < range[1];
}

/* Where an unreadable jump leads is not known either: then the program is about to crash. */
static __noinline int jump_leaves(struct pt_regs *regs, const struct tacho_jump *jump)
{
	u64 target;
	s64 distance;

	if (!jump->present)
		return 1;
	if (!is_taken(regs, jump))
		return 0;
	if (jump->base == TACHO_NO_REGISTER && jump->index == TACHO_NO_REGISTER && !jump->in_memory)
		return 1;
	if (!read_address((u64)regs, jump->base, jump->index, jump->scale, jump->displacement,
			  &target))
		return 1;
	if (jump->in_memory && !read_memory(target, 8, &target))
		return 1;
	distance = target - PT_REGS_IP(regs);
	return !within(distance, jump->inside[0]) && !within(distance, jump->inside[1]);
}

#endif
