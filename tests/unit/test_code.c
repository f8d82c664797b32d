/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where instructions begin, and where a return address may be replaced. */
#include "code_fixture.h"

static void assert_boundary(struct function f, uint64_t offset)
{
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	if (code__check_boundary(l.code, offset, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_not_equal(code__cost_at(l.code, offset), CODE_COST_REFUSED);
	unload(&l);
}

static void assert_no_boundary(struct function f, uint64_t offset, const char *part)
{
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	assert_int_equal(code__check_boundary(l.code, offset, &why), -EINVAL);
	assert_says(&why, part);
	assert_int_equal(code__cost_at(l.code, offset), CODE_COST_REFUSED);
	unload(&l);
}

static void assert_intact(struct function f, uint64_t offset)
{
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	if (code__check_return_intact(l.code, offset, &why) != 0)
		fail_msg("%s", why.text);
	unload(&l);
}

static void assert_not_intact(struct function f, uint64_t offset, const char *part)
{
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	assert_int_equal(code__check_return_intact(l.code, offset, &why), -EINVAL);
	assert_says(&why, part);
	unload(&l);
}

/* ---- boundaries ---- */

static void boundaries_are_where_instructions_begin(void **state)
{
	const struct function f = X86(ENDBR64, PUSH_RBP, MOV_RBP_RSP, POP_RBP, RET);

	(void)state;
	assert_boundary(f, 0);
	assert_boundary(f, 4);
	assert_boundary(f, 5);
	assert_boundary(f, 8);
	assert_boundary(f, 9);
}

static void the_middle_of_an_instruction_is_refused(void **state)
{
	const struct function f = X86(ENDBR64, PUSH_RBP, MOV_RBP_RSP, POP_RBP, RET);

	(void)state;
	assert_no_boundary(f, 2, "within the instruction \"endbr64\"");
	assert_no_boundary(f, 2, "use 0x0, where it begins, or 0x4, the next");
	assert_no_boundary(f, 6, "\"mov rbp, rsp\" (use 0x5, where it begins, or 0x8");
}

static void offsets_past_the_function_are_refused(void **state)
{
	(void)state;
	assert_no_boundary(X86(NOP, RET), 2, "past the end of the function");
	assert_no_boundary(X86(NOP, RET), UINT64_MAX, "past the end of the function");
}

static void places_that_are_no_code_are_refused(void **state)
{
	struct function f = X86(NOP, RET);
	struct code_reader *reader = NULL;
	struct code *code = NULL;
	struct fault why = {};
	struct elf_file *file;

	(void)state;
	file = open_function(&f);
	assert_int_equal(code_reader__new(file, &reader, &why), 0);
	assert_int_equal(code__load(reader, 0x1000, 8, &code, &why), -EINVAL);
	assert_says(&why, "no code at 0x1000");
	assert_int_equal(code__load(reader, TINY_CODE_VADDR, UINT64_MAX, &code, &why), -EINVAL);
	assert_says(&why, "cannot be right");
	assert_null(code);
	code_reader__free(reader);
	elf_file__free(file);
}

static void other_machines_are_refused(void **state)
{
	struct function f = X86(NOP, RET);
	struct code_reader *reader = NULL;
	struct fault why = {};
	struct elf_file *file;

	(void)state;
	f.machine = EM_RISCV;
	file = open_function(&f);
	assert_int_equal(code_reader__new(file, &reader, &why), -EINVAL);
	assert_says(&why, "only x86-64 and arm64");
	assert_null(reader);
	elf_file__free(file);
}

static void what_cannot_be_decoded_ends_the_proof(void **state)
{
	const struct function f = X86(PUSH_RBP, 0x06, POP_RBP, RET);

	(void)state;
	assert_boundary(f, 0);
	assert_no_boundary(f, 2, "none that Capstone knows");
}

static void x86_instructions_that_must_not_be_probed_are_refused(void **state)
{
	static const struct {
		uint8_t code[12];
		const char *part;
	} cases[] = {
		{ { 0xf0, 0xff, 0x07 }, "LOCK" },
		{ { 0xf0, 0x0f, 0xb1, 0x37 }, "LOCK" },
		{ { 0xcc }, "enters the kernel" },
		{ { 0xcd, 0x80 }, "enters the kernel" },
		{ { 0x0f, 0x05 }, "enters the kernel" },
		{ { 0x0f, 0x34 }, "enters the kernel" },
		{ { 0xf4 }, "privileges" },
		{ { 0xe4, 0x10 }, "privileges" },
		{ { 0xee }, "privileges" },
		{ { 0xfa }, "privileges" },
		{ { 0x6c }, "privileges" },
		{ { 0x0f, 0x01, 0xd0 }, "system instruction" },
		{ { 0x0f, 0x30 }, "system instruction" },
		{ { 0x0f, 0x20, 0xc0 }, "system instruction" },
		{ { 0x0f, 0x0b }, "ends the program" },
		{ { 0x9c }, "flags" },
		{ { 0x9d }, "flags" },
		{ { 0x8e, 0xd0 }, "ss" },
		{ { 0xcb }, "far returns" },
		{ { 0xc7, 0xf8, 0, 0, 0, 0 }, "transaction" },
		{ { 0xff, 0x28 }, "does not know it" },
		{ { 0x3e, 0xff, 0xe0 }, "segment prefix" },
		{ { 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 }, "segment prefix" },
		{ { 0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0 }, "operand-size prefix" },
		{ { 0xc5, 0xfe, 0x6f, 0x06 }, "VEX" },
		/* The kernel would skip these: vpor, vpcmpeqb, vpsubsb, vzeroupper; vcmpps it would
		 * take for a return; xchg rax, r8 for a nop. */
		{ { 0xc5, 0xf9, 0xeb, 0xc1 }, "VEX" },
		{ { 0xc5, 0xf9, 0x74, 0xc1 }, "VEX" },
		{ { 0xc5, 0xf9, 0xe8, 0xc1 }, "VEX" },
		{ { 0xc5, 0xf8, 0x77 }, "VEX" },
		{ { 0xc4, 0xe1, 0x78, 0xc2, 0xc1, 0 }, "VEX" },
		{ { 0x49, 0x90 }, "takes it for a nop" },
		{ { 0x62, 0xf1, 0x7c, 0x48, 0x28, 0xc0 }, "not every kernel" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct function f = { EM_X86_64, cases[i].code, sizeof(cases[i].code) };

		assert_no_boundary(f, 0, cases[i].part);
	}
}

static void x86_instructions_of_common_use_are_taken(void **state)
{
	static const uint8_t cases[][12] = {
		{ ENDBR64 },
		{ PUSH_RBP },
		{ CALL_FAR_AWAY },
		{ 0xff, 0x15, 0, 0, 0x10, 0 },		/* call through a pointer */
		{ 0xff, 0xe0 },				/* jmp rax */
		{ 0xf2, 0xff, 0x25, 0, 0, 0x10, 0 },	/* bnd jmp */
		{ 0xf3, RET },				/* rep ret */
		{ 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28 }, /* mov rax, fs:0x28 */
		{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },	/* the 5-byte nop */
		{ 0x66, NOP },
		{ 0x0f, 0x84, 0, 0, 0x10, 0 },	  /* je */
		{ 0xc5, 0xf8, 0x54, 0xc1 },	  /* vandps */
		{ 0x48, 0x90 },			  /* a nop, rax with rax */
		{ 0xf3, 0x48, 0x0f, 0x1e, 0xc8 }, /* rdssp rax, which Capstone 4 does not know */
		{ 0xf3, 0xa4 },			  /* rep movsb */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct function f = { EM_X86_64, cases[i], sizeof(cases[i]) };

		assert_boundary(f, 0);
	}
}

static void arm64_offsets_are_multiples_of_four(void **state)
{
	const struct function f = ARM64(A_BTI_C, A_STP_FP_LR, A_MOV_FP_SP, A_LDP_FP_LR, A_RET);

	(void)state;
	assert_boundary(f, 0);
	assert_boundary(f, 4);
	assert_boundary(f, 16);
	assert_no_boundary(f, 6, "within the instruction \"stp");
}

static void arm64_instructions_that_must_not_be_probed_are_refused(void **state)
{
	static const struct {
		uint32_t word;
		const char *part;
	} cases[] = {
		{ 0xd4000001, "enters the kernel" },  /* svc */
		{ 0xd4200000, "ends the program" },   /* brk */
		{ 0x00000000, "ends the program" },   /* udf */
		{ 0xd69f03e0, "system instruction" }, /* eret */
		{ 0xd65f0bff, "signed address" },     /* retaa */
		{ 0xd71f0811, "signed address" },     /* braa */
		{ 0xd63f081f, "signed address" },     /* blraaz */
		{ 0xd51bd040, "system register" },    /* msr tpidr_el0, x0 */
		{ 0xd503205f, "hint" },		      /* wfe */
		{ A_AUTIASP, "hint" },
		{ 0xc85f7c00, "exclusive" },   /* ldxr */
		{ 0x88007c41, "exclusive" },   /* stxr */
		{ 0x58000040, "own address" }, /* ldr x0, literal */
		{ 0x98000040, "own address" }, /* ldrsw */
		{ 0x5c000040, "own address" }, /* ldr d0, literal */
		{ 0xd8000040, "own address" }, /* prfm */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_no_boundary(ARM64(cases[i].word, A_RET, A_RET), 0, cases[i].part);
}

static void arm64_instructions_of_common_use_are_taken(void **state)
{
	static const uint32_t words[] = {
		A_NOP,	    A_BTI_C,	   A_PACIASP,	 A_STP_FP_LR,
		A_RET,	    A_BL_FAR_AWAY, A_B_FAR_AWAY, 0x90000000, /* adrp */
		0x88dffc00, /* ldar, which is no exclusive */
		0xb8600020, /* ldclr: an atomic */
		0xd53bd040, /* mrs x0, tpidr_el0 */
		0x54000040, /* b.eq */
		0xb4000040, /* cbz */
		0x36000040, /* tbz */
		0xd5033bbf, /* dmb ish */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_boundary(ARM64(words[i], A_NOP, A_RET), 0);
}

static void arm64_exclusive_sequences_are_left_alone(void **state)
{
	/* ldxr w1, [x0]; add; stxr w2, w1, [x0]; cbnz w2, back; ret */
	const struct function f = ARM64(0x885f7c01, 0x11000421, 0x88027c01, 0x35ffffa2, A_RET);

	(void)state;
	assert_no_boundary(f, 4, "exclusive sequence");
	assert_boundary(f, 12);
	assert_boundary(f, 16);
}

static void a_jump_into_an_instruction_spoils_the_proof(void **state)
{
	/* jmp over one byte; that byte makes the decoder swallow the real instruction. */
	const struct function f = X86(0xeb, 0x01, 0xb8, PUSH_RBP, POP_RBP, NOP, NOP, RET);

	(void)state;
	assert_boundary(f, 0);
	assert_no_boundary(f, 2, "jumps into the middle");
	assert_no_boundary(f, 7, "jumps into the middle");
}

static void a_jump_past_a_lock_prefix_is_ordinary(void **state)
{
	/* je past the prefix; lock cmpxchg [rdi], esi; ret */
	const struct function f = X86(0x74, 0x01, 0xf0, 0x0f, 0xb1, 0x37, RET);

	(void)state;
	assert_boundary(f, 6);
	assert_no_boundary(f, 2, "LOCK");
	assert_no_boundary(f, 3, "within the instruction");
}

static void data_in_a_function_is_not_taken_for_code(void **state)
{
	/* mov rax, [rip + 1]; ret; eight bytes of data that decode well */
	const struct function f =
		X86(0x48, 0x8b, 0x05, 0x01, 0, 0, 0, RET, NOP, NOP, NOP, NOP, NOP, NOP, NOP, RET);
	/* ldr x0, the word after the ret */
	const struct function g = ARM64(0x58000040, A_RET, A_NOP, A_RET);

	(void)state;
	assert_boundary(f, 7);
	assert_no_boundary(f, 8, "may be data");
	assert_boundary(g, 4);
	assert_no_boundary(g, 8, "may be data");
}

static void without_a_size_only_the_straight_way_is_proven(void **state)
{
	struct function f = X86(PUSH_RBP, MOV_RBP_RSP, POP_RBP, RET, NOP, RET);
	struct fault why = {};
	struct loaded l;

	(void)state;
	load_from(&l, open_function(&f), TINY_CODE_VADDR, 0);
	assert_int_equal(code__size(l.code), 0);
	assert_int_equal(code__check_boundary(l.code, 0, &why), 0);
	assert_int_equal(code__check_boundary(l.code, 5, &why), 0);
	assert_int_equal(code__check_boundary(l.code, 2, &why), -EINVAL);
	assert_int_equal(code__check_boundary(l.code, 6, &why), -EINVAL);
	assert_says(&why, "no size");
	assert_int_equal(code__check_boundary(l.code, 1 << 30, &why), -EINVAL);
	assert_int_equal(code__check_boundary(l.code, UINT64_MAX, &why), -EINVAL);
	assert_int_equal(code__check_return_intact(l.code, 0, &why), -EINVAL);
	assert_says(&why, "no size");
	unload(&l);
}

/* Linux 6.18 replaces a 5-byte nop by a call, which writes below the stack pointer. */
static void a_long_nop_is_refused_where_the_red_zone_is_used(void **state)
{
	(void)state;
	/* mov [rsp - 8], rdi; nop; mov rax, [rsp - 8]; ret */
	assert_no_boundary(
		X86(0x48, 0x89, 0x7c, 0x24, 0xf8, NOP5, 0x48, 0x8b, 0x44, 0x24, 0xf8, RET), 5,
		"below the stack pointer");
	/* the same by way of rbp, as without optimization */
	assert_no_boundary(X86(PUSH_RBP, MOV_RBP_RSP, 0x89, 0x7d, 0xfc, NOP5, POP_RBP, RET), 7,
			   "below the stack pointer");
	/* with the frame made, that is above */
	assert_boundary(X86(PUSH_RBP, MOV_RBP_RSP, SUB_RSP_8, 0x89, 0x7d, 0xfc, NOP5, 0xc9, RET),
			11);
	/* before any use, but for a loop that comes back to it */
	assert_boundary(X86(NOP5, 0x48, 0x89, 0x7c, 0x24, 0xf8, RET), 0);
	assert_no_boundary(X86(NOP5, 0x48, 0x89, 0x7c, 0x24, 0xf8, 0x75, 0xf4, RET), 0,
			   "below the stack pointer");
	/* mov [rsp - 8], rdi; add rsp, -128; nop; sub rsp, -128; ...: 120 are too few */
	assert_boundary(X86(0x48, 0x89, 0x7c, 0x24, 0xf8, 0x48, 0x83, 0xc4, 0x80, NOP5, 0x48, 0x83,
			    0xec, 0x80, 0x48, 0x8b, 0x44, 0x24, 0xf8, RET),
			9);
	assert_no_boundary(X86(0x48, 0x89, 0x7c, 0x24, 0xf8, 0x48, 0x83, 0xc4, 0x88, NOP5, 0x48,
			       0x83, 0xec, 0x88, 0x48, 0x8b, 0x44, 0x24, 0xf8, RET),
			   9, "below the stack pointer");
	/* a shorter one is not replaced */
	assert_boundary(X86(0x48, 0x89, 0x7c, 0x24, 0xf8, 0x0f, 0x1f, 0x40, 0, RET), 5);
}

/* ---- return probes ---- */

static void the_entry_itself_is_intact(void **state)
{
	(void)state;
	assert_intact(X86(ENDBR64, PUSH_RBP, POP_RBP, RET), 0);
	assert_intact(ARM64(A_PACIASP, A_STP_FP_LR, A_LDP_FP_LR, A_AUTIASP, A_RET), 0);
}

static void harmless_instructions_may_come_first(void **state)
{
	(void)state;
	assert_intact(X86(ENDBR64, MOV_EAX_EDI, TEST_EDI_EDI, PUSH_RBP, POP_RBP, RET), 4);
	assert_intact(X86(ENDBR64, MOV_EAX_EDI, TEST_EDI_EDI, PUSH_RBP, POP_RBP, RET), 8);
	/* lea rax, [rsp + 8]; mov rcx, [rsp + 8]; ret */
	assert_intact(X86(0x48, 0x8d, 0x44, 0x24, 8, 0x48, 0x8b, 0x4c, 0x24, 8, RET), 10);
	/* mov [rsp - 8], rdi; ret */
	assert_intact(X86(0x48, 0x89, 0x7c, 0x24, 0xf8, RET), 5);
	assert_intact(ARM64(A_BTI_C, A_MOV_X1_X0, 0xf9400401, A_STP_FP_LR, A_LDP_FP_LR, A_RET), 12);
}

static void a_moved_stack_pointer_is_refused(void **state)
{
	(void)state;
	assert_not_intact(X86(PUSH_RBP, NOP, POP_RBP, RET), 1, "\"push rbp\" at 0x0 comes first");
	assert_not_intact(X86(SUB_RSP_8, NOP, ADD_RSP_8, RET), 4, "moves the stack pointer");
	assert_not_intact(X86(0x48, 0x8d, 0x64, 0x24, 0xf8, ADD_RSP_8, RET), 5,
			  "moves the stack pointer");
	assert_not_intact(X86(0x48, 0x89, 0xc4, NOP, RET), 3, "moves the stack pointer");
	assert_not_intact(ARM64(A_STP_FP_LR, A_NOP, A_LDP_FP_LR, A_RET), 4, "link register");
	assert_not_intact(ARM64(0xd10043ff, A_NOP, 0x910043ff, A_RET), 4, "stack pointer");
	assert_not_intact(ARM64(0xf81f0fe0, A_NOP, 0xf84107e0, A_RET), 4, "stack pointer");
}

static void a_touched_return_address_is_refused(void **state)
{
	(void)state;
	/* mov rax, [rsp]; mov [rsp - 4], rdi; mov eax, [rsp + rax] */
	assert_not_intact(X86(0x48, 0x8b, 0x04, 0x24, RET), 4, "touches the return address");
	assert_not_intact(X86(0x48, 0x89, 0x7c, 0x24, 0xfc, RET), 5, "touches the return address");
	assert_not_intact(X86(0x8b, 0x04, 0x04, RET), 3, "touches the return address");
	assert_not_intact(ARM64(A_PACIASP, A_NOP, A_AUTIASP, A_RET), 4, "link register");
	assert_not_intact(ARM64(0xaa1e03e0, A_NOP, A_RET), 4, "link register"); /* mov x0, x30 */
	assert_not_intact(ARM64(0xf9000ffe, A_NOP, A_RET), 4, "link register"); /* str x30 */
}

static void control_flow_before_the_probe_is_refused(void **state)
{
	(void)state;
	assert_not_intact(X86(TEST_EDI_EDI, 0x74, 0x01, NOP, RET), 4, "control may go elsewhere");
	assert_not_intact(X86(CALL_FAR_AWAY, NOP, RET), 5, "control may go elsewhere");
	assert_not_intact(ARM64(A_BL_FAR_AWAY, A_NOP, A_RET), 4, "control may go elsewhere");
}

static void a_jump_back_to_the_probe_is_refused(void **state)
{
	/* endbr64; dec edi; jne to the dec; ret */
	const struct function loop = X86(ENDBR64, 0xff, 0xcf, 0x75, 0xfc, RET);

	(void)state;
	assert_intact(loop, 0);
	assert_not_intact(loop, 4, "jumps back to 0x4");
	assert_not_intact(X86(0xff, 0xcf, 0x75, 0xfc, RET), 0, "jumps back to 0x0");
	/* A jump to what leads to the probe. */
	assert_not_intact(X86(ENDBR64, NOP, NOP, TEST_EDI_EDI, 0x75, 0xfb, RET), 6,
			  "jumps back to 0x5");
	assert_not_intact(ARM64(A_BTI_C, 0x71000400, 0x54ffffe1, A_RET), 4, "jumps back to 0x4");
}

static void an_indirect_jump_may_lead_anywhere_but_to_the_entry(void **state)
{
	const struct function f = X86(ENDBR64, MOV_EAX_EDI, NOP, 0xff, 0xe0);

	(void)state;
	assert_intact(f, 0);
	assert_not_intact(f, 6, "may jump back");
	/* with something on the stack it would be wrong to */
	assert_intact(X86(ENDBR64, MOV_EAX_EDI, PUSH_RBP, NOP, 0xff, 0xe0, POP_RBP, RET), 6);
	/* and rsp, -32: something is on the stack, whatever it is */
	assert_intact(X86(MOV_EAX_EDI, PUSH_RBP, 0x48, 0x83, 0xe4, 0xe0, 0xff, 0xe0, RET), 2);
	assert_not_intact(X86(MOV_EAX_EDI, 0x48, 0x83, 0xe4, 0xe0, 0xff, 0xe0, RET), 2,
			  "may jump back");
}

static void a_function_that_is_not_wholly_known_is_refused(void **state)
{
	(void)state;
	assert_not_intact(X86(ENDBR64, NOP, RET, 0x06, RET), 0, "no instruction that Capstone");
	assert_not_intact(X86(ENDBR64, NOP, RET), 2, "within the instruction");
	assert_not_intact(X86(ENDBR64, NOP, RET), 99, "past the end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries_are_where_instructions_begin),
		cmocka_unit_test(the_middle_of_an_instruction_is_refused),
		cmocka_unit_test(offsets_past_the_function_are_refused),
		cmocka_unit_test(places_that_are_no_code_are_refused),
		cmocka_unit_test(other_machines_are_refused),
		cmocka_unit_test(what_cannot_be_decoded_ends_the_proof),
		cmocka_unit_test(x86_instructions_that_must_not_be_probed_are_refused),
		cmocka_unit_test(x86_instructions_of_common_use_are_taken),
		cmocka_unit_test(arm64_offsets_are_multiples_of_four),
		cmocka_unit_test(arm64_instructions_that_must_not_be_probed_are_refused),
		cmocka_unit_test(arm64_instructions_of_common_use_are_taken),
		cmocka_unit_test(arm64_exclusive_sequences_are_left_alone),
		cmocka_unit_test(a_jump_into_an_instruction_spoils_the_proof),
		cmocka_unit_test(a_jump_past_a_lock_prefix_is_ordinary),
		cmocka_unit_test(data_in_a_function_is_not_taken_for_code),
		cmocka_unit_test(without_a_size_only_the_straight_way_is_proven),
		cmocka_unit_test(a_long_nop_is_refused_where_the_red_zone_is_used),
		cmocka_unit_test(the_entry_itself_is_intact),
		cmocka_unit_test(harmless_instructions_may_come_first),
		cmocka_unit_test(a_moved_stack_pointer_is_refused),
		cmocka_unit_test(a_touched_return_address_is_refused),
		cmocka_unit_test(control_flow_before_the_probe_is_refused),
		cmocka_unit_test(a_jump_back_to_the_probe_is_refused),
		cmocka_unit_test(an_indirect_jump_may_lead_anywhere_but_to_the_entry),
		cmocka_unit_test(a_function_that_is_not_wholly_known_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
