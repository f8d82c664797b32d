/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * x86-64. Capstone tells where instructions end and what they do to registers; where control goes,
 * and what may be probed, is read from the opcode, because the kernel decides by it
 * (arch/x86/kernel/uprobes.c) and because Capstone's groups leave gaps.
 *
 * Linux 6.18 lets every two-byte opcode pass, syscall and ud2 included: the kernel looks the escape
 * byte 0f up where it means the second one. What its tables were to refuse is refused here.
 */
#include "code_map.h"

#include <string.h>

enum encoding {
	ENCODING_LEGACY,
	ENCODING_VEX,
	ENCODING_EVEX,
	ENCODING_XOP,
};

/* An instruction in parts. Opcode map 0 is the one-byte map, 1 follows 0f, 2 0f 38, 3 0f 3a. */
struct form {
	uint8_t encoding; /* enum encoding */
	uint8_t map;
	uint8_t opcode;
	uint8_t modrm; /* the byte after the opcode, whatever it means; 0 when there is none */
	bool segment;  /* cs, ds, es or ss override; "notrack" and some nops are such */
	bool lock;
	bool operand_sz; /* 66 */
	bool rex_w;
};

static uint8_t modrm_reg(const struct form *form)
{
	return (form->modrm >> 3) & 7;
}

static bool is_segment_prefix(uint8_t byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e;
}

static size_t skip_prefixes(const uint8_t *bytes, size_t sz, struct form *form)
{
	size_t i;

	for (i = 0; i < sz; i++) {
		if (is_segment_prefix(bytes[i]))
			form->segment = true;
		else if (bytes[i] == 0xf0)
			form->lock = true;
		else if (bytes[i] == 0x66)
			form->operand_sz = true;
		else if (bytes[i] != 0x64 && bytes[i] != 0x65 && bytes[i] != 0x67 &&
			 bytes[i] != 0xf2 && bytes[i] != 0xf3)
			break;
	}
	if (i < sz && (bytes[i] & 0xf0) == 0x40)
		form->rex_w = bytes[i++] & 8;
	return i;
}

/* Finds the opcode in an instruction that Capstone measured; its length bounds every read. */
static void parse_form(const uint8_t *bytes, size_t sz, struct form *form)
{
	uint8_t at[4] = {};
	size_t i;

	*form = (struct form) {};
	i = skip_prefixes(bytes, sz, form);
	memcpy(at, bytes + i, sz - i < sizeof(at) ? sz - i : sizeof(at));
	form->opcode = at[0];
	form->modrm = at[1];
	if (at[0] == 0x0f) {
		form->map = at[1] == 0x38 ? 2 : at[1] == 0x3a ? 3 : 1;
		form->opcode = form->map == 1 ? at[1] : at[2];
		form->modrm = form->map == 1 ? at[2] : at[3];
	} else if (at[0] == 0xc5) {
		form->encoding = ENCODING_VEX;
		form->map = 1;
		form->opcode = at[2];
	} else if (at[0] == 0xc4) {
		form->encoding = ENCODING_VEX;
		form->map = at[1] & 0x1f;
		form->opcode = at[3];
	} else if (at[0] == 0x62) {
		form->encoding = ENCODING_EVEX;
	} else if (at[0] == 0x8f && (at[1] & 0x1f) >= 8) {
		form->encoding = ENCODING_XOP;
	}
}

static uint8_t kind_of_one_byte(const struct form *form)
{
	switch (form->opcode) {
	case 0x70 ... 0x7f: /* jcc */
	case 0xe0 ... 0xe3: /* loop, jrcxz */
		return CODE_BRANCH;
	case 0xc7: /* xbegin jumps when the transaction fails */
		return form->modrm == 0xf8 ? CODE_BRANCH : CODE_PLAIN;
	case 0xe8:
		return CODE_CALL;
	case 0xe9:
	case 0xeb:
		return CODE_JUMP;
	case 0xc2:
	case 0xc3:
		return CODE_RETURN;
	case 0xca: /* far returns, iret, the far jump */
	case 0xcb:
	case 0xcf:
		return CODE_STRANGE;
	case 0xcc: /* int3, hlt */
	case 0xf4:
		return CODE_TRAP;
	case 0xff:
		if (modrm_reg(form) == 4)
			return CODE_INDIRECT;
		if (modrm_reg(form) == 5)
			return CODE_STRANGE;
		return modrm_reg(form) == 2 || modrm_reg(form) == 3 ? CODE_CALL : CODE_PLAIN;
	default:
		return CODE_PLAIN;
	}
}

static uint8_t kind_of(const struct form *form)
{
	if (form->encoding != ENCODING_LEGACY || form->map > 1)
		return CODE_PLAIN;
	if (form->map == 0)
		return kind_of_one_byte(form);
	switch (form->opcode) {
	case 0x80 ... 0x8f:
		return CODE_BRANCH;
	case 0x0b: /* ud2 */
		return CODE_TRAP;
	case 0x07: /* sysret, sysenter, sysexit, rsm */
	case 0x34:
	case 0x35:
	case 0xaa:
		return CODE_STRANGE;
	default:
		return CODE_PLAIN;
	}
}

static bool is_relative(const struct form *form, uint8_t kind)
{
	if (kind == CODE_BRANCH || kind == CODE_JUMP)
		return true;
	return kind == CODE_CALL && form->opcode == 0xe8;
}

static const char *unfit_one_byte(const struct form *form)
{
	switch (form->opcode) {
	case 0x6c ... 0x6f:
	case 0xe4 ... 0xe7:
	case 0xec ... 0xef:
	case 0xf4:
	case 0xfa:
	case 0xfb:
		return "it needs privileges";
	case 0x9c: /* stepping sets the trap flag, which pushf would store */
	case 0x9d:
		return "it moves the flags that single-stepping uses";
	case 0xcc ... 0xcf:
	case 0xf1:
		return "it enters the kernel";
	case 0xca:
	case 0xcb:
		return "far returns cannot be probed";
	case 0x06 ... 0x07:
	case 0x0e:
	case 0x16 ... 0x17:
	case 0x1e ... 0x1f:
	case 0x27:
	case 0x2f:
	case 0x37:
	case 0x3f:
	case 0x60 ... 0x62:
	case 0x82:
	case 0x9a:
	case 0xd4 ... 0xd6:
	case 0xea:
		return "the kernel does not know it";
	default:
		return NULL;
	}
}

/* Opcodes that stand for several instructions, by the reg field of the byte that follows. */
static const char *unfit_group(const struct form *form)
{
	uint8_t reg = modrm_reg(form);
	bool bad;

	switch (form->opcode) {
	case 0x8e:
		return reg == 2 ? "loading ss holds interrupts back" : NULL;
	case 0x8f:
		bad = reg != 0;
		break;
	case 0xc6:
	case 0xc7:
		return reg != 0 ? "it belongs to a memory transaction" : NULL;
	case 0xfe:
		bad = reg > 1;
		break;
	case 0xff:
		bad = reg == 3 || reg == 5 || reg == 7;
		break;
	default:
		return NULL;
	}
	return bad ? "the kernel does not know it" : NULL;
}

static const char *unfit_two_byte(const struct form *form)
{
	switch (form->opcode) {
	case 0x05:
	case 0x07:
	case 0x34:
	case 0x35:
		return "it enters the kernel";
	case 0x0b:
	case 0xb9:
	case 0xff:
		return "it ends the program";
	case 0x00 ... 0x01:
	case 0x06:
	case 0x08 ... 0x09:
	case 0x20 ... 0x27:
	case 0x30:
	case 0x32:
	case 0x37:
	case 0x78 ... 0x79:
	case 0xaa:
		return "it is a system instruction";
	default:
		return NULL;
	}
}

/* AMD's FMA4, which processors since 2017 lack and the kernel never learnt. */
static bool is_fma4(const struct form *form)
{
	uint8_t row = form->opcode & 0xf8;

	return form->map == 3 && ((form->opcode & 0xfc) == 0x5c || row == 0x68 || row == 0x78);
}

static const char *unfit(const struct form *form, uint8_t kind)
{
	const char *reason;

	if (form->lock)
		return "the kernel refuses the LOCK prefix";
	if (form->segment)
		return "the kernel refuses its segment prefix";
	if (form->operand_sz && is_relative(form, kind))
		return "the kernel refuses branches with an operand-size prefix";
	if (form->encoding == ENCODING_EVEX || form->encoding == ENCODING_XOP)
		return "not every kernel knows its encoding";
	/* The kernel looks the opcode of a VEX instruction up among the one-byte ones. */
	if (form->encoding == ENCODING_VEX)
		return unfit_one_byte(form) || is_fma4(form)
			       ? "the kernel refuses this opcode after VEX"
			       : NULL;
	if (form->map == 0) {
		reason = unfit_one_byte(form);
		return reason ? reason : unfit_group(form);
	}
	return form->map == 1 ? unfit_two_byte(form) : NULL;
}

static int64_t relative_target(const struct code_map *map, const struct code_insn *insn,
			       const struct form *form)
{
	const uint8_t *end = map->bytes + insn->offset + insn->size;
	bool is_short = form->map == 0 && form->opcode != 0xe8 && form->opcode != 0xe9 &&
			form->opcode != 0xc7;
	int32_t distance;

	if (is_short)
		return (int64_t)insn->offset + insn->size + (int8_t)end[-1];
	memcpy(&distance, end - sizeof(distance), sizeof(distance));
	return (int64_t)insn->offset + insn->size + distance;
}

/* Does it read memory by its distance from here? Then what is there is data (or its address is
 * taken, and it may be). */
static void find_reference(const cs_insn *cs, struct code_insn *insn)
{
	const cs_x86 *x86 = &cs->detail->x86;

	for (uint8_t i = 0; i < x86->op_count; i++) {
		if (x86->operands[i].type != X86_OP_MEM ||
		    x86->operands[i].mem.base != X86_REG_RIP || insn->nop)
			continue;
		insn->has_target = true;
		insn->reads_code = true;
		insn->target = (int64_t)insn->offset + insn->size + x86->operands[i].mem.disp;
	}
}

/* Bytes on whose length Capstone 4, or the processors themselves, disagree. */
static bool is_ambiguous(const struct form *form, uint8_t kind)
{
	if (form->encoding != ENCODING_LEGACY)
		return false;
	/* Intel ignores the 66 of a branch, AMD shortens the distance to two bytes. */
	if (form->operand_sz && !form->rex_w && is_relative(form, kind))
		return true;
	/* ud1 and ud0 have operands that Capstone 4 leaves out. */
	return form->map == 1 && (form->opcode == 0xb9 || form->opcode == 0xff);
}

static bool x86_decode(const struct code_map *map, struct code_insn *insn)
{
	const cs_insn *cs = code_map__decode(map, insn->offset);
	struct form form;

	if (!cs)
		return false;
	parse_form(map->bytes + insn->offset, cs->size, &form);
	insn->size = (uint8_t)cs->size;
	insn->kind = kind_of(&form);
	insn->nop = cs->id == X86_INS_NOP;
	if (is_ambiguous(&form, insn->kind))
		return false;
	insn->unfit = unfit(&form, insn->kind);
	if (is_relative(&form, insn->kind)) {
		insn->has_target = true;
		insn->target = relative_target(map, insn, &form);
	} else {
		find_reference(cs, insn);
	}
	return true;
}

static bool is_stack_pointer(unsigned reg)
{
	return reg == X86_REG_RSP || reg == X86_REG_ESP || reg == X86_REG_SP || reg == X86_REG_SPL;
}

static bool is_frame_pointer(unsigned reg)
{
	return reg == X86_REG_RBP || reg == X86_REG_EBP || reg == X86_REG_BP || reg == X86_REG_BPL;
}

static bool writes(const struct code_map *map, const cs_insn *cs, bool (*is_it)(unsigned reg))
{
	uint8_t read_cnt, written_cnt;
	cs_regs read, written;

	if (cs_regs_access(map->capstone, cs, read, &read_cnt, written, &written_cnt) != CS_ERR_OK)
		return true;
	for (uint8_t i = 0; i < written_cnt; i++) {
		if (is_it(written[i]))
			return true;
	}
	return false;
}

/* The value of "rsp + n" or "rbp + n" as a distance from the entry's stack pointer. */
static bool evaluate(const struct code_frame *frame, unsigned reg, int64_t add, int64_t *ret_value)
{
	if (reg == X86_REG_RSP && frame->sp_known)
		*ret_value = frame->sp + add;
	else if (reg == X86_REG_RBP && frame->fp_known)
		*ret_value = frame->fp + add;
	else
		return false;
	return true;
}

/* The new value of the register that a mov, lea, add or sub writes. */
static bool evaluate_insn(const cs_insn *cs, const struct code_frame *frame, int64_t *ret_value)
{
	const cs_x86_op *op = cs->detail->x86.operands;

	if (cs->detail->x86.op_count != 2 || op[0].type != X86_OP_REG)
		return false;
	switch (cs->id) {
	case X86_INS_MOV:
		return op[1].type == X86_OP_REG && evaluate(frame, op[1].reg, 0, ret_value);
	case X86_INS_LEA:
		return op[1].mem.index == X86_REG_INVALID && !op[1].mem.segment &&
		       evaluate(frame, op[1].mem.base, op[1].mem.disp, ret_value);
	case X86_INS_ADD:
		return op[1].type == X86_OP_IMM && evaluate(frame, op[0].reg, op[1].imm, ret_value);
	case X86_INS_SUB:
		return op[1].type == X86_OP_IMM && op[1].imm != INT64_MIN &&
		       evaluate(frame, op[0].reg, -op[1].imm, ret_value);
	default:
		return false;
	}
}

static void step_assignment(const struct code_map *map, const cs_insn *cs, struct code_frame *frame)
{
	const struct code_frame before = *frame;
	unsigned to = cs->detail->x86.op_count ? cs->detail->x86.operands[0].reg : X86_REG_INVALID;

	if (writes(map, cs, is_stack_pointer))
		frame->sp_known = to == X86_REG_RSP && evaluate_insn(cs, &before, &frame->sp);
	if (writes(map, cs, is_frame_pointer))
		frame->fp_known = to == X86_REG_RBP && evaluate_insn(cs, &before, &frame->fp);
}

static void step_pop(const cs_insn *cs, struct code_frame *frame)
{
	const cs_x86_op *op = &cs->detail->x86.operands[0];

	frame->sp += op->size;
	if (op->type == X86_OP_REG && is_stack_pointer(op->reg))
		frame->sp_known = false;
	if (op->type == X86_OP_REG && is_frame_pointer(op->reg))
		frame->fp_known = false;
}

static void x86_step(const struct code_map *map, const struct code_insn *insn,
		     struct code_frame *frame)
{
	const cs_insn *cs = code_map__decode(map, insn->offset);

	if (!cs) {
		frame->sp_known = frame->fp_known = false;
		return;
	}
	switch (cs->id) {
	case X86_INS_PUSH:
		/* Capstone gives an immediate its own size; the push is of eight bytes. */
		frame->sp -= cs->detail->x86.operands[0].type == X86_OP_REG
				     ? cs->detail->x86.operands[0].size
				     : 8;
		break;
	case X86_INS_POP:
		step_pop(cs, frame);
		break;
	case X86_INS_LEAVE:
		frame->sp_known = frame->fp_known;
		frame->sp = frame->fp + 8;
		frame->fp_known = false;
		break;
	case X86_INS_CALL:
		/* Calls leave the stack as it was, except the one that asks where it is. */
		if (insn->has_target && insn->target == insn->offset + insn->size)
			frame->sp_known = false;
		break;
	default:
		step_assignment(map, cs, frame);
		break;
	}
}

/* What a function does before it makes its frame. Everything else ends the search for a place. */
static bool is_harmless(unsigned id)
{
	switch (id) {
	case X86_INS_ADD:
	case X86_INS_AND:
	case X86_INS_BSWAP:
	case X86_INS_BT:
	case X86_INS_CDQ:
	case X86_INS_CDQE:
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
	case X86_INS_PXOR:
	case X86_INS_SAR:
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

/* Reading the return address is as bad as writing it: the function would see the kernel's. */
static bool touches_return_address(const cs_x86_op *op)
{
	if (op->type != X86_OP_MEM || !is_stack_pointer((unsigned)op->mem.base))
		return false;
	return op->mem.index != X86_REG_INVALID ||
	       (op->mem.disp < 8 && op->mem.disp + op->size > 0);
}

static const char *x86_moves_return(const struct code_map *map, const struct code_insn *insn)
{
	const cs_insn *cs = code_map__decode(map, insn->offset);

	if (insn->kind != CODE_PLAIN)
		return "control may go elsewhere there";
	if (!cs || !is_harmless(cs->id))
		return "it is not known to leave the return address alone";
	if (writes(map, cs, is_stack_pointer))
		return "it moves the stack pointer";
	if (cs->id == X86_INS_LEA || cs->id == X86_INS_NOP)
		return NULL;
	for (uint8_t i = 0; i < cs->detail->x86.op_count; i++) {
		if (touches_return_address(&cs->detail->x86.operands[i]))
			return "it touches the return address";
	}
	return NULL;
}

const struct code_arch code_x86 = {
	.name = "x86-64",
	.decode = x86_decode,
	.step = x86_step,
	.moves_return = x86_moves_return,
};
