/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The same functions that nm and `go tool nm` find, in whole libraries and programs. */
#include "elf_fixture.h"

#include <stdio.h>

#include "elf/locate.h"

#define LINE_MAX_SZ 70000

/* One function as nm prints it. */
struct row {
	unsigned long long vaddr;
	char type;
	char *name;
};

struct rows {
	struct row *items;
	size_t cnt;
};

/* "0000000000401000 T main", or "  401000 T main" as Go's has it. */
static struct rows run_nm(const char *command, const char *path)
{
	static char line[LINE_MAX_SZ];
	struct rows rows = {};
	char whole[8192];
	FILE *nm;

	snprintf(whole, sizeof(whole), "%s '%s'", command, path);
	nm = popen(whole, "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm)) {
		struct row row;
		int at = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%llx %c %n", &row.vaddr, &row.type, &at) != 2 || at == 0)
			continue;
		row.name = strdup(line + at);
		rows.items = reallocarray(rows.items, rows.cnt + 1, sizeof(row));
		rows.items[rows.cnt++] = row;
	}
	if (pclose(nm) != 0)
		fail_msg("\"%s\" failed", whole);
	return rows;
}

static void rows__free(struct rows *rows)
{
	for (size_t i = 0; i < rows->cnt; i++)
		free(rows->items[i].name);
	free(rows->items);
}

static bool is_function(const struct row *row)
{
	return strchr("TtWw", row->type) != NULL;
}

static struct elf_file *open_library(const char *soname, char **ret_path)
{
	struct elf_file *file = NULL;
	struct fault why = {};

	if (locate_binary(soname, ret_path, &why) != 0 ||
	    elf_file__open(*ret_path, &file, &why) != 0)
		fail_msg("%s", why.text);
	return file;
}

/* Does the name lead to the row's address, perhaps among others? */
static bool leads_to(const struct elf_file *file, const char *name, const struct row *row)
{
	const struct elf_query query = { .name = name, .many = true };
	struct elf_symbols symbols = {};
	struct fault why = {};
	bool found = false;

	if (elf_file__find(file, &query, &symbols, &why) != 0)
		return false;
	for (size_t i = 0; i < symbols.cnt; i++)
		found |= symbols.items[i].vaddr == row->vaddr;
	elf_symbols__free(&symbols);
	return found;
}

static void assert_symbols_found(const char *soname)
{
	char *path;
	struct elf_file *file = open_library(soname, &path);
	struct rows rows = run_nm("nm -D --defined-only", path);
	size_t cnt = 0;

	for (size_t i = 0; i < rows.cnt; i++) {
		if (!is_function(&rows.items[i]))
			continue;
		if (!leads_to(file, rows.items[i].name, &rows.items[i]))
			fail_msg("%s: not found", rows.items[i].name);
		cnt++;
	}
	print_message("%s: %zu symbols\n", soname, cnt);
	assert_true(cnt > 1000);
	rows__free(&rows);
	elf_file__free(file);
	free(path);
}

static void nm_finds_no_other_symbols_of_libraries(void **state)
{
	(void)state;
	assert_symbols_found("libc.so.6");
	assert_symbols_found("libstdc++.so.6");
}

/* What nm -C prints can be pasted: "net::f(int)@@V1", with a return type where it has one. */
static void what_nm_demangles_is_found_as_it_is(void **state)
{
	char *path;
	struct elf_file *file = open_library("libstdc++.so.6", &path);
	struct rows rows = run_nm("nm -D -C --defined-only", path);
	size_t cnt = 0;

	(void)state;
	for (size_t i = 0; i < rows.cnt; i++) {
		struct row *row = &rows.items[i];

		/* those that the compiler makes have no name that anybody writes */
		if (!is_function(row) || strstr(row->name, " thunk to ") ||
		    strstr(row->name, "transaction clone for ") || !strchr(row->name, '('))
			continue;
		row->name[strcspn(row->name, "@")] = '\0';
		if (!leads_to(file, row->name, row))
			fail_msg("%s: not found", row->name);
		cnt++;
	}
	print_message("%zu demangled names\n", cnt);
	assert_true(cnt > 3000);
	rows__free(&rows);
	elf_file__free(file);
	free(path);
}

struct marks {
	const struct rows *rows;
	size_t extra;
	char *seen;
};

static int mark(void *ctx, const struct elf_symbol *symbol)
{
	struct marks *marks = ctx;
	bool known = false;

	for (size_t i = 0; i < marks->rows->cnt; i++) {
		const struct row *row = &marks->rows->items[i];

		if (row->vaddr != symbol->vaddr || !is_function(row))
			continue;
		marks->seen[i] = 1;
		known = true;
	}
	if (!known)
		print_message("nm does not have %s\n", symbol->name);
	marks->extra += !known;
	return 0;
}

/* The listing and the rows have the same addresses, but for the rows of these names. */
static void assert_same_functions(const struct elf_file *file, const struct rows *rows,
				  const char *const *but)
{
	struct marks marks = { .rows = rows, .seen = calloc(rows->cnt, 1) };
	struct fault why = {};

	if (elf_file__each_function(file, mark, &marks, &why) != 0)
		fail_msg("%s", why.text);
	for (size_t i = 0; i < rows->cnt; i++) {
		bool excused = false;

		for (const char *const *name = but; *name; name++)
			excused |= strcmp(*name, rows->items[i].name) == 0;
		if (is_function(&rows->items[i]) && !marks.seen[i] && !excused)
			fail_msg("%s is not listed", rows->items[i].name);
	}
	assert_int_equal(marks.extra, 0);
	free(marks.seen);
}

/* Addresses that are no functions: the bounds of the text, by labels of the linker. */
static const char *const labels[] = { "runtime.text", "runtime.etext", "go.buildid", "go:buildid",
				      NULL };

static void go_tool_nm_finds_no_other_functions(void **state)
{
	static const char *const files[] = { "sym_go", "sym_go_stripped" };
	struct rows rows;

	(void)state;
	need_fixture("sym_go");
	rows = run_nm("go tool nm", fixture("sym_go"));
	assert_true(rows.cnt > 1000);
	for (size_t i = 0; i < 2; i++) {
		struct elf_file *file = open_fixture(files[i]);

		assert_same_functions(file, &rows, labels);
		elf_file__free(file);
	}
	rows__free(&rows);
}

static void nm_finds_no_other_functions_of_a_program(void **state)
{
	/* parts, and data that nm shows like weak code */
	static const char *const others[] = { "cloned_function.part.0", "cloned_function.cold",
					      "split_function.cold", "data_start", NULL };
	static const char *const files[] = { "elf_pie", "sym_linked", "sym_mini" };
	struct rows rows = run_nm("nm --defined-only", fixture("elf_pie"));

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct elf_file *file = open_fixture(files[i]);

		assert_same_functions(file, &rows, others);
		elf_file__free(file);
	}
	rows__free(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nm_finds_no_other_symbols_of_libraries),
		cmocka_unit_test(what_nm_demangles_is_found_as_it_is),
		cmocka_unit_test(go_tool_nm_finds_no_other_functions),
		cmocka_unit_test(nm_finds_no_other_functions_of_a_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
