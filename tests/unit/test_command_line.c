/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "processes/command_line.h"
#include "scratch.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text) text, sizeof(text) - 1

struct form {
	const char *raw;
	size_t sz;
	const char *text;
};

static void assert_forms(const struct form *forms, size_t cnt, bool cut)
{
	struct command_text text = {};

	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(command_line__format(forms[i].raw, forms[i].sz, cut, &text), 0);
		assert_string_equal(text.bytes, forms[i].text);
		assert_int_equal(text.sz, strlen(forms[i].text));
		assert_int_equal(text.cut, cut);
	}
	command_text__free(&text);
}

/* ---- format ---- */

static void arguments_are_stripped_and_joined_by_blanks(void **state)
{
	static const struct form forms[] = {
		{ BYTES("python3\0-m\0uvicorn\0"), "python3 -m uvicorn" },
		{ BYTES("a\0 b  c \0\td\n\0"), "a b  c d" },
		{ BYTES("a\0\0b\0"), "a  b" }, /* an empty argument leaves two blanks */
		{ BYTES("a\0 \0"), "a" },
		{ BYTES("\0a\0"), "a" },
		{ BYTES("sh\0-c\0x\ny\0"), "sh -c x\ny" },
		{ BYTES("a\0\0\0"), "a" },
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), false);
}

static void nothing_is_no_command(void **state)
{
	static const struct form forms[] = {
		{ BYTES(""), "" },	  { BYTES("\0"), "" }, { BYTES("\0\0\0"), "" },
		{ BYTES(" \0\t\0"), "" }, { BYTES(" "), "" },  { BYTES("\xc2\xa0\0"), "" },
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), false);
}

static void processes_that_renamed_themselves_are_split_at_blanks(void **state)
{
	static const struct form forms[] = {
		{ BYTES("nginx: worker  process"), "nginx: worker  process" },
		{ BYTES("postgres: \twriter \0"), "postgres: writer" },
		{ BYTES("sshd: x [priv]\0"), "sshd: x [priv]" },
		{ BYTES("a \n b"), "a  b" },
		{ BYTES("a b "), "a b" },
		/* blanks behind a NUL-ended command line with several NULs are an argument's */
		{ BYTES("renamed process\0\0\0"), "renamed process" },
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), false);
}

static void nul_bytes_that_separate_nothing_become_blanks(void **state)
{
	static const struct form forms[] = {
		{ BYTES("a\0b c"), "a b c" },
		{ BYTES("a\0b"), "a b" },
		{ BYTES("\0a"), "a" },
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), false);
}

static void all_white_space_of_unicode_is_stripped(void **state)
{
	static const struct form forms[] = {
		{ BYTES("\x1c\x1d"
			"a\x1e\x1f\0\v\fb\r\0"),
		  "a b" },
		{ BYTES("\xc2\x85"
			"a\xc2\xa0\0\xe1\x9a\x80"
			"b\xe2\x80\x80\0"),
		  "a b" },
		{ BYTES("\xe2\x80\x8a"
			"a\xe2\x80\xa8\0\xe2\x80\xaf"
			"b\xe3\x80\x80\0"),
		  "a b" },
		{ BYTES("\xe2\x81\x9f"
			"a\xe2\x80\xa9 \0"),
		  "a" },
		/* no white space: zero-width space, single bytes that are no UTF-8, U+180E */
		{ BYTES("\xe2\x80\x8b"
			"a\x85\xa0\0"),
		  "\xe2\x80\x8b"
		  "a\x85\xa0" },
		{ BYTES("a\xe1\xa0\x8e\0"), "a\xe1\xa0\x8e" },
		{ BYTES("a\xe2\xc2\xa0\0"), "a\xe2" },
		{ BYTES("a\x80\0"), "a\x80" },
		{ BYTES("a\xe0\x82\xa0\0"), "a\xe0\x82\xa0" }, /* U+00A0, too long a form */
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), false);
}

static void ends_of_lines_are_made_alike(void **state)
{
	static const struct form forms[] = {
		{ BYTES("sh\0-c\0a\r\nb\rc\n\rd\0"), "sh -c a\nb\nc\n\nd" },
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), false);
}

static void what_is_cut_is_split_at_nul_bytes_all_the_same(void **state)
{
	static const struct form forms[] = {
		{ BYTES("python3\0-c\0x = 1 "), "python3 -c x = 1" },
		{ BYTES("python3\0-c\0"), "python3 -c" },
		{ BYTES("renamed to thi"), "renamed to thi" },
	};

	(void)state;
	assert_forms(forms, ARRAY_SIZE(forms), true);
}

static void a_buffer_is_used_again(void **state)
{
	struct command_text text = {};
	char *raw = malloc(100000);
	char *bytes;

	(void)state;
	memset(raw, 'x', 100000);
	assert_int_equal(command_line__format(raw, 100000, false, &text), 0);
	assert_int_equal(text.sz, 100000);
	bytes = text.bytes;
	assert_int_equal(command_line__format("a\0b\0", 4, false, &text), 0);
	assert_ptr_equal(text.bytes, bytes);
	assert_string_equal(text.bytes, "a b");
	command_text__free(&text);
	command_text__free(&text);
	free(raw);
}

/* ---- read ---- */

static void put_command_line(const struct scratch *scratch, const char *pid, const char *raw,
			     size_t sz)
{
	char name[64];

	assert_int_equal(mkdir(scratch__at(scratch, pid), 0755), 0);
	snprintf(name, sizeof(name), "%s/cmdline", pid);
	scratch__write(scratch, name, raw, sz);
}

static int open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Not our own: an emulator may show another one to us than there is. */
static void the_command_line_of_our_parent_is_read(void **state)
{
	struct command_text raw = {};
	char path[64], expected[4096];
	int fd = open_folder("/proc");
	size_t sz;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)getppid());
	file = fopen(path, "r");
	assert_non_null(file);
	sz = fread(expected, 1, sizeof(expected), file);
	fclose(file);
	assert_true(sz > 0);
	assert_int_equal(command_line__read(fd, getppid(), &raw), 0);
	assert_true(raw.sz >= sz);
	assert_memory_equal(raw.bytes, expected, sz);
	assert_false(raw.cut);
	command_text__free(&raw);
	close(fd);
}

static void kernel_threads_have_none(void **state)
{
	const struct scratch *scratch = *state;
	struct command_text raw = {};
	int fd = open_folder(scratch->path);

	put_command_line(scratch, "2", "", 0);
	assert_int_equal(command_line__read(fd, 2, &raw), 0);
	assert_int_equal(raw.sz, 0);
	assert_string_equal(raw.bytes, "");
	command_text__free(&raw);
	close(fd);
}

static void a_process_that_is_gone_is_told(void **state)
{
	const struct scratch *scratch = *state;
	struct command_text raw = {};
	int fd = open_folder(scratch->path);

	assert_int_equal(command_line__read(fd, 4711, &raw), -ESRCH);
	command_text__free(&raw);
	close(fd);
}

static void long_command_lines_are_read_whole_up_to_2_mib(void **state)
{
	static const size_t sizes[] = { 4095,
					4096,
					4097,
					131072,
					COMMAND_LINE_SZ_MAX - 1,
					COMMAND_LINE_SZ_MAX,
					COMMAND_LINE_SZ_MAX + 1 };
	const struct scratch *scratch = *state;
	char *bytes = malloc(COMMAND_LINE_SZ_MAX + 1);
	struct command_text raw = {};
	int fd = open_folder(scratch->path);
	char pid[16];

	for (size_t i = 0; i <= COMMAND_LINE_SZ_MAX; i++)
		bytes[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		bool fits = sizes[i] <= COMMAND_LINE_SZ_MAX;

		snprintf(pid, sizeof(pid), "%zu", i + 1);
		put_command_line(scratch, pid, bytes, sizes[i]);
		assert_int_equal(command_line__read(fd, (pid_t)(i + 1), &raw), 0);
		assert_int_equal(raw.sz, fits ? sizes[i] : COMMAND_LINE_SZ_MAX);
		assert_int_equal(raw.cut, !fits);
		assert_memory_equal(raw.bytes, bytes, raw.sz);
	}
	command_text__free(&raw);
	free(bytes);
	close(fd);
}

#define IN_SCRATCH(name) cmocka_unit_test_setup_teardown(name, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_stripped_and_joined_by_blanks),
		cmocka_unit_test(nothing_is_no_command),
		cmocka_unit_test(processes_that_renamed_themselves_are_split_at_blanks),
		cmocka_unit_test(nul_bytes_that_separate_nothing_become_blanks),
		cmocka_unit_test(all_white_space_of_unicode_is_stripped),
		cmocka_unit_test(ends_of_lines_are_made_alike),
		cmocka_unit_test(what_is_cut_is_split_at_nul_bytes_all_the_same),
		cmocka_unit_test(a_buffer_is_used_again),
		cmocka_unit_test(the_command_line_of_our_parent_is_read),
		IN_SCRATCH(kernel_threads_have_none),
		IN_SCRATCH(a_process_that_is_gone_is_told),
		IN_SCRATCH(long_command_lines_are_read_whole_up_to_2_mib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
