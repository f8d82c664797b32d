/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "decode_fixture.h"

static void captures_come_back_as_they_were_put(void **state)
{
	const struct event_capture capture = {
		.state = 3,
		.index = 7,
		.type = TACHO_VALUE_STRING,
		.text_offset = 500,
		.text_sz = 12,
		.name = "protocol",
	};
	struct event event;
	struct kept kept;

	(void)state;
	assert_int_equal(encode_capture(keep, &kept, &capture), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.kind, TACHO_RECORD_CAPTURE);
	assert_int_equal(event.capture.state, 3);
	assert_int_equal(event.capture.index, 7);
	assert_int_equal(event.capture.type, TACHO_VALUE_STRING);
	assert_int_equal(event.capture.text_offset, 500);
	assert_int_equal(event.capture.text_sz, 12);
	assert_string_equal(event.capture.name, "protocol");
}

static void captures_that_make_no_sense_are_refused(void **state)
{
	static const struct event_capture captures[] = {
		{ .type = TACHO_VALUE_NONE, .name = "n" },
		{ .type = TACHO_VALUE_CNT, .name = "n" },
		{ .type = 0xffffffff, .name = "n" },
		{ .type = TACHO_VALUE_U8, .name = "" },
		{ .type = TACHO_VALUE_U8, .name = "n", .index = TACHO_CAPTURES_MAX },
		{ .type = TACHO_VALUE_STRING, .name = "n", .text_sz = TACHO_TEXT_SZ + 1 },
		{ .type = TACHO_VALUE_STRING,
		  .name = "n",
		  .text_offset = 1,
		  .text_sz = TACHO_TEXT_SZ },
		{ .type = TACHO_VALUE_STRING, .name = "n", .text_offset = TACHO_TEXT_SZ + 1 },
		{ .type = TACHO_VALUE_STRING,
		  .name = "n",
		  .text_offset = 0xffffffff,
		  .text_sz = 2 },
	};
	struct event event;
	struct kept kept;

	(void)state;
	for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++) {
		struct fault why = {};

		encode_capture(keep, &kept, &captures[i]);
		assert_int_equal(decode_record(kept.data, kept.sz, &event, &why), -EBADMSG);
		assert_non_null(strstr(why.text, "CAPTURE"));
	}
}

static void captures_without_an_end_are_refused(void **state)
{
	const struct event_capture capture = { .type = TACHO_VALUE_U8, .name = "steps" };
	struct event event;
	struct kept kept;

	(void)state;
	encode_capture(keep, &kept, &capture);
	for (size_t sz = 0; sz < sizeof(struct tacho_capture) + sizeof("steps"); sz++) {
		set_size(&kept, sz);
		assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	}
}

static void returns_and_placings_come_back(void **state)
{
	const struct tacho_return returns = {
		.probe = 4, .type = TACHO_VALUE_S32, .compare = TACHO_COMPARE_LESS, .operand = -7
	};
	const struct tacho_placed placed = {
		.probe = 5, .placing = TACHO_PLACED_DETACHED, .time_ns = 88, .offset = 0x11c9
	};
	struct event event;
	struct kept kept;

	(void)state;
	encode_return(keep, &kept, &returns);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.kind, TACHO_RECORD_RETURN);
	assert_int_equal(event.returns.probe, 4);
	assert_int_equal(event.returns.type, TACHO_VALUE_S32);
	assert_int_equal(event.returns.compare, TACHO_COMPARE_LESS);
	assert_int_equal(event.returns.operand, -7);

	encode_placed(keep, &kept, &placed);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.kind, TACHO_RECORD_PLACED);
	assert_int_equal(event.placed.probe, 5);
	assert_int_equal(event.placed.placing, TACHO_PLACED_DETACHED);
	assert_int_equal(event.placed.time_ns, 88);
	assert_int_equal(event.placed.offset, 0x11c9);
}

static void returns_and_placings_of_unknown_numbers_are_refused(void **state)
{
	const struct tacho_return of_no_type = { .type = TACHO_VALUE_CNT };
	const struct tacho_return compared_oddly = { .compare = TACHO_COMPARE_CNT };
	const struct tacho_placed placed_oddly = { .placing = TACHO_PLACING_CNT };
	struct event event;
	struct kept kept;

	(void)state;
	encode_return(keep, &kept, &of_no_type);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	encode_return(keep, &kept, &compared_oddly);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	encode_placed(keep, &kept, &placed_oddly);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
}

static struct tacho_summary summary(void)
{
	return (struct tacho_summary) {
		.state = 2,
		.from_ns = 100,
		.to_ns = 200,
		.ended = { 1, 2, 3, 4, 5, 6, 7 },
		.sum_ns = 900,
		.min_ns = 8,
		.max_ns = 80,
		.buckets = { [3] = 27, [47] = 1 },
	};
}

static void summaries_come_back(void **state)
{
	struct tacho_summary in = summary();
	struct event event;
	struct kept kept;

	(void)state;
	encode_summary(keep, &kept, &in);
	in.head = (struct tacho_record) { TACHO_RECORD_SUMMARY, sizeof(in) };
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.kind, TACHO_RECORD_SUMMARY);
	assert_memory_equal(event.summary, &in, sizeof(in));
}

static void summary_that_ends_before_it_begins_is_refused(void **state)
{
	struct tacho_summary in = summary();
	struct event event;
	struct kept kept;

	(void)state;
	in.to_ns = in.from_ns - 1;
	encode_summary(keep, &kept, &in);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
}

static void execs_are_known(void **state)
{
	struct tacho_exec in = { { TACHO_RECORD_EXEC, sizeof(in) }, 4711, 4026531840 };
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_int_equal(event.exec.pid, 4711);
	assert_int_equal(event.exec.mount_namespace, 4026531840);
}

/* Each kind of fixed size, cut short at every length. */
static void every_truncation_of_the_fixed_kinds_is_refused(void **state)
{
	static const struct {
		enum tacho_record_kind kind;
		size_t sz;
	} kinds[] = {
		{ TACHO_RECORD_STREAM, sizeof(struct tacho_stream) },
		{ TACHO_RECORD_CLOCK, sizeof(struct tacho_clock) },
		{ TACHO_RECORD_COUNTS, sizeof(struct tacho_counts) },
		{ TACHO_RECORD_FLUSH, sizeof(struct tacho_flush) },
		{ TACHO_RECORD_RETURN, sizeof(struct tacho_return) },
		{ TACHO_RECORD_SUMMARY, sizeof(struct tacho_summary) },
		{ TACHO_RECORD_PLACED, sizeof(struct tacho_placed) },
		{ TACHO_RECORD_EXEC, sizeof(struct tacho_exec) },
	};
	struct event event;
	struct kept kept = {};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (size_t sz = sizeof(struct tacho_record); sz < kinds[i].sz; sz++) {
			struct tacho_record head = { kinds[i].kind, sz };

			memcpy(kept.data, &head, sizeof(head));
			assert_int_equal(decode_record(kept.data, sz, &event, NULL), -EBADMSG);
		}
	}
}

/* --- values of a call ----------------------------------------------------------------------------
 */

struct call {
	struct tacho_activity activity;
	struct tacho_values values;
};

static struct call call(size_t text_sz)
{
	struct call call = {
		.activity = activity(),
		.values = { .return_value = 0xffffffff,
			    .valid = TACHO_VALUE_RETURNED | 3,
			    .truncated = 2,
			    .integers = { 11, 5, 0, 0, 0, 0, 0, 77 },
			    .text = "proto" },
	};

	call.activity.flags = TACHO_ACTIVITY_VALUES;
	call.activity.head.size = sizeof(call.activity) + TACHO_VALUES_SZ + text_sz;
	return call;
}

static void values_of_a_call_come_back(void **state)
{
	struct call in = call(5);
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_memory_equal(&event.activity, &in.activity, sizeof(in.activity));
	assert_true(event.values.return_value == 0xffffffff);
	assert_true(event.values.valid == (TACHO_VALUE_RETURNED | 3));
	assert_int_equal(event.values.truncated, 2);
	assert_memory_equal(event.values.integers, in.values.integers, sizeof(in.values.integers));
	assert_int_equal(event.values.text_sz, 5);
	assert_ptr_equal(event.values.text, in.values.text);
}

static void values_may_have_no_text_and_all_of_it(void **state)
{
	struct call in = call(0);
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, in.activity.head.size, &event, NULL), 0);
	assert_int_equal(event.values.text_sz, 0);
	assert_int_equal(event.values.integers[7], 77);
	in = call(TACHO_TEXT_SZ);
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_int_equal(event.values.text_sz, TACHO_TEXT_SZ);
}

static void what_is_behind_the_text_is_no_text(void **state)
{
	struct {
		struct call call;
		char later[64];
	} in = { .call = call(TACHO_TEXT_SZ + 64) };
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_int_equal(event.values.text_sz, TACHO_TEXT_SZ);
}

static void values_that_are_cut_short_are_refused(void **state)
{
	struct call in = call(0);
	struct event event;

	(void)state;
	for (size_t sz = 0; sz < TACHO_VALUES_SZ; sz++) {
		in.activity.head.size = sizeof(in.activity) + sz;
		assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), -EBADMSG);
	}
}

static void without_the_flag_there_are_no_values(void **state)
{
	struct call in = call(TACHO_TEXT_SZ);
	struct event event;

	(void)state;
	in.activity.flags = 0;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_true(event.values.valid == 0);
	assert_int_equal(event.values.text_sz, 0);
	in.activity.head.size = sizeof(in.activity);
	assert_int_equal(decode_record(&in, sizeof(in.activity), &event, NULL), 0);
	assert_true(event.values.valid == 0);
}

/* --- what a call used ----------------------------------------------------------------------------
 */

struct measured_call {
	struct tacho_activity activity;
	struct tacho_usage usage;
	struct tacho_values values;
};

/* Of 500 ns. */
static struct measured_call measured_call(__u64 cpu_ns, __u64 runqueue_ns)
{
	struct measured_call call = {
		.activity = activity(),
		.usage = { .cpu_ns = cpu_ns,
			   .runqueue_ns = runqueue_ns,
			   .minor_faults = 1,
			   .major_faults = 2,
			   .voluntary_switches = 3,
			   .involuntary_switches = 0xffffffff },
		.values = { .valid = 1, .integers = { 77 }, .text = "proto" },
	};

	call.activity.flags = TACHO_ACTIVITY_USAGE;
	call.activity.head.size = offsetof(struct measured_call, values);
	return call;
}

static void usage_of_a_call_comes_back(void **state)
{
	struct measured_call in = measured_call(100, 250);
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, in.activity.head.size, &event, NULL), 0);
	assert_true(event.usage.known);
	assert_true(event.usage.runqueue_known);
	assert_int_equal(event.usage.cpu_ns, 100);
	assert_int_equal(event.usage.runqueue_ns, 250);
	assert_int_equal(event.usage.minor_faults, 1);
	assert_int_equal(event.usage.major_faults, 2);
	assert_int_equal(event.usage.voluntary_switches, 3);
	assert_int_equal(event.usage.involuntary_switches, 0xffffffff);
	assert_int_equal(event.values.valid, 0);
}

static void usage_stands_before_the_values(void **state)
{
	struct measured_call in = measured_call(500, 0);
	struct event event;

	(void)state;
	in.activity.flags |= TACHO_ACTIVITY_VALUES;
	in.activity.head.size = offsetof(struct measured_call, values.text) + 5;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), 0);
	assert_int_equal(event.usage.cpu_ns, 500);
	assert_int_equal(event.values.integers[0], 77);
	assert_int_equal(event.values.text_sz, 5);
	assert_ptr_equal(event.values.text, in.values.text);
}

static void usage_may_be_unknown_in_part_and_as_a_whole(void **state)
{
	struct measured_call in = measured_call(500, TACHO_USAGE_UNKNOWN);
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&in, in.activity.head.size, &event, NULL), 0);
	assert_true(event.usage.known);
	assert_false(event.usage.runqueue_known);
	assert_int_equal(event.usage.cpu_ns, 500);
	in = measured_call(TACHO_USAGE_UNKNOWN, 7);
	assert_int_equal(decode_record(&in, in.activity.head.size, &event, NULL), 0);
	assert_false(event.usage.known);
	assert_false(event.usage.runqueue_known);
	in = measured_call(100, 250);
	in.activity.flags = 0;
	assert_int_equal(decode_record(&in, in.activity.head.size, &event, NULL), 0);
	assert_false(event.usage.known);
}

static void usage_of_more_time_than_there_was_is_refused(void **state)
{
	static const struct {
		__u64 cpu_ns;
		__u64 runqueue_ns;
	} cases[] = {
		{ 501, 0 },
		{ 0, 501 },
		{ 251, 250 },
		{ 501, TACHO_USAGE_UNKNOWN },
		{ 2, TACHO_USAGE_UNKNOWN - 1 }, /* together 0 */
		{ TACHO_USAGE_UNKNOWN - 1, 2 },
	};
	struct measured_call in;
	struct event event;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fault why = {};

		in = measured_call(cases[i].cpu_ns, cases[i].runqueue_ns);
		assert_int_equal(decode_record(&in, in.activity.head.size, &event, &why), -EBADMSG);
		assert_non_null(strstr(why.text, "ACTIVITY"));
	}
}

static void usage_that_is_cut_short_is_refused(void **state)
{
	struct measured_call in = measured_call(100, 250);
	struct event event;

	(void)state;
	for (size_t sz = 0; sz < sizeof(in.usage); sz++) {
		in.activity.head.size = sizeof(in.activity) + sz;
		assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), -EBADMSG);
	}
	in.activity.flags |= TACHO_ACTIVITY_VALUES;
	in.activity.head.size = sizeof(in.activity) + TACHO_VALUES_SZ;
	assert_int_equal(decode_record(&in, sizeof(in), &event, NULL), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_come_back_as_they_were_put),
		cmocka_unit_test(captures_that_make_no_sense_are_refused),
		cmocka_unit_test(captures_without_an_end_are_refused),
		cmocka_unit_test(returns_and_placings_come_back),
		cmocka_unit_test(returns_and_placings_of_unknown_numbers_are_refused),
		cmocka_unit_test(summaries_come_back),
		cmocka_unit_test(summary_that_ends_before_it_begins_is_refused),
		cmocka_unit_test(execs_are_known),
		cmocka_unit_test(every_truncation_of_the_fixed_kinds_is_refused),
		cmocka_unit_test(values_of_a_call_come_back),
		cmocka_unit_test(values_may_have_no_text_and_all_of_it),
		cmocka_unit_test(what_is_behind_the_text_is_no_text),
		cmocka_unit_test(values_that_are_cut_short_are_refused),
		cmocka_unit_test(without_the_flag_there_are_no_values),
		cmocka_unit_test(usage_of_a_call_comes_back),
		cmocka_unit_test(usage_stands_before_the_values),
		cmocka_unit_test(usage_may_be_unknown_in_part_and_as_a_whole),
		cmocka_unit_test(usage_of_more_time_than_there_was_is_refused),
		cmocka_unit_test(usage_that_is_cut_short_is_refused),
	};

	return cmocka_run_group_tests_name("decode_values", tests, NULL, NULL);
}
