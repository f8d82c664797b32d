/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where longjmp goes over to another stack. The exported function only gets ready for it; what does
 * it is a local one without a symbol (glibc's __longjmp):
 *
 *	mov  rsp, r8        the stack pointer is the target's
 *	mov  rbp, r9
 *	jmp  rdx            and here control follows
 */
#include "code_private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DEPTH_MAX 2
#define VISITS_MAX 64
/* Such functions are short; a long one is something else. */
#define FUNCTION_MAX_SZ 0x2000

struct hunt {
	struct code_reader *reader;
	unsigned visits;
	struct code_switch found;
};

static bool is_jump(const struct code_part *part, const struct code_insn *insn)
{
	return insn->kind == CODE_INDIRECT ||
	       (insn->kind == CODE_RETURN && part->reader->arch == &code_arm64);
}

/* An indirect jump on the straight way from an instruction that loads the stack pointer. */
static bool find_switch(const struct code_part *part, uint64_t *ret_vaddr)
{
	bool loaded = false;

	for (size_t i = 0; i < part->cnt; i++) {
		const struct code_insn *insn = &part->insns[i];

		if (loaded && is_jump(part, insn)) {
			*ret_vaddr = part->vaddr + insn->offset;
			return true;
		}
		if (insn->sp.source != CODE_KEPT)
			loaded = insn->sp.source == CODE_LOADED;
		if (insn->kind == CODE_CALL || code_insn__ends_block(insn))
			loaded = false;
	}
	return false;
}

/* The function that contains vaddr, as .eh_frame has it, or as far as it can be followed. */
static int load_function(struct code_reader *reader, uint64_t vaddr, uint64_t size,
			 struct code_part *part)
{
	struct eh_range range = { .vaddr = vaddr, .size = size };
	struct eh_frame *frames;
	int err;

	err = code_reader__frames(reader, &frames);
	if (err)
		return err;
	if (!size)
		eh_frame__find(frames, vaddr, &range);
	if (range.size > FUNCTION_MAX_SZ)
		return -ENOENT;
	if (range.size)
		return code_part__load(part, reader, range.vaddr, range.size, CODE_EXTENT_WHOLE,
				       NULL);
	return code_part__load(part, reader, vaddr, FUNCTION_MAX_SZ, CODE_EXTENT_REACH, NULL);
}

static bool visit(struct hunt *hunt, uint64_t vaddr, uint64_t size, unsigned depth);

/* The last call first: that is the one which does not return. */
static bool visit_callees(struct hunt *hunt, const struct code_part *part, unsigned depth)
{
	for (size_t i = part->cnt; i > 0; i--) {
		const struct code_insn *insn = &part->insns[i - 1];
		bool goes = code_insn__jumps(insn) || insn->kind == CODE_CALL;

		if (!goes || !insn->has_target || insn->reads_code ||
		    (insn->target >= 0 && (uint64_t)insn->target < part->sz))
			continue;
		if (visit(hunt, part->vaddr + (uint64_t)insn->target, 0, depth - 1))
			return true;
	}
	return false;
}

/* Looks depth calls away from the function, and no nearer. */
static bool visit(struct hunt *hunt, uint64_t vaddr, uint64_t size, unsigned depth)
{
	struct code_part part;
	bool found;

	if (hunt->visits++ >= VISITS_MAX || load_function(hunt->reader, vaddr, size, &part) != 0)
		return false;
	if (depth > 0) {
		found = visit_callees(hunt, &part, depth);
	} else {
		found = find_switch(&part, &hunt->found.jump_vaddr);
		if (found)
			hunt->found.entry_vaddr = part.vaddr;
	}
	code_part__unload(&part);
	return found;
}

int code_find_stack_switch(struct code_reader *reader, uint64_t vaddr, uint64_t size,
			   struct code_switch *ret_switch, struct fault *why)
{
	for (unsigned depth = 0; depth <= DEPTH_MAX; depth++) {
		struct hunt hunt = { .reader = reader };

		if (visit(&hunt, vaddr, size, depth)) {
			*ret_switch = hunt.found;
			return 0;
		}
	}
	return fault__set(why, -ENOENT,
			  "%s: code at 0x%" PRIx64
			  ": nothing in it, or within two calls of it, goes over to another stack",
			  elf_file__path(reader->file), vaddr);
}
