/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is read from .eh_frame, against what readelf reads; and files that lie. */
#include "elf_fixture.h"

#include <inttypes.h>

#include "elf/eh_frame.h"
#include "elf/locate.h"

#define X86_RBP 6
#define X86_RSP 7

/* A line of readelf's: a range, or the frame address from here on. */
struct line {
	enum { OTHER, RANGE, ROW } kind;
	uint64_t vaddr, end;
	bool known;
	struct eh_cfa cfa;
};

/* "... FDE cie=00000000 pc=0000000000026000..0000000000026360", "0000000000026000 rsp+16   c-8" */
static struct line parse_line(const char *text)
{
	struct line line = { .kind = OTHER };
	const char *pc = strstr(text, "FDE cie=");
	char reg[8];

	pc = pc ? strstr(pc, "pc=") : NULL;
	if (pc && sscanf(pc, "pc=%" SCNx64 "..%" SCNx64, &line.vaddr, &line.end) == 2) {
		line.kind = RANGE;
	} else if (strspn(text, "0123456789abcdef") == 16 && text[16] == ' ' &&
		   !strstr(text, "CIE") && !strstr(text, "FDE")) {
		line.kind = ROW;
		line.vaddr = strtoull(text, NULL, 16);
		line.known = sscanf(text + 17, "%3[a-z]%" SCNd64, reg, &line.cfa.offset) == 2 &&
			     strcmp(reg, "exp") != 0;
		line.cfa.reg = !strcmp(reg, "rbp") ? X86_RBP : X86_RSP;
		if (line.known && strcmp(reg, "rbp") != 0 && strcmp(reg, "rsp") != 0)
			line.kind = OTHER;
	}
	return line;
}

static void assert_row(struct eh_frame *frames, const struct line *row)
{
	struct eh_cfa cfa = {};
	bool known = eh_frame__cfa(frames, row->vaddr, &cfa);

	if (known != row->known ||
	    (known && (cfa.reg != row->cfa.reg || cfa.offset != row->cfa.offset)))
		fail_msg("0x%" PRIx64 ": %d %u%+" PRId64, row->vaddr, known, cfa.reg, cfa.offset);
}

/* readelf gives a range its rows unless it has only one, which is then the CIE's. */
static void compare_with_readelf(struct eh_frame *frames, const char *path)
{
	size_t ranges = 0, rows = 0;
	struct line range = {};
	char command[4200], text[1024];
	FILE *readelf;

	snprintf(command, sizeof(command), "readelf --debug-dump=frames-interp '%s' 2>/dev/null",
		 path);
	readelf = popen(command, "r");
	assert_non_null(readelf);
	while (fgets(text, sizeof(text), readelf)) {
		struct line line = parse_line(text);
		struct eh_range found = {};

		if (line.kind == RANGE) {
			range = line;
			assert_true(eh_frame__find(frames, line.vaddr, &found));
			assert_int_equal(found.vaddr, line.vaddr);
			assert_int_equal(found.size, line.end - line.vaddr);
			assert_true(eh_frame__find(frames, line.end - 1, &found));
			ranges++;
		} else if (line.kind == ROW && line.vaddr - range.vaddr < range.end - range.vaddr) {
			assert_row(frames, &line);
			rows++;
		}
	}
	pclose(readelf);
	print_message("%s: %zu ranges, %zu rows\n", path, ranges, rows);
	assert_true(ranges > 1000 && rows > 5000);
	assert_int_equal(ranges, eh_frame__cnt(frames));
}

static void readelf_agrees(void **state)
{
	static const char *const names[] = { "libc.so.6", "libstdc++.so.6" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct eh_frame *frames = NULL;
		struct elf_file *file = NULL;
		char *path = NULL;

		assert_int_equal(locate_binary(names[i], &path, NULL), 0);
		assert_int_equal(elf_file__open(path, &file, NULL), 0);
		if (elf_file__machine(file) != EM_X86_64)
			skip();
		assert_int_equal(eh_frame__new(file, &frames), 0);
		compare_with_readelf(frames, path);
		eh_frame__free(frames);
		elf_file__free(file);
		free(path);
	}
}

static struct eh_frame *frames_of(const void *bytes, size_t sz, struct elf_file **ret_file)
{
	struct eh_frame *frames = NULL;
	char path[64];
	int fd;

	*ret_file = NULL;
	fd = tiny_file__publish(bytes, sz, path, sizeof(path));
	assert_return_code(fd, errno);
	if (elf_file__open(path, ret_file, NULL) == 0)
		assert_int_equal(eh_frame__new(*ret_file, &frames), 0);
	close(fd);
	return frames;
}

static void places_outside_all_ranges_have_nothing(void **state)
{
	struct bytes bytes = read_fixture("code_plain");
	struct eh_range range = { .vaddr = 77 };
	struct elf_file *file;
	struct eh_frame *frames = frames_of(bytes.at, bytes.sz, &file);
	struct eh_cfa cfa;

	(void)state;
	assert_true(eh_frame__cnt(frames) > 30);
	assert_false(eh_frame__find(frames, 0, &range));
	assert_false(eh_frame__find(frames, UINT64_MAX, &range));
	assert_false(eh_frame__cfa(frames, UINT64_MAX, &cfa));
	assert_int_equal(range.vaddr, 77);
	eh_frame__free(frames);
	elf_file__free(file);
	free(bytes.at);
}

/* PT_GNU_EH_FRAME is there for whoever runs the program, and so are its contents. */
static void section_headers_are_not_needed(void **state)
{
	struct bytes bytes = read_fixture("code_plain");
	struct elf_file *file;
	struct eh_frame *frames = frames_of(bytes.at, bytes.sz, &file);
	size_t cnt = eh_frame__cnt(frames);
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)bytes.at;

	(void)state;
	eh_frame__free(frames);
	elf_file__free(file);
	ehdr->e_shoff = 0;
	ehdr->e_shnum = 0;
	ehdr->e_shstrndx = 0;
	frames = frames_of(bytes.at, bytes.sz, &file);
	assert_int_equal(eh_frame__cnt(frames), cnt);
	eh_frame__free(frames);
	elf_file__free(file);
	free(bytes.at);
}

static void a_file_without_any_has_no_ranges(void **state)
{
	const uint8_t code[] = { 0xc3 };
	const struct tiny_elf spec = { .machine = EM_X86_64, .code = code, .code_sz = 1 };
	struct eh_frame *frames;
	struct elf_file *file;
	struct tiny_file bytes;

	(void)state;
	tiny_elf__make(&spec, &bytes);
	frames = frames_of(bytes.bytes, bytes.sz, &file);
	assert_int_equal(eh_frame__cnt(frames), 0);
	eh_frame__free(frames);
	elf_file__free(file);
}

/* Where the section is, for spoiling it. */
static void find_section(const struct bytes *bytes, size_t *ret_offset, size_t *ret_sz)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)bytes->at;
	const Elf64_Shdr *shdrs = (const Elf64_Shdr *)(bytes->at + ehdr->e_shoff);
	const char *names = (const char *)bytes->at + shdrs[ehdr->e_shstrndx].sh_offset;

	for (size_t i = 0; i < ehdr->e_shnum; i++) {
		if (strcmp(names + shdrs[i].sh_name, ".eh_frame") != 0)
			continue;
		*ret_offset = shdrs[i].sh_offset;
		*ret_sz = shdrs[i].sh_size;
		return;
	}
	fail();
}

static void look_at_all(struct eh_frame *frames, uint64_t from)
{
	for (uint64_t vaddr = from; vaddr < from + 0x1000; vaddr += 7) {
		struct eh_range range;
		struct eh_cfa cfa;

		if (eh_frame__find(frames, vaddr, &range))
			assert_true(vaddr - range.vaddr < range.size);
		eh_frame__cfa(frames, vaddr, &cfa);
	}
}

/* Every byte of the section in turn, as all ones, as zero and one more than it was. */
static void a_section_that_lies_is_survived(void **state)
{
	struct bytes bytes = read_fixture("code_plain");
	size_t offset = 0, sz = 0;

	(void)state;
	find_section(&bytes, &offset, &sz);
	for (size_t i = 0; i < sz; i += 3) {
		uint8_t was = bytes.at[offset + i];
		const uint8_t values[] = { 0xff, 0, (uint8_t)(was + 1) };

		for (size_t v = 0; v < sizeof(values); v++) {
			struct elf_file *file;
			struct eh_frame *frames;

			bytes.at[offset + i] = values[v];
			frames = frames_of(bytes.at, bytes.sz, &file);
			look_at_all(frames, 0x1000);
			eh_frame__free(frames);
			elf_file__free(file);
		}
		bytes.at[offset + i] = was;
	}
	free(bytes.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readelf_agrees),
		cmocka_unit_test(places_outside_all_ranges_have_nothing),
		cmocka_unit_test(section_headers_are_not_needed),
		cmocka_unit_test(a_file_without_any_has_no_ranges),
		cmocka_unit_test(a_section_that_lies_is_survived),
	};

	return cmocka_run_group_tests_name("eh_frame", tests, NULL, NULL);
}
