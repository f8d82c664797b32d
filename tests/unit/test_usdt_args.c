/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The arguments of USDT probes: every form that compilers write, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "elf/usdt_private.h"

#define NONE USDT_REGISTER_NONE
#define SITE_VADDR 0x1000
#define COUNT_VADDR 0x4010

struct expected {
	const char *text;
	struct usdt_arg arg;
};

static int resolve(void *ctx, const char *name, size_t len, uint64_t *ret_vaddr)
{
	(void)ctx;
	if ((len != 5 || memcmp(name, "count", 5) != 0) &&
	    (len != 8 || memcmp(name, ".count.0", 8) != 0))
		return -ENOENT;
	*ret_vaddr = COUNT_VADDR;
	return 0;
}

static const struct usdt_context x86 = { .machine = EM_X86_64,
					 .vaddr = SITE_VADDR,
					 .resolve = resolve };
static const struct usdt_context x86_absolute = {
	.machine = EM_X86_64, .vaddr = SITE_VADDR, .absolute = true, .resolve = resolve
};
static const struct usdt_context arm64 = { .machine = EM_AARCH64,
					   .vaddr = SITE_VADDR,
					   .resolve = resolve };

static void assert_arg(const struct usdt_arg *got, const struct expected *expected)
{
	const struct usdt_arg *e = &expected->arg;

	if (got->kind != e->kind || got->size != e->size || got->is_signed != e->is_signed ||
	    got->base != e->base || got->index != e->index || got->scale != e->scale ||
	    got->value_or_displacement != e->value_or_displacement)
		fail_msg("%s: kind %d, %s%d bytes, base %d, index %d * %d, value %lld",
			 expected->text, (int)got->kind, got->is_signed ? "signed " : "", got->size,
			 got->base, got->index, got->scale, (long long)got->value_or_displacement);
}

static void assert_parsed(const struct usdt_context *context, const struct expected *expected,
			  size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct usdt_site site = {};

		usdt_parse_args(context, expected[i].text, &site);
		assert_int_equal(site.arg_cnt, 1);
		if (!site.args_known)
			fail_msg("\"%s\" is not understood", expected[i].text);
		assert_arg(&site.args[0], &expected[i]);
	}
}

static void assert_unknown(const struct usdt_context *context, const char *const *texts, size_t cnt)
{
	static const struct usdt_arg unknown = { .base = NONE, .index = NONE };

	for (size_t i = 0; i < cnt; i++) {
		const struct expected expected = { texts[i], unknown };
		struct usdt_site site = {};

		usdt_parse_args(context, texts[i], &site);
		assert_int_equal(site.arg_cnt, 1);
		if (site.args_known)
			fail_msg("\"%s\" should not be understood", texts[i]);
		assert_arg(&site.args[0], &expected);
	}
}

#define CNT(array) (sizeof(array) / sizeof((array)[0]))
#define CONST(size, is_signed, value)                                                              \
	{                                                                                          \
		USDT_ARG_CONST, NONE, NONE, 0, size, is_signed, (int64_t)(value)                   \
	}
#define REG(number, size, is_signed)                                                               \
	{                                                                                          \
		USDT_ARG_REGISTER, number, NONE, 0, size, is_signed, 0                             \
	}
#define MEM(base, index, scale, displacement, size, is_signed)                                     \
	{                                                                                          \
		USDT_ARG_MEMORY, base, index, scale, size, is_signed, displacement                 \
	}

static void x86_constants_are_values_of_their_type(void **state)
{
	static const struct expected expected[] = {
		{ "-4@$5", CONST(4, true, 5) },
		{ "-4@$-5", CONST(4, true, -5) },
		{ "4@$-1", CONST(4, false, 0xffffffff) },
		{ "-4@$4294967295", CONST(4, true, -1) },
		{ "1@$-6", CONST(1, false, 250) },
		{ "-1@$250", CONST(1, true, -6) },
		{ "-2@$-32768", CONST(2, true, -32768) },
		{ "8@$0x10", CONST(8, false, 16) },
		{ "8@$18446744073709551615", CONST(8, false, UINT64_MAX) },
		{ "-8@$-9223372036854775808", CONST(8, true, INT64_MIN) },
	};

	(void)state;
	assert_parsed(&x86, expected, CNT(expected));
}

static void x86_registers_of_every_width_are_known(void **state)
{
	static const char *const names[][4] = {
		{ "rax", "eax", "ax", "al" },	   { "rcx", "ecx", "cx", "cl" },
		{ "rdx", "edx", "dx", "dl" },	   { "rbx", "ebx", "bx", "bl" },
		{ "rsp", "esp", "sp", "spl" },	   { "rbp", "ebp", "bp", "bpl" },
		{ "rsi", "esi", "si", "sil" },	   { "rdi", "edi", "di", "dil" },
		{ "r8", "r8d", "r8w", "r8b" },	   { "r9", "r9d", "r9w", "r9b" },
		{ "r10", "r10d", "r10w", "r10b" }, { "r11", "r11d", "r11w", "r11b" },
		{ "r12", "r12d", "r12w", "r12b" }, { "r13", "r13d", "r13w", "r13b" },
		{ "r14", "r14d", "r14w", "r14b" }, { "r15", "r15d", "r15w", "r15b" },
	};

	(void)state;
	for (uint8_t number = 0; number < 16; number++) {
		for (int width = 0; width < 4; width++) {
			uint8_t size = (uint8_t)(8 >> width);
			char text[32];
			struct expected expected = { text, REG(number, size, true) };

			snprintf(text, sizeof(text), "-%d@%%%s", size, names[number][width]);
			assert_parsed(&x86, &expected, 1);
		}
	}
}

static void x86_memory_is_base_index_scale_and_displacement(void **state)
{
	static const struct expected expected[] = {
		{ "8@(%rax)", MEM(0, NONE, 0, 0, 8, false) },
		{ "-4@-20(%rbp)", MEM(5, NONE, 0, -20, 4, true) },
		{ "1@0x10(%r15)", MEM(15, NONE, 0, 16, 1, false) },
		{ "8@8(%rax,%rbx,4)", MEM(0, 3, 4, 8, 8, false) },
		{ "-2@(%rsp,%r9)", MEM(4, 9, 1, 0, 2, true) },
		{ "8@-8(,%rdi,8)", MEM(NONE, 7, 8, -8, 8, false) },
		{ "4@16-4(%rcx)", MEM(1, NONE, 0, 12, 4, false) },
	};

	(void)state;
	assert_parsed(&x86, expected, CNT(expected));
}

static void x86_variables_are_reached_from_the_place_itself(void **state)
{
	static const struct expected expected[] = {
		{ "4@count(%rip)", MEM(USDT_REGISTER_PC, NONE, 0, 0x3010, 4, false) },
		{ "4@count", MEM(USDT_REGISTER_PC, NONE, 0, 0x3010, 4, false) },
		{ "4@.count.0+4(%rip)", MEM(USDT_REGISTER_PC, NONE, 0, 0x3014, 4, false) },
		{ "-2@6+count(%rip)", MEM(USDT_REGISTER_PC, NONE, 0, 0x3016, 2, true) },
		{ "8@-8+count-8(%rip)", MEM(USDT_REGISTER_PC, NONE, 0, 0x3000, 8, false) },
	};
	static const struct expected absolute[] = {
		{ "4@count(%rip)", MEM(USDT_REGISTER_PC, NONE, 0, 0x3010, 4, false) },
		{ "8@count+8(,%rax,8)", MEM(NONE, 0, 8, COUNT_VADDR + 8, 8, false) },
		{ "8@count(%rbx)", MEM(3, NONE, 0, COUNT_VADDR, 8, false) },
	};
	/* where the file is loaded is not known here, so neither is the sum */
	static const char *const unknown[] = { "8@count(,%rax,8)", "8@count(%rbx)" };

	(void)state;
	assert_parsed(&x86, expected, CNT(expected));
	assert_parsed(&x86_absolute, absolute, CNT(absolute));
	assert_unknown(&x86, unknown, CNT(unknown));
}

static void x86_text_that_is_not_understood_is_not_guessed(void **state)
{
	static const char *const texts[] = {
		"8f@%xmm0",
		"8@%xmm0",
		"8f@%rax",
		"4@%ah",
		"8@%eax",
		"4@%ax",
		"4@%rip",
		"4@%eip",
		"4@%fs:0x10",
		"8@%fs:count@tpoff",
		"8@%st",
		"8@%r16",
		"8@%r264",
		"8@%r08",
		"8@%r",
		"8@%",
		"8@",

		"-@%rax",

		"3@%eax",
		"16@%xmm0",
		"0@%al",
		"-0@$1",
		"8@rax",
		"8@$",
		"8@$x",
		"8@$5x",
		"8@$count",
		"8@$0x",
		"8@$--1",
		"8@$1+1",
		"1@$256",
		"-1@$-129",
		"2@$65536",
		"4@$4294967296",
		"-4@$-2147483649",
		"8@$18446744073709551616",
		"8@$-9223372036854775809",
		"8@1234",
		"8@(1234)",
		"8@(%eax)",
		"8@(%rax,%rsp)",
		"8@(%rax,%rip)",
		"8@(%rip,%rax)",
		"8@(%rax,%rbx,3)",
		"8@(%rax,%rbx,16)",
		"8@(%rax,%rbx,)",
		"8@(%rax,,4)",
		"8@()",
		"8@(,)",
		"8@(%rax",
		"8@%rax)",
		"8@8(%rax)8",
		"8@(%rax)(%rbx)",
		"8@*8(%rax)",
		"8@8(%rip)",
		"8@(%rip)",
		"4@other(%rip)",
		"4@count@GOTPCREL(%rip)",
		"4@count+count(%rip)",
		"4@4-count(%rip)",
		"4@-count(%rip)",
		"4@count+(%rip)",
		"4@+count(%rip)",
		"4@\"count\"(%rip)",
		"8@99999999999999999999(%rax)",
		"--4@%eax",

		"44@%eax",
		"4@@%eax",
		"4@%EAX",
		"8@x0",
		"8@[sp]",
	};

	(void)state;
	assert_unknown(&x86, texts, CNT(texts));
}

static void arm64_operands_are_understood(void **state)
{
	static const struct expected expected[] = {
		{ "-4@w0", REG(0, 4, true) },
		{ "8@x1", REG(1, 8, false) },
		{ "-4@x19", REG(19, 4, true) }, /* the size governs */
		{ "8@x30", REG(30, 8, false) },
		{ "8@fp", REG(29, 8, false) },
		{ "8@lr", REG(30, 8, false) },
		{ "8@sp", REG(31, 8, false) },
		{ "4@wsp", REG(31, 4, false) },
		{ "1@w30", REG(30, 1, false) },
		{ "4@5", CONST(4, false, 5) },
		{ "-4@-5", CONST(4, true, -5) },
		{ "2@-536", CONST(2, false, 65000) },
		{ "8@#0x20", CONST(8, false, 32) },
		{ "-8@#-1", CONST(8, true, -1) },
		{ "8@xzr", CONST(8, false, 0) },
		{ "4@wzr", CONST(4, false, 0) },
		{ "8@[x0]", MEM(0, NONE, 0, 0, 8, false) },
		{ "-4@[x29, -4]", MEM(29, NONE, 0, -4, 4, true) },
		{ "8@[sp, 16]", MEM(31, NONE, 0, 16, 8, false) },
		{ "8@[sp,#16]", MEM(31, NONE, 0, 16, 8, false) },
		{ "2@[x3, #-2]", MEM(3, NONE, 0, -2, 2, false) },
		{ "8@[x0, x1]", MEM(0, 1, 1, 0, 8, false) },
		{ "8@[x0, x1, lsl 3]", MEM(0, 1, 8, 0, 8, false) },
		{ "8@[x20,x21,lsl #3]", MEM(20, 21, 8, 0, 8, false) },
	};

	(void)state;
	assert_parsed(&arm64, expected, CNT(expected));
}

static void arm64_text_that_is_not_understood_is_not_guessed(void **state)
{
	static const char *const texts[] = {
		"8f@d0",
		"8@d0",
		"8@q0",
		"8f@x0",
		"8@w0",
		"8@x31",
		"8@x32",
		"8@x00",
		"8@x01",
		"8@x",
		"8@y0",
		"8@x100",
		"8@xsp",
		"8@x2f",
		"8@",
		"8@#",
		"8@-",
		"8@5x",

		"1@256",
		"8@[w0]",
		"8@[]",
		"8@[x0",
		"8@[x0,]",
		"8@[x0, w1]",
		"8@[x0, w1, sxtw 3]",
		"8@[x0, x1, lsl 4]",
		"8@[x0, x1, lsl]",
		"8@[x0, x1, uxtx 3]",
		"8@[x0, x1 lsl 3]",
		"8@[x0, x1, 3]",

		"8@[x0, 8]!",
		"8@[xzr]",
		"8@[x31]",
		"8@[x0, :lo12:count]",
		"8@[x0, sp]",
		"8@[x0, 99999999999999999999]",
		"8@[x0, 8, 8]",
		"8@%rax",
		"8@$5",
		"8@(%rax)",
		"3@x0",
	};

	(void)state;
	assert_unknown(&arm64, texts, CNT(texts));
}

/* What is cut at the wrong blank would give every argument behind it the wrong number. */
static void text_that_cannot_be_split_has_no_arguments(void **state)
{
	static const char *const texts[] = { "%rax",	  "@%rax",	  "8",
					     "8@[x0], 8", "8@#5 ]",	  "8@x0 + 8@x1",
					     "+4@x0",	  "8@x0 8@x1 x2", "g@x0" };

	(void)state;
	for (size_t i = 0; i < CNT(texts); i++) {
		struct usdt_site site = { .arg_cnt = 7, .args_known = true };

		usdt_parse_args(&arm64, texts[i], &site);
		assert_int_equal(site.arg_cnt, 0);
		assert_false(site.args_known);
	}
}

static void arguments_are_counted_past_one_that_is_not_understood(void **state)
{
	struct usdt_site site = {};

	(void)state;
	usdt_parse_args(&x86, "8@%rdi 8f@%xmm0  -4@$3 ", &site);
	assert_int_equal(site.arg_cnt, 3);
	assert_false(site.args_known);
	assert_int_equal(site.args[0].kind, USDT_ARG_REGISTER);
	assert_int_equal(site.args[1].kind, USDT_ARG_UNKNOWN);
	assert_int_equal(site.args[2].kind, USDT_ARG_CONST);
	assert_int_equal(site.args[2].value_or_displacement, 3);
	usdt_parse_args(&arm64, "-1@[x0] 8@[x0, 24] 8@[x0, x1, lsl 3] 4@x3", &site);
	assert_int_equal(site.arg_cnt, 4);
	assert_true(site.args_known);
	assert_int_equal(site.args[1].value_or_displacement, 24);
	assert_int_equal(site.args[3].base, 3);
}

static void twelve_arguments_are_the_most(void **state)
{
	struct usdt_site site = {};
	char text[128] = "";

	(void)state;
	usdt_parse_args(&x86, "", &site);
	assert_int_equal(site.arg_cnt, 0);
	assert_true(site.args_known);
	for (int i = 0; i < USDT_ARGS_MAX; i++)
		strcat(text, "8@%rdi ");
	usdt_parse_args(&x86, text, &site);
	assert_int_equal(site.arg_cnt, USDT_ARGS_MAX);
	assert_true(site.args_known);
	strcat(text, "8@%rdi");
	usdt_parse_args(&x86, text, &site);
	assert_int_equal(site.arg_cnt, 0);
	assert_false(site.args_known);
}

static void arguments_of_another_machine_are_not_guessed(void **state)
{
	const struct usdt_context riscv = { .machine = EM_RISCV };
	static const char *const texts[] = { "8@a0", "8@x1", "8@%rax" };

	(void)state;
	assert_unknown(&riscv, texts, CNT(texts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x86_constants_are_values_of_their_type),
		cmocka_unit_test(x86_registers_of_every_width_are_known),
		cmocka_unit_test(x86_memory_is_base_index_scale_and_displacement),
		cmocka_unit_test(x86_variables_are_reached_from_the_place_itself),
		cmocka_unit_test(x86_text_that_is_not_understood_is_not_guessed),
		cmocka_unit_test(arm64_operands_are_understood),
		cmocka_unit_test(arm64_text_that_is_not_understood_is_not_guessed),
		cmocka_unit_test(text_that_cannot_be_split_has_no_arguments),
		cmocka_unit_test(arguments_are_counted_past_one_that_is_not_understood),
		cmocka_unit_test(twelve_arguments_are_the_most),
		cmocka_unit_test(arguments_of_another_machine_are_not_guessed),
	};

	return cmocka_run_group_tests_name("usdt_args", tests, NULL, NULL);
}
