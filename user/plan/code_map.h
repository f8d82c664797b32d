/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The instructions of one function, in order, and what each machine knows about its own. Private to
 * user/plan/code*.c.
 */
#ifndef TACHO_USER_PLAN_CODE_MAP_H
#define TACHO_USER_PLAN_CODE_MAP_H

#include <capstone/capstone.h>

#include "code.h"

enum code_kind {
	CODE_PLAIN, /* goes on with the next one; so does CODE_CALL, when the callee returns */
	CODE_CALL,
	CODE_BRANCH,   /* direct jump, perhaps not taken */
	CODE_JUMP,     /* direct jump, always taken */
	CODE_INDIRECT, /* jump to a place that only the running program knows */
	CODE_RETURN,
	CODE_TRAP,    /* ends the program: ud2, hlt, brk */
	CODE_STRANGE, /* leaves in a way that no compiler uses: iret, far jumps, eret */
};

struct code_insn {
	uint32_t offset; /* from the function's vaddr */
	uint8_t size;
	uint8_t kind; /* enum code_kind */
	bool nop;
	bool has_target;
	bool reads_code;      /* target is read as data instead of jumped to */
	bool opens_exclusive; /* arm64: load-exclusive, ... */
	bool shuts_exclusive; /* ... store-exclusive */
	int64_t target;	      /* from the function's vaddr; may lie outside */
	const char *unfit;    /* why no probe may sit on it, or NULL */
};

/* How far the stack pointer has moved since the function's entry, as far as it is known. */
struct code_frame {
	bool seen;
	bool sp_known, fp_known;
	int64_t sp, fp;
};

struct code_map;

struct code_arch {
	const char *name;
	/* Decodes the instruction at insn->offset. False: the bytes are none that we know. */
	bool (*decode)(const struct code_map *map, struct code_insn *insn);
	/* What the instruction does to the stack and frame pointers. */
	void (*step)(const struct code_map *map, const struct code_insn *insn,
		     struct code_frame *frame);
	/* Why a return address may not be replaced after this instruction, or NULL. */
	const char *(*moves_return)(const struct code_map *map, const struct code_insn *insn);
};

extern const struct code_arch code_x86;
extern const struct code_arch code_arm64;

struct code_map {
	const struct elf_file *file; /* the caller's */
	const struct code_arch *arch;
	csh capstone;
	cs_insn *scratch; /* for decoding one instruction at a time */
	uint64_t vaddr;
	uint8_t *bytes;
	size_t sz;
	struct code_insn *insns;
	size_t cnt;
	size_t decoded_sz; /* below sz when the bytes there are no instruction that we know */
	size_t data_from;  /* from here on the function holds what it also reads as data; or sz */
	int64_t cold_from; /* the cold part, from vaddr; may be negative */
	uint64_t cold_sz;  /* 0: none */
	const struct code_insn *split; /* one that a jump lands within: the decoding is wrong */
};

/* Decodes sz bytes at vaddr, as far as they can be. -EINVAL with why when there is nothing to
 * decode (unknown machine, no code there, a size beyond all reason). */
int code_map__load(struct code_map *map, const struct elf_file *file, uint64_t vaddr, uint64_t sz,
		   struct fault *why);
void code_map__unload(struct code_map *map);

/* The instruction that contains the offset, or NULL. */
const struct code_insn *code_map__at(const struct code_map *map, uint64_t offset);

/* The instruction as Capstone sees it, valid until the next call, or NULL. */
const cs_insn *code_map__decode(const struct code_map *map, uint32_t offset);

/* "mov rax, rdi", for messages. */
struct code_text {
	char text[80];
};
struct code_text code_map__text(const struct code_map *map, const struct code_insn *insn);

static inline bool code_insn__ends_block(const struct code_insn *insn)
{
	return insn->kind >= CODE_JUMP;
}

#endif
