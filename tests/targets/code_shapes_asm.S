/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shapes for code_shapes.c that compilers make only when they like. */

	.text

.macro function name
	.globl	\name
	.type	\name, %function
	.p2align 4
\name:
	.cfi_startproc
.endm

.macro end name
	.cfi_endproc
	.size	\name, . - \name
.endm

#if defined(__x86_64__)

/* Leaves for shape_tail when the argument is negative. */
function shape_conditional_tail
	test	%rdi, %rdi
	js	shape_tail
	lea	1(%rdi), %rax
	ret
end shape_conditional_tail

/* The short form of the jump. */
function shape_conditional_tail_near
	cmp	$3, %rdi
	jg	near_tail
	mov	%rdi, %rax
	ret
end shape_conditional_tail_near

function near_tail
	lea	5(%rdi), %rax
	ret
end near_tail

/* A jump that is a tail call, or a jump back, as the register has it. */
function shape_register_tail
	lea	1f(%rip), %rax
	lea	near_tail(%rip), %rdx
	test	%rdi, %rdi
	cmovg	%rdx, %rax
	jmp	*%rax
1:
	lea	7(%rdi), %rax
	ret
end shape_register_tail

#elif defined(__aarch64__)

function shape_conditional_tail
	tbnz	x0, #63, near_tail
	add	x0, x0, #1
	ret
end shape_conditional_tail

function shape_conditional_tail_near
	cmp	x0, #3
	b.gt	near_tail
	cbz	w0, near_tail
	ret
end shape_conditional_tail_near

function near_tail
	add	x0, x0, #5
	ret
end near_tail

function shape_register_tail
	adr	x1, 1f
	adr	x2, near_tail
	cmp	x0, #0
	csel	x1, x2, x1, gt
	br	x1
1:
	add	x0, x0, #7
	ret
end shape_register_tail

#endif

	.section .note.GNU-stack, "", %progbits
