/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that lie: every one is refused or read, and nothing crashes. */
#include "elf_fixture.h"
#include "plan/code.h"

static int look_at_name(void *ctx, const char *name)
{
	*(size_t *)ctx += strlen(name);
	return 0;
}

static void use_code(struct code_reader *reader, const struct elf_symbol *symbol)
{
	const struct code_entry_wish wish = {};
	struct code_exits exits = {};
	struct code_entry entry;
	struct fault why = {};
	struct code *code;

	if (code__load(reader, symbol->vaddr, symbol->size, &code, &why) != 0)
		return;
	code__check_boundary(code, 4, &why);
	code__check_return_intact(code, 4, &why);
	code__place_entry(code, &wish, &entry, &why);
	if (code__find_exits(code, &exits, &why) == 0)
		code_exits__free(&exits);
	code__free(code);
}

static void use_functions(const struct elf_file *file, const char *name)
{
	struct code_reader *reader = NULL;
	struct elf_symbols symbols = {};
	struct fault why = {};
	int err;

	err = find_named(file, name, &symbols, &why);
	assert_true(err <= 0);
	assert_true(err == 0 || why.text[0]);
	if (code_reader__new(file, &reader, &why) == 0) {
		for (size_t i = 0; i < symbols.cnt; i++)
			use_code(reader, &symbols.items[i]);
	}
	code_reader__free(reader);
	elf_symbols__free(&symbols);
}

static int look_at_function(void *ctx, const struct elf_symbol *symbol)
{
	*(size_t *)ctx += strlen(symbol->name) + strlen(symbol->display) + strlen(symbol->table);
	return 0;
}

static void use_all_functions(const struct elf_file *file)
{
	const struct elf_query all = { .name = "*", .many = true };
	struct elf_symbols symbols = {};
	struct fault why = {};
	size_t seen = 0;
	int err;

	err = elf_file__each_function(file, look_at_function, &seen, &why);
	assert_true(err == 0 || why.text[0]);
	err = elf_file__find(file, &all, &symbols, &why);
	assert_true(err == 0 || why.text[0]);
	for (size_t i = 0; i < symbols.cnt; i++)
		elf_file__function_at(file, symbols.items[i].vaddr + 1);
	elf_symbols__free(&symbols);
	elf_file__is_go(file);
	elf_file__is_rust(file);
}

/* Everything that reads the file must end well, or badly with a text. */
static void use_bytes(const void *bytes, size_t sz)
{
	struct elf_file *file = NULL;
	struct fault why = {};
	size_t seen = 0;
	char path[64];
	int err, fd;

	fd = tiny_file__publish(bytes, sz, path, sizeof(path));
	assert_return_code(fd, errno);
	err = elf_file__open(path, &file, &why);
	assert_true(err <= 0);
	if (err) {
		assert_null(file);
		assert_true(why.text[0]);
	} else {
		use_functions(file, "plain_function");
		use_functions(file, "versioned@LIB_1");
		use_functions(file, "no_such_function");
		use_functions(file, "net::Server::handle(int, char)");
		use_all_functions(file);
		elf_file__each_needed(file, look_at_name, &seen);
		elf_file__each_import(file, look_at_name, &seen);
		elf_file__has_section(file, ".gnu_debuglink");
		elf_file__free(file);
	}
	close(fd);
}

static void truncated_files_are_survived(void **state)
{
	static const char *const files[] = { "elf_pie", "libelf_lib.so" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes bytes = read_fixture(files[i]);

		for (size_t sz = 0; sz < bytes.sz; sz += sz < 1024 ? 1 : 61)
			use_bytes(bytes.at, sz);
		free(bytes.at);
	}
}

/* Sets each byte from..to to a few telling values, one at a time. */
static void spoil_range(struct bytes bytes, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < bytes.sz; i++) {
		uint8_t good = bytes.at[i];
		const uint8_t bad[] = { 0x00, 0xff, good ^ 0x80, good + 1, good - 1 };

		for (size_t b = 0; b < sizeof(bad); b++) {
			bytes.at[i] = bad[b];
			use_bytes(bytes.at, bytes.sz);
		}
		bytes.at[i] = good;
	}
}

static void spoiled_headers_are_survived(void **state)
{
	static const char *const files[] = { "elf_nopie", "libelf_lib.so" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bytes bytes = read_fixture(files[i]);
		const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)(void *)bytes.at;
		size_t phdrs = ehdr->e_phoff, phnum = ehdr->e_phnum;
		size_t shdrs = ehdr->e_shoff, shnum = ehdr->e_shnum;

		spoil_range(bytes, 0, sizeof(*ehdr));
		spoil_range(bytes, phdrs, phdrs + phnum * sizeof(Elf64_Phdr));
		spoil_range(bytes, shdrs, shdrs + shnum * sizeof(Elf64_Shdr));
		free(bytes.at);
	}
}

static void spoil_at_random(struct bytes bytes, int rounds)
{
	for (int round = 0; round < rounds; round++) {
		uint8_t good[8];
		size_t at[8];

		for (size_t i = 0; i < 8; i++) {
			at[i] = sizeof(Elf64_Ehdr) +
				(size_t)rand() % (bytes.sz - sizeof(Elf64_Ehdr));
			good[i] = bytes.at[at[i]];
			bytes.at[at[i]] = (uint8_t)rand();
		}
		use_bytes(bytes.at, bytes.sz);
		for (size_t i = 8; i-- > 0;)
			bytes.at[at[i]] = good[i];
	}
}

static void spoiled_contents_are_survived(void **state)
{
	static const char *const files[] = { "libelf_lib.so", "libsym_mini.so", "libsym_names.so" };

	(void)state;
	srand(7);
	for (size_t i = 0; i < 3; i++) {
		struct bytes bytes = read_fixture(files[i]);

		spoil_at_random(bytes, 2000);
		free(bytes.at);
	}
}

/* The table is spoiled where it is dense: its header and the first of its functions. */
static void spoiled_go_tables_are_survived(void **state)
{
	struct bytes bytes;
	uint8_t *header;

	(void)state;
	need_fixture("sym_go_stripped");
	bytes = read_fixture("sym_go_stripped");
	header = memmem(bytes.at, bytes.sz, "\xff\xff\xff\0\0\1\10", 7);
	assert_non_null(header);
	spoil_range(bytes, (size_t)(header - bytes.at) - 1, (size_t)(header - bytes.at) + 72);
	free(bytes.at);
}

static void a_name_outside_its_strings_is_refused(void **state)
{
	static const uint8_t code[] = { 0xc3 };
	static const struct tiny_symbol symbols[] = { { "f", TINY_CODE_VADDR, 1, STT_FUNC, 1 },
						      { "g", TINY_CODE_VADDR, 1, STT_FUNC, 1 },
						      { 0 } };
	const struct tiny_elf spec = {
		.machine = EM_X86_64, .code = code, .code_sz = 1, .symbols = symbols
	};
	struct tiny_file bytes;
	struct elf_symbols found = {};
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd;

	(void)state;
	tiny_elf__make(&spec, &bytes);
	bytes.bytes[0x800 + 2 * sizeof(Elf64_Sym) + 2] = 0x77;
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_int_equal(find_named(file, "f", &found, &why), -EBADMSG);
	assert_null(found.items);
	assert_says(&why, "symbol 2 in .symtab");
	elf_file__free(file);
	close(fd);
}

/* 20,000 symbols whose names are the ends of one string of 60,000 bytes: reading them all would be
 * reading half a gigabyte, and sorting them much more. */
static void names_that_lie_upon_each_other_are_refused(void **state)
{
	static const uint8_t code[] = { 0xc3 };
	static const struct tiny_symbol none[] = { { 0 } };
	const struct tiny_elf spec = {
		.machine = EM_X86_64, .code = code, .code_sz = 1, .symbols = none
	};
	const size_t cnt = 20000, strings_sz = 60000, symbols_sz = cnt * sizeof(Elf64_Sym);
	struct elf_symbols found = {};
	struct elf_file *file = NULL;
	struct tiny_file tiny;
	struct fault why = {};
	Elf64_Shdr *shdrs;
	Elf64_Sym *symbols;
	uint8_t *bytes;
	char path[64];
	int fd;

	(void)state;
	tiny_elf__make(&spec, &tiny);
	bytes = calloc(1, tiny.sz + symbols_sz + strings_sz);
	memcpy(bytes, tiny.bytes, tiny.sz);
	shdrs = (Elf64_Shdr *)(void *)(bytes + 0x1c00);
	shdrs[2].sh_offset = tiny.sz;
	shdrs[2].sh_size = symbols_sz;
	shdrs[3].sh_offset = tiny.sz + symbols_sz;
	shdrs[3].sh_size = strings_sz;
	symbols = (Elf64_Sym *)(void *)(bytes + tiny.sz);
	for (size_t i = 1; i < cnt; i++)
		symbols[i] = (Elf64_Sym) { .st_name = (Elf64_Word)i,
					   .st_info = STT_FUNC,
					   .st_shndx = 1,
					   .st_value = TINY_CODE_VADDR };
	memset(bytes + tiny.sz + symbols_sz, 'a', strings_sz - 1);
	fd = tiny_file__publish(bytes, tiny.sz + symbols_sz + strings_sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_int_equal(find_named(file, "f", &found, &why), -EBADMSG);
	assert_says(&why, "lie upon each other");
	elf_file__free(file);
	close(fd);
	free(bytes);
}

static void a_file_that_shrinks_is_survived(void **state)
{
	struct bytes bytes = read_fixture("elf_pie");
	struct elf_file *file = NULL;
	struct fault why = {};
	uint8_t code[64];
	size_t seen = 0;
	char path[64];
	int fd;

	(void)state;
	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_return_code(ftruncate(fd, 600), errno);
	use_functions(file, "plain_function");
	elf_file__each_import(file, look_at_name, &seen);
	elf_file__has_section(file, ".text");
	assert_int_equal(elf_file__read(file, 0x1100, code, sizeof(code)), 0);
	elf_file__free(file);
	close(fd);
	free(bytes.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncated_files_are_survived),
		cmocka_unit_test(spoiled_headers_are_survived),
		cmocka_unit_test(spoiled_contents_are_survived),
		cmocka_unit_test(spoiled_go_tables_are_survived),
		cmocka_unit_test(a_name_outside_its_strings_is_refused),
		cmocka_unit_test(names_that_lie_upon_each_other_are_refused),
		cmocka_unit_test(a_file_that_shrinks_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
