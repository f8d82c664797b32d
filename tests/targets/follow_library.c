/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The library of follow_program, in versions: work() adds VERSION.
 *
 *	-DLACKING    has no work() yet
 *	-DCONSTANTS  where work() has its first instruction in the others, this one has a constant
 *	             that is part of an instruction (x86-64) or lies between two: whoever changes a
 *	             byte of it changes the result
 *
 * work() begins PLACE bytes behind a page boundary, CONSTANTS before it: the file offset is the
 * same in all versions, since nothing else differs in size.
 */
#define PLACE "256"

#define SECTION ".pushsection .text.follow,\"ax\",%progbits\n"
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define ADDEND TEXT(VERSION)

/* Begins with its end. */
__attribute__((noipa)) void nothing(void);
void nothing(void)
{
}

#if defined(LACKING)

int not_work_yet(void);
int not_work_yet(void)
{
	return VERSION;
}

#elif defined(CONSTANTS)

/* 64 * 0x5a5a5a5a5a5a5a5a, modulo 2^64 */
#define SUM "0x9696969696969680"

__asm__(SECTION ".balign 4096\n"
		".globl work\n"
		".type work, %function\n"
		"work:\n"
#if defined(__x86_64__)
		"	xorl %eax, %eax\n"
		".rept 64\n"
		"	movabsq $0x5a5a5a5a5a5a5a5a, %rcx\n"
		"	addq %rcx, %rax\n"
		".endr\n"
		"	movabsq $" SUM ", %rcx\n"
		"	subq %rcx, %rax\n"
		"	leaq " ADDEND "(%rdi,%rax), %rax\n"
		"	ret\n"
#elif defined(__aarch64__)
		"	mov x9, #0\n"
		".rept 64\n"
		"	ldr x10, 1f\n"
		"	b 2f\n"
		"1:	.quad 0x5a5a5a5a5a5a5a5a\n"
		"2:	add x9, x9, x10\n"
		".endr\n"
		"	ldr x10, 3f\n"
		"	sub x9, x9, x10\n"
		"	add x0, x0, x9\n"
		"	add x0, x0, #" ADDEND "\n"
		"	ret\n"
		"3:	.quad " SUM "\n"
#endif
		".size work, . - work\n"
		".popsection\n");

#else

__asm__(SECTION ".balign 4096\n"
		".skip " PLACE "\n"
		".popsection\n");

__attribute__((noipa, section(".text.follow"))) long work(long x);
long work(long x)
{
	return x + VERSION;
}

#endif
