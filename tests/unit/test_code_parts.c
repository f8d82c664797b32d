/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions of which not all lies in one place: cold parts, and the cases of a switch. */
#include "code_fixture.h"

/* ---- hand-made ---- */

/* The function is the first size bytes of f; what is behind may be called f.cold. */
static void load_with_rest(struct loaded *l, const struct function *f, uint64_t size, bool named)
{
	const struct tiny_symbol symbols[] = {
		{ "f", TINY_CODE_VADDR, size, STT_FUNC, 1 },
		{ named ? "f.cold" : "g", TINY_CODE_VADDR + size, f->sz - size, STT_FUNC, 1 },
		{},
	};
	const struct tiny_elf spec = {
		.machine = f->machine, .code = f->code, .code_sz = f->sz, .symbols = symbols
	};
	struct tiny_file bytes;

	tiny_elf__make(&spec, &bytes);
	load_from(l, open_bytes(&bytes), TINY_CODE_VADDR, size);
}

static void assert_parts(struct function f, uint64_t size, bool named, size_t cnt,
			 const struct code_exit *expected)
{
	struct code_exits exits = {};
	struct fault why = {};
	struct loaded l;

	load_with_rest(&l, &f, size, named);
	if (code__find_exits(l.code, &exits, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(exits.cnt, cnt);
	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(exits.items[i].offset, expected[i].offset);
		assert_int_equal(exits.items[i].kind, expected[i].kind);
	}
	code_exits__free(&exits);
	unload(&l);
}

#define parts_exit(f, size, named, ...)                                                            \
	assert_parts(f, size, named,                                                               \
		     sizeof((const struct code_exit[]) { __VA_ARGS__ }) /                          \
			     sizeof(struct code_exit),                                             \
		     (const struct code_exit[]) { __VA_ARGS__ })

#define RETURN(at)                                                                                 \
	{                                                                                          \
		.offset = (at), .kind = CODE_EXIT_RETURN                                           \
	}
#define TAIL_CALL(at)                                                                              \
	{                                                                                          \
		.offset = (at), .kind = CODE_EXIT_TAIL_CALL                                        \
	}
#define MAYBE(at)                                                                                  \
	{                                                                                          \
		.offset = (at), .kind = CODE_EXIT_MAYBE                                            \
	}

static void assert_parts_refused(struct function f, uint64_t size, bool named, const char *part)
{
	struct code_exits exits = {};
	struct fault why = {};
	struct loaded l;

	load_with_rest(&l, &f, size, named);
	assert_int_equal(code__find_exits(l.code, &exits, &why), -EOPNOTSUPP);
	assert_says(&why, part);
	assert_null(exits.items);
	unload(&l);
}

static void a_named_cold_part_belongs_to_the_function(void **state)
{
	(void)state;
	/* test; jne cold; ret | cold: ret */
	parts_exit(X86(TEST_EDI_EDI, 0x75, 0x01, RET, /* */ NOP, RET), 5, true, RETURN(4),
		   RETURN(6));
	/* the same behind another function's name: a conditional tail call */
	parts_exit(X86(TEST_EDI_EDI, 0x75, 0x01, RET, /* */ NOP, RET), 5, false, MAYBE(2),
		   RETURN(4));
	parts_exit(ARM64(0xb4000040, A_RET, /* */ A_NOP, A_RET), 8, true, RETURN(4), RETURN(12));
}

static void the_frame_is_followed_into_the_cold_part(void **state)
{
	(void)state;
	/* push; jne cold; pop; ret | cold: call; pop; jmp away */
	parts_exit(
		X86(PUSH_RBX, 0x75, 0x02, POP_RBX, RET, /* */ CALL_FAR_AWAY, POP_RBX, JMP_FAR_AWAY),
		5, true, RETURN(4), TAIL_CALL(11));
	/* the pop forgotten */
	assert_parts_refused(
		X86(PUSH_RBX, 0x75, 0x02, POP_RBX, RET, /* */ CALL_FAR_AWAY, JMP_FAR_AWAY), 5, true,
		"not proven gone");
	parts_exit(
		ARM64(A_STP_FP_LR, 0xb4000060, A_LDP_FP_LR, A_RET, /* */ A_LDP_FP_LR, A_B_FAR_AWAY),
		16, true, RETURN(12), TAIL_CALL(20));
}

static void an_indirect_jump_in_the_cold_part_is_judged_alike(void **state)
{
	(void)state;
	parts_exit(X86(PUSH_RBX, 0x75, 0x02, POP_RBX, RET, /* */ POP_RBX, JMP_RAX), 5, true,
		   RETURN(4), MAYBE(6));
	parts_exit(X86(PUSH_RBX, 0x75, 0x02, POP_RBX, RET, /* */ JMP_RAX), 5, true, RETURN(4));
}

static void both_parts_count_as_inside(void **state)
{
	const struct function f =
		X86(PUSH_RBX, 0x75, 0x02, POP_RBX, RET, /* */ POP_RBX, JMP_RAX, NOP);
	struct code_exits exits = {};
	struct loaded l;

	(void)state;
	load_with_rest(&l, &f, 5, true);
	assert_int_equal(code__find_exits(l.code, &exits, NULL), 0);
	assert_int_equal(exits.items[1].offset, 6);
	assert_int_equal(exits.items[1].jump.inside[0][0], 1 - 6);
	assert_int_equal(exits.items[1].jump.inside[0][1], 5 - 6);
	assert_int_equal(exits.items[1].jump.inside[1][0], 5 - 6);
	assert_int_equal(exits.items[1].jump.inside[1][1], 9 - 6);
	code_exits__free(&exits);
	unload(&l);
}

/* Another function has no business in the middle of this one. */
static void what_jumps_back_belongs_to_the_function(void **state)
{
	(void)state;
	/* test; jne away; inc; ret | away: nop; jmp to the inc */
	parts_exit(X86(TEST_EDI_EDI, 0x75, 0x03, 0xff, 0xc0, RET, /* */ NOP, 0xeb, 0xfa), 7, false,
		   RETURN(6));
	/* to the beginning, any other function may jump */
	parts_exit(X86(TEST_EDI_EDI, 0x75, 0x03, 0xff, 0xc0, RET, /* */ NOP, 0xeb, 0xf6), 7, false,
		   MAYBE(2), RETURN(6));
	parts_exit(ARM64(0xb4000060, A_NOP, A_RET, /* */ A_NOP, 0x17fffffd), 12, false, RETURN(8));
}

static void a_place_in_the_cold_parts_way_is_no_entry(void **state)
{
	/* endbr64; mov; push; pop; jne away; ret | away: jmp to the push */
	const struct function f = X86(ENDBR64, MOV_EAX_EDI, PUSH_RBX, POP_RBX, 0x75, 0x01, RET,
				      /* */ 0xeb, 0xf9);
	/* the same without the jump back */
	const struct function g =
		X86(ENDBR64, MOV_EAX_EDI, PUSH_RBX, POP_RBX, 0x75, 0x01, RET, /* */ NOP, RET);
	const struct code_entry_wish wish = {};
	struct code_entry entry;
	struct loaded l;

	(void)state;
	load_with_rest(&l, &f, 11, false);
	assert_int_equal(code__place_entry(l.code, &wish, &entry, NULL), 0);
	assert_int_equal(entry.offset, 0);
	unload(&l);
	load_with_rest(&l, &g, 11, false);
	assert_int_equal(code__place_entry(l.code, &wish, &entry, NULL), 0);
	assert_int_equal(entry.offset, 6);
	unload(&l);
}

static void a_cold_part_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	assert_parts_refused(X86(TEST_EDI_EDI, 0x75, 0x01, RET, /* */ 0x06, RET), 5, true,
			     "no instruction that Capstone knows");
	assert_parts_refused(X86(TEST_EDI_EDI, 0x75, 0x01, RET, /* */ NOP, NOP), 5, true,
			     "runs on past its end");
	/* into the middle of its instruction */
	assert_parts_refused(X86(TEST_EDI_EDI, 0x75, 0x02, RET, /* */ 0xb8, RET, 0, 0, 0, RET), 5,
			     true, "jumps into the middle");
}

/* ---- tables ---- */

/* cmp edi, most; ja to the ret; lea rdx, [table]; mov edi, edi; movsxd rax, [rdx + rdi * 4]; add
 * rax, rdx; jmp rax; ret */
#define SWITCH_IF(above, most)                                                                     \
	0x83, 0xff, most, above, 0x12, 0x48, 0x8d, 0x15, 0x0e, 0, 0, 0, 0x89, 0xff, 0x48, 0x63,    \
		0x04, 0xba, 0x48, 0x01, 0xd0, JMP_RAX, RET, NOP, RET
#define SWITCH(most) SWITCH_IF(0x77, most)
#define SWITCH_SZ 26
#define ENTRY(distance) (distance) & 0xff, 0xff, 0xff, 0xff

static void a_table_of_own_places_stays(void **state)
{
	(void)state;
	/* to the ret at 23 and that at 25, from the table at 26 */
	parts_exit(X86(SWITCH(1), ENTRY(-3), ENTRY(-1)), SWITCH_SZ, false, RETURN(23), RETURN(25));
	/* jae instead of ja: one less */
	parts_exit(X86(SWITCH_IF(0x73, 2), ENTRY(-3), ENTRY(-1), ENTRY(-100)), SWITCH_SZ, false,
		   RETURN(23), RETURN(25));
	/* as far as it is compared */
	parts_exit(X86(SWITCH(2), ENTRY(-3), ENTRY(-1), ENTRY(-2)), SWITCH_SZ, false, RETURN(23),
		   RETURN(25));
}

static void a_table_that_leads_away_may_leave(void **state)
{
	(void)state;
	parts_exit(X86(SWITCH(1), ENTRY(-3), ENTRY(-100)), SWITCH_SZ, false, MAYBE(21), RETURN(23),
		   RETURN(25));
	/* to the function's beginning, which is a call of it */
	parts_exit(X86(SWITCH(1), ENTRY(-3), ENTRY(-26)), SWITCH_SZ, false, MAYBE(21), RETURN(23),
		   RETURN(25));
	/* past the end of the file: what is not there is not read */
	parts_exit(X86(SWITCH(3), ENTRY(-3), ENTRY(-1)), SWITCH_SZ, false, MAYBE(21), RETURN(23),
		   RETURN(25));
}

static void a_table_into_an_instruction_is_refused(void **state)
{
	(void)state;
	assert_parts_refused(X86(SWITCH(1), ENTRY(-3), ENTRY(-13)), SWITCH_SZ, false,
			     "jumps into the middle");
}

static void an_index_that_is_not_compared_makes_no_table(void **state)
{
	uint8_t code[] = { SWITCH(1), ENTRY(-3), ENTRY(-1) };
	const struct function f = { EM_X86_64, code, sizeof(code) };

	(void)state;
	parts_exit(f, SWITCH_SZ, false, RETURN(23), RETURN(25));
	code[3] = 0x75; /* jne */
	parts_exit(f, SWITCH_SZ, false, MAYBE(21), RETURN(23), RETURN(25));
	code[3] = 0x77;
	code[1] = 0xfe; /* cmp esi */
	parts_exit(f, SWITCH_SZ, false, MAYBE(21), RETURN(23), RETURN(25));
	code[1] = 0xff;
	code[12] = 0xff; /* inc edi instead of mov edi, edi */
	code[13] = 0xc7;
	parts_exit(f, SWITCH_SZ, false, MAYBE(21), RETURN(23), RETURN(25));
}

static void a_comparison_that_is_forgotten_makes_no_table(void **state)
{
	(void)state;
	/* or eax, eax between the comparison and the jump */
	parts_exit(X86(0x83, 0xff, 1, 0x09, 0xc0, 0x77, 0x12, 0x48, 0x8d, 0x15, 0x0e, 0, 0, 0, 0x89,
		       0xff, 0x48, 0x63, 0x04, 0xba, 0x48, 0x01, 0xd0, JMP_RAX, RET, NOP, RET,
		       ENTRY(-3), ENTRY(-1)),
		   SWITCH_SZ + 2, false, MAYBE(23), RETURN(25), RETURN(27));
}

static void a_jump_past_the_comparison_makes_no_table(void **state)
{
	(void)state;
	/* jne to the lea, over the comparison */
	parts_exit(X86(0x75, 0x05, SWITCH(1), ENTRY(-3), ENTRY(-1)), SWITCH_SZ + 2, false,
		   MAYBE(23), RETURN(25), RETURN(27));
}

static void the_targets_of_a_table_are_no_entries(void **state)
{
	const struct code_entry_wish wish = {};
	struct code_entry entry;
	struct loaded l;

	(void)state;
	/* endbr64; push; pop; switch: one case goes back to the push, or none does */
	const struct function back =
		X86(ENDBR64, PUSH_RBX, POP_RBX, SWITCH(1), ENTRY(-3), ENTRY(-SWITCH_SZ - 2));
	const struct function on = X86(ENDBR64, PUSH_RBX, POP_RBX, SWITCH(1), ENTRY(-3), ENTRY(-1));

	load_with_rest(&l, &back, SWITCH_SZ + 6, false);
	assert_int_equal(code__place_entry(l.code, &wish, &entry, NULL), 0);
	assert_int_equal(entry.offset, 0);
	unload(&l);
	load_with_rest(&l, &on, SWITCH_SZ + 6, false);
	assert_int_equal(code__place_entry(l.code, &wish, &entry, NULL), 0);
	assert_int_equal(entry.offset, 4);
	unload(&l);
}

/* ---- compiled ---- */

static struct code_exits exits_of(const char *file_name, const char *name)
{
	struct code_exits exits = {};
	struct elf_symbol symbol;
	struct fault why = {};
	struct loaded l;

	symbol = find_in_unstripped(file_name, name);
	load_from(&l, open_fixture(file_name), symbol.vaddr, symbol.size);
	if (code__find_exits(l.code, &exits, &why) != 0)
		fail_msg("%s: %s", name, why.text);
	unload(&l);
	free(symbol.name);
	return exits;
}

static void assert_same_exits(const char *name, bool ends_elsewhere)
{
	struct code_exits named = exits_of("code_plain", name);
	struct code_exits stripped = exits_of("code_plain_stripped", name);
	bool elsewhere = false;

	assert_int_equal(named.cnt, stripped.cnt);
	for (size_t i = 0; i < named.cnt; i++) {
		assert_int_equal(named.items[i].offset, stripped.items[i].offset);
		assert_int_equal(named.items[i].kind, stripped.items[i].kind);
		elsewhere |= named.items[i].offset < 0;
	}
	assert_int_equal(elsewhere, ends_elsewhere);
	code_exits__free(&named);
	code_exits__free(&stripped);
}

static bool is_for(uint16_t machine)
{
	struct elf_file *file = open_fixture("code_plain");
	bool result = elf_file__machine(file) == machine;

	elf_file__free(file);
	return result;
}

static void a_stripped_file_has_the_same_cold_parts(void **state)
{
	(void)state;
	/* GCC makes none for arm64 unless told to. */
	if (!is_for(EM_X86_64))
		skip();
	assert_same_exits("shape_cold_return", false);
	assert_same_exits("shape_cold_tail", true);
	assert_same_exits("shape_cold_leaf", true);
}

static void a_switch_has_no_doubtful_exits(void **state)
{
	static const char *const files[] = { "code_plain", "code_cet", "code_nopie", "code_small" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct code_exits exits = exits_of(files[i], "shape_switch_leaf");

		assert_int_equal(exits.maybe_cnt, is_for(EM_X86_64) ? 0 : 1);
		code_exits__free(&exits);
		exits = exits_of(files[i], "shape_switch_framed");
		assert_int_equal(exits.maybe_cnt, 0);
		code_exits__free(&exits);
	}
}

static void an_interpreter_with_a_frame_stays_inside(void **state)
{
	struct code_exits exits = exits_of("code_plain", "shape_goto");

	(void)state;
	assert_int_equal(exits.maybe_cnt, 0);
	assert_true(exits.cnt > 0);
	code_exits__free(&exits);
	/* without a frame only the run tells */
	exits = exits_of("code_plain", "shape_goto_leaf");
	assert_true(exits.maybe_cnt > 0);
	code_exits__free(&exits);
}

static void tail_calls_through_pointers_are_doubtful(void **state)
{
	static const char *const names[] = { "shape_tail_pointer", "shape_tail_member",
					     "shape_tail_maybe", "shape_register_tail" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct code_exits exits = exits_of("code_plain", names[i]);

		assert_int_equal(exits.maybe_cnt, 1);
		assert_int_equal(exits.tail_call_cnt, 0);
		code_exits__free(&exits);
	}
}

/* A size that is missing is that of the unwind tables. */
static void a_symbol_without_a_size_gets_one(void **state)
{
	struct elf_symbol symbol = find_in_unstripped("code_plain", "shape_tail");
	struct code_exits exits = {};
	struct loaded l;

	(void)state;
	load_from(&l, open_fixture("code_plain"), symbol.vaddr, 0);
	assert_int_equal(code__size(l.code), symbol.size);
	assert_int_equal(code__find_exits(l.code, &exits, NULL), 0);
	assert_int_equal(exits.tail_call_cnt, 1);
	code_exits__free(&exits);
	unload(&l);
	/* only where one begins */
	load_from(&l, open_fixture("code_plain"), symbol.vaddr + 4, 0);
	assert_int_equal(code__size(l.code), 0);
	unload(&l);
	free(symbol.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_named_cold_part_belongs_to_the_function),
		cmocka_unit_test(the_frame_is_followed_into_the_cold_part),
		cmocka_unit_test(an_indirect_jump_in_the_cold_part_is_judged_alike),
		cmocka_unit_test(both_parts_count_as_inside),
		cmocka_unit_test(what_jumps_back_belongs_to_the_function),
		cmocka_unit_test(a_place_in_the_cold_parts_way_is_no_entry),
		cmocka_unit_test(a_cold_part_that_cannot_be_read_is_refused),
		cmocka_unit_test(a_table_of_own_places_stays),
		cmocka_unit_test(a_table_that_leads_away_may_leave),
		cmocka_unit_test(a_table_into_an_instruction_is_refused),
		cmocka_unit_test(an_index_that_is_not_compared_makes_no_table),
		cmocka_unit_test(a_comparison_that_is_forgotten_makes_no_table),
		cmocka_unit_test(a_jump_past_the_comparison_makes_no_table),
		cmocka_unit_test(the_targets_of_a_table_are_no_entries),
		cmocka_unit_test(a_stripped_file_has_the_same_cold_parts),
		cmocka_unit_test(a_switch_has_no_doubtful_exits),
		cmocka_unit_test(an_interpreter_with_a_frame_stays_inside),
		cmocka_unit_test(tail_calls_through_pointers_are_doubtful),
		cmocka_unit_test(a_symbol_without_a_size_gets_one),
	};

	return cmocka_run_group_tests_name("code_parts", tests, NULL, NULL);
}
