/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the end of a call is seen, and why.
 *
 * fast: the kernel replaces the return address (uretprobe, session). Cheap, but a program whose
 * stack is unwound or switched through the replaced address dies of it: C++ and Rust exceptions
 * abort, coroutines return into the wrong stack, Go moves its stacks.
 * safe: a probe on each instruction that leaves the function. Nothing in the program changes.
 */
#ifndef TACHO_USER_PLAN_EXIT_MODE_H
#define TACHO_USER_PLAN_EXIT_MODE_H

#include "../elf/elf_file.h"

#define EXIT_REASON_SZ 256

/*
 * Looks for anything in the file, and in the libraries that it is linked with, that makes replacing
 * return addresses dangerous. True when it is shown harmless; the reason is written either way. A
 * shared library is never shown harmless: its callers are not known. root: where the libraries are
 * ("/proc/PID/root"), or NULL.
 */
bool exit_mode_fast_is_harmless(const struct elf_file *file, const char *root,
				char reason[EXIT_REASON_SZ]);

#endif
