/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Running the small program by which .eh_frame gives the frame address of each instruction of a
 * function (DWARF 5, section 6.4.2). What it says of saved registers is skipped.
 */
#include "eh_frame_private.h"

#include <stdlib.h>

enum eh_op {
	OP_ADVANCE = 0x40, /* these three have their operand in the low six bits */
	OP_OFFSET = 0x80,
	OP_RESTORE = 0xc0,
	OP_NOP = 0x00,
	OP_SET_LOC = 0x01,
	OP_ADVANCE1 = 0x02,
	OP_ADVANCE2 = 0x03,
	OP_ADVANCE4 = 0x04,
	OP_OFFSET_EXTENDED = 0x05,
	OP_RESTORE_EXTENDED = 0x06,
	OP_UNDEFINED = 0x07,
	OP_SAME_VALUE = 0x08,
	OP_REGISTER = 0x09,
	OP_REMEMBER = 0x0a,
	OP_RESTORE_STATE = 0x0b,
	OP_DEF_CFA = 0x0c,
	OP_DEF_CFA_REGISTER = 0x0d,
	OP_DEF_CFA_OFFSET = 0x0e,
	OP_DEF_CFA_EXPRESSION = 0x0f,
	OP_EXPRESSION = 0x10,
	OP_OFFSET_EXTENDED_SF = 0x11,
	OP_DEF_CFA_SF = 0x12,
	OP_DEF_CFA_OFFSET_SF = 0x13,
	OP_VAL_OFFSET = 0x14,
	OP_VAL_OFFSET_SF = 0x15,
	OP_VAL_EXPRESSION = 0x16,
	OP_NEGATE_RA_STATE = 0x2d, /* of arm64 */
	OP_ARGS_SIZE = 0x2e,
	OP_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

/* Those of the largest functions have 20 KiB. */
#define PROGRAM_MAX_SZ (1 << 18)

/* Compilers nest these once. */
#define REMEMBERED_MAX 8

struct machine {
	const struct eh_cie *cie;
	uint64_t location;
	struct eh_row row; /* the one that is being made */
	struct eh_row remembered[REMEMBERED_MAX];
	size_t remembered_cnt;
	struct eh_rows rows;
	size_t room;
};

static void skip_block(struct eh_bytes *program)
{
	uint64_t sz = eh_read_uleb(program);

	if (sz > (uint64_t)(program->end - program->at))
		program->bad = true;
	else
		program->at += sz;
}

static bool remember(struct machine *m, bool restore)
{
	if (restore ? m->remembered_cnt == 0 : m->remembered_cnt == REMEMBERED_MAX)
		return false;
	if (restore)
		m->row = m->remembered[--m->remembered_cnt];
	else
		m->remembered[m->remembered_cnt++] = m->row;
	return true;
}

static int64_t scaled(const struct machine *m, int64_t factored)
{
	return (int64_t)((uint64_t)factored * (uint64_t)m->cie->data_align);
}

static void define_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->row.known = reg <= UINT8_MAX;
	m->row.cfa = (struct eh_cfa) { .reg = (unsigned)reg, .offset = offset };
}

/* True: one of those that give the frame address. */
static bool run_cfa_op(struct machine *m, uint8_t op, struct eh_bytes *program)
{
	uint64_t reg;

	switch (op) {
	case OP_DEF_CFA:
		reg = eh_read_uleb(program);
		define_cfa(m, reg, (int64_t)eh_read_uleb(program));
		return true;
	case OP_DEF_CFA_SF:
		reg = eh_read_uleb(program);
		define_cfa(m, reg, scaled(m, eh_read_sleb(program)));
		return true;
	case OP_DEF_CFA_REGISTER:
		m->row.cfa.reg = (unsigned)eh_read_uleb(program);
		return true;
	case OP_DEF_CFA_OFFSET:
		m->row.cfa.offset = (int64_t)eh_read_uleb(program);
		return true;
	case OP_DEF_CFA_OFFSET_SF:
		m->row.cfa.offset = scaled(m, eh_read_sleb(program));
		return true;
	case OP_DEF_CFA_EXPRESSION:
		skip_block(program);
		m->row.known = false;
		return true;
	default:
		return false;
	}
}

/* The others. False: not known, and so neither is what follows. */
static bool skip_op(uint8_t op, struct eh_bytes *program)
{
	switch (op) {
	case OP_NOP:
	case OP_NEGATE_RA_STATE:
		return true;
	case OP_RESTORE_EXTENDED:
	case OP_UNDEFINED:
	case OP_SAME_VALUE:
	case OP_ARGS_SIZE:
		eh_read_uleb(program);
		return true;
	case OP_OFFSET_EXTENDED:
	case OP_REGISTER:
	case OP_OFFSET_EXTENDED_SF:
	case OP_VAL_OFFSET:
	case OP_VAL_OFFSET_SF:
	case OP_NEGATIVE_OFFSET_EXTENDED:
		eh_read_uleb(program);
		eh_read_uleb(program);
		return true;
	case OP_EXPRESSION:
	case OP_VAL_EXPRESSION:
		eh_read_uleb(program);
		skip_block(program);
		return true;
	default:
		return false;
	}
}

/* The distance to the next row, for the operations that begin one. */
static bool read_advance(const struct machine *m, uint8_t op, struct eh_bytes *program,
			 uint64_t *ret_distance)
{
	uint64_t units;

	if ((op & 0xc0) == OP_ADVANCE)
		units = op & 0x3f;
	else if (op == OP_ADVANCE1)
		units = eh_read(program, 1);
	else if (op == OP_ADVANCE2)
		units = eh_read(program, 2);
	else if (op == OP_ADVANCE4)
		units = eh_read(program, 4);
	else if (op == OP_SET_LOC)
		units = eh_read_pointer(program, m->cie->encoding) - m->location;
	else
		return false;
	*ret_distance = op == OP_SET_LOC ? units : units * m->cie->code_align;
	return true;
}

static bool end_row(struct machine *m)
{
	struct eh_row *grown;

	if (m->rows.cnt == m->room) {
		m->room = m->room * 2 + 16;
		grown = reallocarray(m->rows.items, m->room, sizeof(*grown));
		if (!grown)
			return false;
		m->rows.items = grown;
	}
	m->row.vaddr = m->location;
	m->rows.items[m->rows.cnt++] = m->row;
	return true;
}

/* False: the program cannot be followed. */
static bool run(struct machine *m, struct eh_bytes program)
{
	while (program.at < program.end && !program.bad) {
		uint8_t op = (uint8_t)eh_read(&program, 1);
		uint64_t distance;
		bool known = true;

		if (read_advance(m, op, &program, &distance)) {
			known = end_row(m) && distance <= UINT64_MAX - m->location;
			m->location += distance;
		} else if ((op & 0xc0) == OP_OFFSET) {
			eh_read_uleb(&program);
		} else if (op == OP_REMEMBER || op == OP_RESTORE_STATE) {
			known = remember(m, op == OP_RESTORE_STATE);
		} else if ((op & 0xc0) != OP_RESTORE && !run_cfa_op(m, op, &program)) {
			known = skip_op(op, &program);
		}
		if (!known)
			return false;
	}
	return !program.bad;
}

static bool run_all(struct machine *m, const struct eh_frame *frames, const struct eh_fde *fde)
{
	struct eh_cie cie = {};
	struct eh_bytes program;
	struct eh_range range;

	if (!eh_frame__read_fde(frames, fde->offset, &cie, &program, &range))
		return false;
	if (cie.augmented) {
		uint64_t sz = eh_read_uleb(&program);

		if (sz > (uint64_t)(program.end - program.at))
			return false;
		program.at += sz;
	}
	if (program.end - program.at > PROGRAM_MAX_SZ ||
	    cie.program.end - cie.program.at > PROGRAM_MAX_SZ)
		return false;
	m->cie = &cie;
	/* What functions share comes before any row. */
	if (!run(m, cie.program) || m->rows.cnt > 0)
		return false;
	m->location = range.vaddr;
	return run(m, program) && end_row(m);
}

static void load_rows(struct eh_frame *frames, const struct eh_fde *fde)
{
	struct machine m = {};

	if (!run_all(&m, frames, fde))
		m.rows.cnt = 0;
	free(frames->rows.items);
	frames->rows = m.rows;
	frames->rows.of = fde;
}

bool eh_frame__cfa(struct eh_frame *frames, uint64_t vaddr, struct eh_cfa *ret_cfa)
{
	const struct eh_fde *fde = eh_frame__at(frames, vaddr);
	size_t low = 0, high;

	if (!fde)
		return false;
	if (frames->rows.of != fde)
		load_rows(frames, fde);
	high = frames->rows.cnt;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (frames->rows.items[middle].vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || !frames->rows.items[low - 1].known)
		return false;
	*ret_cfa = frames->rows.items[low - 1].cfa;
	return true;
}
