/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYSTEM records: what the whole machine uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode_fixture.h"

static const __u64 values[TACHO_SYSTEM_VALUE_CNT] = {
	[TACHO_SYSTEM_MEMORY_TOTAL] = 25276502016,
	[TACHO_SYSTEM_LOAD_1MIN] = 75,
	[TACHO_SYSTEM_CPU_BUSY] = 542,
	[TACHO_SYSTEM_CPU_FULL_AVG10] = UINT64_MAX,
};

static const __u16 cpu_busy[] = { 0, 1000, TACHO_CPU_UNKNOWN };

static struct event_system machine(void)
{
	return (struct event_system) {
		.time_ns = 5000,
		.known = 1 | 1 << TACHO_SYSTEM_CPU_BUSY,
		.values = values,
		.cpu_cnt = 3,
		.cpu_busy = cpu_busy,
	};
}

static void set_cpu_cnt(struct kept *kept, __u32 cnt)
{
	memcpy(kept->data + offsetof(struct tacho_system, cpu_cnt), &cnt, sizeof(cnt));
}

static void the_machine_comes_back_as_it_was_put(void **state)
{
	const struct event_system in = machine();
	struct event event;
	struct kept kept;

	(void)state;
	assert_int_equal(encode_system(keep, &kept, &in), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.kind, TACHO_RECORD_SYSTEM);
	assert_int_equal(event.system.time_ns, 5000);
	assert_int_equal(event.system.known, in.known);
	assert_memory_equal(event.system.values, values, sizeof(values));
	assert_int_equal(event.system.cpu_cnt, 3);
	assert_memory_equal(event.system.cpu_busy, cpu_busy, sizeof(cpu_busy));
}

static void a_machine_without_cpus_comes_back(void **state)
{
	struct event_system in = machine();
	struct event event;
	struct kept kept;

	(void)state;
	in.cpu_cnt = 0;
	in.cpu_busy = NULL;
	assert_int_equal(encode_system(keep, &kept, &in), 0);
	assert_int_equal(kept.sz, sizeof(struct tacho_system));
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.system.cpu_cnt, 0);
}

static void every_truncation_is_refused(void **state)
{
	const struct event_system in = machine();
	const size_t whole = sizeof(struct tacho_system) + sizeof(cpu_busy);
	struct fault why = {};
	struct event event;
	struct kept kept;

	(void)state;
	encode_system(keep, &kept, &in);
	for (size_t sz = sizeof(struct tacho_record); sz < whole; sz++) {
		set_size(&kept, sz);
		assert_int_equal(decode_record(kept.data, kept.sz, &event, &why), -EBADMSG);
	}
	assert_non_null(strstr(why.text, "SYSTEM"));
	set_size(&kept, whole);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, &why), 0);
}

/* What a later version puts behind the CPUs is passed over. */
static void a_longer_record_is_read(void **state)
{
	const struct event_system in = machine();
	struct event event;
	struct kept kept = {};

	(void)state;
	encode_system(keep, &kept, &in);
	set_size(&kept, kept.sz + 40);
	assert_int_equal(decode_record(kept.data, kept.sz + 40, &event, NULL), 0);
	assert_int_equal(event.system.cpu_cnt, 3);
}

static void as_many_cpus_as_there_can_be_fit(void **state)
{
	static __u16 many[TACHO_CPUS_MAX];
	struct event_system in = machine();
	static struct kept kept;
	struct event event;

	(void)state;
	many[TACHO_CPUS_MAX - 1] = 7;
	in.cpu_cnt = TACHO_CPUS_MAX;
	in.cpu_busy = many;
	assert_int_equal(encode_system(keep, &kept, &in), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), 0);
	assert_int_equal(event.system.cpu_busy[TACHO_CPUS_MAX - 1], 7);
	in.cpu_cnt++;
	assert_int_equal(encode_system(keep, &kept, &in), -E2BIG);
	/* neither what is not there, nor what there cannot be */
	set_cpu_cnt(&kept, UINT32_MAX);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, NULL), -EBADMSG);
	set_cpu_cnt(&kept, TACHO_CPUS_MAX + 1);
	set_size(&kept, kept.sz + 8);
	assert_int_equal(decode_record(kept.data, kept.sz + 8, &event, NULL), -EBADMSG);
}

static void a_cpu_busier_than_can_be_is_refused(void **state)
{
	const __u16 busier[] = { 1000, 1001 };
	struct event_system in = machine();
	struct fault why = {};
	struct event event;
	struct kept kept;

	(void)state;
	in.cpu_busy = busier;
	in.cpu_cnt = 2;
	assert_int_equal(encode_system(keep, &kept, &in), 0);
	assert_int_equal(decode_record(kept.data, kept.sz, &event, &why), -EBADMSG);
	assert_non_null(strstr(why.text, "CPU 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_machine_comes_back_as_it_was_put),
		cmocka_unit_test(a_machine_without_cpus_comes_back),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_longer_record_is_read),
		cmocka_unit_test(as_many_cpus_as_there_can_be_fit),
		cmocka_unit_test(a_cpu_busier_than_can_be_is_refused),
	};

	return cmocka_run_group_tests_name("decode_system", tests, NULL, NULL);
}
