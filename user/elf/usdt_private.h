/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files usdt*.c share; the unit test and the fuzzer of the arguments include it too. */
#ifndef TACHO_USER_USDT_PRIVATE_H
#define TACHO_USER_USDT_PRIVATE_H

#include "usdt.h"

/* A note, its addresses corrected. The strings are the file's. */
struct usdt_note {
	uint64_t vaddr;
	uint64_t semaphore; /* 0 = none */
	const char *provider, *name, *args;
};

/* Calls each for every note until it returns non-zero; returns that, 0, or -EBADMSG; why is set for
 * that and for each's -ENOMEM. */
int usdt_each_note(const struct elf_file *file,
		   int (*each)(void *ctx, const struct usdt_note *note), void *ctx,
		   struct fault *why);

/* What an operand that names a variable needs to become an address. */
struct usdt_context {
	uint16_t machine;
	uint64_t vaddr; /* of the place */
	bool absolute;	/* addresses in the file are those in memory (ET_EXEC) */

	/* 0 with the variable's address, or negative errno. NULL: no variable is known. */
	int (*resolve)(void *ctx, const char *name, size_t len, uint64_t *ret_vaddr);
	void *ctx;
};

/* Fills args, arg_cnt and args_known from the note's text. Text that is not understood is never an
 * error: at worst there are no arguments, and args_known is false. */
void usdt_parse_args(const struct usdt_context *context, const char *text,
		     struct usdt_site *ret_site);

/* The variables of a file by name; loaded when the first is asked for. */
struct usdt_variable {
	const char *name;
	size_t len;
	uint64_t vaddr;
};

struct usdt_variables {
	const struct elf_file *file;
	struct usdt_variable *items; /* by name, then address */
	size_t cnt;
	bool loaded;
};

/* -ENOENT when there is none of the name, or more than one. */
int usdt_variables__resolve(struct usdt_variables *variables, const char *name, size_t len,
			    uint64_t *ret_vaddr);
void usdt_variables__free(struct usdt_variables *variables);

#endif
