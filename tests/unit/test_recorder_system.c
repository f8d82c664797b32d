/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the whole machine uses, from records to system_detail.csv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "recorder_fixture.h"

#define HEADER                                                                                     \
	"time_ns,memory_total_bytes,memory_available_bytes,memory_used_bytes,memory_free_bytes,"   \
	"swap_total_bytes,swap_used_bytes,load_1min,load_5min,load_15min,cpu_busy_percent,"        \
	"memory_pressure_some_us,memory_pressure_full_us,io_pressure_some_us,"                     \
	"io_pressure_full_us,cpu_pressure_some_us,cpu_busy_percents\r\n"

static void feed_machine(struct fixture *f, uint64_t time_ns)
{
	static const __u64 values[TACHO_SYSTEM_VALUE_CNT] = {
		[TACHO_SYSTEM_MEMORY_TOTAL] = 8000,
		[TACHO_SYSTEM_LOAD_5MIN] = 205,
		[TACHO_SYSTEM_CPU_BUSY] = 542,
	};
	static const __u16 cpu_busy[] = { 125, TACHO_CPU_UNKNOWN, 1000 };
	const struct event_system machine = {
		.time_ns = time_ns,
		.known = 1 << TACHO_SYSTEM_MEMORY_TOTAL | 1 << TACHO_SYSTEM_LOAD_5MIN |
			 1 << TACHO_SYSTEM_CPU_BUSY | 1ULL << 63,
		.values = values,
		.cpu_cnt = 3,
		.cpu_busy = cpu_busy,
	};

	assert_int_equal(encode_system(feed, f, &machine), 0);
}

static void the_machine_has_a_row_at_each_moment(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	feed_machine(&f, 500);
	/* the clock was set */
	assert_int_equal(encode_clock(feed, &f, 600, 2000), 0);
	feed_machine(&f, 700);
	assert_int_equal(summarize(&f).last_ns, 700);
	assert_int_equal(encode_flush(feed, &f, 800, 1), 0);
	scratch__expect(&f.scratch, "system_detail.csv",
			HEADER "1500,8000,,,,,,,2.05,,54.2,,,,,,12.5 - 100.0\r\n"
			       "2700,8000,,,,,,,2.05,,54.2,,,,,,12.5 - 100.0\r\n");
	assert_int_equal(summarize(&f).unusable, 0);
	fixture__remove(&f);
}

static void without_the_machine_there_is_no_file(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(encode_flush(feed, &f, 800, 1), 0);
	assert_false(scratch__has(&f.scratch, "system_detail.csv"));
	fixture__remove(&f);
}

static void a_damaged_machine_is_counted(void **state)
{
	struct tacho_system damaged = { .head = { TACHO_RECORD_SYSTEM, sizeof(damaged) },
					.cpu_cnt = 1 };
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 1 << 20);
	assert_int_equal(feed(&f, &damaged, sizeof(damaged)), -EBADMSG);
	assert_int_equal(summarize(&f).unusable, 1);
	fixture__remove(&f);
}

/* Calls are told as they are, whatever becomes of the machine's rows. */
static void rows_without_room_do_no_harm(void **state)
{
	struct fixture f = {};

	(void)state;
	fixture__make(&f, 8192);
	for (int i = 0; i < 1000; i++)
		feed_machine(&f, 500);
	assert_int_equal(feed_activity(&f, 0, 100, 200, TACHO_ENDED_RETURN), 0);
	feed_entries(&f, 0, 1);
	assert_int_equal(encode_flush(feed, &f, 800, 1), 0);
	assert_int_equal(summarize(&f).activities, 1);
	assert_int_equal(summarize(&f).lost, 0);
	assert_int_equal(summarize(&f).unaccounted, 0);
	assert_in_range(scratch__sz(&f.scratch, "system_detail.csv"), strlen(HEADER) + 1, 10000);
	fixture__remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_machine_has_a_row_at_each_moment),
		cmocka_unit_test(without_the_machine_there_is_no_file),
		cmocka_unit_test(a_damaged_machine_is_counted),
		cmocka_unit_test(rows_without_room_do_no_harm),
	};

	return cmocka_run_group_tests_name("recorder_system", tests, NULL, NULL);
}
