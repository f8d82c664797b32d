/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Debugging information that lies: every question ends, with an answer or with a reason. */
#include "dwarf_fixture.h"

#include <dwarf.h>

struct range {
	size_t from, to;
};

/* Where the sections of debugging information are in the file. */
static size_t debug_ranges(struct bytes bytes, struct range *ranges, size_t room)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)(void *)bytes.at;
	const Elf64_Shdr *shdrs = (const Elf64_Shdr *)(void *)(bytes.at + ehdr->e_shoff);
	const char *names = (const char *)bytes.at + shdrs[ehdr->e_shstrndx].sh_offset;
	size_t cnt = 0;

	for (size_t i = 0; i < ehdr->e_shnum && cnt < room; i++) {
		const char *name = names + shdrs[i].sh_name;

		if (strncmp(name, ".debug_", 7) == 0 || strncmp(name, ".zdebug_", 8) == 0)
			ranges[cnt++] = (struct range) { shdrs[i].sh_offset,
							 shdrs[i].sh_offset + shdrs[i].sh_size };
	}
	assert_true(cnt > 0);
	return cnt;
}

static void check(int err, const struct fault *why)
{
	assert_true(err <= 0);
	assert_true(err == 0 || why->text[0]);
}

static void ask_about_function(struct dwarf_info *info, uint64_t vaddr)
{
	struct dwarf_type type;
	struct fault why = {};
	unsigned index;
	size_t cnt;

	check(dwarf_info__count_inlined(info, vaddr, &cnt, &why), &why);
	check(dwarf_info__return_type(info, vaddr, &type, &why), &why);
	check(dwarf_info__argument_by_name(info, vaddr, "text", &index, &why), &why);
	for (index = 0; index < 8; index++)
		check(dwarf_info__argument_type(info, vaddr, index, &type, &why), &why);
}

static void ask(struct dwarf_info *info, const uint64_t *vaddrs, size_t cnt)
{
	static const unsigned lines[] = { 1, 40, 50, 100, 110, 230 };
	struct dwarf_inlined inlined;
	struct fault why = {};

	check(dwarf_info__find_inlined(info, "everywhere", &inlined, &why), &why);
	check(dwarf_info__find_inlined(info, "a::b(int)", &inlined, &why), &why);
	for (size_t i = 0; i < cnt; i++)
		ask_about_function(info, vaddrs[i]);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint64_t *found = NULL;
		size_t found_cnt = 0;

		check(dwarf_info__find_line(info, "dwarf_program.c", lines[i], &found, &found_cnt,
					    &why),
		      &why);
		assert_true(found_cnt > 0 || !found);
		free(found);
	}
}

static void use_bytes(struct bytes bytes, const uint64_t *vaddrs, size_t cnt)
{
	struct dwarf_info *info = NULL;
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd, err;

	fd = tiny_file__publish(bytes.at, bytes.sz, path, sizeof(path));
	assert_return_code(fd, errno);
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	err = dwarf_info__open(file, NULL, &info, &why);
	check(err, &why);
	if (err)
		assert_null(info);
	else
		ask(info, vaddrs, cnt);
	dwarf_info__free(info);
	elf_file__free(file);
	close(fd);
}

static void spoil(const char *name, int round_cnt, int byte_cnt)
{
	static const char *const functions[] = { "arguments", "plain", "seldom", "main" };
	struct bytes bytes = read_fixture(name);
	struct subject s = subject__open(name);
	uint64_t vaddrs[4];
	struct range ranges[16];
	size_t range_cnt = debug_ranges(bytes, ranges, 16);

	for (size_t i = 0; i < 4; i++)
		vaddrs[i] = vaddr_of(&s, functions[i]);
	subject__close(&s);
	for (int round = 0; round < round_cnt; round++) {
		uint8_t good[16];
		size_t at[16];

		for (int i = 0; i < byte_cnt; i++) {
			const struct range *range = &ranges[(size_t)rand() % range_cnt];

			at[i] = range->from + (size_t)rand() % (range->to - range->from);
			good[i] = bytes.at[at[i]];
			bytes.at[at[i]] = (uint8_t)(rand() % 4 ? rand() : rand() % 2 ? 0xff : 0);
		}
		use_bytes(bytes, vaddrs, 4);
		for (int i = byte_cnt; i-- > 0;)
			bytes.at[at[i]] = good[i];
	}
	free(bytes.at);
}

static void spoiled_bytes_are_survived(void **state)
{
	static const char *const names[] = { "dwarf_gcc4", "dwarf_gcc5", "dwarf_clang4",
					     "dwarf_clang5", "dwarf_zlib" };
	const char *rounds = getenv("TACHO_SPOIL_ROUNDS");

	(void)state;
	srand(rounds ? (unsigned)getpid() : 7);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		spoil(names[i], rounds ? atoi(rounds) : 200, 1);
		spoil(names[i], rounds ? atoi(rounds) : 200, 8);
	}
}

/* --- made to order ---------------------------------------------------------------------------- */

#define MADE_MAX_SZ 0x8000
#define MADE_SECTION_CNT 8

struct made {
	uint8_t bytes[MADE_MAX_SZ];
	size_t sz;
	Elf64_Shdr shdrs[MADE_SECTION_CNT];
	uint16_t shdr_cnt;
	size_t names_sz;
	char names[256];
};

static void made__begin(struct made *made)
{
	const Elf64_Phdr phdr = { .p_type = PT_LOAD,
				  .p_flags = PF_R | PF_X,
				  .p_offset = 0x200,
				  .p_vaddr = 0x1200,
				  .p_filesz = 0x100,
				  .p_memsz = 0x100 };

	memset(made, 0, sizeof(*made));
	memcpy(made->bytes + sizeof(Elf64_Ehdr), &phdr, sizeof(phdr));
	memset(made->bytes + 0x200, 0x90, 0x100);
	made->sz = 0x300;
	made->names_sz = 1;
	made->shdr_cnt = 1;
}

static void made__add(struct made *made, const char *name, const void *bytes, size_t sz,
		      uint64_t flags)
{
	assert_in_range(made->shdr_cnt, 1, MADE_SECTION_CNT - 2);
	assert_in_range(sz, 1, MADE_MAX_SZ - made->sz - 1024);
	made->shdrs[made->shdr_cnt++] = (Elf64_Shdr) {
		.sh_name = (uint32_t)made->names_sz,
		.sh_type = SHT_PROGBITS,
		.sh_flags = flags,
		.sh_offset = made->sz,
		.sh_size = sz,
		.sh_addralign = 1,
	};
	memcpy(made->bytes + made->sz, bytes, sz);
	made->sz += sz;
	strcpy(made->names + made->names_sz, name);
	made->names_sz += strlen(name) + 1;
}

static void made__end(struct made *made)
{
	Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};

	strcpy(made->names + made->names_sz, ".shstrtab");
	made->shdrs[made->shdr_cnt] = (Elf64_Shdr) {
		.sh_name = (uint32_t)made->names_sz,
		.sh_type = SHT_STRTAB,
		.sh_offset = made->sz,
		.sh_size = made->names_sz + sizeof(".shstrtab"),
		.sh_addralign = 1,
	};
	memcpy(made->bytes + made->sz, made->names, sizeof(made->names));
	made->sz = (made->sz + sizeof(made->names) + 7) & ~(size_t)7;
	ehdr.e_shstrndx = made->shdr_cnt++;
	ehdr.e_shnum = made->shdr_cnt;
	ehdr.e_shoff = made->sz;
	memcpy(made->bytes + made->sz, made->shdrs, sizeof(made->shdrs));
	made->sz += sizeof(made->shdrs);
	memcpy(made->bytes, &ehdr, sizeof(ehdr));
}

static struct elf_file *made__open(const struct made *made)
{
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd = tiny_file__publish(made->bytes, made->sz, path, sizeof(path));

	assert_return_code(fd, errno);
	if (elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	close(fd);
	return file;
}

/* A unit (1, with entries), blocks (2, with entries), one that names itself with a string within
 * (3), and a unit with lines (4). */
static const uint8_t abbrevs[] = {
	1,
	DW_TAG_compile_unit,
	1,
	0,
	0,
	/**/ 2,
	DW_TAG_lexical_block,
	1,
	0,
	0, /**/
	3,
	DW_TAG_subprogram,
	0,
	DW_AT_name,
	DW_FORM_string,
	0,
	0, /**/
	4,
	DW_TAG_compile_unit,
	0,
	DW_AT_stmt_list,
	DW_FORM_sec_offset,
	0,
	0,
	0,
};

/* .debug_info of one unit, version 4, around these entries. */
static size_t make_unit(uint8_t *info, const void *entries, size_t sz)
{
	uint32_t length = (uint32_t)(7 + sz);
	static const uint8_t rest[] = { 4, 0, 0, 0, 0, 0, 8 };

	memcpy(info, &length, 4);
	memcpy(info + 4, rest, sizeof(rest));
	memcpy(info + 11, entries, sz);
	return 11 + sz;
}

static void expect_question_refused(const struct made *made, int err, const char *part)
{
	struct elf_file *file = made__open(made);
	struct dwarf_inlined inlined;
	struct dwarf_info *info = NULL;
	struct fault why = {};

	if (dwarf_info__open(file, NULL, &info, &why) != 0)
		fail_msg("%s", why.text);
	/* and a second time, from memory */
	for (int i = 0; i < 2; i++) {
		why.text[0] = '\0';
		assert_int_equal(dwarf_info__find_inlined(info, "f", &inlined, &why), err);
		assert_says(&why, part);
	}
	dwarf_info__free(info);
	elf_file__free(file);
}

static void expect_open_refused(const struct made *made, int err, const char *part)
{
	struct elf_file *file = made__open(made);
	struct dwarf_info *info = NULL;
	struct fault why = {};

	assert_int_equal(dwarf_info__open(file, NULL, &info, &why), err);
	assert_null(info);
	assert_says(&why, part);
	elf_file__free(file);
}

static void a_nest_without_end_is_refused(void **state)
{
	uint8_t entries[1000], info[1100];
	struct made made;

	(void)state;
	entries[0] = 1;
	for (size_t depth = 100; depth < 1000; depth += 300) {
		memset(entries + 1, 2, depth);
		made__begin(&made);
		made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
		made__add(&made, ".debug_info", info, make_unit(info, entries, 1 + depth), 0);
		made__end(&made);
		if (depth == 100)
			expect_question_refused(&made, -ENOENT, "tells of no function");
		else
			expect_question_refused(&made, -EBADMSG, "are nested 128 deep");
	}
}

static void a_string_without_end_is_none(void **state)
{
	static const uint8_t entries[] = { 1, 3, 'f', 'f', 'f' };
	uint8_t info[64];
	struct made made;

	(void)state;
	made__begin(&made);
	made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
	made__add(&made, ".debug_info", info, make_unit(info, entries, sizeof(entries)), 0);
	made__end(&made);
	expect_question_refused(&made, -EBADMSG, "corrupt debugging information");
	made__begin(&made);
	made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
	made__add(&made, ".debug_info", info, make_unit(info, entries, 1), 0);
	made__add(&made, ".debug_str", "no end", 6, 0);
	made__end(&made);
	expect_open_refused(&made, -EBADMSG, "corrupt: .debug_str does not end with NUL");
}

static void sections_beyond_all_measure_are_not_unpacked(void **state)
{
	const Elf64_Chdr chdr = { .ch_type = ELFCOMPRESS_ZLIB, .ch_size = (uint64_t)1 << 31 };
	uint8_t packed[sizeof(chdr) + 64] = {}, info[64];
	static const uint8_t entries[] = { 1 };
	struct made made;

	(void)state;
	memcpy(packed, &chdr, sizeof(chdr));
	made__begin(&made);
	made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
	made__add(&made, ".debug_info", info, make_unit(info, entries, 1), 0);
	made__add(&made, ".debug_str", packed, sizeof(packed), SHF_COMPRESSED);
	made__end(&made);
	expect_open_refused(&made, -EFBIG, "more than 1024 MiB of debugging information");
}

/* .debug_line of one unit whose header says that it is this long. */
static size_t make_lines(uint8_t *lines, uint32_t unit_length, uint32_t header_length)
{
	static const uint8_t rest[] = { 1, 1, 1, 0xfb, 14, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0 };

	memcpy(lines, &unit_length, 4);
	memcpy(lines + 4, "\4\0", 2);
	memcpy(lines + 6, &header_length, 4);
	memcpy(lines + 10, rest, sizeof(rest));
	return 10 + sizeof(rest);
}

/* libdw 0.188 would read on behind the section. */
static void a_line_table_that_lies_about_its_size_is_not_read(void **state)
{
	static const uint32_t lies[][2] = {
		{ 23, 0xffffff }, { 0xffffff, 17 },   { 23, 18 },
		{ 3, 0 },	  { 0xffffffff, 17 }, { 0xfffffff0, 17 }
	};
	static const uint8_t entries[] = { 4, 0, 0, 0, 0 };
	uint8_t info[64], lines[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct dwarf_info *dwarf = NULL;
		struct fault why = {};
		struct elf_file *file;
		uint64_t *vaddrs;
		struct made made;
		size_t cnt;

		made__begin(&made);
		made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
		made__add(&made, ".debug_info", info, make_unit(info, entries, 5), 0);
		made__add(&made, ".debug_line", lines, make_lines(lines, lies[i][0], lies[i][1]),
			  0);
		made__end(&made);
		file = made__open(&made);
		assert_int_equal(dwarf_info__open(file, NULL, &dwarf, &why), 0);
		assert_int_equal(dwarf_info__find_line(dwarf, "a.c", 1, &vaddrs, &cnt, &why),
				 -ENOENT);
		assert_says(&why, "the lines of 1 unit cannot be read");
		dwarf_info__free(dwarf);
		elf_file__free(file);
	}
}

/* Every byte may be a row of 100 bytes in memory. */
static void a_line_table_beyond_all_measure_is_not_read(void **state)
{
	static const uint8_t entries[] = { 4, 0, 0, 0, 0 };
	const size_t lines_sz = (16 << 20) + 64;
	uint8_t info[64], *bytes = malloc(MADE_MAX_SZ + lines_sz);
	struct made made;
	Elf64_Shdr *shdr;

	(void)state;
	assert_non_null(bytes);
	for (int large = 0; large < 2; large++) {
		struct dwarf_info *dwarf = NULL;
		struct elf_file *file = NULL;
		struct fault why = {};
		uint64_t *vaddrs;
		char path[64];
		size_t cnt;
		int fd;

		made__begin(&made);
		made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
		made__add(&made, ".debug_info", info, make_unit(info, entries, 5), 0);
		made__add(&made, ".debug_line", "x", 1, 0);
		made__end(&made);
		/* the section is moved behind the file, and is all DW_LNS_negate_stmt */
		memcpy(bytes, made.bytes, MADE_MAX_SZ);
		memset(bytes + MADE_MAX_SZ, DW_LNS_negate_stmt, lines_sz);
		make_lines(bytes + MADE_MAX_SZ, (uint32_t)(large ? lines_sz - 4 : 1000), 17);
		shdr = (Elf64_Shdr *)(void *)(bytes + ((Elf64_Ehdr *)(void *)bytes)->e_shoff) + 3;
		shdr->sh_offset = MADE_MAX_SZ;
		shdr->sh_size = lines_sz;
		fd = tiny_file__publish(bytes, MADE_MAX_SZ + lines_sz, path, sizeof(path));
		assert_return_code(fd, errno);
		assert_int_equal(elf_file__open(path, &file, &why), 0);
		assert_int_equal(dwarf_info__open(file, NULL, &dwarf, &why), 0);
		assert_int_equal(dwarf_info__find_line(dwarf, "a.c", 1, &vaddrs, &cnt, &why),
				 -ENOENT);
		assert_int_equal(!strstr(why.text, "cannot be read"), !large);
		dwarf_info__free(dwarf);
		elf_file__free(file);
		close(fd);
	}
	free(bytes);
}

/* libdw would open what the link names, and wait for somebody to write. */
static void a_supplementary_file_that_is_a_fifo_is_refused(void **state)
{
	static const uint8_t entries[] = { 1 };
	char link[128] = {}, folder[] = "/tmp/tacho-test.XXXXXX";
	uint8_t info[64];
	struct made made;
	size_t sz;

	(void)state;
	assert_non_null(mkdtemp(folder));
	sz = (size_t)snprintf(link, sizeof(link), "%s/fifo", folder) + 1;
	assert_return_code(mkfifo(link, 0600), errno);
	memcpy(link + sz, "\1\2\3\4\5\6\7\x8", 8);
	made__begin(&made);
	made__add(&made, ".debug_abbrev", abbrevs, sizeof(abbrevs), 0);
	made__add(&made, ".debug_info", info, make_unit(info, entries, 1), 0);
	made__add(&made, ".gnu_debugaltlink", link, sz + 8, 0);
	made__end(&made);
	expect_open_refused(&made, -EBADMSG,
			    "/fifo is not the supplementary debug file that it was made with");
	unlink(link);
	rmdir(folder);
	/* one that is nowhere does no harm */
	expect_question_refused(&made, -ENOENT, "tells of no function");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoiled_bytes_are_survived),
		cmocka_unit_test(a_nest_without_end_is_refused),
		cmocka_unit_test(a_string_without_end_is_none),
		cmocka_unit_test(sections_beyond_all_measure_are_not_unpacked),
		cmocka_unit_test(a_line_table_that_lies_about_its_size_is_not_read),
		cmocka_unit_test(a_line_table_beyond_all_measure_is_not_read),
		cmocka_unit_test(a_supplementary_file_that_is_a_fifo_is_refused),
	};

	return cmocka_run_group_tests_name("dwarf_spoiled", tests, NULL, NULL);
}
