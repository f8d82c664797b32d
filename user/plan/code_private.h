/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The instructions of one function, in order, with all that was asked of each when it was decoded,
 * and what each machine knows about its own. Private to user/plan/code*.c.
 *
 * A function is one part, and one more for each place where the compiler has put what is seldom run
 * (GCC's .cold). Distances are from the beginning of the part.
 */
#ifndef TACHO_USER_PLAN_CODE_PRIVATE_H
#define TACHO_USER_PLAN_CODE_PRIVATE_H

#include <capstone/capstone.h>

#include "../elf/eh_frame.h"
#include "code.h"

#define CODE_PARTS_MAX 4

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

/* Where the value that a register is given comes from. */
enum code_source {
	CODE_KEPT, /* it is not given any */
	CODE_FROM_SP,
	CODE_FROM_FP,
	CODE_ALIGNED, /* the stack pointer only: the one before, rounded down */
	CODE_LOADED,  /* another register, or memory */
	CODE_LOST,    /* arithmetic that is not followed */
};

struct code_change {
	int64_t by;
	uint8_t source; /* enum code_source */
};

/* May the beginning of a call be seen behind this instruction as well as before it? */
enum code_passing {
	CODE_NO_PASSING,
	CODE_PASSING_MAY_FAULT, /* yes, but for what its memory may do */
	CODE_PASSING,
};

struct code_insn {
	uint32_t offset; /* from the part's vaddr */
	uint8_t size;
	uint8_t kind;	      /* enum code_kind */
	uint8_t cost;	      /* enum code_cost; CODE_COST_REFUSED goes with unfit */
	uint8_t passing;      /* enum code_passing */
	uint8_t written_args; /* bit n: it writes (part of) integer argument n + 1 */
	uint8_t low_base;     /* CODE_FROM_SP or CODE_FROM_FP, see low; else CODE_KEPT */
	bool nop;
	bool has_target;
	bool reads_code;      /* target is read as data instead of jumped to */
	bool takes_address;   /* likewise, but only its address is known to be used */
	bool never_leaves;    /* an indirect jump through a table, by its own word (notrack) */
	bool targeted;	      /* a direct jump of its part leads to it */
	bool judged;	      /* where it leads was looked up (code_flow.c) */
	bool opens_exclusive; /* arm64: load-exclusive, ... */
	bool shuts_exclusive; /* ... store-exclusive */
	int32_t low; /* it uses (or points at) memory from base + low, which may be unused stack */
	struct code_change sp, fp;
	int64_t target;		  /* from the part's vaddr; may lie outside */
	uint32_t table;		  /* of an indirect jump: 1 + index into the part's tables, or 0 */
	const char *unfit;	  /* why no probe may sit on it, or NULL */
	const char *moves_return; /* why no return address may be replaced behind it, or NULL */
};

/* How much is known of the stack pointer, as a distance from that at the function's entry. */
enum code_sp {
	CODE_SP_UNKNOWN,
	CODE_SP_AT_MOST,
	CODE_SP_EXACT,
};

struct code_frame {
	bool seen;
	bool fp_known;
	uint8_t sp_is; /* enum code_sp */
	int64_t sp, fp;
};

/* The targets of an indirect jump, where they are known to be all. */
struct code_table {
	uint64_t *vaddrs;
	size_t cnt;
};

struct code_part {
	struct code_reader *reader;
	uint64_t vaddr;
	uint8_t *bytes;
	size_t sz;
	struct code_insn *insns;
	size_t cnt;
	size_t decoded_sz; /* below sz when the bytes there are no instruction that we know */
	size_t data_from;  /* from here on it holds what it also reads as data; or sz */
	const struct code_insn *split; /* one that a jump lands within: the decoding is wrong */
	struct code_table *tables;
	size_t table_cnt;
	struct code_frame *frames; /* before each instruction */
};

struct code {
	struct code_reader *reader;
	uint64_t vaddr;
	uint64_t size; /* 0: unknown */
	unsigned judged_cnt;
	struct code_part parts[CODE_PARTS_MAX]; /* the first is the function's body */
	size_t part_cnt;
};

struct code_arch {
	const char *name;
	/* Decodes the instruction at insn->offset. False: the bytes are none that we know. */
	bool (*decode)(const struct code_part *part, struct code_insn *insn);
	/* How a jump that may leave decides, but for displacement and inside of direct ones. False:
	 * in a way that cannot be told. */
	bool (*describe)(const struct code_part *part, const struct code_insn *insn,
			 struct code_jump *ret_jump);
	/* The targets of an indirect jump, if it goes by a table that can be read. 0, -ENOENT where
	 * it does not, -ENOMEM. */
	int (*find_table)(const struct code_part *part, const struct code_insn *insn,
			  struct code_table *ret_table);
	unsigned sp_dwarf, fp_dwarf; /* the numbers that .eh_frame has for them */
	int64_t cfa_bias;	     /* the frame address, less the stack pointer at entry */
};

extern const struct code_arch code_x86;
extern const struct code_arch code_arm64;

struct code_reader {
	const struct elf_file *file; /* the caller's */
	const struct code_arch *arch;
	csh capstone;
	cs_insn *scratch;	 /* for decoding one instruction at a time */
	struct eh_frame *frames; /* NULL until they are needed */
	struct elf_cold_parts cold;
	bool cold_loaded;
};

/* Sets "file: code at 0xADDRESS: ..." */
#define code_refuse(part, why, err, fmt, ...)                                                      \
	fault__set(why, err, "%s: code at 0x%" PRIx64 ": " fmt,                                    \
		   elf_file__path((part)->reader->file), (part)->vaddr, ##__VA_ARGS__)

/* ---- code_reader.c ---- */

/* How far to decode. */
enum code_extent {
	CODE_EXTENT_WHOLE,    /* all of it */
	CODE_EXTENT_STRAIGHT, /* to the first instruction that does not go on with the next */
	CODE_EXTENT_REACH,    /* to the first such that no jump before it leads past it */
};

int code_reader__frames(struct code_reader *reader, struct eh_frame **ret_frames);
int code_reader__cold_part(struct code_reader *reader, uint64_t vaddr, struct eh_range *ret_range);

/* Decodes up to sz bytes at vaddr. -EINVAL with why when there is nothing to decode. */
int code_part__load(struct code_part *part, struct code_reader *reader, uint64_t vaddr, uint64_t sz,
		    enum code_extent extent, struct fault *why);
void code_part__unload(struct code_part *part);

/* The instruction that contains the offset, or NULL. */
struct code_insn *code_part__at(const struct code_part *part, uint64_t offset);

/* A jump leads to offset: the instruction there, or that which contains it, which is then noted as
 * wrongly read; NULL where none is known. */
struct code_insn *code_part__land(struct code_part *part, uint64_t offset);

/* The instruction as Capstone sees it, valid until the next call, or NULL. */
const cs_insn *code_part__decode(const struct code_part *part, uint32_t offset);

/* "mov rax, rdi", for messages. */
struct code_text {
	char text[80];
};
struct code_text code_part__text(const struct code_part *part, const struct code_insn *insn);

static inline bool code_insn__ends_block(const struct code_insn *insn)
{
	return insn->kind >= CODE_JUMP;
}

/* Where the jump goes, as far as that is known: fills in ret_one for a direct one. */
size_t code_part__targets(const struct code_part *part, const struct code_insn *insn,
			  uint64_t *ret_one, const uint64_t **ret_vaddrs);

static inline bool code_insn__jumps(const struct code_insn *insn)
{
	return insn->kind == CODE_BRANCH || insn->kind == CODE_JUMP;
}

/* ---- code.c ---- */

/* Does an instruction begin there, whether or not it can be probed? -EINVAL with why otherwise. */
int code__check_begins(const struct code *code, uint64_t offset, struct fault *why);

/* May a probe sit on it? -EINVAL with why otherwise. */
int code__check_fit(const struct code *code, const struct code_part *part,
		    const struct code_insn *insn, struct fault *why);

/* A way by which control may come to [from, to] of the body, other than straight on, while the
 * stack pointer has moved by low to high since the entry. */
struct code_way_in {
	uint64_t from, to;
	int64_t sp_low, sp_high;
	const struct code_part *part; /* the answer: of insn */
	const struct code_insn *insn;
	uint64_t target; /* unless insn is an indirect jump */
};
bool code__has_way_in(const struct code *code, struct code_way_in *way);

/* ---- code_flow.c ---- */

/* Finds the frame before each instruction that can be reached, and the function's other parts; part
 * of loading it. -ENOMEM. */
int code__follow(struct code *code);

/* The part that contains vaddr, or NULL. */
const struct code_part *code__part_at(const struct code *code, uint64_t vaddr);

/* The frame before the instruction at vaddr, as .eh_frame has it. */
bool code__frame_from_cfi(const struct code *code, uint64_t vaddr, struct code_frame *ret_frame);

/* What the instruction does to the frame. */
void code_frame__step(struct code_frame *frame, const struct code_insn *insn);

static inline bool code_frame__is_entry(const struct code_frame *frame)
{
	return frame->seen && frame->sp_is == CODE_SP_EXACT && frame->sp == 0;
}

/* Proven to have something on the stack? */
static inline bool code_frame__is_deep(const struct code_frame *frame)
{
	return frame->seen && frame->sp_is != CODE_SP_UNKNOWN && frame->sp < 0;
}

#endif
