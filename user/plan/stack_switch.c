/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "stack_switch.h"

#include <elf.h>
#include <string.h>

#include "code.h"

#define X86_RSP 4
#define X86_RBP 5

/* ModRM and REX, Intel SDM volume 2, 2.1.5 and 2.2.1. */
static unsigned int modrm_mod(uint8_t modrm)
{
	return modrm >> 6;
}

static unsigned int modrm_reg(uint8_t rex, uint8_t modrm)
{
	return (rex & 4) << 1 | (modrm >> 3 & 7);
}

static unsigned int modrm_rm(uint8_t rex, uint8_t modrm)
{
	return (rex & 1) << 3 | (modrm & 7);
}

/* From rsp itself or the frame pointer: how functions give back what they took. */
static bool is_own_frame(unsigned int reg)
{
	return reg == X86_RSP || reg == X86_RBP;
}

/* "REX.W opcode ModRM" at code: does it set rsp to what another register or memory holds? */
static bool x86_sets_sp(const uint8_t *code)
{
	uint8_t rex = code[0], opcode = code[1], modrm = code[2];
	unsigned int reg = modrm_reg(rex, modrm), rm = modrm_rm(rex, modrm);
	bool registers = modrm_mod(modrm) == 3;

	if ((rex & 0xf8) != 0x48)
		return false;
	switch (opcode) {
	case 0x89: /* mov %reg,%rsp */
		return registers && rm == X86_RSP && !is_own_frame(reg);
	case 0x8b: /* mov %reg,%rsp; mov (...),%rsp */
		return reg == X86_RSP && !(registers && is_own_frame(rm));
	case 0x87: /* xchg */
		return (registers && rm == X86_RSP && reg != X86_RSP) ||
		       (reg == X86_RSP && !(registers && rm == X86_RSP));
	default:
		return false;
	}
}

struct search {
	const struct elf_file *file;
	struct code_reader *reader;
};

/* What looks like such an instruction may be the middle of others: the function that it is in
 * tells, if there is one. */
static bool begins_instruction(const struct search *search, uint64_t vaddr)
{
	const struct elf_symbol *symbol = elf_file__function_at(search->file, vaddr);
	struct code *code = NULL;
	bool begins;

	if (!symbol || code__load(search->reader, symbol->vaddr, symbol->size, &code, NULL))
		return true;
	begins = code__cost_at(code, vaddr - symbol->vaddr) != CODE_COST_REFUSED;
	code__free(code);
	return begins;
}

static int look_through_x86(void *ctx, uint64_t vaddr, const uint8_t *code, size_t sz)
{
	for (size_t i = 0; i + 2 < sz; i++) {
		if (x86_sets_sp(code + i) && begins_instruction(ctx, vaddr + i))
			return 1;
	}
	return 0;
}

/* "mov sp, xN" is "add sp, xN, #0": Arm ARM, C6.2.4. x29 is the frame pointer. */
static int look_through_arm64(void *ctx, uint64_t vaddr, const uint8_t *code, size_t sz)
{
	uint32_t insn;

	(void)ctx, (void)vaddr;
	for (size_t i = 0; i + sizeof(insn) <= sz; i += sizeof(insn)) {
		memcpy(&insn, code + i, sizeof(insn));
		if ((insn & 0xfffffc1f) == 0x9100001f && (insn >> 5 & 31) != 29 &&
		    (insn >> 5 & 31) != 31)
			return 1;
	}
	return 0;
}

bool stack_switch__maybe_in(const struct elf_file *file)
{
	struct search search = { .file = file };
	int found;

	if (code_reader__new(file, &search.reader, NULL))
		return true;
	found = elf_file__each_code(
		file, elf_file__machine(file) == EM_X86_64 ? look_through_x86 : look_through_arm64,
		&search);
	code_reader__free(search.reader);
	return found != 0;
}
