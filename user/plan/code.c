/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel does not check, this does: a probe is a breakpoint written over the first byte
 * of an instruction. Within one it changes the program; after the stack pointer has moved, a return
 * probe overwrites something else than the return address.
 */
#include "code_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What is decoded of a function without a size, at most. */
#define STRAIGHT_MAX_SZ 0x4000

/* The number of instructions between a load-exclusive and its store: the architecture promises
 * progress for sequences of up to 128 bytes. */
#define EXCLUSIVE_MAX_CNT 32

#define RED_ZONE_SZ 128 /* System V ABI for x86-64, 3.2.2 */

/* .eh_frame describes what a symbol without a size begins, if both begin at the same place. */
static int find_size(struct code_reader *reader, uint64_t vaddr, uint64_t *size)
{
	struct eh_frame *frames;
	struct eh_range range;
	int err;

	if (*size > 0)
		return 0;
	err = code_reader__frames(reader, &frames);
	if (!err && eh_frame__find(frames, vaddr, &range) && range.vaddr == vaddr)
		*size = range.size;
	return err;
}

int code__load(struct code_reader *reader, uint64_t vaddr, uint64_t size, struct code **ret_code,
	       struct fault *why)
{
	struct code *code = calloc(1, sizeof(*code));
	int err;

	err = code ? find_size(reader, vaddr, &size) : -ENOMEM;
	if (err) {
		free(code);
		return fault__set(why, err, "%s: out of memory", elf_file__path(reader->file));
	}
	code->reader = reader;
	code->vaddr = vaddr;
	code->size = size;
	err = code_part__load(&code->parts[0], reader, vaddr, size ? size : STRAIGHT_MAX_SZ,
			      size ? CODE_EXTENT_WHOLE : CODE_EXTENT_STRAIGHT, why);
	if (err) {
		free(code);
		return err;
	}
	code->part_cnt = 1;
	err = code__follow(code);
	if (err) {
		code__free(code);
		return fault__set(why, err, "%s: out of memory", elf_file__path(reader->file));
	}
	*ret_code = code;
	return 0;
}

void code__free(struct code *code)
{
	if (!code)
		return;
	for (size_t i = 0; i < code->part_cnt; i++)
		code_part__unload(&code->parts[i]);
	free(code);
}

uint64_t code__size(const struct code *code)
{
	return code->size;
}

/* ---- what may be probed ---- */

/* A probe between a load-exclusive and its store-exclusive makes the store fail, each time: the
 * program would try again for ever. */
static bool within_exclusive(const struct code_part *part, const struct code_insn *insn)
{
	for (size_t i = 0; i < EXCLUSIVE_MAX_CNT && insn > part->insns; i++) {
		insn--;
		if (insn->opens_exclusive)
			return true;
		if (insn->shuts_exclusive)
			return false;
	}
	return false;
}

/* Does it use memory below the stack pointer? Such is lost to signals but for the first 128 bytes
 * (System V ABI, section 3.2.2), the red zone. */
static bool uses_red_zone(const struct code_insn *insn, const struct code_frame *frame)
{
	if (insn->low_base == CODE_FROM_SP)
		return true;
	return insn->low_base == CODE_FROM_FP && frame->fp_known && frame->sp_is == CODE_SP_EXACT &&
	       frame->fp + insn->low < frame->sp;
}

/* Has the stack pointer been moved over the red zone that is used there? Careful marks do that. */
static bool passes_red_zone(const struct code_frame *here, const struct code_frame *user)
{
	return here->seen && here->sp_is == CODE_SP_EXACT && user->seen &&
	       user->sp_is == CODE_SP_EXACT && here->sp <= user->sp - RED_ZONE_SZ;
}

/*
 * Linux 6.18 replaces a 5-byte nop by a call, whose return address overwrites the red zone: where
 * the function keeps data there, that nop must not be probed, unless it comes before any of it.
 */
static int check_red_zone(const struct code *code, const struct code_part *part,
			  const struct code_insn *insn, struct fault *why)
{
	struct code_way_in way = { .from = 0, .to = insn->offset };
	bool straight = part == &code->parts[0];

	for (size_t p = 0; p < code->part_cnt; p++) {
		const struct code_part *other = &code->parts[p];

		for (size_t i = 0; i < other->cnt; i++) {
			const struct code_insn *user = &other->insns[i];

			if (p == 0 && user < insn && code_insn__ends_block(user))
				straight = false;
			if (!uses_red_zone(user, &other->frames[i]) ||
			    passes_red_zone(&part->frames[insn - part->insns], &other->frames[i]))
				continue;
			if (straight && (p > 0 || user > insn) && !code__has_way_in(code, &way))
				return 0;
			return code_refuse(part, why, -EINVAL,
					   "the instruction \"%s\" at offset 0x%" PRIx32
					   " cannot be probed: Linux 6.18 would overwrite what the "
					   "function keeps below the stack pointer",
					   code_part__text(part, insn).text, insn->offset);
		}
	}
	return 0;
}

int code__check_fit(const struct code *code, const struct code_part *part,
		    const struct code_insn *insn, struct fault *why)
{
	const char *reason = insn->unfit;

	if (!reason && within_exclusive(part, insn))
		reason = "it is in an exclusive sequence, which a probe would never let succeed";
	if (reason)
		return code_refuse(part, why, -EINVAL,
				   "the instruction \"%s\" at offset 0x%" PRIx32
				   " cannot be probed: %s (choose another)",
				   code_part__text(part, insn).text, insn->offset, reason);
	return insn->cost == CODE_COST_NOP5 ? check_red_zone(code, part, insn, why) : 0;
}

/* ---- boundaries ---- */

static int refuse_middle(const struct code_part *part, const struct code_insn *insn,
			 uint64_t offset, struct fault *why)
{
	return code_refuse(part, why, -EINVAL,
			   "offset 0x%" PRIx64 " lies within the instruction \"%s\" (use 0x%" PRIx32
			   ", where it begins, or 0x%" PRIx32 ", the next)",
			   offset, code_part__text(part, insn).text, insn->offset,
			   insn->offset + insn->size);
}

static int refuse_unproven(const struct code *code, uint64_t offset, struct fault *why)
{
	const struct code_part *part = &code->parts[0];
	const struct code_insn *last = part->cnt ? &part->insns[part->cnt - 1] : NULL;

	/* Without a size, only what straight-line execution reaches is proven. */
	if (!code->size && last && code_insn__ends_block(last))
		return code_refuse(part, why, -EINVAL,
				   "offset 0x%" PRIx64 " comes after \"%s\" at 0x%" PRIx32
				   ", and the symbol has no size to tell whether that is still the "
				   "function",
				   offset, code_part__text(part, last).text, last->offset);
	return code_refuse(part, why, -EINVAL,
			   "offset 0x%" PRIx64 " is not proven to begin an instruction: the bytes "
			   "at 0x%zx are none that Capstone knows",
			   offset, part->decoded_sz);
}

static int find_boundary(const struct code *code, uint64_t offset,
			 const struct code_insn **ret_insn, struct fault *why)
{
	const struct code_part *part = &code->parts[0];
	const struct code_insn *insn = code_part__at(part, offset);

	if (code->size && offset >= code->size)
		return code_refuse(part, why, -EINVAL,
				   "offset 0x%" PRIx64
				   " lies past the end of the function (it has 0x%" PRIx64
				   " bytes)",
				   offset, code->size);
	if (!insn)
		return refuse_unproven(code, offset, why);
	if (insn->offset != offset)
		return refuse_middle(part, insn, offset, why);
	if (offset > 0 && part->split && part->split->offset <= offset)
		return code_refuse(part, why, -EINVAL,
				   "offset 0x%" PRIx64 " is not proven to begin an instruction: "
				   "the function jumps into the middle of \"%s\" at 0x%" PRIx32,
				   offset, code_part__text(part, part->split).text,
				   part->split->offset);
	if (offset >= part->data_from)
		return code_refuse(part, why, -EINVAL,
				   "offset 0x%" PRIx64
				   " may be data: the function refers to its own bytes at 0x%zx",
				   offset, part->data_from);
	*ret_insn = insn;
	return 0;
}

int code__check_begins(const struct code *code, uint64_t offset, struct fault *why)
{
	const struct code_insn *insn;

	return find_boundary(code, offset, &insn, why);
}

int code__check_boundary(const struct code *code, uint64_t offset, struct fault *why)
{
	const struct code_insn *insn;
	int err;

	err = find_boundary(code, offset, &insn, why);
	return err ? err : code__check_fit(code, &code->parts[0], insn, why);
}

enum code_cost code__cost_at(const struct code *code, uint64_t offset)
{
	const struct code_insn *insn;

	if (find_boundary(code, offset, &insn, NULL) != 0 ||
	    code__check_fit(code, &code->parts[0], insn, NULL) != 0)
		return CODE_COST_REFUSED;
	return insn->cost;
}

const char *code_cost__name(enum code_cost cost)
{
	static const char *const names[] = {
		[CODE_COST_NOP5] = "nop5",
		[CODE_COST_EMULATED] = "emulated",
		[CODE_COST_STEPPED] = "stepped",
		[CODE_COST_REFUSED] = "refused",
	};

	return names[cost];
}

/* ---- return probes ---- */

static int check_head(const struct code_part *part, uint64_t offset, struct fault *why)
{
	for (size_t i = 0; i < part->cnt && part->insns[i].offset < offset; i++) {
		const struct code_insn *insn = &part->insns[i];

		if (insn->moves_return)
			return code_refuse(part, why, -EINVAL,
					   "no return probe at offset 0x%" PRIx64
					   ": \"%s\" at 0x%" PRIx32 " comes first, and %s",
					   offset, code_part__text(part, insn).text, insn->offset,
					   insn->moves_return);
	}
	return 0;
}

/* An indirect jump whose frame differs from that on the way in cannot lead there: the function
 * would go on with a stack that is not its own. */
static bool may_lead_into(const struct code_frame *frame, const struct code_way_in *way)
{
	if (!frame->seen || frame->sp_is == CODE_SP_UNKNOWN)
		return true;
	if (frame->sp_is == CODE_SP_AT_MOST)
		return frame->sp >= way->sp_low;
	return frame->sp >= way->sp_low && frame->sp <= way->sp_high;
}

static bool leads_into(const struct code *code, const struct code_part *part, size_t index,
		       struct code_way_in *way)
{
	const struct code_insn *insn = &part->insns[index];
	const uint64_t *vaddrs;
	uint64_t one;
	size_t cnt = code_part__targets(part, insn, &one, &vaddrs);

	for (size_t i = 0; i < cnt; i++) {
		way->target = vaddrs[i] - code->vaddr;
		if (way->target >= way->from && way->target <= way->to)
			return true;
	}
	return insn->kind == CODE_INDIRECT && cnt == 0 && way->to > 0 &&
	       may_lead_into(&part->frames[index], way);
}

bool code__has_way_in(const struct code *code, struct code_way_in *way)
{
	for (size_t p = 0; p < code->part_cnt; p++) {
		way->part = &code->parts[p];
		for (size_t i = 0; i < way->part->cnt; i++) {
			way->insn = &way->part->insns[i];
			if (leads_into(code, way->part, i, way))
				return true;
		}
	}
	return false;
}

/*
 * A jump back to the probe, or to what leads there, would hide the return address once more. An
 * indirect jump may go anywhere but to the very entry, which is left to calls: a jump there with a
 * frame in place would be wrong in itself. Neither does it matter that a loop begins at the entry
 * when the probe comes later, and is in the loop too.
 */
static int check_no_way_back(const struct code *code, uint64_t offset, struct fault *why)
{
	struct code_way_in way = { .from = offset > 0 ? 1 : 0, .to = offset };
	const struct code_part *part = &code->parts[0];

	if (!code__has_way_in(code, &way))
		return 0;
	if (way.insn->kind == CODE_INDIRECT)
		return code_refuse(part, why, -EINVAL,
				   "no return probe at offset 0x%" PRIx64 ": \"%s\" at 0x%" PRIx64
				   " may jump back to it",
				   offset, code_part__text(way.part, way.insn).text,
				   way.part->vaddr + way.insn->offset - code->vaddr);
	return code_refuse(part, why, -EINVAL,
			   "no return probe at offset 0x%" PRIx64 ": \"%s\" at 0x%" PRIx64
			   " jumps back to 0x%" PRIx64,
			   offset, code_part__text(way.part, way.insn).text,
			   way.part->vaddr + way.insn->offset - code->vaddr, way.target);
}

/* The whole function has to be known: a jump in a part that is not could lead anywhere. */
int code__check_return_intact(const struct code *code, uint64_t offset, struct fault *why)
{
	const struct code_part *part = &code->parts[0];
	int err;

	if (!code->size)
		return code_refuse(part, why, -EINVAL,
				   "the symbol has no size, so its jumps are not known");
	if (offset < code->size && part->decoded_sz < code->size)
		return code_refuse(part, why, -EINVAL,
				   "the bytes at offset 0x%zx are no instruction that Capstone "
				   "knows",
				   part->decoded_sz);
	err = code__check_boundary(code, offset, why);
	if (!err)
		err = check_head(part, offset, why);
	if (err)
		return err;
	return check_no_way_back(code, offset, why);
}
