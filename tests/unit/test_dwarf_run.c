/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The proof of FILE:LINE: the program runs, and the breakpoints on a line are hit as often as the
 * source passes it, whatever the compiler has made of it.
 */
#include "dwarf_fixture.h"

#ifdef __x86_64__

#include <inttypes.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#define PLACES_MAX 64

struct passes {
	const char *source, *mark;
	int cnt;
};

/* As main() in tests/targets/dwarf_program.c has it. */
static const struct passes expected[] = {
	{ PROGRAM_SOURCE, "everywhere", 4 * 2 + 4 * 3 + 2 },
	{ PROGRAM_SOURCE, "helper", 4 + 4 + 1 },
	{ OTHER_SOURCE, "other_helper", 3 },
	{ HEADER_SOURCE, "shared", 4 + 4 + 2 + 1 },
	{ PROGRAM_SOURCE, "plain", 1 + 4 + 2 },
	{ PROGRAM_SOURCE, "taken_up", 1 },
	{ PROGRAM_SOURCE, "one_line", 1 },
	{ PROGRAM_SOURCE, "every_third", 4 },
	{ PROGRAM_SOURCE, "others", 6 },
	{ PROGRAM_SOURCE, "never", 0 },
	{ PROGRAM_SOURCE, "after", 1 },
	{ PROGRAM_SOURCE, "often", 1 },
	{ PROGRAM_SOURCE, "seldom", 0 },
};

struct place {
	uint64_t address;
	long word; /* what was there */
};

/* Where the process has the file's address 0. */
static uint64_t load_bias(pid_t pid, const struct elf_file *file, uint64_t vaddr)
{
	char path[64], line[4096];
	uint64_t start, end, from, offset, found = 0;
	bool any = false;
	FILE *maps;
	ino_t ino;

	assert_int_equal(elf_file__offset(file, vaddr, &offset), 0);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	assert_non_null(maps);
	while (!any && fgets(line, sizeof(line), maps)) {
		any = sscanf(line, "%" SCNx64 "-%" SCNx64 " r-xp %" SCNx64 " %*s %lu", &start, &end,
			     &from, &ino) == 4 &&
		      ino == elf_file__ino(file) && offset >= from && offset - from < end - start;
		found = start + (offset - from) - vaddr;
	}
	fclose(maps);
	assert_true(any);
	return found;
}

static long peek(pid_t pid, uint64_t address)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, (void *)address, NULL);
	assert_int_equal(errno, 0);
	return word;
}

static void poke(pid_t pid, uint64_t address, long word)
{
	assert_return_code(ptrace(PTRACE_POKETEXT, pid, (void *)address, (void *)word), errno);
}

static void set_breakpoint(pid_t pid, const struct place *place)
{
	poke(pid, place->address, (peek(pid, place->address) & ~0xffL) | 0xcc);
}

static pid_t start(const struct elf_file *file)
{
	pid_t pid = fork();
	int status;

	assert_return_code(pid, errno);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(elf_file__path(file), "program", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL);
	return pid;
}

/* Over the instruction that the breakpoint has replaced. */
static void step_over(pid_t pid, const struct place *places, size_t cnt)
{
	struct user_regs_struct regs;
	int status;

	assert_return_code(ptrace(PTRACE_GETREGS, pid, NULL, &regs), errno);
	regs.rip--;
	assert_return_code(ptrace(PTRACE_SETREGS, pid, NULL, &regs), errno);
	for (size_t i = 0; i < cnt; i++) {
		if (places[i].address != regs.rip)
			continue;
		poke(pid, regs.rip, (peek(pid, regs.rip) & ~0xffL) | (places[i].word & 0xff));
		assert_return_code(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSTOPPED(status));
		set_breakpoint(pid, &places[i]);
		return;
	}
	fail_msg("stopped at 0x%llx, which is no place", regs.rip);
}

/* Runs the program with breakpoints on all places; how often any was hit. */
static int count_hits(const struct elf_file *file, const uint64_t *vaddrs, size_t cnt)
{
	struct place places[PLACES_MAX];
	pid_t pid = start(file);
	uint64_t bias = load_bias(pid, file, vaddrs[0]);
	int status, hit_cnt = 0;

	assert_in_range(cnt, 1, PLACES_MAX);
	for (size_t i = 0; i < cnt; i++)
		places[i] = (struct place) { vaddrs[i] + bias, peek(pid, vaddrs[i] + bias) };
	for (size_t i = 0; i < cnt; i++)
		set_breakpoint(pid, &places[i]);
	for (;;) {
		assert_return_code(ptrace(PTRACE_CONT, pid, NULL, NULL), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			break;
		assert_int_equal(WSTOPSIG(status), SIGTRAP);
		hit_cnt++;
		step_over(pid, places, cnt);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return hit_cnt;
}

static void expect_passes(struct subject *s, const char *name, const struct passes *passes)
{
	unsigned line = line_of(passes->source, passes->mark);
	uint64_t *vaddrs = NULL;
	struct fault why = {};
	size_t cnt = 0;
	int hit_cnt;

	if (dwarf_info__find_line(s->info, passes->source, line, &vaddrs, &cnt, &why) != 0)
		fail_msg("%s: %s", name, why.text);
	hit_cnt = count_hits(s->file, vaddrs, cnt);
	if (hit_cnt != passes->cnt)
		fail_msg("%s: @%s was hit %d times at %zu places, not %d times", name, passes->mark,
			 hit_cnt, cnt, passes->cnt);
	free(vaddrs);
}

static void a_line_is_hit_as_often_as_it_is_passed(void **state)
{
	static const char *const names[] = { "dwarf_gcc4",   "dwarf_gcc5",   "dwarf_clang4",
					     "dwarf_clang5", "dwarf_gcc_O0", "dwarf_clang_O0",
					     "dwarf_lto",    "dwarf_split",  "dwarf_dwz" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct subject s = subject__open(names[i]);

		for (size_t e = 0; e < sizeof(expected) / sizeof(expected[0]); e++)
			expect_passes(&s, names[i], &expected[e]);
		subject__close(&s);
	}
}

#else

static void a_line_is_hit_as_often_as_it_is_passed(void **state)
{
	(void)state;
	print_message("skipped: breakpoints are those of x86-64\n");
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_hit_as_often_as_it_is_passed),
	};

	return cmocka_run_group_tests_name("dwarf_run", tests, NULL, NULL);
}
