/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The separate file that holds the symbols and debugging information of a stripped one. It is only
 * read: probes are put into the stripped file, which is the one that runs.
 *
 * Searched in GDB's order ("Debugging Information in Separate Files" in its manual); D is each of
 * the directories:
 *     1. by build-id:         D/.build-id/xx/yyyy.debug
 *     2. by .gnu_debuglink:   beside the file, in .debug beside it, in D/<the file's directory>
 *     3. if asked for, by build-id from the servers of debuginfod
 * What is found by build-id must have that build-id. What is found by .gnu_debuglink must have the
 * checksum that the link tells, and no other build-id.
 */
#ifndef TACHO_USER_DEBUG_FILE_H
#define TACHO_USER_DEBUG_FILE_H

#include <libelf.h>
#include <stdbool.h>

#include "../fault.h"
#include "elf_file.h"

#define DEBUG_FILE_DIRECTORY "/usr/lib/debug"

struct debug_file_options {
	const char *directory; /* D; several are separated by colons; NULL: DEBUG_FILE_DIRECTORY */
	bool debuginfod;
};

/*
 * options may be NULL: the defaults. 0 with the path (malloced), or negative errno with why:
 *   -ENOENT   none: every place that was tried, and what was wrong there
 *   -EBADMSG  there is one, but it belongs to another build: which
 *   -ENOMEM
 */
int debug_file__find(const struct elf_file *file, const struct debug_file_options *options,
		     char **ret_path, struct fault *why);

/* Opens such a file: regular, 64-bit, of this machine's byte order, its section headers within it.
 * 0, or negative errno with why. The caller ends the Elf, then closes the descriptor. */
int debug_file__open(const char *path, int *ret_fd, Elf **ret_elf, struct fault *why);

/* Its build-id in hexadecimal (BUILD_ID_HEX_SZ bytes); "" when it has none. */
void debug_file__build_id(Elf *elf, char *ret_hex);

#endif
