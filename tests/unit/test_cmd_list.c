/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tacho list finds and shows, in a program made to order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <jansson.h>
#include <cmocka.h>

#include "list/list.h"
#include "list/show.h"
#include "plan_fixture.h"
#include "screen_fixture.h"

struct fixture {
	struct scratch scratch;
	char program[96];
	struct list *list;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	scratch__make(&f->scratch);
	put_program(&f->scratch, "program", planned_symbols);
	snprintf(f->program, sizeof(f->program), "%s", scratch__at(&f->scratch, "program"));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	list__free(f->list);
	scratch__remove(&f->scratch);
	free(f);
	return 0;
}

static void list_names(struct fixture *f, const char *pattern)
{
	struct fault why = {};

	list__free(f->list);
	f->list = NULL;
	if (list__new(f->program, pattern, NULL, &f->list, &why))
		fail_msg("%s", why.text);
}

/* Names, separated by blanks. */
static void assert_lists(struct fixture *f, const char *pattern, const char *expected)
{
	char names[1024] = "";
	size_t used = 0;

	list_names(f, pattern);
	for (size_t i = 0; i < f->list->function_cnt; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? " " : "",
					 f->list->functions[i].name);
	assert_string_equal(names, expected);
}

static void assert_not_listed(struct fixture *f, const char *pattern, const char *part)
{
	struct list *list = NULL;
	struct fault why = {};

	assert_int_equal(list__new(f->program, pattern, NULL, &list, &why), -ENOENT);
	assert_null(list);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
	if (strncmp(why.text, f->program, strlen(f->program)) != 0)
		fail_msg("\"%s\" does not name the file", why.text);
}

static const struct listed_function *listed(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->function_cnt; i++) {
		if (!strcmp(list->functions[i].name, name))
			return &list->functions[i];
	}
	fail_msg("%s is not listed", name);
	return NULL;
}

/* --- which ----------------------------------------------------------------------------------- */

static void without_a_pattern_every_function_is_listed_by_name(void **state)
{
	assert_lists(*state, NULL, "always either never pushing simple sometimes");
}

static void a_word_is_looked_for_within_names(void **state)
{
	assert_lists(*state, "ever", "never");
	assert_lists(*state, "me", "sometimes");
	assert_lists(*state, "s", "always pushing simple sometimes");
}

static void a_pattern_matches_whole_names(void **state)
{
	assert_lists(*state, "s*", "simple sometimes");
	assert_lists(*state, "?????", "never");
	assert_lists(*state, "[an]*er", "never");
}

static void case_matters(void **state)
{
	assert_not_listed(*state, "SIMPLE", "no function is called SIMPLE");
}

static void a_name_may_be_the_demangled_one(void **state)
{
	assert_lists(*state, "Server::handle", "net::Server::handle(int)");
	assert_lists(*state, "net::Server::*", "net::Server::handle(int)");
	assert_lists(*state, "_ZN3net*", "net::Server::handle(int)");
}

static void a_function_goes_by_its_usual_name_if_that_matches(void **state)
{
	static const struct tiny_symbol symbols[] = {
		{ "__first_push", TINY_CODE_VADDR, 3, STT_FUNC, 1 },
		{ "push", TINY_CODE_VADDR, 3, STT_FUNC, 1 },
		{},
	};
	struct fixture *f = *state;

	put_program(&f->scratch, "program", symbols);
	assert_lists(f, "push", "push");
	assert_lists(f, "first", "__first_push");
}

static void special_characters_in_a_word_are_not_special(void **state)
{
	static const struct tiny_symbol symbols[] = {
		{ "back\\slash", TINY_CODE_VADDR, 3, STT_FUNC, 1 },
		{},
	};
	struct fixture *f = *state;

	put_program(&f->scratch, "program", symbols);
	assert_lists(f, "k\\s", "back\\slash");
}

static void when_nothing_matches_near_names_are_named(void **state)
{
	assert_not_listed(*state, "simpel", "(closest: simple)");
	assert_not_listed(*state, "x*y", "no function is called x*y");
	assert_not_listed(*state, "usdt:none:none", "has no USDT probes");
	assert_not_listed(*state, "usdt:", "has no USDT probes");
}

static void a_file_without_names_says_so(void **state)
{
	struct fixture *f = *state;

	put_program(&f->scratch, "program", NULL);
	assert_not_listed(f, NULL, "neither symbols of functions nor USDT probes");
}

static void what_is_no_program_is_refused(void **state)
{
	struct fixture *f = *state;
	struct list *list = NULL;
	struct fault why = {};

	scratch__write(&f->scratch, "program", "text", 4);
	assert_true(list__new(f->program, NULL, NULL, &list, &why) < 0);
	assert_null(list);
	assert_non_null(strstr(why.text, "not an ELF file"));
	assert_int_equal(list__new("/no/such", NULL, NULL, &list, &why), -ENOENT);
}

static void far(void *ctx, size_t done, size_t all)
{
	size_t *told = ctx;

	assert_true(done <= all);
	told[0]++;
	told[1] = all;
}

static void progress_is_told(void **state)
{
	struct fixture *f = *state;
	size_t told[2] = {};
	const struct list_watch watch = { far, told };
	struct fault why = {};

	assert_int_equal(list__new(f->program, NULL, &watch, &f->list, &why), 0);
	assert_true(told[0] >= 1);
	assert_int_equal(told[1], 6);
}

/* --- what is said of them -------------------------------------------------------------------- */

static void each_function_is_planned(void **state)
{
	const struct listed_function *function;
	struct fixture *f = *state;

	list_names(f, NULL);
	function = listed(f->list, "either");
	assert_int_equal(function->verdict, SURVEY_RECORDABLE);
	assert_int_equal(function->entry_offset, 2);
	assert_int_equal(function->cost, CODE_COST_EMULATED);
	assert_int_equal(function->exit_cnt, 2);
	assert_int_equal(function->tail_call_cnt, 1);
	assert_null(function->why);
	assert_int_equal(listed(f->list, "simple")->cost, CODE_COST_STEPPED);
	assert_int_equal(listed(f->list, "sometimes")->maybe_cnt, 1);
}

static void what_always_ends_in_a_tail_call_needs_asking(void **state)
{
	const struct listed_function *function;
	struct fixture *f = *state;

	list_names(f, "always");
	function = listed(f->list, "always");
	assert_int_equal(function->verdict, SURVEY_ON_REQUEST);
	assert_int_equal(function->exit_cnt, 1);
	assert_non_null(strstr(function->why, "exit = safe"));
}

static void what_is_refused_says_why_in_short(void **state)
{
	struct fixture *f = *state;

	list_names(f, "never");
	assert_int_equal(f->list->functions[0].verdict, SURVEY_REFUSED);
	assert_string_equal(f->list->functions[0].why,
			    "code at 0x402218: the bytes at offset 0x2 are no instruction that "
			    "Capstone knows");
}

/* --- how it is shown ------------------------------------------------------------------------- */

static char *shown_table(const struct fixture *f, bool verbose, size_t width)
{
	struct kept_screen kept;

	kept_screen__open(&kept, width);
	assert_int_equal(list_show_table(f->list, verbose, &kept.screen), 0);
	return kept_screen__close(&kept);
}

static void a_terminal_gets_a_table(void **state)
{
	struct fixture *f = *state;
	char *text;

	list_names(f, NULL);
	text = shown_table(f, false, 80);
	assert_int_equal(strncmp(text, f->program, strlen(f->program)), 0);
	assert_non_null(strstr(text, "\n  build-id    none\n  found in    .symtab\n"
				     "  exit=auto   safe: "));
	assert_non_null(strstr(text, "\n\nSIZE  HIT       END      PROBES  FUNCTION\n"
				     "   7  stepped   tail          2  always\n"
				     "  12  emulated  safe          3  either\n"
				     "   4  -         refused       -  never\n"
				     "   3  emulated  safe          2  pushing\n"));
	assert_non_null(strstr(text, "\n\n6 functions, 0 USDT probes; 2 cannot be recorded as they "
				     "are (-v says why)\n"));
	assert_true(longest_line(text) <= 80);
	free(text);
}

static void verbose_says_why_below_the_table(void **state)
{
	struct fixture *f = *state;
	char *text;

	list_names(f, "never");
	text = shown_table(f, true, 80);
	assert_non_null(strstr(text, "\n\n  never\n      code at 0x402218: the bytes at "));
	assert_true(longest_line(text) <= 80);
	free(text);
}

static void assert_lines(const struct fixture *f, bool verbose, const char *expected)
{
	char *text = NULL;
	size_t sz = 0;
	FILE *out = open_memstream(&text, &sz);

	assert_non_null(out);
	assert_int_equal(list_show_lines(f->list, verbose, out), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void a_pipe_gets_a_line_each_separated_by_tabs(void **state)
{
	struct fixture *f = *state;

	list_names(f, "e*");
	assert_lines(f, false, "12\temulated\tsafe\t3\t-\t.symtab\teither\n");
	assert_lines(f, true, "12\temulated\tsafe\t3\t-\t.symtab\teither\t-\n");
	list_names(f, "never");
	assert_lines(f, false, "4\t-\trefused\t-\t-\t.symtab\tnever\n");
	assert_lines(f, true,
		     "4\t-\trefused\t-\t-\t.symtab\tnever\tcode at 0x402218: the bytes at "
		     "offset 0x2 are no instruction that Capstone knows\n");
}

static void a_hostile_name_stays_in_its_column(void **state)
{
	static const struct tiny_symbol symbols[] = {
		{ "a\tb\nc\x1b[2J", TINY_CODE_VADDR, 3, STT_FUNC, 1 },
		{},
	};
	struct fixture *f = *state;

	put_program(&f->scratch, "program", symbols);
	list_names(f, NULL);
	assert_lines(f, false, "3\temulated\tsafe\t2\t-\t.symtab\ta\\x09b\\x0ac\\x1b[2J\n");
}

static void a_full_disk_is_an_error(void **state)
{
	struct fixture *f = *state;
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	list_names(f, NULL);
	assert_int_equal(list_show_lines(f->list, false, full), -EIO);
	clearerr(full);
	assert_int_equal(list_show_json(f->list, full), -EIO);
	fclose(full);
}

static void json_has_all_of_it(void **state)
{
	const json_t *function, *functions;
	struct fixture *f = *state;
	json_error_t error;
	char *text = NULL;
	size_t sz = 0;
	FILE *out = open_memstream(&text, &sz);
	json_t *json;

	list_names(f, NULL);
	assert_int_equal(list_show_json(f->list, out), 0);
	fclose(out);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(json);
	functions = json_object_get(json, "functions");
	assert_int_equal(json_array_size(functions), 6);
	assert_string_equal(json_string_value(json_object_get(json, "path")), f->program);
	function = json_array_get(functions, 1);
	assert_string_equal(json_string_value(json_object_get(function, "name")), "either");
	assert_string_equal(json_string_value(json_object_get(function, "recordable")), "yes");
	assert_int_equal(json_integer_value(json_object_get(function, "size_bytes")), 12);
	assert_int_equal(json_integer_value(json_object_get(function, "entry_offset")), 2);
	assert_int_equal(json_integer_value(json_object_get(function, "exits")), 2);
	assert_true(json_is_null(json_object_get(function, "why_not")));
	function = json_array_get(functions, 2);
	assert_string_equal(json_string_value(json_object_get(function, "recordable")), "no");
	assert_true(json_is_null(json_object_get(function, "cost")));
	function = json_array_get(functions, 0);
	assert_string_equal(json_string_value(json_object_get(function, "recordable")),
			    "exit_safe");
	assert_int_equal(json_array_size(json_object_get(json, "usdt_probes")), 0);
	json_decref(json);
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(without_a_pattern_every_function_is_listed_by_name),
		CASE(a_word_is_looked_for_within_names),
		CASE(a_pattern_matches_whole_names),
		CASE(case_matters),
		CASE(a_name_may_be_the_demangled_one),
		CASE(a_function_goes_by_its_usual_name_if_that_matches),
		CASE(special_characters_in_a_word_are_not_special),
		CASE(when_nothing_matches_near_names_are_named),
		CASE(a_file_without_names_says_so),
		CASE(what_is_no_program_is_refused),
		CASE(progress_is_told),
		CASE(each_function_is_planned),
		CASE(what_always_ends_in_a_tail_call_needs_asking),
		CASE(what_is_refused_says_why_in_short),
		CASE(a_terminal_gets_a_table),
		CASE(verbose_says_why_below_the_table),
		CASE(a_pipe_gets_a_line_each_separated_by_tabs),
		CASE(a_hostile_name_stays_in_its_column),
		CASE(a_full_disk_is_an_error),
		CASE(json_has_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
