/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What compilers make of one function, by name: of net::Server::stop() and of C's split. Both
 * instructions exist on x86-64 and on arm64. */
	.text

.macro variant name
	.p2align 4
	.type \name, %function
\name:
	nop
	nop
	ret
	.size \name, . - \name
.endm

	variant _ZN3net6Server4stopEv.constprop.0
	variant _ZN3net6Server4stopEv.part.0
	variant _ZN3net6Server4stopEv.cold
	variant _ZN3net6Server4stopEv.isra.0.cold
	variant split
	variant split.lto_priv.0
	variant split.llvm.1234567
	variant split.1
	variant split.__uniq.42.llvm.7
	variant split.specialized.1
	variant split.part.0
	variant split.part.0.isra.0
	variant split.resume

	/* labels: one within a function, one that nobody else sees, one where the section ends */
	.globl whole
	.type whole, %function
whole:
	nop
	.globl whole_middle
whole_middle:
	nop
	ret
	.size whole, . - whole
stray_label:
	nop
	ret
	.globl text_end
text_end:

	.section .plt.fake, "ax", %progbits
	.globl stub_function
	.type stub_function, %function
stub_function:
	ret
	.size stub_function, . - stub_function

	.section .note.GNU-stack, "", %progbits
