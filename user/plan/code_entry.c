/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where to see a call begin. The symbol's own address is right and often dear: many functions begin
 * with an instruction that the kernel has to single-step. A few instructions later there is nearly
 * always one that it emulates.
 *
 * What is passed must make no difference to what is recorded. So it neither goes elsewhere nor may
 * fault (the call that crashes is the one somebody looks for) nor wait (a page that has to be read
 * from disk is part of the call's time).
 */
#include "code_private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What the probe can be told of the stack pointer: 7 bits, in units of 8 bytes. */
#define SP_DELTA_MAX 1016
#define SP_DELTA_UNIT 8

/* On the way down the function. */
struct walk {
	const struct code *code;
	const struct code_entry_wish *wish;
	const struct code_part *body;
	size_t at; /* index of the instruction */
	struct code_frame frame;
	uint8_t written_args;
	int64_t sp_low, sp_high; /* since wish.from, which does not count */
};

static bool fits(const struct code_frame *frame)
{
	return frame->sp_is == CODE_SP_EXACT && frame->sp <= 0 && frame->sp >= -SP_DELTA_MAX &&
	       frame->sp % SP_DELTA_UNIT == 0;
}

static void step(struct walk *walk)
{
	const struct code_insn *insn = &walk->body->insns[walk->at++];

	code_frame__step(&walk->frame, insn);
	walk->written_args |= insn->written_args;
}

/* Why the beginning of a call may not be seen behind this instruction, though the user says so. */
static const char *blocks(const struct walk *walk, const struct code_insn *insn)
{
	if (walk->wish->return_intact)
		return insn->moves_return;
	return insn->kind == CODE_PLAIN ? NULL : "control may go elsewhere there";
}

static int check_from(const struct walk *walk, struct fault *why)
{
	uint64_t from = walk->wish->from;
	struct code_way_in way = { .from = 1, .to = from };

	if (!fits(&walk->frame))
		return code_refuse(
			walk->body, why, -EINVAL,
			"at offset 0x%" PRIx64
			" the stack pointer has moved too far, or it is not known how far",
			from);
	if (walk->wish->arguments & walk->written_args)
		return code_refuse(walk->body, why, -EINVAL,
				   "at offset 0x%" PRIx64
				   " an argument that is wanted is not there any more",
				   from);
	way.sp_low = walk->sp_low;
	way.sp_high = walk->sp_high;
	if (from == 0 || !code__has_way_in(walk->code, &way))
		return 0;
	return code_refuse(walk->body, why, -EINVAL,
			   "no probe at offset 0x%" PRIx64 ": \"%s\" at 0x%" PRIx64
			   " may jump back to it",
			   from, code_part__text(way.part, way.insn).text,
			   way.part->vaddr + way.insn->offset - walk->code->vaddr);
}

static void note_sp(struct walk *walk)
{
	if (walk->frame.sp < walk->sp_low)
		walk->sp_low = walk->frame.sp;
	if (walk->frame.sp > walk->sp_high)
		walk->sp_high = walk->frame.sp;
}

/* Every jump has to be known: one from what was not understood could lead anywhere. */
static bool is_known(const struct code *code)
{
	if (code->size != code->parts[0].decoded_sz)
		return false;
	for (size_t i = 0; i < code->part_cnt; i++) {
		if (code->parts[i].split || code->parts[i].decoded_sz < code->parts[i].sz)
			return false;
	}
	return true;
}

/* Goes to wish.from, which has to be on the straight way from the function's beginning. */
static int walk_to_from(struct walk *walk, struct fault *why)
{
	uint64_t from = walk->wish->from;

	if (from > 0 && !walk->code->size)
		return code_refuse(walk->body, why, -EINVAL,
				   "the symbol has no size, so its jumps are not known");
	if (from > 0 && !is_known(walk->code))
		return code_refuse(walk->body, why, -EINVAL,
				   "no probe at offset 0x%" PRIx64
				   ": not all of the function is understood, and what is not may "
				   "jump back to it",
				   from);
	while (walk->at < walk->body->cnt && walk->body->insns[walk->at].offset < from) {
		const struct code_insn *insn = &walk->body->insns[walk->at];
		const char *reason = blocks(walk, insn);

		if (reason)
			return code_refuse(walk->body, why, -EINVAL,
					   "no probe at offset 0x%" PRIx64 ": \"%s\" at 0x%" PRIx32
					   " comes first, and %s",
					   from, code_part__text(walk->body, insn).text,
					   insn->offset, reason);
		step(walk);
		note_sp(walk);
	}
	return check_from(walk, why);
}

static bool is_exit(struct walk *walk, const struct code_insn *insn)
{
	switch (insn->kind) {
	case CODE_BRANCH:
	case CODE_JUMP:
		return !code__part_at(walk->code, walk->body->vaddr + (uint64_t)insn->target);
	case CODE_PLAIN:
	case CODE_CALL:
		return false;
	default:
		return true;
	}
}

static bool is_better(struct walk *walk, const struct code_entry *best)
{
	const struct code_insn *insn = &walk->body->insns[walk->at];
	struct code_way_in way = {
		.from = walk->wish->from + 1,
		.to = insn->offset,
		.sp_low = walk->sp_low,
		.sp_high = walk->sp_high,
	};

	if (insn->cost >= best->cost || (!walk->wish->return_intact && is_exit(walk, insn)) ||
	    (walk->wish->shadow_stack && insn->kind == CODE_CALL) ||
	    (walk->wish->no_nop5 && insn->cost == CODE_COST_NOP5))
		return false;
	return code__check_boundary(walk->code, insn->offset, NULL) == 0 &&
	       !code__has_way_in(walk->code, &way);
}

/* Over one instruction, if that is harmless. */
static bool pass(struct walk *walk)
{
	const struct code_insn *insn = &walk->body->insns[walk->at];

	if (insn->passing != CODE_PASSING || (walk->wish->return_intact && insn->moves_return) ||
	    walk->at + 1 == walk->body->cnt)
		return false;
	step(walk);
	note_sp(walk);
	return fits(&walk->frame) && !(walk->wish->arguments & walk->written_args);
}

static void look_further(struct walk *walk, struct code_entry *best)
{
	walk->sp_low = INT64_MAX;
	walk->sp_high = INT64_MIN;
	while (best->cost > CODE_COST_EMULATED && pass(walk)) {
		const struct code_insn *insn = &walk->body->insns[walk->at];

		if (is_better(walk, best))
			*best = (struct code_entry) { .offset = insn->offset,
						      .sp_delta = -walk->frame.sp,
						      .cost = insn->cost };
	}
}

int code__place_entry(const struct code *code, const struct code_entry_wish *wish,
		      struct code_entry *ret_entry, struct fault *why)
{
	struct walk walk = {
		.code = code,
		.wish = wish,
		.body = &code->parts[0],
		.frame = { .seen = true, .sp_is = CODE_SP_EXACT },
	};
	struct code_entry best = { .offset = wish->from, .cost = CODE_COST_REFUSED };
	struct fault unfit = {};
	int err;

	err = code__check_begins(code, wish->from, why);
	if (!err)
		err = walk_to_from(&walk, why);
	if (err)
		return err;
	best.sp_delta = -walk.frame.sp;
	if (code__check_boundary(code, wish->from, &unfit) == 0)
		best.cost = walk.body->insns[walk.at].cost;
	if (wish->no_nop5 && best.cost == CODE_COST_NOP5) {
		best.cost = CODE_COST_REFUSED;
		fault__set(&unfit, 0, "a 5-byte nop that cannot be passed");
	}
	if (is_known(code))
		look_further(&walk, &best);
	if (best.cost == CODE_COST_REFUSED)
		return fault__set(why, -EINVAL, "%s", unfit.text);
	*ret_entry = best;
	return 0;
}
