/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What elf_file.c and symbols.c share; nobody else includes it. */
#ifndef TACHO_USER_ELF_PRIVATE_H
#define TACHO_USER_ELF_PRIVATE_H

#include <gelf.h>
#include <time.h>

#include "elf_file.h"

/* The part of a PT_LOAD that the file holds. */
struct elf_segment {
	uint64_t vaddr;
	uint64_t offset;
	uint64_t sz;
	bool executable;
};

struct elf_file {
	char *path;
	int fd;
	dev_t dev;
	ino_t ino;
	uint64_t sz;
	struct timespec changed; /* last written, when opened */
	uint16_t machine;
	bool program;
	Elf *elf;
	struct elf_segment *segments;
	size_t segment_cnt;
	char build_id[BUILD_ID_HEX_SZ];

	/* From PT_DYNAMIC, which is there even when the section headers are not. */
	Elf_Data *dynamic;
	Elf_Data *dynamic_strings;
};

/* A symbol table with its strings, both checked to lie within the file. */
struct elf_table {
	const char *name; /* ".symtab" or ".dynsym" */
	Elf_Scn *section;
	Elf_Data *symbols;
	Elf_Data *strings;
	size_t cnt;
};

/* Fills *ret_table with the first section of this type (SHT_SYMTAB, SHT_DYNSYM). -ENOENT when
 * there is none, -EBADMSG with why when it lies. */
int elf_file__table(const struct elf_file *file, uint32_t type, struct elf_table *ret_table,
		    struct fault *why);

/* sz bytes at offset, kept until the file is freed; NULL where they are not within the file. */
Elf_Data *elf_file__chunk(const struct elf_file *file, uint64_t offset, uint64_t sz, Elf_Type type);

/* Fills in dynamic and dynamic_strings, as far as PT_DYNAMIC can be read. */
void elf_file__load_dynamic(struct elf_file *file, const GElf_Phdr *phdr);

/* The next section after this one (NULL: the first) of the type, or NULL. */
Elf_Scn *elf_file__next_section(const struct elf_file *file, Elf_Scn *section, uint32_t type);

/* The section's bytes, or NULL where they are not within the file. */
Elf_Data *elf_file__section_data(const struct elf_file *file, Elf_Scn *section);

/* Where the ".cold" begins in GCC's name for the part of a function that is seldom run, or NULL. */
const char *elf_cold_suffix(const char *name);

/* The string at offset, or NULL where it does not end within the table (or is absurdly long). */
const char *elf_string(const Elf_Data *strings, uint64_t offset);

#endif
