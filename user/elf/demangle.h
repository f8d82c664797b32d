/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The C++ or Rust function behind a linker's name, by libiberty, within bounds of time and memory
 * that libiberty itself does not keep (see demangle.c).
 * References: Itanium C++ ABI, "Mangling"; Rust RFC 2603 (v0 names).
 */
#ifndef TACHO_USER_DEMANGLE_H
#define TACHO_USER_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

#define DEMANGLED_SZ 16384 /* the longest text that is given, with its NUL */

/* Is this how a mangled name begins? Most names are told apart by this alone. */
bool demangle_is_mangled(const char *name);

/*
 * Writes what the first len bytes of name stand for, "net::Server::handle(int) const" (no return
 * type), and returns its length. 0: not a mangled name, or one beyond the bounds. The compiler's
 * suffixes (".constprop.0") are the caller's to leave out.
 */
size_t demangle(const char *name, size_t len, char buf[DEMANGLED_SZ]);

#endif
