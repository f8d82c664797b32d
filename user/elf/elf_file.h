/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One ELF file, opened and checked: identity, segments, symbols. The input is hostile: every
 * offset and count is checked against the file before use, and a file that lies is refused.
 * References: System V ABI gABI 4.1 (ELF), elf(5), GNU build-id note.
 */
#ifndef TACHO_USER_ELF_FILE_H
#define TACHO_USER_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fault.h"

#define BUILD_ID_HEX_SZ 129 /* 64 bytes at most, in hexadecimal, and NUL */

struct elf_file;

/* Opens path read-only. 0, or negative errno with why (missing, a folder, not ELF, truncated,
 * not 64-bit, wrong byte order, neither executable nor shared object, no executable segment). */
int elf_file__open(const char *path, struct elf_file **ret_file, struct fault *why);
void elf_file__free(struct elf_file *file);

const char *elf_file__path(const struct elf_file *file);
int elf_file__fd(const struct elf_file *file); /* stays open as long as the file; O_CLOEXEC */
dev_t elf_file__dev(const struct elf_file *file);
ino_t elf_file__ino(const struct elf_file *file);
uint16_t elf_file__machine(const struct elf_file *file);     /* EM_X86_64, EM_AARCH64, ... */
const char *elf_file__build_id(const struct elf_file *file); /* hexadecimal, "" if it has none */

/* Something to execute, and not a shared library? */
bool elf_file__is_program(const struct elf_file *file);

/* Is the open file what it was when it was opened, or has somebody written into it? */
bool elf_file__unchanged(const struct elf_file *file);

/* File offset of a virtual address, through the program headers (p_vaddr and p_offset may differ
 * per segment, as lld lays them out). -ERANGE unless it lies in the file part of an executable
 * PT_LOAD. */
int elf_file__offset(const struct elf_file *file, uint64_t vaddr, uint64_t *ret_offset);

/* Copies up to sz bytes of code at vaddr (as the file has them). Returns how many, or negative
 * errno. */
ssize_t elf_file__read(const struct elf_file *file, uint64_t vaddr, void *buf, size_t sz);

/* Calls each for every DT_NEEDED soname until it returns non-zero; returns that, or 0. */
int elf_file__each_needed(const struct elf_file *file, int (*each)(void *ctx, const char *soname),
			  void *ctx);

/* Calls each for every undefined dynamic symbol (what the file imports), likewise. */
int elf_file__each_import(const struct elf_file *file, int (*each)(void *ctx, const char *name),
			  void *ctx);

/* Does a section of this name exist? (hints only: a file may have no section headers) */
bool elf_file__has_section(const struct elf_file *file, const char *name);

/* A function found by name. */
struct elf_symbol {
	char *name;	   /* without version */
	const char *table; /* ".symtab" or ".dynsym" */
	uint64_t vaddr;
	uint64_t size;	 /* 0 if the table does not say */
	uint64_t offset; /* file offset of vaddr */
};

struct elf_symbols {
	struct elf_symbol *items; /* each address once, ascending */
	size_t cnt;
};

/*
 * Finds every function called name: "f", "f@VERSION" or "f@@VERSION" (without a version, the
 * default version of a versioned symbol and, in .symtab, local functions too), and the variants of
 * it that are entered in its place ("f.isra.0", "f.constprop.1"; never "f.cold" or "f.part.0").
 * Both tables are searched. 0, or negative errno with why:
 *   -ENOENT   no such symbol: the tables searched, how many functions they hold, closest names;
 *             or "imported, not defined here"
 *   -ENOTSUP  an IFUNC (STT_GNU_IFUNC): its symbol is the resolver, which runs once at load
 *   -EINVAL   not a function (data, TLS, a .cold part), or outside every executable segment
 *   -EBADMSG  a corrupt table
 * Free with elf_symbols__free.
 */
int elf_file__find(const struct elf_file *file, const char *name, struct elf_symbols *ret_symbols,
		   struct fault *why);
void elf_symbols__free(struct elf_symbols *symbols);

/*
 * The part of function name that the compiler has put elsewhere because it is seldom run
 * ("NAME.cold" in .symtab) and that contains vaddr. -ENOENT when there is none: in a stripped file
 * nothing tells such a part from another function.
 */
int elf_file__cold_part(const struct elf_file *file, const char *name, uint64_t vaddr,
			uint64_t *ret_vaddr, uint64_t *ret_size);

#endif
