/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where functions end. */
#include "code_fixture.h"

static void assert_exits(struct function f, size_t cnt, const int64_t *offsets)
{
	struct code_exits exits = {};
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	if (code__find_exits(l.code, &exits, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(exits.cnt, cnt);
	for (size_t i = 0; i < cnt; i++)
		assert_int_equal(exits.items[i].offset, offsets[i]);
	code_exits__free(&exits);
	code_exits__free(&exits);
	unload(&l);
}

#define exits_at(f, ...)                                                                           \
	assert_exits(f, sizeof((const int64_t[]) { __VA_ARGS__ }) / sizeof(int64_t),               \
		     (const int64_t[]) { __VA_ARGS__ })

static void assert_no_exits(struct function f, const char *part)
{
	struct code_exits exits = {};
	struct fault why = {};
	struct loaded l;

	load(&l, &f);
	assert_int_equal(code__find_exits(l.code, &exits, &why), -EOPNOTSUPP);
	assert_null(exits.items);
	assert_says(&why, part);
	unload(&l);
}

/* The exit at this index, which shall be of this kind. */
static struct code_exit get_exit(struct function f, size_t index, enum code_exit_kind kind)
{
	struct code_exits exits = {};
	struct fault why = {};
	struct code_exit exit;
	struct loaded l;

	load(&l, &f);
	if (code__find_exits(l.code, &exits, &why) != 0)
		fail_msg("%s", why.text);
	assert_in_range(index, 0, exits.cnt - 1);
	exit = exits.items[index];
	assert_int_equal(exit.kind, kind);
	assert_int_equal(exits.maybe_cnt > 0, kind == CODE_EXIT_MAYBE);
	assert_int_equal(exits.tail_call_cnt > 0, kind == CODE_EXIT_TAIL_CALL);
	code_exits__free(&exits);
	unload(&l);
	return exit;
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

static void kinds_and_costs_are_told(void **state)
{
	struct code_exit exit;

	(void)state;
	exit = get_exit(X86(MOV_EAX_EDI, RET), 0, CODE_EXIT_RETURN);
	assert_int_equal(exit.cost, CODE_COST_STEPPED);
	exit = get_exit(X86(MOV_EAX_EDI, JMP_FAR_AWAY), 0, CODE_EXIT_TAIL_CALL);
	assert_int_equal(exit.cost, CODE_COST_EMULATED);
	exit = get_exit(X86(JMP_RAX), 0, CODE_EXIT_MAYBE);
	assert_int_equal(exit.cost, CODE_COST_STEPPED);
	exit = get_exit(ARM64(A_RET), 0, CODE_EXIT_RETURN);
	assert_int_equal(exit.cost, CODE_COST_EMULATED);
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
	assert_no_exits(X86(PUSH_RBP, 0x0f, 0x84, 0, 0x10, 0, 0, POP_RBP, RET),
			"stack frame not proven gone");
	/* One way with a push, one without. */
	assert_no_exits(X86(TEST_EDI_EDI, 0x74, 0x01, PUSH_RBP, JMP_FAR_AWAY),
			"stack frame not proven gone");
	/* call the next instruction; what it pushed stays. */
	assert_no_exits(X86(0xe8, 0, 0, 0, 0, JMP_FAR_AWAY), "stack frame not proven gone");
}

static void a_return_to_what_was_pushed_is_refused(void **state)
{
	(void)state;
	assert_no_exits(X86(0x50, RET), "returns with the stack pointer not where it was");
	assert_no_exits(X86(POP_RBP, RET), "returns with the stack pointer not where it was");
	assert_no_exits(ARM64(A_STP_FP_LR, A_RET), "returns with the stack pointer not where");
	/* where nothing is known, a return is one */
	exits_at(X86(0x48, 0x89, 0xfc, RET), 3);
	/* leave, after two ways with different frame pointers */
	exits_at(X86(0x74, 0x05, 0x48, 0x8d, 0x6c, 0x24, 0x08, 0xc9, RET), 8);
	exits_at(X86(0x74, 0x02, 0xeb, 0x05, 0x48, 0x8d, 0x6c, 0x24, 0x08, 0xc9, RET), 10);
	/* pushw 1; the two bytes are not followed */
	exits_at(X86(0x66, 0x6a, 1, 0x66, 0x58, RET), 5);
}

/* ---- jumps that may leave ---- */

static void a_conditional_jump_away_may_leave(void **state)
{
	struct code_jump jump;

	(void)state;
	jump = get_exit(X86(TEST_EDI_EDI, 0x0f, 0x84, 0, 0x10, 0, 0, RET), 0, CODE_EXIT_MAYBE).jump;
	assert_int_equal(jump.condition, 4);
	assert_int_equal(jump.target, CODE_TARGET_DIRECT);
	assert_int_equal(jump.displacement, 0x1006);
	jump = get_exit(X86(0x7f, 0x70, RET), 0, CODE_EXIT_MAYBE).jump;
	assert_int_equal(jump.condition, 15);
	assert_int_equal(jump.displacement, 0x72);
	jump = get_exit(ARM64(0x54008001, A_RET), 0, CODE_EXIT_MAYBE).jump;
	assert_int_equal(jump.condition, 1); /* b.ne */
	assert_int_equal(jump.target, CODE_TARGET_DIRECT);
	assert_int_equal(jump.displacement, 0x1000);
}

static void arm64_register_tests_are_told(void **state)
{
	static const struct {
		uint32_t word;
		uint8_t condition, reg, bit;
	} cases[] = {
		{ 0x34008003, CODE_IF_ZERO, 3, 31 },	  /* cbz w3 */
		{ 0xb4008003, CODE_IF_ZERO, 3, 63 },	  /* cbz x3 */
		{ 0x3500801f, CODE_IF_NOT_ZERO, 31, 31 }, /* cbnz wzr */
		{ 0xb5008000, CODE_IF_NOT_ZERO, 0, 63 },
		{ 0x36288009, CODE_IF_BIT_CLEAR, 9, 5 }, /* tbz w9, #5 */
		{ 0xb7f8801e, CODE_IF_BIT_SET, 30, 63 }, /* tbnz x30, #63 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct code_jump jump =
			get_exit(ARM64(cases[i].word, A_RET), 0, CODE_EXIT_MAYBE).jump;

		assert_int_equal(jump.condition, cases[i].condition);
		assert_int_equal(jump.test_register, cases[i].reg);
		assert_int_equal(jump.test_bit, cases[i].bit);
		assert_int_equal(jump.displacement, 0x1000);
	}
}

static void conditions_without_a_number_are_refused(void **state)
{
	/* jrcxz, loop, xbegin */
	(void)state;
	assert_no_exits(X86(0xe3, 0x70, RET), "a probe cannot tell");
	assert_no_exits(X86(0xe2, 0x70, RET), "a probe cannot tell");
	assert_no_exits(X86(0xc7, 0xf8, 0, 0x10, 0, 0, RET), "a probe cannot tell");
}

static void an_indirect_jump_may_leave(void **state)
{
	struct code_jump jump;

	(void)state;
	jump = get_exit(X86(MOV_EAX_EDI, JMP_RAX, NOP, RET), 0, CODE_EXIT_MAYBE).jump;
	assert_int_equal(jump.condition, CODE_ALWAYS);
	assert_int_equal(jump.target, CODE_TARGET_REGISTER);
	assert_int_equal(jump.base, 0);
	/* the function from its second byte on, seen from the jump */
	assert_int_equal(jump.inside[0][0], -1);
	assert_int_equal(jump.inside[0][1], 4);
	assert_int_equal(jump.inside[1][0], jump.inside[1][1]);
	jump = get_exit(X86(0x41, 0xff, 0xe3), 0, CODE_EXIT_MAYBE).jump;
	assert_int_equal(jump.base, 11);
	jump = get_exit(ARM64(A_NOP, 0xd61f0200), 0, CODE_EXIT_MAYBE).jump;
	assert_int_equal(jump.target, CODE_TARGET_REGISTER);
	assert_int_equal(jump.base, 16);
	assert_int_equal(jump.inside[0][0], -3);
	assert_int_equal(jump.inside[0][1], 4);
}

static void a_jump_through_memory_tells_where_it_reads(void **state)
{
	static const struct {
		uint8_t code[8];
		uint8_t sz, base, index, scale;
		int64_t displacement;
	} cases[] = {
		{ { 0xff, 0x20 }, 2, 0, CODE_REGISTER_NONE, 1, 0 },	     /* [rax] */
		{ { 0xff, 0x60, 0x18 }, 3, 0, CODE_REGISTER_NONE, 1, 0x18 }, /* [rax + 24] */
		{ { 0x41, 0xff, 0x67, 0xf8 }, 4, 15, CODE_REGISTER_NONE, 1, -8 },
		{ { 0xff, 0x24, 0xc7 }, 3, 7, 0, 8, 0 }, /* [rdi + rax * 8] */
		{ { 0xff, 0x24, 0xc5, 0, 0x10, 0, 0 }, 7, CODE_REGISTER_NONE, 0, 8, 0x1000 },
		/* relative to the jump, and not to what follows it */
		{ { 0xff, 0x25, 0, 0x10, 0, 0 },
		  6,
		  CODE_REGISTER_IP,
		  CODE_REGISTER_NONE,
		  1,
		  0x1006 },
		{ { 0xf2, 0xff, 0x25, 0, 0x10, 0, 0 },
		  7,
		  CODE_REGISTER_IP,
		  CODE_REGISTER_NONE,
		  1,
		  0x1007 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct function f = { EM_X86_64, cases[i].code, cases[i].sz };
		struct code_jump jump = get_exit(f, 0, CODE_EXIT_MAYBE).jump;

		assert_int_equal(jump.target, CODE_TARGET_MEMORY);
		assert_int_equal(jump.base, cases[i].base);
		assert_int_equal(jump.index, cases[i].index);
		assert_int_equal(jump.scale, cases[i].scale);
		assert_int_equal(jump.displacement, cases[i].displacement);
	}
}

static void a_jump_that_a_probe_could_not_follow_is_refused(void **state)
{
	(void)state;
	/* jmp fs:[0]; addr32 jmp [eax]; braa */
	assert_no_exits(X86(0x64, 0xff, 0x24, 0x25, 0, 0, 0, 0), "a probe cannot tell");
	assert_no_exits(X86(0x67, 0xff, 0x20), "a probe cannot tell");
	assert_no_exits(ARM64(0xd71f0811), "a probe cannot tell");
	/* cs jmp rax: the kernel refuses to probe it */
	assert_no_exits(X86(0x2e, 0xff, 0xe0), "segment prefix");
}

static void an_indirect_jump_with_something_on_the_stack_stays(void **state)
{
	(void)state;
	exits_at(X86(PUSH_RBP, JMP_RAX, POP_RBP, RET), 4);
	exits_at(ARM64(A_STP_FP_LR, 0xd61f0000, A_LDP_FP_LR, A_RET), 12);
	/* and rsp, -32: at least the pushed is there */
	exits_at(X86(PUSH_RBP, MOV_RBP_RSP, 0x48, 0x83, 0xe4, 0xe0, JMP_RAX, 0xc9, RET), 11);
	/* two ways with more and with less, but neither with nothing */
	exits_at(X86(PUSH_RBP, TEST_EDI_EDI, 0x74, 0x01, PUSH_RBX, JMP_RAX, 0xc9, RET), 9);
	/* what was popped was not pushed here: a return of some kind */
	get_exit(X86(POP_RBP, JMP_RAX), 0, CODE_EXIT_MAYBE);
	/* nothing known: rsp loaded */
	get_exit(X86(PUSH_RBP, 0x48, 0x89, 0xfc, JMP_RAX), 0, CODE_EXIT_MAYBE);
}

/* What only an indirect jump or an exception leads to begins with the frame that those leave. */
static void code_behind_indirect_jumps_has_their_frame(void **state)
{
	struct code_exit exit;

	(void)state;
	exit = get_exit(X86(PUSH_RBX, JMP_RAX, POP_RBX, JMP_FAR_AWAY), 0, CODE_EXIT_TAIL_CALL);
	assert_int_equal(exit.offset, 4);
	exit = get_exit(X86(PUSH_RBX, CALL_FAR_AWAY, JMP_RAX, POP_RBX, JMP_FAR_AWAY), 0,
			CODE_EXIT_TAIL_CALL);
	assert_int_equal(exit.offset, 9);
	get_exit(ARM64(A_STP_FP_LR, 0xd61f0000, A_LDP_FP_LR, A_B_FAR_AWAY), 0, CODE_EXIT_TAIL_CALL);
	/* two of them, with different frames */
	assert_no_exits(X86(CALL_FAR_AWAY, PUSH_RBX, JMP_RAX, POP_RBX, JMP_FAR_AWAY),
			"not proven gone");
}

static void a_jump_that_needs_no_landing_pad_is_a_table_and_stays(void **state)
{
	(void)state;
	exits_at(X86(0x3e, 0xff, 0xe2, RET), 3);
	exits_at(X86(0x3e, 0xff, 0x24, 0xc7, RET), 4);
}

/* ---- back to the beginning ---- */

static bool restarts(struct function f)
{
	struct code_exits exits = {};
	struct loaded l;
	bool result;

	load(&l, &f);
	assert_int_equal(code__find_exits(l.code, &exits, NULL), 0);
	result = exits.restarts;
	code_exits__free(&exits);
	unload(&l);
	return result;
}

static void a_jump_to_the_beginning_is_a_round_of_the_same_call(void **state)
{
	(void)state;
	exits_at(X86(0xff, 0xcf, 0x75, 0xfc, RET), 4);
	assert_true(restarts(X86(0xff, 0xcf, 0x75, 0xfc, RET)));
	/* with the frame gone again */
	assert_true(restarts(X86(PUSH_RBP, POP_RBP, 0x75, 0xfc, RET)));
	assert_false(restarts(X86(ENDBR64, 0xff, 0xcf, 0x75, 0xfc, RET)));
	assert_true(restarts(ARM64(0x71000400, 0x54ffffe1, A_RET)));
	assert_no_exits(X86(PUSH_RBP, 0xff, 0xcf, 0x75, 0xfb, 0xc9, RET),
			"goes back to the beginning with its stack frame in place");
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

static void functions_that_never_return_have_no_exits(void **state)
{
	(void)state;
	assert_exits(X86(SUB_RSP_8, CALL_FAR_AWAY), 0, NULL);
	assert_exits(X86(0xeb, 0xfe), 0, NULL);
	assert_exits(ARM64(A_BL_FAR_AWAY), 0, NULL);
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
	/* A push in a loop, a pop, and both: little is known of the stack, and the search for that
	 * ends. */
	(void)state;
	exits_at(X86(ENDBR64, PUSH_RBP, 0xff, 0xcf, 0x75, 0xfb, 0xc9, RET), 10);
	assert_no_exits(X86(ENDBR64, PUSH_RBP, 0xff, 0xcf, 0x75, 0xfb, JMP_FAR_AWAY),
			"not proven gone");
	exits_at(X86(ENDBR64, POP_RBP, 0xff, 0xcf, 0x75, 0xfb, 0xc9, RET), 10);
	exits_at(X86(ENDBR64, POP_RBP, PUSH_RBX, PUSH_RBX, 0x75, 0xfb, 0xc9, RET), 10);
}

static void functions_that_cannot_be_read_are_refused(void **state)
{
	/* A jump into an instruction; data after the end, read by x86-64 and by arm64; no size. */
	const struct function f = X86(0xeb, 0x01, 0xb8, PUSH_RBP, POP_RBP, NOP, NOP, RET);
	struct code_exits exits = {};
	struct fault why = {};
	struct loaded l;

	(void)state;
	assert_no_exits(f, "jumps into the middle");
	assert_no_exits(X86(0x48, 0x8b, 0x05, 0x01, 0, 0, 0, RET, NOP, RET), "may be data");
	assert_no_exits(ARM64(0x58000040, A_RET, A_NOP, A_RET), "may be data");
	load_from(&l, open_function(&f), TINY_CODE_VADDR, 0);
	assert_int_equal(code__find_exits(l.code, &exits, &why), -EOPNOTSUPP);
	assert_says(&why, "no size");
	unload(&l);
}

/* adr and lea of the place behind an indirect jump: how arm64's tables find their targets. */
static void a_label_behind_an_indirect_jump_is_no_data(void **state)
{
	(void)state;
	/* adr x1, +12; add x0, x1, w0; br x0; ret */
	get_exit(ARM64(0x10000061, 0x8b20c020, 0xd61f0000, A_NOP), 0, CODE_EXIT_MAYBE);
	/* lea rax, [rip + 2]; jmp rax; nop */
	get_exit(X86(0x48, 0x8d, 0x05, 0x02, 0, 0, 0, JMP_RAX, NOP), 0, CODE_EXIT_MAYBE);
	/* of anything else it may be the address of a table */
	assert_no_exits(ARM64(0x10000041, A_RET, A_NOP, A_RET), "may be data");
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
		cmocka_unit_test(kinds_and_costs_are_told),
		cmocka_unit_test(a_jump_away_with_the_frame_in_place_is_refused),
		cmocka_unit_test(a_return_to_what_was_pushed_is_refused),
		cmocka_unit_test(a_conditional_jump_away_may_leave),
		cmocka_unit_test(arm64_register_tests_are_told),
		cmocka_unit_test(conditions_without_a_number_are_refused),
		cmocka_unit_test(an_indirect_jump_may_leave),
		cmocka_unit_test(a_jump_through_memory_tells_where_it_reads),
		cmocka_unit_test(a_jump_that_a_probe_could_not_follow_is_refused),
		cmocka_unit_test(an_indirect_jump_with_something_on_the_stack_stays),
		cmocka_unit_test(code_behind_indirect_jumps_has_their_frame),
		cmocka_unit_test(a_jump_that_needs_no_landing_pad_is_a_table_and_stays),
		cmocka_unit_test(a_jump_to_the_beginning_is_a_round_of_the_same_call),
		cmocka_unit_test(strange_ways_out_are_refused),
		cmocka_unit_test(functions_that_never_return_have_no_exits),
		cmocka_unit_test(functions_that_run_on_are_refused),
		cmocka_unit_test(loops_come_to_an_end),
		cmocka_unit_test(functions_that_cannot_be_read_are_refused),
		cmocka_unit_test(a_label_behind_an_indirect_jump_is_no_data),
		cmocka_unit_test(a_jump_past_a_lock_prefix_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
