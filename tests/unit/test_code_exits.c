/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where functions end. */
#include "code_fixture.h"

static void assert_exits(struct function f, size_t cnt, const uint64_t *offsets)
{
	struct elf_file *file = open_function(&f);
	struct code_exits exits = {};
	struct fault why = {};

	if (code_find_exits(file, "f", TINY_CODE_VADDR, f.sz, &exits, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(exits.cnt, cnt);
	for (size_t i = 0; i < cnt; i++)
		assert_int_equal(exits.offsets[i], offsets[i]);
	code_exits__free(&exits);
	code_exits__free(&exits);
	elf_file__free(file);
}

#define exits_at(f, ...)                                                                           \
	assert_exits(f, sizeof((const uint64_t[]) { __VA_ARGS__ }) / sizeof(uint64_t),             \
		     (const uint64_t[]) { __VA_ARGS__ })

static void assert_no_exits(struct function f, const char *part)
{
	struct elf_file *file = open_function(&f);
	struct code_exits exits = {};
	struct fault why = {};

	assert_int_equal(code_find_exits(file, "f", TINY_CODE_VADDR, f.sz, &exits, &why),
			 -EOPNOTSUPP);
	assert_null(exits.offsets);
	assert_says(&why, part);
	elf_file__free(file);
}

/* ---- exits ---- */

static void every_return_is_an_exit(void **state)
{
	(void)state;
	exits_at(X86(TEST_EDI_EDI, 0x74, 0x01, RET, PUSH_RBP, POP_RBP, RET), 4, 7);
	exits_at(X86(0xc2, 0x10, 0x00), 0);
	exits_at(X86(0xf3, RET), 0);
	exits_at(X86(0xf2, RET), 0);
	exits_at(ARM64(0xb4000040, A_RET, A_STP_FP_LR, A_LDP_FP_LR, A_RET), 4, 16);
	exits_at(ARM64(0xd65f0060), 0); /* ret x3 */
}

static void calls_are_no_exits(void **state)
{
	(void)state;
	exits_at(X86(SUB_RSP_8, CALL_FAR_AWAY, 0xff, 0xd0, ADD_RSP_8, RET), 15);
	exits_at(ARM64(A_STP_FP_LR, A_BL_FAR_AWAY, 0xd63f0020, A_LDP_FP_LR, A_RET), 16);
}

static void padding_and_traps_after_the_end_are_fine(void **state)
{
	(void)state;
	exits_at(X86(RET, 0x0f, 0x1f, 0x44, 0x00, 0x00, NOP), 0);
	exits_at(X86(TEST_EDI_EDI, 0x74, 0x01, RET, UD2), 4);
	exits_at(X86(TEST_EDI_EDI, 0x74, 0x05, SUB_RSP_8, 0x90, CALL_FAR_AWAY, ADD_RSP_8, RET,
		     CALL_FAR_AWAY),
		 18);
}

static void tail_calls_are_exits(void **state)
{
	(void)state;
	exits_at(X86(MOV_EAX_EDI, JMP_FAR_AWAY), 2);
	exits_at(X86(PUSH_RBP, CALL_FAR_AWAY, POP_RBP, JMP_FAR_AWAY), 7);
	exits_at(X86(SUB_RSP_8, CALL_FAR_AWAY, ADD_RSP_8, JMP_FAR_AWAY), 13);
	/* push rbp; mov rbp, rsp; and rsp, -32; leave; jmp */
	exits_at(X86(PUSH_RBP, MOV_RBP_RSP, 0x48, 0x83, 0xe4, 0xe0, 0xc9, JMP_FAR_AWAY), 9);
	exits_at(X86(0xeb, 0x80), 0);
	exits_at(ARM64(A_STP_FP_LR, A_MOV_FP_SP, A_BL_FAR_AWAY, A_LDP_FP_LR, A_B_FAR_AWAY), 16);
	/* sub sp, sp, #32; add sp, sp, #32; b */
	exits_at(ARM64(0xd10083ff, A_BL_FAR_AWAY, 0x910083ff, A_B_FAR_AWAY), 12);
}

static void a_jump_away_with_the_frame_in_place_is_refused(void **state)
{
	(void)state;
	/* GCC's way to a .cold part: from within, and from where exceptions land. */
	assert_no_exits(X86(PUSH_RBP, JMP_FAR_AWAY, POP_RBP, RET), "stack frame not proven gone");
	assert_no_exits(X86(SUB_RSP_8, CALL_FAR_AWAY, ADD_RSP_8, RET, ENDBR64, JMP_FAR_AWAY),
			"stack frame not proven gone");
	assert_no_exits(ARM64(A_STP_FP_LR, A_B_FAR_AWAY, A_LDP_FP_LR, A_RET),
			"stack frame not proven gone");
	/* One way with a push, one without. */
	assert_no_exits(X86(TEST_EDI_EDI, 0x74, 0x01, PUSH_RBP, JMP_FAR_AWAY),
			"stack frame not proven gone");
	/* call the next instruction; what it pushed stays. */
	assert_no_exits(X86(0xe8, 0, 0, 0, 0, JMP_FAR_AWAY), "stack frame not proven gone");
}

static void conditional_jumps_away_are_refused(void **state)
{
	(void)state;
	assert_no_exits(X86(TEST_EDI_EDI, 0x0f, 0x84, 0, 0x10, 0, 0, RET), "leave the function or");
	assert_no_exits(X86(0xe3, 0x70, RET), "leave the function or stay");
	assert_no_exits(ARM64(0x54008000, A_RET), "leave the function or stay");
	assert_no_exits(ARM64(0xb4008000, A_RET), "leave the function or stay");
	assert_no_exits(ARM64(0x36008000, A_RET), "leave the function or stay");
}

static void indirect_jumps_are_refused(void **state)
{
	(void)state;
	assert_no_exits(X86(0xff, 0xe0, RET), "jump table or leave");
	assert_no_exits(X86(0x3e, 0xff, 0xe2, RET), "jump table or leave");
	assert_no_exits(X86(0xff, 0x25, 0, 0, 0x10, 0, RET), "jump table or leave");
	assert_no_exits(ARM64(0xd61f0000, A_RET), "jump table or leave");
	assert_no_exits(ARM64(0xd71f0811, A_RET), "jump table or leave");
}

static void strange_ways_out_are_refused(void **state)
{
	(void)state;
	assert_no_exits(X86(0xcb), "not followed");
	assert_no_exits(X86(0x48, 0xcf), "not followed");
	assert_no_exits(X86(0xff, 0x28, RET), "not followed");
	assert_no_exits(ARM64(0xd69f03e0), "not followed");
	/* The kernel cannot probe this return. */
	assert_no_exits(ARM64(A_PACIASP, 0xd65f0bff), "signed address");
}

static void functions_that_never_return_are_refused(void **state)
{
	(void)state;
	assert_no_exits(X86(SUB_RSP_8, CALL_FAR_AWAY), "never returns");
	assert_no_exits(X86(0xeb, 0xfe), "never returns");
	assert_no_exits(ARM64(A_BL_FAR_AWAY), "never returns");
}

static void functions_that_run_on_are_refused(void **state)
{
	(void)state;
	assert_no_exits(X86(RET, PUSH_RBP), "runs on past its end");
	assert_no_exits(X86(NOP, NOP), "runs on past its end");
	assert_no_exits(ARM64(A_RET, A_MOV_X1_X0), "runs on past its end");
	assert_no_exits(X86(RET, 0x06), "no instruction that Capstone");
}

static void loops_come_to_an_end(void **state)
{
	/* A push in a loop: nothing is known of the stack, and the search for that ends. */
	(void)state;
	exits_at(X86(PUSH_RBP, 0xff, 0xcf, 0x75, 0xfb, 0xc9, RET), 6);
	assert_no_exits(X86(PUSH_RBP, 0xff, 0xcf, 0x75, 0xfb, JMP_FAR_AWAY), "not proven gone");
}

static void functions_that_cannot_be_read_are_refused(void **state)
{
	/* A jump into an instruction; data after the end, read by x86-64 and by arm64; no size. */
	struct function f = X86(0xeb, 0x01, 0xb8, PUSH_RBP, POP_RBP, NOP, NOP, RET);
	struct elf_file *file = open_function(&f);
	struct code_exits exits = {};
	struct fault why = {};

	(void)state;
	assert_no_exits(f, "jumps into the middle");
	assert_no_exits(X86(0x48, 0x8b, 0x05, 0x01, 0, 0, 0, RET, NOP, RET), "may be data");
	assert_no_exits(ARM64(0x58000040, A_RET, A_NOP, A_RET), "may be data");
	assert_int_equal(code_find_exits(file, "f", TINY_CODE_VADDR, 0, &exits, &why), -EOPNOTSUPP);
	assert_says(&why, "no size");
	elf_file__free(file);
}

static void a_jump_past_a_lock_prefix_is_followed(void **state)
{
	(void)state;
	exits_at(X86(0x74, 0x01, 0xf0, 0x0f, 0xb1, 0x37, RET), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_return_is_an_exit),
		cmocka_unit_test(calls_are_no_exits),
		cmocka_unit_test(padding_and_traps_after_the_end_are_fine),
		cmocka_unit_test(tail_calls_are_exits),
		cmocka_unit_test(a_jump_away_with_the_frame_in_place_is_refused),
		cmocka_unit_test(conditional_jumps_away_are_refused),
		cmocka_unit_test(indirect_jumps_are_refused),
		cmocka_unit_test(strange_ways_out_are_refused),
		cmocka_unit_test(functions_that_never_return_are_refused),
		cmocka_unit_test(functions_that_run_on_are_refused),
		cmocka_unit_test(loops_come_to_an_end),
		cmocka_unit_test(functions_that_cannot_be_read_are_refused),
		cmocka_unit_test(a_jump_past_a_lock_prefix_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
