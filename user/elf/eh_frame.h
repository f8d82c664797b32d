/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What .eh_frame tells of a file's code, even when it is stripped: where functions (and the parts
 * that compilers split off them) begin and end, and where the frame of each instruction is.
 * References: LSB 5.0 Core "Exception Frames", DWARF 5 section 6.4, System V ABI (x86-64, arm64).
 */
#ifndef TACHO_USER_EH_FRAME_H
#define TACHO_USER_EH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_file.h"

struct eh_frame;

struct eh_range {
	uint64_t vaddr, size;
};

/* The frame address as an unwinder computes it: a register of DWARF's numbering, and a distance. */
struct eh_cfa {
	unsigned reg;
	int64_t offset;
};

/* Reads all of it once. A file without any, or with one that lies, has no ranges (as far as it
 * could be read): that is no failure. -ENOMEM. Borrows file. */
int eh_frame__new(const struct elf_file *file, struct eh_frame **ret_frames);
void eh_frame__free(struct eh_frame *frames);

size_t eh_frame__cnt(const struct eh_frame *frames);

/* The range that contains vaddr. */
bool eh_frame__find(const struct eh_frame *frames, uint64_t vaddr, struct eh_range *ret_range);

/* The frame address before the instruction at vaddr is run; false where none is given, or one that
 * is no distance from a register. */
bool eh_frame__cfa(struct eh_frame *frames, uint64_t vaddr, struct eh_cfa *ret_cfa);

#endif
