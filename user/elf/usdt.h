/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * USDT probes: places that the makers of a program marked for tracing, with <sys/sdt.h> or what
 * imitates it. Each place is a nop in the code and a note in the section .note.stapsdt that tells
 * its name, where it is, and where the values passed to it are at that moment, in the assembler's
 * own notation. Reference: "UserSpaceProbeImplementation" in the SystemTap wiki.
 *
 * A probe PROVIDER:NAME may stand in many places (it was inlined, or written several times). It
 * may have a semaphore: a counter, without which the program skips the probe; the kernel counts it
 * up in every process that maps the file when it is given the counter's place (ref_ctr_offset).
 */
#ifndef TACHO_USER_USDT_H
#define TACHO_USER_USDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../fault.h"
#include "elf_file.h"

#define USDT_ARGS_MAX 12 /* sys/sdt.h has no more */

/*
 * Numbers of registers: x86-64 as the processor encodes them (rax 0, rcx 1, rdx 2, rbx 3, rsp 4,
 * rbp 5, rsi 6, rdi 7, r8 to r15), arm64 x0 to x30 and sp 31.
 */
#define USDT_REGISTER_PC 0xfe /* as a base: the address of the probed nop itself */
#define USDT_REGISTER_NONE 0xff

enum usdt_arg_kind {
	USDT_ARG_UNKNOWN,  /* cannot be read: a floating-point register, thread-local, odd text */
	USDT_ARG_CONST,	   /* value */
	USDT_ARG_REGISTER, /* the low size bytes of base */
	USDT_ARG_MEMORY,   /* size bytes at base + index * scale + displacement */
};

struct usdt_arg {
	enum usdt_arg_kind kind;
	uint8_t base;
	uint8_t index;
	uint8_t scale;
	uint8_t size; /* 1, 2, 4 or 8 bytes */
	bool is_signed;
	int64_t value_or_displacement; /* a constant is extended to 64 bits as its type says */
};

/* One place. The strings belong to it. */
struct usdt_site {
	char *provider, *name;
	uint64_t vaddr;
	uint64_t offset;	   /* file offset of the nop */
	uint64_t semaphore_offset; /* file offset of the 16-bit counter; 0 = none */
	struct usdt_arg args[USDT_ARGS_MAX];
	size_t arg_cnt;
	bool args_known; /* every argument was understood; if not, see their kinds */
	char *args_text; /* as the note has it */
	bool nop5;	 /* five bytes, which Linux 6.18 on x86-64 probes without a trap */
};

struct usdt_sites {
	struct usdt_site *items; /* each address of a probe once, ascending */
	size_t cnt;
};

/*
 * Finds every place of PROVIDER:NAME. With many, both are globs (those of glob_compile), and the
 * places of all matching probes are returned, by address. All or nothing: one place that cannot be
 * probed refuses the whole, because a probe that misses some of its places miscounts.
 * 0, or negative errno with why:
 *   -ENOENT   no such probe: how many the file has, and the closest names
 *   -EINVAL   what is at the place is no nop, the semaphore is nowhere the kernel could count, a
 *             glob is none
 *   -EBADMSG  a note lies
 * Free with usdt_sites__free.
 */
int usdt__find(const struct elf_file *file, const char *provider, const char *name, bool many,
	       struct usdt_sites *ret_sites, struct fault *why);
void usdt_sites__free(struct usdt_sites *sites);

/*
 * Calls each for every place in the file, in the file's order, until it returns non-zero; returns
 * that, or 0, or -EBADMSG or -ENOMEM with why. problem says why a place cannot be probed (its
 * offsets are then 0), or is NULL. The site is gone after the call.
 */
int usdt__each(const struct elf_file *file,
	       int (*each)(void *ctx, const struct usdt_site *site, const char *problem), void *ctx,
	       struct fault *why);

#endif
