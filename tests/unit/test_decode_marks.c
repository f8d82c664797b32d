/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records about marks, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "decode_fixture.h"

static void an_attribute_survives_the_way(void **state)
{
	struct kept kept;
	struct event event;

	(void)state;
	assert_int_equal(encode_attribute(keep, &kept, 15, "lines"), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.attribute.number, 15);
	assert_string_equal(event.attribute.name, "lines");
}

static void an_attribute_without_number_or_name_is_refused(void **state)
{
	struct kept kept;
	struct event event;

	(void)state;
	assert_int_equal(encode_attribute(keep, &kept, 16, "lines"), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	assert_int_equal(encode_attribute(keep, &kept, 0, ""), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	assert_int_equal(encode_attribute(keep, &kept, 0, "name"), 0);
	for (size_t sz = 8; sz < sizeof(struct tacho_attribute) + 5; sz++) {
		set_size(&kept, sz);
		assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	}
}

static void attributes_are_as_many_as_the_size_says(void **state)
{
	struct {
		struct tacho_activity activity;
		struct tacho_attributes attributes;
	} block = { .activity = activity(),
		    .attributes = {
			    .set = UINT32_MAX, .texts = 2, .values = { 7 }, .text = "abc" } };
	struct event event;

	(void)state;
	block.activity.flags = TACHO_ACTIVITY_ATTRIBUTES;
	block.activity.head.size = sizeof(block.activity) + TACHO_ATTRIBUTES_SZ + 3;
	assert_int_equal(decode_record(&block, sizeof(block), &event, NULL), 0);
	assert_int_equal(event.attributes.set, 0x1ffff);
	assert_int_equal(event.attributes.values[0], 7);
	assert_int_equal(event.attributes.text_sz, 3);
	assert_int_equal(event.values.valid, 0);
	for (size_t cut = 1; cut <= TACHO_ATTRIBUTES_SZ; cut++) {
		block.activity.head.size = sizeof(block.activity) + TACHO_ATTRIBUTES_SZ - cut;
		assert_int_equal(decode_record(&block, sizeof(block), &event, NULL), -EBADMSG);
	}
}

static void a_block_without_attributes_has_none(void **state)
{
	const struct tacho_activity plain = activity();
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&plain, sizeof(plain), &event, NULL), 0);
	assert_int_equal(event.attributes.set, 0);
}

static void a_counter_that_is_cut_short_is_refused(void **state)
{
	struct tacho_counter counter = {
		.head = { TACHO_RECORD_COUNTER, sizeof(counter) },
		.delta = -1,
		.name = "hits",
	};
	struct event event;

	(void)state;
	assert_int_equal(decode_record(&counter, sizeof(counter), &event, NULL), 0);
	assert_int_equal(event.counter.delta, -1);
	assert_string_equal(event.counter.name, "hits");
	for (size_t sz = 8; sz < sizeof(counter); sz++) {
		counter.head.size = sz;
		assert_int_equal(decode_record(&counter, sizeof(counter), &event, NULL), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attribute_survives_the_way),
		cmocka_unit_test(an_attribute_without_number_or_name_is_refused),
		cmocka_unit_test(attributes_are_as_many_as_the_size_says),
		cmocka_unit_test(a_block_without_attributes_has_none),
		cmocka_unit_test(a_counter_that_is_cut_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
