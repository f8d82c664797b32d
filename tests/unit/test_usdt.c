/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding USDT probes: in files that compilers made (readelf is the oracle), and in files that lie.
 */
#include "elf_fixture.h"
#include "usdt_fixture.h"

#include <inttypes.h>

#include "elf/usdt.h"

static const uint8_t nops[] = { 0x90, 0x90, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0xc3 };

static const char *const fixtures[] = { "usdt_gcc_O0",	 "usdt_gcc_O2", "usdt_clang_O0",
					"usdt_clang_O2", "usdt_static", "usdt_nopie",
					"libusdt.so",	 "usdt_arm64",	"usdt_arm64_O0" };

/* --- against readelf ------------------------------------------------------------------------ */

/* The next line of readelf -n that has the label; what is behind it. */
static bool next_line(FILE *readelf, const char *label, char *text, size_t sz)
{
	static char line[4096];

	while (fgets(line, sizeof(line), readelf)) {
		char *found = strstr(line, label);

		if (!found)
			continue;
		found += strlen(label);
		found[strcspn(found, "\n")] = '\0';
		snprintf(text, sz, "%s", found);
		return true;
	}
	return false;
}

struct oracle {
	FILE *readelf;
	size_t cnt;
};

static int compare_with_readelf(void *ctx, const struct usdt_site *site, const char *problem)
{
	struct oracle *oracle = ctx;
	char text[4096];
	uint64_t vaddr, base, semaphore;

	if (problem)
		fail_msg("%s:%s: %s", site->provider, site->name, problem);
	assert_true(next_line(oracle->readelf, "Provider: ", text, sizeof(text)));
	assert_string_equal(site->provider, text);
	assert_true(next_line(oracle->readelf, "Name: ", text, sizeof(text)));
	assert_string_equal(site->name, text);
	assert_true(next_line(oracle->readelf, "Location: ", text, sizeof(text)));
	assert_int_equal(sscanf(text, "%" SCNx64 ", Base: %" SCNx64 ", Semaphore: %" SCNx64, &vaddr,
				&base, &semaphore),
			 3);
	assert_int_equal(site->vaddr, vaddr);
	assert_int_equal(!site->semaphore_offset, !semaphore);
	assert_true(next_line(oracle->readelf, "Arguments: ", text, sizeof(text)));
	assert_string_equal(site->args_text, text);
	oracle->cnt++;
	return 0;
}

/* Returns how many places there are. */
static size_t compare_file(const char *path)
{
	struct oracle oracle = {};
	struct elf_file *file = NULL;
	struct fault why = {};
	char command[4200], text[64];

	if (elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	snprintf(command, sizeof(command), "readelf -nW '%s' 2>/dev/null", path);
	oracle.readelf = popen(command, "r");
	assert_non_null(oracle.readelf);
	if (usdt__each(file, compare_with_readelf, &oracle, &why) != 0)
		fail_msg("%s", why.text);
	assert_false(next_line(oracle.readelf, "Provider: ", text, sizeof(text)));
	assert_int_equal(pclose(oracle.readelf), 0);
	elf_file__free(file);
	return oracle.cnt;
}

static void every_place_is_the_one_that_readelf_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++)
		assert_int_equal(compare_file(fixture(fixtures[i])), 14);
}

static void the_cpp_library_has_its_three_probes(void **state)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6";
	struct usdt_sites sites = {};
	struct elf_file *file = NULL;
	struct fault why = {};

	(void)state;
	if (access(path, R_OK) != 0) {
		print_message("skipped: %s is not installed\n", path);
		skip();
	}
	assert_int_equal(compare_file(path), 3);
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	assert_int_equal(usdt__find(file, "libstdcxx", "throw", false, &sites, &why), 0);
	assert_int_equal(sites.cnt, 1);
	assert_true(sites.items[0].args_known);
	assert_int_equal(sites.items[0].arg_cnt, 2);
	usdt_sites__free(&sites);
	elf_file__free(file);
}

/* --- finding ---------------------------------------------------------------------------------- */

static struct usdt_sites find(const struct elf_file *file, const char *provider, const char *name,
			      bool many)
{
	struct usdt_sites sites = {};
	struct fault why = {};

	if (usdt__find(file, provider, name, many, &sites, &why) != 0)
		fail_msg("%s", why.text);
	for (size_t i = 1; i < sites.cnt; i++)
		assert_true(sites.items[i - 1].vaddr <= sites.items[i].vaddr);
	return sites;
}

static void refuse(const struct elf_file *file, const char *provider, const char *name, bool many,
		   int err, const char *part)
{
	struct usdt_sites sites = {};
	struct fault why = {};

	assert_int_equal(usdt__find(file, provider, name, many, &sites, &why), err);
	assert_null(sites.items);
	assert_says(&why, part);
}

static void every_place_of_a_probe_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		struct elf_file *file = open_fixture(fixtures[i]);
		struct usdt_sites sites = find(file, "tacho_test", "inlined", false);

		assert_int_equal(sites.cnt, 3);
		for (size_t s = 0; s < sites.cnt; s++) {
			uint64_t offset;

			assert_int_equal(elf_file__offset(file, sites.items[s].vaddr, &offset), 0);
			assert_int_equal(sites.items[s].offset, offset);
			assert_int_equal(sites.items[s].semaphore_offset, 0);
			assert_int_equal(sites.items[s].arg_cnt, 1);
			assert_true(sites.items[s].args_known);
			assert_false(sites.items[s].nop5);
		}
		usdt_sites__free(&sites);
		elf_file__free(file);
	}
}

static void one_name_may_have_several_semaphores(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		struct elf_file *file = open_fixture(fixtures[i]);
		struct usdt_sites sites = find(file, "tacho_test", "twice", false);

		assert_int_equal(sites.cnt, 2);
		assert_int_not_equal(sites.items[0].semaphore_offset, 0);
		assert_int_not_equal(sites.items[1].semaphore_offset, 0);
		assert_int_not_equal(sites.items[0].semaphore_offset,
				     sites.items[1].semaphore_offset);
		usdt_sites__free(&sites);
		elf_file__free(file);
	}
}

static void globs_find_many_probes_when_allowed(void **state)
{
	struct elf_file *file = open_fixture("usdt_gcc_O2");
	struct usdt_sites sites;

	(void)state;
	sites = find(file, "tacho_*", "*guarded", true);
	assert_int_equal(sites.cnt, 2);
	usdt_sites__free(&sites);
	sites = find(file, "*", "*", true);
	assert_int_equal(sites.cnt, 14);
	usdt_sites__free(&sites);
	refuse(file, "tacho_*", "*guarded", false, -ENOENT, "no USDT probe is called tacho_*:*gua");
	refuse(file, "*", "nothing*", true, -ENOENT, "no USDT probe is called *:nothing*");
	refuse(file, "*", "", true, -EINVAL, "USDT probe *:");
	refuse(file, "", "*", true, -EINVAL, "empty");
	elf_file__free(file);
}

static void a_missing_probe_names_the_closest(void **state)
{
	struct elf_file *file = open_fixture("usdt_gcc_O2");

	(void)state;
	refuse(file, "tacho_test", "guarded_", false, -ENOENT, "the file has 11 (closest: ");
	refuse(file, "tacho_test", "guarded_", false, -ENOENT, "tacho_test:guarded");
	refuse(file, "tacho_tset", "inlined", false, -ENOENT, "tacho_test:inlined");
	refuse(file, "x", "y", false, -ENOENT, "the file has 11");
	elf_file__free(file);
	file = open_fixture("elf_pie");
	refuse(file, "x", "y", false, -ENOENT, "has no USDT probes, so none called x:y");
	elf_file__free(file);
}

static int stop_at_second(void *ctx, const struct usdt_site *site, const char *problem)
{
	(void)site;
	(void)problem;
	return ++*(int *)ctx == 2 ? -ECANCELED : 0;
}

static void listing_stops_when_told(void **state)
{
	struct elf_file *file = open_fixture("usdt_gcc_O2");
	struct fault why = {};
	int seen = 0;

	(void)state;
	assert_int_equal(usdt__each(file, stop_at_second, &seen, &why), -ECANCELED);
	assert_int_equal(seen, 2);
	elf_file__free(file);
}

/* --- made to order ---------------------------------------------------------------------------- */

static struct elf_file *make(struct usdt_elf spec, const struct usdt_notes *notes)
{
	struct usdt_elf_file *bytes = malloc(sizeof(*bytes));
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd;

	assert_non_null(bytes);
	if (!spec.machine)
		spec.machine = EM_X86_64;
	if (!spec.code) {
		spec.code = nops;
		spec.code_sz = sizeof(nops);
	}
	spec.notes = notes->bytes;
	spec.notes_sz = notes->sz;
	usdt_elf__make(&spec, bytes);
	fd = tiny_file__publish(bytes->bytes, bytes->sz, path, sizeof(path));
	assert_return_code(fd, errno);
	if (elf_file__open(path, &file, &why) != 0)
		fail_msg("%s", why.text);
	close(fd);
	free(bytes);
	return file;
}

/* One note a:b at these addresses in an x86-64 file. */
static struct elf_file *make_one(uint64_t vaddr, uint64_t base, uint64_t semaphore,
				 const char *args, const struct usdt_elf *spec)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	struct elf_file *file;

	usdt_notes__add(notes, (uint64_t[]) { vaddr, base, semaphore }, "a", "b", args);
	file = make(spec ? *spec : (struct usdt_elf) {}, notes);
	free(notes);
	return file;
}

static void expect_refusal(struct elf_file *file, int err, const char *part)
{
	refuse(file, "a", "b", false, err, part);
	elf_file__free(file);
}

static void nops_of_one_and_of_five_bytes_are_told_apart(void **state)
{
	struct elf_file *file = make_one(USDT_CODE_VADDR, 0, 0, "", NULL);
	struct usdt_sites sites = find(file, "a", "b", false);

	(void)state;
	assert_int_equal(sites.cnt, 1);
	assert_int_equal(sites.items[0].offset, USDT_CODE_OFFSET);
	assert_false(sites.items[0].nop5);
	usdt_sites__free(&sites);
	elf_file__free(file);
	file = make_one(USDT_CODE_VADDR + 2, 0, 0, "", NULL);
	sites = find(file, "a", "b", false);
	assert_int_equal(sites.items[0].offset, USDT_CODE_OFFSET + 2);
	assert_true(sites.items[0].nop5);
	usdt_sites__free(&sites);
	elf_file__free(file);
}

static void a_place_that_is_no_nop_is_refused(void **state)
{
	static const uint8_t arm64_code[] = { 0x1f, 0x20, 0x03, 0xd5, 0xc0, 0x03, 0x5f, 0xd6 };
	const struct usdt_elf arm64 = { .machine = EM_AARCH64,
					.code = arm64_code,
					.code_sz = sizeof(arm64_code) };
	const struct usdt_elf riscv = { .machine = EM_RISCV };
	/* the first byte of a nop, cut off by the end of the code */
	const struct usdt_elf cut = { .code = nops, .code_sz = 4 };

	(void)state;
	expect_refusal(make_one(USDT_CODE_VADDR + 7, 0, 0, "", NULL), -EINVAL,
		       "USDT probe a:b cannot be traced: the instruction at 0x1207 is no nop (c3");
	expect_refusal(make_one(USDT_CODE_VADDR + 3, 0, 0, "", NULL), -EINVAL, "no nop (1f 44");
	expect_refusal(make_one(USDT_CODE_VADDR + 2, 0, 0, "", &cut), -EINVAL, "is no nop");
	expect_refusal(make_one(USDT_CODE_VADDR + 8, 0, 0, "", NULL), -EINVAL, "outside the code");
	expect_refusal(make_one(USDT_DATA_VADDR, 0, 0, "", NULL), -EINVAL, "outside the code");
	expect_refusal(make_one(UINT64_MAX, 0, 0, "", NULL), -EINVAL, "outside the code");
	expect_refusal(make_one(USDT_CODE_VADDR + 4, 0, 0, "", &arm64), -EINVAL, "is no nop (c0");
	expect_refusal(make_one(USDT_CODE_VADDR + 2, 0, 0, "", &arm64), -EINVAL, "is no nop");
	expect_refusal(make_one(USDT_CODE_VADDR, 0, 0, "", &riscv), -EINVAL, "nop is not known");
	elf_file__free(make_one(USDT_CODE_VADDR, 0, 0, "", &arm64));
}

static void one_bad_place_refuses_the_probe(void **state)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	struct elf_file *file;

	(void)state;
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a", "b", "");
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR + 7, 0, 0 }, "a", "b", "");
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR + 1, 0, 0 }, "a", "c", "");
	file = make((struct usdt_elf) {}, notes);
	refuse(file, "a", "b", false, -EINVAL, "0x1207");
	refuse(file, "*", "*", true, -EINVAL, "a:b cannot be traced");
	elf_file__free(file);
	free(notes);
}

static int expect_problem(void *ctx, const struct usdt_site *site, const char *problem)
{
	assert_non_null(problem);
	assert_non_null(strstr(problem, ctx));
	assert_int_equal(site->offset, 0);
	assert_int_equal(site->semaphore_offset, 0);
	return 0;
}

static void listing_says_what_is_wrong_with_a_place(void **state)
{
	struct elf_file *file = make_one(USDT_CODE_VADDR + 7, 0, 0, "", NULL);
	struct fault why = {};

	(void)state;
	assert_int_equal(usdt__each(file, expect_problem, "is no nop", &why), 0);
	elf_file__free(file);
	file = make_one(USDT_CODE_VADDR, 0, 1, "", NULL);
	assert_int_equal(usdt__each(file, expect_problem, "semaphore", &why), 0);
	elf_file__free(file);
}

static void a_note_that_stands_twice_is_one_place(void **state)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	struct usdt_sites sites;
	struct elf_file *file;

	(void)state;
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR + 1, 0, 0 }, "a", "b", "");
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a", "b", "");
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR + 1, 0, 0 }, "a", "b", "");
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR + 1, 0, 0 }, "a", "c", "");
	file = make((struct usdt_elf) {}, notes);
	sites = find(file, "a", "b", false);
	assert_int_equal(sites.cnt, 2);
	usdt_sites__free(&sites);
	sites = find(file, "a", "*", true);
	assert_int_equal(sites.cnt, 3);
	usdt_sites__free(&sites);
	elf_file__free(file);
	free(notes);
}

static void prelinked_files_are_corrected_by_the_base(void **state)
{
	const struct usdt_elf spec = { .base = 0x5000 };
	struct elf_file *file = make_one(USDT_CODE_VADDR - 0x1000, 0x4000, USDT_DATA_VADDR - 0xff0,
					 "4@variable(%rip)", &spec);
	struct usdt_sites sites = find(file, "a", "b", false);

	(void)state;
	assert_int_equal(sites.items[0].vaddr, USDT_CODE_VADDR);
	assert_int_equal(sites.items[0].semaphore_offset, USDT_DATA_OFFSET + 16);
	assert_int_equal(sites.items[0].args[0].value_or_displacement, 0x3410 - USDT_CODE_VADDR);
	usdt_sites__free(&sites);
	elf_file__free(file);
	/* the section is gone: nothing to correct by */
	expect_refusal(make_one(USDT_CODE_VADDR - 0x1000, 0x4000, 0, "", NULL), -EINVAL, "outside");
}

static void semaphores_are_where_the_kernel_can_count(void **state)
{
	static const uint64_t bad[] = {
		USDT_DATA_VADDR - 2,
		USDT_DATA_VADDR + 1,		    /* odd */
		USDT_DATA_VADDR + USDT_DATA_SZ - 1, /* half of it */
		USDT_DATA_VADDR + USDT_DATA_SZ,	    /* in memory, not in the file */
		USDT_CODE_VADDR,		    /* not writable */
		UINT64_MAX,
	};
	struct elf_file *file;
	struct usdt_sites sites;

	(void)state;
	file = make_one(USDT_CODE_VADDR, 0, USDT_DATA_VADDR + USDT_DATA_SZ - 2, "", NULL);
	sites = find(file, "a", "b", false);
	assert_int_equal(sites.items[0].semaphore_offset, USDT_DATA_OFFSET + USDT_DATA_SZ - 2);
	usdt_sites__free(&sites);
	elf_file__free(file);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refusal(make_one(USDT_CODE_VADDR, 0, bad[i], "", NULL), -EINVAL,
			       "is not in data that the file holds");
}

static void variables_of_doubtful_address_are_not_guessed(void **state)
{
	static const char *const unknown[] = { "4@twin(%rip)", "4@absent(%rip)", "4@var(%rip)",
					       "4@variable2(%rip)" };

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct elf_file *file = make_one(USDT_CODE_VADDR, 0, 0, unknown[i], NULL);
		struct usdt_sites sites = find(file, "a", "b", false);

		assert_int_equal(sites.items[0].arg_cnt, 1);
		assert_false(sites.items[0].args_known);
		assert_int_equal(sites.items[0].args[0].kind, USDT_ARG_UNKNOWN);
		assert_string_equal(sites.items[0].args_text, unknown[i]);
		usdt_sites__free(&sites);
		elf_file__free(file);
	}
}

static void absolute_addresses_are_for_fixed_files_only(void **state)
{
	const struct usdt_elf fixed = { .type = ET_EXEC };
	struct elf_file *file = make_one(USDT_CODE_VADDR, 0, 0, "4@variable(,%rax,4)", &fixed);
	struct usdt_sites sites = find(file, "a", "b", false);

	(void)state;
	assert_true(sites.items[0].args_known);
	assert_int_equal(sites.items[0].args[0].value_or_displacement, 0x3410);
	usdt_sites__free(&sites);
	elf_file__free(file);
	file = make_one(USDT_CODE_VADDR, 0, 0, "4@variable(,%rax,4)", NULL);
	sites = find(file, "a", "b", false);
	assert_false(sites.items[0].args_known);
	usdt_sites__free(&sites);
	elf_file__free(file);
}

/* --- notes that lie --------------------------------------------------------------------------- */

static void notes_without_end_are_refused(void **state)
{
	static const char tail[] = "a\0b\0no end";
	uint8_t desc[24 + sizeof(tail) - 1] = {};
	struct usdt_notes *notes = calloc(1, sizeof(*notes));

	(void)state;
	memcpy(desc + 24, tail, sizeof(tail) - 1);
	usdt_notes__add_raw(notes, "stapsdt", 3, desc, sizeof(desc));
	expect_refusal(make((struct usdt_elf) {}, notes), -EBADMSG,
		       "USDT note 1 in .note.stapsdt has a text without end");
	for (size_t sz = 0; sz < sizeof(desc); sz++) {
		notes->sz = 0;
		usdt_notes__add_raw(notes, "stapsdt", 3, desc, sz);
		expect_refusal(make((struct usdt_elf) {}, notes), -EBADMSG, "corrupt: USDT note 1");
	}
	free(notes);
}

static void a_section_that_ends_within_a_note_is_refused(void **state)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	size_t whole;

	(void)state;
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a", "b", "");
	whole = notes->sz;
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a", "b", "");
	for (size_t sz = whole + 1; sz < 2 * whole; sz++) {
		notes->sz = sz;
		expect_refusal(make((struct usdt_elf) {}, notes), -EBADMSG,
			       "USDT note 2 in .note.stapsdt is cut short");
	}
	free(notes);
}

static void a_section_outside_the_file_is_refused(void **state)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	struct usdt_elf spec = { .machine = EM_X86_64, .code = nops, .code_sz = sizeof(nops) };
	struct usdt_elf_file *bytes = calloc(1, sizeof(*bytes));
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd;

	(void)state;
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a", "b", "");
	spec.notes = notes->bytes;
	spec.notes_sz = notes->sz;
	usdt_elf__make(&spec, bytes);
	fd = tiny_file__publish(bytes->bytes, bytes->sz - 1, path, sizeof(path));
	assert_return_code(fd, errno);
	assert_int_equal(elf_file__open(path, &file, &why), 0);
	expect_refusal(file, -EBADMSG, "lies outside the file");
	close(fd);
	free(bytes);
	free(notes);
}

static void notes_of_others_are_none_of_ours(void **state)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	struct elf_file *file;
	struct usdt_sites sites;

	(void)state;
	usdt_notes__add_raw(notes, "stapsdt", 1, "x", 1);
	usdt_notes__add_raw(notes, "GNU", 3, "x", 1);
	usdt_notes__add_raw(notes, "stapsdx", 3, "x", 1);
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a", "b", "");
	file = make((struct usdt_elf) {}, notes);
	sites = find(file, "a", "b", false);
	assert_int_equal(sites.cnt, 1);
	usdt_sites__free(&sites);
	elf_file__free(file);
	free(notes);
}

static void names_that_try_to_reach_the_terminal_are_tamed(void **state)
{
	struct usdt_notes *notes = calloc(1, sizeof(*notes));
	struct usdt_sites sites = {};
	struct fault why = {};
	struct elf_file *file;

	(void)state;
	usdt_notes__add(notes, (uint64_t[]) { USDT_CODE_VADDR, 0, 0 }, "a\x1b[31m", "b", "");
	file = make((struct usdt_elf) {}, notes);
	assert_int_equal(usdt__find(file, "a\x1b[32m", "b", false, &sites, &why), -ENOENT);
	assert_null(strchr(why.text, '\x1b'));
	elf_file__free(file);
	free(notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_place_is_the_one_that_readelf_shows),
		cmocka_unit_test(the_cpp_library_has_its_three_probes),
		cmocka_unit_test(every_place_of_a_probe_is_found),
		cmocka_unit_test(one_name_may_have_several_semaphores),
		cmocka_unit_test(globs_find_many_probes_when_allowed),
		cmocka_unit_test(a_missing_probe_names_the_closest),
		cmocka_unit_test(listing_stops_when_told),
		cmocka_unit_test(nops_of_one_and_of_five_bytes_are_told_apart),
		cmocka_unit_test(a_place_that_is_no_nop_is_refused),
		cmocka_unit_test(one_bad_place_refuses_the_probe),
		cmocka_unit_test(listing_says_what_is_wrong_with_a_place),
		cmocka_unit_test(a_note_that_stands_twice_is_one_place),
		cmocka_unit_test(prelinked_files_are_corrected_by_the_base),
		cmocka_unit_test(semaphores_are_where_the_kernel_can_count),
		cmocka_unit_test(variables_of_doubtful_address_are_not_guessed),
		cmocka_unit_test(absolute_addresses_are_for_fixed_files_only),
		cmocka_unit_test(notes_without_end_are_refused),
		cmocka_unit_test(a_section_that_ends_within_a_note_is_refused),
		cmocka_unit_test(a_section_outside_the_file_is_refused),
		cmocka_unit_test(notes_of_others_are_none_of_ours),
		cmocka_unit_test(names_that_try_to_reach_the_terminal_are_tamed),
	};

	return cmocka_run_group_tests_name("usdt", tests, NULL, NULL);
}
