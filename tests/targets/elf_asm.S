/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Symbols as hand-written assembly has them, and the names by which compilers mark variants of a
 * function. Both instructions exist on x86-64 and on arm64. */
	.text

	.globl asm_untyped
asm_untyped:
	nop
	ret

	.globl asm_sizeless
	.type asm_sizeless, %function
asm_sizeless:
	ret

.macro variant name
	.p2align 4
	.type \name, %function
\name:
	nop
	nop
	ret
	.size \name, . - \name
.endm

	variant split_function
	variant split_function.cold
	variant cloned_function.isra.0
	variant cloned_function.constprop.1.isra.2
	variant cloned_function.part.0
	variant cloned_function.cold
	variant cloned_function_more

	.section .note.GNU-stack, "", %progbits
