/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Does a file contain code that may switch stacks by hand, as header-only coroutine libraries do?
 */
#ifndef TACHO_USER_PLAN_STACK_SWITCH_H
#define TACHO_USER_PLAN_STACK_SWITCH_H

#include <stdbool.h>

#include "../elf/elf_file.h"

/*
 * Looks through all executable bytes for instructions that set the stack pointer from a register or
 * from memory, other than the frame pointer. On x86-64 without decoding: a few bytes that are none
 * (or belong to arrays of variable length) count too, which errs on the careful side. True when the
 * code cannot be read.
 */
bool stack_switch__maybe_in(const struct elf_file *file);

#endif
