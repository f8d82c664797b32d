/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Jump tables, as GCC and Clang make them of a switch:
 *
 *	cmp    edi, 5                  the index is 0 to 5 ...
 *	ja     default                 ... from here on
 *	lea    rdx, [rip + table]
 *	movsxd rax, [rdx + rdi * 4]    a distance from the table
 *	add    rax, rdx
 *	jmp    rax
 *
 * or, in programs that are not position-independent, "jmp [rdi * 8 + table]". Nothing else is read
 * as a table: what the registers hold is followed along the straight way to the jump, and forgotten
 * where a jump comes in between.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "code_x86.h"

#define REGISTER_CNT 16
/* How far before the jump its index is compared. */
#define LOOK_BACK_MAX 16
/* Generated code has switches of a few thousand cases. */
#define ENTRIES_MAX 8192

enum holds {
	ANYTHING,
	INDEX,	  /* 0 to most */
	ADDRESS,  /* vaddr */
	DISTANCE, /* one of the table's at vaddr, of most + 1 */
	TARGET,	  /* vaddr plus such a one */
};

struct value {
	uint8_t holds; /* enum holds */
	uint64_t most;
	uint64_t vaddr;
};

struct state {
	const struct code_part *part;
	struct value registers[REGISTER_CNT];
	/* What the flags tell: compared with most, if that was the last to set them. */
	unsigned compared; /* REGISTER_CNT: nothing */
	uint64_t most;
};

static struct value *register_of(struct state *state, unsigned reg)
{
	unsigned number = x86_register_family(reg);

	return number < REGISTER_CNT ? &state->registers[number] : NULL;
}

static struct value read_value(struct state *state, unsigned reg)
{
	const struct value *value = register_of(state, reg);

	return value ? *value : (struct value) { .holds = ANYTHING };
}

/* Moving an index about, and widening it, leaves it one. */
static struct value after_move(struct state *state, const cs_x86_op *op)
{
	struct value value;

	if (op[1].type != X86_OP_REG)
		return (struct value) { .holds = ANYTHING };
	value = read_value(state, op[1].reg);
	return value.holds == INDEX ? value : (struct value) { .holds = ANYTHING };
}

static struct value after_load(struct state *state, const cs_x86_op *op)
{
	struct value base, index;

	if (op[1].type != X86_OP_MEM)
		return after_move(state, op);
	base = read_value(state, (unsigned)op[1].mem.base);
	index = read_value(state, (unsigned)op[1].mem.index);
	if (base.holds != ADDRESS || index.holds != INDEX || op[1].mem.scale != 4 ||
	    op[1].mem.disp != 0 || op[1].mem.segment != X86_REG_INVALID)
		return (struct value) { .holds = ANYTHING };
	return (struct value) { .holds = DISTANCE, .vaddr = base.vaddr, .most = index.most };
}

static struct value after_add(struct state *state, const cs_x86_op *op)
{
	struct value a = read_value(state, op[0].reg), b;

	if (op[1].type != X86_OP_REG)
		return (struct value) { .holds = ANYTHING };
	b = read_value(state, op[1].reg);
	if (a.holds == ADDRESS && b.holds == DISTANCE) {
		const struct value swap = a;

		a = b;
		b = swap;
	}
	if (a.holds != DISTANCE || b.holds != ADDRESS || a.vaddr != b.vaddr)
		return (struct value) { .holds = ANYTHING };
	return (struct value) { .holds = TARGET, .vaddr = a.vaddr, .most = a.most };
}

/* What the first operand, a register, holds after the instruction. */
static struct value evaluate(struct state *state, const cs_insn *cs)
{
	const cs_x86_op *op = cs->detail->x86.operands;
	const struct value anything = { .holds = ANYTHING };

	if (cs->detail->x86.op_count != 2 || op[0].type != X86_OP_REG)
		return anything;
	switch (cs->id) {
	case X86_INS_MOV:
	case X86_INS_MOVZX:
		return after_move(state, op);
	case X86_INS_MOVSXD:
		return after_load(state, op);
	case X86_INS_ADD:
		return after_add(state, op);
	case X86_INS_AND:
		if (op[1].type == X86_OP_IMM && op[1].imm >= 0 && op[1].imm < ENTRIES_MAX)
			return (struct value) { .holds = INDEX, .most = (uint64_t)op[1].imm };
		return anything;
	case X86_INS_LEA:
		if (op[1].mem.base == X86_REG_RIP)
			return (struct value) { .holds = ADDRESS,
						.vaddr = cs->address + cs->size +
							 (uint64_t)op[1].mem.disp };
		return anything;
	default:
		return anything;
	}
}

static void forget_written(struct state *state, const cs_insn *cs)
{
	uint8_t read_cnt, written_cnt;
	cs_regs read, written;

	if (cs_regs_access(state->part->reader->capstone, cs, read, &read_cnt, written,
			   &written_cnt) != CS_ERR_OK) {
		memset(state->registers, 0, sizeof(state->registers));
		return;
	}
	for (uint8_t i = 0; i < written_cnt; i++) {
		struct value *value = register_of(state, written[i]);

		if (value)
			*value = (struct value) { .holds = ANYTHING };
		if (value == &state->registers[state->compared])
			state->compared = REGISTER_CNT;
	}
}

static bool keeps_flags(unsigned id)
{
	return id == X86_INS_MOV || id == X86_INS_MOVZX || id == X86_INS_MOVSXD ||
	       id == X86_INS_LEA || id == X86_INS_NOP;
}

static void note_compare(struct state *state, const cs_insn *cs)
{
	const cs_x86_op *op = cs->detail->x86.operands;

	state->compared = REGISTER_CNT;
	if (cs->id != X86_INS_CMP || op[0].type != X86_OP_REG || op[1].type != X86_OP_IMM ||
	    op[1].imm < 0 || op[1].imm >= ENTRIES_MAX)
		return;
	state->compared = x86_register_family(op[0].reg);
	state->most = (uint64_t)op[1].imm;
}

/* Where "above" does not go, the register is at most what it was compared with. */
static void note_branch(struct state *state, const cs_insn *cs)
{
	if (state->compared >= REGISTER_CNT ||
	    (cs->id != X86_INS_JA && (cs->id != X86_INS_JAE || state->most == 0)))
		return;
	state->registers[state->compared] = (struct value) {
		.holds = INDEX,
		.most = state->most - (cs->id == X86_INS_JAE),
	};
}

static void step(struct state *state, const struct code_insn *insn)
{
	const cs_insn *cs = code_part__decode(state->part, insn->offset);
	struct value value, *to = NULL;

	if (!cs || insn->kind == CODE_CALL) {
		memset(state->registers, 0, sizeof(state->registers));
		state->compared = REGISTER_CNT;
		return;
	}
	if (insn->kind == CODE_BRANCH) {
		note_branch(state, cs);
		return;
	}
	value = evaluate(state, cs);
	if (cs->detail->x86.op_count && cs->detail->x86.operands[0].type == X86_OP_REG)
		to = register_of(state, cs->detail->x86.operands[0].reg);
	if (!keeps_flags(cs->id))
		note_compare(state, cs);
	forget_written(state, cs);
	if (to && cs->id != X86_INS_CMP && value.holds != ANYTHING)
		*to = value;
}

/* Back along the only way that leads to the jump. */
static const struct code_insn *find_start(const struct code_part *part,
					  const struct code_insn *jump)
{
	const struct code_insn *start = jump;

	while (start > part->insns && jump - start < LOOK_BACK_MAX &&
	       !code_insn__ends_block(&start[-1]) && !start->targeted)
		start--;
	return start;
}

/* The table that the jump takes its target from, its entries of 4 or of 8 bytes. */
static size_t find_operand(struct state *state, const struct code_insn *insn,
			   struct value *ret_value)
{
	const cs_insn *cs = code_part__decode(state->part, insn->offset);
	const cs_x86_op *op = cs ? cs->detail->x86.operands : NULL;

	if (!op)
		return 0;
	if (op->type == X86_OP_REG) {
		*ret_value = read_value(state, op->reg);
		return ret_value->holds == TARGET ? 4 : 0;
	}
	/* Only in a program that is loaded where it was linked: its table has whole addresses. */
	if (op->type != X86_OP_MEM || op->mem.base != X86_REG_INVALID ||
	    op->mem.segment != X86_REG_INVALID || op->mem.scale != 8 || op->mem.disp <= 0)
		return 0;
	*ret_value = read_value(state, (unsigned)op->mem.index);
	ret_value->vaddr = (uint64_t)op->mem.disp;
	return ret_value->holds == INDEX ? 8 : 0;
}

static int read_table(const struct code_part *part, const struct value *table, size_t entry_sz,
		      struct code_table *ret_table)
{
	size_t cnt = table->most + 1, sz = cnt * entry_sz;
	const uint8_t *bytes = elf_file__data(part->reader->file, table->vaddr, &sz);
	uint64_t *vaddrs;

	if (!bytes || sz < cnt * entry_sz)
		return -ENOENT;
	vaddrs = calloc(cnt, sizeof(*vaddrs));
	if (!vaddrs)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		int32_t distance;

		if (entry_sz == sizeof(*vaddrs)) {
			memcpy(&vaddrs[i], bytes + i * entry_sz, entry_sz);
			continue;
		}
		memcpy(&distance, bytes + i * entry_sz, sizeof(distance));
		vaddrs[i] = table->vaddr + (uint64_t)distance;
	}
	*ret_table = (struct code_table) { .vaddrs = vaddrs, .cnt = cnt };
	return 0;
}

int x86_find_table(const struct code_part *part, const struct code_insn *insn,
		   struct code_table *ret_table)
{
	struct state state = { .part = part, .compared = REGISTER_CNT };
	struct value table;
	size_t entry_sz;

	for (const struct code_insn *at = find_start(part, insn); at < insn; at++)
		step(&state, at);
	entry_sz = find_operand(&state, insn, &table);
	return entry_sz ? read_table(part, &table, entry_sz, ret_table) : -ENOENT;
}
