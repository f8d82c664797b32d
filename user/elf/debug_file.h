/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Separate files of debug information. */
#ifndef TACHO_USER_DEBUG_FILE_H
#define TACHO_USER_DEBUG_FILE_H

#include "elf_file.h"

/* The path of the file's separate debug file; the caller frees it. -ENOENT: it has none. */
int debug_file__find(const struct elf_file *file, char **ret_path, struct fault *why);

#endif
