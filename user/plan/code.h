/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading machine code, as far as probing needs it: where instructions begin, what a probe on them
 * costs, where a call's beginning is best seen, whether its return address may be replaced there,
 * and where it ends. On Capstone; x86-64 and arm64.
 *
 * A reader is made once per file, a function is decoded once, and all questions are asked of that:
 * in any order, as often as one likes, with the same answers.
 * What is not proven is refused, with the reason.
 */
#ifndef TACHO_USER_PLAN_CODE_H
#define TACHO_USER_PLAN_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../elf/elf_file.h"
#include "../fault.h"

struct code_reader;
struct code;

/* Borrows file. -EINVAL with why for machines other than x86-64 and arm64. */
int code_reader__new(const struct elf_file *file, struct code_reader **ret_reader,
		     struct fault *why);
void code_reader__free(struct code_reader *reader);

/*
 * Decodes the function at vaddr. A symbol of size 0 gets the size that .eh_frame has for a range
 * that begins there; without one, only the straight way from vaddr is known. -EINVAL with why when
 * there is nothing to decode (no code there, a size beyond all reason). The reader outlives it.
 */
int code__load(struct code_reader *reader, uint64_t vaddr, uint64_t size, struct code **ret_code,
	       struct fault *why);
void code__free(struct code *code);

uint64_t code__size(const struct code *code); /* 0: unknown */

/*
 * Is vaddr + offset the beginning of an instruction of the function, and one that the kernel can
 * probe without harm? -EINVAL with why otherwise, naming the instruction that contains the offset
 * and the two boundaries next to it.
 */
int code__check_boundary(const struct code *code, uint64_t offset, struct fault *why);

/*
 * May a return address be replaced at vaddr + offset? Only when straight-line code leads there from
 * vaddr and nothing on the way moves the stack pointer, touches the return address or (arm64) uses
 * the link register, and no jump may lead back. -EINVAL with why otherwise.
 */
int code__check_return_intact(const struct code *code, uint64_t offset, struct fault *why);

/* What the kernel does at each hit, besides calling the probe. In a virtual machine a stepped one
 * costs 15 to 35 times as much as an emulated one. */
enum code_cost {
	/* A 5-byte nop, which Linux 6.18 replaces by a call once it was hit (before 6.16 it is
	 * stepped, in between and later emulated). */
	CODE_COST_NOP5,
	CODE_COST_EMULATED,
	CODE_COST_STEPPED,
	CODE_COST_REFUSED, /* no probe may sit here, or no instruction begins here */
};

enum code_cost code__cost_at(const struct code *code, uint64_t offset);
const char *code_cost__name(enum code_cost cost);

struct code_entry {
	uint64_t offset;
	int64_t sp_delta; /* the stack pointer here, plus this, is that at the first instruction */
	enum code_cost cost;
};

struct code_entry_wish {
	uint64_t from;	    /* the earliest place: 0, or OFF of symbol+OFF */
	bool return_intact; /* a return address is replaced there (see above) */
	bool shadow_stack;  /* programs may have one, and the kernel forgets it when it emulates a
			     * call (x86-64 before Linux 6.18): the place is no call, unless
			     * wish.from is */
	bool no_nop5;	    /* the place is no nop of 5 bytes (kernel_faults.h) */
	uint32_t arguments; /* bit n: integer argument n + 1 is read there. x86-64: rdi, rsi, rdx,
			     * rcx, r8, r9; arm64: x0 to x7 */
};

/*
 * The cheapest place to see a call begin: the first cheap instruction on the straight way from
 * wish.from, as long as nothing is passed that may fault, wait or go elsewhere, no jump leads in
 * between, and what the probe wants to read is still there. That may be a conditional jump. Where
 * nothing better is found it is wish.from itself. When no return address is replaced, it is none of
 * the function's exits either, unless wish.from is. -EINVAL with why when wish.from can be neither
 * probed nor passed.
 */
int code__place_entry(const struct code *code, const struct code_entry_wish *wish,
		      struct code_entry *ret_entry, struct fault *why);

enum code_exit_kind {
	CODE_EXIT_RETURN,
	CODE_EXIT_TAIL_CALL, /* a jump to another function, which goes on in this one's place */
	CODE_EXIT_MAYBE,     /* a jump of which only the running program knows whether it leaves */
};

/* Conditions of jumps. Up to 15 they are the machine's own: x86-64's cc of jcc (in the order of the
 * encoding), arm64's cond of b.cond. */
enum code_condition {
	CODE_IF_ZERO = 0x10,	  /* arm64: cbz */
	CODE_IF_NOT_ZERO = 0x11,  /* cbnz */
	CODE_IF_BIT_CLEAR = 0x12, /* tbz */
	CODE_IF_BIT_SET = 0x13,	  /* tbnz */
	CODE_ALWAYS = 0xff,
};

enum code_jump_target {
	CODE_TARGET_DIRECT,   /* the jump's own address + displacement */
	CODE_TARGET_REGISTER, /* what is in base */
	CODE_TARGET_MEMORY,   /* the 8 bytes at base + index * scale + displacement */
};

/* Registers are numbered as the machine does: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15;
 * x0 to x30, and 31 for the zero register. */
#define CODE_REGISTER_NONE 0xff
#define CODE_REGISTER_IP 0xfe /* the address of the jump itself */

/* How a jump decides, for whoever stops at it: it is taken if the condition holds. If it is direct
 * it leaves the function then, otherwise unless the target lies inside. */
struct code_jump {
	uint8_t condition;     /* enum code_condition, or the machine's */
	uint8_t test_register; /* of CODE_IF_ZERO and so on */
	uint8_t test_bit;      /* of CODE_IF_BIT_*; for CODE_IF_*ZERO the highest that counts */
	uint8_t target;	       /* enum code_jump_target */
	uint8_t base, index, scale;
	int64_t displacement;
	/* [from, to) relative to the jump: the function but for its very first instruction (a jump
	 * there is another call), and its cold part; both 0 where there is none. */
	int64_t inside[2][2];
};

struct code_exit {
	int64_t offset; /* from the function's vaddr; in a cold part it may be negative */
	enum code_exit_kind kind;
	enum code_cost cost;
	struct code_jump jump; /* of CODE_EXIT_MAYBE */
};

struct code_exits {
	struct code_exit *items; /* by offset, those in cold parts last */
	size_t cnt;
	size_t tail_call_cnt, maybe_cnt; /* of them */
	/* The function jumps back to its very first instruction: a probe there sees each round of
	 * that loop, with the stack pointer of the call that is going on. */
	bool restarts;
};

/*
 * Finds every exit of the function, those in its cold parts included, or refuses (-EOPNOTSUPP with
 * why): a jump away with the stack frame neither proven gone nor into a part of the function,
 * undecodable bytes, unknown size, an exit that cannot be probed. A function that never returns has
 * none. Free with code_exits__free.
 */
int code__find_exits(const struct code *code, struct code_exits *ret_exits, struct fault *why);
void code_exits__free(struct code_exits *exits);

/*
 * Does the function look at its own return address, other than by returning? (As
 * __builtin_return_address(0) does.) If so it would see one that was replaced. True when not all of
 * its code is known.
 */
bool code__reads_return_address(const struct code *code);

/*
 * Where the function goes on behind the conditional jumps that it begins with, before it moves the
 * stack pointer: 0 when it begins with none. (Go's functions look whether their stack is large
 * enough, and begin again when it was not.)
 */
uint64_t code__behind_checks(const struct code *code);

/* Does it call itself directly? */
bool code__calls_itself(const struct code *code);

struct code_switch {
	uint64_t entry_vaddr; /* where the function begins that the jump is in */
	uint64_t jump_vaddr;
};

/*
 * The place where longjmp, or what it calls, goes over to another stack: the indirect jump before
 * which the stack pointer was loaded. At that instruction it is already the target's. size may be
 * 0. -ENOENT with why when there is none within two calls.
 */
int code_find_stack_switch(struct code_reader *reader, uint64_t vaddr, uint64_t size,
			   struct code_switch *ret_switch, struct fault *why);

#endif
