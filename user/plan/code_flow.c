/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Following all ways through a function, to know at each instruction how far the stack pointer has
 * moved since the entry, and to find the parts of the function that lie elsewhere.
 *
 * Such a part (GCC's .cold) is entered by a jump that looks like one to another function, but for
 * the frame, which is still there; or for what comes later, a jump back into the middle of the
 * function. A symbol may name it. In a stripped file .eh_frame knows where it begins and ends.
 *
 * Code that no direct way leads to is run after indirect jumps, or when an exception lands there.
 * For that .eh_frame gives the frame, or what all such jumps and calls have in common.
 */
#include "code_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cold parts have some hundred bytes; this bounds what a file can ask for. */
#define COLD_MAX_SZ (1u << 18)

/* How far another function is read to see whether it is one. */
#define PEEK_MAX_SZ 0x1000

/* More jumps out of one function than anybody has seen (a dispatcher with hundreds of handlers). */
#define JUDGED_MAX 1024

struct place {
	struct code_part *part;
	size_t index;
};

struct flow {
	struct code *code;
	struct place *todo;
	size_t todo_cnt, todo_room;
	bool out_of_memory;
};

static void set(const struct code_change *change, const struct code_frame *before, bool *known,
		int64_t *value)
{
	if (change->source == CODE_FROM_SP) {
		*known = before->sp_is == CODE_SP_EXACT;
		*value = before->sp + change->by;
	} else if (change->source == CODE_FROM_FP) {
		*known = before->fp_known;
		*value = before->fp + change->by;
	} else if (change->source != CODE_KEPT) {
		*known = false;
	}
}

void code_frame__step(struct code_frame *frame, const struct code_insn *insn)
{
	const struct code_frame before = *frame;
	bool known = frame->sp_is == CODE_SP_EXACT;

	set(&insn->fp, &before, &frame->fp_known, &frame->fp);
	if (insn->sp.source == CODE_KEPT)
		return;
	if (insn->sp.source == CODE_ALIGNED) {
		if (frame->sp_is == CODE_SP_EXACT)
			frame->sp_is = CODE_SP_AT_MOST;
		return;
	}
	set(&insn->sp, &before, &known, &frame->sp);
	if (known)
		frame->sp_is = CODE_SP_EXACT;
	else if (insn->sp.source != CODE_FROM_SP || before.sp_is != CODE_SP_AT_MOST)
		frame->sp_is = CODE_SP_UNKNOWN;
}

/*
 * What is known at a place that several ways lead to is what all of them agree on. A bound that
 * does not hold is given up, so that a loop ends in which the stack shrinks.
 */
static void merge_sp(struct code_frame *into, const struct code_frame *from)
{
	if (into->sp_is == CODE_SP_UNKNOWN || from->sp_is == CODE_SP_UNKNOWN) {
		into->sp_is = CODE_SP_UNKNOWN;
	} else if (into->sp_is == CODE_SP_AT_MOST) {
		if (from->sp > into->sp)
			into->sp_is = CODE_SP_UNKNOWN;
	} else if (from->sp_is == CODE_SP_AT_MOST || from->sp != into->sp) {
		into->sp_is = CODE_SP_AT_MOST;
		if (from->sp > into->sp)
			into->sp = from->sp;
	}
}

static bool merge_frame(struct code_frame *into, const struct code_frame *from)
{
	struct code_frame before = *into;

	if (!into->seen) {
		*into = *from;
		into->seen = true;
		return true;
	}
	merge_sp(into, from);
	into->fp_known = before.fp_known && from->fp_known && before.fp == from->fp;
	return into->sp_is != before.sp_is || into->fp_known != before.fp_known ||
	       (into->sp_is != CODE_SP_UNKNOWN && into->sp != before.sp);
}

static void reach(struct flow *flow, struct code_part *part, size_t index,
		  const struct code_frame *frame)
{
	struct place *grown;

	if (!merge_frame(&part->frames[index], frame))
		return;
	if (flow->todo_cnt == flow->todo_room) {
		flow->todo_room = flow->todo_room * 2 + 64;
		grown = reallocarray(flow->todo, flow->todo_room, sizeof(*grown));
		if (!grown) {
			flow->out_of_memory = true;
			return;
		}
		flow->todo = grown;
	}
	flow->todo[flow->todo_cnt++] = (struct place) { part, index };
}

static uint64_t target_of(const struct code_part *part, const struct code_insn *insn)
{
	return part->vaddr + (uint64_t)insn->target;
}

static struct code_part *part_at(struct code *code, uint64_t vaddr)
{
	for (size_t i = 0; i < code->part_cnt; i++) {
		if (vaddr - code->parts[i].vaddr < code->parts[i].sz)
			return &code->parts[i];
	}
	return NULL;
}

const struct code_part *code__part_at(const struct code *code, uint64_t vaddr)
{
	return part_at((struct code *)code, vaddr);
}

/* A jump into the middle of an instruction of another part shows that part to be wrongly read. */
static void reach_target(struct flow *flow, uint64_t vaddr, const struct code_frame *frame)
{
	struct code_part *part = part_at(flow->code, vaddr);
	struct code_insn *insn = part ? code_part__land(part, vaddr - part->vaddr) : NULL;

	if (insn)
		reach(flow, part, (size_t)(insn - part->insns), frame);
}

static void reach_targets(struct flow *flow, const struct code_part *part,
			  const struct code_insn *insn, const struct code_frame *frame)
{
	const uint64_t *vaddrs;
	uint64_t one;
	size_t cnt = code_part__targets(part, insn, &one, &vaddrs);

	for (size_t i = 0; i < cnt; i++)
		reach_target(flow, vaddrs[i], frame);
}

/* Each instruction returns to the list a few times at most, whenever less becomes known about it.
 */
static void follow(struct flow *flow)
{
	while (flow->todo_cnt > 0 && !flow->out_of_memory) {
		struct place at = flow->todo[--flow->todo_cnt];
		const struct code_insn *insn = &at.part->insns[at.index];
		struct code_frame after = at.part->frames[at.index];

		code_frame__step(&after, insn);
		if (!code_insn__ends_block(insn) && at.index + 1 < at.part->cnt)
			reach(flow, at.part, at.index + 1, &after);
		reach_targets(flow, at.part, insn, &after);
	}
}

bool code__frame_from_cfi(const struct code *code, uint64_t vaddr, struct code_frame *ret_frame)
{
	const struct code_arch *arch = code->reader->arch;
	struct code_frame frame = { .seen = true };
	struct eh_frame *frames;
	struct eh_cfa cfa;

	if (code_reader__frames(code->reader, &frames) != 0 ||
	    !eh_frame__cfa(frames, vaddr, &cfa) || cfa.offset < INT32_MIN || cfa.offset > INT32_MAX)
		return false;
	if (cfa.reg == arch->sp_dwarf) {
		frame.sp_is = CODE_SP_EXACT;
		frame.sp = arch->cfa_bias - cfa.offset;
	} else if (cfa.reg == arch->fp_dwarf) {
		frame.fp_known = true;
		frame.fp = arch->cfa_bias - cfa.offset;
	} else {
		return false;
	}
	*ret_frame = frame;
	return true;
}

/*
 * Code that no direct way leads to is come to by an indirect jump, or by an exception out of a
 * call: with the frame that is there, if all of them have the same.
 */
static bool find_common_frame(const struct code *code, struct code_frame *ret_frame)
{
	struct code_frame common = {};

	for (size_t p = 0; p < code->part_cnt; p++) {
		const struct code_part *part = &code->parts[p];

		for (size_t i = 0; i < part->cnt; i++) {
			const struct code_insn *insn = &part->insns[i];
			bool source = insn->kind == CODE_CALL ||
				      (insn->kind == CODE_INDIRECT && !insn->table);

			if (source && part->frames[i].seen)
				merge_frame(&common, &part->frames[i]);
		}
	}
	*ret_frame = common;
	return common.seen && common.sp_is == CODE_SP_EXACT;
}

/* .eh_frame has the frame of every instruction, but tells it by one register only. */
static bool find_unseen_frame(const struct code *code, const struct code_frame *common,
			      bool has_common, uint64_t vaddr, struct code_frame *ret_frame)
{
	struct eh_frame *frames;
	struct eh_range range;

	if (!code__frame_from_cfi(code, vaddr, ret_frame)) {
		*ret_frame = *common;
		return has_common && code_reader__frames(code->reader, &frames) == 0 &&
		       !eh_frame__find(frames, vaddr, &range);
	}
	if (has_common && common->fp_known && ret_frame->fp_known && common->fp == ret_frame->fp)
		*ret_frame = *common;
	return true;
}

/* Begins anew where nothing led to. What lies between blocks to align them is never run. */
static bool follow_unseen(struct flow *flow)
{
	struct code_frame common, frame;
	bool has_common = find_common_frame(flow->code, &common);
	bool any = false;

	for (size_t p = 0; p < flow->code->part_cnt; p++) {
		struct code_part *part = &flow->code->parts[p];

		for (size_t i = 0; i < part->cnt; i++) {
			if (part->frames[i].seen || part->insns[i].nop ||
			    !find_unseen_frame(flow->code, &common, has_common,
					       part->vaddr + part->insns[i].offset, &frame))
				continue;
			reach(flow, part, i, &frame);
			follow(flow);
			any = true;
		}
	}
	return any;
}

/* ---- other parts ---- */

/* What is left of the range around vaddr without the parts that are known already. */
static void clip(const struct code *code, uint64_t vaddr, struct eh_range *range)
{
	for (size_t i = 0; i < code->part_cnt; i++) {
		uint64_t from = code->parts[i].vaddr, to = from + code->parts[i].sz;
		uint64_t end = range->vaddr + range->size;

		if (to <= vaddr && to > range->vaddr)
			*range = (struct eh_range) { to, end - to };
		else if (from > vaddr && from < end)
			range->size = from - range->vaddr;
	}
}

/* Where a function begins, nothing is on the stack yet. */
static bool begins_nothing(const struct code *code, uint64_t vaddr)
{
	struct code_frame frame;

	return code__frame_from_cfi(code, vaddr, &frame) && !code_frame__is_entry(&frame);
}

/* Does code from vaddr on, for *sz bytes or to where it ends, jump into the function's middle?
 * Another function would not. */
static bool jumps_back(const struct code *code, uint64_t vaddr, uint64_t *sz)
{
	const struct code_part *body = &code->parts[0];
	struct code_part peek;
	bool back = false;

	if (code_part__load(&peek, code->reader, vaddr, *sz < PEEK_MAX_SZ ? *sz : PEEK_MAX_SZ,
			    CODE_EXTENT_REACH, NULL) != 0)
		return false;
	for (size_t i = 0; i < peek.cnt && !back; i++) {
		uint64_t offset = target_of(&peek, &peek.insns[i]) - body->vaddr;

		back = code_insn__jumps(&peek.insns[i]) && offset > 0 && offset < body->sz;
	}
	*sz = peek.decoded_sz;
	code_part__unload(&peek);
	return back;
}

/*
 * The extent of the part of the function that the jump to vaddr enters, if it enters one. The cases
 * of a switch belong to it wherever they are. Otherwise the frame tells, when it is known to be
 * there still; when nothing is known of it, what .eh_frame has at the other end.
 */
static bool find_extent(const struct code *code, const struct code_insn *insn,
			const struct code_frame *frame, uint64_t vaddr, struct eh_range *ret_range)
{
	struct eh_range range = { .vaddr = vaddr, .size = PEEK_MAX_SZ };
	struct eh_frame *frames;
	bool described, enters;
	uint64_t sz;

	if (code_reader__cold_part(code->reader, vaddr, ret_range) == 0) {
		clip(code, vaddr, ret_range);
		return true;
	}
	described = code_reader__frames(code->reader, &frames) == 0 &&
		    eh_frame__find(frames, vaddr, &range);
	clip(code, vaddr, &range);
	sz = range.vaddr + range.size - vaddr;
	enters = jumps_back(code, vaddr, &sz);
	if (!described)
		range.size = sz;
	else if (!enters)
		enters = insn->kind == CODE_INDIRECT || code_frame__is_deep(frame) ||
			 (frame->sp_is != CODE_SP_EXACT && begins_nothing(code, vaddr));
	*ret_range = range;
	return enters;
}

static bool add_part(struct flow *flow, const struct eh_range *range)
{
	struct code *code = flow->code;
	struct code_part *part = &code->parts[code->part_cnt];

	if (code->part_cnt == CODE_PARTS_MAX || range->size == 0 || range->size > COLD_MAX_SZ ||
	    code_part__load(part, code->reader, range->vaddr, range->size, CODE_EXTENT_WHOLE,
			    NULL) != 0)
		return false;
	part->frames = calloc(part->cnt ? part->cnt : 1, sizeof(*part->frames));
	if (!part->frames) {
		code_part__unload(part);
		flow->out_of_memory = true;
		return false;
	}
	code->part_cnt++;
	return true;
}

/* Finds the parts that the jump leads into, if they are not known yet. */
static bool add_parts_of(struct flow *flow, const struct code_part *part, size_t index)
{
	const struct code_insn *insn = &part->insns[index];
	const uint64_t *vaddrs;
	uint64_t one;
	size_t cnt = code_part__targets(part, insn, &one, &vaddrs);
	struct eh_range range;
	bool any = false;

	for (size_t i = 0; i < cnt; i++) {
		if (part_at(flow->code, vaddrs[i]) || flow->code->judged_cnt++ >= JUDGED_MAX ||
		    !find_extent(flow->code, insn, &part->frames[index], vaddrs[i], &range))
			continue;
		any |= add_part(flow, &range);
	}
	return any;
}

/* Looks where the jumps lead that leave what is known so far. Those judged before may lead into
 * what was found since. */
static bool add_parts(struct flow *flow)
{
	struct code *code = flow->code;
	bool any = false;

	for (size_t p = 0; p < code->part_cnt; p++) {
		struct code_part *part = &code->parts[p];

		for (size_t i = 0; i < part->cnt && !flow->out_of_memory; i++) {
			struct code_insn *insn = &part->insns[i];

			if (!part->frames[i].seen)
				continue;
			if (!insn->judged)
				any |= add_parts_of(flow, part, i);
			insn->judged = true;
			/* A jump leaves the frame as it is. */
			reach_targets(flow, part, insn, &part->frames[i]);
		}
	}
	return any || flow->todo_cnt > 0;
}

int code__follow(struct code *code)
{
	struct code_frame entry = { .seen = true, .sp_is = CODE_SP_EXACT };
	struct code_part *body = &code->parts[0];
	struct flow flow = { .code = code };

	body->frames = calloc(body->cnt ? body->cnt : 1, sizeof(*body->frames));
	if (!body->frames)
		return -ENOMEM;
	if (body->cnt)
		reach(&flow, body, 0, &entry);
	do
		follow(&flow);
	while (!flow.out_of_memory && (add_parts(&flow) || follow_unseen(&flow)));
	free(flow.todo);
	return flow.out_of_memory ? -ENOMEM : 0;
}
