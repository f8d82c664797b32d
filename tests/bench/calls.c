/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calls FUNCTION THREADS COUNT: see calls_loop.h.
 *
 * The functions begin with particular instructions, written down, so that no compiler chooses
 * others: with one that the kernel emulates (push, a 5-byte nop, which Linux 6.18 replaces by a
 * call), with one that it single-steps (sub, mov), and with the landing pad of control-flow
 * enforcement and a push behind it (cet).
 */
#include <string.h>

#include "calls_loop.h"

#define FUNCTION(name, body)                                                                       \
	long entry_##name(long);                                                                   \
	__asm__(".text\n.balign 16\n.globl entry_" #name "\n.type entry_" #name                    \
		", %function\nentry_" #name ":\n" body "\n.size entry_" #name ", . - entry_" #name \
		"\n")

#if defined(__x86_64__)
FUNCTION(push, "push %rbp\nmov %rsp, %rbp\nlea 1(%rdi), %rax\npop %rbp\nret");
FUNCTION(cet, "endbr64\npush %rbp\nmov %rsp, %rbp\nlea 1(%rdi), %rax\npop %rbp\nret");
FUNCTION(sub, "sub $24, %rsp\nlea 1(%rdi), %rax\nadd $24, %rsp\nret");
FUNCTION(mov, "mov %rdi, %rax\nadd $1, %rax\nret");
FUNCTION(nop, ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\nlea 1(%rdi), %rax\nret");
#elif defined(__aarch64__)
FUNCTION(push, "stp x29, x30, [sp, #-16]!\nadd x0, x0, #1\nldp x29, x30, [sp], #16\nret");
FUNCTION(cet, "hint #34\nadd x0, x0, #1\nret"); /* bti c */
FUNCTION(sub, "sub sp, sp, #32\nadd x0, x0, #1\nadd sp, sp, #32\nret");
FUNCTION(mov, "mov x1, x0\nadd x0, x1, #1\nret");
FUNCTION(nop, "nop\nadd x0, x0, #1\nret");
#endif

static const struct {
	const char *name;
	long (*function)(long);
} functions[] = {
	{ "push", entry_push }, { "cet", entry_cet }, { "sub", entry_sub },
	{ "mov", entry_mov },	{ "nop", entry_nop },
};

int main(int argc, char **argv)
{
	long (*function)(long) = NULL;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (argc == 4 && !strcmp(argv[1], functions[i].name))
			function = functions[i].function;
	}
	return loops_run(function, argc == 4 ? atoi(argv[2]) : 0, argc == 4 ? atol(argv[3]) : 0);
}
