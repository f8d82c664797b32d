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
#include <time.h>

#include "../fault.h"

#define BUILD_ID_HEX_SZ 129 /* 64 bytes at most, in hexadecimal, and NUL */

struct elf_file;

/* Opens path read-only. 0, or negative errno with why (missing, a folder, not ELF, truncated,
 * not 64-bit, wrong byte order, neither executable nor shared object, no executable segment). */
int elf_file__open(const char *path, struct elf_file **ret_file, struct fault *why);

/* The same through a descriptor of the file, opened elsewhere for reading (in a container, say) and
 * duplicated here; path is for messages only. */
int elf_file__open_fd(int fd, const char *path, struct elf_file **ret_file, struct fault *why);
void elf_file__free(struct elf_file *file);

/* Before the first question about symbols: debuginfod servers may be asked for those of a stripped
 * file (DEBUGINFOD_URLS). */
void elf_file__allow_debuginfod(struct elf_file *file);

const char *elf_file__path(const struct elf_file *file);
int elf_file__fd(const struct elf_file *file); /* stays open as long as the file; O_CLOEXEC */
dev_t elf_file__dev(const struct elf_file *file);
ino_t elf_file__ino(const struct elf_file *file);
uint64_t elf_file__size(const struct elf_file *file); /* when opened, as is mtime */
struct timespec elf_file__mtime(const struct elf_file *file);
uint16_t elf_file__machine(const struct elf_file *file);     /* EM_X86_64, EM_AARCH64, ... */
const char *elf_file__build_id(const struct elf_file *file); /* hexadecimal, "" if it has none */

/* Where the program begins (e_entry); 0 if nowhere. Nobody calls what is there: the stack holds no
 * return address. */
uint64_t elf_file__entry(const struct elf_file *file);

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

/* Was it written in Go? True of stripped and static programs too. */
bool elf_file__is_go(const struct elf_file *file);

/* Does any of it come from Rust? A hint: a stripped file may not show it. */
bool elf_file__is_rust(const struct elf_file *file);

/*
 * A function found. table says where: ".symtab", ".dynsym", ".gnu_debugdata", ".gopclntab", or the
 * path of a debug file; it is the file's, as long as that is open.
 */
struct elf_symbol {
	char *name;	   /* as the table has it, without version */
	char *display;	   /* for people: "ns::f(int)", "f@OLD"; else the same as name */
	const char *table; /* borrowed */
	uint64_t vaddr;
	uint64_t size;	 /* 0 if the table does not say */
	uint64_t offset; /* in this file, whichever the table came from */
};

struct elf_symbols {
	struct elf_symbol *items; /* each address once, ascending */
	size_t cnt;
};

struct elf_query {
	const char *name;
	bool many; /* several functions may be meant: overloads, a pattern */
};

/*
 * Finds the functions that a name stands for. A name is
 *
 *   - a symbol: "f", "f@VERSION" or "f@@VERSION" (without a version, the default version of a
 *     versioned symbol and, in .symtab, local functions too). Variants that are entered in its
 *     place count as it ("f.isra.0", "f.constprop.1": elf_suffix.c), parts of it do not
 *     ("f.cold", "f.part.0");
 *   - a C++ or Rust function as its source has it: "ns::Class::method", with the argument list
 *     where it is overloaded ("ns::Class::method(const char *, int)"), "Table<int>::find",
 *     "operator+", "ns::Class::Class" (every constructor of these arguments that compilers make of
 *     it: C1, C2; likewise D0, D1, D2), "module::function" (written_name.h: what may be left out);
 *   - a Go function as Go prints it: "main.(*Server).handle";
 *   - with many, a pattern as of fnmatch(3), unless something is called so. It is compared with
 *     symbols and with demangled names, with and without arguments; never with imports, the
 *     linker's stubs, IFUNC resolvers, or what compilers make (parts, thunks).
 *
 * Tables are read in the order of elf_symbol.table, each only when those before do not have the
 * name; but .dynsym and .gnu_debugdata together, since they are two halves of what .symtab was. A
 * pattern is compared with all of them.
 *
 * 0, or negative errno with why:
 *   -ENOENT    no such function: the tables searched, how many functions they hold, closest names;
 *              or "imported, not defined here"; or a pattern, and many was not set
 *   -ENOTUNIQ  overloads, and many was not set: the first of them
 *   -ENOTSUP   an IFUNC (STT_GNU_IFUNC): its symbol is the resolver, which runs once at load
 *   -EINVAL    not a function (data, TLS, a .cold part), or outside every executable segment
 *   -EBADMSG   a corrupt table
 * Free with elf_symbols__free.
 */
int elf_file__find(const struct elf_file *file, const struct elf_query *query,
		   struct elf_symbols *ret_symbols, struct fault *why);
void elf_symbols__free(struct elf_symbols *symbols);

/* The bytes that the file has at vaddr, in whatever segment: *sz of them, or as many as there are,
 * which is then in *sz. They stay until the file is freed. NULL where there are none. */
const uint8_t *elf_file__data(const struct elf_file *file, uint64_t vaddr, size_t *sz);

/* Calls each for the bytes of every executable segment until it returns non-zero; returns that, 0,
 * or -EBADMSG when they cannot be read. */
int elf_file__each_code(const struct elf_file *file,
			int (*each)(void *ctx, uint64_t vaddr, const uint8_t *code, size_t sz),
			void *ctx);

/* A part of some function that the compiler has put elsewhere because it is seldom run. */
struct elf_cold_part {
	uint64_t vaddr, size;
};

struct elf_cold_parts {
	struct elf_cold_part *items; /* by address */
	size_t cnt;
};

/*
 * Calls each for every function that a pattern could match, once by address and by the best of its
 * names, ascending by display name, until it returns non-zero; returns that, or 0, or -EBADMSG with
 * why where a table cannot be read. The symbol is the file's.
 */
int elf_file__each_function(const struct elf_file *file,
			    int (*each)(void *ctx, const struct elf_symbol *symbol), void *ctx,
			    struct fault *why);

/*
 * The function whose symbol covers vaddr, or NULL: also in a .cold part, and behind the first
 * instruction of a function whose size no table tells. The symbol is the file's.
 */
const struct elf_symbol *elf_file__function_at(const struct elf_file *file, uint64_t vaddr);

/*
 * All that .symtab names as such ("NAME.cold"); none in a stripped file. -ENOMEM. Free with
 * elf_cold_parts__free.
 */
int elf_file__cold_parts(const struct elf_file *file, struct elf_cold_parts *ret_parts);
void elf_cold_parts__free(struct elf_cold_parts *parts);

/* The part that contains vaddr, or NULL. */
const struct elf_cold_part *elf_cold_parts__find(const struct elf_cold_parts *parts,
						 uint64_t vaddr);

#endif
