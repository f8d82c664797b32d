/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading machine code, as far as probing needs it: where instructions begin, whether a return
 * probe may sit there, and where a function leaves. On Capstone; x86-64 and arm64.
 *
 * What is not proven is refused, with the reason.
 */
#ifndef TACHO_USER_PLAN_CODE_H
#define TACHO_USER_PLAN_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../elf/elf_file.h"
#include "../fault.h"

/*
 * Is vaddr + offset the beginning of an instruction of the function at vaddr (of size bytes), and
 * one that the kernel can probe? Decoded straight from vaddr. -EINVAL with why otherwise, naming
 * the instruction that contains the offset and the two boundaries next to it.
 */
int code_check_boundary(const struct elf_file *file, uint64_t vaddr, uint64_t size, uint64_t offset,
			struct fault *why);

/*
 * May a return address be replaced at vaddr + offset? True only when straight-line code leads there
 * from vaddr and nothing on the way moves the stack pointer or (arm64) the link register, and the
 * offset is not the target of a jump inside the function. -EINVAL with why otherwise.
 */
int code_check_return_intact(const struct elf_file *file, uint64_t vaddr, uint64_t size,
			     uint64_t offset, struct fault *why);

/* The places where a function ends: its returns, and direct jumps to other functions. */
struct code_exits {
	uint64_t *offsets; /* from the function's vaddr, ascending; those in its cold part come
			    * last, and wrap around where that lies before the function */
	size_t cnt;
	size_t tail_call_cnt; /* of them jumps to other functions, which go on in its place */
};

/*
 * Finds every exit of the function, or refuses (-EOPNOTSUPP with why): an indirect jump that may be
 * a tail call, a conditional jump out of the function, undecodable bytes, unknown size, no exit at
 * all. The function's cold part, found by its name, counts as inside. Free with code_exits__free.
 */
int code_find_exits(const struct elf_file *file, const char *name, uint64_t vaddr, uint64_t size,
		    struct code_exits *ret_exits, struct fault *why);
void code_exits__free(struct code_exits *exits);

#endif
