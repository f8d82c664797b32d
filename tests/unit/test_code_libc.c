/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All that is said about code, for functions of the C library, with objdump as second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "elf/elf_file.h"
#include "elf/locate.h"
#include "plan/code.h"

#define LISTED_MAX 400
#define LIBC_MAX_SZ (8u << 20)

struct listing {
	uint8_t *begins; /* by address: 1 where objdump has an instruction, 2 where it is a ret */
	struct {
		uint64_t vaddr, size;
	} functions[LISTED_MAX];
	size_t cnt;
};

/* "  26340:\tret" */
static void read_listing(struct listing *listing, const char *path)
{
	char command[4200], line[512];
	FILE *objdump;

	snprintf(command, sizeof(command), "objdump -d -w --no-show-raw-insn '%s'", path);
	objdump = popen(command, "r");
	assert_non_null(objdump);
	while (fgets(line, sizeof(line), objdump)) {
		char *end;
		unsigned long long vaddr = strtoull(line, &end, 16);

		if (line[0] != ' ' || end[0] != ':' || end[1] != '\t' || vaddr >= LIBC_MAX_SZ)
			continue;
		listing->begins[vaddr] = strstr(end, "ret") && !strstr(end, "<") ? 2 : 1;
	}
	if (pclose(objdump) != 0)
		fail_msg("objdump (of binutils) could not read %s", path);
}

/* Every seventh function of moderate size, so that all parts of the library are seen. */
static void choose_functions(struct listing *listing, const char *path)
{
	char command[4200], line[512], type[8];
	unsigned long long vaddr, size;
	unsigned seen = 0;
	FILE *table;

	snprintf(command, sizeof(command), "readelf -W --dyn-syms '%s'", path);
	table = popen(command, "r");
	assert_non_null(table);
	while (fgets(line, sizeof(line), table) && listing->cnt < LISTED_MAX) {
		if (sscanf(line, " %*u: %llx %llu %7s", &vaddr, &size, type) != 3 ||
		    strcmp(type, "FUNC") != 0 || size == 0 || size > 2000 || vaddr == 0)
			continue;
		if (seen++ % 7)
			continue;
		listing->functions[listing->cnt].vaddr = vaddr;
		listing->functions[listing->cnt++].size = size;
	}
	while (fgets(line, sizeof(line), table))
		continue;
	pclose(table);
	assert_true(listing->cnt > 200);
}

static int load_listing(void **state)
{
	struct listing *listing = calloc(1, sizeof(*listing));
	struct fault why = {};
	char *path;

	assert_non_null(listing);
	listing->begins = calloc(LIBC_MAX_SZ, 1);
	assert_non_null(listing->begins);
	if (locate_binary("libc.so.6", &path, &why) != 0)
		fail_msg("%s", why.text);
	read_listing(listing, path);
	choose_functions(listing, path);
	free(path);
	*state = listing;
	return 0;
}

static int free_listing(void **state)
{
	struct listing *listing = *state;

	free(listing->begins);
	free(listing);
	return 0;
}

static struct elf_file *open_libc(void)
{
	struct elf_file *file = NULL;
	struct fault why = {};
	char *path = NULL;

	if (locate_binary("libc.so.6", &path, &why) != 0 || elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	free(path);
	return file;
}

static void objdump_agrees_on_every_boundary(void **state)
{
	const struct listing *listing = *state;
	struct elf_file *file = open_libc();
	size_t accepted = 0, refused_begins = 0;

	for (size_t i = 0; i < listing->cnt; i++) {
		uint64_t vaddr = listing->functions[i].vaddr, size = listing->functions[i].size;

		for (uint64_t offset = 0; offset < size; offset++) {
			struct fault why = {};
			bool begins = listing->begins[vaddr + offset];
			int err = code_check_boundary(file, vaddr, size, offset, &why);

			if (err == 0 && !begins)
				fail_msg("0x%llx is no boundary",
					 (unsigned long long)(vaddr + offset));
			accepted += err == 0;
			if (err && begins)
				refused_begins++;
			if (err && begins && strstr(why.text, "lies within"))
				fail_msg("%s", why.text);
		}
	}
	print_message("%zu functions, %zu boundaries, %zu more refused\n", listing->cnt, accepted,
		      refused_begins);
	assert_true(accepted > 10000);
	assert_true(refused_begins < accepted / 10);
	elf_file__free(file);
}

static size_t count_returns(const struct listing *listing, uint64_t vaddr, uint64_t size)
{
	size_t cnt = 0;

	for (uint64_t offset = 0; offset < size; offset++)
		cnt += listing->begins[vaddr + offset] == 2;
	return cnt;
}

static void objdump_agrees_on_every_return(void **state)
{
	const struct listing *listing = *state;
	struct elf_file *file = open_libc();
	size_t understood = 0;

	for (size_t i = 0; i < listing->cnt; i++) {
		uint64_t vaddr = listing->functions[i].vaddr, size = listing->functions[i].size;
		struct code_exits exits = {};
		size_t returns = 0;

		if (code_find_exits(file, "", vaddr, size, &exits, NULL) != 0)
			continue;
		understood++;
		for (size_t e = 0; e < exits.cnt; e++) {
			assert_true(listing->begins[vaddr + exits.offsets[e]]);
			returns += listing->begins[vaddr + exits.offsets[e]] == 2;
		}
		assert_int_equal(returns, count_returns(listing, vaddr, size));
		code_exits__free(&exits);
	}
	print_message("exits of %zu functions of %zu\n", understood, listing->cnt);
	assert_true(understood > listing->cnt / 2);
	elf_file__free(file);
}

#define with_listing(test) cmocka_unit_test_setup_teardown(test, load_listing, free_listing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_listing(objdump_agrees_on_every_boundary),
		with_listing(objdump_agrees_on_every_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
