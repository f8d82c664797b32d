/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * .gnu_debugdata: a whole ELF file, compressed by xz, that holds a .symtab of the functions that
 * .dynsym has not. Fedora and its kin put it into every stripped program.
 * Reference: Debugging with GDB, "MiniDebugInfo".
 */
#ifndef TACHO_USER_DEBUGDATA_H
#define TACHO_USER_DEBUGDATA_H

#include <stddef.h>

#include "../fault.h"

/*
 * Unpacks it into a file in memory, open for reading and of no name; the caller closes it.
 * -EBADMSG with why: not xz, cut short, damaged, or it would grow beyond all reason.
 */
int debugdata__unpack(const void *packed, size_t sz, int *ret_fd, struct fault *why);

#endif
