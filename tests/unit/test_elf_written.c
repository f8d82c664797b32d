/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names as people write them against names as the demangler does; and patterns over names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "elf/demangle.h"
#include "elf/name_glob.h"
#include "elf/written_name.h"

#define NONE WRITTEN_FORM_CNT

/* The first form of the demangled name that equals what was written, or NONE. */
static enum written_form form_of(const char *wanted, const char *demangled)
{
	struct written_name *name = malloc(sizeof(*name));
	enum written_form form;
	char text[DEMANGLED_SZ];

	assert_non_null(name);
	assert_true(written_name__wanted(wanted, WRITTEN_LOOSE, text));
	written_name__parse(name, demangled, WRITTEN_LOOSE);
	for (form = 0; form < WRITTEN_FORM_CNT; form++) {
		size_t len;
		const char *its = written_name__form(name, form, &len);

		if (strlen(text) == len && memcmp(its, text, len) == 0)
			break;
	}
	free(name);
	return form;
}

struct writing {
	const char *wanted, *demangled;
	enum written_form form;
};

static void assert_writings(const struct writing *writings, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		enum written_form form = form_of(writings[i].wanted, writings[i].demangled);

		if (form != writings[i].form)
			fail_msg("\"%s\" is form %d of \"%s\", not %d", writings[i].wanted, form,
				 writings[i].demangled, writings[i].form);
	}
}

#define assert_all(writings) assert_writings(writings, sizeof(writings) / sizeof((writings)[0]))

static void a_function_goes_by_four_forms(void **state)
{
	static const struct writing writings[] = {
		{ "a::f(int) const", "a::f(int) const", WRITTEN_FULL },
		{ "a::f( int )const", "a::f(int) const", WRITTEN_FULL },
		{ "a::f(int)", "a::f(int) const", WRITTEN_UNQUALIFIED },
		{ "a::f(int)", "a::f(int) volatile &", WRITTEN_UNQUALIFIED },
		{ "a::f(int)", "a::f(int) const&&", WRITTEN_UNQUALIFIED },
		{ "a::f", "a::f(int) const", WRITTEN_NAME },
		{ "a::f", "a::f<char>(int)", WRITTEN_BARE },
		{ "a::f<char>", "a::f<char>(int)", WRITTEN_NAME },
		{ "a::f<char>(int)", "a::f<char>(int)", WRITTEN_FULL },
		{ "a::T<int>::f", "a::T<int>::f<char>(int)", WRITTEN_BARE },
		{ "a::T::f", "a::T<int>::f(int)", NONE },
		{ "f", "a::f(int)", NONE },
		{ "a::f(char)", "a::f(int)", NONE },
		{ "a::f()", "a::f(int)", NONE },
		{ "f(void)", "f()", WRITTEN_FULL },
		{ "", "f()", NONE },
	};

	(void)state;
	assert_all(writings);
}

static void operators_keep_their_brackets(void **state)
{
	static const struct writing writings[] = {
		{ "A::operator()", "A::operator()(int) const", WRITTEN_NAME },
		{ "A::operator()(int)", "A::operator()(int) const", WRITTEN_UNQUALIFIED },
		{ "A::operator+", "A::operator+(A const&)", WRITTEN_NAME },
		{ "operator<", "operator<(A const&, A const&)", WRITTEN_NAME },
		{ "operator<", "operator< <int>(A<int> const&)", WRITTEN_BARE },
		{ "operator<<", "operator<< <int>(A<int> const&)", WRITTEN_BARE },
		{ "operator>>", "operator>>(A&, int)", WRITTEN_NAME },
		{ "A::operator->", "A::operator->()", WRITTEN_NAME },
		{ "operator<=>", "operator<=>(A, A)", WRITTEN_NAME },
		{ "operator <=> (A, A)", "operator<=>(A, A)", WRITTEN_FULL },
		{ "A::operator[]", "A::operator[](unsigned long)", WRITTEN_NAME },
		{ "operator new", "operator new(unsigned long)", WRITTEN_NAME },
		{ "operator new(size_t)", "operator new(unsigned long)", WRITTEN_FULL },
		{ "A::operator bool", "A::operator bool() const", WRITTEN_NAME },
	};

	(void)state;
	assert_all(writings);
}

static void what_a_source_leaves_out_may_be_left_out(void **state)
{
	static const struct writing writings[] = {
		{ "std::string::size",
		  "std::__cxx11::basic_string<char, std::char_traits<char>, "
		  "std::allocator<char> >::size() const",
		  WRITTEN_NAME },
		{ "f(const std::string &text)",
		  "f(std::__cxx11::basic_string<char, std::char_traits<char>, "
		  "std::allocator<char> > const&)",
		  WRITTEN_FULL },
		{ "f(std::vector<int>&)", "f(std::vector<int, std::allocator<int> >&)",
		  WRITTEN_FULL },
		{ "f(std::map<int, A>)",
		  "f(std::map<int, A, std::less<int>, std::allocator<std::pair<int const, A> > >)",
		  WRITTEN_FULL },
		{ "f(std::vector<int>)", "f(std::__1::vector<int, std::__1::allocator<int>>)",
		  WRITTEN_FULL },
		{ "ns::f", "ns::(anonymous namespace)::f(int)", WRITTEN_NAME },
		{ "ns::(anonymous namespace)::f", "ns::(anonymous namespace)::f(int)",
		  WRITTEN_NAME },
		{ "label", "label[abi:cxx11]()", WRITTEN_NAME },
		{ "label[abi:cxx11]()", "label[abi:cxx11]()", WRITTEN_FULL },
		{ "std::ostream::flush",
		  "std::basic_ostream<char, std::char_traits<char> >::flush()", WRITTEN_NAME },
		{ "f(std::allocator<int>)", "f(std::allocator<int>)", WRITTEN_FULL },
		{ "f(int, std::allocator<int>)", "f(int, std::allocator<int>)", WRITTEN_FULL },
	};

	(void)state;
	assert_all(writings);
}

static void types_may_be_written_as_in_the_source(void **state)
{
	static const struct writing writings[] = {
		{ "f(const char *)", "f(char const*)", WRITTEN_FULL },
		{ "f(const char* name, int n)", "f(char const*, int)", WRITTEN_FULL },
		{ "f(char * const)", "f(char* const)", WRITTEN_FULL },
		{ "f(const char * const * argv)", "f(char const* const*)", WRITTEN_FULL },
		{ "f(unsigned)", "f(unsigned int)", WRITTEN_FULL },
		{ "f(unsigned n)", "f(unsigned int)", WRITTEN_FULL },
		{ "f(long unsigned int)", "f(unsigned long)", WRITTEN_FULL },
		{ "f(unsigned long long int)", "f(unsigned long long)", WRITTEN_FULL },
		{ "f(short int, signed, signed char)", "f(short, int, signed char)", WRITTEN_FULL },
		{ "f(const volatile unsigned char *)", "f(unsigned char const volatile*)",
		  WRITTEN_FULL },
		{ "f(long double)", "f(long double)", WRITTEN_FULL },
		{ "f(std::size_t, uint8_t x)", "f(unsigned long, unsigned char)", WRITTEN_FULL },
		{ "f(my::size_t)", "f(my::size_t)", WRITTEN_FULL },
		{ "f(const struct timespec &t)", "f(timespec const&)", WRITTEN_FULL },
		{ "f(const T<const int> &)", "f(T<int const> const&)", WRITTEN_FULL },
		{ "f(const a::T<int>::U *)", "f(a::T<int>::U const*)", WRITTEN_FULL },
		{ "f(void (*)(const char *))", "f(void (*)(char const*))", WRITTEN_FULL },
		{ "f(int (A::*)(int) const)", "f(int (A::*)(int) const)", WRITTEN_FULL },
		{ "T<const int>::f", "T<int const>::f(char)", WRITTEN_NAME },
		{ "f(bool, ...)", "f(bool, ...)", WRITTEN_FULL },
		{ "f(const int)", "f(int)", NONE },
	};

	(void)state;
	assert_all(writings);
}

static void a_return_type_may_be_given(void **state)
{
	static const struct writing writings[] = {
		{ "int ns::largest<int>(int, int)", "ns::largest<int>(int, int)", WRITTEN_FULL },
		{ "unsigned long f<int>(int)", "f<int>(int)", WRITTEN_FULL },
		{ "std::map<int, A>& T<int, char>::f<A>(A) const", "T<int, char>::f<A>(A) const",
		  WRITTEN_FULL },
		{ "std::ostream& std::operator<< <int>(std::ostream&, int)",
		  "std::operator<< <int>(std::ostream&, int)", WRITTEN_FULL },
		{ "void* operator new(unsigned long)", "operator new(unsigned long)",
		  WRITTEN_FULL },
		{ "void (anonymous namespace)::f<int>()", "(anonymous namespace)::f<int>()",
		  WRITTEN_FULL },
		{ "decltype (a->b) f<A>(A)", "f<A>(A)", WRITTEN_FULL },
		{ "void f ()", "f()", WRITTEN_FULL },
		{ "f ()", "f()", WRITTEN_FULL },
		{ "void f(int)::{lambda(int)#1}::operator()(int) const",
		  "f(int)::{lambda(int)#1}::operator()(int) const", WRITTEN_FULL },
		{ "f", "void::f()", NONE },
	};

	(void)state;
	assert_all(writings);
}

static void rust_names_may_be_written_as_in_the_source(void **state)
{
	static const struct writing writings[] = {
		{ "app::Axis::home", "<app::Axis>::home", WRITTEN_FULL },
		{ "<app::Axis>::home", "<app::Axis>::home", WRITTEN_FULL },
		{ "app::Axis::go", "<app::Axis as app::Move>::go", WRITTEN_BARE },
		{ "<app::Axis as app::Move>::go", "<app::Axis as app::Move>::go", WRITTEN_FULL },
		{ "app::V<T>::go", "<app::V<T> as app::Move<u8>>::go", WRITTEN_BARE },
		{ "app::twice", "app::twice::<i64>", WRITTEN_BARE },
		{ "app::twice::<i64>", "app::twice::<i64>", WRITTEN_FULL },
		{ "app::twice::<i32>", "app::twice::<i64>", NONE },
	};

	(void)state;
	assert_all(writings);
}

static void odd_text_is_survived(void **state)
{
	static const char *const texts[] = {
		"",	      "(",
		")",	      "<",
		">",	      ")(",
		"f(<",	      "<a as b>",
		"f<<<<",      "f>>>>",
		"(anonymous", "[abi:",
		"f(const",    "f(const const",
		"<",	      "<>::",
		"f(,,,",      "f()const&",
		"const",      "f(unsigned unsigned",
		"operator",   "operator<",
		">::f",	      "<a as >::f",
		" ( ( ( ",    "f(a<b<c<",
		"f(a::",      "f(a::,",
		"f(::a)",     "&&",
		"&",	      "(void)(void)",
	};
	struct written_name *name = malloc(sizeof(*name));
	char text[DEMANGLED_SZ];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (int shape = WRITTEN_STRICT; shape <= WRITTEN_LOOSE; shape++) {
			assert_true(written_name__wanted(texts[i], shape, text));
			written_name__parse(name, texts[i], shape);
			for (int form = 0; form < WRITTEN_FORM_CNT; form++)
				assert_true(name->lens[form] <= strlen(texts[i]));
		}
	}
	free(name);
}

static void a_name_too_long_to_be_one_is_refused(void **state)
{
	char *text = malloc(DEMANGLED_SZ + 1), buf[DEMANGLED_SZ];

	(void)state;
	memset(text, 'a', DEMANGLED_SZ);
	text[DEMANGLED_SZ] = '\0';
	assert_false(written_name__wanted(text, WRITTEN_LOOSE, buf));
	/* short, but with types that grow */
	strcpy(text, "f(");
	for (size_t len = 2; len < DEMANGLED_SZ - 8; len += 7)
		strcpy(text + len, "size_t,");
	assert_false(written_name__wanted(text, WRITTEN_LOOSE, buf));
	free(text);
}

/* ---- demangling ---- */

static void assert_demangled(const char *name, const char *expected)
{
	char buf[DEMANGLED_SZ];
	size_t len = demangle(name, strlen(name), buf);

	if (!expected) {
		assert_int_equal(len, 0);
		return;
	}
	assert_int_equal(len, strlen(expected));
	assert_string_equal(buf, expected);
}

static void demangling_knows_both_languages(void **state)
{
	(void)state;
	assert_demangled("_ZN3net6Server6handleEic", "net::Server::handle(int, char)");
	assert_demangled("_ZNK3net6Server4sizeEv", "net::Server::size() const");
	assert_demangled("_Z7largestIiET_S0_S0_", "largest<int>(int, int)");
	assert_demangled("_ZN5motor4Axis4home17h34ea9bc50bfb0187E", "motor::Axis::home");
	assert_demangled("_RNvMNtCshWvohzxWpe1_8sym_rust5motorNtB2_4Axis4home",
			 "<sym_rust::motor::Axis>::home");
	/* the string of before C++11 is told from today's */
	assert_demangled("_ZNKSs4sizeEv", "std::basic_string<char, std::char_traits<char>, "
					  "std::allocator<char> >::size() const");
	assert_demangled("main", NULL);
	assert_demangled("_Z", NULL);
	assert_demangled("_ZN", NULL);
	assert_demangled("_Zork", NULL);
	assert_demangled("_R", NULL);
	assert_demangled("", NULL);
}

static void demangling_reads_no_further_than_it_is_told(void **state)
{
	char buf[DEMANGLED_SZ];

	(void)state;
	assert_int_equal(demangle("_Z1fv.constprop.0", 5, buf), 3);
	assert_string_equal(buf, "f()");
}

/* Each of these keeps libiberty busy for hours when it is let. */
static void names_that_never_end_are_given_up(void **state)
{
	char name[4096] = "_Z", part[64];

	(void)state;
	for (int i = 0; i < 60; i++)
		strcat(name, "N1AcvT_I");
	strcat(name, "i");
	for (int i = 0; i < 60; i++)
		strcat(name, "EE");
	strcat(name, "v");
	assert_demangled(name, NULL);

	/* X<X<...>, X<...>> of the type before, 60 times: 2^60 of them, as arguments of a pack */
	strcpy(name, "_Z1fIJiEEvDp1XI");
	for (int i = 0; i < 60; i++)
		strcat(name, "S0_I");
	strcat(name, "iiE");
	for (int i = 1; i <= 60; i++) {
		const char *digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
		char low[2] = { digits[i % 36], '\0' };

		snprintf(part, sizeof(part), "S%s%s_E", i >= 36 ? "1" : "", low);
		strcat(name, part);
	}
	assert_demangled(name, NULL);
	/* the same without a pack: no more than it can print */
	memmove(name + 10, name + 12, strlen(name + 12) + 1);
	assert_demangled(name, NULL);
}

static void rust_names_that_never_end_are_given_up(void **state)
{
	char name[4096] = "_RIC1a", part[32];
	size_t at;

	(void)state;
	/* each tuple holds the one before twice: T B<n> B<n> E */
	strcat(name, "TuuE");
	at = 4;
	for (int i = 0; i < 100; i++) {
		size_t begin = strlen(name) - 2;
		const char *digits =
			"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
		char place[8] = "";

		for (size_t n = at - 1;; n = n / 62 - 1) {
			char digit[8];

			snprintf(digit, sizeof(digit), "%c%s", digits[n % 62], place);
			strcpy(place, digit);
			if (n < 62)
				break;
		}
		snprintf(part, sizeof(part), "TB%s_B%s_E", place, place);
		strcat(name, part);
		at = begin;
	}
	strcat(name, "E");
	assert_demangled(name, NULL);
}

/* ---- patterns ---- */

static void patterns_match_as_fnmatch_does(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "*", "", true },
		{ "*", "anything", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "a*", "abc", true },
		{ "*c", "abc", true },
		{ "*b*", "abc", true },
		{ "a*c*e", "abcde", true },
		{ "a*c*f", "abcde", false },
		{ "*ab", "aab", true },
		{ "**a**", "bab", true },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "?", "", false },
		{ "[abc]x", "bx", true },
		{ "[!abc]x", "bx", false },
		{ "[^abc]x", "dx", true },
		{ "[a-c]*", "cxx", true },
		{ "[]]x", "]x", true },
		{ "[]-]", "-", true },
		{ "[[:digit:]]", "7", true },
		{ "[[:digit:]", "7", false },
		{ "[[:alpha:]_]*", "_x", true },
		{ "*[0-9]", "abc7", true },
		{ "a[b", "a[b", true },
		{ "a[b", "ab", false },
		{ "[!]a", "[!]a", true },
		{ "\\*", "*", true },
		{ "\\*", "x", false },
		{ "operator\\[\\]", "operator[]", true },
		{ "a\\", "a\\", true },
		{ "ns::*(int, *)", "ns::f(int, char)", true },
		{ "/*", "/a/b", true },
		{ ".*", ".a", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (name_glob__match(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
	}
	assert_true(name_glob__is_pattern("a*"));
	assert_true(name_glob__is_pattern("a?"));
	assert_true(name_glob__is_pattern("[a]"));
	assert_false(name_glob__is_pattern("std::f(int)"));
}

/* glibc's fnmatch would not be back before the end of the universe. */
static void many_stars_cost_little(void **state)
{
	char *text = malloc(65536);

	(void)state;
	memset(text, 'a', 65535);
	text[65535] = '\0';
	assert_false(name_glob__match("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
	assert_true(name_glob__match("*a*a*a*a*a*a*a*a*a*a*a*a*", text));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_goes_by_four_forms),
		cmocka_unit_test(operators_keep_their_brackets),
		cmocka_unit_test(what_a_source_leaves_out_may_be_left_out),
		cmocka_unit_test(types_may_be_written_as_in_the_source),
		cmocka_unit_test(a_return_type_may_be_given),
		cmocka_unit_test(rust_names_may_be_written_as_in_the_source),
		cmocka_unit_test(odd_text_is_survived),
		cmocka_unit_test(a_name_too_long_to_be_one_is_refused),
		cmocka_unit_test(demangling_knows_both_languages),
		cmocka_unit_test(demangling_reads_no_further_than_it_is_told),
		cmocka_unit_test(names_that_never_end_are_given_up),
		cmocka_unit_test(rust_names_that_never_end_are_given_up),
		cmocka_unit_test(patterns_match_as_fnmatch_does),
		cmocka_unit_test(many_stars_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
