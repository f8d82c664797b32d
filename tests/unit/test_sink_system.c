/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sinks_fixture.h"

#define HEADER                                                                                     \
	"time_ns,memory_total_bytes,memory_available_bytes,memory_used_bytes,memory_free_bytes,"   \
	"swap_total_bytes,swap_used_bytes,load_1min,load_5min,load_15min,cpu_busy_percent,"        \
	"memory_pressure_some_us,memory_pressure_full_us,io_pressure_some_us,"                     \
	"io_pressure_full_us,cpu_pressure_some_us,cpu_busy_percents\r\n"

static void put(struct fixture *fixture, const struct system_row *row)
{
	assert_int_equal(fixture->ops->system(fixture->sink, row), 0);
}

/* Each value is 100 and its number, so that no column can be taken for another. */
static void every_column_is_in_order(void **state)
{
	static const uint16_t busy[] = { 125, 999, TACHO_CPU_UNKNOWN, 30, 0, 1000, 5 };
	struct fixture *fixture = *state;
	struct system_row row = { .time_ns = 1718739269730290312, .cpus = { busy, 7 } };

	for (int i = 0; i < TACHO_SYSTEM_VALUE_CNT; i++)
		row.values[i] = (struct system_value) { true, 100 + (uint64_t)i };
	open_sink(fixture, &system_sink_ops);
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "system_detail.csv",
			HEADER "1718739269730290312,100,101,102,103,107,108,1.09,1.10,1.11,11.2,"
			       "113,114,115,116,117,12.5 99.9 - 3.0 0.0 100.0 0.5\r\n");
}

static void what_is_unknown_is_empty(void **state)
{
	static const uint16_t busy[] = { TACHO_CPU_UNKNOWN, TACHO_CPU_UNKNOWN };
	struct fixture *fixture = *state;
	struct system_row row = { .time_ns = 1 };

	open_sink(fixture, &system_sink_ops);
	put(fixture, &row);
	row.cpus = (struct system_cpus) { busy, 2 };
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "system_detail.csv",
			HEADER "1,,,,,,,,,,,,,,,,\r\n1,,,,,,,,,,,,,,,,\r\n");
}

static void nothing_is_not_unknown(void **state)
{
	static const uint16_t busy[] = { 0 };
	struct fixture *fixture = *state;
	struct system_row row = { .time_ns = 0, .cpus = { busy, 1 } };

	for (int i = 0; i < TACHO_SYSTEM_VALUE_CNT; i++)
		row.values[i].known = true;
	open_sink(fixture, &system_sink_ops);
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, "system_detail.csv",
			HEADER "0,0,0,0,0,0,0,0.00,0.00,0.00,0.0,0,0,0,0,0,0.0\r\n");
}

/* A raw stream may say anything. */
static void the_largest_values_fit(void **state)
{
	static uint16_t busy[TACHO_CPUS_MAX];
	struct fixture *fixture = *state;
	struct system_row row = { .time_ns = UINT64_MAX, .cpus = { busy, TACHO_CPUS_MAX } };
	char *data, *at;

	for (int i = 0; i < TACHO_CPUS_MAX; i++)
		busy[i] = TACHO_CPU_BUSY_MAX;
	for (int i = 0; i < TACHO_SYSTEM_VALUE_CNT; i++)
		row.values[i] = (struct system_value) { true, UINT64_MAX };
	open_sink(fixture, &system_sink_ops);
	put(fixture, &row);
	flush(fixture);
	data = read_whole(scratch__at(&fixture->scratch, "system_detail.csv"), NULL);
	assert_non_null(strstr(data, ",184467440737095516.15,1844674407370955161.5,"));
	at = strstr(data, "100.0 100.0");
	assert_non_null(at);
	assert_int_equal(strlen(at), TACHO_CPUS_MAX * strlen("100.0 ") - 1 + strlen("\r\n"));
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_column_is_in_order),
		CASE(what_is_unknown_is_empty),
		CASE(nothing_is_not_unknown),
		CASE(the_largest_values_fit),
	};

	return cmocka_run_group_tests_name("sink_system", tests, NULL, NULL);
}
