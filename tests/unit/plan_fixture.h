/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small program in a scratch directory, x86-64 on whatever machine, for tests of what is planned
 * and shown. It is static and has no build-id. Include cmocka.h first.
 */
#ifndef TACHO_TESTS_PLAN_FIXTURE_H
#define TACHO_TESTS_PLAN_FIXTURE_H

#include "scratch.h"
#include "tiny_elf.h"

static const uint8_t planned_code[] = {
	/* 0x00 pushing: push rbp; pop rbp; ret */
	0x55,
	0x5d,
	0xc3,
	/* 0x03 */ 0x90,
	/* 0x04 simple: xor eax, eax; ret */
	0x31,
	0xc0,
	0xc3,
	/* 0x07 */ 0x90,
	/* 0x08 sometimes: test edi, edi; je simple; xor eax, eax; ret */
	0x85,
	0xff,
	0x74,
	0xf8,
	0x31,
	0xc0,
	0xc3,
	/* 0x0f */ 0x90,
	/* 0x10 always: xor eax, eax; jmp simple */
	0x31,
	0xc0,
	0xe9,
	0xed,
	0xff,
	0xff,
	0xff,
	/* 0x17 */ 0x90,
	/* 0x18 never: xor eax, eax; no instruction; nop */
	0x31,
	0xc0,
	0x06,
	0x90,
	/* 0x1c either: test edi, edi; jne on; ret; on: xor eax, eax; jmp simple */
	0x85,
	0xff,
	0x75,
	0x01,
	0xc3,
	0x31,
	0xc0,
	0xe9,
	0xdc,
	0xff,
	0xff,
	0xff,
};

static const struct tiny_symbol planned_symbols[] = {
	{ "pushing", TINY_CODE_VADDR + 0x00, 3, STT_FUNC, 1 },
	{ "simple", TINY_CODE_VADDR + 0x04, 3, STT_FUNC, 1 },
	{ "sometimes", TINY_CODE_VADDR + 0x08, 7, STT_FUNC, 1 },
	{ "always", TINY_CODE_VADDR + 0x10, 7, STT_FUNC, 1 },
	{ "never", TINY_CODE_VADDR + 0x18, 4, STT_FUNC, 1 },
	{ "either", TINY_CODE_VADDR + 0x1c, 12, STT_FUNC, 1 },
	{ "_ZN3net6Server6handleEi", TINY_CODE_VADDR + 0x00, 3, STT_FUNC, 1 },
	{},
};

static inline void put_program(const struct scratch *scratch, const char *name,
			       const struct tiny_symbol *symbols)
{
	const struct tiny_elf spec = {
		.machine = EM_X86_64,
		.code = planned_code,
		.code_sz = sizeof(planned_code),
		.symbols = symbols,
	};
	struct tiny_file file;

	tiny_elf__make(&spec, &file);
	scratch__write(scratch, name, (const char *)file.bytes, file.sz);
}

#endif
