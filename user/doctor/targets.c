/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "targets.h"

#include <errno.h>
#include <link.h>

/* Aligned, so that no probed instruction crosses a page: the kernel optimises none that does. */
#define FUNCTION(name, code)                                                                       \
	".globl " #name "\n"                                                                       \
	".hidden " #name "\n"                                                                      \
	".type " #name ", %function\n"                                                             \
	".p2align 4\n" #name ":\n" code "\n"                                                       \
	".size " #name ", . - " #name "\n"

/* Which instructions are emulated: arch/x86/kernel/uprobes.c, branch_setup_xol_ops and
 * push_setup_xol_ops (Linux 4.16 and newer); arch/arm64/kernel/probes/decode-insn.c. */
#if defined(__x86_64__)

#define NOP5 ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"

__asm__(".pushsection .text\n" /* clang-format off */
	FUNCTION(doctor_trial, NOP5 "ret")
	FUNCTION(doctor_guarded, NOP5 "ret")
	FUNCTION(doctor_nop5, NOP5 "ret")
	FUNCTION(doctor_nop, "nop\n ret")
	FUNCTION(doctor_push, "push %rbp\n pop %rbp\n ret")
	FUNCTION(doctor_jump, "jmp 1f\n 1: ret")
	FUNCTION(doctor_branch, "je 1f\n 1: ret")
	FUNCTION(doctor_call, "call 1f\n ret\n 1: ret")
	FUNCTION(doctor_endbr, "endbr64\n ret")
	FUNCTION(doctor_mov, "mov %rsp, %rax\n ret")
	FUNCTION(doctor_sub, "sub $8, %rsp\n add $8, %rsp\n ret")
	FUNCTION(doctor_ret, "ret")
	FUNCTION(doctor_hijacked, "nop\n ret")
	FUNCTION(doctor_both, "nop\n ret")
	".popsection\n" /* clang-format on */
);

void doctor_nop5(void);
void doctor_push(void);
void doctor_call(void);
void doctor_endbr(void);
void doctor_sub(void);

#define NOP_SZ 1

#elif defined(__aarch64__)

__asm__(".pushsection .text\n" /* clang-format off */
	FUNCTION(doctor_trial, "nop\n ret")
	FUNCTION(doctor_guarded, "nop\n ret")
	FUNCTION(doctor_nop, "nop\n ret")
	FUNCTION(doctor_stp, "stp x29, x30, [sp, #-16]!\n ldp x29, x30, [sp], #16\n ret")
	FUNCTION(doctor_jump, "b 1f\n 1: ret")
	FUNCTION(doctor_branch, "cbz x9, 1f\n 1: ret")
	FUNCTION(doctor_bti, "hint #34\n ret")
	FUNCTION(doctor_mov, "mov x9, x10\n ret")
	FUNCTION(doctor_ret, "ret")
	FUNCTION(doctor_hijacked, "nop\n ret")
	FUNCTION(doctor_both, "nop\n ret")
	".popsection\n" /* clang-format on */
);

void doctor_stp(void);
void doctor_bti(void);

#define NOP_SZ 4

#else
#error "x86-64 or arm64"
#endif

void doctor_trial(void);
void doctor_guarded(void);
void doctor_nop(void);
void doctor_jump(void);
void doctor_branch(void);
void doctor_mov(void);
void doctor_ret(void);
void doctor_hijacked(void);
void doctor_both(void);

const struct doctor_target doctor_targets[] = {
	[TRIAL_TARGET] = { .use = TARGET_TRIAL, .call = doctor_trial },
	[TRIAL_TARGET_WITH_SEMAPHORE] = { .use = TARGET_TRIAL, .call = doctor_guarded },
#if defined(__x86_64__)
	{ .use = TARGET_ENTRY,
	  .name = "5-byte nop",
	  .call = doctor_nop5,
	  .known = KNOWN_OPTIMISABLE },
	{ .use = TARGET_ENTRY, .name = "nop", .call = doctor_nop, .known = KNOWN_EMULATED },
	{ .use = TARGET_ENTRY, .name = "push", .call = doctor_push },
	{ .use = TARGET_ENTRY, .name = "jmp", .call = doctor_jump, .known = KNOWN_EMULATED },
	{ .use = TARGET_ENTRY, .name = "je", .call = doctor_branch },
	{ .use = TARGET_ENTRY, .name = "call", .call = doctor_call },
	{ .use = TARGET_ENTRY, .name = "endbr64", .call = doctor_endbr },
	{ .use = TARGET_ENTRY, .name = "mov", .call = doctor_mov, .known = KNOWN_STEPPED },
	{ .use = TARGET_ENTRY, .name = "sub", .call = doctor_sub, .known = KNOWN_STEPPED },
#else
	{ .use = TARGET_ENTRY, .name = "nop", .call = doctor_nop },
	{ .use = TARGET_ENTRY, .name = "b", .call = doctor_jump, .known = KNOWN_EMULATED },
	{ .use = TARGET_ENTRY, .name = "cbz", .call = doctor_branch, .known = KNOWN_EMULATED },
	{ .use = TARGET_ENTRY, .name = "stp", .call = doctor_stp },
	{ .use = TARGET_ENTRY, .name = "bti", .call = doctor_bti },
	{ .use = TARGET_ENTRY, .name = "mov", .call = doctor_mov, .known = KNOWN_STEPPED },
#endif
	{ .use = TARGET_ENTRY, .name = "ret", .call = doctor_ret },
	{ .use = TARGET_HIJACKED, .call = doctor_hijacked },
	{ .use = TARGET_BOTH, .call = doctor_both, .exit_at = NOP_SZ },
};

const size_t doctor_target_cnt = sizeof(doctor_targets) / sizeof(doctor_targets[0]);

_Static_assert(sizeof(doctor_targets) / sizeof(doctor_targets[0]) <= DOCTOR_TARGETS_MAX,
	       "DOCTOR_TARGETS_MAX");

/* As systemtap's sdt.h has them: in the file, and not in .bss, since the kernel finds it by its
 * offset there. */
volatile unsigned short doctor_semaphore __attribute__((section(".probes")));

struct search {
	uintptr_t address;
	uint64_t offset;
};

/* The program itself comes first; no other object is looked at. */
static int search_program(struct dl_phdr_info *info, size_t sz, void *ctx)
{
	struct search *search = ctx;
	const ElfW(Phdr) * phdr;
	uintptr_t start;

	(void)sz;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		phdr = &info->dlpi_phdr[i];
		start = info->dlpi_addr + phdr->p_vaddr;
		if (phdr->p_type == PT_LOAD && search->address >= start &&
		    search->address - start < phdr->p_filesz) {
			search->offset = search->address - start + phdr->p_offset;
			return 1;
		}
	}
	return -ENOENT;
}

int doctor_file_offset(const volatile void *address, uint64_t *ret_offset)
{
	struct search search = { .address = (uintptr_t)address };

	if (dl_iterate_phdr(search_program, &search) != 1)
		return -ENOENT;
	*ret_offset = search.offset;
	return 0;
}
