/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every place that names functions besides .symtab and .dynsym, and what is said of it. */
#include "elf_fixture.h"

#include <lzma.h>

struct found {
	struct elf_file *file;
	struct elf_symbols symbols;
};

static struct found find_in(const char *fixture_name, const char *name, size_t cnt)
{
	struct found found = { .file = open_fixture(fixture_name) };
	struct fault why = {};

	if (find_named(found.file, name, &found.symbols, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(found.symbols.cnt, cnt);
	for (size_t i = 0; i < cnt; i++) {
		uint64_t offset;

		assert_int_equal(
			elf_file__offset(found.file, found.symbols.items[i].vaddr, &offset), 0);
		assert_int_equal(found.symbols.items[i].offset, offset);
	}
	return found;
}

static void found__free(struct found *found)
{
	elf_symbols__free(&found->symbols);
	elf_file__free(found->file);
}

static void assert_found_in(const char *fixture_name, const char *name, size_t cnt,
			    const char *table)
{
	struct found found = find_in(fixture_name, name, cnt);

	for (size_t i = 0; i < cnt; i++) {
		if (!strstr(found.symbols.items[i].table, table))
			fail_msg("%s is in %s, not in %s", name, found.symbols.items[i].table,
				 table);
	}
	found__free(&found);
}

/* The other file has the same functions at the same places. */
static void assert_same_places(const char *one, const char *other, const char *name, size_t cnt)
{
	struct found a = find_in(one, name, cnt), b = find_in(other, name, cnt);

	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(a.symbols.items[i].vaddr, b.symbols.items[i].vaddr);
		assert_int_equal(a.symbols.items[i].size, b.symbols.items[i].size);
		assert_int_equal(a.symbols.items[i].offset, b.symbols.items[i].offset);
	}
	found__free(&a);
	found__free(&b);
}

static void assert_refused(const char *fixture_name, const char *name, int err, const char *part)
{
	struct elf_file *file = open_fixture(fixture_name);
	struct elf_symbols symbols = {};
	struct fault why = {};

	assert_int_equal(find_named(file, name, &symbols, &why), err);
	assert_null(symbols.items);
	assert_says(&why, part);
	elf_file__free(file);
}

static int count_function(void *ctx, const struct elf_symbol *symbol)
{
	(void)symbol;
	++*(size_t *)ctx;
	return 0;
}

/* ---- .gnu_debugdata ---- */

static void find_reads_the_debugdata_of_a_stripped_file(void **state)
{
	(void)state;
	assert_found_in("sym_mini", "same_name", 2, ".gnu_debugdata");
	assert_same_places("sym_mini", "elf_pie", "same_name", 2);
	assert_same_places("sym_mini", "elf_pie", "plain_function", 1);
	assert_found_in("sym_mini", "cloned_function", 2, ".gnu_debugdata");
	assert_refused("sym_mini", "split_function.cold", -EINVAL, "name the function");
	assert_refused("sym_mini", "printf", -ENOENT, "imported");
	assert_refused("sym_mini", "nothing_like_it", -ENOENT,
		       "searched .dynsym (0 functions) and .gnu_debugdata (");
}

static void variants_are_gathered_from_both_halves(void **state)
{
	struct found found = find_in("libsym_mini.so", "net::Server::stop", 2);

	(void)state;
	assert_string_equal(found.symbols.items[0].table, ".dynsym");
	assert_string_equal(found.symbols.items[1].table, ".gnu_debugdata");
	found__free(&found);
	assert_same_places("libsym_mini.so", "libsym_names.so", "net::Server::stop", 2);
	assert_refused("libsym_mini.so", "hidden", -ENOTUNIQ, "(anonymous namespace)::hidden(int)");
}

static void debugdata_of_another_build_is_not_believed(void **state)
{
	struct elf_file *file = open_fixture("sym_mini_other");
	struct fault why = {};
	size_t cnt = 0;

	(void)state;
	assert_refused("sym_mini_other", "plain_function", -ENOENT, "belongs to another build");
	assert_int_equal(elf_file__each_function(file, count_function, &cnt, &why), -EBADMSG);
	assert_says(&why, "belongs to another build");
	assert_int_equal(cnt, 0);
	elf_file__free(file);
}

/* Where the section's bytes are in the file. */
static uint8_t *debugdata_of(struct bytes bytes, uint64_t *ret_sz)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)(void *)bytes.at;
	const Elf64_Shdr *shdrs = (const Elf64_Shdr *)(void *)(bytes.at + ehdr->e_shoff);
	const char *names = (const char *)bytes.at + shdrs[ehdr->e_shstrndx].sh_offset;

	for (size_t i = 0; i < ehdr->e_shnum; i++) {
		if (strcmp(names + shdrs[i].sh_name, ".gnu_debugdata") == 0) {
			*ret_sz = shdrs[i].sh_size;
			return bytes.at + shdrs[i].sh_offset;
		}
	}
	fail_msg("no .gnu_debugdata");
	return NULL;
}

static void the_function_at_an_address_is_known_from_what_can_be_read(void **state)
{
	struct bytes bytes = read_fixture("libsym_mini.so");
	struct elf_symbols symbols = {};
	const struct elf_symbol *at;
	struct elf_file *file = NULL;
	char path[64];
	uint64_t sz;
	int fd;

	(void)state;
	debugdata_of(bytes, &sz)[0] = 0;
	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, NULL), 0);
	assert_int_equal(find_named(file, "plain_c", &symbols, NULL), 0);
	at = elf_file__function_at(file, symbols.items[0].vaddr + 1);
	assert_non_null(at);
	assert_string_equal(at->name, "plain_c");
	elf_symbols__free(&symbols);
	elf_file__free(file);
	close(fd);
	free(bytes.at);
}

static void assert_bytes_say(struct bytes bytes, const char *name, int err, const char *part)
{
	struct elf_symbols symbols = {};
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd;

	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_int_equal(find_named(file, name, &symbols, &why), err);
	assert_says(&why, part);
	elf_symbols__free(&symbols);
	elf_file__free(file);
	close(fd);
}

static void spoiled_debugdata_is_done_without_and_said(void **state)
{
	struct bytes bytes = read_fixture("libsym_mini.so");
	uint64_t sz;
	uint8_t *packed = debugdata_of(bytes, &sz);

	(void)state;
	packed[sz / 2] ^= 0x55;
	assert_bytes_say(bytes, "plain_c", 0, "");
	assert_bytes_say(bytes, "nothing_like_it", -ENOENT, ".gnu_debugdata: it is damaged");
	memset(packed, 0, sz);
	assert_bytes_say(bytes, "nothing_like_it", -ENOENT, "not in the xz format");
	free(bytes.at);
}

/* What unpacks well may still be no table. */
static void debugdata_that_is_no_elf_file_is_said_to_be_none(void **state)
{
	static const char text[] = "not an ELF file at all";
	struct bytes bytes = read_fixture("libsym_mini.so");
	uint64_t sz;
	uint8_t *packed = debugdata_of(bytes, &sz);
	size_t packed_sz = 0;

	(void)state;
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)text,
						 sizeof(text), packed, &packed_sz, sz),
			 LZMA_OK);
	assert_bytes_say(bytes, "nothing_like_it", -ENOENT,
			 ".gnu_debugdata: .gnu_debugdata: not an ELF file");
	free(bytes.at);
}

/* ---- the debug file ---- */

static void find_reads_the_debug_file(void **state)
{
	(void)state;
	assert_found_in("sym_linked", "same_name", 2, "sym_linked.debug");
	assert_same_places("sym_linked", "elf_pie", "same_name", 2);
	assert_refused("sym_linked", "data_symbol", -EINVAL, "not a function");
	assert_refused("sym_linked", "nothing_like_it", -ENOENT, "sym_linked.debug (");
}

static void what_the_file_itself_answers_is_not_looked_up_elsewhere(void **state)
{
	struct elf_file *file = open_fixture("sym_linked");
	struct elf_symbols symbols = {};
	struct fault why = {};

	(void)state;
	assert_int_equal(find_named(file, "printf", &symbols, &why), -ENOENT);
	assert_says(&why, "imported");
	elf_file__free(file);
	assert_found_in("libelf_lib_stripped.so", "exported", 1, ".dynsym");
}

/* ---- versions, as other linkers leave them ---- */

static void versions_are_known_without_a_mark_in_symtab(void **state)
{
	struct found old = find_in("libsym_lld.so", "versioned@LIB_1", 1);
	struct found now = find_in("libsym_lld.so", "versioned", 1);

	(void)state;
	assert_int_not_equal(old.symbols.items[0].vaddr, now.symbols.items[0].vaddr);
	assert_string_equal(old.symbols.items[0].display, "versioned@LIB_1");
	assert_refused("libsym_lld.so", "only_old", -ENOENT, "try only_old@LIB_1");
	found__free(&old);
	found__free(&now);
}

/* ---- Go ---- */

static void find_knows_the_functions_of_a_stripped_go_program(void **state)
{
	static const char *const names[] = { "main.main", "main.(*Server).handle", "main.apply",
					     "main.main.func1", "runtime.mallocgc" };

	(void)state;
	need_fixture("sym_go");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct found whole = find_in("sym_go", names[i], 1);
		struct found stripped = find_in("sym_go_stripped", names[i], 1);

		assert_string_equal(whole.symbols.items[0].table, ".symtab");
		assert_string_equal(stripped.symbols.items[0].table, ".gopclntab");
		assert_int_equal(whole.symbols.items[0].vaddr, stripped.symbols.items[0].vaddr);
		assert_true(stripped.symbols.items[0].size >= whole.symbols.items[0].size);
		found__free(&whole);
		found__free(&stripped);
	}
	assert_refused("sym_go_stripped", "handle", -ENOENT, "closest: main.(*Server).handle");
}

/* Each "main.init.N" is a function of its own, and none of them is main.init. */
static void a_number_in_go_is_part_of_the_name(void **state)
{
	struct elf_file *file;
	struct elf_symbols symbols = {};

	(void)state;
	need_fixture("sym_go");
	file = open_fixture("sym_go");
	assert_int_equal(find_named(file, "runtime.init", &symbols, NULL), 0);
	assert_int_equal(symbols.cnt, 1);
	assert_string_equal(symbols.items[0].name, "runtime.init");
	elf_symbols__free(&symbols);
	elf_file__free(file);
}

/* Linked by GNU ld, its table is within .data.rel.ro and its header is for the loader to fill in.
 */
static void find_knows_the_functions_of_a_position_independent_go_program(void **state)
{
	struct elf_file *file;

	(void)state;
	need_fixture("sym_go_pie");
	file = open_fixture("sym_go_pie");
	assert_false(elf_file__has_section(file, ".gopclntab"));
	assert_true(elf_file__is_go(file));
	elf_file__free(file);
	assert_found_in("sym_go_pie", "main.(*Server).handle", 1, ".gopclntab");
}

/* Its .text begins with C code, so that functions do not count from there. */
static void find_knows_the_functions_of_a_go_program_with_c(void **state)
{
	(void)state;
	need_fixture("sym_cgo");
	assert_found_in("sym_cgo", "main.handle", 1, ".gopclntab");
}

static struct bytes without_sections(const char *fixture_name)
{
	struct bytes bytes = read_fixture(fixture_name);
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)(void *)bytes.at;

	ehdr->e_shoff = 0;
	ehdr->e_shnum = 0;
	ehdr->e_shstrndx = 0;
	return bytes;
}

/* Where the bytes have the function; they say so without what was blanked or zeroed in them. */
static uint64_t address_in(struct bytes bytes, const char *name)
{
	struct elf_symbols symbols = {};
	struct elf_file *file = NULL;
	struct fault why = {};
	uint64_t vaddr;
	char path[64];
	int fd;

	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_true(elf_file__is_go(file));
	assert_false(elf_file__is_rust(file));
	if (find_named(file, name, &symbols, &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(symbols.items[0].table, ".gopclntab");
	vaddr = symbols.items[0].vaddr;
	elf_symbols__free(&symbols);
	elf_file__free(file);
	close(fd);
	return vaddr;
}

static uint8_t *bytes_at(struct bytes bytes, const char *text, size_t sz)
{
	uint8_t *at = memmem(bytes.at, bytes.sz, text, sz);

	assert_non_null(at);
	return at;
}

static void go_is_known_without_sections_and_build_id(void **state)
{
	static const char note[] = "\4\0\0\0Go\0\0"; /* its type and its owner */
	struct bytes bytes;
	uint64_t vaddr;

	(void)state;
	need_fixture("sym_go_stripped");
	bytes = read_fixture("sym_go_stripped");
	vaddr = address_in(bytes, "main.(*Server).handle");
	free(bytes.at);
	bytes = without_sections("sym_go_stripped");
	memset(bytes_at(bytes, note, sizeof(note) - 1), 0, sizeof(note) - 1);
	assert_int_equal(address_in(bytes, "main.(*Server).handle"), vaddr);
	free(bytes.at);
}

static void a_c_program_without_sections_is_not_go(void **state)
{
	struct bytes bytes = without_sections("elf_stripped");
	struct elf_file *file = NULL;
	char path[64];
	int fd;

	(void)state;
	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, NULL), 0);
	assert_false(elf_file__is_go(file));
	elf_file__free(file);
	close(fd);
	free(bytes.at);
}

/* Since Go 1.26 the header has zero where the text begins: runtime.moduledata has it. */
static void the_text_is_found_where_the_header_does_not_say(void **state)
{
	struct bytes bytes;
	uint64_t vaddr;
	uint8_t *header;

	(void)state;
	need_fixture("sym_go_stripped");
	bytes = read_fixture("sym_go_stripped");
	header = bytes_at(bytes, "\xff\xff\xff\0\0\1\10", 7) - 1;
	if (*header != 0xf0 && *header != 0xf1) {
		print_message("this Go is older than 1.18: its header does not say either\n");
		free(bytes.at);
		skip();
	}
	vaddr = address_in(bytes, "main.(*Server).handle");
	memset(header + 24, 0, 8);
	assert_int_equal(address_in(bytes, "main.(*Server).handle"), vaddr);
	free(bytes.at);
}

/*
 * A position-independent program of Go 1.16 as lld links it: the entries of its table are zero, and
 * relocations tell the loader what to write there.
 *
 *     0x000 headers      0x100 .gopclntab, one function "main.f"      0x200 .rela, .dynamic
 *     0x400 code, at 0x401000
 */
static size_t make_relocated_go(uint8_t *bytes, uint16_t machine)
{
	const uint64_t code = 0x401000, base = 0x400000, table = 0x100;
	const uint32_t relative = machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
	const Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	const Elf64_Phdr phdrs[] = {
		{ PT_LOAD, PF_R | PF_W, 0, base, base, 0x400, 0x400, 0x1000 },
		{ PT_LOAD, PF_R | PF_X, 0x400, code, code, 16, 16, 0x1000 },
		{ PT_DYNAMIC, PF_R, 0x300, base + 0x300, base + 0x300, 48, 48, 8 },
	};
	/* after gopclntab.h: functions, files; offsets of names, ..., functions */
	const uint64_t header[] = { 1, 0, 0x48, 0, 0, 0, 0x50 };
	const uint64_t functions[] = { 0, 0x28, 0 };
	const Elf64_Rela relas[] = {
		{ base + table + 0x50, relative, (Elf64_Sxword)code },
		{ base + table + 0x60, relative, (Elf64_Sxword)code + 16 },
		{ base + table + 0x50, 6 /* of another kind */, 7 },
		{ UINT64_MAX - 3, relative, 7 },
	};
	const Elf64_Dyn dynamic[] = { { DT_RELA, { base + 0x200 } },
				      { DT_RELASZ, { sizeof(relas) } },
				      { DT_NULL, { 0 } } };

	memset(bytes, 0, 0x410);
	memcpy(bytes, &ehdr, sizeof(ehdr));
	memcpy(bytes + sizeof(ehdr), phdrs, sizeof(phdrs));
	memcpy(bytes + table, "\xfa\xff\xff\xff\0\0\1\10", 8);
	memcpy(bytes + table + 8, header, sizeof(header));
	memcpy(bytes + table + 0x48, "main.f", 7);
	memcpy(bytes + table + 0x50, functions, sizeof(functions));
	memcpy(bytes + 0x200, relas, sizeof(relas));
	memcpy(bytes + 0x300, dynamic, sizeof(dynamic));
	return 0x410;
}

static void entries_are_read_as_the_loader_would_write_them(void **state)
{
	static const uint16_t machines[] = { EM_X86_64, EM_AARCH64 };
	uint8_t bytes[0x410];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t sz = make_relocated_go(bytes, machines[i]);

		assert_int_equal(address_in((struct bytes) { bytes, sz }, "main.f"), 0x401000);
	}
}

static void a_spoiled_go_table_is_said(void **state)
{
	struct bytes bytes;
	uint8_t *header;

	(void)state;
	need_fixture("sym_go_stripped");
	bytes = read_fixture("sym_go_stripped");
	header = memmem(bytes.at, bytes.sz, "\xff\xff\xff\0\0\1\10", 7);
	assert_non_null(header);
	memset(header + 7, 0xff, 8);
	assert_bytes_say(bytes, "main.main", -ENOENT, ".gopclntab: it is too short");
	free(bytes.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_reads_the_debugdata_of_a_stripped_file),
		cmocka_unit_test(variants_are_gathered_from_both_halves),
		cmocka_unit_test(debugdata_of_another_build_is_not_believed),
		cmocka_unit_test(the_function_at_an_address_is_known_from_what_can_be_read),
		cmocka_unit_test(spoiled_debugdata_is_done_without_and_said),
		cmocka_unit_test(debugdata_that_is_no_elf_file_is_said_to_be_none),
		cmocka_unit_test(find_reads_the_debug_file),
		cmocka_unit_test(what_the_file_itself_answers_is_not_looked_up_elsewhere),
		cmocka_unit_test(versions_are_known_without_a_mark_in_symtab),
		cmocka_unit_test(find_knows_the_functions_of_a_stripped_go_program),
		cmocka_unit_test(a_number_in_go_is_part_of_the_name),
		cmocka_unit_test(find_knows_the_functions_of_a_position_independent_go_program),
		cmocka_unit_test(find_knows_the_functions_of_a_go_program_with_c),
		cmocka_unit_test(go_is_known_without_sections_and_build_id),
		cmocka_unit_test(a_c_program_without_sections_is_not_go),
		cmocka_unit_test(the_text_is_found_where_the_header_does_not_say),
		cmocka_unit_test(entries_are_read_as_the_loader_would_write_them),
		cmocka_unit_test(a_spoiled_go_table_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
