/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening ELF files and finding functions in them. */
#include "elf_fixture.h"

static void assert_open_refused(const char *path, int err, const char *part)
{
	struct elf_file *file = NULL;
	struct fault why = {};

	assert_int_equal(elf_file__open(path, &file, &why), err);
	assert_null(file);
	assert_says(&why, part);
	assert_says(&why, path);
}

static void assert_bytes_refused(const void *bytes, size_t sz, int err, const char *part)
{
	char path[64];
	int fd = tiny_file__publish(bytes, sz, path, sizeof(path));

	assert_return_code(fd, errno);
	assert_open_refused(path, err, part);
	close(fd);
}

static void assert_find_refused(const char *fixture_name, const char *name, int err,
				const char *part)
{
	struct elf_file *file = open_fixture(fixture_name);
	struct elf_symbols symbols = {};
	struct fault why = {};

	assert_int_equal(find_named(file, name, &symbols, &why), err);
	assert_null(symbols.items);
	assert_says(&why, part);
	assert_says(&why, elf_file__path(file));
	elf_file__free(file);
}

/* Finds name in the fixture; the caller frees both. */
static struct elf_file *find_in(const char *fixture_name, const char *name, size_t cnt,
				struct elf_symbols *symbols)
{
	struct elf_file *file = open_fixture(fixture_name);
	struct fault why = {};

	*symbols = (struct elf_symbols) {};
	if (find_named(file, name, symbols, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(symbols->cnt, cnt);
	for (size_t i = 0; i < cnt; i++) {
		uint64_t offset;

		assert_int_equal(elf_file__offset(file, symbols->items[i].vaddr, &offset), 0);
		assert_int_equal(symbols->items[i].offset, offset);
		assert_true(i == 0 || symbols->items[i - 1].vaddr < symbols->items[i].vaddr);
	}
	return file;
}

static void assert_found(const char *fixture_name, const char *name, size_t cnt)
{
	struct elf_symbols symbols;
	struct elf_file *file = find_in(fixture_name, name, cnt, &symbols);

	elf_symbols__free(&symbols);
	elf_file__free(file);
}

/* ---- opening ---- */

static void open_knows_the_file(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	struct stat st;

	(void)state;
	assert_return_code(fstat(elf_file__fd(file), &st), errno);
	assert_int_equal(elf_file__dev(file), st.st_dev);
	assert_int_equal(elf_file__ino(file), st.st_ino);
	assert_string_equal(elf_file__path(file), fixture("elf_pie"));
	assert_int_equal(strlen(elf_file__build_id(file)), 40);
	assert_int_equal(strspn(elf_file__build_id(file), "0123456789abcdef"), 40);
	assert_true(fcntl(elf_file__fd(file), F_GETFD) & FD_CLOEXEC);
	assert_true(elf_file__has_section(file, ".text"));
	assert_false(elf_file__has_section(file, ".tex"));
	elf_file__free(file);
	elf_file__free(NULL);
}

static void open_refuses_what_is_no_regular_file(void **state)
{
	char folder[] = "/tmp/tacho_elf_XXXXXX", fifo[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	assert_return_code(mkfifo(fifo, 0600), errno);
	assert_open_refused(folder, -EISDIR, "a folder");
	assert_open_refused(fifo, -EINVAL, "not a regular file");
	assert_open_refused("/dev/null", -EINVAL, "not a regular file");
	unlink(fifo);
	assert_open_refused(fifo, -ENOENT, "No such file");
	rmdir(folder);
}

static void open_refuses_what_is_not_elf(void **state)
{
	(void)state;
	assert_bytes_refused("", 0, -ENOEXEC, "empty");
	assert_bytes_refused("\x7f", 1, -ENOEXEC, "not an ELF file");
	assert_bytes_refused("hello, world\n", 13, -ENOEXEC, "not an ELF file");
	assert_bytes_refused("#! /usr/bin/python3 -u\nimport os\n", 33, -ENOEXEC,
			     "its interpreter is /usr/bin/python3 -u)");
	assert_bytes_refused("\x7f"
			     "ELF",
			     4, -ENOEXEC, "cut short");
}

static void spoil_header(struct tiny_file *file, size_t at, uint8_t value)
{
	static const uint8_t ret[] = { 0xc3 };
	static const struct tiny_symbol none[] = { { 0 } };
	const struct tiny_elf spec = {
		.machine = EM_X86_64, .code = ret, .code_sz = sizeof(ret), .symbols = none
	};

	tiny_elf__make(&spec, file);
	file->bytes[at] = value;
}

static void open_refuses_foreign_and_unlinked_files(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *part;
	} cases[] = {
		{ EI_CLASS, ELFCLASS32, "32-bit" },
		{ EI_CLASS, 7, "unknown kind" },
		{ EI_DATA, ELFDATA2MSB, "other byte order" },
		{ EI_VERSION, 9, "unknown kind" },
		{ offsetof(Elf64_Ehdr, e_type), ET_REL, "not yet linked" },
		{ offsetof(Elf64_Ehdr, e_type), ET_CORE, "core dump" },
		{ offsetof(Elf64_Ehdr, e_type), 99, "neither an executable" },
		{ offsetof(Elf64_Ehdr, e_phnum), 0, "no program headers" },
		{ offsetof(Elf64_Ehdr, e_phentsize), 1, "no program headers" },
		{ offsetof(Elf64_Ehdr, e_shentsize), 1, "section headers" },
		{ offsetof(Elf64_Ehdr, e_phoff) + 3, 1, "cut short" },
		{ offsetof(Elf64_Ehdr, e_phoff) + 7, 0xff, "cut short" },
		{ offsetof(Elf64_Ehdr, e_shoff) + 7, 0xff, "cut short" },
		{ offsetof(Elf64_Ehdr, e_shnum) + 1, 0xff, "cut short" },
		/* the code's own header: its flags, its place */
		{ 64 + 56 + offsetof(Elf64_Phdr, p_flags), PF_R, "holds no code" },
		{ 64 + 56 + offsetof(Elf64_Phdr, p_offset) + 3, 1, "cut short" },
		{ 64 + 56 + offsetof(Elf64_Phdr, p_filesz) + 7, 0xff, "cut short" },
	};
	struct tiny_file file;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		spoil_header(&file, cases[i].at, cases[i].value);
		assert_bytes_refused(file.bytes, file.sz, -ENOEXEC, cases[i].part);
	}
}

static void open_refuses_a_segment_that_wraps_around(void **state)
{
	struct tiny_file file;
	Elf64_Phdr *phdr;

	(void)state;
	spoil_header(&file, 4, ELFCLASS64);
	phdr = (Elf64_Phdr *)(void *)(file.bytes + 64 + 56);
	phdr->p_filesz = UINT64_MAX - phdr->p_offset + 2;
	assert_bytes_refused(file.bytes, file.sz, -ENOEXEC, "cut short");
	spoil_header(&file, 4, ELFCLASS64);
	phdr->p_vaddr = UINT64_MAX;
	phdr->p_filesz = 8;
	assert_bytes_refused(file.bytes, file.sz, -ENOEXEC, "cut short");
}

/* ---- segments ---- */

static void addresses_lead_to_offsets_as_lld_lays_files_out(void **state)
{
	static const uint8_t code[] = { 0x55, 0x5d, 0xc3 };
	static const struct tiny_symbol symbols[] = { { "f", TINY_CODE_VADDR + 1, 2, STT_FUNC, 1 },
						      { 0 } };
	const struct tiny_elf spec = {
		.machine = EM_AARCH64, .code = code, .code_sz = sizeof(code), .symbols = symbols
	};
	struct tiny_file bytes;
	struct elf_symbols found = {};
	struct elf_file *file = NULL;
	uint8_t read_back[16];
	uint64_t offset = 77;
	char path[64];
	int fd;

	(void)state;
	tiny_elf__make(&spec, &bytes);
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, NULL), 0);
	assert_int_equal(elf_file__machine(file), EM_AARCH64);
	assert_string_equal(elf_file__build_id(file), "");
	assert_int_equal(elf_file__offset(file, TINY_CODE_VADDR + 3, &offset), -ERANGE);
	assert_int_equal(elf_file__offset(file, TINY_CODE_VADDR - 1, &offset), -ERANGE);
	assert_int_equal(elf_file__offset(file, 0x400000, &offset), -ERANGE);
	assert_int_equal(offset, 77);
	assert_int_equal(find_named(file, "f", &found, NULL), 0);
	assert_int_equal(found.items[0].offset, TINY_CODE_OFFSET + 1);
	assert_int_equal(elf_file__read(file, TINY_CODE_VADDR + 1, read_back, 16), 2);
	assert_memory_equal(read_back, code + 1, 2);
	assert_int_equal(elf_file__read(file, 0, read_back, 16), -ERANGE);
	elf_symbols__free(&found);
	elf_file__free(file);
	close(fd);
}

/* ---- finding ---- */

static void find_knows_programs_of_either_kind(void **state)
{
	static const char *const programs[] = { "elf_pie", "elf_nopie" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_found(programs[i], "main", 1);
		assert_found(programs[i], "plain_function", 1);
	}
}

static void find_gives_name_size_and_table(void **state)
{
	struct elf_symbols symbols;
	struct elf_file *file = find_in("elf_pie", "plain_function", 1, &symbols);

	(void)state;
	assert_string_equal(symbols.items[0].name, "plain_function");
	assert_string_equal(symbols.items[0].table, ".symtab");
	assert_true(symbols.items[0].size > 0);
	elf_symbols__free(&symbols);
	elf_symbols__free(&symbols);
	elf_symbols__free(NULL);
	elf_file__free(file);
}

static void find_gives_every_static_function_of_the_name(void **state)
{
	(void)state;
	assert_found("elf_pie", "same_name", 2);
}

static void find_gives_an_alias_the_address_it_shares(void **state)
{
	struct elf_symbols plain, alias;
	struct elf_file *a = find_in("elf_pie", "plain_function", 1, &plain);
	struct elf_file *b = find_in("elf_pie", "alias_function", 1, &alias);

	(void)state;
	assert_int_equal(plain.items[0].vaddr, alias.items[0].vaddr);
	elf_symbols__free(&plain);
	elf_symbols__free(&alias);
	elf_file__free(a);
	elf_file__free(b);
}

static void find_takes_hand_written_assembly(void **state)
{
	struct elf_symbols symbols;
	struct elf_file *file = find_in("elf_pie", "asm_untyped", 1, &symbols);

	(void)state;
	assert_int_equal(symbols.items[0].size, 0);
	elf_symbols__free(&symbols);
	elf_file__free(file);
	assert_found("elf_pie", "asm_sizeless", 1);
}

static void find_leaves_the_cold_part_alone(void **state)
{
	(void)state;
	assert_found("elf_pie", "split_function", 1);
	assert_find_refused("elf_pie", "split_function.cold", -EINVAL, "name the function");
}

static void find_takes_variants_that_are_entered_instead(void **state)
{
	struct elf_symbols symbols;
	struct elf_file *file = find_in("elf_pie", "cloned_function", 2, &symbols);

	(void)state;
	assert_string_equal(symbols.items[0].name, "cloned_function.isra.0");
	assert_string_equal(symbols.items[1].name, "cloned_function.constprop.1.isra.2");
	elf_symbols__free(&symbols);
	elf_file__free(file);
	assert_found("elf_pie", "cloned_function.part.0", 1);
}

static void find_refuses_an_ifunc(void **state)
{
	(void)state;
	assert_find_refused("elf_pie", "picked_function", -ENOTSUP, "IFUNC");
	assert_found("elf_pie", "resolve_picked", 1);
}

static void find_refuses_data(void **state)
{
	(void)state;
	assert_find_refused("elf_pie", "data_symbol", -EINVAL, "not a function");
	assert_find_refused("elf_pie", "tls_symbol", -EINVAL, "not a function");
}

static void find_tells_imports_from_what_is_missing(void **state)
{
	(void)state;
	assert_find_refused("elf_pie", "printf", -ENOENT, "imported, not defined in this file");
	assert_find_refused("elf_pie", "printf", -ENOENT, "libc.so.6");
	assert_find_refused("elf_stripped", "printf", -ENOENT, "imported");
	assert_find_refused("libelf_lib.so", "strlen", -ENOENT, "libc.so.6");
}

static void find_suggests_near_names_and_says_where_it_looked(void **state)
{
	(void)state;
	assert_find_refused("elf_pie", "plain_functoin", -ENOENT, "closest: plain_function");
	assert_find_refused("elf_pie", "nothing_like_it", -ENOENT, "searched .symtab (");
	assert_find_refused("elf_pie", "nothing_like_it", -ENOENT, " and .dynsym (0 functions)");
	assert_find_refused("elf_stripped", "main", -ENOENT, "stripped of .symtab");
	assert_find_refused("elf_pie", "", -ENOENT, "empty");
	assert_find_refused("elf_pie", "@LIB_1", -ENOENT, "empty");
}

static void find_says_that_a_file_has_no_symbols_at_all(void **state)
{
	struct bytes bytes = read_fixture("elf_pie");
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)(void *)bytes.at;
	struct elf_symbols symbols = {};
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd;

	(void)state;
	ehdr->e_shoff = 0;
	ehdr->e_shnum = 0;
	ehdr->e_shstrndx = 0;
	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_int_equal(strlen(elf_file__build_id(file)), 40);
	assert_false(elf_file__has_section(file, ".text"));
	assert_int_equal(find_named(file, "main", &symbols, &why), -ENOENT);
	assert_says(&why, "stripped: it has neither .symtab nor .dynsym");
	elf_file__free(file);
	close(fd);
	free(bytes.at);
}

static uint64_t address_of(const char *fixture_name, const char *name)
{
	struct elf_symbols symbols;
	struct elf_file *file = find_in(fixture_name, name, 1, &symbols);
	uint64_t vaddr = symbols.items[0].vaddr;

	elf_symbols__free(&symbols);
	elf_file__free(file);
	return vaddr;
}

static void find_knows_versions(void **state)
{
	static const char *const libraries[] = { "libelf_lib.so", "libelf_lib_stripped.so" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t old = address_of(libraries[i], "versioned@LIB_1");
		uint64_t now = address_of(libraries[i], "versioned@@LIB_2");

		assert_int_not_equal(old, now);
		assert_int_equal(address_of(libraries[i], "versioned"), now);
		assert_int_equal(address_of(libraries[i], "versioned@LIB_2"), now);
		assert_find_refused(libraries[i], "versioned@@LIB_1", -ENOENT,
				    "no default version");
		assert_find_refused(libraries[i], "versioned@LIB_9", -ENOENT, "versioned@LIB_");
		assert_find_refused(libraries[i], "only_old", -ENOENT, "try only_old@LIB_1");
		assert_found(libraries[i], "only_old@LIB_1", 1);
		assert_found(libraries[i], "exported", 1);
	}
}

static void find_refuses_functions_outside_the_code(void **state)
{
	static const uint8_t code[] = { 0xc3 };
	static const struct tiny_symbol symbols[] = {
		{ "far", 0x999999, 4, STT_FUNC, 1 },
		{ "headers", 0x400010, 4, STT_FUNC, 1 },
		{ "untyped", 0x400010, 4, STT_NOTYPE, 1 },
		{ 0 },
	};
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
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_int_equal(find_named(file, "far", &found, &why), -EINVAL);
	assert_says(&why, "outside every executable segment");
	assert_int_equal(find_named(file, "headers", &found, &why), -EINVAL);
	assert_int_equal(find_named(file, "untyped", &found, &why), -EINVAL);
	assert_says(&why, "not a function");
	elf_file__free(file);
	close(fd);
}

/* ---- what the file needs ---- */

static int count_and_look(void *ctx, const char *name)
{
	const char **wanted = ctx;

	if (*wanted && strcmp(name, *wanted) == 0)
		*wanted = NULL;
	return 0;
}

static int stop_with_seven(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return 7;
}

static void needed_and_imports_are_listed_until_told_to_stop(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	const char *wanted = "libc.so.6";

	(void)state;
	assert_int_equal(elf_file__each_needed(file, count_and_look, &wanted), 0);
	assert_null(wanted);
	wanted = "printf";
	assert_int_equal(elf_file__each_import(file, count_and_look, &wanted), 0);
	assert_null(wanted);
	assert_int_equal(elf_file__each_needed(file, stop_with_seven, NULL), 7);
	assert_int_equal(elf_file__each_import(file, stop_with_seven, NULL), 7);
	elf_file__free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_knows_the_file),
		cmocka_unit_test(open_refuses_what_is_no_regular_file),
		cmocka_unit_test(open_refuses_what_is_not_elf),
		cmocka_unit_test(open_refuses_foreign_and_unlinked_files),
		cmocka_unit_test(open_refuses_a_segment_that_wraps_around),
		cmocka_unit_test(addresses_lead_to_offsets_as_lld_lays_files_out),
		cmocka_unit_test(find_knows_programs_of_either_kind),
		cmocka_unit_test(find_gives_name_size_and_table),
		cmocka_unit_test(find_gives_every_static_function_of_the_name),
		cmocka_unit_test(find_gives_an_alias_the_address_it_shares),
		cmocka_unit_test(find_takes_hand_written_assembly),
		cmocka_unit_test(find_leaves_the_cold_part_alone),
		cmocka_unit_test(find_takes_variants_that_are_entered_instead),
		cmocka_unit_test(find_refuses_an_ifunc),
		cmocka_unit_test(find_refuses_data),
		cmocka_unit_test(find_tells_imports_from_what_is_missing),
		cmocka_unit_test(find_suggests_near_names_and_says_where_it_looked),
		cmocka_unit_test(find_says_that_a_file_has_no_symbols_at_all),
		cmocka_unit_test(find_knows_versions),
		cmocka_unit_test(find_refuses_functions_outside_the_code),
		cmocka_unit_test(needed_and_imports_are_listed_until_told_to_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
