/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All functions of a file: in order, and by address. And files given as descriptors. */
#include "elf_fixture.h"

#define LISTED_MAX 512

struct list {
	const struct elf_symbol *symbols[LISTED_MAX];
	size_t cnt;
};

static int add_to_list(void *ctx, const struct elf_symbol *symbol)
{
	struct list *list = ctx;

	assert_true(list->cnt < LISTED_MAX);
	list->symbols[list->cnt++] = symbol;
	return 0;
}

static const struct elf_symbol *listed(const struct list *list, const char *display)
{
	for (size_t i = 0; i < list->cnt; i++) {
		if (strcmp(list->symbols[i]->display, display) == 0)
			return list->symbols[i];
	}
	return NULL;
}

static struct elf_file *list_fixture(const char *name, struct list *list)
{
	struct elf_file *file = open_fixture(name);
	struct fault why = {};

	*list = (struct list) {};
	if (elf_file__each_function(file, add_to_list, list, &why) != 0)
		fail_msg("%s", why.text);
	return file;
}

static void each_function_comes_once_in_the_order_of_display(void **state)
{
	static const char *const files[] = { "elf_pie", "libsym_names.so", "libsym_mini.so",
					     "sym_linked" };

	(void)state;
	for (size_t f = 0; f < 4; f++) {
		struct list list;
		struct elf_file *file = list_fixture(files[f], &list);

		assert_true(list.cnt > 10);
		for (size_t i = 0; i < list.cnt; i++) {
			uint64_t offset;

			assert_int_equal(elf_file__offset(file, list.symbols[i]->vaddr, &offset),
					 0);
			assert_int_equal(list.symbols[i]->offset, offset);
			assert_true(i == 0 || strcmp(list.symbols[i - 1]->display,
						     list.symbols[i]->display) <= 0);
			for (size_t k = 0; k < i; k++)
				assert_int_not_equal(list.symbols[k]->vaddr,
						     list.symbols[i]->vaddr);
		}
		elf_file__free(file);
	}
}

static void each_function_has_the_best_of_its_names(void **state)
{
	struct list list;
	struct elf_file *file = list_fixture("elf_pie", &list);

	(void)state;
	assert_non_null(listed(&list, "alias_function"));
	assert_null(listed(&list, "plain_function")); /* the same, and longer */
	assert_non_null(listed(&list, "asm_untyped"));
	assert_non_null(listed(&list, "cloned_function.isra.0"));
	assert_null(listed(&list, "cloned_function.part.0"));
	assert_null(listed(&list, "split_function.cold"));
	assert_null(listed(&list, "picked_function"));
	assert_null(listed(&list, "data_symbol"));
	assert_null(listed(&list, "printf"));
	elf_file__free(file);
}

static void each_function_is_shown_as_people_write_it(void **state)
{
	struct list list;
	struct elf_file *file = list_fixture("libsym_names.so", &list);

	(void)state;
	assert_non_null(listed(&list, "net::Server::handle(int, char)"));
	assert_non_null(listed(&list, "net::Server::stop() [clone .constprop.0]"));
	assert_non_null(listed(&list, "net::largest<int>(int, int)"));
	assert_non_null(listed(&list, "plain_c"));
	assert_null(listed(&list, "non-virtual thunk to net::Server::pong()"));
	assert_null(listed(&list, "whole_middle"));
	assert_null(listed(&list, "stub_function"));
	elf_file__free(file);
	file = list_fixture("libelf_lib_stripped.so", &list);
	assert_non_null(listed(&list, "versioned"));
	assert_non_null(listed(&list, "versioned@LIB_1"));
	assert_string_equal(listed(&list, "versioned@LIB_1")->name, "versioned");
	elf_file__free(file);
}

/* What the list shows can be asked for. */
static void each_function_is_found_by_what_it_is_shown_as(void **state)
{
	static const char *const files[] = { "elf_pie", "libsym_names.so", "libsym_mini.so",
					     "libelf_lib_stripped.so" };

	(void)state;
	for (size_t f = 0; f < 4; f++) {
		struct list list;
		struct elf_file *file = list_fixture(files[f], &list);

		for (size_t i = 0; i < list.cnt; i++) {
			struct elf_symbols symbols = {};
			struct fault why = {};
			bool same = false;

			if (strstr(list.symbols[i]->display, " [clone "))
				continue; /* it comes with its function */
			if (find_named(file, list.symbols[i]->display, &symbols, &why) != 0)
				fail_msg("%s", why.text);
			for (size_t k = 0; k < symbols.cnt; k++)
				same |= symbols.items[k].vaddr == list.symbols[i]->vaddr;
			assert_true(same);
			elf_symbols__free(&symbols);
		}
		elf_file__free(file);
	}
}

static int stop_with_seven(void *ctx, const struct elf_symbol *symbol)
{
	(void)symbol;
	++*(size_t *)ctx;
	return 7;
}

static void listing_ends_when_told_to(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	size_t cnt = 0;

	(void)state;
	assert_int_equal(elf_file__each_function(file, stop_with_seven, &cnt, NULL), 7);
	assert_int_equal(cnt, 1);
	elf_file__free(file);
}

static void a_file_without_functions_lists_none(void **state)
{
	struct list list;

	(void)state;
	elf_file__free(list_fixture("elf_stripped", &list));
	assert_int_equal(list.cnt, 0);
}

/* ---- by address ---- */

static void the_function_at_an_address_is_the_one_that_covers_it(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	struct elf_symbols symbols = {};
	const struct elf_symbol *at;
	uint64_t vaddr, size;

	(void)state;
	assert_int_equal(find_named(file, "alias_function", &symbols, NULL), 0);
	vaddr = symbols.items[0].vaddr;
	size = symbols.items[0].size;
	elf_symbols__free(&symbols);
	at = elf_file__function_at(file, vaddr);
	assert_non_null(at);
	assert_string_equal(at->name, "alias_function");
	assert_ptr_equal(elf_file__function_at(file, vaddr + 1), at);
	assert_ptr_equal(elf_file__function_at(file, vaddr + size - 1), at);
	assert_ptr_not_equal(elf_file__function_at(file, vaddr + size), at);
	assert_null(elf_file__function_at(file, 0));
	assert_null(elf_file__function_at(file, UINT64_MAX));
	elf_file__free(file);
}

static uint64_t address_of(const struct elf_file *file, const char *name)
{
	struct elf_symbols symbols = {};
	uint64_t vaddr;

	assert_int_equal(find_named(file, name, &symbols, NULL), 0);
	vaddr = symbols.items[0].vaddr;
	elf_symbols__free(&symbols);
	return vaddr;
}

static void a_part_covers_its_own_addresses_and_a_cold_one_none(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	uint64_t part = address_of(file, "cloned_function.part.0");
	const struct elf_symbol *at;

	(void)state;
	at = elf_file__function_at(file, part + 1);
	assert_non_null(at);
	assert_string_equal(at->name, "cloned_function.part.0");
	/* the assembler has put cloned_function.cold behind it */
	assert_null(elf_file__function_at(file, part + 0x10));
	elf_file__free(file);
}

static void a_function_without_a_size_covers_its_first_byte(void **state)
{
	struct elf_file *file = open_fixture("elf_pie");
	uint64_t vaddr = address_of(file, "asm_untyped");

	(void)state;
	assert_string_equal(elf_file__function_at(file, vaddr)->name, "asm_untyped");
	assert_null(elf_file__function_at(file, vaddr + 1));
	elf_file__free(file);
}

static void functions_that_overlap_are_told_by_the_later_begin(void **state)
{
	static const uint8_t code[64] = { 0xc3 };
	static const struct tiny_symbol symbols[] = {
		{ "outer", TINY_CODE_VADDR, 48, STT_FUNC, 1 },
		{ "inner", TINY_CODE_VADDR + 16, 8, STT_FUNC, 1 },
		{ "label", TINY_CODE_VADDR + 40, 0, STT_NOTYPE, 1 },
		{ "endless", TINY_CODE_VADDR + 56, UINT64_MAX, STT_FUNC, 1 },
		{ 0 },
	};
	const struct tiny_elf spec = {
		.machine = EM_X86_64, .code = code, .code_sz = sizeof(code), .symbols = symbols
	};
	struct elf_file *file = NULL;
	struct tiny_file bytes;
	char path[64];
	int fd;

	(void)state;
	tiny_elf__make(&spec, &bytes);
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	assert_int_equal(elf_file__open(path, &file, NULL), 0);
	assert_string_equal(elf_file__function_at(file, TINY_CODE_VADDR + 15)->name, "outer");
	assert_string_equal(elf_file__function_at(file, TINY_CODE_VADDR + 16)->name, "inner");
	assert_string_equal(elf_file__function_at(file, TINY_CODE_VADDR + 24)->name, "outer");
	assert_string_equal(elf_file__function_at(file, TINY_CODE_VADDR + 40)->name, "outer");
	assert_null(elf_file__function_at(file, TINY_CODE_VADDR + 50));
	assert_string_equal(elf_file__function_at(file, TINY_CODE_VADDR + 60)->name, "endless");
	elf_file__free(file);
	close(fd);
}

/* ---- files given as descriptors ---- */

static void a_file_opens_through_a_descriptor(void **state)
{
	int fd = open(fixture("elf_pie"), O_RDONLY);
	struct elf_symbols symbols = {};
	struct elf_file *file = NULL;
	struct stat st;

	(void)state;
	assert_return_code(fstat(fd, &st), errno);
	assert_int_equal(elf_file__open_fd(fd, "in a container", &file, NULL), 0);
	close(fd);
	assert_string_equal(elf_file__path(file), "in a container");
	assert_int_not_equal(elf_file__fd(file), fd);
	assert_true(fcntl(elf_file__fd(file), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(elf_file__ino(file), st.st_ino);
	assert_int_equal(elf_file__size(file), st.st_size);
	assert_int_equal(elf_file__mtime(file).tv_sec, st.st_mtim.tv_sec);
	assert_int_equal(elf_file__mtime(file).tv_nsec, st.st_mtim.tv_nsec);
	assert_true(elf_file__unchanged(file));
	assert_int_equal(find_named(file, "main", &symbols, NULL), 0);
	elf_symbols__free(&symbols);
	elf_file__free(file);
}

static void assert_fd_refused(int fd, int err, const char *part)
{
	struct elf_file *file = NULL;
	struct fault why = {};

	assert_int_equal(elf_file__open_fd(fd, "what it is called", &file, &why), err);
	assert_null(file);
	assert_says(&why, "what it is called");
	assert_says(&why, part);
}

static void descriptors_of_other_things_are_refused(void **state)
{
	int folder = open("/", O_RDONLY | O_DIRECTORY), null = open("/dev/null", O_RDONLY);
	int text = memfd_create("text", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(text, "text", 4), 4);
	assert_fd_refused(folder, -EISDIR, "a folder");
	assert_fd_refused(null, -EINVAL, "not a regular file");
	assert_fd_refused(text, -ENOEXEC, "not an ELF file");
	close(folder);
	close(null);
	close(text);
	assert_fd_refused(-1, -EBADF, "Bad file");
	assert_fd_refused(text, -EBADF, "Bad file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_function_comes_once_in_the_order_of_display),
		cmocka_unit_test(each_function_has_the_best_of_its_names),
		cmocka_unit_test(each_function_is_shown_as_people_write_it),
		cmocka_unit_test(each_function_is_found_by_what_it_is_shown_as),
		cmocka_unit_test(listing_ends_when_told_to),
		cmocka_unit_test(a_file_without_functions_lists_none),
		cmocka_unit_test(the_function_at_an_address_is_the_one_that_covers_it),
		cmocka_unit_test(a_part_covers_its_own_addresses_and_a_cold_one_none),
		cmocka_unit_test(a_function_without_a_size_covers_its_first_byte),
		cmocka_unit_test(functions_that_overlap_are_told_by_the_later_begin),
		cmocka_unit_test(a_file_opens_through_a_descriptor),
		cmocka_unit_test(descriptors_of_other_things_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
