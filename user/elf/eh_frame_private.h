/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What eh_frame.c and eh_cfa.c share; nobody else includes it. */
#ifndef TACHO_USER_EH_FRAME_PRIVATE_H
#define TACHO_USER_EH_FRAME_PRIVATE_H

#include "eh_frame.h"
#include "elf_private.h"

/* Encodings of pointers (LSB 5.0 Core, "DWARF Exception Header Encoding"). */
enum eh_pe {
	EH_PE_ABSPTR = 0x00,
	EH_PE_UDATA2 = 0x02,
	EH_PE_UDATA4 = 0x03,
	EH_PE_UDATA8 = 0x04,
	EH_PE_SDATA2 = 0x0a,
	EH_PE_SDATA4 = 0x0b,
	EH_PE_SDATA8 = 0x0c,
	EH_PE_PCREL = 0x10,
};

/* Bytes being read, and the address of the first. Reading past the end gives 0 and sets bad. */
struct eh_bytes {
	const uint8_t *begin, *at, *end;
	uint64_t vaddr;
	bool bad;
};

uint64_t eh_read(struct eh_bytes *bytes, size_t sz); /* 1, 2, 4 or 8 bytes */
uint64_t eh_read_uleb(struct eh_bytes *bytes);
int64_t eh_read_sleb(struct eh_bytes *bytes);
uint64_t eh_read_pointer(struct eh_bytes *bytes, uint8_t encoding);

struct eh_cie {
	bool known;
	size_t offset;
	uint8_t encoding;
	bool augmented; /* its FDEs have data before their program */
	uint64_t code_align;
	int64_t data_align;
	struct eh_bytes program;
};

struct eh_fde {
	struct eh_range range;
	size_t offset;
};

/* The frame address from vaddr on. */
struct eh_row {
	uint64_t vaddr;
	bool known;
	struct eh_cfa cfa;
};

struct eh_rows {
	const struct eh_fde *of; /* NULL: none were read yet */
	struct eh_row *items;
	size_t cnt;
};

struct eh_frame {
	const uint8_t *bytes; /* the file's */
	size_t sz;
	uint64_t vaddr;
	struct eh_fde *fdes; /* by address */
	size_t cnt;
	struct eh_rows rows; /* of the range that was asked about last */
};

/* The record at offset, without its length. False: there is none (any more). */
bool eh_frame__record(const struct eh_frame *frames, size_t offset, struct eh_bytes *ret_bytes);

/* The FDE at offset, if it is one: *bytes is left behind its range. cie is read if it is not the
 * one at hand. */
bool eh_frame__read_fde(const struct eh_frame *frames, size_t offset, struct eh_cie *cie,
			struct eh_bytes *bytes, struct eh_range *ret_range);

/* The one that contains vaddr, or NULL. */
const struct eh_fde *eh_frame__at(const struct eh_frame *frames, uint64_t vaddr);

#endif
