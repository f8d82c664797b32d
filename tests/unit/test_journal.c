/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "service/journal.h"

static struct journal_entry entry;

static void assert_field(int number, const char *expected)
{
	assert_true(number < entry.cnt);
	assert_int_equal(entry.fields[number].iov_len, strlen(expected));
	assert_memory_equal(entry.fields[number].iov_base, expected, strlen(expected));
}

static void an_entry_has_what_the_message_is_about(void **state)
{
	const struct message_subject subject = {
		.id = MESSAGE_ID_PENDING,
		.state = "PLAN",
		.binary = "/opt/a b",
		.err = -2,
	};

	(void)state;
	journal_entry__make(&entry, MESSAGE_WARNING, &subject, "record: pending: x");
	assert_int_equal(entry.cnt, 7);
	assert_field(0, "MESSAGE=record: pending: x");
	assert_field(1, "PRIORITY=4");
	assert_field(2, "SYSLOG_IDENTIFIER=tacho");
	assert_field(3, "MESSAGE_ID=" MESSAGE_ID_PENDING);
	assert_field(4, "ERRNO=2");
	assert_field(5, "TACHO_STATE=PLAN");
	assert_field(6, "TACHO_BINARY=/opt/a b");
}

static void an_entry_about_nothing_has_three_fields(void **state)
{
	const struct message_subject nothing = {};

	(void)state;
	journal_entry__make(&entry, MESSAGE_DEBUG, &nothing, "");
	assert_int_equal(entry.cnt, 3);
	assert_field(0, "MESSAGE=");
	assert_field(1, "PRIORITY=7");
}

static void each_level_has_its_priority(void **state)
{
	static const struct {
		enum message_level level;
		const char *field;
	} cases[] = {
		{ MESSAGE_DEBUG, "PRIORITY=7" },
		{ MESSAGE_INFO, "PRIORITY=6" },
		{ MESSAGE_WARNING, "PRIORITY=4" },
		{ MESSAGE_ERROR, "PRIORITY=3" },
	};
	const struct message_subject nothing = {};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		journal_entry__make(&entry, cases[i].level, &nothing, "x");
		assert_field(1, cases[i].field);
	}
}

static void a_field_without_room_is_left_out(void **state)
{
	static char path[2 * JOURNAL_TEXT_SZ];
	const struct message_subject subject = { .state = path, .binary = "/bin/x" };

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	journal_entry__make(&entry, MESSAGE_INFO, &subject, "text");
	assert_int_equal(entry.cnt, 4);
	assert_field(0, "MESSAGE=text");
	assert_field(3, "TACHO_BINARY=/bin/x");
}

static void the_stream_is_known_by_device_and_inode(void **state)
{
	const struct stat file = { .st_dev = 8, .st_ino = 4711 };

	(void)state;
	assert_true(journal_stream__is("8:4711", &file));
	assert_false(journal_stream__is("8:4712", &file));
	assert_false(journal_stream__is("9:4711", &file));
}

static void what_is_no_stream_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"8",
		"8:",
		":4711",
		"8:4711 ",
		"8:4711:",
		"8 :4711",
		"-8:4711",
		"0x8:4711",
		"184467440737095516160:4711",
		"88888888888888888888888888888888888888888:4711",
	};
	const struct stat file = { .st_dev = 8, .st_ino = 4711 };

	(void)state;
	assert_false(journal_stream__is(NULL, &file));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(journal_stream__is(texts[i], &file));
}

/* Each names something else; a journal takes 128 bits in lower-case hexadecimal. */
static void the_ids_are_different_and_well_formed(void **state)
{
	static const char *const ids[] = {
		MESSAGE_ID_STARTED,	MESSAGE_ID_STOPPED,	 MESSAGE_ID_FAILED,
		MESSAGE_ID_ROWS_LOST,	MESSAGE_ID_WRITE_FAILED, MESSAGE_ID_WRITE_RECOVERED,
		MESSAGE_ID_PENDING,	MESSAGE_ID_ATTACHED,	 MESSAGE_ID_DETACHED,
		MESSAGE_ID_SUMMARISING, MESSAGE_ID_RELOADED,	 MESSAGE_ID_RELOAD_REFUSED,
	};
	const size_t cnt = sizeof(ids) / sizeof(ids[0]);

	(void)state;
	for (size_t i = 0; i < cnt; i++) {
		assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
		assert_int_equal(strlen(ids[i]), 32);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_has_what_the_message_is_about),
		cmocka_unit_test(an_entry_about_nothing_has_three_fields),
		cmocka_unit_test(each_level_has_its_priority),
		cmocka_unit_test(a_field_without_room_is_left_out),
		cmocka_unit_test(the_stream_is_known_by_device_and_inode),
		cmocka_unit_test(what_is_no_stream_is_none),
		cmocka_unit_test(the_ids_are_different_and_well_formed),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
