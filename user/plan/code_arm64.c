/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * arm64. Every instruction is one word, and all that move control are in one encoding class, so
 * this reads the words itself, by the masks of the kernel (arch/arm64/include/asm/insn.h,
 * arch/arm64/kernel/probes/decode-insn.c). Capstone only names them in messages: version 4 knows
 * neither the atomics of ARMv8.1 nor pointer authentication.
 */
#include "code_private.h"

#include <errno.h>

#define REG_FP 29
#define REG_LR 30
#define REG_SP 31 /* where the encoding means it; else the zero register */

static bool is(uint32_t word, uint32_t mask, uint32_t value)
{
	return (word & mask) == value;
}

static int64_t signed_field(uint32_t word, unsigned low, unsigned width)
{
	return (int64_t)((uint64_t)word << (64 - low - width)) >> (64 - width);
}

static unsigned field(uint32_t word, unsigned low)
{
	return (word >> low) & 31;
}

static uint32_t word_at(const struct code_part *part, uint32_t offset)
{
	const uint8_t *at = part->bytes + offset;

	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* Branches, exceptions and system instructions. */
static bool is_control(uint32_t word)
{
	return is(word, 0x1c000000, 0x14000000);
}

static uint8_t kind_of(uint32_t word)
{
	if (is(word, 0xffff0000, 0))
		return CODE_TRAP; /* udf */
	if (!is_control(word))
		return CODE_PLAIN;
	if (is(word, 0xfc000000, 0x14000000))
		return CODE_JUMP;
	if (is(word, 0xfc000000, 0x94000000))
		return CODE_CALL;
	if (is(word, 0xff000000, 0x54000000) || /* b.cond, bc.cond */
	    is(word, 0x7e000000, 0x34000000) || /* cbz, cbnz */
	    is(word, 0x7e000000, 0x36000000))	/* tbz, tbnz */
		return CODE_BRANCH;
	if (is(word, 0xfffffc1f, 0xd65f0000) || is(word, 0xfffffbff, 0xd65f0bff))
		return CODE_RETURN; /* ret, retaa, retab */
	if (is(word, 0xfffffc1f, 0xd61f0000) || is(word, 0xfefff800, 0xd61f0800))
		return CODE_INDIRECT; /* br, braa and kin */
	if (is(word, 0xfffffc1f, 0xd63f0000) || is(word, 0xfefff800, 0xd63f0800))
		return CODE_CALL; /* blr, blraa and kin */
	if (is(word, 0xffe0001f, 0xd4000001))
		return CODE_PLAIN; /* svc comes back */
	if (is(word, 0xff000000, 0xd4000000))
		return CODE_TRAP; /* brk, hlt, hvc, smc */
	if (is(word, 0xff000000, 0xd5000000))
		return CODE_PLAIN; /* hints, barriers, system registers */
	return CODE_STRANGE;
}

/* Loads whose address is a distance from the instruction: from the kernel's copy of it, elsewhere,
 * they would read something else. The kernel refuses most of these and forgets the SIMD ones. */
static bool is_literal_load(uint32_t word)
{
	return is(word, 0x3b000000, 0x18000000);
}

static bool is_address(uint32_t word)
{
	return is(word, 0x9f000000, 0x10000000); /* adr */
}

static bool is_exclusive(uint32_t word)
{
	return is(word, 0x3f800000, 0x08000000);
}

static bool is_load_exclusive(uint32_t word)
{
	return is_exclusive(word) && (word & 0x00400000);
}

/* The hints that all kernels since 5.15 step: nop, bti, and those that sign addresses. */
static bool is_steppable_hint(uint32_t word)
{
	unsigned number = (word >> 5) & 0x7f;

	switch (number) {
	case 0:		/* nop */
	case 7:		/* xpaclri */
	case 8:		/* pacia1716 */
	case 10:	/* pacib1716 */
	case 24 ... 27: /* paciaz, paciasp, pacibz, pacibsp */
	case 32:
	case 34:
	case 36:
	case 38: /* bti */
		return true;
	default:
		return false;
	}
}

static const char *unfit_control(uint32_t word)
{
	if (is(word, 0xff000000, 0xd4000000))
		return "it enters the kernel or ends the program";
	if (is(word, 0xfefff800, 0xd61f0800) || is(word, 0xfefff800, 0xd63f0800) ||
	    is(word, 0xfffffbff, 0xd65f0bff))
		return "the kernel cannot probe branches that check a signed address";
	if (is(word, 0xfffff01f, 0xd503201f))
		return is_steppable_hint(word) ? NULL : "the kernel does not step this hint";
	if (is(word, 0xfff8f01f, 0xd500401f) || is(word, 0xfff00000, 0xd5100000))
		return "it writes a system register";
	return kind_of(word) == CODE_STRANGE ? "it is a system instruction" : NULL;
}

static const char *unfit(uint32_t word)
{
	if (is_control(word))
		return unfit_control(word);
	if (is(word, 0xffff0000, 0))
		return "it ends the program";
	if (is(word, 0x1a000000, 0x02000000) || is(word, 0x1e000000, 0))
		return "it is not an instruction that is known";
	if (is_literal_load(word))
		return "it loads by its own address";
	if (is_exclusive(word))
		return "it is an exclusive load or store";
	if (is(word, 0x3b200c00, 0x19000400))
		return "it is one of three that copy memory together";
	return NULL;
}

/* Every branch that the kernel lets pass is simulated, as are adr and adrp, and since 6.14 nop. */
static enum code_cost cost_of(uint32_t word, const struct code_insn *insn)
{
	if (insn->unfit)
		return CODE_COST_REFUSED;
	if (insn->nop || is(word, 0x1f000000, 0x10000000))
		return CODE_COST_EMULATED;
	return insn->kind == CODE_PLAIN ? CODE_COST_STEPPED : CODE_COST_EMULATED;
}

static void find_target(uint32_t word, struct code_insn *insn)
{
	int64_t distance;

	if (insn->kind == CODE_BRANCH && is(word, 0x7e000000, 0x36000000))
		distance = signed_field(word, 5, 14) * 4;
	else if (insn->kind == CODE_BRANCH || is_literal_load(word))
		distance = signed_field(word, 5, 19) * 4;
	else if (is(word, 0x7c000000, 0x14000000))
		distance = signed_field(word, 0, 26) * 4;
	else if (is_address(word))
		distance = signed_field(word, 5, 19) * 4 + ((word >> 29) & 3);
	else
		return;
	insn->has_target = true;
	insn->takes_address = is_address(word);
	insn->reads_code = is_literal_load(word) || insn->takes_address;
	insn->target = insn->offset + distance;
}

/* Loads and stores (but for exclusive, ordered, literal and structure ones, and tags). */
static bool is_pair(uint32_t word)
{
	return is(word, 0x3a000000, 0x28000000);
}

static bool is_single(uint32_t word)
{
	return is(word, 0x3a000000, 0x38000000);
}

/* Single ones with a register offset have bit 21 and "10" in bits 10 and 11; other values there are
 * the atomics and the loads that check a signature. */
static bool is_plain_memory(uint32_t word)
{
	if (is_pair(word))
		return true;
	return is_single(word) && (is(word, 0x01000000, 0x01000000) || is(word, 0x00200000, 0) ||
				   is(word, 0x00200c00, 0x00200800));
}

static bool is_store(uint32_t word)
{
	if (is_pair(word))
		return !(word & 0x00400000);
	if (!is_plain_memory(word))
		return false;
	/* opc: SIMD stores of 16 bytes have its upper bit set too. */
	return word & 0x04000000 ? !(word & 0x00400000) : !(word & 0x00c00000);
}

/* "[sp], #n" and "[sp, #n]!": how much the address register moves; 0 where it does not. */
static int64_t writeback(uint32_t word)
{
	unsigned scale;

	if (is_pair(word) && (word & 0x00800000)) {
		if (is(word, 0xfe400000, 0x68000000))
			scale = 4; /* stgp */
		else
			scale = 2 + (word & 0x04000000 ? word >> 30 : word >> 31);
		return signed_field(word, 15, 7) * ((int64_t)1 << scale);
	}
	if (is(word, 0x3b200400, 0x38000400))
		return signed_field(word, 12, 9);
	return 0;
}

/* Does it write the stack pointer in a way that is not followed here? */
static bool writes_sp_otherwise(uint32_t word)
{
	bool to_sp = field(word, 0) == REG_SP, at_sp = field(word, 5) == REG_SP;

	bool and_or_eor = is(word, 0x1f800000, 0x12000000) && !is(word, 0x60000000, 0x60000000);

	if (to_sp && (and_or_eor ||			  /* with an immediate; ands has no sp */
		      is(word, 0x3fe00000, 0x0b200000) || /* add, sub with an extended register */
		      is(word, 0xbf800000, 0x91800000) || /* addg, subg */
		      is(word, 0xbf800000, 0x11000000) || /* the 32-bit add and sub */
		      is(word, 0xff000000, 0x9a000000) || /* irg */
		      is(word, 0x1e000000, 0x04000000)))  /* SVE's addvl, addpl */
		return true;
	return at_sp && (is(word, 0xbe800000, 0x0c800000) || /* ld1 and kin */
			 is(word, 0xff000000, 0xd9000000) || /* tags */
			 is(word, 0xff200400, 0xf8200400));  /* ldraa */
}

static bool is_add_immediate(uint32_t word)
{
	return is(word, 0xbf800000, 0x91000000); /* add, sub; 64 bits */
}

/* rd = rn + n. "mov sp, x5" is such an add. */
static struct code_change find_sum(uint32_t word)
{
	int64_t by = (int64_t)((word >> 10) & 0xfff) << (word & 0x00400000 ? 12 : 0);

	if (word & 0x40000000)
		by = -by;
	if (field(word, 5) == REG_SP)
		return (struct code_change) { .source = CODE_FROM_SP, .by = by };
	if (field(word, 5) == REG_FP)
		return (struct code_change) { .source = CODE_FROM_FP, .by = by };
	return (struct code_change) { .source = by ? CODE_LOST : CODE_LOADED };
}

/* The registers that it may write, x0 to x30: fields that are numbers in some instructions count
 * as registers. */
static uint32_t written_registers(uint32_t word)
{
	uint32_t written = 0;

	if (!is_store(word))
		written |= UINT32_C(1) << field(word, 0);
	if (is_pair(word) && !is_store(word))
		written |= UINT32_C(1) << field(word, 10);
	if (!is_plain_memory(word) && is(word, 0x0a000000, 0x08000000))
		written |= UINT32_C(1) << field(word, 5) | UINT32_C(1) << field(word, 10) |
			   UINT32_C(1) << field(word, 16);
	if (writeback(word))
		written |= UINT32_C(1) << field(word, 5);
	return written;
}

static void find_stack(uint32_t word, struct code_insn *insn)
{
	if (is_add_immediate(word)) {
		if (field(word, 0) == REG_SP)
			insn->sp = find_sum(word);
		else if (field(word, 0) == REG_FP)
			insn->fp = find_sum(word);
		return;
	}
	if (written_registers(word) & (UINT32_C(1) << REG_FP))
		insn->fp = (struct code_change) { .source = CODE_LOST };
	if (writes_sp_otherwise(word))
		insn->sp = (struct code_change) { .source = CODE_LOST };
	else if (field(word, 5) == REG_SP && writeback(word))
		insn->sp = (struct code_change) { .source = CODE_FROM_SP, .by = writeback(word) };
}

static bool names_lr(uint32_t word)
{
	return field(word, 0) == REG_LR || field(word, 5) == REG_LR || field(word, 10) == REG_LR ||
	       field(word, 16) == REG_LR;
}

/* Every field that could name a register is taken for one: this refuses some that are numbers. */
static const char *moves_return(uint32_t word, const struct code_insn *insn)
{
	static const char lr[] = "it may use or change the link register";

	if (insn->kind != CODE_PLAIN)
		return "control may go elsewhere there";
	if (is_control(word)) {
		if (is(word, 0xfffff01f, 0xd503201f))
			return insn->nop || is(word, 0xffffff3f, 0xd503241f) ? NULL : lr;
		return is(word, 0xfff00000, 0xd5300000) && field(word, 0) != REG_LR ? NULL : lr;
	}
	if (is(word, 0x1c000000, 0x10000000) || is(word, 0x1e000000, 0x04000000)) {
		/* Immediates: bits 10 and up are a number. Addresses have one from bit 5 up. */
		if (field(word, 0) == REG_LR)
			return lr;
		if (!is(word, 0x1f000000, 0x10000000) && field(word, 5) == REG_LR)
			return lr;
	} else if (names_lr(word)) {
		return lr;
	}
	return insn->sp.source != CODE_KEPT ? "it moves the stack pointer" : NULL;
}

/* Integer instructions do not trap, not even division; the stack is there, and the thread pointer
 * can be read. */
static enum code_passing passing(uint32_t word, const struct code_insn *insn)
{
	if (insn->kind != CODE_PLAIN)
		return CODE_NO_PASSING;
	if (is_control(word))
		return is_steppable_hint(word) && is(word, 0xfffff01f, 0xd503201f) ? CODE_PASSING
		       : is(word, 0xffffffe0, 0xd53bd040)			   ? CODE_PASSING
							  : CODE_NO_PASSING;
	if (is(word, 0x1c000000, 0x10000000) || is(word, 0x0e000000, 0x0a000000))
		return CODE_PASSING;
	if (is_plain_memory(word))
		return field(word, 5) == REG_SP ? CODE_PASSING : CODE_PASSING_MAY_FAULT;
	return CODE_NO_PASSING;
}

static bool arm64_decode(const struct code_part *part, struct code_insn *insn)
{
	uint32_t word;

	if (part->sz - insn->offset < 4 || part->vaddr % 4)
		return false;
	word = word_at(part, insn->offset);
	insn->size = 4;
	insn->kind = kind_of(word);
	insn->nop = word == 0xd503201f;
	insn->unfit = unfit(word);
	insn->cost = cost_of(word, insn);
	insn->opens_exclusive = is_load_exclusive(word);
	insn->shuts_exclusive = is_exclusive(word) && !insn->opens_exclusive;
	find_target(word, insn);
	if (!is_control(word))
		find_stack(word, insn);
	insn->written_args = is_control(word) ? 0 : (uint8_t)written_registers(word);
	if (is(word, 0xfff00000, 0xd5300000) && field(word, 0) < 8)
		insn->written_args = (uint8_t)(1 << field(word, 0));
	insn->moves_return = moves_return(word, insn);
	insn->passing = passing(word, insn);
	return true;
}

static bool arm64_describe(const struct code_part *part, const struct code_insn *insn,
			   struct code_jump *ret_jump)
{
	uint32_t word = word_at(part, insn->offset);

	if (insn->kind == CODE_INDIRECT) {
		ret_jump->target = CODE_TARGET_REGISTER;
		ret_jump->base = (uint8_t)field(word, 5);
		ret_jump->index = CODE_REGISTER_NONE;
		return is(word, 0xfffffc1f, 0xd61f0000);
	}
	if (insn->kind == CODE_JUMP)
		return true;
	if (is(word, 0xff000000, 0x54000000)) {
		ret_jump->condition = word & 0xf;
		return true;
	}
	ret_jump->test_register = (uint8_t)field(word, 0);
	if (is(word, 0x7e000000, 0x34000000)) {
		ret_jump->condition = word & 0x01000000 ? CODE_IF_NOT_ZERO : CODE_IF_ZERO;
		ret_jump->test_bit = word & 0x80000000 ? 63 : 31;
	} else {
		ret_jump->condition = word & 0x01000000 ? CODE_IF_BIT_SET : CODE_IF_BIT_CLEAR;
		ret_jump->test_bit = (uint8_t)(word >> 31 << 5 | ((word >> 19) & 31));
	}
	return true;
}

/* Here the probe on such a jump is cheap: it may as well be asked when it is run. */
static int arm64_find_table(const struct code_part *part, const struct code_insn *insn,
			    struct code_table *ret_table)
{
	(void)part;
	(void)insn;
	(void)ret_table;
	return -ENOENT;
}

const struct code_arch code_arm64 = {
	.name = "arm64",
	.decode = arm64_decode,
	.describe = arm64_describe,
	.find_table = arm64_find_table,
	/* DWARF for the Arm 64-bit Architecture, section 4.1 */
	.sp_dwarf = 31,
	.fp_dwarf = 29,
	.cfa_bias = 0,
};
