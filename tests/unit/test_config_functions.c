/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BINARY:FUNCTION, in files and on the command line. */
#include "config_fixture.h"

static void function_without_binary_or_name_shows_the_form(void **state)
{
#define FORM "(write BINARY:FUNCTION, as in /usr/lib/libx.so:do_it)"
	static const struct refusal refused[] = {
		{ "function = main", "tacho.conf:2: function: 'main' has no ':' " FORM },
		{ "function = :main", "tacho.conf:2: function: ':main' names no binary " FORM },
		{ "function = /bin/a:",
		  "tacho.conf:2: function: '/bin/a:' names no function " FORM },
		{ "function = /bin/a: ; main",
		  "tacho.conf:2: function: '/bin/a:' names no function " FORM },
		{ "function = :", "tacho.conf:2: function: ':' names no binary " FORM },
		{ "function = ns::f",
		  "tacho.conf:2: function: 'ns::f' names no binary before '::' " FORM },
		{ "function = ns::f(a::b)",
		  "tacho.conf:2: function: 'ns::f(a::b)' names no binary before '::' " FORM },
		{ "begin = main", "tacho.conf:2: begin: 'main' has no ':' " FORM },
		{ "end = main", "tacho.conf:2: end: 'main' has no ':' " FORM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_state_refused(refused[i].text, refused[i].message);
}

static void a_line_of_the_source_needs_a_binary_and_counts_from_one(void **state)
{
	static const struct refusal refused[] = {
		{ "server.c:120",
		  "'server.c:120' names no binary before FILE:LINE (write BINARY:FILE:LINE, as in "
		  "/usr/bin/server:src/server.c:120)" },
		{ "prog:x.c:0", "'prog:x.c:0': lines count from 1" },
		{ "prog:x.c:00", "'prog:x.c:00': lines count from 1" },
	};

	(void)state;
	assert_state_lines_refused("function", refused, ARRAY_SIZE(refused));
}

static void a_marker_needs_binary_provider_and_name(void **state)
{
#define MARKER " names no marker (write BINARY:usdt:PROVIDER:NAME)"
	static const struct refusal refused[] = {
		{ "usdt:P:N",
		  "'usdt:P:N' names no binary before 'usdt:' (write BINARY:usdt:PROVIDER:NAME)" },
		{ "prog:usdt:", "'prog:usdt:'" MARKER },
		{ "prog:usdt:N", "'prog:usdt:N'" MARKER },
		{ "prog:usdt:P:", "'prog:usdt:P:'" MARKER },
		{ "prog:usdt:P:N:N", "'prog:usdt:P:N:N'" MARKER },
		{ "prog:usdt:P::N", "'prog:usdt:P::N'" MARKER },
	};

	(void)state;
	assert_state_lines_refused("begin", refused, ARRAY_SIZE(refused));
}

static void function_is_split_at_its_first_colon(void **state)
{
	static const struct {
		const char *text, *binary, *function;
	} cases[] = {
		{ "/usr/lib/libx.so.1:f", "/usr/lib/libx.so.1", "f" },
		{ "prog:ns::Class::method", "prog", "ns::Class::method" },
		{ "prog:::global", "prog", "::global" },
		{ "libx.so.0:usdt:PROVIDER:NAME", "libx.so.0", "usdt:PROVIDER:NAME" },
		{ "prog:main.(*T).Do/inner", "prog", "main.(*T).Do/inner" },
		{ "prog:f(int, char const*)", "prog", "f(int, char const*)" },
		{ "prog:operator==", "prog", "operator==" },
		{ "prog:operator=", "prog", "operator=" },
		{ "prog:operator()(int)", "prog", "operator()(int)" },
		{ "prog:ns::Class::method(int, char const*)", "prog",
		  "ns::Class::method(int, char const*)" },
		{ "prog:std::map<int, a::b<c>>::operator[](int const&) const", "prog",
		  "std::map<int, a::b<c>>::operator[](int const&) const" },
		{ "prog:(anonymous namespace)::f()", "prog", "(anonymous namespace)::f()" },
		{ "prog:ns::~ns", "prog", "ns::~ns" },
		{ "prog:get_*", "prog", "get_*" },
		{ "prog:ns::[gs]et?", "prog", "ns::[gs]et?" },
		{ "prog:f@VERS_1", "prog", "f@VERS_1" },
		{ "prog:usdt:gc-*:start__?", "prog", "usdt:gc-*:start__?" },
		{ "prog:usdt::f", "prog", "usdt::f" },
		{ "prog:usdt", "prog", "usdt" },
		{ "usdt:f", "usdt", "f" },
		{ "usdt:ns::f", "usdt", "ns::f" },
		{ "usdt:usdt:P:N", "usdt", "usdt:P:N" },
		{ "usdt:main.c:12", "usdt", "main.c:12" },
		{ "prog:server.c:120", "prog", "server.c:120" },
		{ "prog:src/server.c:120", "prog", "src/server.c:120" },
		{ "prog:/usr/src/a b/x.cc:7", "prog", "/usr/src/a b/x.cc:7" },
		{ "prog:f+0x10", "prog", "f+0x10" },
		{ "/my dir/prog : f", "/my dir/prog", "f" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *config;
		char text[256];

		snprintf(text, sizeof(text), "[state A]\nfunction = %s\n", cases[i].text);
		config = load_text(text);
		assert_string_equal(config->states[0].functions[0].binary, cases[i].binary);
		assert_string_equal(config->states[0].functions[0].function, cases[i].function);
		config__free(config);
	}
}

static void the_command_line_splits_as_files_do(void **state)
{
	static const struct {
		const char *text, *name, *binary, *function;
	} cases[] = {
		{ "A=prog:operator=", "A", "prog", "operator=" },
		{ "a:b=prog:ns::Class<int, 2>::f(int, char const*)", "a:b", "prog",
		  "ns::Class<int, 2>::f(int, char const*)" },
		{ "A=libx.so.0:usdt:P:N", "A", "libx.so.0", "usdt:P:N" },
		{ "A=/bin/a:src/server.c:120", "A", "/bin/a", "src/server.c:120" },
		{ "A = /bin/a=b : f ; g", "A", "/bin/a=b", "f ; g" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *config = config__new();
		struct fault why = {};

		assert_int_equal(config__add_state(config, cases[i].text, &why), 0);
		assert_string_equal(config->states[0].name, cases[i].name);
		assert_string_equal(config->states[0].functions[0].binary, cases[i].binary);
		assert_string_equal(config->states[0].functions[0].function, cases[i].function);
		config__free(config);
	}
}

static void the_same_function_twice_in_a_state_is_refused(void **state)
{
	(void)state;
	assert_state_refused("function = /bin/a:f\nfunction = /bin/b:f\nfunction = /bin/a : f",
			     "tacho.conf:4: state 'A' already has the function '/bin/a:f' "
			     "(from tacho.conf:2)");
}

static void the_same_function_in_two_states_is_fine(void **state)
{
	struct config *config = load_text(STATE "[state B]\nfunction = /bin/a:f\n");

	(void)state;
	assert_int_equal(config->state_cnt, 2);
	config__free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(function_without_binary_or_name_shows_the_form),
		CASE(a_line_of_the_source_needs_a_binary_and_counts_from_one),
		CASE(a_marker_needs_binary_provider_and_name),
		CASE(function_is_split_at_its_first_colon),
		CASE(the_command_line_splits_as_files_do),
		CASE(the_same_function_twice_in_a_state_is_refused),
		CASE(the_same_function_in_two_states_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
