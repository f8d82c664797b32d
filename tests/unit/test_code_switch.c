/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where longjmp goes over to another stack. */
#include "code_fixture.h"

#include "elf/locate.h"

#if defined(__x86_64__)
#include "step_fixture.h"
#endif

#define MOV_RSP_R8 0x4c, 0x89, 0xc4
#define MOV_RBP_R9 0x4c, 0x89, 0xcd
#define JMP_RDX 0xff, 0xe2
#define A_MOV_SP_X5 0x910000bf
#define A_BR_LR 0xd61f03c0

static int find(struct function f, struct code_switch *ret_switch, struct fault *why)
{
	struct elf_file *file = open_function(&f);
	struct code_reader *reader;
	int err;

	assert_int_equal(code_reader__new(file, &reader, NULL), 0);
	err = code_find_stack_switch(reader, TINY_CODE_VADDR, 0, ret_switch, why);
	code_reader__free(reader);
	elf_file__free(file);
	return err;
}

static void assert_switch(struct function f, uint64_t entry, uint64_t jump)
{
	struct code_switch found = {};
	struct fault why = {};

	if (find(f, &found, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(found.entry_vaddr, TINY_CODE_VADDR + entry);
	assert_int_equal(found.jump_vaddr, TINY_CODE_VADDR + jump);
}

static void assert_no_switch(struct function f)
{
	struct code_switch found = { .jump_vaddr = 77 };
	struct fault why = {};

	assert_int_equal(find(f, &found, &why), -ENOENT);
	assert_says(&why, "goes over to another stack");
	assert_int_equal(found.jump_vaddr, 77);
}

static void a_jump_after_the_stack_pointer_is_loaded_is_the_place(void **state)
{
	(void)state;
	assert_switch(X86(0x89, 0xf0, MOV_RSP_R8, MOV_RBP_R9, JMP_RDX), 0, 8);
	/* mov rsp, [rdi + 48]; jmp [rdi + 56]: musl */
	assert_switch(X86(0x48, 0x8b, 0x67, 0x30, 0xff, 0x67, 0x38), 0, 4);
	/* glibc's marks for tracing, on the way */
	assert_switch(X86(MOV_RSP_R8, NOP, MOV_RBP_R9, NOP, JMP_RDX), 0, 8);
	assert_switch(ARM64(A_MOV_SP_X5, 0xf100003f, A_BR_LR), 0, 8);
	assert_switch(ARM64(A_MOV_SP_X5, A_RET), 0, 4);
}

/* rdssp and incssp, in a branch of their own, before it. */
static void shadow_stacks_are_passed(void **state)
{
	(void)state;
	assert_switch(X86(0x74, 0x0a, 0xf3, 0x48, 0x0f, 0x1e, 0xc8, 0xf3, 0x48, 0x0f, 0xae, 0xe8,
			  MOV_RSP_R8, MOV_RBP_R9, JMP_RDX),
		      0, 18);
}

static void other_jumps_are_not_it(void **state)
{
	(void)state;
	/* a tail call through a pointer; after the frame is gone; after a frame that was aligned */
	assert_no_switch(X86(JMP_RAX));
	assert_no_switch(X86(ADD_RSP_8, JMP_RAX));
	assert_no_switch(X86(0x48, 0x89, 0xec, POP_RBP, JMP_RAX));
	assert_no_switch(X86(0x49, 0x8d, 0x62, 0xf8, JMP_RAX)); /* lea rsp, [r10 - 8] */
	/* loaded, and moved since; on another way; a return */
	assert_no_switch(X86(MOV_RSP_R8, 0x50, JMP_RDX));
	assert_no_switch(X86(MOV_RSP_R8, RET, JMP_RDX));
	assert_no_switch(X86(MOV_RSP_R8, CALL_FAR_AWAY, JMP_RDX));
	assert_no_switch(X86(MOV_RSP_R8, RET));
	assert_no_switch(ARM64(A_BR_LR));
	assert_no_switch(ARM64(0x910043ff, A_RET));
	assert_no_switch(ARM64(0x910003bf, A_LDP_FP_LR, A_RET)); /* mov sp, x29 */
}

static void it_is_found_behind_calls_and_jumps(void **state)
{
	(void)state;
	/* call +1; nop; then the function */
	assert_switch(X86(PUSH_RBX, 0xe8, 1, 0, 0, 0, RET, MOV_RSP_R8, JMP_RDX), 7, 10);
	assert_switch(X86(0xeb, 0x01, RET, MOV_RSP_R8, JMP_RDX), 0, 6);
	/* the second of two calls; the call of a call */
	assert_switch(
		X86(0xe8, 0x0c, 0, 0, 0, 0xe8, 1, 0, 0, 0, RET, MOV_RSP_R8, JMP_RDX, NOP, RET), 11,
		14);
	assert_switch(X86(0xe8, 1, 0, 0, 0, RET, 0xe8, 1, 0, 0, 0, RET, MOV_RSP_R8, JMP_RDX), 12,
		      15);
	assert_switch(ARM64(0x94000002, A_RET, A_MOV_SP_X5, A_BR_LR), 8, 12);
}

static void three_calls_away_is_too_far(void **state)
{
	(void)state;
	assert_no_switch(X86(0xe8, 1, 0, 0, 0, RET, 0xe8, 1, 0, 0, 0, RET, 0xe8, 1, 0, 0, 0, RET,
			     MOV_RSP_R8, JMP_RDX));
}

static void functions_that_call_each_other_come_to_an_end(void **state)
{
	(void)state;
	assert_no_switch(X86(0xe8, 1, 0, 0, 0, RET, 0xe8, 0xf5, 0xff, 0xff, 0xff, RET));
	assert_no_switch(X86(0xe8, 0xfb, 0xff, 0xff, 0xff, RET));
}

/* ---- the C libraries ---- */

static const char *const longjmps[] = { "longjmp", "_longjmp", "siglongjmp", "__longjmp_chk" };

static struct code_switch find_by_name(const struct elf_file *file, const char *name)
{
	struct elf_symbols symbols = {};
	struct code_switch found = {};
	struct code_reader *reader;
	struct fault why = {};

	assert_int_equal(code_reader__new(file, &reader, NULL), 0);
	if (elf_file__find(file, &(struct elf_query) { .name = name }, &symbols, &why) != 0 ||
	    code_find_stack_switch(reader, symbols.items[0].vaddr, symbols.items[0].size, &found,
				   &why) != 0)
		fail_msg("%s", why.text);
	elf_symbols__free(&symbols);
	code_reader__free(reader);
	return found;
}

static struct elf_file *open_libc(void)
{
	struct elf_file *file = NULL;
	struct fault why = {};
	char *path = NULL;

	if (locate_binary("libc.so.6", &path, &why) != 0 || elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	free(path);
	return file;
}

static void assert_finds_longjmps(const struct elf_file *file)
{
	for (size_t i = 0; i < sizeof(longjmps) / sizeof(longjmps[0]); i++) {
		struct code_switch found = find_by_name(file, longjmps[i]);

		assert_in_range(found.jump_vaddr - found.entry_vaddr, 1, 0x400);
	}
}

static void the_c_librarys_is_found(void **state)
{
	struct elf_file *file = open_libc();

	(void)state;
	assert_finds_longjmps(file);
	elf_file__free(file);
}

static void another_machines_c_librarys_is_found(void **state)
{
	static const char *const paths[] = { "/usr/lib/aarch64-linux-gnu/libc.so.6",
					     "/usr/aarch64-linux-gnu/lib/libc.so.6" };
	struct elf_file *file = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !file; i++)
		elf_file__open(paths[i], &file, NULL);
	if (!file)
		skip();
	assert_finds_longjmps(file);
	elf_file__free(file);
}

#if defined(__x86_64__)

/* At the jump the stack pointer is what it is behind it. Between its two breakpoints the program
 * jumps four times. */
static void check_run(const char *name, const struct code_switch *expected, const char *library)
{
	struct user_regs_struct before, after;
	unsigned jumps = 0;
	struct stepped s;
	uint64_t jump;

	stepped__start(&s, name);
	jump = expected->jump_vaddr + (library ? stepped__base_of(&s, library) : 0);
	stepped__registers(&s, &before);
	for (after = before; stepped__step(&s, &after); before = after) {
		if (before.rip != jump)
			continue;
		assert_int_equal(before.rsp, after.rsp);
		assert_true(after.rip - before.rip > 64 && before.rip - after.rip > 64);
		jumps++;
	}
	stepped__end(&s);
	assert_int_equal(jumps, 4);
}

static void programs_jump_there(void **state)
{
	struct elf_file *libc = open_libc(), *program = open_fixture("code_static");
	struct code_switch found = find_by_name(libc, "longjmp");

	(void)state;
	check_run("code_plain", &found, "libc.so");
	found = find_by_name(program, "longjmp");
	check_run("code_static", &found, NULL);
	elf_file__free(program);
	elf_file__free(libc);
}

#else

static void programs_jump_there(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jump_after_the_stack_pointer_is_loaded_is_the_place),
		cmocka_unit_test(shadow_stacks_are_passed),
		cmocka_unit_test(other_jumps_are_not_it),
		cmocka_unit_test(it_is_found_behind_calls_and_jumps),
		cmocka_unit_test(three_calls_away_is_too_far),
		cmocka_unit_test(functions_that_call_each_other_come_to_an_end),
		cmocka_unit_test(the_c_librarys_is_found),
		cmocka_unit_test(another_machines_c_librarys_is_found),
		cmocka_unit_test(programs_jump_there),
	};

	return cmocka_run_group_tests_name("code_switch", tests, NULL, NULL);
}
