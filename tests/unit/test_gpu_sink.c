/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gpu_detail.csv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "sink_csv.h"
#include "sinks_fixture.h"

#define FILE_NAME "gpu_detail.csv"
#define HEADER                                                                                     \
	"time_ns,device,name,driver,pid,load_percent,memory_used_bytes,memory_total_bytes,"        \
	"temperature_celsius\r\n"

static struct gpu_row device_row(void)
{
	return (struct gpu_row) {
		.time_ns = 1718739269730290312,
		.device = "0000:01:00.0",
		.name = "NVIDIA RTX A2000",
		.driver = "nvidia",
		.known = GPU_KNOWS_LOAD | GPU_KNOWS_MEMORY_USED | GPU_KNOWS_MEMORY_TOTAL |
			 GPU_KNOWS_TEMPERATURE,
		.load_percent = 37,
		.memory_used_bytes = 838860800,
		.memory_total_bytes = UINT64_MAX,
		.temperature_celsius = 51.25,
	};
}

static void put(struct fixture *fixture, const struct gpu_row *row)
{
	assert_int_equal(fixture->ops->gpu(fixture->sink, row), 0);
}

static void rows_have_every_column_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct gpu_row row = device_row();

	open_sink(fixture, &gpu_sink_ops);
	flush(fixture);
	assert_false(scratch__has(&fixture->scratch, FILE_NAME));
	put(fixture, &row);
	row.pid = 812;
	row.known = GPU_KNOWS_MEMORY_USED;
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, FILE_NAME,
			HEADER "1718739269730290312,0000:01:00.0,NVIDIA RTX A2000,nvidia,,37.0,"
			       "838860800,18446744073709551615,51.3\r\n"
			       "1718739269730290312,0000:01:00.0,NVIDIA RTX A2000,nvidia,812,,"
			       "838860800,,\r\n");
}

static void what_is_not_known_is_empty_and_what_is_zero_is_not(void **state)
{
	struct fixture *fixture = *state;
	struct gpu_row row = device_row();

	open_sink(fixture, &gpu_sink_ops);
	row.known = 0;
	put(fixture, &row);
	row = (struct gpu_row) { .device = "d", .name = "", .driver = "", .known = row.known };
	row.known = device_row().known;
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, FILE_NAME,
			HEADER "1718739269730290312,0000:01:00.0,NVIDIA RTX A2000,nvidia,,,,,\r\n"
			       "0,d,,,,0.0,0,0,0.0\r\n");
}

static void names_are_as_hostile_as_any(void **state)
{
	struct fixture *fixture = *state;
	const struct gpu_row row = { .device = "\n", .name = "a,\"b\"", .driver = "\xff\\" };

	open_sink(fixture, &gpu_sink_ops);
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, FILE_NAME,
			HEADER "0,\\x0a,\"a,\"\"b\"\"\",\\xff\\\\,,,,,\r\n");
}

static void a_decimal_is_rounded_to_one_place(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0.0" },
		{ -0.0, "0.0" },
		{ 0.04, "0.0" },
		{ -0.04, "0.0" },
		{ 0.05, "0.1" },
		{ -0.06, "-0.1" },
		{ 0.96, "1.0" },
		{ 9.99, "10.0" },
		{ 100, "100.0" },
		{ -12.5, "-12.5" },
		{ -0.96, "-1.0" },
		{ 33.333, "33.3" },
		{ 1e13 + 0.5, "10000000000000.5" },
		{ 1e14, "" },
		{ -1e14, "" },
		{ 1e300, "" },
		{ INFINITY, "" },
		{ -INFINITY, "" },
		{ NAN, "" },
	};
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		csv_row__begin(&row);
		sink_csv__put_decimal(&row, cases[i].value);
		assert_int_equal(row.err, 0);
		assert_int_equal(row.sz, strlen(cases[i].text) + 1);
		assert_memory_equal(row.data, cases[i].text, row.sz - 1);
	}
	csv_row__free(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rows_have_every_column_in_order),
		CASE(what_is_not_known_is_empty_and_what_is_zero_is_not),
		CASE(names_are_as_hostile_as_any),
		cmocka_unit_test(a_decimal_is_rounded_to_one_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
