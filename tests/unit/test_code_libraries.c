/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All that is said about code, for every function that large libraries export, with two others who
 * have an opinion: objdump on where instructions begin and which of them return, and the unwind
 * tables, which the compiler wrote, on where the stack pointer is.
 */
#include "elf_fixture.h"

#include <inttypes.h>
#include <time.h>

#include "elf/locate.h"
#include "plan/code_private.h"

#define REASONS_MAX 16
#define REASON_SZ 96
#define TEXT_MAX_SZ (64u << 20)

enum { NOTHING, BEGINS, RETURNS };

struct function {
	uint64_t vaddr, size;
};

struct library {
	const char *name, *objdump;
	struct elf_file *file;
	struct code_reader *reader;
	uint8_t *listing; /* by address: what objdump sees there */
	struct function *functions;
	size_t cnt;
};

/* ---- what others say ---- */

/* "  26340:\tret" */
static void read_listing(struct library *library)
{
	char command[4200], line[512];
	FILE *objdump;

	snprintf(command, sizeof(command), "%s -d -w --no-show-raw-insn '%s' 2>/dev/null",
		 library->objdump, elf_file__path(library->file));
	objdump = popen(command, "r");
	assert_non_null(objdump);
	while (fgets(line, sizeof(line), objdump)) {
		char *end;
		unsigned long long vaddr = strtoull(line, &end, 16);

		if (line[0] != ' ' || end[0] != ':' || end[1] != '\t' || vaddr >= TEXT_MAX_SZ)
			continue;
		library->listing[vaddr] =
			strstr(end, "ret") && !strstr(end, "<") ? RETURNS : BEGINS;
	}
	if (pclose(objdump) != 0)
		fail_msg("%s could not read %s", library->objdump, elf_file__path(library->file));
}

static void read_functions(struct library *library)
{
	char command[4200], line[512], type[8];
	unsigned long long vaddr, size;
	FILE *table;

	snprintf(command, sizeof(command), "readelf -W --dyn-syms '%s' | sort -u -k2,2",
		 elf_file__path(library->file));
	table = popen(command, "r");
	assert_non_null(table);
	library->functions = calloc(100000, sizeof(*library->functions));
	assert_non_null(library->functions);
	while (fgets(line, sizeof(line), table) && library->cnt < 100000) {
		if (sscanf(line, " %*u: %llx %llu %7s", &vaddr, &size, type) != 3 ||
		    strcmp(type, "FUNC") != 0 || size == 0 || vaddr == 0)
			continue;
		library->functions[library->cnt++] = (struct function) { vaddr, size };
	}
	pclose(table);
}

static bool have_tool(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
	return system(command) == 0;
}

/* Skips the test where this machine does not have what it takes. */
static void library__open(struct library *library, const char *name, bool listed)
{
	struct fault why = {};
	char *path = NULL;

	*library = (struct library) { .name = name };
	if (strchr(name, '/'))
		path = strdup(name);
	else
		locate_binary(name, &path, NULL);
	if (!path || access(path, R_OK) != 0) {
		free(path);
		skip();
	}
	if (elf_file__open(path, &library->file, &why) != 0 ||
	    code_reader__new(library->file, &library->reader, &why) != 0)
		fail_msg("%s", why.text);
	free(path);
	library->objdump = elf_file__machine(library->file) == EM_X86_64
				   ? "x86_64-linux-gnu-objdump"
				   : "aarch64-linux-gnu-objdump";
	if (listed && !have_tool(library->objdump)) {
		code_reader__free(library->reader);
		elf_file__free(library->file);
		skip();
	}
	read_functions(library);
	if (!listed)
		return;
	library->listing = calloc(TEXT_MAX_SZ, 1);
	assert_non_null(library->listing);
	read_listing(library);
}

static void library__close(struct library *library)
{
	code_reader__free(library->reader);
	elf_file__free(library->file);
	free(library->listing);
	free(library->functions);
}

static struct code *load(const struct library *library, size_t index)
{
	const struct function *f = &library->functions[index];
	struct fault why = {};
	struct code *code;

	if (code__load(library->reader, f->vaddr, f->size, &code, &why) != 0)
		fail_msg("%s", why.text);
	return code;
}

/* ---- objdump ---- */

/* Text among the code is listed differently by everybody, and refused as a whole. */
static bool is_all_code(struct code *code)
{
	struct code_exits exits = {};
	struct fault why = {};

	code__find_exits(code, &exits, &why);
	code_exits__free(&exits);
	return !strstr(why.text, "jumps into the middle");
}

static void compare_boundaries(const struct library *library, struct code *code,
			       const struct function *f, size_t *accepted, size_t *refused)
{
	for (uint64_t offset = 0; offset < f->size; offset++) {
		bool begins = library->listing[f->vaddr + offset];
		bool taken = code__check_boundary(code, offset, NULL) == 0;
		struct fault why = {};

		*accepted += taken;
		*refused += begins && !taken;
		if (taken && !begins)
			fail_msg("%s: 0x%" PRIx64 " is no boundary", library->name,
				 f->vaddr + offset);
		if (!begins || taken)
			continue;
		code__check_boundary(code, offset, &why);
		if (strstr(why.text, "lies within") && is_all_code(code))
			fail_msg("%s", why.text);
	}
}

/* Those in the body: what lies elsewhere may be another function's too. */
static void compare_returns(const struct library *library, struct code *code,
			    const struct function *f)
{
	struct code_exits exits = {};
	size_t returns = 0, expected = 0;

	if (code__find_exits(code, &exits, NULL) != 0)
		return;
	for (size_t i = 0; i < exits.cnt; i++) {
		uint8_t seen = library->listing[f->vaddr + (uint64_t)exits.items[i].offset];
		bool in_body =
			exits.items[i].offset >= 0 && (uint64_t)exits.items[i].offset < f->size;

		if (seen == NOTHING ||
		    (seen == RETURNS) != (exits.items[i].kind == CODE_EXIT_RETURN))
			fail_msg("%s: 0x%" PRIx64 " is no such exit", library->name,
				 f->vaddr + (uint64_t)exits.items[i].offset);
		returns += in_body && seen == RETURNS;
	}
	for (uint64_t offset = 0; offset < f->size; offset++)
		expected += library->listing[f->vaddr + offset] == RETURNS;
	if (returns != expected)
		fail_msg("%s: 0x%" PRIx64 " has %zu returns and not %zu", library->name, f->vaddr,
			 expected, returns);
	code_exits__free(&exits);
}

static void objdump_agrees(void **state)
{
	size_t accepted = 0, refused = 0;
	struct library library;

	library__open(&library, *state, true);
	for (size_t i = 0; i < library.cnt; i++) {
		struct code *code = load(&library, i);

		compare_boundaries(&library, code, &library.functions[i], &accepted, &refused);
		compare_returns(&library, code, &library.functions[i]);
		code__free(code);
	}
	print_message("%zu functions, %zu boundaries, %zu more cannot be probed\n", library.cnt,
		      accepted, refused);
	assert_true(library.cnt > 1000);
	assert_true(refused < accepted / 10);
	library__close(&library);
}

/* ---- the unwind tables ---- */

struct agreement {
	size_t same, different, unknown;
};

static void compare_frames(struct code *code, struct agreement *a)
{
	for (size_t p = 0; p < code->part_cnt; p++) {
		const struct code_part *part = &code->parts[p];

		for (size_t i = 0; i < part->cnt; i++) {
			const struct code_frame *mine = &part->frames[i];
			struct code_frame theirs;

			if (!mine->seen ||
			    !code__frame_from_cfi(code, part->vaddr + part->insns[i].offset,
						  &theirs) ||
			    theirs.sp_is != CODE_SP_EXACT)
				continue;
			a->unknown += mine->sp_is != CODE_SP_EXACT;
			a->same += mine->sp_is == CODE_SP_EXACT && mine->sp == theirs.sp;
			a->different += mine->sp_is == CODE_SP_EXACT && mine->sp != theirs.sp;
		}
	}
}

/* Hand-written code has a few instructions for which its author left the tables out: clone(). */
static void the_unwind_tables_agree(void **state)
{
	struct agreement a = {};
	struct library library;

	library__open(&library, *state, false);
	for (size_t i = 0; i < library.cnt; i++) {
		struct code *code = load(&library, i);

		compare_frames(code, &a);
		code__free(code);
	}
	print_message("the stack pointer of %zu instructions agrees, of %zu differs, of %zu is "
		      "unknown\n",
		      a.same, a.different, a.unknown);
	assert_true(a.same > 50000);
	assert_true(a.different <= 5);
	assert_true(a.unknown < a.same / 50);
	library__close(&library);
}

/* ---- what is refused ---- */

struct reason {
	char text[REASON_SZ];
	size_t cnt;
};

/* The text without what is different in each case: the file, "instructions" and numbers. */
static void count_reason(struct reason *reasons, const char *text)
{
	const char *from = strstr(text, "code at 0x");
	char kind[REASON_SZ];
	size_t len = 0, i;

	from = from ? strchr(from, ':') : NULL;
	for (from = from ? from + 2 : text; *from && len < sizeof(kind) - 1; from++) {
		if (*from == '"' && strchr(from + 1, '"'))
			from = strchr(from + 1, '"');
		else if (from[0] == '0' && from[1] == 'x')
			from += 1 + strspn(from + 2, "0123456789abcdef");
		else
			kind[len++] = *from;
	}
	kind[len] = '\0';
	for (i = 0; i < REASONS_MAX - 1 && reasons[i].cnt; i++) {
		if (strcmp(reasons[i].text, kind) == 0)
			break;
	}
	memcpy(reasons[i].text, kind, len + 1);
	reasons[i].cnt++;
}

struct tally {
	size_t understood, maybe, tail_calls, cheap, moved;
};

static void ask_everything(struct code *code, struct tally *tally, struct reason *reasons)
{
	const struct code_entry_wish wishes[] = { {}, { .return_intact = true } };
	struct code_exits exits = {};
	struct code_entry entry;
	struct fault why = {};

	if (code__find_exits(code, &exits, &why) == 0) {
		tally->understood++;
		tally->maybe += exits.maybe_cnt > 0;
		tally->tail_calls += exits.tail_call_cnt > 0;
		code_exits__free(&exits);
	} else {
		count_reason(reasons, why.text);
	}
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		if (code__place_entry(code, &wishes[i], &entry, NULL) != 0)
			continue;
		tally->cheap += i == 0 && entry.cost <= CODE_COST_EMULATED;
		tally->moved += i == 0 && entry.offset > 0;
	}
}

static void nearly_everything_is_understood(void **state)
{
	struct reason reasons[REASONS_MAX] = {};
	struct tally tally = {};
	struct library library;
	clock_t took;

	library__open(&library, *state, false);
	took = clock();
	for (size_t i = 0; i < library.cnt; i++) {
		struct code *code = load(&library, i);

		ask_everything(code, &tally, reasons);
		code__free(code);
	}
	took = clock() - took;
	print_message("the exits of %zu of %zu functions, %zu with doubtful ones, %zu with tail "
		      "calls; %zu entries are cheap, %zu of them moved; %.3f s\n",
		      tally.understood, library.cnt, tally.maybe, tally.tail_calls, tally.cheap,
		      tally.moved, (double)took / CLOCKS_PER_SEC);
	for (size_t i = 0; i < REASONS_MAX && reasons[i].cnt; i++)
		print_message("  %4zu %s\n", reasons[i].cnt, reasons[i].text);
	assert_true(library.cnt - tally.understood <= library.cnt / 200);
	assert_true(tally.cheap > library.cnt / 2);
	library__close(&library);
}

#define about(library)                                                                             \
	{ "objdump_agrees: " library, objdump_agrees, NULL, NULL, (void *)library },               \
		{ "the_unwind_tables_agree: " library, the_unwind_tables_agree, NULL, NULL,        \
		  (void *)library },                                                               \
	{                                                                                          \
		"nearly_everything_is_understood: " library, nearly_everything_is_understood,      \
			NULL, NULL, (void *)library                                                \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		about("libc.so.6"),
		about("libstdc++.so.6"),
		about("libcrypto.so.3"),       /* hand-written code */
		about("libpython3.11.so.1.0"), /* an interpreter */
		about("/usr/lib/aarch64-linux-gnu/libc.so.6"),
	};

	return cmocka_run_group_tests_name("code_libraries", tests, NULL, NULL);
}
