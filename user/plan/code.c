/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel does not check, this does: a probe is a breakpoint written over the first byte
 * of an instruction. Within one it changes the program; after the stack pointer has moved, a return
 * probe overwrites something else than the return address.
 */
#include "code.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "code_map.h"

/* Longer than any instruction: what has to be read past an offset to decode the one there. */
#define INSN_MAX_SZ 16

/* The number of instructions between a load-exclusive and its store: the architecture promises
 * progress for sequences of up to 128 bytes. */
#define EXCLUSIVE_MAX_CNT 32

/* Sets "file: 0xADDRESS: ..." */
#define refuse(map, why, err, fmt, ...)                                                            \
	fault__set(why, err, "%s: code at 0x%" PRIx64 ": " fmt, elf_file__path((map)->file),       \
		   (map)->vaddr, ##__VA_ARGS__)

static int refuse_middle(const struct code_map *map, const struct code_insn *insn, uint64_t offset,
			 struct fault *why)
{
	return refuse(map, why, -EINVAL,
		      "offset 0x%" PRIx64 " lies within the instruction \"%s\" (use 0x%" PRIx32
		      ", where it begins, or 0x%" PRIx32 ", the next)",
		      offset, code_map__text(map, insn).text, insn->offset,
		      insn->offset + insn->size);
}

/* A probe between a load-exclusive and its store-exclusive makes the store fail, each time: the
 * program would try again for ever. */
static bool within_exclusive(const struct code_map *map, const struct code_insn *insn)
{
	for (size_t i = 0; i < EXCLUSIVE_MAX_CNT && insn > map->insns; i++) {
		insn--;
		if (insn->opens_exclusive)
			return true;
		if (insn->shuts_exclusive)
			return false;
	}
	return false;
}

static int check_fit(const struct code_map *map, const struct code_insn *insn, struct fault *why)
{
	const char *reason = insn->unfit;

	if (!reason && within_exclusive(map, insn))
		reason = "it is in an exclusive sequence, which a probe would never let succeed";
	if (!reason)
		return 0;
	return refuse(map, why, -EINVAL,
		      "the instruction \"%s\" at offset 0x%" PRIx32
		      " cannot be probed: %s (choose another)",
		      code_map__text(map, insn).text, insn->offset, reason);
}

/* Without a size, only what straight-line execution reaches is proven. */
static int check_straight(const struct code_map *map, uint64_t offset, struct fault *why)
{
	for (size_t i = 0; i < map->cnt && map->insns[i].offset < offset; i++) {
		const struct code_insn *insn = &map->insns[i];

		if (code_insn__ends_block(insn))
			return refuse(map, why, -EINVAL,
				      "offset 0x%" PRIx64 " comes after \"%s\" at 0x%" PRIx32
				      ", and the symbol has no size to tell whether that is still "
				      "the function",
				      offset, code_map__text(map, insn).text, insn->offset);
	}
	return 0;
}

static int check_boundary(const struct code_map *map, uint64_t offset, struct fault *why)
{
	const struct code_insn *insn = code_map__at(map, offset);

	if (!insn)
		return refuse(map, why, -EINVAL,
			      "offset 0x%" PRIx64
			      " is not proven to begin an instruction: the bytes "
			      "at 0x%zx are none that Capstone knows",
			      offset, map->decoded_sz);
	if (insn->offset != offset)
		return refuse_middle(map, insn, offset, why);
	if (offset > 0 && map->split && map->split->offset <= offset)
		return refuse(map, why, -EINVAL,
			      "offset 0x%" PRIx64 " is not proven to begin an instruction: the "
			      "function jumps into the middle of \"%s\" at 0x%" PRIx32,
			      offset, code_map__text(map, map->split).text, map->split->offset);
	if (offset >= map->data_from)
		return refuse(map, why, -EINVAL,
			      "offset 0x%" PRIx64 " may be data: the function refers to its own "
			      "bytes at 0x%zx",
			      offset, map->data_from);
	return check_fit(map, insn, why);
}

int code_check_boundary(const struct elf_file *file, uint64_t vaddr, uint64_t size, uint64_t offset,
			struct fault *why)
{
	struct code_map map;
	int err;

	if (size > 0 && offset >= size)
		return fault__set(why, -EINVAL,
				  "%s: code at 0x%" PRIx64 ": offset 0x%" PRIx64
				  " lies past the end of the function (it has 0x%" PRIx64 " bytes)",
				  elf_file__path(file), vaddr, offset, size);
	if (offset > UINT32_MAX)
		return fault__set(why, -EINVAL, "%s: offset 0x%" PRIx64 " cannot be right",
				  elf_file__path(file), offset);
	err = code_map__load(&map, file, vaddr, size ? size : offset + INSN_MAX_SZ, why);
	if (err)
		return err;
	err = size ? 0 : check_straight(&map, offset, why);
	if (!err)
		err = check_boundary(&map, offset, why);
	code_map__unload(&map);
	return err;
}

static int check_head(const struct code_map *map, uint64_t offset, struct fault *why)
{
	for (size_t i = 0; i < map->cnt && map->insns[i].offset < offset; i++) {
		const struct code_insn *insn = &map->insns[i];
		const char *reason = map->arch->moves_return(map, insn);

		if (reason)
			return refuse(map, why, -EINVAL,
				      "no return probe at offset 0x%" PRIx64
				      ": \"%s\" at 0x%" PRIx32 " comes first, and %s",
				      offset, code_map__text(map, insn).text, insn->offset, reason);
	}
	return 0;
}

/*
 * A jump back to the probe, or to what leads there, would hide the return address once more. An
 * indirect jump may go anywhere but to the very entry, which is left to calls: a jump there with a
 * frame in place would be wrong in itself.
 */
static int check_no_way_back(const struct code_map *map, uint64_t offset, struct fault *why)
{
	for (size_t i = 0; i < map->cnt; i++) {
		const struct code_insn *insn = &map->insns[i];
		uint64_t target = (uint64_t)insn->target;
		bool jumps = insn->kind == CODE_BRANCH || insn->kind == CODE_JUMP;

		if (jumps && insn->target >= 0 && target <= offset && (target > 0 || offset == 0))
			return refuse(map, why, -EINVAL,
				      "no return probe at offset 0x%" PRIx64
				      ": \"%s\" at 0x%" PRIx32 " jumps back to 0x%" PRIx64,
				      offset, code_map__text(map, insn).text, insn->offset, target);
		if (insn->kind == CODE_INDIRECT && offset > 0)
			return refuse(map, why, -EINVAL,
				      "no return probe at offset 0x%" PRIx64
				      ": \"%s\" at 0x%" PRIx32 " may jump back to it",
				      offset, code_map__text(map, insn).text, insn->offset);
	}
	return 0;
}

static int refuse_unknown(const struct code_map *map, int err, struct fault *why)
{
	return refuse(map, why, err,
		      "the bytes at offset 0x%zx are no instruction that Capstone knows",
		      map->decoded_sz);
}

/* The whole function has to be known: a jump in a part that is not could lead anywhere. */
static int check_return_intact(const struct code_map *map, uint64_t size, uint64_t offset,
			       struct fault *why)
{
	int err;

	if (map->decoded_sz < size)
		return refuse_unknown(map, -EINVAL, why);
	err = check_boundary(map, offset, why);
	if (!err)
		err = check_head(map, offset, why);
	return err ? err : check_no_way_back(map, offset, why);
}

int code_check_return_intact(const struct elf_file *file, uint64_t vaddr, uint64_t size,
			     uint64_t offset, struct fault *why)
{
	struct code_map map;
	int err;

	if (size == 0)
		return fault__set(why, -EINVAL,
				  "%s: code at 0x%" PRIx64
				  ": the symbol has no size, so its jumps are not known",
				  elf_file__path(file), vaddr);
	if (offset >= size)
		return code_check_boundary(file, vaddr, size, offset, why);
	err = code_map__load(&map, file, vaddr, size, why);
	if (err)
		return err;
	err = check_return_intact(&map, size, offset, why);
	code_map__unload(&map);
	return err;
}

static bool leaves(const struct code_map *map, const struct code_insn *insn)
{
	return insn->target < 0 || (uint64_t)insn->target >= map->sz;
}

/* What is known at a place that several ways lead to is what all of them agree on. */
static bool merge_frame(struct code_frame *into, const struct code_frame *from)
{
	struct code_frame before = *into;

	if (!into->seen) {
		*into = *from;
		into->seen = true;
		return true;
	}
	into->sp_known = before.sp_known && from->sp_known && before.sp == from->sp;
	into->fp_known = before.fp_known && from->fp_known && before.fp == from->fp;
	return into->sp_known != before.sp_known || into->fp_known != before.fp_known;
}

/* Follows all ways from the first entry on the list. Each instruction returns to the list at most
 * three times, when less becomes known about it; todo has room for that. */
static void follow(const struct code_map *map, struct code_frame *frames, size_t *todo)
{
	size_t todo_cnt = 1;

	while (todo_cnt > 0) {
		size_t i = todo[--todo_cnt];
		const struct code_insn *insn = &map->insns[i];
		struct code_frame after = frames[i];

		map->arch->step(map, insn, &after);
		if (!code_insn__ends_block(insn) && i + 1 < map->cnt &&
		    merge_frame(&frames[i + 1], &after))
			todo[todo_cnt++] = i + 1;
		if ((insn->kind == CODE_BRANCH || insn->kind == CODE_JUMP) && !leaves(map, insn)) {
			size_t to =
				(size_t)(code_map__at(map, (uint64_t)insn->target) - map->insns);

			if (merge_frame(&frames[to], &after))
				todo[todo_cnt++] = to;
		}
	}
}

/* The frame before each instruction; malloced, NULL without memory. */
static struct code_frame *find_frames(const struct code_map *map)
{
	struct code_frame *frames = calloc(map->cnt, sizeof(*frames));
	size_t *todo = calloc(map->cnt, 3 * sizeof(*todo));

	if (frames && todo) {
		frames[0] = (struct code_frame) { .seen = true, .sp_known = true };
		follow(map, frames, todo);
	} else {
		free(frames);
		frames = NULL;
	}
	free(todo);
	return frames;
}

/*
 * A jump to another function takes the place of a return, so the stack is as it was at the entry.
 * A jump to a part of this one that lies elsewhere (GCC's .cold, where exceptions are handled)
 * looks the same but for the frame, which is still there.
 */
static int check_tail_call(const struct code_map *map, const struct code_insn *insn,
			   const struct code_frame *frame, struct fault *why)
{
	if (frame->seen && frame->sp_known && frame->sp == 0)
		return 0;
	return refuse(map, why, -EOPNOTSUPP,
		      "\"%s\" at offset 0x%" PRIx32
		      " leaves the function with its stack frame not proven gone",
		      code_map__text(map, insn).text, insn->offset);
}

static bool enters_cold_part(const struct code_map *map, const struct code_insn *insn)
{
	return insn->target >= map->cold_from &&
	       (uint64_t)(insn->target - map->cold_from) < map->cold_sz;
}

/* 1: an exit, 0: none, negative: refused. */
static int judge(const struct code_map *map, const struct code_insn *insn,
		 const struct code_frame *frame, struct fault *why)
{
	const char *reason = NULL;
	int err = 0;

	switch (insn->kind) {
	case CODE_RETURN:
		break;
	case CODE_JUMP:
		if (!leaves(map, insn) || enters_cold_part(map, insn))
			return 0;
		err = check_tail_call(map, insn, frame, why);
		break;
	case CODE_BRANCH:
		if (!leaves(map, insn) || enters_cold_part(map, insn))
			return 0;
		reason = "may leave the function or stay";
		break;
	case CODE_INDIRECT:
		reason = "may be a jump table or leave the function";
		break;
	case CODE_STRANGE:
		reason = "leaves in a way that is not followed";
		break;
	default:
		return 0;
	}
	if (reason)
		return refuse(map, why, -EOPNOTSUPP, "\"%s\" at offset 0x%" PRIx32 " %s",
			      code_map__text(map, insn).text, insn->offset, reason);
	if (!err && check_fit(map, insn, why) != 0)
		err = -EOPNOTSUPP;
	return err ? err : 1;
}

static int collect_exits(const struct code_map *map, const struct code_frame *frames,
			 struct code_exits *exits, struct fault *why)
{
	for (size_t i = 0; i < map->cnt; i++) {
		int verdict = judge(map, &map->insns[i], &frames[i], why);

		if (verdict < 0)
			return verdict;
		if (verdict == 0)
			continue;
		exits->offsets[exits->cnt++] = map->insns[i].offset;
		exits->tail_call_cnt += map->insns[i].kind == CODE_JUMP;
	}
	return 0;
}

/* Does a jump out of the cold part lead back to an instruction of the function? */
static bool leads_back(const struct code_map *map, const struct code_insn *insn)
{
	const struct code_insn *to;
	int64_t target = insn->target + map->cold_from;

	if (target < 0 || (uint64_t)target >= map->sz)
		return false;
	to = code_map__at(map, (uint64_t)target);
	return to && to->offset == (uint64_t)target;
}

/* As judge, for an instruction of the cold part. A tail call is refused: whether the stack frame is
 * gone there is not followed. */
static int judge_cold(const struct code_map *map, const struct code_map *cold,
		      const struct code_insn *insn, struct fault *why)
{
	switch (insn->kind) {
	case CODE_RETURN:
		return check_fit(cold, insn, why) ? -EOPNOTSUPP : 1;
	case CODE_JUMP:
	case CODE_BRANCH:
		if (!leaves(cold, insn) || leads_back(map, insn))
			return 0;
		break;
	case CODE_INDIRECT:
	case CODE_STRANGE:
		break;
	default:
		return 0;
	}
	return refuse(cold, why, -EOPNOTSUPP, "\"%s\" at offset 0x%" PRIx32 " leaves the cold part",
		      code_map__text(cold, insn).text, insn->offset);
}

/* The exits in the cold part, appended to those of the function. */
static int collect_cold_exits(const struct code_map *map, const struct code_map *cold,
			      struct code_exits *exits, struct fault *why)
{
	uint64_t *grown = reallocarray(exits->offsets, exits->cnt + cold->cnt, sizeof(*grown));

	if (!grown)
		return refuse(map, why, -ENOMEM, "out of memory");
	exits->offsets = grown;
	for (size_t i = 0; i < cold->cnt; i++) {
		int verdict = judge_cold(map, cold, &cold->insns[i], why);

		if (verdict < 0)
			return verdict;
		if (verdict > 0)
			exits->offsets[exits->cnt++] =
				(uint64_t)map->cold_from + cold->insns[i].offset;
	}
	return 0;
}

/* Running on past the end means that the size is wrong. A last call is one that never returns. */
static int check_end(const struct code_map *map, struct fault *why)
{
	size_t i = map->cnt;

	while (i > 0 && map->insns[i - 1].nop)
		i--;
	if (i > 0 &&
	    (code_insn__ends_block(&map->insns[i - 1]) || map->insns[i - 1].kind == CODE_CALL))
		return 0;
	return refuse(map, why, -EOPNOTSUPP, "the function runs on past its end (0x%zx bytes)",
		      map->sz);
}

static int check_whole(const struct code_map *map, uint64_t size, struct fault *why)
{
	if (map->decoded_sz < size)
		return refuse_unknown(map, -EOPNOTSUPP, why);
	if (map->split)
		return refuse(map, why, -EOPNOTSUPP,
			      "the function jumps into the middle of \"%s\" at offset 0x%" PRIx32,
			      code_map__text(map, map->split).text, map->split->offset);
	if (map->data_from < map->sz)
		return refuse(map, why, -EOPNOTSUPP,
			      "the function refers to its own bytes at offset 0x%zx, which may be "
			      "data",
			      map->data_from);
	return check_end(map, why);
}

static int find_cold_exits(const struct code_map *map, struct code_exits *exits, struct fault *why)
{
	struct code_map cold;
	int err;

	err = code_map__load(&cold, map->file, map->vaddr + (uint64_t)map->cold_from, map->cold_sz,
			     why);
	if (err)
		return err == -EINVAL ? -EOPNOTSUPP : err;
	err = check_whole(&cold, map->cold_sz, why);
	if (!err)
		err = collect_cold_exits(map, &cold, exits, why);
	code_map__unload(&cold);
	return err;
}

/* Looks where the jumps out of the function lead. */
static void find_cold_part(struct code_map *map, const char *name)
{
	uint64_t vaddr;

	for (size_t i = 0; i < map->cnt && !map->cold_sz; i++) {
		const struct code_insn *insn = &map->insns[i];

		if ((insn->kind != CODE_JUMP && insn->kind != CODE_BRANCH) || !leaves(map, insn))
			continue;
		if (elf_file__cold_part(map->file, name, map->vaddr + (uint64_t)insn->target,
					&vaddr, &map->cold_sz) == 0)
			map->cold_from = (int64_t)(vaddr - map->vaddr);
	}
}

static int find_exits(const struct code_map *map, uint64_t size, struct code_exits *exits,
		      struct fault *why)
{
	struct code_frame *frames;
	int err;

	err = check_whole(map, size, why);
	if (err)
		return err;
	frames = find_frames(map);
	exits->offsets = calloc(map->cnt, sizeof(*exits->offsets));
	if (frames && exits->offsets)
		err = collect_exits(map, frames, exits, why);
	else
		err = refuse(map, why, -ENOMEM, "out of memory");
	free(frames);
	if (!err && map->cold_sz)
		err = find_cold_exits(map, exits, why);
	if (!err && exits->cnt == 0)
		err = refuse(map, why, -EOPNOTSUPP,
			     "the function never returns: it has no return instruction and no "
			     "jump to another function");
	return err;
}

int code_find_exits(const struct elf_file *file, const char *name, uint64_t vaddr, uint64_t size,
		    struct code_exits *ret_exits, struct fault *why)
{
	struct code_exits exits = {};
	struct code_map map;
	int err;

	if (size == 0)
		return fault__set(why, -EOPNOTSUPP,
				  "%s: code at 0x%" PRIx64
				  ": the symbol has no size, so its exits are not known",
				  elf_file__path(file), vaddr);
	err = code_map__load(&map, file, vaddr, size, why);
	if (err == -EINVAL)
		return -EOPNOTSUPP;
	if (err)
		return err;
	find_cold_part(&map, name);
	err = find_exits(&map, size, &exits, why);
	code_map__unload(&map);
	if (err)
		code_exits__free(&exits);
	else
		*ret_exits = exits;
	return err;
}

void code_exits__free(struct code_exits *exits)
{
	if (!exits)
		return;
	free(exits->offsets);
	*exits = (struct code_exits) {};
}
