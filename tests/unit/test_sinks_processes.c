/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What processes have used: system_resource_data, byte for byte, and process_detail.csv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "csv.h"
#include "process_fixture.h"
#include "sinks_fixture.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden/opentrons" /* the tests run at the top of the tree */
#endif

#define RESOURCES "system_resource_data"
#define DETAIL "process_detail.csv"

static void put(struct fixture *fixture, const struct process_row *row)
{
	assert_int_equal(fixture->ops->process(fixture->sink, row), 0);
}

static struct process_row plain_row(void)
{
	return (struct process_row) { .comm = "c", .command = "x", .cgroup = "g" };
}

/* --- system_resource_data ------------------------------------------------------------------------
 */

/* The reference wrote these numbers without looking at a process; some cannot come of one. */
struct resources {
	uint64_t query_time;
	const char *command;
	double numbers[4];
};

static char *format_rows(const struct resources *rows, size_t cnt)
{
	struct csv_row row = { .quoting = CSV_QUOTE_ALL };
	char *text = calloc(1, 4096);

	assert_non_null(text);
	for (size_t i = 0; i < cnt; i++) {
		csv_row__begin(&row);
		csv_row__u64(&row, rows[i].query_time);
		csv_row__text(&row, rows[i].command);
		for (size_t n = 0; n < 4; n++)
			csv_row__double(&row, rows[i].numbers[n]);
		assert_int_equal(csv_row__end(&row), 0);
		strncat(text, row.data, row.sz);
	}
	csv_row__free(&row);
	return text;
}

static void resource_files_are_the_golden_bytes(void **state)
{
	static const struct process_row rows[] = {
		{ .time_ns = 1720546820296000001,
		  .command = "python3 -m uvicorn robot_server.app:app --uds /run/aiohttp.sock --ws "
			     "wsproto",
		  .boot_s = 1720546700,
		  .start_ticks = 12,
		  .user_ns = 35270000000,
		  .system_ns = 4810000000,
		  .memory_known = true,
		  /* what is divided to exactly this number */
		  .rss_bytes = 8274308783950478,
		  .memory_total_bytes = 1ULL << 56 },
		{ .time_ns = 1720546820296400002,
		  .command = "/opt/opentrons-app/opentrons --ozone-platform=wayland",
		  .boot_s = 1720546700,
		  .start_ticks = 100,
		  .user_ns = 100000000000,
		  .memory_known = true,
		  .rss_bytes = 95000000,
		  .memory_total_bytes = 1000000000 },
		{ .time_ns = 1720546820296800003,
		  .command = "python3 -c print(\"a,b\") x",
		  .boot_s = 1720546700,
		  .start_ticks = 250,
		  .user_ns = 10000000,
		  .memory_known = true,
		  .rss_bytes = 700000000,
		  .memory_total_bytes = 6999999999999999 },
	};
	static const struct resources others[] = {
		{ 1720546820297200004,
		  "python3 -c import time\ntime.sleep(1)",
		  { 1720546703.99, 1234567.89, 0.1, 0.0001 } },
		{ 1720546820297600005,
		  "python3  two-spaces caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac",
		  { 1e16, 1e15, 123456789012345.67, 0.1 + 0.2 } },
		{ 1720546820298000006, "", { 0.0, -0.0, 1e22, 1e-07 } },
	};
	struct fixture *fixture = *state;
	char *rest = format_rows(others, 3);
	char *golden, *written;
	size_t sz;

	open_sink(fixture, &opentrons_resources_sink_ops);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(fixture, &rows[i]);
		if (i % 2)
			flush(fixture);
	}
	flush(fixture);
	golden = read_whole(GOLDEN_DIR "/" RESOURCES, &sz);
	assert_int_equal(scratch__sz(&fixture->scratch, RESOURCES) + strlen(rest), sz);
	written = read_whole(scratch__at(&fixture->scratch, RESOURCES), &sz);
	assert_memory_equal(golden, written, sz);
	assert_string_equal(golden + sz, rest);
	free(written);
	free(golden);
	golden = read_whole(GOLDEN_DIR "/" RESOURCES "_headers", &sz);
	assert_int_equal(scratch__sz(&fixture->scratch, RESOURCES "_headers"), sz);
	scratch__expect(&fixture->scratch, RESOURCES "_headers", golden);
	free(golden);
	free(rest);
	assert_int_equal(fixture->notice_cnt, 0);
}

static void resources_come_of_samples_and_exits_and_not_of_execs(void **state)
{
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &opentrons_resources_sink_ops);
	row.moment = PROCESS_EXEC;
	assert_int_equal(fixture->ops->process(fixture->sink, &row), 1);
	flush(fixture);
	assert_false(scratch__has(&fixture->scratch, RESOURCES));
	assert_false(scratch__has(&fixture->scratch, RESOURCES "_headers"));
	row.moment = PROCESS_SAMPLE;
	put(fixture, &row);
	row.moment = PROCESS_EXIT;
	row.time_ns = 1;
	put(fixture, &row);
	assert_int_equal(fixture->ops->pending(fixture->sink), 2);
	flush(fixture);
	scratch__expect(&fixture->scratch, RESOURCES,
			"\"0\",\"x\",\"0.0\",\"0.0\",\"0.0\",\"0.0\"\r\n"
			"\"1\",\"x\",\"0.0\",\"0.0\",\"0.0\",\"0.0\"\r\n");
}

static void expect_command(struct fixture *fixture, const char *command, const char *expected)
{
	struct process_row row = plain_row();
	char text[1024];

	row.command = command;
	if (scratch__has(&fixture->scratch, RESOURCES))
		assert_int_equal(truncate(scratch__at(&fixture->scratch, RESOURCES), 0), 0);
	put(fixture, &row);
	flush(fixture);
	snprintf(text, sizeof(text), "\"0\",\"%s\",\"0.0\",\"0.0\",\"0.0\",\"0.0\"\r\n", expected);
	scratch__expect(&fixture->scratch, RESOURCES, text);
}

/* What the reference can write is written as it does; what it cannot is escaped. */
static void commands_of_resources_are_changed_only_where_they_are_no_utf8(void **state)
{
	static const char *const commands[][2] = {
		{ "a\nb\rc\td", "a\nb\rc\td" },
		{ "\x1b[31mred\x7f \x01", "\x1b[31mred\x7f \x01" },
		{ "back\\slash \\xff", "back\\slash \\xff" },
		{ "\"\"", "\"\"\"\"" },
		{ "twenty bytes of ASCII caf\xc3\xa9 and more of it \xf0\x9f\x92\xa9",
		  "twenty bytes of ASCII caf\xc3\xa9 and more of it \xf0\x9f\x92\xa9" },
		{ "\xc2\x9b", "\xc2\x9b" },
		{ "\xff,\xfe\"\n\\", "\\xff,\\xfe\"\"\n\\" },
		{ "twenty bytes of ASCII \xc3(", "twenty bytes of ASCII \\xc3(" },
		{ "cut \xe6\x97", "cut \\xe6\\x97" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "caf\xc3\xa9 \xa9", "caf\xc3\xa9 \\xa9" },
	};
	struct fixture *fixture = *state;

	open_sink(fixture, &opentrons_resources_sink_ops);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		expect_command(fixture, commands[i][0], commands[i][1]);
}

static void cpu_times_are_whole_ticks(void **state)
{
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &opentrons_resources_sink_ops);
	row.user_ns = 9999999;
	row.system_ns = 19999999;
	put(fixture, &row);
	row.user_ns = 3600009999999;
	row.system_ns = UINT64_MAX;
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, RESOURCES,
			"\"0\",\"x\",\"0.0\",\"0.0\",\"0.01\",\"0.0\"\r\n"
			"\"0\",\"x\",\"0.0\",\"3600.0\",\"18446744073.7\",\"0.0\"\r\n");
}

/* The numbers are what psutil's own arithmetic gives: dividing first, then times 100. */
static void memory_is_a_share_as_psutil_computes_it(void **state)
{
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &opentrons_resources_sink_ops);
	row.memory_known = true;
	row.rss_bytes = 9437184;
	row.memory_total_bytes = 8201326592;
	put(fixture, &row);
	row.rss_bytes = 4096;
	row.memory_total_bytes = 540000000000;
	put(fixture, &row);
	row.memory_total_bytes = 0;
	put(fixture, &row);
	row.memory_total_bytes = 8201326592;
	row.memory_known = false;
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, RESOURCES,
			"\"0\",\"x\",\"0.0\",\"0.0\",\"0.0\",\"0.11506899395038747\"\r\n"
			"\"0\",\"x\",\"0.0\",\"0.0\",\"0.0\",\"7.585185185185185e-07\"\r\n"
			"\"0\",\"x\",\"0.0\",\"0.0\",\"0.0\",\"0.0\"\r\n"
			"\"0\",\"x\",\"0.0\",\"0.0\",\"0.0\",\"0.0\"\r\n");
}

/* --- process_detail.csv --------------------------------------------------------------------------
 */

static void process_detail_has_every_column_in_order(void **state)
{
	static const struct process_row row = {
		.time_ns = 1,
		.moment = PROCESS_EXIT,
		.pid = 2,
		.ppid = 3,
		.start_ns = 4,
		.start_ticks = 1000,
		.boot_s = 1001,
		.comm = "c",
		.command = "a b",
		.user_ns = 5,
		.system_ns = 6,
		.cpu_ns = UINT64_MAX,
		.memory_known = true,
		.peak_known = true,
		.io_known = true,
		.exit_code_known = true,
		.rss_bytes = 8,
		.peak_rss_bytes = 9,
		.virtual_bytes = 10,
		.memory_total_bytes = 1002,
		.threads = UINT32_MAX,
		.minor_faults = 12,
		.major_faults = 13,
		.read_bytes = 14,
		.write_bytes = 15,
		.voluntary_switches = 16,
		.involuntary_switches = 17,
		.exit_code = 18 << 8,
		.cgroup = "/g",
	};
	struct fixture *fixture = *state;

	open_sink(fixture, &process_detail_sink_ops);
	assert_false(scratch__has(&fixture->scratch, DETAIL));
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, DETAIL,
			PROCESS_HEADER "1,exit,2,3,4,c,a b,5,6,18446744073709551615,8,9,10,"
				       "4294967295,12,13,14,15,16,17,18,/g\r\n");
}

static void what_is_not_known_of_a_process_is_empty(void **state)
{
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &process_detail_sink_ops);
	row.rss_bytes = row.peak_rss_bytes = row.virtual_bytes = row.read_bytes = row.write_bytes =
		77;
	row.exit_code = 77;
	put(fixture, &row);
	row.peak_known = true;
	put(fixture, &row);
	row.moment = PROCESS_EXEC;
	row.peak_known = false;
	row.memory_known = row.io_known = true;
	row.cgroup = row.command = row.comm = "";
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, DETAIL,
			PROCESS_HEADER "0,sample,0,0,0,c,x,0,0,0,,,,0,0,0,,,0,0,,g\r\n"
				       "0,sample,0,0,0,c,x,0,0,0,,77,,0,0,0,,,0,0,,g\r\n"
				       "0,exec,0,0,0,,,0,0,0,77,,77,0,0,0,77,77,0,0,,\r\n");
}

static void expect_detail(struct fixture *fixture, const struct process_row *row,
			  const char *command, const char *exit_code)
{
	char text[2048];

	if (scratch__has(&fixture->scratch, DETAIL))
		assert_int_equal(truncate(scratch__at(&fixture->scratch, DETAIL), 0), 0);
	put(fixture, row);
	flush(fixture);
	snprintf(text, sizeof(text), "%s0,sample,0,0,0,c,%s,0,0,0,,,,0,0,0,,,0,0,%s,g\r\n",
		 PROCESS_HEADER, command, exit_code);
	scratch__expect(&fixture->scratch, DETAIL, text);
}

static void exit_codes_are_as_pythons_subprocess_has_them(void **state)
{
	static const struct {
		int status;
		const char *expected;
	} codes[] = {
		{ 0, "0" },	{ 255 << 8, "255" },
		{ 9, "-9" },	{ 11 | 0x80, "-11" }, /* with a core dump */
		{ 64, "-64" },	{ 0x7f, "" },	      /* stopped: not an end */
		{ 0xffff, "" },
	};
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &process_detail_sink_ops);
	row.exit_code_known = true;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		row.exit_code = codes[i].status;
		expect_detail(fixture, &row, "x", codes[i].expected);
	}
}

static void names_of_processes_are_as_hostile_as_others(void **state)
{
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &process_detail_sink_ops);
	row.comm = "\n";
	row.command = "sh -c \"a,\xff\\\"\x1b";
	row.cgroup = "/\xc2\x9b,";
	put(fixture, &row);
	flush(fixture);
	scratch__expect(&fixture->scratch, DETAIL,
			PROCESS_HEADER
			"0,sample,0,0,0,\\x0a,\"sh -c \"\"a,\\xff\\\\\"\"\\x1b\",0,0,"
			"0,,,,0,0,0,,,0,0,,\"/\\xc2\\x9b,\"\r\n");
}

static void a_command_that_goes_on_has_a_mark_that_no_other_has(void **state)
{
	struct fixture *fixture = *state;
	struct process_row row = plain_row();

	open_sink(fixture, &process_detail_sink_ops);
	row.command = "x\n\xe6\x97";
	row.command_cut = true;
	expect_detail(fixture, &row, "x\\x0a\\xe6\\x97\xe2\x80\xa6", "");
	row.command = "";
	expect_detail(fixture, &row, "\xe2\x80\xa6", "");
	row.command_cut = false;
	row.command = "x\n\xe2\x80\xa6";
	expect_detail(fixture, &row, "x\\x0a\\xe2\\x80\\xa6", "");
	row.command = "\xe2\x80\xa6";
	expect_detail(fixture, &row, "\\xe2\\x80\\xa6", "");
	row.command = "\xe2\x80\xa6 x";
	expect_detail(fixture, &row, "\xe2\x80\xa6 x", "");
}

static void a_command_of_128_kib_is_whole_in_both(void **state)
{
	const size_t sz = 128 * 1024;
	struct fixture *fixture = *state;
	struct process_row row = plain_row();
	char *command = calloc(1, sz + 1);
	char *text;

	assert_non_null(command);
	memset(command, 'y', sz);
	row.command = command;
	open_sink(fixture, &process_detail_sink_ops);
	put(fixture, &row);
	flush(fixture);
	text = read_whole(scratch__at(&fixture->scratch, DETAIL), NULL);
	assert_non_null(strstr(text, command));
	free(text);
	open_sink(fixture, &opentrons_resources_sink_ops);
	put(fixture, &row);
	flush(fixture);
	text = read_whole(scratch__at(&fixture->scratch, RESOURCES), NULL);
	assert_non_null(strstr(text, command));
	free(text);
	free(command);
}

static void sinks_of_processes_take_nothing_else(void **state)
{
	static const struct sink_ops *const sinks[] = { &process_detail_sink_ops,
							&opentrons_resources_sink_ops };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_null(sinks[i]->activity);
		assert_null(sinks[i]->ledger);
		assert_null(sinks[i]->summary);
		assert_null(sinks[i]->probe);
	}
	assert_null(opentrons_sink_ops.process);
	assert_null(detail_sink_ops.process);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(resource_files_are_the_golden_bytes),
		CASE(resources_come_of_samples_and_exits_and_not_of_execs),
		CASE(commands_of_resources_are_changed_only_where_they_are_no_utf8),
		CASE(cpu_times_are_whole_ticks),
		CASE(memory_is_a_share_as_psutil_computes_it),
		CASE(process_detail_has_every_column_in_order),
		CASE(what_is_not_known_of_a_process_is_empty),
		CASE(exit_codes_are_as_pythons_subprocess_has_them),
		CASE(names_of_processes_are_as_hostile_as_others),
		CASE(a_command_that_goes_on_has_a_mark_that_no_other_has),
		CASE(a_command_of_128_kib_is_whole_in_both),
		CASE(sinks_of_processes_take_nothing_else),
	};

	return cmocka_run_group_tests_name("sinks_processes", tests, NULL, NULL);
}
