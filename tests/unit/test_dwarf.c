/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inlined copies, types and arguments, against what the source of tests/targets/dwarf_* says. */
#include "dwarf_fixture.h"

#include <inttypes.h>

#define CNT(array) (sizeof(array) / sizeof((array)[0]))

/* Everything that has full information about dwarf_program.c and dwarf_other.c. */
static const char *const programs[] = { "dwarf_gcc4",	  "dwarf_gcc5",	  "dwarf_clang4",
					"dwarf_clang5",	  "dwarf_gcc_O0", "dwarf_clang_O0",
					"dwarf_lto",	  "dwarf_zlib",	  "dwarf_zgnu",
					"dwarf_split",	  "dwarf_dwz",	  "dwarf_arm64",
					"dwarf_arm64_O0", "dwarf_twins" };

/* --- opening ---------------------------------------------------------------------------------- */

static void the_path_is_that_of_the_file_that_holds_the_information(void **state)
{
	struct subject s = subject__open("dwarf_gcc5");

	(void)state;
	assert_string_equal(dwarf_info__path(s.info), fixture("dwarf_gcc5"));
	subject__close(&s);
	s = subject__open("dwarf_split");
	assert_non_null(strstr(dwarf_info__path(s.info), "/dwarf_split.debug"));
	subject__close(&s);
	dwarf_info__free(NULL);
}

static void a_file_without_information_says_where_it_was_sought(void **state)
{
	struct elf_file *file = open_fixture("elf_stripped");
	struct dwarf_info *info = NULL;
	struct fault why = {};

	(void)state;
	assert_int_equal(dwarf_info__open(file, NULL, &info, &why), -ENOENT);
	assert_null(info);
	assert_says(&why, "no debugging information");
	assert_says(&why, "/usr/lib/debug/.build-id/");
	elf_file__free(file);
}

/* --- inlined copies --------------------------------------------------------------------------- */

static void expect_inlined(struct subject *s, const char *program, const char *name,
			   size_t copy_cnt, size_t out_of_line_cnt)
{
	struct dwarf_inlined inlined = {};
	struct fault why = {};

	if (dwarf_info__find_inlined(s->info, name, &inlined, &why) != 0)
		fail_msg("%s: %s", program, why.text);
	if (inlined.copy_cnt != copy_cnt || inlined.out_of_line_cnt != out_of_line_cnt)
		fail_msg("%s: %s has %zu copies and %zu out of line, not %zu and %zu", program,
			 name, inlined.copy_cnt, inlined.out_of_line_cnt, copy_cnt,
			 out_of_line_cnt);
}

static void copies_are_counted_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(programs); i++) {
		struct subject s = subject__open(programs[i]);
		bool has_shared = strcmp(programs[i], "dwarf_lto") != 0;

		expect_inlined(&s, programs[i], "everywhere", 7, 0);
		expect_inlined(&s, programs[i], "nested", 2, 0);
		expect_inlined(&s, programs[i], "plain", 0, 1);
		expect_inlined(&s, programs[i], "shared_inline", 5, has_shared);
		/* two functions of one name, each with an address of its own */
		expect_inlined(&s, programs[i], "helper", 5,
			       strcmp(programs[i], "dwarf_lto") == 0 ? 1 : 2);
		subject__close(&s);
	}
}

static void functions_of_one_name_are_told_apart_by_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(programs); i++) {
		struct subject s = subject__open(programs[i]);
		struct elf_symbols symbols = {};
		struct fault why = {};
		size_t cnts[2] = {};

		/* LTO drops the second, and a stripped file has no static symbols */
		if (strcmp(programs[i], "dwarf_lto") == 0 ||
		    strcmp(programs[i], "dwarf_split") == 0) {
			subject__close(&s);
			continue;
		}
		assert_int_equal(elf_file__find(s.file, &(struct elf_query) { .name = "helper" },
						&symbols, &why),
				 0);
		assert_int_equal(symbols.cnt, 2);
		for (size_t k = 0; k < 2; k++) {
			if (dwarf_info__count_inlined(s.info, symbols.items[k].vaddr, &cnts[k],
						      &why) != 0)
				fail_msg("%s", why.text);
		}
		if (cnts[0] + cnts[1] != 5 || (cnts[0] != 2 && cnts[0] != 3))
			fail_msg("%s: helper has %zu and %zu copies, not 2 and 3", programs[i],
				 cnts[0], cnts[1]);
		elf_symbols__free(&symbols);
		subject__close(&s);
	}
}

static void an_external_function_is_one_in_all_units(void **state)
{
	static const char *const names[] = { "dwarf_gcc4", "dwarf_gcc5", "dwarf_clang4",
					     "dwarf_clang5", "dwarf_arm64" };
	size_t cnt;

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);
		struct fault why = {};

		assert_int_equal(dwarf_info__count_inlined(s.info, vaddr_of(&s, "shared_inline"),
							   &cnt, &why),
				 0);
		assert_int_equal(cnt, 5);
		assert_int_equal(
			dwarf_info__count_inlined(s.info, vaddr_of(&s, "plain"), &cnt, &why), 0);
		assert_int_equal(cnt, 0);
		subject__close(&s);
	}
}

static void an_address_within_a_function_is_none(void **state)
{
	struct subject s = subject__open("dwarf_gcc5");
	struct fault why = {};
	size_t cnt = 77;

	(void)state;
	assert_int_equal(dwarf_info__count_inlined(s.info, vaddr_of(&s, "plain") + 1, &cnt, &why),
			 -ENOENT);
	assert_int_equal(cnt, 77);
	assert_says(&why, "tells of no function that begins at 0x");
	assert_int_equal(dwarf_info__count_inlined(s.info, 0, &cnt, &why), -ENOENT);
	subject__close(&s);
}

static void names_of_cpp_are_those_of_the_source_or_the_linker(void **state)
{
	static const char *const names[] = { "dwarf_gxx", "dwarf_clangxx" };

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		expect_inlined(&s, names[i], "outer::Counter::get", 3, 0);
		expect_inlined(&s, names[i], "outer::Counter::get(int) const", 3, 0);
		expect_inlined(&s, names[i], "_ZNK5outer7Counter3getEi", 3, 0);
		expect_inlined(&s, names[i], "outer::Counter::operator()", 2, 0);
		expect_inlined(&s, names[i], "outer::Counter::operator()(int)", 2, 0);
		expect_inlined(&s, names[i], "outer::(anonymous namespace)::hidden", 1, 0);
		expect_inlined(&s, names[i], "outer::Counter::larger<int>", 1, 0);
		expect_inlined(&s, names[i], "outer::Counter::larger<double>(double)", 1, 0);
		expect_inlined(&s, names[i], "outer::Counter::add", 0, 1);
		expect_inlined(&s, names[i], "outer::overloaded", 0, 2);
		expect_inlined(&s, names[i], "main", 0, 1);
		/* two in code that is kept, and one in code that the linker dropped */
		expect_inlined(&s, names[i], "outer::tiny", 2, 0);
		expect_inlined(&s, names[i], "outer::kept_once", 0, 1);
		subject__close(&s);
	}
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const names[] = { "get",
					     "Counter::get",
					     "outer::get",
					     "hidden",
					     "outer",
					     "",
					     "::",
					     "(",
					     ")",
					     "outer::",
					     "()",
					     "outer::Counter",
					     "Xouter::Counter::get",
					     "get(int) const" };
	struct subject s = subject__open("dwarf_gxx");

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct dwarf_inlined inlined;
		struct fault why = {};

		assert_int_equal(dwarf_info__find_inlined(s.info, names[i], &inlined, &why),
				 -ENOENT);
		assert_says(&why, "tells of no function that is called");
	}
	subject__close(&s);
}

/* --- against readelf -------------------------------------------------------------------------- */

#define ENTRIES_MAX 4096

struct entry {
	uint64_t offset;
	char name[64];
	size_t copy_cnt;
};

struct oracle {
	struct entry entries[ENTRIES_MAX];
	size_t cnt;
};

static struct entry *entry_at(struct oracle *oracle, uint64_t offset)
{
	for (size_t i = 0; i < oracle->cnt; i++) {
		if (oracle->entries[i].offset == offset)
			return &oracle->entries[i];
	}
	assert_in_range(oracle->cnt, 0, ENTRIES_MAX - 1);
	oracle->entries[oracle->cnt] = (struct entry) { .offset = offset };
	return &oracle->entries[oracle->cnt++];
}

/* Functions and how many DW_TAG_inlined_subroutine refer to each. */
static void load_oracle(struct oracle *oracle, const char *program)
{
	char command[4200], line[1024];
	bool function = false, copy = false;
	uint64_t offset = 0;
	FILE *readelf;

	snprintf(command, sizeof(command), "readelf --debug-dump=info '%s' 2>/dev/null",
		 fixture(program));
	readelf = popen(command, "r");
	assert_non_null(readelf);
	while (fgets(line, sizeof(line), readelf)) {
		const char *text;

		if (sscanf(line, " <%*x><%" SCNx64 ">: Abbrev Number", &offset) == 1) {
			function = strstr(line, "(DW_TAG_subprogram)");
			copy = strstr(line, "(DW_TAG_inlined_subroutine)");
		} else if (function && strstr(line, "DW_AT_name")) {
			text = strrchr(line, ' ') + 1;
			snprintf(entry_at(oracle, offset)->name, 64, "%.*s",
				 (int)strcspn(text, "\n"), text);
		} else if (copy && (text = strstr(line, "DW_AT_abstract_origin: <0x"))) {
			entry_at(oracle,
				 strtoull(text + strlen("DW_AT_abstract_origin: <"), NULL, 16))
				->copy_cnt++;
		}
	}
	assert_int_equal(pclose(readelf), 0);
	assert_true(oracle->cnt > 10);
}

static size_t oracle_copies(const struct oracle *oracle, const char *name)
{
	size_t cnt = 0;

	for (size_t i = 0; i < oracle->cnt; i++) {
		if (strcmp(oracle->entries[i].name, name) == 0)
			cnt += oracle->entries[i].copy_cnt;
	}
	return cnt;
}

/* Both have no functions that GCC has split and put together, and no copies without code. */
static void counts_are_those_that_readelf_shows(void **state)
{
	static const char *const names[] = { "dwarf_gcc_O0", "dwarf_clang_O0", "dwarf_clang5" };
	struct oracle *oracle = malloc(sizeof(*oracle));

	(void)state;
	assert_non_null(oracle);
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		oracle->cnt = 0;
		load_oracle(oracle, names[i]);
		for (size_t e = 0; e < oracle->cnt; e++) {
			const char *name = oracle->entries[e].name;
			size_t expected = oracle_copies(oracle, name);
			struct dwarf_inlined inlined = {};
			struct fault why = {};
			int err = dwarf_info__find_inlined(s.info, name, &inlined, &why);

			assert_true(err == 0 || err == -ENOENT);
			if (*name && inlined.copy_cnt != expected)
				fail_msg("%s: %s has %zu copies, readelf shows %zu", names[i], name,
					 inlined.copy_cnt, expected);
		}
		subject__close(&s);
	}
	free(oracle);
}

static void what_was_split_off_and_put_back_is_no_copy(void **state)
{
	static const char *const names[] = { "dwarf_gcc4", "dwarf_gcc5" };
	struct oracle *oracle = malloc(sizeof(*oracle));

	(void)state;
	assert_non_null(oracle);
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		oracle->cnt = 0;
		load_oracle(oracle, names[i]);
		assert_int_equal(oracle_copies(oracle, "rejoined"), 1);
		expect_inlined(&s, names[i], "rejoined", 0, 1);
		subject__close(&s);
	}
	free(oracle);
}

/* --- types ------------------------------------------------------------------------------------ */

struct typed {
	const char *name;
	struct dwarf_type type;
};

static void assert_type(const char *program, const char *what, const struct dwarf_type *got,
			const struct dwarf_type *expected)
{
	if (got->kind != expected->kind || got->size != expected->size ||
	    got->is_signed != expected->is_signed || got->is_c_string != expected->is_c_string)
		fail_msg("%s: %s: kind %d, %d bytes, signed %d, string %d", program, what,
			 (int)got->kind, got->size, got->is_signed, got->is_c_string);
}

static void return_types_are_those_of_the_source(void **state)
{
	static const struct typed expected[] = {
		{ "returns_nothing", { DWARF_TYPE_VOID, 0, false, false } },
		{ "returns_bool", { DWARF_TYPE_BOOL, 1, false, false } },
		{ "returns_char", { DWARF_TYPE_INTEGER, 1, true, false } },
		{ "returns_short", { DWARF_TYPE_INTEGER, 2, false, false } },
		{ "returns_odd", { DWARF_TYPE_INTEGER, 8, false, false } },
		{ "returns_text", { DWARF_TYPE_POINTER, 8, false, true } },
		{ "returns_bytes", { DWARF_TYPE_POINTER, 8, false, false } },
		{ "returns_double", { DWARF_TYPE_FLOAT, 8, true, false } },
		{ "returns_float", { DWARF_TYPE_FLOAT, 4, true, false } },
		{ "returns_color", { DWARF_TYPE_ENUM, 4, false, false } },
		{ "returns_sign", { DWARF_TYPE_ENUM, 4, true, false } },
		{ "returns_pair", { DWARF_TYPE_OTHER, 8, false, false } },
		{ "returns_wide", { DWARF_TYPE_INTEGER, 16, true, false } },
		{ "returns_large", { DWARF_TYPE_OTHER, 64, false, false } },
		{ "plain", { DWARF_TYPE_INTEGER, 4, true, false } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(programs); i++) {
		struct subject s, symbols = subject__open("dwarf_gcc5");

		s = subject__open(programs[i]);
		for (size_t e = 0; e < CNT(expected); e++) {
			/* the stripped one has the addresses of the one that it was made from */
			const struct subject *from =
				strcmp(programs[i], "dwarf_split") == 0 ? &symbols : &s;
			struct dwarf_type type = {};
			struct fault why = {};

			if (dwarf_info__return_type(s.info, vaddr_of(from, expected[e].name), &type,
						    &why) != 0)
				fail_msg("%s: %s", programs[i], why.text);
			assert_type(programs[i], expected[e].name, &type, &expected[e].type);
		}
		subject__close(&symbols);
		subject__close(&s);
	}
}

static void without_types_nothing_is_claimed(void **state)
{
	struct subject s = subject__open("dwarf_g1");
	struct dwarf_type type;
	struct fault why = {};
	unsigned index;

	(void)state;
	assert_int_equal(dwarf_info__return_type(s.info, vaddr_of(&s, "plain"), &type, &why),
			 -ENOENT);
	assert_says(&why, "does not tell what the function");
	assert_int_equal(
		dwarf_info__return_type(s.info, vaddr_of(&s, "returns_nothing"), &type, &why),
		-ENOENT);
	assert_int_equal(
		dwarf_info__argument_by_name(s.info, vaddr_of(&s, "plain"), "x", &index, &why),
		-ENOENT);
	assert_says(&why, "no names are told");
	assert_int_equal(dwarf_info__argument_type(s.info, vaddr_of(&s, "plain"), 1, &type, &why),
			 -ENOENT);
	expect_inlined(&s, "dwarf_g1", "everywhere", 7, 0);
	subject__close(&s);
}

/* --- arguments -------------------------------------------------------------------------------- */

static void expect_argument(struct subject *s, const char *program, const char *function,
			    const char *name, unsigned index)
{
	struct fault why = {};
	unsigned got = 0;

	if (dwarf_info__argument_by_name(s->info, vaddr_of(s, function), name, &got, &why) != 0)
		fail_msg("%s: %s", program, why.text);
	if (got != index)
		fail_msg("%s: %s of %s is number %u, not %u", program, name, function, got, index);
}

static void expect_no_argument(struct subject *s, const char *program, const char *function,
			       const char *name, int err)
{
	struct fault why = {};
	unsigned got = 77;
	int actual;

	actual = dwarf_info__argument_by_name(s->info, vaddr_of(s, function), name, &got, &why);
	if (actual != err)
		fail_msg("%s: %s of %s: %d (%s), not %d", program, name, function, actual, why.text,
			 err);
	assert_int_equal(got, 77);
	assert_says(&why, name);
}

static const char *const with_arguments[] = { "dwarf_gcc4",	"dwarf_gcc5",	"dwarf_clang4",
					      "dwarf_clang5",	"dwarf_gcc_O0", "dwarf_clang_O0",
					      "dwarf_dwz",	"dwarf_zgnu",	"dwarf_arm64",
					      "dwarf_arm64_O0", "dwarf_twins" };

static void arguments_are_numbered_by_their_registers(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(with_arguments); i++) {
		const char *program = with_arguments[i];
		struct subject s = subject__open(program);

		expect_argument(&s, program, "arguments", "letter", 1);
		expect_argument(&s, program, "arguments", "text", 2);
		expect_argument(&s, program, "arguments", "bytes", 3);
		expect_argument(&s, program, "arguments", "sign", 4);
		expect_argument(&s, program, "arguments", "yes", 5);
		expect_argument(&s, program, "arguments", "last", 6);
		expect_no_argument(&s, program, "arguments", "ratio", -ENOTSUP);
		expect_no_argument(&s, program, "arguments", "part", -ENOTSUP);
		expect_no_argument(&s, program, "arguments", "nothing", -ENOENT);
		expect_argument(&s, program, "too_many", "a", 1);
		expect_argument(&s, program, "too_many", "f", 6);
		expect_no_argument(&s, program, "too_many", "j", -ENOTSUP);
		expect_argument(&s, program, "plain", "x", 1);
		expect_argument(&s, program, "structure_between", "before", 1);
		subject__close(&s);
	}
}

static void the_seventh_argument_is_in_a_register_on_arm64_only(void **state)
{
	static const char *const arm64[] = { "dwarf_arm64", "dwarf_arm64_O0" };
	static const char *const x86[] = { "dwarf_gcc5", "dwarf_clang5", "dwarf_gcc_O0",
					   "dwarf_clang_O0" };

	(void)state;
	for (size_t i = 0; i < CNT(arm64); i++) {
		struct subject s = subject__open(arm64[i]);

		expect_argument(&s, arm64[i], "too_many", "g", 7);
		expect_argument(&s, arm64[i], "too_many", "h", 8);
		expect_no_argument(&s, arm64[i], "too_many", "i", -ENOTSUP);
		/* x8 tells where a structure is to be returned */
		expect_argument(&s, arm64[i], "returns_large", "number", 1);
		subject__close(&s);
	}
	for (size_t i = 0; i < CNT(x86); i++) {
		struct subject s = subject__open(x86[i]);

		if (elf_file__machine(s.file) == EM_X86_64)
			expect_no_argument(&s, x86[i], "too_many", "g", -ENOTSUP);
		subject__close(&s);
	}
}

/* Unoptimised code has only the convention to go by, and there structures are not simple. */
static void behind_a_structure_only_the_compiler_knows(void **state)
{
	struct subject s = subject__open("dwarf_gcc_O0");
	unsigned number = elf_file__machine(s.file) == EM_X86_64 ? 2 : 1;

	(void)state;
	expect_no_argument(&s, "dwarf_gcc_O0", "structure_between", "pair", -ENOTSUP);
	expect_no_argument(&s, "dwarf_gcc_O0", "structure_between", "behind", -ENOTSUP);
	if (number == 2)
		expect_no_argument(&s, "dwarf_gcc_O0", "returns_large", "number", -ENOTSUP);
	subject__close(&s);
	s = subject__open("dwarf_gcc5");
	expect_argument(&s, "dwarf_gcc5", "structure_between", "behind", 3);
	expect_argument(&s, "dwarf_gcc5", "returns_large", "number", number);
	subject__close(&s);
}

/* GCC passes one field of the structure instead of its address, and leaves the constant out. */
static void arguments_that_the_compiler_altered_are_not_claimed(void **state)
{
	static const char *const names[] = { "dwarf_gcc4", "dwarf_gcc5", "dwarf_arm64" };

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);
		struct dwarf_type type;
		struct fault why = {};

		expect_no_argument(&s, names[i], "altered", "large", -ENOTSUP);
		expect_no_argument(&s, names[i], "altered", "known", -ENOTSUP);
		expect_argument(&s, names[i], "altered", "wanted", 2);
		/* it moved up into the register of the one that is left out, and GCC says so */
		expect_argument(&s, names[i], "altered_in_memory", "addressed", 1);
		assert_int_equal(
			dwarf_info__argument_type(s.info, vaddr_of(&s, "altered"), 1, &type, &why),
			-ENOTSUP);
		assert_says(&why, "it is not told which argument");
		subject__close(&s);
	}
}

/* LLVM says only where it will be in memory: it is not where the convention has it. */
static void counting_stops_where_arguments_were_left_out(void **state)
{
	static const char *const names[] = { "dwarf_clang4", "dwarf_clang5" };

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		expect_no_argument(&s, names[i], "altered_in_memory", "known", -ENOTSUP);
		expect_no_argument(&s, names[i], "altered_in_memory", "addressed", -ENOTSUP);
		subject__close(&s);
	}
}

static void argument_types_are_those_of_the_source(void **state)
{
	static const struct dwarf_type expected[] = {
		{ DWARF_TYPE_INTEGER, 1, true, false },	 { DWARF_TYPE_POINTER, 8, false, true },
		{ DWARF_TYPE_POINTER, 8, false, false }, { DWARF_TYPE_ENUM, 4, true, false },
		{ DWARF_TYPE_BOOL, 1, false, false },	 { DWARF_TYPE_INTEGER, 8, true, false },
	};
	struct dwarf_type type;

	(void)state;
	for (size_t i = 0; i < CNT(with_arguments); i++) {
		struct subject s = subject__open(with_arguments[i]);
		uint64_t vaddr = vaddr_of(&s, "arguments");
		struct fault why = {};

		for (unsigned n = 1; n <= CNT(expected); n++) {
			struct dwarf_type wanted = expected[n - 1];

			/* char has no sign on arm64 */
			wanted.is_signed &= n > 1 || elf_file__machine(s.file) == EM_X86_64;
			if (dwarf_info__argument_type(s.info, vaddr, n, &type, &why) != 0)
				fail_msg("%s: %s", with_arguments[i], why.text);
			assert_type(with_arguments[i], "arguments", &type, &wanted);
		}
		assert_int_equal(dwarf_info__argument_type(s.info, vaddr, 0, &type, &why), -ENOENT);
		assert_int_equal(dwarf_info__argument_type(s.info, vaddr, 7, &type, &why), -ENOENT);
		assert_says(&why, "has no argument 7 (6 are known");
		subject__close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_is_that_of_the_file_that_holds_the_information),
		cmocka_unit_test(a_file_without_information_says_where_it_was_sought),
		cmocka_unit_test(copies_are_counted_by_name),
		cmocka_unit_test(functions_of_one_name_are_told_apart_by_address),
		cmocka_unit_test(an_external_function_is_one_in_all_units),
		cmocka_unit_test(an_address_within_a_function_is_none),
		cmocka_unit_test(names_of_cpp_are_those_of_the_source_or_the_linker),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(counts_are_those_that_readelf_shows),
		cmocka_unit_test(what_was_split_off_and_put_back_is_no_copy),
		cmocka_unit_test(return_types_are_those_of_the_source),
		cmocka_unit_test(without_types_nothing_is_claimed),
		cmocka_unit_test(arguments_are_numbered_by_their_registers),
		cmocka_unit_test(the_seventh_argument_is_in_a_register_on_arm64_only),
		cmocka_unit_test(behind_a_structure_only_the_compiler_knows),
		cmocka_unit_test(arguments_that_the_compiler_altered_are_not_claimed),
		cmocka_unit_test(counting_stops_where_arguments_were_left_out),
		cmocka_unit_test(argument_types_are_those_of_the_source),
	};

	return cmocka_run_group_tests_name("dwarf", tests, NULL, NULL);
}
