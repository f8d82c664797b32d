/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "code_map.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest functions known (interpreter loops, generated parsers) have about 1 MiB. */
#define FUNCTION_MAX_SZ (16u << 20)

#define X86_LOCK_PREFIX 0xf0

static int open_decoder(struct code_map *map, struct fault *why)
{
	cs_err err;

	switch (elf_file__machine(map->file)) {
	case EM_X86_64:
		map->arch = &code_x86;
		err = cs_open(CS_ARCH_X86, CS_MODE_64, &map->capstone);
		break;
	case EM_AARCH64:
		map->arch = &code_arm64;
		err = cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &map->capstone);
		break;
	default:
		return fault__set(why, -EINVAL,
				  "%s: code for machine %u cannot be read (only x86-64 and arm64)",
				  elf_file__path(map->file), elf_file__machine(map->file));
	}
	if (err != CS_ERR_OK)
		return fault__set(why, -EINVAL, "%s: Capstone cannot read %s code: %s",
				  elf_file__path(map->file), map->arch->name, cs_strerror(err));
	cs_option(map->capstone, CS_OPT_DETAIL, CS_OPT_ON);
	map->scratch = cs_malloc(map->capstone);
	return map->scratch ? 0 : -ENOMEM;
}

static int read_bytes(struct code_map *map, uint64_t sz, struct fault *why)
{
	ssize_t n;

	if (sz > FUNCTION_MAX_SZ)
		return fault__set(why, -EINVAL,
				  "%s: a function of %" PRIu64 " bytes cannot be right",
				  elf_file__path(map->file), sz);
	map->bytes = malloc(sz ? sz : 1);
	if (!map->bytes)
		return -ENOMEM;
	n = elf_file__read(map->file, map->vaddr, map->bytes, sz);
	if (n <= 0)
		return fault__set(why, -EINVAL, "%s: there is no code at 0x%" PRIx64,
				  elf_file__path(map->file), map->vaddr);
	map->sz = (size_t)n;
	return 0;
}

static int add_insn(struct code_map *map, const struct code_insn *insn, size_t *room)
{
	struct code_insn *insns = map->insns;

	if (map->cnt == *room) {
		*room = *room * 2 + 16;
		insns = reallocarray(insns, *room, sizeof(*insns));
		if (!insns)
			return -ENOMEM;
		map->insns = insns;
	}
	insns[map->cnt++] = *insn;
	return 0;
}

static int decode_all(struct code_map *map)
{
	size_t room = 0;
	int err;

	while (map->decoded_sz < map->sz) {
		struct code_insn insn = { .offset = (uint32_t)map->decoded_sz };

		if (!map->arch->decode(map, &insn) || insn.size == 0 ||
		    insn.size > map->sz - map->decoded_sz)
			break;
		err = add_insn(map, &insn, &room);
		if (err)
			return err;
		map->decoded_sz += insn.size;
	}
	return 0;
}

/*
 * Decoding in a straight line is right as long as the function agrees with it: no jump of its own
 * may land within an instruction, and nothing that it reads as data counts as code. The one jump
 * that may is hand-written: past the LOCK prefix of an instruction, where there is one thread.
 */
static void check_targets(struct code_map *map)
{
	map->data_from = map->sz;
	for (size_t i = 0; i < map->cnt; i++) {
		const struct code_insn *insn = &map->insns[i], *hit;
		uint64_t target = (uint64_t)insn->target;

		if (!insn->has_target || insn->target < 0 || target >= map->decoded_sz)
			continue;
		if (insn->reads_code) {
			/* A function that passes its own address on reads nothing. */
			if (target > 0 && target < map->data_from)
				map->data_from = target;
			continue;
		}
		hit = code_map__at(map, target);
		if (hit->offset == target ||
		    (target == hit->offset + 1u && map->bytes[hit->offset] == X86_LOCK_PREFIX))
			continue;
		if (!map->split || hit->offset < map->split->offset)
			map->split = hit;
	}
}

int code_map__load(struct code_map *map, const struct elf_file *file, uint64_t vaddr, uint64_t sz,
		   struct fault *why)
{
	int err;

	*map = (struct code_map) { .file = file, .vaddr = vaddr };
	err = open_decoder(map, why);
	if (!err)
		err = read_bytes(map, sz, why);
	if (!err)
		err = decode_all(map);
	if (err == -ENOMEM)
		fault__set(why, err, "%s: out of memory", elf_file__path(file));
	if (err)
		code_map__unload(map);
	else
		check_targets(map);
	return err;
}

void code_map__unload(struct code_map *map)
{
	if (map->scratch)
		cs_free(map->scratch, 1);
	if (map->capstone)
		cs_close(&map->capstone);
	free(map->bytes);
	free(map->insns);
	*map = (struct code_map) {};
}

const struct code_insn *code_map__at(const struct code_map *map, uint64_t offset)
{
	size_t low = 0, high = map->cnt;

	if (offset >= map->decoded_sz)
		return NULL;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (map->insns[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return &map->insns[low];
}

const cs_insn *code_map__decode(const struct code_map *map, uint32_t offset)
{
	const uint8_t *at = map->bytes + offset;
	uint64_t vaddr = map->vaddr + offset;
	size_t left = map->sz - offset;

	return cs_disasm_iter(map->capstone, &at, &left, &vaddr, map->scratch) ? map->scratch
									       : NULL;
}

struct code_text code_map__text(const struct code_map *map, const struct code_insn *insn)
{
	const cs_insn *cs = code_map__decode(map, insn->offset);
	struct code_text text;

	if (!cs)
		snprintf(text.text, sizeof(text.text), "an instruction unknown to Capstone");
	else
		snprintf(text.text, sizeof(text.text), "%s%s%.40s", cs->mnemonic,
			 cs->op_str[0] ? " " : "", cs->op_str);
	return text;
}
