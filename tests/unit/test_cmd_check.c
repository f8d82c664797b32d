/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tacho check finds out and shows, on a program made to order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <jansson.h>
#include <cmocka.h>

#include "check/check.h"
#include "check/show.h"
#include "plan_fixture.h"
#include "screen_fixture.h"

#define TEXT_MAX 16384

struct fixture {
	struct scratch scratch;
	char program[96];
	struct config *config;
	struct check *check;
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

	check__free(f->check);
	config__free(f->config);
	scratch__remove(&f->scratch);
	free(f);
	return 0;
}

/* The text with the program's path for each '@'. */
static void fill_in(const struct fixture *f, const char *text, char filled[TEXT_MAX])
{
	size_t used = 0;

	for (; *text; text++) {
		const char one[] = { *text, '\0' };

		used += (size_t)snprintf(filled + used, TEXT_MAX - used, "%s",
					 *text == '@' ? f->program : one);
		assert_true(used < TEXT_MAX);
	}
	filled[used] = '\0';
}

static const struct check *check_settings(struct fixture *f, const char *settings)
{
	char text[TEXT_MAX];
	struct fault why = {};

	fill_in(f, settings, text);
	scratch__write(&f->scratch, "conf", text, strlen(text));
	f->config = config__new();
	assert_non_null(f->config);
	if (config__load(f->config, scratch__at(&f->scratch, "conf"), &why) ||
	    config__finish(f->config, &why) || check__new(f->config, &f->check, &why))
		fail_msg("%s", why.text);
	return f->check;
}

/* The caller frees it. */
static char *shown(const struct fixture *f, bool verbose, size_t width)
{
	struct kept_screen kept;

	kept_screen__open(&kept, width);
	assert_int_equal(check_show_table(f->check, verbose, &kept.screen), 0);
	return kept_screen__close(&kept);
}

static void assert_shows(const struct fixture *f, bool verbose, const char *part)
{
	char *text = shown(f, verbose, 0);
	char expected[TEXT_MAX];

	fill_in(f, part, expected);
	if (!strstr(text, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, text);
	free(text);
}

static void assert_shows_not(const struct fixture *f, const char *part)
{
	char *text = shown(f, false, 0);

	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
	free(text);
}

/* --- what is found out ----------------------------------------------------------------------- */

static void assert_status(const struct check *check, size_t i, const char *name,
			  enum checked_status status)
{
	assert_true(i < check->state_cnt);
	assert_string_equal(check->states[i].config->name, name);
	assert_int_equal(check->states[i].status, status);
}

static void a_bad_state_does_not_hide_the_others(void **state)
{
	const struct check *check = check_settings(*state, "[state A]\nfunction = @:simple\n"
							   "[state B]\nfunction = @:nothing\n"
							   "[state C]\nfunction = /no/such:f\n"
							   "[state D]\nfunction = @:never\n"
							   "[state E]\nfunction = @:pushing\n");

	assert_int_equal(check->state_cnt, 5);
	assert_status(check, 0, "A", CHECKED_READY);
	assert_status(check, 1, "B", CHECKED_PENDING);
	assert_status(check, 2, "C", CHECKED_PENDING);
	assert_status(check, 3, "D", CHECKED_REFUSED);
	assert_status(check, 4, "E", CHECKED_READY);
	assert_false(check__all_ready(check));
	assert_int_equal(check->plan->probe_cnt, 2);
	assert_non_null(
		strstr(check->plan->targets[3].waiting.text, "no instruction that Capstone knows"));
}

static void any_number_of_bad_states_is_found(void **state)
{
	char settings[TEXT_MAX] = "", *at = settings;
	const struct check *check;

	for (unsigned int i = 0; i < 100; i++)
		at += sprintf(at, "[state S%u]\nfunction = @:%s\n", i,
			      i % 7 == 3 || i > 90 ? "simple+0x1" : "simple");
	check = check_settings(*state, settings);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(check->states[i].status,
				 i % 7 == 3 || i > 90 ? CHECKED_REFUSED : CHECKED_READY);
	assert_int_equal(check->plan->probe_cnt, check->cnt[CHECKED_READY]);
}

static void a_bad_function_does_not_hide_the_others_of_its_state(void **state)
{
	const struct check *check =
		check_settings(*state, "[state A]\nfunction = @:never\nfunction = @:pushing\n"
				       "function = /no/such:f\nfunction = @:simple+0x1\n");

	assert_status(check, 0, "A", CHECKED_REFUSED);
	assert_int_equal(check->plan->probe_cnt, 1);
	assert_shows(*state, false, "no instruction that Capstone knows");
	assert_shows(*state, false, "\n  pending     ");
	assert_shows(*state, false, "lies within the instruction");
	assert_shows(*state, false, "1 state: 0 ready, 1 refused; 1 probe in 1 file");
}

static void states_that_are_switched_off_are_not_looked_at(void **state)
{
	const struct check *check = check_settings(*state, "[record]\nstates = A\n"
							   "[state A]\nfunction = @:simple\n"
							   "[state B]\nfunction = @:never\n");

	assert_int_equal(check->state_cnt, 1);
	assert_true(check__all_ready(check));
}

static void what_the_command_line_names_must_be_there(void **state)
{
	struct fixture *f = *state;
	struct fault why = {};

	f->config = config__new();
	assert_non_null(f->config);
	assert_int_equal(config__add_state(f->config, "A=/no/such:f", &why), 0);
	assert_int_equal(config__finish(f->config, &why), 0);
	assert_int_equal(check__new(f->config, &f->check, &why), 0);
	assert_status(f->check, 0, "A", CHECKED_REFUSED);
}

/* --- the table ------------------------------------------------------------------------------- */

static void each_probe_is_a_row(void **state)
{
	char expected[TEXT_MAX], *text, *end;
	struct fixture *f = *state;

	check_settings(f, "[state A]\nfunction = @:pushing\n"
			  "[state LONGER]\nfunction = @:either\nfunction = @:simple+0x0\n"
			  "[state F]\nfunction = @:pushing\nexit = fast\n"
			  "[state P]\nbegin = @:simple\nend = @:pushing\nkey = arg1\n"
			  "[state L]\nfunction = /no/such:f\n"
			  "[state R]\nfunction = @:never\n");
	text = shown(f, false, 0);
	end = strstr(text, "\n\n");
	assert_non_null(end);
	end[1] = '\0';
	/* the path has 30 characters */
	fill_in(f,
		"STATE   FILE                            FUNCTION  ENTRY  HIT       END      "
		"EXITS\n"
		"A       @  pushing    +0x0  emulated  safe     1 stepped\n"
		"LONGER  @  either     +0x2  emulated  safe     1 emulated, 1 stepped\n"
		"LONGER  @  simple     +0x0  stepped   safe     1 stepped\n"
		"F       @  pushing    +0x0  emulated  fast     -\n"
		"P       @  simple     +0x0  stepped   begin    -\n"
		"P       @  pushing    +0x0  emulated  end      -\n"
		"L       /no/such                        f             -  -         pending  -\n"
		"R       @  never         -  -         refused  -\n",
		expected);
	assert_string_equal(text, expected);
	free(text);
}

static void on_a_terminal_long_names_lose_their_middles(void **state)
{
	struct fixture *f = *state;
	char *text;

	check_settings(f, "[state WAITING_FOR_SOMETHING_TO_HAPPEN]\nfunction = @:pushing\n"
			  "process = /opt/a_program_that_has_a_long_name_and_may_not_be_cut\n");
	text = shown(f, false, 70);
	*strstr(text, "\n\n") = '\0';
	assert_true(longest_line(text) <= 70);
	assert_non_null(strstr(text, "..."));
	free(text);
	assert_shows(f, false, "WAITING_FOR_SOMETHING_TO_HAPPEN  @  pushing ");
	assert_shows_not(f, "...");
}

static void names_from_hostile_files_are_escaped(void **state)
{
	static const struct tiny_symbol symbols[] = {
		{ "pushing", TINY_CODE_VADDR, 3, STT_FUNC, 1 },
		{ "evil\x1b[2J\n", TINY_CODE_VADDR + 4, 3, STT_FUNC, 1 },
		{},
	};
	struct fixture *f = *state;
	char *text;

	put_program(&f->scratch, "program", symbols);
	check_settings(f, "[state A]\nfunction = @:*\nmany = yes\nexit = safe\n");
	assert_shows(f, false, "  evil\\x1b[2J\\x0a ");
	text = shown(f, true, 0);
	assert_null(strchr(text, '\x1b'));
	free(text);
}

/* --- the notes ------------------------------------------------------------------------------- */

static void a_file_says_its_identity_and_its_mode(void **state)
{
	check_settings(*state, "[state A]\nfunction = @:pushing\n");
	assert_shows(*state, false,
		     "\n\n@\n  build-id    none\n  found in    .symtab\n"
		     "  exit=auto   safe: ");
}

static void a_mode_that_was_asked_for_is_said_with_the_state(void **state)
{
	check_settings(*state, "[state A]\nfunction = @:pushing\nexit = fast\nplace = symbol\n");
	assert_shows(*state, false,
		     "\n\nA\n  exit        fast, as the settings say\n"
		     "  place       on the symbols themselves, as the settings say\n");
	assert_shows_not(*state, "exit=auto");
}

static void tail_calls_and_jumps_that_leave_sometimes_are_counted(void **state)
{
	check_settings(*state, "[state ONE]\nfunction = @:either\n"
			       "[state MANY]\nfunction = @:*e*\nmany = yes\n"
			       "[state JUMP]\nfunction = @:sometimes\n");
	assert_shows(*state, false,
		     "\n\nONE\n  tail calls  1 of 2 exits; a call that leaves by "
		     "one ends at the jump\n");
	assert_shows(*state, false, "\n  tail calls  1 of 6 exits in 1 of 4 functions; a call");
	assert_shows(*state, false,
		     "\n\nJUMP\n  jumps       1 of 2 exits leaves the function only "
		     "sometimes; decided at run time\n");
}

static void of_many_functions_the_refused_are_counted(void **state)
{
	check_settings(*state, "[state A]\nfunction = @:*\nmany = yes\n");
	assert_shows(*state, false,
		     "  refused     2 functions of @:* cannot be recorded; the first: always: ");
}

static void inlined_copies_and_semaphores_are_counted(void **state)
{
	struct fixture *f = *state;

	check_settings(f, "[state A]\nfunction = @:pushing\n"
			  "[state B]\nfunction = @:pushing\nfunction = @:simple\n");
	f->check->plan->probes[0].inlined_cnt = 1;
	f->check->plan->probes[1].inlined_cnt = 5;
	f->check->plan->probes[2].semaphore_offset = 0x40;
	assert_shows(f, false,
		     "\n\nA\n  inlined     1 copy of the function, which no probe sees\n");
	assert_shows(f, false,
		     "\n\nB\n  inlined     5 copies of the functions, which no probe sees "
		     "in 1 of 2 functions\n  semaphore   at 1 of 2 places; ");
}

static void values_say_what_they_are_and_where_they_are_read(void **state)
{
	check_settings(*state,
		       "[state A]\nfunction = @:pushing\n"
		       "capture = arg1:string[20] as path, arg2 as steps, arg7:u8 as seventh, "
		       "return:s64 as result\nfailed-if = return:s64 < -5\n"
		       "[state B]\nfunction = @:simple\nfailed-if = return != 0\n"
		       "[state C]\nbegin = @:simple\nend = @:pushing\nkey = arg1, arg2:u32\n"
		       "[state D]\nbegin = @:simple\nend = @:pushing\nkey = thread\n"
		       "[state E]\nbegin = @:simple\nend = @:pushing\n");
	assert_shows(*state, false,
		     "\n\nA\n"
		     "  capture     path: arg1, string[20] at rdi\n"
		     "  capture     steps: arg2, u64 in rsi\n"
		     "  capture     seventh: arg7, u8 in [rsp+0x8]\n"
		     "  capture     result: return, s64 in rax at return\n"
		     "  failed-if   return < -5, of type s64\n\n");
	assert_shows(*state, false,
		     "\n\nB\n  failed-if   return != 0, of type s32\n"
		     "  failed-if   the type is assumed: no debugging information ");
	assert_shows(*state, false,
		     "\n\nC\n  key         arg1, u64 in rdi at begin; arg2, u32 in "
		     "rsi at end\n");
	assert_shows(*state, false, "\n\nD\n  key         thread, at begin and end\n");
	assert_shows(*state, false, "\n\nE\n  key         none: one at a time in each process\n");
}

static void values_that_wait_have_no_place_yet(void **state)
{
	check_settings(*state, "[state A]\nfunction = /no/such:f\ncapture = arg2:u8 as level\n"
			       "failed-if = return == NULL\n");
	assert_shows(*state, false,
		     "\n  capture     level: arg2, u8\n"
		     "  failed-if   return == 0\n");
	assert_shows(*state, false, "\n\nA\n  pending     ");
}

static void filters_and_limits_are_said(void **state)
{
	check_settings(*state, "[record]\nrate-limit = 500\n"
			       "[state A]\nfunction = @:pushing\nprocess = /opt/*\n"
			       "[state B]\nfunction = @:pushing\nrate-limit = 7\n"
			       "[state C]\nfunction = @:pushing\nrate-limit = 0\n");
	assert_shows(*state, false, "\n\nA\n  process     /opt/*\n\n");
	assert_shows(*state, false, "\n\nB\n  rate-limit  7 rows a second\n");
	assert_shows(*state, false, "\n\nC\n  rate-limit  none\n");
	assert_shows(*state, false, "; at most 500 rows a second a state\n");
}

static void a_state_with_nothing_to_say_has_no_block(void **state)
{
	check_settings(*state, "[state QUIET]\nfunction = @:pushing\n");
	assert_shows_not(*state, "\nQUIET\n");
}

static void verbose_has_every_place(void **state)
{
	check_settings(*state, "[state A]\nfunction = @:either\ncapture = arg1:u8 as a\n");
	assert_shows(*state, true,
		     "  probe       either in @\n"
		     "  symbol      at 0x40221c, 12 bytes, in .symtab\n"
		     "  entry       symbol+0x2, file offset 0x21e, emulated\n"
		     "  end         safe: ");
	assert_shows(*state, true,
		     "  exit        file offset 0x220, stepped, a return\n"
		     "  exit        file offset 0x223, emulated, a tail call\n"
		     "  value       a: u8 in rdi\n"
		     "  inlined     not known: no debugging information\n");
}

static void the_last_line_counts(void **state)
{
	check_settings(*state, "[state A]\nfunction = @:pushing\nfunction = @:simple\n"
			       "[state B]\nfunction = /no/such:f\n"
			       "[state C]\nfunction = @:never\n");
	assert_shows(*state, false,
		     "\n3 states: 1 ready, 1 pending, 1 refused; 2 probes in 1 "
		     "file; at most 100000 rows a second a state\n");
}

static void one_thing_is_not_many(void **state)
{
	check_settings(*state, "[record]\nrate-limit = 1\n[state A]\nfunction = @:pushing\n"
			       "[state B]\nfunction = @:pushing\nrate-limit = 2\n");
	assert_shows(*state, false, "\n  rate-limit  2 rows a second\n");
	assert_shows(*state, true, "\n  rate-limit  1 row a second\n");
	assert_shows(*state, false,
		     "\n2 states: 2 ready; 2 probes in 1 file; at most 1 row a second a "
		     "state\n");
}

static void stepped_is_explained_where_it_occurs(void **state)
{
	struct fixture *f = *state;

	check_settings(f, "[state A]\nfunction = @:pushing\nexit = fast\n");
	assert_shows_not(f, "stepped");
	check__free(f->check);
	config__free(f->config);
	f->check = NULL;
	check_settings(f, "[state A]\nfunction = @:pushing\nexit = safe\n");
	assert_shows(f, false, "\nstepped: ");
}

static void a_full_disk_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct screen screen;
	FILE *full;

	check_settings(f, "[state A]\nfunction = @:pushing\n");
	full = fopen("/dev/full", "w");
	assert_non_null(full);
	screen__init(&screen, full);
	assert_int_equal(check_show_table(f->check, true, &screen), -EIO);
	clearerr(full);
	assert_int_equal(check_show_json(f->check, full), -EIO);
	screen__free(&screen);
	fclose(full);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *shown_json(const struct fixture *f)
{
	json_error_t error;
	char *text = NULL;
	size_t sz = 0;
	FILE *out = open_memstream(&text, &sz);
	json_t *json;

	assert_non_null(out);
	assert_int_equal(check_show_json(f->check, out), 0);
	fclose(out);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("line %d: %s\n%s", error.line, error.text, text);
	free(text);
	return json;
}

/* The value at a path of keys and numbers, which must be there. */
static const json_t *at(const json_t *json, const char *path)
{
	char key[32];
	int sz;

	while (sscanf(path, "%31[^.]%n", key, &sz) == 1) {
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
					   : json_object_get(json, key);
		if (!json)
			fail_msg("there is no %s", key);
		path += sz + (path[sz] == '.');
	}
	return json;
}

static void assert_text_at(const json_t *json, const char *path, const char *expected)
{
	assert_true(json_is_string(at(json, path)));
	assert_string_equal(json_string_value(at(json, path)), expected);
}

static void assert_number_at(const json_t *json, const char *path, json_int_t expected)
{
	assert_true(json_is_integer(at(json, path)));
	assert_int_equal(json_integer_value(at(json, path)), expected);
}

static void json_has_all_of_a_probe(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	check_settings(f, "[state A]\nfunction = @:either\nprocess = /opt/*\n"
			  "capture = arg1:string[20] as path\nfailed-if = return < 0\n");
	json = shown_json(f);
	assert_text_at(json, "states.0.name", "A");
	assert_text_at(json, "states.0.status", "ready");
	assert_true(json_is_null(at(json, "states.0.targets.0.refused")));
	assert_text_at(json, "states.0.process", "/opt/*");
	assert_text_at(json, "states.0.failed_if", "return < 0");
	assert_number_at(json, "states.0.rate_limit_per_second", 100000);
	assert_text_at(json, "states.0.captures.0.source", "arg1");
	assert_text_at(json, "states.0.targets.0.role", "function");
	assert_true(json_is_null(at(json, "states.0.targets.0.waiting")));
	assert_text_at(json, "states.0.targets.0.probes.0.file", f->program);
	assert_text_at(json, "states.0.targets.0.probes.0.symbol", "either");
	assert_number_at(json, "states.0.targets.0.probes.0.address", 0x40221c);
	assert_number_at(json, "states.0.targets.0.probes.0.size_bytes", 12);
	assert_number_at(json, "states.0.targets.0.probes.0.entry_offset", 2);
	assert_number_at(json, "states.0.targets.0.probes.0.offset", 0x21e);
	assert_text_at(json, "states.0.targets.0.probes.0.cost", "emulated");
	assert_text_at(json, "states.0.targets.0.probes.0.end.mode", "safe");
	assert_number_at(json, "states.0.targets.0.probes.0.end.tail_calls", 1);
	assert_number_at(json, "states.0.targets.0.probes.0.end.exits.0.offset", 0x220);
	assert_text_at(json, "states.0.targets.0.probes.0.end.exits.0.kind", "return");
	assert_text_at(json, "states.0.targets.0.probes.0.end.exits.1.kind", "tail_call");
	assert_text_at(json, "states.0.targets.0.probes.0.end.exits.1.cost", "emulated");
	assert_true(json_is_null(at(json, "states.0.targets.0.probes.0.inlined_copies")));
	assert_text_at(json, "states.0.targets.0.probes.0.captures.path.type", "string");
	assert_number_at(json, "states.0.targets.0.probes.0.captures.path.size_bytes", 20);
	assert_text_at(json, "states.0.targets.0.probes.0.captures.path.place", "at rdi");
	assert_text_at(json, "states.0.targets.0.probes.0.returns.type", "s32");
	assert_true(json_is_false(at(json, "states.0.targets.0.probes.0.returns.known")));
	assert_text_at(json, "files.0.machine", "x86-64");
	assert_true(json_is_null(at(json, "files.0.build_id")));
	assert_text_at(json, "files.0.exit_auto.mode", "safe");
	json_decref(json);
}

static void json_has_what_is_pending_and_what_is_refused(void **state)
{
	struct fixture *f = *state;
	json_t *json;

	check_settings(f, "[state A]\nfunction = @:pushing\n"
			  "[state B]\nfunction = /no/such:f\n"
			  "[state C]\nbegin = @:simple+0x1\nend = @:pushing\nkey = thread\n");
	json = shown_json(f);
	assert_number_at(json, "counts.ready", 1);
	assert_number_at(json, "counts.pending", 1);
	assert_number_at(json, "counts.refused", 1);
	assert_text_at(json, "states.1.status", "pending");
	assert_non_null(strstr(json_string_value(at(json, "states.1.targets.0.waiting")),
			       "/no/such: No such file"));
	assert_int_equal(json_array_size(at(json, "states.1.targets.0.probes")), 0);
	assert_text_at(json, "states.2.status", "refused");
	assert_non_null(strstr(json_string_value(at(json, "states.2.targets.0.refused")),
			       "lies within the instruction"));
	assert_text_at(json, "states.2.targets.0.role", "begin");
	assert_text_at(json, "states.2.targets.1.function", "pushing");
	assert_text_at(json, "states.2.key.begin", "thread");
	json_decref(json);
}

static void json_survives_hostile_names(void **state)
{
	static const struct tiny_symbol symbols[] = {
		{ "pushing", TINY_CODE_VADDR, 3, STT_FUNC, 1 },
		{ "evil\"\xff\x1b\\", TINY_CODE_VADDR + 4, 3, STT_FUNC, 1 },
		{},
	};
	struct fixture *f = *state;
	json_t *json;

	put_program(&f->scratch, "program", symbols);
	check_settings(f, "[state A]\nfunction = @:evil*\nmany = yes\n");
	json = shown_json(f);
	assert_text_at(json, "states.0.targets.0.probes.0.symbol", "evil\"\\xff\\x1b\\\\");
	json_decref(json);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_bad_state_does_not_hide_the_others),
		CASE(any_number_of_bad_states_is_found),
		CASE(a_bad_function_does_not_hide_the_others_of_its_state),
		CASE(states_that_are_switched_off_are_not_looked_at),
		CASE(what_the_command_line_names_must_be_there),
		CASE(each_probe_is_a_row),
		CASE(on_a_terminal_long_names_lose_their_middles),
		CASE(names_from_hostile_files_are_escaped),
		CASE(a_file_says_its_identity_and_its_mode),
		CASE(a_mode_that_was_asked_for_is_said_with_the_state),
		CASE(tail_calls_and_jumps_that_leave_sometimes_are_counted),
		CASE(of_many_functions_the_refused_are_counted),
		CASE(inlined_copies_and_semaphores_are_counted),
		CASE(values_say_what_they_are_and_where_they_are_read),
		CASE(values_that_wait_have_no_place_yet),
		CASE(filters_and_limits_are_said),
		CASE(a_state_with_nothing_to_say_has_no_block),
		CASE(verbose_has_every_place),
		CASE(the_last_line_counts),
		CASE(one_thing_is_not_many),
		CASE(stepped_is_explained_where_it_occurs),
		CASE(a_full_disk_is_an_error),
		CASE(json_has_all_of_a_probe),
		CASE(json_has_what_is_pending_and_what_is_refused),
		CASE(json_survives_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
