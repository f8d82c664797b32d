/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "data_parts.h"
#include "scratch.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

static int open_scratch(const struct scratch *scratch)
{
	int fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void names_of_parts_are_taken_apart(void **state)
{
	static const struct {
		const char *entry;
		size_t name_sz;
		unsigned int number;
		bool compressed;
	} cases[] = {
		{ "data.1", 4, 1, false },
		{ "data.1.zst", 4, 1, true },
		{ "activity_detail.csv.99999", 19, 99999, false },
		{ "activity_detail.csv.10.zst", 19, 10, true },
		{ "a.1.2", 3, 2, false },
		{ "a.1.zst.2.zst", 7, 2, true },
		{ "..3", 1, 3, false },
		{ "\xff\n.7", 2, 7, false },
	};
	struct data_part part;
	size_t sz;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!data_part__parse(cases[i].entry, &sz, &part))
			fail_msg("%s is no part", cases[i].entry);
		assert_int_equal(sz, cases[i].name_sz);
		assert_int_equal(part.number, cases[i].number);
		assert_int_equal(part.compressed, cases[i].compressed);
	}
}

static void other_names_are_no_parts(void **state)
{
	static const char *const entries[] = {
		"",
		".",
		"..",
		"data",
		"data.",
		"data.zst",
		".zst",
		"data.0",
		"data.01",
		"data.1 ",
		"data.+1",
		"data.-1",
		"data.1x",
		"data.x1",
		"data1",
		".1",
		"1",
		".1.zst",
		"data.1.gz",
		"data.1.zst.zst",
		"data.1.ZST",
		"data.100000",
		"data.20260131",
		"data.4294967297",
		"data.99999999999999999999999",
		"data.00001",
		"data..zst",
		".data.zst.tmp",
		"data.1.zst.tmp",
	};
	struct data_part part = { 77, true };
	size_t sz = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (data_part__parse(entries[i], &sz, &part))
			fail_msg("%s is a part", entries[i]);
	}
	assert_int_equal(sz, 77);
	assert_int_equal(part.number, 77);
}

static void a_part_belongs_to_one_name(void **state)
{
	struct data_part part;

	(void)state;
	assert_true(data_part__parse_of("a.1.2", "a.1", &part));
	assert_false(data_part__parse_of("a.1.2", "a", &part));
	assert_false(data_part__parse_of("ab.1", "a", &part));
	assert_false(data_part__parse_of("a.1", "ab", &part));
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	char name[NAME_MAX], entry[NAME_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[NAME_MAX - 6] = '\0';
	assert_int_equal(data_part__entry(name, (struct data_part) { 1, true }, entry), 0);
	assert_int_equal(strlen(entry), NAME_MAX);
	assert_int_equal(data_part__entry(name, (struct data_part) { 12, true }, entry),
			 -ENAMETOOLONG);
	assert_int_equal(data_parts__temporary(name, entry), -ENAMETOOLONG);
}

static void parts_are_listed_oldest_first(void **state)
{
	const struct scratch *scratch = *state;
	static const char *const entries[] = { "data",	       "data.2",  "data.10.zst",
					       "data.1",       "data.x",  "data.1.zst",
					       "data_headers", "other.3", ".data.zst.tmp" };
	struct data_part_found *parts;
	int fd = open_scratch(scratch);
	size_t cnt;

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		scratch__write(scratch, entries[i], "abc", i % 4);
	assert_int_equal(data_parts__list(fd, "data", &parts, &cnt), 0);
	assert_int_equal(cnt, 4);
	assert_int_equal(parts[0].part.number, 10);
	assert_true(parts[0].part.compressed && !parts[0].redundant);
	assert_int_equal(parts[0].sz, 2);
	assert_int_equal(parts[1].part.number, 2);
	assert_int_equal(parts[2].part.number, 1);
	assert_true(!parts[2].part.compressed && !parts[2].redundant);
	assert_int_equal(parts[3].part.number, 1);
	assert_true(parts[3].part.compressed && parts[3].redundant);
	assert_true(S_ISREG(parts[3].mode));
	free(parts);
	assert_int_equal(data_parts__list(fd, "nothing", &parts, &cnt), 0);
	assert_int_equal(cnt, 0);
	assert_null(parts);
	close(fd);
	assert_int_equal(data_parts__list(-1, "data", &parts, &cnt), -EBADF);
}

static void only_files_are_redundant_and_links_are_not_followed(void **state)
{
	const struct scratch *scratch = *state;
	struct data_part_found *parts;
	int fd = open_scratch(scratch);
	size_t cnt;

	scratch__write(scratch, "data.1.zst", "a", 1);
	scratch__write(scratch, "data.2.zst", "a", 1);
	assert_int_equal(mkdir(scratch__at(scratch, "data.1"), 0755), 0);
	assert_int_equal(symlink("data.1.zst", scratch__at(scratch, "data.2")), 0);
	assert_int_equal(data_parts__list(fd, "data", &parts, &cnt), 0);
	assert_int_equal(cnt, 4);
	assert_true(S_ISLNK(parts[0].mode));
	assert_true(S_ISDIR(parts[2].mode));
	for (size_t i = 0; i < cnt; i++)
		assert_false(parts[i].redundant);
	free(parts);
	assert_int_equal(data_parts__rename(fd, "data", 2, 3), 0);
	assert_true(scratch__has(scratch, "data.3"));
	assert_true(scratch__has(scratch, "data.3.zst"));
	assert_int_equal(data_parts__remove(fd, "data", 1), -EISDIR);
	close(fd);
}

static void a_number_is_taken_renamed_and_removed_in_either_form(void **state)
{
	const struct scratch *scratch = *state;
	int fd = open_scratch(scratch);

	assert_false(data_parts__has(fd, "data", 1));
	assert_int_equal(data_parts__rename(fd, "data", 1, 2), -ENOENT);
	assert_int_equal(data_parts__remove(fd, "data", 1), 0);
	scratch__write(scratch, "data.1.zst", "compressed", 10);
	assert_true(data_parts__has(fd, "data", 1));
	assert_int_equal(data_parts__rename(fd, "data", 1, 2), 0);
	scratch__expect(scratch, "data.2.zst", "compressed");
	scratch__write(scratch, "data.2", "plain", 5);
	assert_int_equal(data_parts__rename(fd, "data", 2, 3), 0);
	scratch__expect(scratch, "data.3", "plain");
	assert_false(scratch__has(scratch, "data.2.zst"));
	assert_false(scratch__has(scratch, "data.3.zst"));
	scratch__expect(scratch, ".data.zst.tmp", "compressed");
	scratch__write(scratch, "data.3.zst", "compressed", 10);
	assert_int_equal(data_parts__remove(fd, "data", 3), 0);
	assert_false(data_parts__has(fd, "data", 3));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_parts_are_taken_apart),
		cmocka_unit_test(other_names_are_no_parts),
		cmocka_unit_test(a_part_belongs_to_one_name),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		CASE(parts_are_listed_oldest_first),
		CASE(only_files_are_redundant_and_links_are_not_followed),
		CASE(a_number_is_taken_renamed_and_removed_in_either_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
