/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The proof of the places and arguments: the program runs, is stopped at each place that was found,
 * and what is read there by the arguments is what the source passed.
 */
#include "elf_fixture.h"

#include "elf/usdt.h"

#ifdef __x86_64__

#include <inttypes.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define TEXT "a text in the environment"

struct expected {
	const char *name;
	int hit_cnt;
	size_t value_cnt; /* of each hit */
	int64_t values[8];
	bool signs[8];
};

/* As tests/targets/usdt_program.c passes them. Hits of one name may have different values. */
static const struct expected expectations[] = {
	{ "no_arguments", 1, 0, {}, {} },
	{ "in_memory",
	  1,
	  8,
	  { -8, 200, -1600, 60000, -320000, 4000000000, -6400000000000,
	    (int64_t)18000000000000000000u },
	  { true, false, true, false, true, false, true, false } },
	{ "in_registers",
	  1,
	  6,
	  { -8, 60000, -320000, 4000000000, -6400000000000, (int64_t)18000000000000000000u },
	  { true, false, true, false, true, false } },
	{ "constants",
	  1,
	  8,
	  { -5, 250, -300, 65000, -70000, 4000000000, -1, 99 },
	  { true, false, true, false, true, false, true, false } },
	{ "variables", 1, 4, { -1600, -1600, -1601, -6400000000000 }, { true, true, true, true } },
	{ "locals", 1, 2, { -77, (int64_t)1 << 40 }, { true, false } },
	{ "inlined", 1, 1, { -9 }, { true } },
	{ "inlined", 1, 1, { -10 }, { true } },
	{ "inlined", 1, 1, { -11 }, { true } },
	{ "guarded", 1, 1, { -320000 }, { true } },
	{ "also_guarded", 1, 1, { -319999 }, { true } },
	{ "twice", 1, 1, { -319998 }, { true } },
	{ "twice", 1, 1, { -319997 }, { true } },
};

#define EXPECTED_CNT (sizeof(expectations) / sizeof(expectations[0]))

struct run {
	pid_t pid;
	struct elf_file *file;
	struct usdt_sites sites;
	uint64_t addresses[32]; /* of the sites, in the process */
	int hits[EXPECTED_CNT];
	int pointer_hits;
};

/* Where the process has mapped this offset of its file; wanted: a letter of the permissions. */
static uint64_t address_of(pid_t pid, uint64_t offset, char wanted)
{
	char path[64], line[4096], permissions[8];
	uint64_t start, end, from, found = 0;
	ino_t ino;
	struct stat st;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	assert_return_code(stat(path, &st), errno);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %lu", &start, &end,
			   permissions, &from, &ino) == 5 &&
		    ino == st.st_ino && strchr(permissions, wanted) && offset >= from &&
		    offset - from < end - start)
			found = start + (offset - from);
	}
	fclose(maps);
	assert_int_not_equal(found, 0);
	return found;
}

static void read_process(pid_t pid, uint64_t address, void *buf, size_t sz)
{
	struct iovec local = { buf, sz }, remote = { (void *)address, sz };

	assert_int_equal(process_vm_readv(pid, &local, 1, &remote, 1, 0), sz);
}

static void write_process(pid_t pid, uint64_t address, const void *bytes, size_t sz)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, (void *)address, NULL);
	assert_int_equal(errno, 0);
	memcpy(&word, bytes, sz);
	assert_return_code(ptrace(PTRACE_POKEDATA, pid, (void *)address, (void *)word), errno);
}

static uint64_t register_value(const struct user_regs_struct *regs, uint8_t number, uint64_t pc)
{
	const uint64_t values[] = { regs->rax, regs->rcx, regs->rdx, regs->rbx,
				    regs->rsp, regs->rbp, regs->rsi, regs->rdi,
				    regs->r8,  regs->r9,  regs->r10, regs->r11,
				    regs->r12, regs->r13, regs->r14, regs->r15 };

	if (number == USDT_REGISTER_NONE)
		return 0;
	return number == USDT_REGISTER_PC ? pc : values[number];
}

/* Extended to 64 bits as its type says. */
static int64_t argument_value(pid_t pid, const struct user_regs_struct *regs, uint64_t pc,
			      const struct usdt_arg *arg)
{
	unsigned shift = 64 - 8u * arg->size;
	uint64_t raw = 0;

	switch (arg->kind) {
	case USDT_ARG_CONST:
		return arg->value_or_displacement;
	case USDT_ARG_REGISTER:
		raw = register_value(regs, arg->base, pc);
		break;
	case USDT_ARG_MEMORY:
		read_process(pid,
			     register_value(regs, arg->base, pc) +
				     register_value(regs, arg->index, pc) * arg->scale +
				     (uint64_t)arg->value_or_displacement,
			     &raw, arg->size);
		break;
	default:
		fail_msg("an unknown argument");
	}
	raw <<= shift;
	return arg->is_signed ? (int64_t)raw >> shift : (int64_t)(raw >> shift);
}

static bool matches(struct run *run, const struct usdt_site *site,
		    const struct user_regs_struct *regs, uint64_t pc,
		    const struct expected *expected)
{
	if (strcmp(site->name, expected->name) != 0)
		return false;
	assert_true(site->args_known);
	assert_int_equal(site->arg_cnt, expected->value_cnt);
	for (size_t i = 0; i < site->arg_cnt; i++) {
		assert_int_equal(site->args[i].is_signed, expected->signs[i]);
		if (argument_value(run->pid, regs, pc, &site->args[i]) != expected->values[i])
			return false;
	}
	return true;
}

/* "pointers": a string, a floating-point value that cannot be read, and 3. */
static void check_pointers(struct run *run, const struct usdt_site *site,
			   const struct user_regs_struct *regs, uint64_t pc)
{
	char text[sizeof(TEXT)];

	assert_int_equal(site->arg_cnt, 3);
	assert_false(site->args_known);
	assert_int_equal(site->args[1].kind, USDT_ARG_UNKNOWN);
	read_process(run->pid, (uint64_t)argument_value(run->pid, regs, pc, &site->args[0]), text,
		     sizeof(text));
	assert_string_equal(text, TEXT);
	assert_int_equal(argument_value(run->pid, regs, pc, &site->args[2]), 3);
	run->pointer_hits++;
}

static void hit(struct run *run)
{
	const struct usdt_site *site = NULL;
	struct user_regs_struct regs;
	uint64_t pc;

	assert_return_code(ptrace(PTRACE_GETREGS, run->pid, NULL, &regs), errno);
	pc = regs.rip - 1;
	for (size_t i = 0; i < run->sites.cnt; i++) {
		if (run->addresses[i] == pc)
			site = &run->sites.items[i];
	}
	if (!site)
		fail_msg("stopped at 0x%" PRIx64 ", which is no place", pc);
	if (strcmp(site->name, "pointers") == 0) {
		check_pointers(run, site, &regs, pc);
		return;
	}
	for (size_t i = 0; i < EXPECTED_CNT; i++) {
		if (matches(run, site, &regs, pc, &expectations[i])) {
			run->hits[i]++;
			return;
		}
	}
	fail_msg("%s (%s) has values that were not passed", site->name, site->args_text);
}

static void start(struct run *run, const char *name, bool enable)
{
	static const uint8_t int3 = 0xcc;
	static const uint16_t one = 1;
	struct fault why = {};
	int status;

	run->file = open_fixture(name);
	if (usdt__find(run->file, "tacho_test", "*", true, &run->sites, &why) != 0)
		fail_msg("%s", why.text);
	run->pid = fork();
	assert_return_code(run->pid, errno);
	if (run->pid == 0) {
		setenv("TACHO_USDT_TEXT", TEXT, 1);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(elf_file__path(run->file), name, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	ptrace(PTRACE_SETOPTIONS, run->pid, NULL, PTRACE_O_EXITKILL);
	assert_in_range(run->sites.cnt, 1, 32);
	for (size_t i = 0; i < run->sites.cnt; i++) {
		const struct usdt_site *site = &run->sites.items[i];

		run->addresses[i] = address_of(run->pid, site->offset, 'x');
		write_process(run->pid, run->addresses[i], &int3, 1);
		if (enable && site->semaphore_offset)
			write_process(run->pid, address_of(run->pid, site->semaphore_offset, 'w'),
				      &one, sizeof(one));
	}
}

/* To the end, from place to place: behind the int3 goes on what was behind the nop. */
static void follow(struct run *run)
{
	int status;

	for (;;) {
		assert_return_code(ptrace(PTRACE_CONT, run->pid, NULL, NULL), errno);
		assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
		if (!WIFSTOPPED(status))
			break;
		assert_int_equal(WSTOPSIG(status), SIGTRAP);
		hit(run);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	usdt_sites__free(&run->sites);
	elf_file__free(run->file);
}

static void expect_all(const char *name)
{
	struct run run = {};

	start(&run, name, true);
	follow(&run);
	assert_int_equal(run.pointer_hits, 1);
	for (size_t i = 0; i < EXPECTED_CNT; i++) {
		if (run.hits[i] != expectations[i].hit_cnt)
			fail_msg("%s: %s was hit %d times with its values, not %d", name,
				 expectations[i].name, run.hits[i], expectations[i].hit_cnt);
	}
}

static void arguments_are_read_as_the_source_passed_them(void **state)
{
	static const char *const names[] = { "usdt_gcc_O0",   "usdt_gcc_O2", "usdt_clang_O0",
					     "usdt_clang_O2", "usdt_static", "usdt_nopie" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect_all(names[i]);
}

static void guarded_places_are_passed_only_with_their_semaphores(void **state)
{
	struct run run = {};

	(void)state;
	start(&run, "usdt_gcc_O2", false);
	follow(&run);
	for (size_t i = 0; i < EXPECTED_CNT; i++) {
		bool guarded = strstr(expectations[i].name, "guarded") ||
			       strcmp(expectations[i].name, "twice") == 0;

		assert_int_equal(run.hits[i], guarded ? 0 : expectations[i].hit_cnt);
	}
}

#else

static void arguments_are_read_as_the_source_passed_them(void **state)
{
	(void)state;
	print_message("skipped: reads the registers of x86-64\n");
	skip();
}

static void guarded_places_are_passed_only_with_their_semaphores(void **state)
{
	(void)state;
	print_message("skipped: reads the registers of x86-64\n");
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_read_as_the_source_passed_them),
		cmocka_unit_test(guarded_places_are_passed_only_with_their_semaphores),
	};

	return cmocka_run_group_tests_name("usdt_run", tests, NULL, NULL);
}
