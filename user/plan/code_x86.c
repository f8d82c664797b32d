/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * x86-64. Capstone tells where instructions end and what they do to registers; where control goes,
 * and what may be probed at which cost, is read from the opcode, because the kernel decides by it
 * (arch/x86/kernel/uprobes.c) and because Capstone's groups leave gaps.
 *
 * Where the kernel errs, the program pays, so that is refused here (all seen on Linux 6.18):
 * - every two-byte opcode passes, syscall and ud2 included: the kernel looks the escape byte 0f up
 *   where it means the second one;
 * - the VEX prefix is ignored when an instruction is told from a branch or a nop by its opcode:
 *   "vpor" is taken for a short jump, "vpcmpeqb" for je, and skipped;
 * - so is REX.B before 90: "xchg rax, r8" is taken for a nop, and skipped;
 * - a 5-byte nop is replaced by a call, which overwrites the 8 bytes below the stack pointer, where
 *   a function that calls nothing may keep data (code.c).
 */
#include "code_x86.h"

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
	uint8_t rex;   /* 0 when there is none */
	bool segment;  /* cs, ds, es or ss override; "notrack" and some nops are such */
	bool notrack;
	bool lock;
	bool operand_sz; /* 66 */
};

#define INSN_MAX_SZ 15

#define REX_B 0x01
#define REX_W 0x08

/* What the kernel can replace by a call it has to write at once. */
#define NOP5_SZ 5
#define PAGE_SZ 4096

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
		if (is_segment_prefix(bytes[i])) {
			form->segment = true;
			form->notrack |= bytes[i] == 0x3e;
		} else if (bytes[i] == 0xf0) {
			form->lock = true;
		} else if (bytes[i] == 0x66) {
			form->operand_sz = true;
		} else if (bytes[i] != 0x64 && bytes[i] != 0x65 && bytes[i] != 0x67 &&
			   bytes[i] != 0xf2 && bytes[i] != 0xf3) {
			break;
		}
	}
	if (i < sz && (bytes[i] & 0xf0) == 0x40)
		form->rex = bytes[i++];
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

/* The kernel looks the opcode of a VEX instruction up among the one-byte ones: those it refuses
 * there, and those it takes for branches, nops, returns and what else it treats apart. */
static bool is_mistaken_after_vex(const struct form *form)
{
	switch (form->opcode) {
	case 0x70 ... 0x7f:
	case 0x8e:
	case 0x90:
	case 0xc2 ... 0xc3:
	case 0xe8 ... 0xe9:
	case 0xeb:
	case 0xff:
		return true;
	default:
		return unfit_one_byte(form) || is_fma4(form);
	}
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
	if (form->encoding == ENCODING_VEX)
		return is_mistaken_after_vex(form)
			       ? "the kernel does not see its VEX prefix, and takes it for another"
			       : NULL;
	if (form->map == 0 && form->opcode == 0x90 && (form->rex & REX_B))
		return "the kernel takes it for a nop";
	if (form->map == 0) {
		reason = unfit_one_byte(form);
		return reason ? reason : unfit_group(form);
	}
	return form->map == 1 ? unfit_two_byte(form) : NULL;
}

static int64_t relative_target(const struct code_part *part, const struct code_insn *insn,
			       const struct form *form)
{
	const uint8_t *end = part->bytes + insn->offset + insn->size;
	bool is_short = form->map == 0 && form->opcode != 0xe8 && form->opcode != 0xe9 &&
			form->opcode != 0xc7;
	int32_t distance;

	if (is_short)
		return (int64_t)insn->offset + insn->size + (int8_t)end[-1];
	memcpy(&distance, end - sizeof(distance), sizeof(distance));
	return (int64_t)insn->offset + insn->size + distance;
}

/* Bytes on whose length Capstone 4, or the processors themselves, disagree. */
static bool is_ambiguous(const struct form *form, uint8_t kind)
{
	if (form->encoding != ENCODING_LEGACY)
		return false;
	/* Intel ignores the 66 of a branch, AMD shortens the distance to two bytes. */
	if (form->operand_sz && !(form->rex & REX_W) && is_relative(form, kind))
		return true;
	/* ud1 and ud0 have operands that Capstone 4 leaves out. */
	return form->map == 1 && (form->opcode == 0xb9 || form->opcode == 0xff);
}

static bool is_nop5(const struct code_part *part, const struct code_insn *insn,
		    const struct form *form)
{
	bool nop = (form->map == 0 && form->opcode == 0x90) ||
		   (form->map == 1 && form->opcode == 0x1f && modrm_reg(form) == 0);

	return nop && insn->size == NOP5_SZ &&
	       PAGE_SZ - (part->vaddr + insn->offset) % PAGE_SZ >= NOP5_SZ;
}

/*
 * branch_setup_xol_ops and push_setup_xol_ops. Linux 6.16 and later also emulate the nops of 3, 4
 * and 6 to 8 bytes that the kernel itself uses; where older ones run too that is no promise.
 */
static enum code_cost cost_of(const struct code_part *part, const struct code_insn *insn,
			      const struct form *form)
{
	if (insn->unfit)
		return CODE_COST_REFUSED;
	if (form->encoding != ENCODING_LEGACY || form->map > 1)
		return CODE_COST_STEPPED;
	if (is_nop5(part, insn, form))
		return CODE_COST_NOP5;
	if (form->map == 1)
		return form->opcode >= 0x80 && form->opcode <= 0x8f ? CODE_COST_EMULATED
								    : CODE_COST_STEPPED;
	switch (form->opcode) {
	case 0x50 ... 0x57:
		return insn->size == 1 || (insn->size == 2 && form->rex == (0x40 | REX_B))
			       ? CODE_COST_EMULATED
			       : CODE_COST_STEPPED;
	case 0x70 ... 0x7f:
	case 0x90:
	case 0xe8:
	case 0xe9:
	case 0xeb:
		return CODE_COST_EMULATED;
	default:
		return CODE_COST_STEPPED;
	}
}

/*
 * Instructions of later years, all without immediate operands, that Capstone 4 does not know in
 * their register forms: rdpkru and kin (0f 01), rdssp (0f 1e), rdpid (0f c7 /7). glibc uses them,
 * longjmp for one. Returns the length, or 0.
 */
static size_t measure_unknown(const uint8_t *bytes, size_t sz)
{
	struct form form = {};
	size_t i = skip_prefixes(bytes, sz, &form);
	bool known;

	if (i + 3 > sz || i + 3 > INSN_MAX_SZ || bytes[i] != 0x0f || bytes[i + 2] < 0xc0)
		return 0;
	form.modrm = bytes[i + 2];
	known = bytes[i + 1] == 0x01 || bytes[i + 1] == 0x1e ||
		(bytes[i + 1] == 0xc7 && modrm_reg(&form) == 7);
	return known ? i + 3 : 0;
}

/* They write what their last byte names, and rax, rcx and rdx. */
static void assume_effects(const struct form *form, struct code_insn *insn)
{
	const struct code_change lost = { .source = CODE_LOST };
	uint8_t reg = (form->modrm & 7) | (form->rex & REX_B) << 3;

	if (reg == X86_RSP)
		insn->sp = lost;
	if (reg == X86_RBP)
		insn->fp = lost;
	insn->written_args = UINT8_MAX;
	insn->passing = CODE_NO_PASSING;
	insn->moves_return = "it is not known to leave the return address alone";
}

static bool x86_decode(const struct code_part *part, struct code_insn *insn)
{
	const cs_insn *cs = code_part__decode(part, insn->offset);
	const uint8_t *bytes = part->bytes + insn->offset;
	struct form form;

	insn->size =
		cs ? (uint8_t)cs->size : (uint8_t)measure_unknown(bytes, part->sz - insn->offset);
	if (!insn->size)
		return false;
	parse_form(bytes, insn->size, &form);
	insn->kind = kind_of(&form);
	insn->nop = cs && cs->id == X86_INS_NOP;
	if (is_ambiguous(&form, insn->kind))
		return false;
	insn->unfit = unfit(&form, insn->kind);
	insn->cost = cost_of(part, insn, &form);
	insn->never_leaves = insn->kind == CODE_INDIRECT && form.notrack;
	if (is_relative(&form, insn->kind)) {
		insn->has_target = true;
		insn->target = relative_target(part, insn, &form);
	}
	if (cs)
		x86_find_effects(part, cs, insn);
	else
		assume_effects(&form, insn);
	return true;
}

/* The condition is the low four bits of every jcc; loop, jrcxz and xbegin have none. */
static bool describe_branch(const struct form *form, struct code_jump *jump)
{
	bool near = form->map == 1;

	if (!near && (form->opcode & 0xf0) != 0x70)
		return false;
	jump->condition = form->opcode & 0x0f;
	return true;
}

static bool x86_describe(const struct code_part *part, const struct code_insn *insn,
			 struct code_jump *ret_jump)
{
	struct form form;

	parse_form(part->bytes + insn->offset, insn->size, &form);
	if (insn->kind == CODE_BRANCH)
		return describe_branch(&form, ret_jump);
	return insn->kind == CODE_JUMP ||
	       x86_describe_indirect(code_part__decode(part, insn->offset), ret_jump);
}

const struct code_arch code_x86 = {
	.name = "x86-64",
	.decode = x86_decode,
	.describe = x86_describe,
	.find_table = x86_find_table,
	/* System V ABI, AMD64 supplement, figure 3.36 */
	.sp_dwarf = 7,
	.fp_dwarf = 6,
	.cfa_bias = 8,
};
