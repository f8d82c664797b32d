/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "encode.h"

/* What an encoder put, to be decoded. */
struct kept {
	char data[512];
	size_t sz;
};

static int keep(void *ctx, const void *data, size_t sz)
{
	struct kept *kept = ctx;

	assert_int_equal(sz % 8, 0);
	assert_true(sz <= sizeof(kept->data));
	memcpy(kept->data, data, sz);
	kept->sz = sz;
	return 0;
}

static struct tacho_activity activity(void)
{
	return (struct tacho_activity) {
		.head = { TACHO_RECORD_ACTIVITY, sizeof(struct tacho_activity) },
		.start_ns = 1000,
		.end_ns = 1500,
		.probe = 3,
		.pid = 10,
		.tid = 11,
		.depth = 2,
		.ended = TACHO_ENDED_KILLED,
		.comm = "planner",
	};
}

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

static void names_come_back_as_they_were_put(void **state)
{
	struct event event;
	struct kept kept;

	(void)state;
	assert_int_equal(encode_state(keep, &kept, 7, "HOMING"), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.state.number, 7);
	assert_string_equal(event.state.name, "HOMING");

	assert_int_equal(encode_probe(keep, &kept, 9, 7, "/usr/bin/motord", "home"), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.probe.number, 9);
	assert_int_equal(event.probe.state, 7);
	assert_string_equal(event.probe.binary, "/usr/bin/motord");
	assert_string_equal(event.probe.function, "home");
}

static void names_without_an_end_are_refused(void **state)
{
	struct tacho_record head;
	struct event event;
	struct kept kept;

	(void)state;
	assert_int_equal(encode_probe(keep, &kept, 0, 0, "bin", "f"), 0);
	memcpy(&head, kept.data, sizeof(head));
	head.size -= 1; /* the last NUL */
	memcpy(kept.data, &head, sizeof(head));
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
}

static void counts_clock_and_flush_come_back(void **state)
{
	const struct tacho_state_counts counts = { 5, 4, 3, 2, 1 };
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
		cmocka_unit_test(names_without_an_end_are_refused),
		cmocka_unit_test(counts_clock_and_flush_come_back),
		cmocka_unit_test(stream_of_the_other_byte_order_is_named),
		cmocka_unit_test(stream_of_another_version_is_refused),
		cmocka_unit_test(unknown_kinds_are_refused),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
