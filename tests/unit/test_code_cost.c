/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a probe costs on each kind of instruction, as the kernel decides it.
 *
 * x86-64: arch/x86/kernel/uprobes.c, branch_setup_xol_ops and push_setup_xol_ops (emulated),
 * can_optimize (5-byte nops, since Linux 6.18), uprobe_init_insn with good_insns_64 (refused).
 * arm64: arch/arm64/kernel/probes/decode-insn.c, arm_probe_decode_insn.
 */
#include "code_fixture.h"

#define INSN_MAX_SZ 12

struct x86_case {
	const char *text;
	enum code_cost cost;
	uint8_t code[INSN_MAX_SZ]; /* what is left are 00 00, add [rax], al */
};

static const struct x86_case x86_cases[] = {
	/* push of a register: alone, or behind REX 41 and nothing else */
	{ "push rax", CODE_COST_EMULATED, { 0x50 } },
	{ "push rsp", CODE_COST_EMULATED, { 0x54 } },
	{ "push rdi", CODE_COST_EMULATED, { 0x57 } },
	{ "push r8", CODE_COST_EMULATED, { 0x41, 0x50 } },
	{ "push r15", CODE_COST_EMULATED, { 0x41, 0x57 } },
	{ "push rdi, REX 40", CODE_COST_STEPPED, { 0x40, 0x57 } },
	{ "push rdi, REX 48", CODE_COST_STEPPED, { 0x48, 0x57 } },
	{ "push r8, REX 49", CODE_COST_STEPPED, { 0x49, 0x50 } },
	{ "push di", CODE_COST_STEPPED, { 0x66, 0x57 } },
	{ "push 1", CODE_COST_STEPPED, { 0x6a, 1 } },
	{ "push 0x100", CODE_COST_STEPPED, { 0x68, 0, 1, 0, 0 } },
	{ "push [rdi]", CODE_COST_STEPPED, { 0xff, 0x37 } },
	{ "push rdi (ff /6)", CODE_COST_STEPPED, { 0xff, 0xf7 } },
	/* nops */
	{ "nop", CODE_COST_EMULATED, { 0x90 } },
	{ "xchg ax, ax", CODE_COST_EMULATED, { 0x66, 0x90 } },
	{ "pause", CODE_COST_EMULATED, { 0xf3, 0x90 } },
	{ "nop, REX 48", CODE_COST_EMULATED, { 0x48, 0x90 } },
	{ "nop of 5", CODE_COST_NOP5, { 0x0f, 0x1f, 0x44, 0, 0 } },
	{ "nop of 5, other operand", CODE_COST_NOP5, { 0x0f, 0x1f, 0x44, 0x20, 0x7f } },
	{ "nop of 5, prefixes", CODE_COST_NOP5, { 0x66, 0x66, 0x66, 0x66, 0x90 } },
	{ "nop of 3", CODE_COST_STEPPED, { 0x0f, 0x1f, 0 } },
	{ "nop of 4", CODE_COST_STEPPED, { 0x0f, 0x1f, 0x40, 0 } },
	{ "nop of 6", CODE_COST_STEPPED, { 0x66, 0x0f, 0x1f, 0x44, 0, 0 } },
	{ "nop of 7", CODE_COST_STEPPED, { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 } },
	{ "endbr64", CODE_COST_STEPPED, { ENDBR64 } },
	{ "cs nop", CODE_COST_REFUSED, { 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 } },
	{ "xchg rax, r8", CODE_COST_REFUSED, { 0x49, 0x90 } },
	{ "xchg eax, r8d", CODE_COST_REFUSED, { 0x41, 0x90 } },
	{ "xchg rax, rcx", CODE_COST_STEPPED, { 0x48, 0x91 } },
	/* direct branches, near and short, with harmless prefixes */
	{ "call", CODE_COST_EMULATED, { 0xe8, 0, 0x10, 0, 0 } },
	{ "addr32 call", CODE_COST_EMULATED, { 0x67, 0xe8, 0, 0x10, 0, 0 } },
	{ "bnd call", CODE_COST_EMULATED, { 0xf2, 0xe8, 0, 0x10, 0, 0 } },
	{ "jmp", CODE_COST_EMULATED, { 0xe9, 0, 0x10, 0, 0 } },
	{ "bnd jmp", CODE_COST_EMULATED, { 0xf2, 0xe9, 0, 0x10, 0, 0 } },
	{ "jmp, short", CODE_COST_EMULATED, { 0xeb, 0x70 } },
	{ "jo", CODE_COST_EMULATED, { 0x70, 0x70 } },
	{ "jg", CODE_COST_EMULATED, { 0x7f, 0x70 } },
	{ "jo, near", CODE_COST_EMULATED, { 0x0f, 0x80, 0, 0x10, 0, 0 } },
	{ "jg, near", CODE_COST_EMULATED, { 0x0f, 0x8f, 0, 0x10, 0, 0 } },
	{ "bnd je", CODE_COST_EMULATED, { 0xf2, 0x74, 0x70 } },
	{ "je, not taken (2e)", CODE_COST_REFUSED, { 0x2e, 0x74, 0x70 } },
	{ "jmp, 66 and REX 48", CODE_COST_REFUSED, { 0x66, 0x48, 0xe9, 0, 0x10, 0, 0 } },
	{ "loop", CODE_COST_STEPPED, { 0xe2, 0x70 } },
	{ "jrcxz", CODE_COST_STEPPED, { 0xe3, 0x70 } },
	{ "xbegin", CODE_COST_REFUSED, { 0xc7, 0xf8, 0, 0x10, 0, 0 } },
	/* the others are stepped */
	{ "jmp rax", CODE_COST_STEPPED, { 0xff, 0xe0 } },
	{ "call rax", CODE_COST_STEPPED, { 0xff, 0xd0 } },
	{ "notrack jmp rax", CODE_COST_REFUSED, { 0x3e, 0xff, 0xe0 } },
	{ "ret", CODE_COST_STEPPED, { 0xc3 } },
	{ "ret 8", CODE_COST_STEPPED, { 0xc2, 8, 0 } },
	{ "sub rsp, 8", CODE_COST_STEPPED, { SUB_RSP_8 } },
	{ "mov eax, edi", CODE_COST_STEPPED, { MOV_EAX_EDI } },
	{ "lea rax, [rip]", CODE_COST_STEPPED, { 0x48, 0x8d, 0x05, 0, 0x10, 0, 0 } },
	{ "pop rbp", CODE_COST_STEPPED, { POP_RBP } },
	{ "leave", CODE_COST_STEPPED, { 0xc9 } },
	{ "mov rax, fs:[0x28]", CODE_COST_STEPPED, { 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28 } },
	{ "pxor xmm0, xmm0", CODE_COST_STEPPED, { 0x66, 0x0f, 0xef, 0xc0 } },
	/* refused by the kernel */
	{ "lock inc", CODE_COST_REFUSED, { 0xf0, 0xff, 0x07 } },
	{ "int3", CODE_COST_REFUSED, { 0xcc } },
	{ "int 0x80", CODE_COST_REFUSED, { 0xcd, 0x80 } },
	{ "hlt", CODE_COST_REFUSED, { 0xf4 } },
	{ "mov ss, eax", CODE_COST_REFUSED, { 0x8e, 0xd0 } },
	/* not refused by it, and so much the worse */
	{ "syscall", CODE_COST_REFUSED, { 0x0f, 0x05 } },
	{ "ud2", CODE_COST_REFUSED, { 0x0f, 0x0b } },
};

/* After VEX the kernel goes by the opcode alone: these are among the emulated, returns, calls,
 * popf, and the refused ones of one byte. */
static const uint8_t mistaken_after_vex[] = {
	0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x7c, 0x7d, 0x7e, 0x7f, 0x90, 0xc2,
	0xe8, 0xe9, 0xeb, 0xef, 0x60, 0x61, 0x62, 0x6c, 0x6d, 0x6e, 0x6f, 0xec, 0xf4,
};

static const uint8_t steppable_after_vex[] = { 0x10, 0x28, 0x51, 0x54, 0x57, 0x58, 0xdb, 0xfe };

static enum code_cost cost_of(const struct function *f)
{
	enum code_cost cost;
	struct loaded l;

	load(&l, f);
	cost = code__cost_at(l.code, 0);
	unload(&l);
	return cost;
}

static void x86_costs_are_those_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(x86_cases) / sizeof(x86_cases[0]); i++) {
		const struct x86_case *c = &x86_cases[i];
		const struct function f = { EM_X86_64, c->code, sizeof(c->code) };

		if (cost_of(&f) != c->cost)
			fail_msg("%s: %s, expected %s", c->text, code_cost__name(cost_of(&f)),
				 code_cost__name(c->cost));
	}
}

static enum code_cost cost_after_vex(uint8_t opcode)
{
	/* vex.128.66.0f; xmm0, xmm0, xmm1; an immediate for those that have one */
	const uint8_t code[] = { 0xc5, 0xf9, opcode, 0xc1, 0x90, 0x90 };
	const struct function f = { EM_X86_64, code, sizeof(code) };

	return cost_of(&f);
}

static void the_vex_prefix_is_not_seen_by_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistaken_after_vex); i++) {
		if (cost_after_vex(mistaken_after_vex[i]) != CODE_COST_REFUSED)
			fail_msg("VEX %02x is not refused", mistaken_after_vex[i]);
	}
	for (size_t i = 0; i < sizeof(steppable_after_vex); i++) {
		if (cost_after_vex(steppable_after_vex[i]) != CODE_COST_STEPPED)
			fail_msg("VEX %02x is not stepped", steppable_after_vex[i]);
	}
}

static enum code_cost cost_at_vaddr(const struct function *f, uint64_t vaddr)
{
	const struct tiny_elf spec = { .machine = f->machine, .code = f->code, .code_sz = f->sz };
	enum code_cost cost;
	struct tiny_file bytes;
	Elf64_Phdr *code;
	struct loaded l;

	tiny_elf__make(&spec, &bytes);
	code = (Elf64_Phdr *)(bytes.bytes + sizeof(Elf64_Ehdr)) + 1;
	code->p_vaddr = vaddr;
	load_from(&l, open_bytes(&bytes), vaddr, f->sz);
	cost = code__cost_at(l.code, 0);
	unload(&l);
	return cost;
}

/* The kernel writes the call at once, which it cannot across two pages. */
static void a_nop_across_pages_is_not_replaced(void **state)
{
	const struct function f = X86(NOP5, RET);

	(void)state;
	assert_int_equal(cost_at_vaddr(&f, 0x402ffb), CODE_COST_NOP5);
	assert_int_equal(cost_at_vaddr(&f, 0x402ffc), CODE_COST_STEPPED);
	assert_int_equal(cost_at_vaddr(&f, 0x403000), CODE_COST_NOP5);
}

struct arm64_case {
	const char *text;
	enum code_cost cost;
	uint32_t word;
};

static const struct arm64_case arm64_cases[] = {
	{ "nop", CODE_COST_EMULATED, A_NOP },
	{ "b", CODE_COST_EMULATED, A_B_FAR_AWAY },
	{ "bl", CODE_COST_EMULATED, A_BL_FAR_AWAY },
	{ "b.eq", CODE_COST_EMULATED, 0x54008000 },
	{ "cbz", CODE_COST_EMULATED, 0xb4008000 },
	{ "cbnz w0", CODE_COST_EMULATED, 0x35008000 },
	{ "tbz", CODE_COST_EMULATED, 0x36008000 },
	{ "tbnz", CODE_COST_EMULATED, 0x37008000 },
	{ "br x0", CODE_COST_EMULATED, 0xd61f0000 },
	{ "blr x1", CODE_COST_EMULATED, 0xd63f0020 },
	{ "ret", CODE_COST_EMULATED, A_RET },
	{ "adr x0", CODE_COST_EMULATED, 0x10008000 },
	{ "adrp x0", CODE_COST_EMULATED, 0x90008000 },
	{ "bti c", CODE_COST_STEPPED, A_BTI_C },
	{ "paciasp", CODE_COST_STEPPED, A_PACIASP },
	{ "stp x29, x30, [sp, -16]!", CODE_COST_STEPPED, A_STP_FP_LR },
	{ "mov x29, sp", CODE_COST_STEPPED, A_MOV_FP_SP },
	{ "mrs x0, tpidr_el0", CODE_COST_STEPPED, 0xd53bd040 },
	{ "ldar", CODE_COST_STEPPED, 0x88dffc00 },
	{ "autiasp", CODE_COST_REFUSED, A_AUTIASP },
	{ "wfe", CODE_COST_REFUSED, 0xd503205f },
	/* simulated for kprobes only: acc450aa0709 ("remove broken LDR (literal) uprobe support")
	 */
	{ "ldr x0, literal", CODE_COST_REFUSED, 0x58008000 },
	{ "ldxr", CODE_COST_REFUSED, 0xc85f7c00 },
	{ "retaa", CODE_COST_REFUSED, 0xd65f0bff },
	{ "braa", CODE_COST_REFUSED, 0xd71f0811 },
	{ "svc 0", CODE_COST_REFUSED, 0xd4000001 },
	{ "brk 0", CODE_COST_REFUSED, 0xd4200000 },
	{ "msr tpidr_el0, x0", CODE_COST_REFUSED, 0xd51bd040 },
	{ "cpyfp", CODE_COST_REFUSED, 0x19010440 },
	{ "sete", CODE_COST_REFUSED, 0x19c18440 },
};

static void arm64_costs_are_those_of_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(arm64_cases) / sizeof(arm64_cases[0]); i++) {
		const struct arm64_case *c = &arm64_cases[i];
		const uint32_t code[] = { c->word, A_RET };
		const struct function f = { EM_AARCH64, code, sizeof(code) };

		if (cost_of(&f) != c->cost)
			fail_msg("%s: %s, expected %s", c->text, code_cost__name(cost_of(&f)),
				 code_cost__name(c->cost));
	}
}

static void what_is_no_boundary_has_no_cost(void **state)
{
	const struct function f = X86(ENDBR64, PUSH_RBP, POP_RBP, RET);
	struct loaded l;

	(void)state;
	load(&l, &f);
	assert_int_equal(code__cost_at(l.code, 1), CODE_COST_REFUSED);
	assert_int_equal(code__cost_at(l.code, 4), CODE_COST_EMULATED);
	assert_int_equal(code__cost_at(l.code, 7), CODE_COST_REFUSED);
	assert_int_equal(code__cost_at(l.code, UINT64_MAX), CODE_COST_REFUSED);
	unload(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x86_costs_are_those_of_the_kernel),
		cmocka_unit_test(the_vex_prefix_is_not_seen_by_the_kernel),
		cmocka_unit_test(a_nop_across_pages_is_not_replaced),
		cmocka_unit_test(arm64_costs_are_those_of_the_kernel),
		cmocka_unit_test(what_is_no_boundary_has_no_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
