/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "decode_fixture.h"
#include "process_fixture.h"

static int decode(const struct kept *kept, struct event *ret_event)
{
	return decode_record(kept->data, kept->sz, ret_event, NULL);
}

/* Of any length, malloced. */
static char *long_text(size_t length)
{
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, 'x', length);
	text[length] = '\0';
	return text;
}

static void a_process_keeps_every_field(void **state)
{
	struct event_process in = ordinary_process();
	struct event event;
	struct kept kept;
	size_t head_sz = sizeof(in.usage.head);

	(void)state;
	in.usage.exit_code = -1;
	assert_int_equal(encode_process(keep, &kept, &in), 0);
	assert_int_equal(decode(&kept, &event), 0);
	assert_int_equal(event.kind, TACHO_RECORD_PROCESS);
	assert_memory_equal((char *)&event.process.usage + head_sz, (char *)&in.usage + head_sz,
			    sizeof(in.usage) - head_sz);
	assert_string_equal(event.process.command, in.command);
	assert_string_equal(event.process.cgroup, in.cgroup);
}

static void empty_strings_are_strings(void **state)
{
	struct event_process in = ordinary_process();
	struct event event;
	struct kept kept;

	(void)state;
	in.command = in.cgroup = "";
	assert_int_equal(encode_process(keep, &kept, &in), 0);
	assert_int_equal(decode(&kept, &event), 0);
	assert_string_equal(event.process.command, "");
	assert_string_equal(event.process.cgroup, "");
}

static void every_cut_of_a_process_is_refused(void **state)
{
	struct event_process in = ordinary_process();
	struct tacho_record head;
	struct fault why = {};
	struct event event;
	struct kept kept;

	(void)state;
	encode_process(keep, &kept, &in);
	memcpy(&head, kept.data, sizeof(head));
	assert_int_equal(head.size,
			 sizeof(in.usage) + strlen(in.command) + 1 + strlen(in.cgroup) + 1);
	for (size_t sz = 0; sz < head.size; sz++) {
		set_size(&kept, sz);
		assert_int_equal(decode_record(kept.data, kept.sz, &event, &why), -EBADMSG);
	}
	assert_non_null(strstr(why.text, "PROCESS"));
}

static void strings_of_a_process_without_an_end_are_refused(void **state)
{
	struct event_process in = ordinary_process();
	struct event event;
	struct kept kept;

	(void)state;
	encode_process(keep, &kept, &in);
	memset(kept.data + sizeof(in.usage), 'x', kept.sz - sizeof(in.usage));
	assert_int_equal(decode(&kept, &event), -EBADMSG);
	kept.data[sizeof(in.usage) + 1] = '\0'; /* a command, and no cgroup */
	assert_int_equal(decode(&kept, &event), -EBADMSG);
}

static void an_unknown_moment_of_a_process_is_refused(void **state)
{
	struct event_process in = ordinary_process();
	struct fault why = {};
	struct event event;
	struct kept kept;

	(void)state;
	in.usage.moment = TACHO_PROCESS_MOMENT_CNT - 1;
	encode_process(keep, &kept, &in);
	assert_int_equal(decode(&kept, &event), 0);
	in.usage.moment = TACHO_PROCESS_MOMENT_CNT;
	encode_process(keep, &kept, &in);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, &why), -EBADMSG);
	assert_non_null(strstr(why.text, "(3)"));
}

static void the_name_of_a_process_without_an_end_is_cut(void **state)
{
	struct event_process in = ordinary_process();
	struct event event;
	struct kept kept;

	(void)state;
	memset(in.usage.comm, 'x', sizeof(in.usage.comm));
	encode_process(keep, &kept, &in);
	assert_int_equal(decode(&kept, &event), 0);
	assert_string_equal(event.process.usage.comm, "xxxxxxxxxxxxxxx");
}

static void a_command_of_128_kib_passes_whole_and_one_byte_more_is_cut(void **state)
{
	const size_t most = 128 * 1024;
	struct event_process in = ordinary_process();
	char *command = long_text(most + 1);
	static struct kept kept;
	struct event event;

	(void)state;
	in.command = command + 1;
	assert_int_equal(encode_process(keep, &kept, &in), 0);
	assert_int_equal(decode(&kept, &event), 0);
	assert_string_equal(event.process.command, command + 1);
	assert_string_equal(event.process.cgroup, in.cgroup);
	assert_int_equal(event.process.usage.flags, in.usage.flags);

	in.command = command;
	assert_int_equal(encode_process(keep, &kept, &in), 0);
	assert_int_equal(decode(&kept, &event), 0);
	assert_int_equal(strlen(event.process.command), most);
	assert_string_equal(event.process.cgroup, in.cgroup);
	assert_int_equal(event.process.usage.flags, in.usage.flags | TACHO_PROCESS_CUT);
	free(command);
}

static void endless_strings_of_a_process_are_cut_so_that_it_can_be_read(void **state)
{
	struct event_process in = ordinary_process();
	char *endless = long_text(2 << 20);
	static struct kept kept;
	struct event event;

	(void)state;
	in.command = in.cgroup = endless;
	assert_int_equal(encode_process(keep, &kept, &in), 0);
	assert_int_equal(decode(&kept, &event), 0);
	assert_int_equal(strlen(event.process.command), ENCODE_COMMAND_SZ_MAX - 1);
	assert_int_equal(strlen(event.process.cgroup), ENCODE_NAME_SZ_MAX - 1);
	free(endless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_keeps_every_field),
		cmocka_unit_test(empty_strings_are_strings),
		cmocka_unit_test(every_cut_of_a_process_is_refused),
		cmocka_unit_test(strings_of_a_process_without_an_end_are_refused),
		cmocka_unit_test(an_unknown_moment_of_a_process_is_refused),
		cmocka_unit_test(the_name_of_a_process_without_an_end_is_cut),
		cmocka_unit_test(a_command_of_128_kib_passes_whole_and_one_byte_more_is_cut),
		cmocka_unit_test(endless_strings_of_a_process_are_cut_so_that_it_can_be_read),
	};

	return cmocka_run_group_tests_name("decode_process", tests, NULL, NULL);
}
