/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding functions by the names that people write, one or many. */
#include "elf_fixture.h"

static int find_many(const struct elf_file *file, const char *name, struct elf_symbols *symbols,
		     struct fault *why)
{
	const struct elf_query query = { .name = name, .many = true };

	return elf_file__find(file, &query, symbols, why);
}

/* How many functions of the fixture the name stands for. */
static size_t count(const char *fixture_name, const char *name, bool many)
{
	struct elf_file *file = open_fixture(fixture_name);
	struct elf_symbols symbols = {};
	struct fault why = {};
	size_t cnt;

	if ((many ? find_many : find_named)(file, name, &symbols, &why) != 0)
		fail_msg("%s", why.text);
	cnt = symbols.cnt;
	for (size_t i = 0; i < cnt; i++) {
		assert_true(i == 0 || symbols.items[i - 1].vaddr < symbols.items[i].vaddr);
		assert_non_null(symbols.items[i].display);
	}
	elf_symbols__free(&symbols);
	elf_file__free(file);
	return cnt;
}

static void assert_found_as(const char *fixture_name, const char *name, const char *display)
{
	struct elf_file *file = open_fixture(fixture_name);
	struct elf_symbols symbols = {};
	struct fault why = {};

	if (find_named(file, name, &symbols, &why) != 0)
		fail_msg("%s", why.text);
	for (size_t i = 0; i < symbols.cnt; i++)
		assert_string_equal(symbols.items[i].display, display);
	assert_true(symbols.cnt > 0);
	elf_symbols__free(&symbols);
	elf_file__free(file);
}

static void assert_refused(const char *fixture_name, const char *name, bool many, int err,
			   const char *part)
{
	struct elf_file *file = open_fixture(fixture_name);
	struct elf_symbols symbols = {};
	struct fault why = {};

	assert_int_equal((many ? find_many : find_named)(file, name, &symbols, &why), err);
	assert_null(symbols.items);
	assert_says(&why, part);
	assert_says(&why, elf_file__path(file));
	elf_file__free(file);
}

#define LIB "libsym_names.so"

/* ---- C++ ---- */

static void find_takes_cxx_names_as_the_source_has_them(void **state)
{
	(void)state;
	assert_found_as(LIB, "net::Server::pong", "net::Server::pong()");
	assert_found_as(LIB, "net::Server::handle(int, char)", "net::Server::handle(int, char)");
	assert_found_as(LIB, "net::Server::handle(int x,char c)", "net::Server::handle(int, char)");
	assert_found_as(LIB, "net::Server::operator+=", "net::Server::operator+=(int)");
	assert_found_as(LIB, "net::Server::operator[]", "net::Server::operator[](int) const");
	assert_found_as(LIB, "net::Server::operator()", "net::Server::operator()(int, int)");
	assert_found_as(LIB, "net::Server::operator bool", "net::Server::operator bool() const");
	assert_found_as(LIB, "net::operator<",
			"net::operator<(net::Server const&, net::Server const&)");
	assert_found_as(LIB, "net::Table<int>::find", "net::Table<int>::find(int)");
	assert_found_as(LIB, "net::Table<int>::seek", "net::Table<int>::seek<char>(char)");
	assert_found_as(LIB, "net::largest<int>", "net::largest<int>(int, int)");
	assert_found_as(LIB, "net::v2::label", "net::v2::label[abi:cxx11]()");
	assert_found_as(LIB, "outer", "outer(int)");
	assert_found_as(LIB, "plain_c", "plain_c");
	assert_found_as(LIB, "net::Server::shut(std::vector<int> &, void (*)(const char *))",
			"net::Server::shut(std::vector<int, std::allocator<int> >&, "
			"void (*)(char const*))");
}

static void find_takes_string_and_map_arguments_as_written(void **state)
{
	(void)state;
	assert_int_equal(count(LIB, "net::Server::handle(const std::string &text)", false), 1);
	assert_int_equal(count(LIB,
			       "net::Server::find(const std::map<std::string, int> &by_name, "
			       "unsigned long long start) const",
			       false),
			 1);
}

static void find_takes_the_mangled_name_too(void **state)
{
	(void)state;
	assert_found_as(LIB, "_ZN3net6Server6handleEic", "net::Server::handle(int, char)");
}

static void find_lists_overloads(void **state)
{
	(void)state;
	assert_refused(LIB, "net::Server::handle", false, -ENOTUNIQ, "each of 2 functions");
	assert_refused(LIB, "net::Server::handle", false, -ENOTUNIQ,
		       "net::Server::handle(int, char)");
	assert_refused(LIB, "net::Server::handle", false, -ENOTUNIQ, "many = yes");
	assert_refused(LIB, "net::largest", false, -ENOTUNIQ,
		       "net::largest<int>(int, int); net::largest<long>(long, long)");
	assert_int_equal(count(LIB, "net::Server::handle", true), 2);
	assert_int_equal(count(LIB, "net::largest", true), 2);
}

static void an_unqualified_name_is_the_function_without_qualifiers(void **state)
{
	(void)state;
	assert_found_as(LIB, "net::Server::size()", "net::Server::size()");
	assert_found_as(LIB, "net::Server::size() const", "net::Server::size() const");
	assert_refused(LIB, "net::Server::size", false, -ENOTUNIQ,
		       "size(); net::Server::size() const");
	assert_found_as(LIB, "net::Server::operator bool()", "net::Server::operator bool() const");
}

static void the_constructors_of_one_argument_list_are_one_function(void **state)
{
	(void)state;
	assert_found_as(LIB, "net::Server::Server()", "net::Server::Server()");
	assert_refused(LIB, "net::Server::Server", false, -ENOTUNIQ,
		       "net::Server::Server(); net::Server::Server(char const*)");
	/* the deleting destructor has code of its own; those of the base and the whole share theirs
	 */
	assert_int_equal(count(LIB, "net::Server::~Server", false), 2);
	assert_found_as(LIB, "net::Server::~Server", "net::Server::~Server()");
}

static void an_unnamed_namespace_may_be_left_out_or_given(void **state)
{
	(void)state;
	assert_refused(LIB, "hidden", false, -ENOTUNIQ, "(anonymous namespace)::hidden(int)");
	assert_found_as(LIB, "hidden(int)", "(anonymous namespace)::hidden(int)");
	assert_found_as(LIB, "(anonymous namespace)::hidden", "(anonymous namespace)::hidden(int)");
	assert_found_as(LIB, "hidden(char)", "hidden(char)");
}

static void what_is_called_exactly_so_is_meant_where_arguments_are_given(void **state)
{
	(void)state;
	assert_found_as(LIB, "twin(int)", "twin(int)");
	assert_found_as(LIB, "(anonymous namespace)::twin(int)",
			"(anonymous namespace)::twin(int)");
	assert_refused(LIB, "twin", false, -ENOTUNIQ,
		       "(anonymous namespace)::twin(int); twin(int)");
}

static void thunks_are_found_by_symbol_only(void **state)
{
	(void)state;
	assert_int_equal(count(LIB, "net::Server::pong", false), 1);
	assert_int_equal(count(LIB, "_ZThn16_N3net6Server4pongEv", false), 1);
	assert_found_as(LIB, "_ZThn16_N3net6Server4pongEv",
			"non-virtual thunk to net::Server::pong()");
	assert_refused(LIB, "*thunk*", true, -ENOENT, "no function is called *thunk*");
}

static void variants_count_as_the_function_and_parts_do_not(void **state)
{
	struct elf_file *file = open_fixture(LIB);
	struct elf_symbols symbols = {};

	(void)state;
	assert_int_equal(find_named(file, "net::Server::stop", &symbols, NULL), 0);
	assert_int_equal(symbols.cnt, 2);
	assert_string_equal(symbols.items[0].display, "net::Server::stop()");
	assert_string_equal(symbols.items[1].display, "net::Server::stop() [clone .constprop.0]");
	elf_symbols__free(&symbols);
	elf_file__free(file);
	assert_int_equal(count(LIB, "_ZN3net6Server4stopEv", false), 2);
	assert_int_equal(count(LIB, "split", false), 6);
	assert_int_equal(count(LIB, "split.part.0", false), 2);
	assert_int_equal(count(LIB, "split.resume", false), 1);
	assert_refused(LIB, "_ZN3net6Server4stopEv.cold", false, -EINVAL, "name the function");
}

static void not_finding_a_method_names_those_of_other_classes(void **state)
{
	(void)state;
	assert_refused(LIB, "stop", false, -ENOENT, "closest: net::Server::stop)");
	assert_refused(LIB, "net::Sever::pong", false, -ENOENT, "closest: net::Server::pong");
	assert_refused(LIB, "net::Server::handle(int)", false, -ENOENT,
		       "net::Server::handle(int,char)");
	assert_refused(LIB, "net::Server::stop@V1", false, -ENOENT, "no function is called");
}

/* ---- Rust ---- */

static void find_takes_rust_names_of_the_legacy_mangling(void **state)
{
	(void)state;
	need_fixture("sym_rust_legacy");
	assert_found_as("sym_rust_legacy", "sym_rust::plain", "sym_rust::plain");
	assert_found_as("sym_rust_legacy", "sym_rust::motor::Axis::home",
			"sym_rust::motor::Axis::home");
	assert_found_as("sym_rust_legacy", "sym_rust::motor::Axis::go",
			"<sym_rust::motor::Axis as sym_rust::motor::Move>::go");
	/* this mangling does not tell which instance is which */
	assert_int_equal(count("sym_rust_legacy", "sym_rust::motor::twice", false), 2);
	assert_int_equal(count("sym_rust_legacy", "sym_rust::motor::*", true), 3);
	assert_int_equal(count("sym_rust_legacy", "*sym_rust::motor::*", true), 4);
}

static void find_takes_rust_names_of_the_v0_mangling(void **state)
{
	(void)state;
	need_fixture("sym_rust_v0");
	assert_found_as("sym_rust_v0", "sym_rust::plain", "sym_rust::plain");
	assert_found_as("sym_rust_v0", "sym_rust::motor::Axis::home",
			"<sym_rust::motor::Axis>::home");
	assert_found_as("sym_rust_v0", "<sym_rust::motor::Axis as sym_rust::motor::Move>::go",
			"<sym_rust::motor::Axis as sym_rust::motor::Move>::go");
	assert_found_as("sym_rust_v0", "sym_rust::motor::Axis::go",
			"<sym_rust::motor::Axis as sym_rust::motor::Move>::go");
	assert_refused("sym_rust_v0", "sym_rust::motor::twice", false, -ENOTUNIQ,
		       "sym_rust::motor::twice::<i32>; sym_rust::motor::twice::<i64>");
	assert_found_as("sym_rust_v0", "sym_rust::motor::twice::<i32>",
			"sym_rust::motor::twice::<i32>");
}

static void rust_is_told_from_other_languages(void **state)
{
	static const char *const files[] = { "sym_rust_legacy", "sym_rust_v0",
					     "sym_rust_stripped" };
	struct elf_file *file = open_fixture(LIB);

	(void)state;
	assert_false(elf_file__is_rust(file));
	assert_false(elf_file__is_go(file));
	elf_file__free(file);
	need_fixture("sym_rust_v0");
	for (size_t i = 0; i < 3; i++) {
		file = open_fixture(files[i]);
		assert_true(elf_file__is_rust(file));
		assert_false(elf_file__is_go(file));
		elf_file__free(file);
	}
}

/* ---- patterns ---- */

static void a_pattern_needs_leave(void **state)
{
	(void)state;
	assert_refused(LIB, "net::Server::*", false, -ENOENT, "as a pattern it matches ");
	assert_refused(LIB, "net::Server::*", false, -ENOENT, "many = yes");
	assert_refused(LIB, "nowhere::*", false, -ENOENT, "no function is called nowhere::*");
	assert_refused(LIB, "nowhere::*", true, -ENOENT, "no function is called nowhere::*");
}

static void a_pattern_matches_symbols_and_demangled_names(void **state)
{
	(void)state;
	assert_int_equal(count(LIB, "plain_?", true), 1);
	assert_int_equal(count(LIB, "plain_[abc]", true), 1);
	assert_int_equal(count(LIB, "_ZN3net6Server6handle*", true), 2);
	assert_int_equal(count(LIB, "net::Server::handle*", true), 2);
	assert_int_equal(count(LIB, "net::Server::han?le", true), 2);
	assert_int_equal(count(LIB, "net::*(int, *)", true), 3);
	assert_int_equal(count(LIB, "net::Table<*>::find", true), 2);
	assert_int_equal(count(LIB, "(anonymous namespace)::*", true), 2);
	assert_int_equal(count(LIB, "hidde*", true), 2);
	assert_int_equal(count(LIB, "*::operator[[]]", true), 1);
}

static void what_is_called_so_comes_before_the_pattern(void **state)
{
	(void)state;
	assert_int_equal(count(LIB, "net::Server::operator[]", true), 1);
	assert_refused("elf_pie", "picked_functio?", true, -ENOENT, "no function is called");
}

static void a_pattern_passes_over_what_is_no_function_of_the_source(void **state)
{
	(void)state;
	assert_refused(LIB, "split.pa*", true, -ENOENT, "no function");
	assert_refused(LIB, "*cold*", true, -ENOENT, "no function");
	assert_refused(LIB, "stub_*", true, -ENOENT, "no function");
	assert_refused(LIB, "whole_*", true, -ENOENT, "no function");
	assert_int_equal(count(LIB, "whole*", true), 1);
	assert_int_equal(count(LIB, "stub_function", false), 1);
	assert_int_equal(count(LIB, "whole_middle", false), 1);
	assert_refused(LIB, "stray_*", true, -ENOENT, "no function");
	assert_refused(LIB, "text_*", true, -ENOENT, "no function");
	assert_int_equal(count(LIB, "stray_label", false), 1);
	assert_refused("elf_pie", "data_*", true, -ENOENT, "no function");
	assert_refused("elf_pie", "print*", true, -ENOENT, "no function");
	assert_int_equal(count("elf_pie", "asm_*", true), 2);
	/* variants by the name that they are variants of */
	assert_int_equal(count("elf_pie", "clone?_function", true), 2);
}

static void a_pattern_gives_each_address_once_and_versions_their_own(void **state)
{
	(void)state;
	assert_int_equal(count("elf_pie", "*_function", true), 4);
	assert_int_equal(count("elf_pie", "[pa]l*_function", true), 1);
	assert_int_equal(count("libelf_lib_stripped.so", "versioned*", true), 2);
	assert_int_equal(count("libelf_lib_stripped.so", "versioned", true), 1);
	assert_int_equal(count("libelf_lib_stripped.so", "*@LIB_1", true), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_takes_cxx_names_as_the_source_has_them),
		cmocka_unit_test(find_takes_string_and_map_arguments_as_written),
		cmocka_unit_test(find_takes_the_mangled_name_too),
		cmocka_unit_test(find_lists_overloads),
		cmocka_unit_test(an_unqualified_name_is_the_function_without_qualifiers),
		cmocka_unit_test(the_constructors_of_one_argument_list_are_one_function),
		cmocka_unit_test(an_unnamed_namespace_may_be_left_out_or_given),
		cmocka_unit_test(what_is_called_exactly_so_is_meant_where_arguments_are_given),
		cmocka_unit_test(thunks_are_found_by_symbol_only),
		cmocka_unit_test(variants_count_as_the_function_and_parts_do_not),
		cmocka_unit_test(not_finding_a_method_names_those_of_other_classes),
		cmocka_unit_test(find_takes_rust_names_of_the_legacy_mangling),
		cmocka_unit_test(find_takes_rust_names_of_the_v0_mangling),
		cmocka_unit_test(rust_is_told_from_other_languages),
		cmocka_unit_test(a_pattern_needs_leave),
		cmocka_unit_test(a_pattern_matches_symbols_and_demangled_names),
		cmocka_unit_test(what_is_called_so_comes_before_the_pattern),
		cmocka_unit_test(a_pattern_passes_over_what_is_no_function_of_the_source),
		cmocka_unit_test(a_pattern_gives_each_address_once_and_versions_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
