/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
		cmocka_unit_test(there_is_no_live_line_without_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
