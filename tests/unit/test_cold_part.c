/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the compiler puts aside still belongs to its function. The program that throws has one. */
#include "elf_fixture.h"

#include <string.h>

#include "plan/code.h"

struct function {
	struct elf_file *file;
	struct elf_symbols symbols;
};

static struct elf_symbol *function__find(struct function *f, const char *name)
{
	struct fault why = {};

	f->file = open_fixture("prog_throw");
	if (elf_file__find(f->file, &(struct elf_query) { .name = name }, &f->symbols, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(f->symbols.cnt, 1);
	return &f->symbols.items[0];
}

static void function__free(struct function *f)
{
	elf_symbols__free(&f->symbols);
	elf_file__free(f->file);
}

static void a_jump_to_the_cold_part_is_no_exit(void **state)
{
	struct code_exits exits = {};
	struct fault why = {};
	struct elf_symbol *s;
	struct function f;

	(void)state;
	s = function__find(&f, "inner");
	if (code_find_exits(f.file, s->name, s->vaddr, s->size, &exits, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(exits.cnt > 0);
	assert_int_equal(exits.tail_call_cnt, 0);
	for (size_t i = 0; i < exits.cnt; i++)
		assert_true(exits.offsets[i] < s->size);
	code_exits__free(&exits);
	function__free(&f);
}

static void without_its_name_the_cold_part_is_another_function(void **state)
{
	struct code_exits exits = {};
	struct elf_symbol *s;
	struct fault why;
	struct function f;

	(void)state;
	s = function__find(&f, "inner");
	assert_int_equal(code_find_exits(f.file, "other", s->vaddr, s->size, &exits, &why),
			 -EOPNOTSUPP);
	assert_int_equal(exits.cnt, 0);
	function__free(&f);
}

static void the_cold_part_is_found_by_what_lies_in_it(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	struct elf_file *stripped = open_fixture("elf_stripped");
	uint64_t vaddr, size;

	(void)state;
	/* a name alone is not enough: another function of that name may have its own */
	assert_int_equal(elf_file__cold_part(file, "split_function", 0, &vaddr, &size), -ENOENT);
	assert_int_equal(elf_file__cold_part(stripped, "split_function", 0, &vaddr, &size),
			 -ENOENT);
	elf_file__free(stripped);
	elf_file__free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jump_to_the_cold_part_is_no_exit),
		cmocka_unit_test(without_its_name_the_cold_part_is_another_function),
		cmocka_unit_test(the_cold_part_is_found_by_what_lies_in_it),
	};

	return cmocka_run_group_tests_name("cold_part", tests, NULL, NULL);
}
