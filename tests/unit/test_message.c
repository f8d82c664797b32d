/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "capture.h"
#include "message.h"

/* One of each at this level. */
static void assert_shown(enum message_level level, const char *expected)
{
	struct capture capture;

	message_set_level(level);
	capture__begin(&capture, stderr);
	message("record: %s", "trouble");
	message_info("recording %d states", 2);
	message_debug("record: %s", "detail");
	assert_string_equal(capture__end(&capture), expected);
	message_set_level(MESSAGE_INFO);
}

static void all_but_debug_is_shown_at_first(void **state)
{
	struct capture capture;

	(void)state;
	capture__begin(&capture, stderr);
	message("a");
	message_info("b");
	message_debug("c");
	assert_string_equal(capture__end(&capture), "tacho: a\ntacho: b\n");
}

static void a_level_hides_what_is_below_it(void **state)
{
	(void)state;
	assert_shown(MESSAGE_DEBUG,
		     "tacho: record: trouble\ntacho: recording 2 states\ntacho: record: detail\n");
	assert_shown(MESSAGE_INFO, "tacho: record: trouble\ntacho: recording 2 states\n");
	assert_shown(MESSAGE_WARNING, "tacho: record: trouble\n");
}

static void control_characters_of_names_are_replaced(void **state)
{
	struct capture capture;

	(void)state;
	capture__begin(&capture, stderr);
	message("%s", "a\033[2Jb\x7f");
	message_info("%s", "\r");
	assert_string_equal(capture__end(&capture), "tacho: a?[2Jb?\ntacho: ?\n");
}

static void what_a_message_is_about_does_not_show_on_stderr(void **state)
{
	const struct message_subject subject = { MESSAGE_ID_FAILED, "S", "/b", -2 };
	struct capture capture;

	(void)state;
	capture__begin(&capture, stderr);
	message_about(&subject, MESSAGE_ERROR, "record: %s", "x");
	message_about(&subject, MESSAGE_INFO, "y");
	message_about(&subject, MESSAGE_DEBUG, "z");
	assert_string_equal(capture__end(&capture), "tacho: record: x\ntacho: y\n");
}

/* A stderr that the journal connected, in a process that has redirected it since. */
static void another_stderr_than_the_journals_is_written_to(void **state)
{
	struct capture capture;

	(void)state;
	setenv("JOURNAL_STREAM", "8:4711", 1);
	capture__begin(&capture, stderr);
	message("a");
	assert_string_equal(capture__end(&capture), "tacho: a\n");
	unsetenv("JOURNAL_STREAM");
}

static void repetition_is_held_back_only_when_asked_for(void **state)
{
	struct capture capture;

	(void)state;
	capture__begin(&capture, stderr);
	message("a");
	message("a");
	message_limit_repetition(true);
	message_info("a");
	message("a");
	message("b");
	message_say_repetitions();
	message_limit_repetition(false);
	message("a");
	assert_string_equal(capture__end(&capture), "tacho: a\ntacho: a\ntacho: a\ntacho: b\n"
						    "tacho: 1 time more in the last 1 s: a\n"
						    "tacho: a\n");
}

static void what_was_said_is_said_again_to_who_acts(void **state)
{
	struct capture capture;

	(void)state;
	capture__begin(&capture, stderr);
	message_forget_repetitions(); /* nothing is held back yet */
	message_limit_repetition(true);
	message("a");
	message("a");
	message_forget_repetitions();
	message("a");
	message("a");
	message_limit_repetition(false);
	assert_string_equal(capture__end(&capture), "tacho: a\n"
						    "tacho: 1 time more in the last 1 s: a\n"
						    "tacho: a\n"
						    "tacho: 1 time more in the last 1 s: a\n");
}

static void there_is_no_live_line_without_a_terminal(void **state)
{
	struct capture capture;

	(void)state;
	capture__begin(&capture, stderr);
	status_line("1 of 2");
	status_line_clear();
	assert_string_equal(capture__end(&capture), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_but_debug_is_shown_at_first),
		cmocka_unit_test(a_level_hides_what_is_below_it),
		cmocka_unit_test(control_characters_of_names_are_replaced),
		cmocka_unit_test(what_a_message_is_about_does_not_show_on_stderr),
		cmocka_unit_test(another_stderr_than_the_journals_is_written_to),
		cmocka_unit_test(repetition_is_held_back_only_when_asked_for),
		cmocka_unit_test(what_was_said_is_said_again_to_who_acts),
		cmocka_unit_test(there_is_no_live_line_without_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
