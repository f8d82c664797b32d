/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions made to order, of either machine: the bytes of a listing, as an ELF file. */
#ifndef TACHO_TESTS_CODE_FIXTURE_H
#define TACHO_TESTS_CODE_FIXTURE_H

#include "elf_fixture.h"
#include "plan/code.h"

struct function {
	uint16_t machine;
	const void *code;
	size_t sz;
};

#define X86(...)                                                                                   \
	((struct function) { EM_X86_64, (const uint8_t[]) { __VA_ARGS__ },                         \
			     sizeof((const uint8_t[]) { __VA_ARGS__ }) })
#define ARM64(...)                                                                                 \
	((struct function) { EM_AARCH64, (const uint32_t[]) { __VA_ARGS__ },                       \
			     sizeof((const uint32_t[]) { __VA_ARGS__ }) })

/* Instructions by name, for cases that read like a listing. */
#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa
#define PUSH_RBP 0x55
#define POP_RBP 0x5d
#define MOV_RBP_RSP 0x48, 0x89, 0xe5
#define MOV_EAX_EDI 0x89, 0xf8
#define SUB_RSP_8 0x48, 0x83, 0xec, 0x08
#define ADD_RSP_8 0x48, 0x83, 0xc4, 0x08
#define TEST_EDI_EDI 0x85, 0xff
#define RET 0xc3
#define NOP 0x90
#define NOP5 0x0f, 0x1f, 0x44, 0x00, 0x00
#define UD2 0x0f, 0x0b
#define CALL_FAR_AWAY 0xe8, 0x00, 0x10, 0x00, 0x00
#define JMP_FAR_AWAY 0xe9, 0x00, 0x10, 0x00, 0x00

#define PUSH_RBX 0x53
#define POP_RBX 0x5b
#define JMP_RAX 0xff, 0xe0

#define A_RET 0xd65f03c0
#define A_NOP 0xd503201f
#define A_BTI_C 0xd503245f
#define A_PACIASP 0xd503233f
#define A_AUTIASP 0xd50323bf
#define A_STP_FP_LR 0xa9bf7bfd /* stp x29, x30, [sp, #-16]! */
#define A_LDP_FP_LR 0xa8c17bfd /* ldp x29, x30, [sp], #16 */
#define A_MOV_FP_SP 0x910003fd
#define A_MOV_X1_X0 0xaa0003e1
#define A_B_FAR_AWAY 0x14000400
#define A_BL_FAR_AWAY 0x94000400

/* A function in a file of its own; symbols, if any, are those of the file. */
struct loaded {
	struct elf_file *file;
	struct code_reader *reader;
	struct code *code;
};

static inline struct elf_file *open_bytes(const struct tiny_file *bytes)
{
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd;

	fd = tiny_file__publish(bytes->bytes, bytes->sz, path, sizeof(path));
	assert_return_code(fd, errno);
	if (elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	close(fd);
	return file;
}

static inline struct elf_file *open_function(const struct function *f)
{
	const struct tiny_elf spec = { .machine = f->machine, .code = f->code, .code_sz = f->sz };
	struct tiny_file bytes;

	tiny_elf__make(&spec, &bytes);
	return open_bytes(&bytes);
}

static inline void load_from(struct loaded *l, struct elf_file *file, uint64_t vaddr, uint64_t size)
{
	struct fault why = {};

	*l = (struct loaded) { .file = file };
	if (code_reader__new(l->file, &l->reader, &why) != 0 ||
	    code__load(l->reader, vaddr, size, &l->code, &why) != 0)
		fail_msg("%s", why.text);
}

static inline void load(struct loaded *l, const struct function *f)
{
	load_from(l, open_function(f), TINY_CODE_VADDR, f->sz);
}

static inline void unload(struct loaded *l)
{
	code__free(l->code);
	code_reader__free(l->reader);
	elf_file__free(l->file);
}

/* Of a function in a target, by the symbols of the same one that is not stripped. Free its name. */
static inline struct elf_symbol find_in_unstripped(const char *target, const char *name)
{
	const char *suffix = strstr(target, "_stripped");
	char *whole = strndup(target, suffix ? (size_t)(suffix - target) : strlen(target));
	struct elf_file *file = open_fixture(whole);
	struct elf_symbols symbols = {};
	struct elf_symbol symbol;
	struct fault why = {};

	if (elf_file__find(file, &(struct elf_query) { .name = name }, &symbols, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(symbols.cnt, 1);
	symbol = symbols.items[0];
	symbol.name = strdup(symbol.name);
	elf_symbols__free(&symbols);
	elf_file__free(file);
	free(whole);
	return symbol;
}

#endif
