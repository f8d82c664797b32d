/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a function does that matters when its return address is replaced. */
#include <elf.h>
#include <string.h>

#include "code_private.h"

/* On x86-64 the address lies where the stack pointer was at the entry: memory at that distance. */
static bool x86_operand_is_return_address(const cs_x86_op *op, const struct code_frame *frame)
{
	if (op->type != X86_OP_MEM || op->mem.index != X86_REG_INVALID)
		return false;
	switch (op->mem.base) {
	case X86_REG_RSP:
		return frame->sp_is != CODE_SP_EXACT || frame->sp + op->mem.disp == 0;
	case X86_REG_RBP:
		return frame->fp_known && frame->fp + op->mem.disp == 0;
	default:
		return false;
	}
}

static bool x86_reads(const struct code_part *part, size_t i)
{
	const struct code_insn *insn = &part->insns[i];
	const struct code_frame *frame = &part->frames[i];
	const cs_insn *cs;

	if (insn->nop || insn->kind == CODE_RETURN || !frame->seen)
		return false;
	cs = code_part__decode(part, insn->offset);
	for (uint8_t o = 0; cs && o < cs->detail->x86.op_count; o++) {
		if (x86_operand_is_return_address(&cs->detail->x86.operands[o], frame))
			return true;
	}
	return !cs;
}

/* On arm64 it is in x30, from where a function that wants it takes it: "mov xN, x30", and
 * "xpaclri", which strips a signature from x30 (Arm ARM, C6.2). */
static bool arm64_reads(const struct code_part *part, size_t i)
{
	uint32_t word;

	if (part->insns[i].offset + sizeof(word) > part->sz)
		return false;
	memcpy(&word, part->bytes + part->insns[i].offset, sizeof(word));
	return word == 0xd50320ff || (word & 0xffffffe0) == 0xaa1e03e0;
}

bool code__reads_return_address(const struct code *code)
{
	bool is_x86 = code->reader->arch == &code_x86;

	if (!code->size)
		return true;
	for (size_t p = 0; p < code->part_cnt; p++) {
		const struct code_part *part = &code->parts[p];

		if (part->decoded_sz < part->sz)
			return true;
		for (size_t i = 0; i < part->cnt; i++) {
			if (is_x86 ? x86_reads(part, i) : arm64_reads(part, i))
				return true;
		}
	}
	return false;
}

bool code__calls_itself(const struct code *code)
{
	const struct code_part *body = &code->parts[0];

	for (size_t i = 0; i < body->cnt; i++) {
		const struct code_insn *insn = &body->insns[i];

		if (insn->kind == CODE_CALL && insn->has_target && !insn->reads_code &&
		    insn->target == 0)
			return true;
	}
	return false;
}

uint64_t code__behind_checks(const struct code *code)
{
	const struct code_part *body = &code->parts[0];
	uint64_t behind = 0;

	for (size_t i = 0; i < body->cnt; i++) {
		const struct code_insn *insn = &body->insns[i];

		if (insn->sp.source != CODE_KEPT || insn->kind == CODE_CALL ||
		    code_insn__ends_block(insn))
			break;
		if (insn->kind == CODE_BRANCH)
			behind = insn->offset + insn->size;
	}
	return behind < body->sz ? behind : 0;
}
