/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode_fixture.h"

static void activity_keeps_every_field(void **state)
{
	struct tacho_activity in = activity();
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_int_equal(event.kind, TACHO_RECORD_ACTIVITY);
	assert_memory_equal(&event.activity, &in, sizeof(in));
}

static void every_truncation_is_refused(void **state)
{
	struct tacho_activity in = activity();
	struct fault why = {};
	struct event event;

	(void)state;
	for (size_t sz = 0; sz < sizeof(in); sz++)
		assert_int_equal(decode_record(&in, sz, &event, &why), -EBADMSG);
	/* a record whose own size is too small for its kind */
	for (__u32 sz = 0; sz < sizeof(in); sz++) {
		in.head.size = sz;
		assert_int_equal(decode_record(&in, sizeof(in), &event, &why), -EBADMSG);
	}
	assert_string_not_equal(why.text, "");
}

static void activity_that_ends_before_it_begins_is_refused(void **state)
{
	struct tacho_activity in = activity();
	struct event event;

	(void)state;
	in.end_ns = in.start_ns - 1;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), -EBADMSG);
}

static void activity_with_an_unknown_ending_is_refused(void **state)
{
	struct tacho_activity in = activity();
	struct event event;

	(void)state;
	in.ended = TACHO_ENDED_CNT;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), -EBADMSG);
}

static void comm_without_an_end_is_cut(void **state)
{
	struct tacho_activity in = activity();
	struct event event;

	(void)state;
	memset(in.comm, 'x', sizeof(in.comm));
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_string_equal(event.activity.comm, "xxxxxxxxxxxxxxx");
}

static const struct event_probe probe = {
	.number = 9,
	.state = 7,
	.binary = "/usr/bin/motord",
	.function = "home",
	.build_id = "5f1c",
	.symbol = "home.isra.0",
	.exit_mode = "fast",
};

static void names_come_back_as_they_were_put(void **state)
{
	struct event event;
	struct kept kept;

	(void)state;
	assert_int_equal(encode_state(keep, &kept, 7, "HOMING"), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.state.number, 7);
	assert_string_equal(event.state.name, "HOMING");

	assert_int_equal(encode_probe(keep, &kept, &probe), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.probe.number, 9);
	assert_int_equal(event.probe.state, 7);
	assert_string_equal(event.probe.binary, "/usr/bin/motord");
	assert_string_equal(event.probe.function, "home");
	assert_string_equal(event.probe.build_id, "5f1c");
	assert_string_equal(event.probe.symbol, "home.isra.0");
	assert_string_equal(event.probe.exit_mode, "fast");
}

static void probes_of_before_lack_their_later_names(void **state)
{
	struct event event;
	struct kept kept;

	(void)state;
	assert_int_equal(encode_probe(keep, &kept, &probe), 0);
	set_size(&kept, sizeof(struct tacho_probe) + sizeof("/usr/bin/motord") + sizeof("home"));
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_string_equal(event.probe.function, "home");
	assert_string_equal(event.probe.build_id, "");
	assert_string_equal(event.probe.symbol, "");
	assert_string_equal(event.probe.exit_mode, "");
}

static void endless_names_are_cut_so_that_the_record_can_be_read(void **state)
{
	static char name[70000];
	struct event_probe endless = { .binary = name,
				       .function = name,
				       .build_id = name,
				       .symbol = name,
				       .exit_mode = name };
	struct event event;
	static struct kept kept;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	assert_int_equal(encode_probe(keep, &kept, &endless), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(strlen(event.probe.binary), ENCODE_NAME_SZ_MAX - 1);
	assert_int_equal(strlen(event.probe.exit_mode), ENCODE_NAME_SZ_MAX - 1);
}

/* Cut anywhere but behind a name that may be the last. */
static void names_without_an_end_are_refused(void **state)
{
	const size_t binary_sz = strlen(probe.binary) + 1, function_sz = strlen(probe.function) + 1;
	const size_t later_sz[] = { 0, strlen(probe.build_id) + 1, strlen(probe.symbol) + 1,
				    strlen(probe.exit_mode) + 1 };
	size_t end = sizeof(struct tacho_probe), whole = end + binary_sz + function_sz;
	struct event event;
	struct kept kept;

	(void)state;
	encode_probe(keep, &kept, &probe);
	for (size_t i = 0; i < sizeof(later_sz) / sizeof(later_sz[0]); i++) {
		whole += later_sz[i];
		for (; end < whole; end++) {
			set_size(&kept, end);
			assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
		}
		set_size(&kept, end++);
		assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	}
	encode_state(keep, &kept, 0, "HOMING");
	set_size(&kept, sizeof(struct tacho_state) + strlen("HOMING"));
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
}

static void counts_clock_and_flush_come_back(void **state)
{
	const struct tacho_state_counts counts = {
		.entries = 5,
		.lost_ring = 4,
		.lost_nesting = 3,
		.lost_other = 2,
		.unmatched_returns = 1,
	};
	struct event event;
	struct kept kept;

	(void)state;
	encode_counts(keep, &kept, 2, &counts);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.counts.state, 2);
	assert_int_equal(event.counts.entries, 5);
	assert_int_equal(event.counts.lost_ring, 4);
	assert_int_equal(event.counts.lost_nesting, 3);
	assert_int_equal(event.counts.lost_other, 2);
	assert_int_equal(event.counts.unmatched_returns, 1);

	encode_clock(keep, &kept, 77, -5);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.clock.since_ns, 77);
	assert_int_equal(event.clock.offset_ns, -5);

	encode_flush(keep, &kept, 88, 1);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.flush.time_ns, 88);
	assert_int_equal(event.flush.last, 1);
}

static void stream_of_the_other_byte_order_is_named(void **state)
{
	struct tacho_stream stream = { { TACHO_RECORD_STREAM, sizeof(stream) },
				       __builtin_bswap64(TACHO_STREAM_MAGIC),
				       TACHO_STREAM_VERSION,
				       0 };
	struct fault why = {};
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&stream, sizeof(stream), &event, &why), -EPROTO);
	assert_non_null(strstr(why.text, "byte order"));
}

static void stream_of_another_version_is_refused(void **state)
{
	struct tacho_stream stream = { { TACHO_RECORD_STREAM, sizeof(stream) },
				       TACHO_STREAM_MAGIC,
				       TACHO_STREAM_VERSION + 1,
				       0 };
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&stream, sizeof(stream), &event, NULL), -EPROTO);
}

static void unknown_kinds_are_refused(void **state)
{
	struct tacho_record head = { 99, sizeof(head) };
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&head, sizeof(head), &event, NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(activity_keeps_every_field),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(activity_that_ends_before_it_begins_is_refused),
		cmocka_unit_test(activity_with_an_unknown_ending_is_refused),
		cmocka_unit_test(comm_without_an_end_is_cut),
		cmocka_unit_test(names_come_back_as_they_were_put),
		cmocka_unit_test(probes_of_before_lack_their_later_names),
		cmocka_unit_test(endless_names_are_cut_so_that_the_record_can_be_read),
		cmocka_unit_test(names_without_an_end_are_refused),
		cmocka_unit_test(counts_clock_and_flush_come_back),
		cmocka_unit_test(stream_of_the_other_byte_order_is_named),
		cmocka_unit_test(stream_of_another_version_is_refused),
		cmocka_unit_test(unknown_kinds_are_refused),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
