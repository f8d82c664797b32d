/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sources in this folder know of an open file; nobody else includes it. */
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
	bool writable;
};

struct elf_index;

struct elf_file {
	char *path;
	int fd;
	dev_t dev;
	ino_t ino;
	uint64_t sz;
	struct timespec changed; /* last written, when opened */
	uint16_t machine;
	bool program;
	bool debuginfod; /* may be asked for the symbols */
	Elf *elf;
	struct elf_segment *segments;
	size_t segment_cnt;
	char build_id[BUILD_ID_HEX_SZ];

	bool go_note;	  /* has a note that Go's linker writes */
	bool tables_only; /* of debug information: there need not be any code in it */

	/* From PT_DYNAMIC, which is there even when the section headers are not. */
	Elf_Data *dynamic;
	Elf_Data *dynamic_strings;
	uint64_t rela_vaddr, rela_sz;

	/* What was found out about its functions so far; changes in a const file too. */
	struct elf_index *index;
};

/*
 * Opens a file that holds tables of another one: through fd, which is duplicated, or, where fd is
 * negative, by its path.
 */
int elf_file__open_tables(int fd, const char *path, struct elf_file **ret_file, struct fault *why);

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

/* Gives its descriptor back; what was read of it stays, and no more is. */
void elf_file__close_descriptor(struct elf_file *file);

/* Do sz bytes at offset lie within the file? */
bool elf_file__within(const struct elf_file *file, uint64_t offset, uint64_t sz);

/* Reads up to sz bytes. How many, or negative errno. */
ssize_t elf_file__pread(const struct elf_file *file, void *buf, size_t sz, uint64_t offset);

/* Writes into the sz bytes that the file has for vaddr what the loader would add there of its own
 * (R_*_RELATIVE of DT_RELA), for a program loaded where its headers say. */
void elf_file__relocate(const struct elf_file *file, uint64_t vaddr, void *bytes, uint64_t sz);

/* sz bytes at offset, kept until the file is freed; NULL where they are not within the file. */
Elf_Data *elf_file__chunk(const struct elf_file *file, uint64_t offset, uint64_t sz, Elf_Type type);

/* Fills in dynamic and dynamic_strings, as far as PT_DYNAMIC can be read. */
void elf_file__load_dynamic(struct elf_file *file, const GElf_Phdr *phdr);

/* The next section after this one (NULL: the first) of the type, or NULL. */
Elf_Scn *elf_file__next_section(const struct elf_file *file, Elf_Scn *section, uint32_t type);

/* The section of this name, or NULL. */
Elf_Scn *elf_file__section_named(const struct elf_file *file, const char *name);

/* NULL where it cannot be told. */
const char *elf_file__section_name(const struct elf_file *file, Elf_Scn *section);

/* The section's bytes, or NULL where they are not within the file. */
Elf_Data *elf_file__section_data(const struct elf_file *file, Elf_Scn *section);

/* Where the ".cold" begins in GCC's name for the part of a function that is seldom run, or NULL. */
const char *elf_cold_suffix(const char *name);

/* The string at offset, or NULL where it does not end within the table (or is absurdly long). */
const char *elf_string(const Elf_Data *strings, uint64_t offset);

#endif
