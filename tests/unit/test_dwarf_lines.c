/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* FILE:LINE: which file, which line, how many places (test_dwarf_run.c runs them). */
#include "dwarf_fixture.h"

#include <inttypes.h>
#include <limits.h>

#define CNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t places(struct subject *s, const char *file, unsigned line)
{
	uint64_t *vaddrs = NULL;
	struct fault why = {};
	size_t cnt = 0;

	if (dwarf_info__find_line(s->info, file, line, &vaddrs, &cnt, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(cnt > 0);
	for (size_t i = 1; i < cnt; i++)
		assert_true(vaddrs[i - 1] < vaddrs[i]);
	free(vaddrs);
	return cnt;
}

static void refuse(struct subject *s, const char *file, unsigned line, int err, const char *part)
{
	uint64_t *vaddrs = NULL;
	struct fault why = {};
	size_t cnt = 77;

	assert_int_equal(dwarf_info__find_line(s->info, file, line, &vaddrs, &cnt, &why), err);
	assert_null(vaddrs);
	assert_int_equal(cnt, 77);
	assert_says(&why, part);
}

static void a_file_is_named_by_the_end_of_its_path(void **state)
{
	static const char *const names[] = { "dwarf_gcc4",   "dwarf_gcc5", "dwarf_clang4",
					     "dwarf_clang5", "dwarf_dwz",  "dwarf_zgnu" };
	unsigned line = line_of(PROGRAM_SOURCE, "plain");
	char whole[PATH_MAX];

	(void)state;
	assert_non_null(realpath(PROGRAM_SOURCE, whole));
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		assert_int_equal(places(&s, "dwarf_program.c", line), 1);
		assert_int_equal(places(&s, "targets/dwarf_program.c", line), 1);
		assert_int_equal(places(&s, "tests//targets/./dwarf_program.c", line), 1);
		assert_int_equal(places(&s, "./tests/unit/../targets/dwarf_program.c", line), 1);
		assert_int_equal(places(&s, whole, line), 1);
		refuse(&s, "program.c", line, -ENOENT, "has no code from a file called program.c");
		refuse(&s, "argets/dwarf_program.c", line, -ENOENT, "no code from a file");
		refuse(&s, "/dwarf_program.c", line, -ENOENT, "no code from a file");
		refuse(&s, "../targets/dwarf_program.c", line, -ENOENT, "no code from a file");
		subject__close(&s);
	}
}

static void a_file_that_is_missing_names_the_closest(void **state)
{
	struct subject s = subject__open("dwarf_gcc5");

	(void)state;
	refuse(&s, "src/dwarf_programm.c", 1, -ENOENT, "(closest: dwarf_program.c)");
	refuse(&s, "x", 1, -ENOENT, "from a file called x");
	refuse(&s, "", 1, -EINVAL, "no place in a source file");
	refuse(&s, "dwarf_program.c", 0, -EINVAL, "dwarf_program.c:0: no place");
	subject__close(&s);
}

static void two_files_of_one_name_are_refused(void **state)
{
	struct subject s = subject__open("dwarf_twins");
	unsigned line = line_of(PROGRAM_SOURCE, "plain");

	(void)state;
	refuse(&s, "dwarf_program.c", line, -EEXIST, "is more than one file");
	refuse(&s, "dwarf_program.c", line, -EEXIST, "/tests/targets/dwarf_program.c");
	refuse(&s, "dwarf_program.c", line, -EEXIST, "/twin/dwarf_program.c");
	assert_int_equal(places(&s, PROGRAM_SOURCE, line), 1);
	assert_int_equal(places(&s, "twin/dwarf_program.c", line_of(OTHER_SOURCE, "other_helper")),
			 4);
	subject__close(&s);
}

static void a_line_without_code_names_the_nearest_that_have(void **state)
{
	struct subject s = subject__open("dwarf_gcc_O0");
	unsigned line = line_of(PROGRAM_SOURCE, "plain");
	char expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), "(the nearest lines that have are %u and %u)",
		 line + 2, line + 5);
	refuse(&s, "dwarf_program.c", line + 3, -ENOENT, expected);
	refuse(&s, "dwarf_program.c", 1, -ENOENT, "(the nearest line that has is ");
	refuse(&s, "dwarf_program.c", UINT32_MAX, -ENOENT, "(the nearest line that has is ");
	subject__close(&s);
}

static void every_copy_of_a_line_is_a_place(void **state)
{
	static const char *const names[] = { "dwarf_gcc4",   "dwarf_gcc5",    "dwarf_clang4",
					     "dwarf_clang5", "dwarf_gcc_O0",  "dwarf_clang_O0",
					     "dwarf_arm64",  "dwarf_arm64_O0" };

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		assert_int_equal(places(&s, PROGRAM_SOURCE, line_of(PROGRAM_SOURCE, "everywhere")),
				 7);
		/* two copies each, and the function itself */
		assert_int_equal(places(&s, PROGRAM_SOURCE, line_of(PROGRAM_SOURCE, "helper")), 3);
		assert_int_equal(places(&s, OTHER_SOURCE, line_of(OTHER_SOURCE, "other_helper")),
				 4);
		/* in a header, from both units */
		assert_int_equal(places(&s, HEADER_SOURCE, line_of(HEADER_SOURCE, "shared")), 6);
		subject__close(&s);
	}
}

/* The loop begins with a function that it calls inlined; and its condition is there twice. */
static void what_a_line_calls_is_part_of_it(void **state)
{
	static const char *const names[] = { "dwarf_gcc4", "dwarf_gcc5", "dwarf_gcc_O0",
					     "dwarf_clang_O0", "dwarf_arm64" };

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		assert_int_equal(places(&s, PROGRAM_SOURCE, line_of(PROGRAM_SOURCE, "while")), 1);
		subject__close(&s);
	}
}

/* For unoptimised code, addr2line finds the way back. */
static void addr2line_agrees(void **state)
{
	static const char *const names[] = { "dwarf_gcc_O0", "dwarf_clang_O0" };
	char command[5000], text[5000], expected[128];

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);
		size_t checked = 0;

		for (unsigned line = 1; line < 240; line++) {
			uint64_t *vaddrs = NULL;
			size_t cnt = 0;
			FILE *addr2line;

			if (dwarf_info__find_line(s.info, "dwarf_program.c", line, &vaddrs, &cnt,
						  NULL) != 0)
				continue;
			snprintf(command, sizeof(command), "addr2line -e '%s' %" PRIx64,
				 fixture(names[i]), vaddrs[0]);
			snprintf(expected, sizeof(expected), "/dwarf_program.c:%u", line);
			addr2line = popen(command, "r");
			assert_non_null(addr2line);
			assert_non_null(fgets(text, sizeof(text), addr2line));
			pclose(addr2line);
			text[strcspn(text, " \n")] = '\0';
			if (strlen(text) < strlen(expected) ||
			    strcmp(text + strlen(text) - strlen(expected), expected) != 0)
				fail_msg("%s: line %u is at 0x%" PRIx64 ", which addr2line takes "
					 "for %s",
					 names[i], line, vaddrs[0], text);
			free(vaddrs);
			checked++;
		}
		assert_true(checked > 80);
		subject__close(&s);
	}
}

static void names_of_cpp_sources_work_too(void **state)
{
	static const char *const names[] = { "dwarf_gxx", "dwarf_clangxx" };

	(void)state;
	for (size_t i = 0; i < CNT(names); i++) {
		struct subject s = subject__open(names[i]);

		assert_int_equal(places(&s, "dwarf_classes.cc",
					line_of("tests/targets/dwarf_classes.cc", "add")),
				 1);
		subject__close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_named_by_the_end_of_its_path),
		cmocka_unit_test(a_file_that_is_missing_names_the_closest),
		cmocka_unit_test(two_files_of_one_name_are_refused),
		cmocka_unit_test(a_line_without_code_names_the_nearest_that_have),
		cmocka_unit_test(every_copy_of_a_line_is_a_place),
		cmocka_unit_test(what_a_line_calls_is_part_of_it),
		cmocka_unit_test(addr2line_agrees),
		cmocka_unit_test(names_of_cpp_sources_work_too),
	};

	return cmocka_run_group_tests_name("dwarf_lines", tests, NULL, NULL);
}
