/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a function ends: its returns, and the jumps that leave or may leave. */
#include "code_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What the jump at an instruction comes to. */
enum verdict {
	STAYS,
	RETURNS,
	TAIL_CALLS,
	MAY_LEAVE,
	REFUSED,
};

struct search {
	const struct code *code;
	struct code_exits exits;
	size_t room;
	struct fault *why;
	int err;
};

#define refuse_insn(search, part, insn, fmt, ...)                                                  \
	((search)->err = code_refuse(                                                              \
		 part, (search)->why, -EOPNOTSUPP, "\"%s\" at offset 0x%" PRIx32 " " fmt,          \
		 code_part__text(part, insn).text, (insn)->offset, ##__VA_ARGS__),                 \
	 REFUSED)

/*
 * A jump to another function takes the place of a return, so the stack is as it was at the entry.
 * Where nothing is known because a call that does not return seems to run on into what follows it,
 * with a frame that is not its own, .eh_frame knows better.
 */
static enum verdict judge_leaving(struct search *search, const struct code_part *part,
				  const struct code_insn *insn, const struct code_frame *frame)
{
	struct code_frame told;

	if (frame->sp_is != CODE_SP_EXACT &&
	    code__frame_from_cfi(search->code, part->vaddr + insn->offset, &told))
		frame = &told;
	if (!code_frame__is_entry(frame))
		return refuse_insn(search, part, insn,
				   "leaves the function with its stack frame not proven gone");
	return insn->kind == CODE_BRANCH ? MAY_LEAVE : TAIL_CALLS;
}

static enum verdict judge_jump(struct search *search, const struct code_part *part,
			       const struct code_insn *insn, const struct code_frame *frame)
{
	uint64_t target = part->vaddr + (uint64_t)insn->target;

	if (!code__part_at(search->code, target))
		return judge_leaving(search, part, insn, frame);
	if (target != search->code->vaddr)
		return STAYS;
	/* Its beginning is a loop's too. Where the stack grows with each round, those are calls. */
	search->exits.restarts = true;
	/* Go's calls that panic do not come back, so that what is known of the frame behind them is
	 * wrong; only its check of the stack goes back, without a frame. */
	if (frame->seen && !code_frame__is_entry(frame) &&
	    !elf_file__is_go(search->code->reader->file))
		return refuse_insn(search, part, insn,
				   "goes back to the beginning with its stack frame in place");
	return STAYS;
}

static bool table_stays(struct search *search, const struct code_part *part,
			const struct code_insn *insn)
{
	const uint64_t *vaddrs;
	uint64_t one;
	size_t cnt = code_part__targets(part, insn, &one, &vaddrs);

	for (size_t i = 0; i < cnt; i++) {
		if (!code__part_at(search->code, vaddrs[i]) || vaddrs[i] == search->code->vaddr)
			return false;
	}
	return cnt > 0;
}

/* A tail call has the stack as it was at the entry. */
static enum verdict judge_indirect(struct search *search, const struct code_part *part,
				   const struct code_insn *insn, const struct code_frame *frame)
{
	return insn->never_leaves || code_frame__is_deep(frame) || table_stays(search, part, insn)
		       ? STAYS
		       : MAY_LEAVE;
}

/* Pushing an address and returning to it is a jump. */
static enum verdict judge_return(struct search *search, const struct code_part *part,
				 const struct code_insn *insn, const struct code_frame *frame)
{
	if (frame->seen && frame->sp_is == CODE_SP_EXACT && frame->sp != 0)
		return refuse_insn(search, part, insn,
				   "returns with the stack pointer not where it was at the entry");
	return RETURNS;
}

static enum verdict judge(struct search *search, const struct code_part *part, size_t index)
{
	const struct code_insn *insn = &part->insns[index];
	const struct code_frame *frame = &part->frames[index];

	switch (insn->kind) {
	case CODE_PLAIN:
	case CODE_CALL:
	case CODE_TRAP:
		return STAYS;
	case CODE_RETURN:
		return judge_return(search, part, insn, frame);
	case CODE_JUMP:
	case CODE_BRANCH:
		return judge_jump(search, part, insn, frame);
	case CODE_INDIRECT:
		return judge_indirect(search, part, insn, frame);
	default:
		return refuse_insn(search, part, insn, "leaves in a way that is not followed");
	}
}

/* The function without its first byte, as a jump there is a call; and its cold part. */
static enum verdict describe(struct search *search, const struct code_part *part,
			     const struct code_insn *insn, struct code_jump *ret_jump)
{
	struct code_jump jump = { .condition = CODE_ALWAYS };
	const struct code *code = search->code;
	uint64_t here = part->vaddr + insn->offset;

	if (!part->reader->arch->describe(part, insn, &jump))
		return refuse_insn(search, part, insn,
				   "may leave the function in a way that a probe cannot tell");
	if (insn->kind != CODE_INDIRECT) {
		jump.displacement = insn->target - insn->offset;
		*ret_jump = jump;
		return MAY_LEAVE;
	}
	if (code->part_cnt > 2)
		return refuse_insn(search, part, insn,
				   "may leave the function, which has too many parts to tell");
	for (size_t i = 0; i < code->part_cnt; i++) {
		jump.inside[i][0] = (int64_t)(code->parts[i].vaddr - here) + (i == 0);
		jump.inside[i][1] = (int64_t)(code->parts[i].vaddr + code->parts[i].sz - here);
	}
	*ret_jump = jump;
	return MAY_LEAVE;
}

static int add_exit(struct search *search, const struct code_part *part,
		    const struct code_insn *insn, enum verdict verdict)
{
	struct code_exit exit = {
		.offset = (int64_t)(part->vaddr - search->code->vaddr) + insn->offset,
		.kind = verdict == RETURNS	? CODE_EXIT_RETURN
			: verdict == TAIL_CALLS ? CODE_EXIT_TAIL_CALL
						: CODE_EXIT_MAYBE,
		.cost = insn->cost,
	};
	struct code_exits *exits = &search->exits;
	struct code_exit *grown;

	if (verdict == MAY_LEAVE && describe(search, part, insn, &exit.jump) == REFUSED)
		return search->err;
	if (code__check_fit(search->code, part, insn, search->why) != 0)
		return -EOPNOTSUPP;
	if (exits->cnt == search->room) {
		search->room = search->room * 2 + 8;
		grown = reallocarray(exits->items, search->room, sizeof(*grown));
		if (!grown)
			return code_refuse(part, search->why, -ENOMEM, "out of memory");
		exits->items = grown;
	}
	exits->items[exits->cnt++] = exit;
	exits->tail_call_cnt += exit.kind == CODE_EXIT_TAIL_CALL;
	exits->maybe_cnt += exit.kind == CODE_EXIT_MAYBE;
	return 0;
}

/* Running on past the end means that the size is wrong. A last call is one that never returns. */
static int check_end(const struct code_part *part, struct fault *why)
{
	size_t i = part->cnt;

	while (i > 0 && part->insns[i - 1].nop)
		i--;
	if (i > 0 &&
	    (code_insn__ends_block(&part->insns[i - 1]) || part->insns[i - 1].kind == CODE_CALL))
		return 0;
	return code_refuse(part, why, -EOPNOTSUPP,
			   "the function runs on past its end (0x%zx bytes)", part->sz);
}

static int check_whole(const struct code_part *part, uint64_t size, struct fault *why)
{
	if (part->decoded_sz < size)
		return code_refuse(part, why, -EOPNOTSUPP,
				   "the bytes at offset 0x%zx are no instruction that Capstone "
				   "knows",
				   part->decoded_sz);
	if (part->split)
		return code_refuse(part, why, -EOPNOTSUPP,
				   "the function jumps into the middle of \"%s\" at offset "
				   "0x%" PRIx32,
				   code_part__text(part, part->split).text, part->split->offset);
	if (part->data_from < part->sz)
		return code_refuse(part, why, -EOPNOTSUPP,
				   "the function refers to its own bytes at offset 0x%zx, which "
				   "may be data",
				   part->data_from);
	return check_end(part, why);
}

static int collect(struct search *search, const struct code_part *part)
{
	int err = 0;

	for (size_t i = 0; !err && i < part->cnt; i++) {
		enum verdict verdict = judge(search, part, i);

		if (verdict == REFUSED)
			err = search->err;
		else if (verdict != STAYS)
			err = add_exit(search, part, &part->insns[i], verdict);
	}
	return err;
}

static int find_exits(struct search *search)
{
	const struct code *code = search->code;
	const struct code_part *body = &code->parts[0];
	int err;

	err = check_whole(body, code->size, search->why);
	for (size_t i = 1; !err && i < code->part_cnt; i++)
		err = check_whole(&code->parts[i], code->parts[i].sz, search->why);
	for (size_t i = 0; !err && i < code->part_cnt; i++)
		err = collect(search, &code->parts[i]);
	return err;
}

int code__find_exits(const struct code *code, struct code_exits *ret_exits, struct fault *why)
{
	struct search search = { .code = code, .why = why };
	int err;

	if (!code->size)
		return code_refuse(&code->parts[0], why, -EOPNOTSUPP,
				   "the symbol has no size, so its exits are not known");
	err = find_exits(&search);
	if (err)
		code_exits__free(&search.exits);
	else
		*ret_exits = search.exits;
	return err;
}

void code_exits__free(struct code_exits *exits)
{
	if (!exits)
		return;
	free(exits->items);
	*exits = (struct code_exits) {};
}
