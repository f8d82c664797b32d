/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a call's beginning is seen. */
#include "code_fixture.h"

#define SUB_RSP(n) 0x48, 0x81, 0xec, (n)&0xff, (n) >> 8, 0, 0
#define MOV_EDI_ESI 0x89, 0xf7
#define LEA_RAX_RDI_8 0x48, 0x8d, 0x47, 0x08
#define JE_FAR_AWAY 0x0f, 0x84, 0x00, 0x10, 0x00, 0x00

static const struct code_entry_wish anywhere = {};
static const struct code_entry_wish intact = { .return_intact = true };

static void assert_entry(struct function f, const struct code_entry_wish *wish, uint64_t offset,
			 int64_t sp_delta, enum code_cost cost)
{
	struct code_entry entry = {};
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	if (code__place_entry(l.code, wish, &entry, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(entry.offset, offset);
	assert_int_equal(entry.sp_delta, sp_delta);
	assert_int_equal(entry.cost, cost);
	unload(&l);
}

static void assert_cheap(struct function f, const struct code_entry_wish *wish, uint64_t offset,
			 int64_t sp_delta)
{
	assert_entry(f, wish, offset, sp_delta, CODE_COST_EMULATED);
}

/* It stays where it was wished, and is stepped there. */
static void assert_stays(struct function f, const struct code_entry_wish *wish)
{
	assert_entry(f, wish, wish->from, 0, CODE_COST_STEPPED);
}

static void assert_no_entry(struct function f, const struct code_entry_wish *wish, const char *part)
{
	struct code_entry entry = { .offset = 77 };
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	assert_int_equal(code__place_entry(l.code, wish, &entry, &why), -EINVAL);
	assert_says(&why, part);
	assert_int_equal(entry.offset, 77);
	unload(&l);
}

/* ---- where to ---- */

static void a_cheap_first_instruction_is_the_place(void **state)
{
	(void)state;
	assert_cheap(X86(PUSH_RBP, MOV_RBP_RSP, POP_RBP, RET), &anywhere, 0, 0);
	assert_cheap(X86(PUSH_RBP, MOV_RBP_RSP, POP_RBP, RET), &intact, 0, 0);
	assert_entry(X86(NOP5, PUSH_RBP, POP_RBP, RET), &anywhere, 0, 0, CODE_COST_NOP5);
	assert_cheap(ARM64(A_NOP, A_RET), &anywhere, 0, 0);
}

/* Where the kernel ends children of programs that were probed there (plan/kernel_faults.h). */
static void a_long_nop_is_passed_when_it_must_not_be_probed(void **state)
{
	static const struct code_entry_wish no_nop5 = { .no_nop5 = true };

	(void)state;
	assert_cheap(X86(NOP5, PUSH_RBP, POP_RBP, RET), &no_nop5, 5, 0);
	assert_cheap(X86(ENDBR64, NOP5, PUSH_RBP, POP_RBP, RET), &no_nop5, 9, 0);
	assert_entry(X86(ENDBR64, NOP5, RET), &no_nop5, 0, 0, CODE_COST_STEPPED);
	assert_no_entry(X86(NOP5, RET), &no_nop5, "5-byte nop");
}

static void a_landing_pad_is_passed(void **state)
{
	(void)state;
	assert_cheap(X86(ENDBR64, PUSH_RBP, POP_RBP, RET), &anywhere, 4, 0);
	assert_cheap(X86(ENDBR64, PUSH_RBP, POP_RBP, RET), &intact, 4, 0);
	assert_entry(X86(ENDBR64, NOP5, PUSH_RBP, POP_RBP, RET), &intact, 4, 0, CODE_COST_NOP5);
	assert_cheap(ARM64(A_BTI_C, A_NOP, A_RET), &intact, 4, 0);
}

static void arithmetic_on_registers_is_passed(void **state)
{
	(void)state;
	assert_cheap(X86(ENDBR64, MOV_EAX_EDI, LEA_RAX_RDI_8, TEST_EDI_EDI, PUSH_RBP, POP_RBP, RET),
		     &intact, 12, 0);
	assert_cheap(ARM64(0x11000400, 0xaa0103e0, 0x7100001f, 0x90000002, A_RET), &intact, 12, 0);
}

/* It is run on all ways, whether or not it jumps. */
static void a_conditional_jump_is_a_fine_place(void **state)
{
	(void)state;
	assert_cheap(X86(TEST_EDI_EDI, 0x74, 0x01, RET, PUSH_RBP, POP_RBP, RET), &anywhere, 2, 0);
	assert_cheap(X86(TEST_EDI_EDI, 0x74, 0x01, RET, PUSH_RBP, POP_RBP, RET), &intact, 2, 0);
	assert_cheap(ARM64(0x7100001f, 0x54000040, A_RET, A_RET), &intact, 4, 0);
}

static void a_call_is_a_place_but_not_passed(void **state)
{
	(void)state;
	assert_cheap(X86(SUB_RSP_8, CALL_FAR_AWAY, ADD_RSP_8, RET), &anywhere, 4, 8);
	assert_stays(X86(SUB_RSP_8, 0xff, 0xd0, PUSH_RBP, POP_RBP, ADD_RSP_8, RET), &anywhere);
}

static void a_call_is_no_place_where_shadow_stacks_are(void **state)
{
	const struct code_entry_wish wish = { .shadow_stack = true };

	(void)state;
	assert_stays(X86(SUB_RSP_8, CALL_FAR_AWAY, ADD_RSP_8, RET), &wish);
	assert_cheap(X86(CALL_FAR_AWAY, RET), &wish, 0, 0);
	assert_cheap(X86(SUB_RSP_8, PUSH_RBX, CALL_FAR_AWAY, 0xc9, RET), &wish, 4, 8);
}

static void nothing_better_leaves_it_where_it_was_wished(void **state)
{
	(void)state;
	assert_stays(X86(ENDBR64, RET), &anywhere);
	assert_stays(X86(MOV_EAX_EDI, RET), &intact);
	assert_stays(ARM64(A_BTI_C, A_RET), &anywhere);
}

/* ---- the stack pointer ---- */

static void a_moved_stack_pointer_is_told(void **state)
{
	(void)state;
	assert_cheap(X86(ENDBR64, SUB_RSP_8, PUSH_RBP, POP_RBP, ADD_RSP_8, RET), &anywhere, 8, 8);
	/* push 1, which is stepped */
	assert_cheap(X86(0x6a, 1, PUSH_RBX, 0xc9, RET), &anywhere, 2, 8);
	/* lea rsp, [rsp - 16] */
	assert_cheap(X86(0x48, 0x8d, 0x64, 0x24, 0xf0, PUSH_RBX, 0xc9, RET), &anywhere, 5, 16);
	assert_cheap(ARM64(A_STP_FP_LR, A_MOV_FP_SP, A_BL_FAR_AWAY, A_LDP_FP_LR, A_RET), &anywhere,
		     8, 16);
	assert_cheap(ARM64(0xd10083ff, A_NOP, 0x910083ff, A_RET), &anywhere, 4, 32);
}

static void a_stack_pointer_moved_too_far_ends_the_search(void **state)
{
	(void)state;
	assert_cheap(X86(SUB_RSP(1016), CALL_FAR_AWAY, 0xc9, RET), &anywhere, 7, 1016);
	assert_stays(X86(SUB_RSP(1024), CALL_FAR_AWAY, 0xc9, RET), &anywhere);
	/* not a multiple of 8; upwards */
	assert_stays(X86(SUB_RSP(12), CALL_FAR_AWAY, 0xc9, RET), &anywhere);
	assert_stays(X86(ADD_RSP_8, CALL_FAR_AWAY, 0xc9, RET), &anywhere);
}

static void an_unknown_stack_pointer_ends_the_search(void **state)
{
	(void)state;
	/* and rsp, -32; sub rsp, rax; mov rsp, rax */
	assert_stays(X86(0x48, 0x83, 0xe4, 0xe0, CALL_FAR_AWAY, 0xc9, RET), &anywhere);
	assert_stays(X86(0x48, 0x29, 0xc4, CALL_FAR_AWAY, 0xc9, RET), &anywhere);
	assert_stays(X86(0x48, 0x89, 0xc4, CALL_FAR_AWAY, 0xc9, RET), &anywhere);
}

static void a_return_address_needs_the_stack_pointer_where_it_was(void **state)
{
	(void)state;
	assert_stays(X86(SUB_RSP_8, PUSH_RBP, POP_RBP, ADD_RSP_8, RET), &intact);
	assert_stays(ARM64(0xd10083ff, A_NOP, 0x910083ff, A_RET), &intact);
}

static void a_return_address_that_is_touched_ends_the_search(void **state)
{
	(void)state;
	/* mov rax, [rsp]; mov [rsp - 4], rdi */
	assert_stays(X86(0x48, 0x8b, 0x04, 0x24, PUSH_RBP, POP_RBP, RET), &intact);
	assert_cheap(X86(0x48, 0x8b, 0x04, 0x24, PUSH_RBP, POP_RBP, RET), &anywhere, 4, 0);
	assert_stays(X86(0x48, 0x89, 0x7c, 0x24, 0xfc, PUSH_RBP, POP_RBP, RET), &intact);
	/* paciasp and stp x29, x30 use the link register */
	assert_stays(ARM64(A_PACIASP, A_NOP, A_AUTIASP, A_RET), &intact);
	assert_cheap(ARM64(A_PACIASP, A_NOP, A_AUTIASP, A_RET), &anywhere, 4, 0);
	assert_stays(ARM64(A_STP_FP_LR, A_BL_FAR_AWAY, A_LDP_FP_LR, A_RET), &intact);
}

/* ---- what is not passed ---- */

static void what_may_fault_is_not_passed(void **state)
{
	(void)state;
	/* mov rax, [rdi]; mov [rdi], eax; mov rax, [rip + n]; mov rax, gs:[0]; idiv ecx */
	assert_stays(X86(0x48, 0x8b, 0x07, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(0x89, 0x07, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(0x48, 0x8b, 0x05, 0, 0x10, 0, 0, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, PUSH_RBP, POP_RBP, RET),
		     &anywhere);
	assert_stays(X86(0xf7, 0xf9, PUSH_RBP, POP_RBP, RET), &anywhere);
	/* ldr x1, [x0]; str x1, [x0]; fadd d0, d0, d1 */
	assert_stays(ARM64(0xf9400001, A_NOP, A_RET), &anywhere);
	assert_stays(ARM64(0xf9000001, A_NOP, A_RET), &anywhere);
	assert_stays(ARM64(0x1e612800, A_NOP, A_RET), &anywhere);
}

static void the_stack_and_the_threads_own_data_are_there(void **state)
{
	(void)state;
	/* mov [rsp - 8], rdi; mov rax, fs:[0x28]; mov rax, [rsp + 16] */
	assert_cheap(X86(0x48, 0x89, 0x7c, 0x24, 0xf8, PUSH_RBP, POP_RBP, RET), &anywhere, 5, 0);
	assert_cheap(X86(0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0, PUSH_RBP, POP_RBP, RET),
		     &intact, 9, 0);
	assert_cheap(X86(0x48, 0x8b, 0x44, 0x24, 0x10, PUSH_RBP, POP_RBP, RET), &intact, 5, 0);
	/* str x0, [sp, #8]; mrs x1, tpidr_el0 */
	assert_cheap(ARM64(0xf90007e0, 0xd53bd041, A_NOP, A_RET), &intact, 8, 0);
}

static void system_calls_and_the_unknown_are_not_passed(void **state)
{
	(void)state;
	/* syscall; cpuid; rep movsb; cvtsi2sd; lock inc */
	assert_stays(X86(MOV_EAX_EDI, 0x0f, 0x05, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(0x0f, 0xa2, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(0xf3, 0xa4, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(0xf2, 0x0f, 0x2a, 0xc7, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(X86(MOV_EAX_EDI, 0xf0, 0xff, 0x07, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(ARM64(A_BTI_C, 0xd4000001, A_NOP, A_RET), &anywhere);
}

static void an_instruction_that_cannot_be_probed_may_be_passed(void **state)
{
	/* cs nop, which the kernel refuses */
	(void)state;
	assert_cheap(X86(0x2e, 0x0f, 0x1f, 0x40, 0, PUSH_RBP, POP_RBP, RET), &anywhere, 5, 0);
	assert_entry(X86(0x2e, 0x0f, 0x1f, 0x40, 0, MOV_EAX_EDI, RET), &anywhere, 5, 0,
		     CODE_COST_STEPPED);
	assert_no_entry(X86(0xf0, 0xff, 0x07, PUSH_RBP, POP_RBP, RET), &anywhere, "LOCK");
}

/* ---- jumps ---- */

static void the_target_of_a_jump_is_no_place(void **state)
{
	(void)state;
	/* endbr64; push; pop; jne to the push */
	assert_stays(X86(ENDBR64, PUSH_RBP, POP_RBP, 0x75, 0xfc, RET), &anywhere);
	assert_stays(X86(ENDBR64, PUSH_RBP, POP_RBP, 0x75, 0xfc, RET), &intact);
	assert_stays(ARM64(A_BTI_C, A_NOP, 0x54ffffe1, A_RET), &anywhere);
}

static void neither_is_what_comes_after_the_target_of_a_jump(void **state)
{
	/* endbr64; dec edi; push; pop; jne to the dec */
	(void)state;
	assert_stays(X86(ENDBR64, 0xff, 0xcf, PUSH_RBP, POP_RBP, 0x75, 0xfa, RET), &anywhere);
	/* the conditional jump would be the place, but it is the one that goes back */
	assert_stays(X86(ENDBR64, 0xff, 0xcf, 0x75, 0xfc, RET), &anywhere);
	assert_stays(ARM64(A_BTI_C, 0x71000400, 0x54ffffe1, A_RET), &anywhere);
}

static void a_loop_over_the_whole_function_changes_nothing(void **state)
{
	/* dec edi; jne back: the symbol itself is seen as often */
	(void)state;
	assert_cheap(X86(0xff, 0xcf, 0x75, 0xfc, RET), &anywhere, 2, 0);
}

static void an_indirect_jump_forbids_where_it_may_lead(void **state)
{
	(void)state;
	assert_stays(X86(ENDBR64, PUSH_RBP, POP_RBP, JMP_RAX), &anywhere);
	/* with more on the stack than there is on the way to the place */
	assert_cheap(X86(ENDBR64, PUSH_RBP, JMP_RAX, POP_RBP, RET), &anywhere, 4, 0);
	/* with as much */
	assert_stays(X86(ENDBR64, SUB_RSP_8, PUSH_RBP, POP_RBP, JMP_RAX, ADD_RSP_8, RET),
		     &anywhere);
	assert_stays(ARM64(A_BTI_C, A_NOP, 0xd61f0000), &anywhere);
}

static void a_function_that_is_not_wholly_known_leaves_it_alone(void **state)
{
	(void)state;
	assert_stays(X86(ENDBR64, PUSH_RBP, POP_RBP, RET, 0x06, RET), &anywhere);
	assert_stays(X86(ENDBR64, PUSH_RBP, POP_RBP, 0xeb, 0x01, 0xb8, POP_RBP, RET, NOP, NOP, RET),
		     &anywhere);
	/* lea rax, of what comes next: data, as it seems */
	assert_stays(X86(0x48, 0x8d, 0x05, 1, 0, 0, 0, 0x47, PUSH_RBP, POP_RBP, RET), &anywhere);
}

static void without_a_size_it_stays(void **state)
{
	const struct function f = X86(ENDBR64, PUSH_RBP, POP_RBP, RET);
	const struct code_entry_wish later = { .from = 4 };
	struct code_entry entry = {};
	struct fault why = {};
	struct loaded l;

	(void)state;
	load_from(&l, open_function(&f), TINY_CODE_VADDR, 0);
	assert_int_equal(code__place_entry(l.code, &anywhere, &entry, &why), 0);
	assert_int_equal(entry.offset, 0);
	assert_int_equal(code__place_entry(l.code, &later, &entry, &why), -EINVAL);
	assert_says(&why, "no size");
	unload(&l);
}

/* Two probes in one place fire in an order that nobody promises. */
static void an_exit_is_no_entry_unless_there_is_nothing_else(void **state)
{
	(void)state;
	assert_stays(X86(ENDBR64, JMP_FAR_AWAY), &anywhere);
	assert_stays(X86(TEST_EDI_EDI, JE_FAR_AWAY, PUSH_RBP, POP_RBP, RET), &anywhere);
	assert_stays(ARM64(A_BTI_C, A_B_FAR_AWAY), &anywhere);
	/* a replaced return address has no probes at the exits */
	assert_cheap(X86(ENDBR64, JMP_FAR_AWAY), &intact, 4, 0);
	assert_cheap(X86(TEST_EDI_EDI, JE_FAR_AWAY, PUSH_RBP, POP_RBP, RET), &intact, 2, 0);
	assert_cheap(ARM64(A_BTI_C, A_RET), &intact, 4, 0);
	assert_cheap(X86(JMP_FAR_AWAY), &anywhere, 0, 0);
}

/* ---- arguments ---- */

static void an_argument_that_is_read_must_be_there_still(void **state)
{
	const struct function f = X86(ENDBR64, MOV_EDI_ESI, PUSH_RBP, POP_RBP, RET);
	const struct code_entry_wish first = { .arguments = 1 << 0 };
	const struct code_entry_wish second = { .arguments = 1 << 1 };

	(void)state;
	assert_cheap(f, &anywhere, 6, 0);
	assert_stays(f, &first);
	assert_cheap(f, &second, 6, 0);
}

static void every_argument_register_is_known(void **state)
{
	/* mov R, eax by its low byte, which spoils it: dil, sil, dl, cl, r8b, r9b */
	static const uint8_t writes[][3] = {
		{ 0x40, 0x88, 0xc7 }, { 0x40, 0x88, 0xc6 }, { 0x40, 0x88, 0xc2 },
		{ 0x40, 0x88, 0xc1 }, { 0x41, 0x88, 0xc0 }, { 0x41, 0x88, 0xc1 },
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		const struct code_entry_wish wish = { .arguments = 1u << i };
		const struct code_entry_wish others = { .arguments = 0x3f & ~(1u << i) };
		const struct function f =
			X86(writes[i][0], writes[i][1], writes[i][2], PUSH_RBP, POP_RBP, RET);

		assert_stays(f, &wish);
		assert_cheap(f, &others, 3, 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		const struct code_entry_wish wish = { .arguments = 1u << i };
		const struct code_entry_wish others = { .arguments = 0xff & ~(1u << i) };
		/* mov xN, x9; ldr xN, [sp] */
		const struct function f = ARM64(0xaa0903e0 | i, A_NOP, A_RET);
		const struct function g = ARM64(0xf94003e0 | i, A_NOP, A_RET);

		assert_stays(f, &wish);
		assert_cheap(f, &others, 4, 0);
		assert_stays(g, &wish);
		assert_cheap(g, &others, 4, 0);
	}
}

static void storing_an_argument_leaves_it_there(void **state)
{
	const struct code_entry_wish all = { .arguments = 0xff };

	(void)state;
	/* mov [rsp - 8], rdi; cmp edi, esi; test rsi, rsi */
	assert_cheap(X86(0x48, 0x89, 0x7c, 0x24, 0xf8, 0x39, 0xf7, 0x48, 0x85, 0xf6, PUSH_RBP,
			 POP_RBP, RET),
		     &all, 10, 0);
	/* str x0, [sp, #8]; stp x0, x1, [sp, #16]; cmp x0, #0 */
	assert_cheap(ARM64(0xf90007e0, 0xa90107e0, 0xf100001f, A_NOP, A_RET), &all, 12, 0);
}

/* ---- symbol+OFF ---- */

static void the_wish_may_lie_within_the_function(void **state)
{
	const struct function f = X86(ENDBR64, MOV_EAX_EDI, TEST_EDI_EDI, PUSH_RBP, POP_RBP, RET);
	const struct function g = X86(PUSH_RBP, SUB_RSP_8, CALL_FAR_AWAY, 0xc9, RET);
	const struct code_entry_wish later = { .from = 4, .return_intact = true };
	const struct code_entry_wish pushed = { .from = 1 };
	const struct code_entry_wish pushed_intact = { .from = 1, .return_intact = true };

	(void)state;
	assert_cheap(f, &later, 8, 0);
	assert_cheap(g, &pushed, 5, 16);
	assert_no_entry(g, &pushed_intact, "moves the stack pointer");
}

static void a_wish_that_is_no_place_is_refused(void **state)
{
	const struct function f = X86(ENDBR64, MOV_EDI_ESI, 0x74, 0x02, PUSH_RBP, POP_RBP, RET);
	const struct code_entry_wish middle = { .from = 2 };
	const struct code_entry_wish after_jump = { .from = 8 };
	const struct code_entry_wish past = { .from = 99 };
	const struct code_entry_wish spoiled = { .from = 6, .arguments = 1 };

	(void)state;
	assert_no_entry(f, &middle, "within the instruction");
	assert_no_entry(f, &after_jump, "control may go elsewhere");
	assert_no_entry(f, &past, "past the end");
	assert_no_entry(f, &spoiled, "an argument that is wanted");
}

static void a_wish_in_a_loop_is_refused(void **state)
{
	/* endbr64; dec edi; jne to the dec */
	const struct function f = X86(ENDBR64, 0xff, 0xcf, 0x75, 0xfc, RET);
	const struct code_entry_wish looped = { .from = 4 };
	const struct code_entry_wish far_down = { .from = 7 };

	(void)state;
	assert_no_entry(f, &looped, "may jump back");
	assert_no_entry(X86(SUB_RSP(2048), NOP, 0xc9, RET), &far_down, "moved too far");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cheap_first_instruction_is_the_place),
		cmocka_unit_test(a_long_nop_is_passed_when_it_must_not_be_probed),
		cmocka_unit_test(a_landing_pad_is_passed),
		cmocka_unit_test(arithmetic_on_registers_is_passed),
		cmocka_unit_test(a_conditional_jump_is_a_fine_place),
		cmocka_unit_test(a_call_is_a_place_but_not_passed),
		cmocka_unit_test(a_call_is_no_place_where_shadow_stacks_are),
		cmocka_unit_test(nothing_better_leaves_it_where_it_was_wished),
		cmocka_unit_test(a_moved_stack_pointer_is_told),
		cmocka_unit_test(a_stack_pointer_moved_too_far_ends_the_search),
		cmocka_unit_test(an_unknown_stack_pointer_ends_the_search),
		cmocka_unit_test(a_return_address_needs_the_stack_pointer_where_it_was),
		cmocka_unit_test(a_return_address_that_is_touched_ends_the_search),
		cmocka_unit_test(what_may_fault_is_not_passed),
		cmocka_unit_test(the_stack_and_the_threads_own_data_are_there),
		cmocka_unit_test(system_calls_and_the_unknown_are_not_passed),
		cmocka_unit_test(an_instruction_that_cannot_be_probed_may_be_passed),
		cmocka_unit_test(the_target_of_a_jump_is_no_place),
		cmocka_unit_test(neither_is_what_comes_after_the_target_of_a_jump),
		cmocka_unit_test(a_loop_over_the_whole_function_changes_nothing),
		cmocka_unit_test(an_indirect_jump_forbids_where_it_may_lead),
		cmocka_unit_test(a_function_that_is_not_wholly_known_leaves_it_alone),
		cmocka_unit_test(without_a_size_it_stays),
		cmocka_unit_test(an_exit_is_no_entry_unless_there_is_nothing_else),
		cmocka_unit_test(an_argument_that_is_read_must_be_there_still),
		cmocka_unit_test(every_argument_register_is_known),
		cmocka_unit_test(storing_an_argument_leaves_it_there),
		cmocka_unit_test(the_wish_may_lie_within_the_function),
		cmocka_unit_test(a_wish_that_is_no_place_is_refused),
		cmocka_unit_test(a_wish_in_a_loop_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
