/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What x86-64 instructions do to the stack pointer, the frame pointer and the arguments. */
#include <limits.h>

#include "code_x86.h"

/* Each number plus 1, so that 0 is left for registers of other kinds. */
#define FAMILY(number, r64, r32, r16, r8)                                                          \
	[X86_REG_##r64] = (number) + 1, [X86_REG_##r32] = (number) + 1,                            \
	[X86_REG_##r16] = (number) + 1, [X86_REG_##r8] = (number) + 1
#define NUMBERED(number) FAMILY(number, R##number, R##number##D, R##number##W, R##number##B)

static const uint8_t families[X86_REG_ENDING] = {
	FAMILY(0, RAX, EAX, AX, AL),
	FAMILY(1, RCX, ECX, CX, CL),
	FAMILY(2, RDX, EDX, DX, DL),
	FAMILY(3, RBX, EBX, BX, BL),
	FAMILY(4, RSP, ESP, SP, SPL),
	FAMILY(5, RBP, EBP, BP, BPL),
	FAMILY(6, RSI, ESI, SI, SIL),
	FAMILY(7, RDI, EDI, DI, DIL),
	NUMBERED(8),
	NUMBERED(9),
	NUMBERED(10),
	NUMBERED(11),
	NUMBERED(12),
	NUMBERED(13),
	NUMBERED(14),
	NUMBERED(15),
	[X86_REG_AH] = 1,
	[X86_REG_CH] = 2,
	[X86_REG_DH] = 3,
	[X86_REG_BH] = 4,
};

unsigned x86_register_family(unsigned reg)
{
	return reg < X86_REG_ENDING ? families[reg] - 1u : UINT_MAX;
}

/* Which part of rsp or rbp it is does not matter: who writes one spoils the whole. */
static bool is_stack_pointer(unsigned reg)
{
	return x86_register_family(reg) == X86_RSP;
}

static bool is_frame_pointer(unsigned reg)
{
	return x86_register_family(reg) == X86_RBP;
}

/* The bit of the integer argument that arrives in reg (System V ABI, section 3.2.3), or 0. */
static uint8_t argument_bit(unsigned reg)
{
	static const uint8_t order[] = { 7, 6, 2, 1, 8, 9 }; /* rdi, rsi, rdx, rcx, r8, r9 */

	for (size_t i = 0; i < sizeof(order); i++) {
		if (x86_register_family(reg) == order[i])
			return (uint8_t)(1 << i);
	}
	return 0;
}

struct written {
	bool sp, fp;
	uint8_t args;
};

static void note_written(struct written *w, unsigned reg)
{
	w->sp |= is_stack_pointer(reg);
	w->fp |= is_frame_pointer(reg);
	w->args |= argument_bit(reg);
}

/* Capstone leaves the access of some operands open; those may be written. */
static struct written find_written(const struct code_part *part, const cs_insn *cs)
{
	const cs_x86 *x86 = &cs->detail->x86;
	uint8_t read_cnt, written_cnt;
	cs_regs read, written;
	struct written w = {};

	if (cs_regs_access(part->reader->capstone, cs, read, &read_cnt, written, &written_cnt) !=
	    CS_ERR_OK)
		return (struct written) { true, true, UINT8_MAX };
	for (uint8_t i = 0; i < written_cnt; i++)
		note_written(&w, written[i]);
	for (uint8_t i = 0; i < x86->op_count; i++) {
		if (x86->operands[i].type == X86_OP_REG && x86->operands[i].access == 0)
			note_written(&w, x86->operands[i].reg);
	}
	return w;
}

/* "reg + by" as the new value of a register. */
static struct code_change from_register(unsigned reg, int64_t by)
{
	if (by < INT32_MIN || by > INT32_MAX)
		return (struct code_change) { .source = CODE_LOST };
	if (reg == X86_REG_RSP)
		return (struct code_change) { .source = CODE_FROM_SP, .by = by };
	if (reg == X86_REG_RBP)
		return (struct code_change) { .source = CODE_FROM_FP, .by = by };
	return (struct code_change) { .source = CODE_LOADED };
}

/* What a mov, lea, add, sub or and gives to the 64-bit register that it writes. */
static struct code_change find_value(const cs_insn *cs)
{
	const struct code_change lost = { .source = CODE_LOST };
	const cs_x86_op *op = cs->detail->x86.operands;

	if (cs->detail->x86.op_count != 2 || op[0].type != X86_OP_REG)
		return lost;
	switch (cs->id) {
	case X86_INS_MOV:
		if (op[1].type == X86_OP_MEM)
			return (struct code_change) { .source = CODE_LOADED };
		return op[1].type == X86_OP_REG ? from_register(op[1].reg, 0) : lost;
	case X86_INS_LEA:
		if (op[1].mem.index != X86_REG_INVALID || op[1].mem.segment != X86_REG_INVALID ||
		    (op[1].mem.base != X86_REG_RSP && op[1].mem.base != X86_REG_RBP))
			return lost;
		return from_register((unsigned)op[1].mem.base, op[1].mem.disp);
	case X86_INS_ADD:
		return op[1].type == X86_OP_IMM ? from_register(op[0].reg, op[1].imm) : lost;
	case X86_INS_SUB:
		return op[1].type == X86_OP_IMM && op[1].imm != INT64_MIN
			       ? from_register(op[0].reg, -op[1].imm)
			       : lost;
	case X86_INS_AND:
		/* A negative mask clears low bits only. */
		if (op[0].reg == X86_REG_RSP && op[1].type == X86_OP_IMM && op[1].imm < 0)
			return (struct code_change) { .source = CODE_ALIGNED };
		return lost;
	default:
		return lost;
	}
}

static void find_assignment(const cs_insn *cs, const struct written *w, struct code_insn *insn)
{
	unsigned to = cs->detail->x86.op_count && cs->detail->x86.operands[0].type == X86_OP_REG
			      ? cs->detail->x86.operands[0].reg
			      : X86_REG_INVALID;
	struct code_change value = { .source = CODE_LOST };

	if (w->sp || w->fp)
		value = find_value(cs);
	if (w->sp)
		insn->sp = to == X86_REG_RSP ? value : (struct code_change) { .source = CODE_LOST };
	if (w->fp)
		insn->fp = to == X86_REG_RBP ? value : (struct code_change) { .source = CODE_LOST };
}

static void find_pop(const cs_insn *cs, struct code_insn *insn)
{
	const cs_x86_op *op = &cs->detail->x86.operands[0];

	insn->sp = (struct code_change) { .source = CODE_FROM_SP, .by = op->size };
	if (op->type != X86_OP_REG)
		return;
	if (is_stack_pointer(op->reg))
		insn->sp = (struct code_change) { .source = CODE_LOADED };
	if (is_frame_pointer(op->reg))
		insn->fp = (struct code_change) { .source = CODE_LOST };
}

static void find_stack(const cs_insn *cs, const struct written *w, struct code_insn *insn)
{
	const cs_x86_op *op = &cs->detail->x86.operands[0];

	switch (cs->id) {
	case X86_INS_PUSH:
		/* Capstone gives an immediate eight bytes, even where 66 makes it two. */
		insn->sp = (struct code_change) { .source = CODE_FROM_SP, .by = -op->size };
		if (op->type == X86_OP_IMM && cs->detail->x86.prefix[2])
			insn->sp = (struct code_change) { .source = CODE_LOST };
		break;
	case X86_INS_POP:
		find_pop(cs, insn);
		break;
	case X86_INS_ENTER:
		insn->sp = insn->fp = (struct code_change) { .source = CODE_LOST };
		break;
	case X86_INS_LEAVE:
		insn->sp = (struct code_change) { .source = CODE_FROM_FP, .by = 8 };
		insn->fp = (struct code_change) { .source = CODE_LOST };
		break;
	case X86_INS_CALL:
		/* Calls leave the stack as it was, except the one that asks where it is. */
		if (insn->has_target && insn->target == insn->offset + insn->size)
			insn->sp = (struct code_change) { .source = CODE_LOST };
		break;
	default:
		find_assignment(cs, w, insn);
		break;
	}
}

/* What a function does before it makes its frame. Everything else ends the search for a place. */
static bool is_harmless(unsigned id)
{
	switch (id) {
	case X86_INS_ADC:
	case X86_INS_ADD:
	case X86_INS_AND:
	case X86_INS_BSWAP:
	case X86_INS_BT:
	case X86_INS_CDQ:
	case X86_INS_CDQE:
	case X86_INS_CMOVA:
	case X86_INS_CMOVAE:
	case X86_INS_CMOVB:
	case X86_INS_CMOVBE:
	case X86_INS_CMOVE:
	case X86_INS_CMOVG:
	case X86_INS_CMOVGE:
	case X86_INS_CMOVL:
	case X86_INS_CMOVLE:
	case X86_INS_CMOVNE:
	case X86_INS_CMOVNO:
	case X86_INS_CMOVNP:
	case X86_INS_CMOVNS:
	case X86_INS_CMOVO:
	case X86_INS_CMOVP:
	case X86_INS_CMOVS:
	case X86_INS_CMP:
	case X86_INS_CQO:
	case X86_INS_CWDE:
	case X86_INS_DEC:
	case X86_INS_ENDBR64:
	case X86_INS_IMUL:
	case X86_INS_INC:
	case X86_INS_LEA:
	case X86_INS_MOV:
	case X86_INS_MOVABS:
	case X86_INS_MOVAPD:
	case X86_INS_MOVAPS:
	case X86_INS_MOVD:
	case X86_INS_MOVDQA:
	case X86_INS_MOVDQU:
	case X86_INS_MOVQ:
	case X86_INS_MOVSS:
	case X86_INS_MOVSX:
	case X86_INS_MOVSXD:
	case X86_INS_MOVUPD:
	case X86_INS_MOVUPS:
	case X86_INS_MOVZX:
	case X86_INS_NEG:
	case X86_INS_NOP:
	case X86_INS_NOT:
	case X86_INS_OR:
	case X86_INS_PUSH:
	case X86_INS_PXOR:
	case X86_INS_ROL:
	case X86_INS_ROR:
	case X86_INS_SAR:
	case X86_INS_SBB:
	case X86_INS_SETAE ... X86_INS_SETS:
	case X86_INS_SHL:
	case X86_INS_SHR:
	case X86_INS_SUB:
	case X86_INS_TEST:
	case X86_INS_XOR:
	case X86_INS_XORPD:
	case X86_INS_XORPS:
		return true;
	default:
		return false;
	}
}

/* Memory that is there: the stack, and what the thread pointer points at. */
static bool may_fault(const cs_x86_op *op)
{
	if (op->mem.segment == X86_REG_FS)
		return op->mem.base != X86_REG_INVALID || op->mem.index != X86_REG_INVALID;
	return op->mem.segment != X86_REG_INVALID || op->mem.base != X86_REG_RSP ||
	       op->mem.index != X86_REG_INVALID;
}

/* Reading the return address is as bad as writing it: the function would see the kernel's. */
static bool touches_return_address(const cs_x86_op *op)
{
	if (!is_stack_pointer((unsigned)op->mem.base))
		return false;
	return op->mem.index != X86_REG_INVALID ||
	       (op->mem.disp < 8 && op->mem.disp + op->size > 0);
}

/* Nops and lea have operands that look like memory and are none. */
static void find_passing(const cs_insn *cs, struct code_insn *insn)
{
	const cs_x86 *x86 = &cs->detail->x86;

	insn->passing = CODE_NO_PASSING;
	if (insn->kind != CODE_PLAIN) {
		insn->moves_return = "control may go elsewhere there";
		return;
	}
	if (!is_harmless(cs->id)) {
		insn->moves_return = "it is not known to leave the return address alone";
		return;
	}
	insn->passing = CODE_PASSING;
	if (insn->sp.source != CODE_KEPT)
		insn->moves_return = "it moves the stack pointer";
	if (insn->nop || cs->id == X86_INS_LEA)
		return;
	for (uint8_t i = 0; i < x86->op_count; i++) {
		if (x86->operands[i].type != X86_OP_MEM)
			continue;
		if (may_fault(&x86->operands[i]))
			insn->passing = CODE_PASSING_MAY_FAULT;
		if (touches_return_address(&x86->operands[i]))
			insn->moves_return = "it touches the return address";
	}
}

/* Memory by its distance from here: what is there is data (or its address is taken, and it may
 * be). Memory by its distance from the stack or frame pointer, downwards. */
static void find_memory(const cs_insn *cs, struct code_insn *insn)
{
	const cs_x86 *x86 = &cs->detail->x86;

	for (uint8_t i = 0; i < x86->op_count && !insn->nop; i++) {
		const cs_x86_op *op = &x86->operands[i];

		if (op->type != X86_OP_MEM)
			continue;
		if (op->mem.base == X86_REG_RIP && !code_insn__jumps(insn)) {
			insn->has_target = true;
			insn->reads_code = true;
			insn->takes_address = cs->id == X86_INS_LEA;
			insn->target = (int64_t)insn->offset + insn->size + op->mem.disp;
		} else if (op->mem.disp < 0 && op->mem.disp >= INT32_MIN &&
			   (op->mem.base == X86_REG_RSP || op->mem.base == X86_REG_RBP)) {
			insn->low_base = op->mem.base == X86_REG_RSP ? CODE_FROM_SP : CODE_FROM_FP;
			insn->low = (int32_t)op->mem.disp;
		}
	}
}

void x86_find_effects(const struct code_part *part, const cs_insn *cs, struct code_insn *insn)
{
	struct written w = find_written(part, cs);

	insn->written_args = w.args;
	find_stack(cs, &w, insn);
	find_passing(cs, insn);
	find_memory(cs, insn);
}

/* The hardware's number of a 64-bit register. */
static bool number_register(unsigned reg, uint8_t *ret_number)
{
	if (reg == X86_REG_INVALID) {
		*ret_number = CODE_REGISTER_NONE;
		return true;
	}
	*ret_number = (uint8_t)x86_register_family(reg);
	return reg == X86_REG_RAX || reg == X86_REG_RBX || reg == X86_REG_RCX ||
	       reg == X86_REG_RDX || reg == X86_REG_RSI || reg == X86_REG_RDI ||
	       reg == X86_REG_RSP || reg == X86_REG_RBP ||
	       (reg >= X86_REG_R8 && reg <= X86_REG_R15);
}

bool x86_describe_indirect(const cs_insn *cs, struct code_jump *jump)
{
	const cs_x86_op *op = cs ? &cs->detail->x86.operands[0] : NULL;

	if (!op || cs->detail->x86.op_count != 1 || op->size != 8)
		return false;
	jump->index = CODE_REGISTER_NONE;
	if (op->type == X86_OP_REG) {
		jump->target = CODE_TARGET_REGISTER;
		return number_register(op->reg, &jump->base);
	}
	/* fs and gs have bases that nobody sees from outside. */
	if (op->type != X86_OP_MEM || op->mem.segment != X86_REG_INVALID)
		return false;
	jump->target = CODE_TARGET_MEMORY;
	jump->scale = (uint8_t)op->mem.scale;
	jump->displacement = op->mem.disp;
	if (op->mem.base == X86_REG_RIP) {
		jump->base = CODE_REGISTER_IP;
		jump->displacement += cs->size;
		return true;
	}
	return number_register((unsigned)op->mem.base, &jump->base) &&
	       number_register((unsigned)op->mem.index, &jump->index);
}
