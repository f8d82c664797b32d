/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Running the targets code_* one instruction at a time, from one of their breakpoints to the other.
 * Others may be probing the C library meanwhile: a breakpoint counts only in main and what it
 * calls.
 */
#ifndef TACHO_TESTS_STEP_FIXTURE_H
#define TACHO_TESTS_STEP_FIXTURE_H

#include <gelf.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "elf_fixture.h"

#define STEPS_MAX 2000000

struct stepped {
	const char *name;
	pid_t pid;
	bool movable;
	uint64_t base;	     /* what its addresses have to be added to */
	uint64_t first, end; /* its code, as linked */
	size_t steps;
};

static inline uint64_t stepped__peek(const struct stepped *s, uint64_t address)
{
	return (uint64_t)ptrace(PTRACE_PEEKDATA, s->pid, address, NULL);
}

static inline void stepped__registers(const struct stepped *s, struct user_regs_struct *ret_regs)
{
	assert_return_code(ptrace(PTRACE_GETREGS, s->pid, NULL, ret_regs), errno);
}

/* Where a file is mapped first, by a part of its path. */
static inline uint64_t stepped__base_of(const struct stepped *s, const char *file)
{
	char path[64], line[512];
	uint64_t base = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)s->pid);
	maps = fopen(path, "r");
	assert_non_null(maps);
	while (!base && fgets(line, sizeof(line), maps)) {
		if (strstr(line, file))
			base = strtoull(line, NULL, 16);
	}
	fclose(maps);
	return base;
}

static inline void stepped__read_headers(struct stepped *s)
{
	int fd = open(fixture(s->name), O_RDONLY);
	GElf_Ehdr ehdr;
	GElf_Phdr phdr;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(elf);
	assert_non_null(gelf_getehdr(elf, &ehdr));
	s->movable = ehdr.e_type == ET_DYN;
	for (int i = 0; i < ehdr.e_phnum && gelf_getphdr(elf, i, &phdr); i++) {
		if (phdr.p_type == PT_LOAD && (phdr.p_flags & PF_X)) {
			s->first = phdr.p_vaddr;
			s->end = phdr.p_vaddr + phdr.p_memsz;
		}
	}
	elf_end(elf);
	close(fd);
}

/* Goes on to where it stops next. */
static inline void stepped__go(const struct stepped *s, enum __ptrace_request how)
{
	int status;

	assert_return_code(ptrace(how, s->pid, NULL, NULL), errno);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		fail_msg("%s: status 0x%x", s->name, (unsigned)status);
}

/* Starts the target and goes to its first breakpoint. */
static inline void stepped__start(struct stepped *s, const char *name)
{
	int status;

	*s = (struct stepped) { .name = name };
	stepped__read_headers(s);
	s->pid = fork();
	assert_return_code(s->pid, errno);
	if (s->pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(fixture(name), name, "stepped", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFSTOPPED(status));
	stepped__go(s, PTRACE_CONT);
	s->base = s->movable ? stepped__base_of(s, name) : 0;
}

/* One instruction on. False at the second breakpoint. */
static inline bool stepped__step(struct stepped *s, struct user_regs_struct *regs)
{
	uint64_t vaddr = regs->rip - s->base;

	if (vaddr >= s->first && vaddr < s->end && (uint8_t)stepped__peek(s, regs->rip) == 0xcc)
		return false;
	assert_true(s->steps++ < STEPS_MAX);
	stepped__go(s, PTRACE_SINGLESTEP);
	stepped__registers(s, regs);
	return true;
}

static inline void stepped__end(struct stepped *s)
{
	int status;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, &status, 0);
}

#endif
