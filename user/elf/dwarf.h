/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the compiler tells about the code of a file (DWARF 2 to 5), read with libdw: lines, inlined
 * copies, types. The information is in the file itself, or in its separate debug file
 * (debug_file.h), with or without the supplementary file that dwz makes. Split DWARF (.dwo files)
 * is not read, but for the lines, which are not split.
 *
 * Everything is read when it is first asked for, and addresses are those of the file as linked.
 * The input is hostile: sizes, counts, nesting and references are limited, and what exceeds the
 * limits is -EFBIG or -EBADMSG with why. What libdw reads on its own is checked before where that
 * is possible (dwarf.c).
 */
#ifndef TACHO_USER_DWARF_H
#define TACHO_USER_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../fault.h"
#include "debug_file.h"
#include "elf_file.h"

struct dwarf_info;

/* options are for finding the debug file; NULL: the defaults. The file must outlive the
 * information. -ENOENT when there is none: with why and every place that was tried. */
int dwarf_info__open(const struct elf_file *file, const struct debug_file_options *options,
		     struct dwarf_info **ret_info, struct fault *why);
void dwarf_info__free(struct dwarf_info *info);

/* The file that holds the information. */
const char *dwarf_info__path(const struct dwarf_info *info);

/*
 * Where to put a breakpoint on FILE:LINE. Each call decodes the line tables of the whole file anew,
 * because keeping them takes too much memory (2.3 MB of them, half a second).
 *
 * file names a source file by the end of its path, cut at a slash: "list.c", "core/list.c" or the
 * whole. All paths that end so must be one and the same (after "." and ".." in them are resolved).
 *
 * The addresses are those at which a statement of the line begins (is_stmt), in the function that
 * the line is in and in each inlined copy of it: the lowest in the part of the function where its
 * entry is, or, if the line is only in what the compiler put aside as seldom run, the lowest there;
 * and every other at which the same statement (the same column) begins, because optimising
 * compilers copy code, and a passage through any copy counts. This is GDB's rule for "break
 * FILE:LINE", except that GDB takes one address for each block, of copies in the same block only
 * one, and one for what the line calls inlined; and that it goes on behind the prologue.
 *
 * 0 with the addresses (ascending, malloced), or negative errno with why:
 *   -ENOENT   no such file: names near; or no code for this line: the nearest lines that have
 *   -EEXIST   more than one file: two of them
 *   -EBADMSG, -EFBIG
 */
int dwarf_info__find_line(struct dwarf_info *info, const char *file, unsigned line,
			  uint64_t **ret_vaddrs, size_t *ret_cnt, struct fault *why);

/*
 * How many inlined copies there are of the function that begins at vaddr: calls that a probe on it
 * does not see. Counted are DW_TAG_inlined_subroutine entries that have code, each place once, of
 * this very function: static functions of one name are different ones, while an external function
 * that many units have inlined is one. What GCC split off a function and then put back
 * is no copy. -ENOENT with why when no function is known to begin there.
 */
int dwarf_info__count_inlined(struct dwarf_info *info, uint64_t vaddr, size_t *ret_cnt,
			      struct fault *why);

struct dwarf_inlined {
	size_t copy_cnt;
	size_t out_of_line_cnt; /* functions that can be probed; 0: inlined everywhere */
};

/*
 * The same by name, for functions that have no symbol any more: the linker's name, or the source's
 * with the namespaces and classes around it ("ns::Class::method"; arguments behind it are ignored,
 * so overloads count together, as do static functions of one name). -ENOENT with why when no
 * function of that name was inlined or compiled.
 */
int dwarf_info__find_inlined(struct dwarf_info *info, const char *name,
			     struct dwarf_inlined *ret_inlined, struct fault *why);

enum dwarf_type_kind {
	DWARF_TYPE_VOID,
	DWARF_TYPE_INTEGER, /* characters too */
	DWARF_TYPE_BOOL,
	DWARF_TYPE_POINTER, /* references too */
	DWARF_TYPE_FLOAT,
	DWARF_TYPE_ENUM,
	DWARF_TYPE_OTHER, /* structures, complex numbers, pointers to members, ... */
};

struct dwarf_type {
	enum dwarf_type_kind kind;
	uint8_t size; /* bytes; 0: unknown, or more than 255 */
	bool is_signed;
	bool is_c_string; /* a pointer to char, const or not */
};

/* What the function that begins at vaddr returns; typedefs and qualifiers are seen through.
 * -ENOENT with why: no such function, or its type is not told. */
int dwarf_info__return_type(struct dwarf_info *info, uint64_t vaddr, struct dwarf_type *ret_type,
			    struct fault *why);

/*
 * Arguments are numbered by the integer registers of the calling convention that hold them when the
 * function is entered, from 1 (x86-64: rdi, rsi, rdx, rcx, r8, r9; arm64: x0 to x7), because that
 * is where they can be read: in f(double a, int b), b is number 1.
 *
 * The register is what the compiler says (DW_AT_location at the entry); unoptimised code has no
 * such information, and there the arguments are counted as the convention says. -ENOTSUP with why
 * where neither tells: in a floating-point register, on the stack, optimised away, behind a
 * structure passed by value (or a structure returned, x86-64). -ENOENT: no such function or
 * argument; why names those that it has.
 */
int dwarf_info__argument_by_name(struct dwarf_info *info, uint64_t vaddr, const char *name,
				 unsigned *ret_index, struct fault *why);
int dwarf_info__argument_type(struct dwarf_info *info, uint64_t vaddr, unsigned index,
			      struct dwarf_type *ret_type, struct fault *why);

#endif
