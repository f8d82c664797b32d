/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The symbols of what compilers put aside. */
#include "elf_fixture.h"

#include <string.h>

static void parts_are_found_by_what_lies_in_them(void **state)
{
	const struct tiny_symbol symbols[] = {
		{ "g.cold", TINY_CODE_VADDR + 8, 4, STT_FUNC, 1 },
		{ "f.cold", TINY_CODE_VADDR + 2, 6, STT_FUNC, 1 },
		{ "f", TINY_CODE_VADDR, 2, STT_FUNC, 1 },
		{ "g.cold.1", TINY_CODE_VADDR + 14, 2, STT_FUNC, 1 },
		{ "f.colder", TINY_CODE_VADDR + 12, 2, STT_FUNC, 1 },
		{ "h.cold", TINY_CODE_VADDR + 13, 0, STT_FUNC, 1 },
		{ "k.cold", TINY_CODE_VADDR + 12, 1, STT_FUNC, SHN_UNDEF },
		{},
	};
	const uint8_t code[16] = {};
	const struct tiny_elf spec = {
		.machine = EM_X86_64, .code = code, .code_sz = sizeof(code), .symbols = symbols
	};
	struct elf_cold_parts parts = {};
	struct elf_file *file = NULL;
	struct tiny_file bytes;
	struct fault why = {};
	char path[64];
	int fd;

	(void)state;
	tiny_elf__make(&spec, &bytes);
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	if (elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(elf_file__cold_parts(file, &parts), 0);
	assert_int_equal(parts.cnt, 3);
	assert_null(elf_cold_parts__find(&parts, TINY_CODE_VADDR + 1));
	assert_int_equal(elf_cold_parts__find(&parts, TINY_CODE_VADDR + 2)->size, 6);
	assert_int_equal(elf_cold_parts__find(&parts, TINY_CODE_VADDR + 7)->size, 6);
	assert_int_equal(elf_cold_parts__find(&parts, TINY_CODE_VADDR + 8)->size, 4);
	assert_null(elf_cold_parts__find(&parts, TINY_CODE_VADDR + 12));
	assert_int_equal(elf_cold_parts__find(&parts, TINY_CODE_VADDR + 15)->size, 2);
	assert_null(elf_cold_parts__find(&parts, UINT64_MAX));
	elf_cold_parts__free(&parts);
	elf_file__free(file);
	close(fd);
}

static void a_stripped_file_names_none(void **state)
{
	struct elf_file *stripped = open_fixture("elf_stripped");
	struct elf_cold_parts parts = { .cnt = 77 };

	(void)state;
	assert_int_equal(elf_file__cold_parts(stripped, &parts), 0);
	assert_int_equal(parts.cnt, 0);
	assert_null(elf_cold_parts__find(&parts, 0));
	elf_cold_parts__free(&parts);
	elf_file__free(stripped);
}

static void a_compiled_file_names_its_own(void **state)
{
	struct elf_file *file = open_fixture("prog_throw");
	struct elf_cold_parts parts = {};

	(void)state;
	assert_int_equal(elf_file__cold_parts(file, &parts), 0);
	assert_true(parts.cnt > 0);
	for (size_t i = 0; i < parts.cnt; i++)
		assert_ptr_equal(elf_cold_parts__find(&parts, parts.items[i].vaddr),
				 &parts.items[i]);
	elf_cold_parts__free(&parts);
	elf_file__free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found_by_what_lies_in_them),
		cmocka_unit_test(a_stripped_file_names_none),
		cmocka_unit_test(a_compiled_file_names_its_own),
	};

	return cmocka_run_group_tests_name("cold_part", tests, NULL, NULL);
}
