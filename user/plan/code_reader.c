/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "code_private.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The largest functions known (interpreter loops, generated parsers) have about 1 MiB. */
#define FUNCTION_MAX_SZ (16u << 20)

/* Interpreters have one for each of their loops. */
#define TABLES_MAX 1024

#define X86_LOCK_PREFIX 0xf0

static int open_decoder(struct code_reader *reader, struct fault *why)
{
	cs_err err;

	switch (elf_file__machine(reader->file)) {
	case EM_X86_64:
		reader->arch = &code_x86;
		err = cs_open(CS_ARCH_X86, CS_MODE_64, &reader->capstone);
		break;
	case EM_AARCH64:
		reader->arch = &code_arm64;
		err = cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &reader->capstone);
		break;
	default:
		return fault__set(why, -EINVAL,
				  "%s: code for machine %u cannot be read (only x86-64 and arm64)",
				  elf_file__path(reader->file), elf_file__machine(reader->file));
	}
	if (err != CS_ERR_OK)
		return fault__set(why, -EINVAL, "%s: Capstone cannot read %s code: %s",
				  elf_file__path(reader->file), reader->arch->name,
				  cs_strerror(err));
	cs_option(reader->capstone, CS_OPT_DETAIL, CS_OPT_ON);
	reader->scratch = cs_malloc(reader->capstone);
	return reader->scratch ? 0
			       : fault__set(why, -ENOMEM, "%s: out of memory",
					    elf_file__path(reader->file));
}

int code_reader__new(const struct elf_file *file, struct code_reader **ret_reader,
		     struct fault *why)
{
	struct code_reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return fault__set(why, -ENOMEM, "%s: out of memory", elf_file__path(file));
	reader->file = file;
	err = open_decoder(reader, why);
	if (err)
		code_reader__free(reader);
	else
		*ret_reader = reader;
	return err;
}

void code_reader__free(struct code_reader *reader)
{
	if (!reader)
		return;
	if (reader->scratch)
		cs_free(reader->scratch, 1);
	if (reader->capstone)
		cs_close(&reader->capstone);
	eh_frame__free(reader->frames);
	elf_cold_parts__free(&reader->cold);
	free(reader);
}

int code_reader__frames(struct code_reader *reader, struct eh_frame **ret_frames)
{
	int err = reader->frames ? 0 : eh_frame__new(reader->file, &reader->frames);

	if (!err)
		*ret_frames = reader->frames;
	return err;
}

int code_reader__cold_part(struct code_reader *reader, uint64_t vaddr, struct eh_range *ret_range)
{
	const struct elf_cold_part *part;
	int err = 0;

	if (!reader->cold_loaded)
		err = elf_file__cold_parts(reader->file, &reader->cold);
	if (err)
		return err;
	reader->cold_loaded = true;
	part = elf_cold_parts__find(&reader->cold, vaddr);
	if (!part)
		return -ENOENT;
	*ret_range = (struct eh_range) { .vaddr = part->vaddr, .size = part->size };
	return 0;
}

static int read_bytes(struct code_part *part, uint64_t sz, struct fault *why)
{
	const struct elf_file *file = part->reader->file;
	ssize_t n;

	if (sz > FUNCTION_MAX_SZ)
		return fault__set(why, -EINVAL,
				  "%s: a function of %" PRIu64 " bytes cannot be right",
				  elf_file__path(file), sz);
	part->bytes = malloc(sz ? sz : 1);
	if (!part->bytes)
		return -ENOMEM;
	n = elf_file__read(file, part->vaddr, part->bytes, sz);
	if (n <= 0)
		return fault__set(why, -EINVAL, "%s: there is no code at 0x%" PRIx64,
				  elf_file__path(file), part->vaddr);
	part->sz = (size_t)n;
	return 0;
}

static int add_insn(struct code_part *part, const struct code_insn *insn, size_t *room)
{
	struct code_insn *insns = part->insns;

	if (part->cnt == *room) {
		/* Instructions have about four bytes. */
		*room = *room ? *room * 2 : part->sz / 4 + 4;
		insns = reallocarray(insns, *room, sizeof(*insns));
		if (!insns)
			return -ENOMEM;
		part->insns = insns;
	}
	insns[part->cnt++] = *insn;
	return 0;
}

static bool is_last(const struct code_insn *insn, enum code_extent extent, int64_t *reach)
{
	if (extent == CODE_EXTENT_WHOLE)
		return false;
	if (extent == CODE_EXTENT_REACH && code_insn__jumps(insn) && insn->target > *reach)
		*reach = insn->target;
	return code_insn__ends_block(insn) && *reach <= insn->offset;
}

static int decode_all(struct code_part *part, enum code_extent extent)
{
	size_t room = 0;
	int64_t reach = 0;
	bool last = false;
	int err;

	while (part->decoded_sz < part->sz && !last) {
		struct code_insn insn = { .offset = (uint32_t)part->decoded_sz };

		if (!part->reader->arch->decode(part, &insn) || insn.size == 0 ||
		    insn.size > part->sz - part->decoded_sz)
			break;
		err = add_insn(part, &insn, &room);
		if (err)
			return err;
		part->decoded_sz += insn.size;
		last = is_last(&insn, extent, &reach);
	}
	/* What lies behind the last one is none of it. */
	if (last)
		part->sz = part->decoded_sz;
	return 0;
}

/*
 * Taking the address of an own instruction is how jump tables find their targets: the place behind
 * the jump, or one that code runs on into.
 */
static bool is_label(const struct code_part *part, uint64_t offset)
{
	const struct code_insn *insn = code_part__at(part, offset);

	if (!insn || insn->offset != offset || insn == part->insns)
		return false;
	return !code_insn__ends_block(&insn[-1]) || insn[-1].kind == CODE_INDIRECT;
}

/* There is one jump into an instruction that is meant: past a LOCK prefix, where there is only one
 * thread. That is hand-written. */
static bool is_landing(const struct code_part *part, const struct code_insn *insn, uint64_t offset)
{
	return insn->offset == offset ||
	       (offset == insn->offset + 1u && part->reader->arch == &code_x86 &&
		part->bytes[insn->offset] == X86_LOCK_PREFIX);
}

struct code_insn *code_part__land(struct code_part *part, uint64_t offset)
{
	struct code_insn *insn = code_part__at(part, offset);

	if (!insn)
		return NULL;
	insn->targeted = true;
	if (!is_landing(part, insn, offset) && (!part->split || insn->offset < part->split->offset))
		part->split = insn;
	return insn;
}

/*
 * Decoding in a straight line is right as long as the function agrees with it: no jump of its own
 * may land within an instruction, and nothing that it reads as data counts as code.
 */
static void check_targets(struct code_part *part)
{
	part->data_from = part->sz;
	for (size_t i = 0; i < part->cnt; i++) {
		const struct code_insn *insn = &part->insns[i];
		uint64_t target = (uint64_t)insn->target;

		if (!insn->has_target || insn->target < 0 || target >= part->decoded_sz)
			continue;
		if (insn->reads_code) {
			/* A function that passes its own address on reads nothing. */
			if (target > 0 && target < part->data_from &&
			    !(insn->takes_address && is_label(part, target)))
				part->data_from = target;
			continue;
		}
		code_part__land(part, target);
	}
}

static int add_table(struct code_part *part, struct code_insn *insn, const struct code_table *table)
{
	struct code_table *grown;

	grown = reallocarray(part->tables, part->table_cnt + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	part->tables = grown;
	part->tables[part->table_cnt++] = *table;
	insn->table = (uint32_t)part->table_cnt;
	return 0;
}

static int find_tables(struct code_part *part)
{
	struct code_table table;
	int err;

	for (size_t i = 0; i < part->cnt; i++) {
		if (part->insns[i].kind != CODE_INDIRECT || part->table_cnt == TABLES_MAX)
			continue;
		err = part->reader->arch->find_table(part, &part->insns[i], &table);
		if (err == -ENOENT)
			continue;
		if (!err)
			err = add_table(part, &part->insns[i], &table);
		if (err)
			return err;
	}
	return 0;
}

int code_part__load(struct code_part *part, struct code_reader *reader, uint64_t vaddr, uint64_t sz,
		    enum code_extent extent, struct fault *why)
{
	int err;

	*part = (struct code_part) { .reader = reader, .vaddr = vaddr };
	err = read_bytes(part, sz, why);
	if (!err)
		err = decode_all(part, extent);
	if (!err)
		check_targets(part);
	if (!err && extent == CODE_EXTENT_WHOLE)
		err = find_tables(part);
	if (err == -ENOMEM)
		fault__set(why, err, "%s: out of memory", elf_file__path(reader->file));
	if (err)
		code_part__unload(part);
	return err;
}

void code_part__unload(struct code_part *part)
{
	for (size_t i = 0; i < part->table_cnt; i++)
		free(part->tables[i].vaddrs);
	free(part->tables);
	free(part->bytes);
	free(part->insns);
	free(part->frames);
	*part = (struct code_part) {};
}

struct code_insn *code_part__at(const struct code_part *part, uint64_t offset)
{
	size_t low = 0, high = part->cnt;

	if (offset >= part->decoded_sz)
		return NULL;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (part->insns[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return &part->insns[low];
}

size_t code_part__targets(const struct code_part *part, const struct code_insn *insn,
			  uint64_t *ret_one, const uint64_t **ret_vaddrs)
{
	if (code_insn__jumps(insn)) {
		*ret_one = part->vaddr + (uint64_t)insn->target;
		*ret_vaddrs = ret_one;
		return 1;
	}
	if (!insn->table)
		return 0;
	*ret_vaddrs = part->tables[insn->table - 1].vaddrs;
	return part->tables[insn->table - 1].cnt;
}

const cs_insn *code_part__decode(const struct code_part *part, uint32_t offset)
{
	const uint8_t *at = part->bytes + offset;
	uint64_t vaddr = part->vaddr + offset;
	size_t left = part->sz - offset;

	return cs_disasm_iter(part->reader->capstone, &at, &left, &vaddr, part->reader->scratch)
		       ? part->reader->scratch
		       : NULL;
}

struct code_text code_part__text(const struct code_part *part, const struct code_insn *insn)
{
	const cs_insn *cs = code_part__decode(part, insn->offset);
	struct code_text text;

	if (!cs)
		snprintf(text.text, sizeof(text.text), "an instruction unknown to Capstone");
	else
		snprintf(text.text, sizeof(text.text), "%s%s%.40s", cs->mnemonic,
			 cs->op_str[0] ? " " : "", cs->op_str);
	return text;
}
