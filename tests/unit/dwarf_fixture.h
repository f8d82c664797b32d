/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs with debugging information (tests/targets/dwarf_*), and what is asked about them. */
#ifndef TACHO_TESTS_DWARF_FIXTURE_H
#define TACHO_TESTS_DWARF_FIXTURE_H

#include "elf_fixture.h"

#include "elf/dwarf.h"

#define PROGRAM_SOURCE "tests/targets/dwarf_program.c"
#define OTHER_SOURCE "tests/targets/dwarf_other.c"
#define HEADER_SOURCE "tests/targets/dwarf_program.h"

struct subject {
	struct elf_file *file;
	struct dwarf_info *info;
};

static inline struct subject subject__open(const char *name)
{
	struct subject s = { .file = open_fixture(name) };
	struct fault why = {};

	if (dwarf_info__open(s.file, NULL, &s.info, &why) != 0)
		fail_msg("%s", why.text);
	return s;
}

static inline void subject__close(struct subject *s)
{
	dwarf_info__free(s->info);
	elf_file__free(s->file);
}

/* Address of the only function of this name. */
static inline uint64_t vaddr_of(const struct subject *s, const char *name)
{
	struct elf_symbols symbols = {};
	struct fault why = {};
	uint64_t vaddr;

	if (elf_file__find(s->file, &(struct elf_query) { .name = name }, &symbols, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(symbols.cnt, 1);
	vaddr = symbols.items[0].vaddr;
	elf_symbols__free(&symbols);
	return vaddr;
}

/* The line of the source file that has this mark in a comment. */
static inline unsigned line_of(const char *source, const char *mark)
{
	FILE *file = fopen(source, "r");
	unsigned number = 0, found = 0;
	char line[512], wanted[64];

	if (!file)
		fail_msg("%s is missing: run this in the top folder", source);
	snprintf(wanted, sizeof(wanted), "@%s */", mark);
	while (!found && fgets(line, sizeof(line), file)) {
		number++;
		if (strstr(line, wanted))
			found = number;
	}
	fclose(file);
	if (!found)
		fail_msg("%s has no mark @%s", source, mark);
	return found;
}

#endif
