/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "processes/system_text.h"
#include "tacho/event.h"

/* --- /proc/meminfo -----------------------------------------------------------------------------
 */

static struct meminfo meminfo_of(const char *text)
{
	struct meminfo meminfo;

	meminfo__parse(text, &meminfo);
	return meminfo;
}

static void memory_is_read_field_by_field(void **state)
{
	const struct meminfo meminfo = meminfo_of("MemTotal:        8000 kB\n"
						  "MemFree:          100 kB\n"
						  "MemAvailable:    7000 kB\n"
						  "Buffers:           50 kB\n"
						  "Cached:          3000 kB\n"
						  "SwapCached:       999 kB\n"
						  "Active(file):     400 kB\n"
						  "Inactive(file):   600 kB\n"
						  "SwapTotal:        200 kB\n"
						  "SwapFree:         150 kB\n"
						  "Shmem:             77 kB\n"
						  "SReclaimable:     500 kB\n"
						  "HugePages_Total:    0\n");
	static const int64_t kib[] = { 8000, 100, 7000, 50, 3000, 500, 77, 200, 150, 400, 600 };

	(void)state;
	assert_int_equal(sizeof(kib) / sizeof(kib[0]), MEMINFO_FIELD_CNT);
	for (int i = 0; i < MEMINFO_FIELD_CNT; i++) {
		assert_true(meminfo__knows(&meminfo, i));
		assert_int_equal(meminfo.bytes[i], kib[i] * 1024);
	}
}

static void memory_that_is_no_number_is_unknown(void **state)
{
	static const char *const texts[] = {
		"",
		"MemTotal",
		"MemTotal:",
		"MemTotal: kB\n",
		"MemTotal: -1 kB\n",
		"MemTotal: +1 kB\n",
		"MemTotal:\n5 kB\n",
		" MemTotal: 5 kB\n",
		"XMemTotal: 5 kB\n",
		"MemTotal: 1125899906842624 kB\n", /* 2^60 bytes */
		"MemTotal: 18446744073709551617 kB\n",
		"MemTotal: 99999999999999999999999999999999 kB\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct meminfo meminfo = meminfo_of(texts[i]);

		assert_int_equal(meminfo.known, 0);
		assert_int_equal(meminfo.bytes[MEMINFO_TOTAL], 0);
	}
	assert_int_equal(meminfo_of("MemTotal: 1125899906842623 kB").bytes[MEMINFO_TOTAL],
			 (1LL << 60) - 1024);
}

#define FREE_AND_TOTAL "MemTotal: 8000 kB\nMemFree: 100 kB\n"

static void used_memory_is_neither_free_nor_buffers_nor_cached(void **state)
{
	struct meminfo meminfo = meminfo_of(
		FREE_AND_TOTAL "Buffers: 50 kB\nCached: 3000 kB\nSReclaimable: 500 kB\n");

	(void)state;
	assert_int_equal(meminfo__cached(&meminfo), 3500 * 1024);
	assert_int_equal(meminfo__used(&meminfo), (8000 - 100 - 50 - 3500) * 1024);
	/* without a page cache, slabs are none of it either */
	meminfo = meminfo_of(FREE_AND_TOTAL "Buffers: 50 kB\nSReclaimable: 500 kB\n");
	assert_int_equal(meminfo__cached(&meminfo), 0);
	assert_int_equal(meminfo__used(&meminfo), (8000 - 100 - 50) * 1024);
}

static void used_memory_is_never_negative(void **state)
{
	struct meminfo meminfo = meminfo_of(FREE_AND_TOTAL "Cached: 7901 kB\n");

	(void)state;
	assert_int_equal(meminfo__used(&meminfo), 7900 * 1024);
	meminfo = meminfo_of("MemTotal: 100 kB\nMemFree: 101 kB\n");
	assert_int_equal(meminfo__used(&meminfo), 0);
}

static void available_memory_is_what_the_kernel_says(void **state)
{
	struct meminfo meminfo = meminfo_of(FREE_AND_TOTAL "MemAvailable: 7000 kB\n");

	(void)state;
	assert_false(meminfo__needs_zoneinfo(&meminfo));
	assert_int_equal(meminfo__available(&meminfo, -1), 7000 * 1024);
	/* more than there is: made up */
	meminfo = meminfo_of(FREE_AND_TOTAL "MemAvailable: 8001 kB\n");
	assert_int_equal(meminfo__available(&meminfo, -1), 100 * 1024);
}

#define OLD_KERNEL                                                                                 \
	FREE_AND_TOTAL "Cached: 3000 kB\nSReclaimable: 500 kB\nActive(file): 400 kB\n"             \
		       "Inactive(file): 600 kB\n"

static void available_memory_is_computed_where_the_kernel_does_not_say(void **state)
{
	struct meminfo meminfo = meminfo_of(OLD_KERNEL);

	(void)state;
	assert_true(meminfo__needs_zoneinfo(&meminfo));
	/* 100 - low + 1000 - min(500, low) + 500 - min(250, low) */
	assert_int_equal(meminfo__available(&meminfo, 0), 1600 * 1024);
	assert_int_equal(meminfo__available(&meminfo, 100 * 1024), 1300 * 1024);
	assert_int_equal(meminfo__available(&meminfo, 400 * 1024), 550 * 1024);
	assert_int_equal(meminfo__available(&meminfo, 900 * 1024), 0);
	/* without zoneinfo */
	assert_int_equal(meminfo__available(&meminfo, -1), 3100 * 1024);
	/* one of the fields is missing */
	meminfo = meminfo_of(FREE_AND_TOTAL "Cached: 3000 kB\nActive(file): 1 kB\n");
	assert_int_equal(meminfo__available(&meminfo, 0), 3100 * 1024);
	/* the kernel says that there is none */
	meminfo = meminfo_of(OLD_KERNEL "MemAvailable: 0 kB\n");
	assert_true(meminfo__needs_zoneinfo(&meminfo));
	assert_int_equal(meminfo__available(&meminfo, 0), 1600 * 1024);
}

static void low_watermarks_are_added_up(void **state)
{
	(void)state;
	assert_int_equal(zoneinfo__low_pages("Node 0, zone      DMA\n"
					     "  pages free     3840\n"
					     "        boost    0\n"
					     "        min      8\n"
					     "        low      11\n"
					     "        high     14\n"
					     "Node 0, zone   Normal\n"
					     "        low      1600\n"
					     "    cpu: 0\n"
					     "              high:  378\n"
					     "        low  x\n"
					     "        lower    7\n"),
			 1611);
	assert_int_equal(zoneinfo__low_pages(""), 0);
}

/* --- /proc/loadavg -----------------------------------------------------------------------------
 */

static void loads_are_read_as_hundredths(void **state)
{
	uint64_t loads[3] = {};

	(void)state;
	assert_true(loadavg__parse("0.75 12.42 1234.05 1/86 20868\n", loads));
	assert_int_equal(loads[0], 75);
	assert_int_equal(loads[1], 1242);
	assert_int_equal(loads[2], 123405);
}

static void damaged_loads_are_unknown(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"0.75",
		"0.75 0.42",
		"0.75 0.42 1.27",
		"0.7 1.2 3",
		"0.755 0.42 1.27 ",
		"-0.75 0.42 1.27 ",
		"nan nan nan ",
		"0,75 0,42 1,27 ",
		"99999999999.00 0.42 1.27 ",
	};
	uint64_t loads[3] = { 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(loadavg__parse(texts[i], loads));
	assert_int_equal(loads[0], 1);
	assert_int_equal(loads[2], 3);
}

/* --- /proc/pressure ----------------------------------------------------------------------------
 */

static void pressure_is_read_in_both_kinds(void **state)
{
	struct pressure some, full;

	(void)state;
	pressure__parse("some avg10=0.99 avg60=2.73 avg300=1.14 total=417603885\n"
			"full avg10=100.00 avg60=1.69 avg300=0.80 total=18446744073709551615\n",
			&some, &full);
	assert_true(some.known);
	assert_int_equal(some.avg10, 99);
	assert_int_equal(some.total_us, 417603885);
	assert_true(full.known);
	assert_int_equal(full.avg10, 10000);
	assert_int_equal(full.total_us, UINT64_MAX);
}

static void pressure_that_is_not_told_is_unknown(void **state)
{
	struct pressure some, full;

	(void)state;
	/* CPUs before Linux 5.13 */
	pressure__parse("some avg10=0.99 avg60=2.73 avg300=1.14 total=5\n", &some, &full);
	assert_true(some.known);
	assert_false(full.known);
	/* the values of one line are not those of the next */
	pressure__parse("some avg10=0.99\nfull total=5\n", &some, &full);
	assert_false(some.known);
	assert_false(full.known);
	pressure__parse("some avg10=0.99 total=-1\nfull avg10= total=5\n", &some, &full);
	assert_false(some.known);
	assert_false(full.known);
	pressure__parse("", &some, &full);
	assert_false(some.known);
}

/* Would take minutes if each line looked through all that follow. */
static void endless_pressure_is_read_in_time(void **state)
{
	const size_t sz = 8 * 1024 * 1024;
	char *text = malloc(sz + 1);
	struct pressure some, full;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sz; i++)
		text[i] = "some \n"[i % 6];
	text[sz] = '\0';
	pressure__parse(text, &some, &full);
	assert_false(some.known);
	free(text);
}

/* --- /proc/stat --------------------------------------------------------------------------------
 */

static void cpus_are_read_one_by_one(void **state)
{
	const char *at = "cpu  9 9 9 9 9 9 9 9 9 9\n"
			 "cpu0 1 2 3 4 5 6 7 8 9 10\n"
			 "cpu17 11 12 13 14\n"
			 "intr 5 0 0\nctxt 7\n";
	struct cpu_times times;
	unsigned int number;

	(void)state;
	assert_true(stat__next_cpu(&at, &number, &times));
	assert_int_equal(number, 0);
	/* what guests got is in user and nice already */
	assert_memory_equal(times.busy, ((int64_t[]) { 1, 2, 3, 6, 7, 8 }), sizeof(times.busy));
	assert_int_equal(times.idle, 4 + 5);
	assert_true(stat__next_cpu(&at, &number, &times));
	assert_int_equal(number, 17);
	assert_memory_equal(times.busy, ((int64_t[]) { 11, 12, 13, 0, 0, 0 }), sizeof(times.busy));
	assert_int_equal(times.idle, 14);
	assert_false(stat__next_cpu(&at, &number, &times));
	assert_false(stat__next_cpu(&at, &number, &times));
}

static void damaged_cpus_are_passed_over(void **state)
{
	const char *at = "cpu1 1 2 3\n"
			 "cpu2 1 2 3 x\n"
			 "cpu3 1 2 3 -4\n"
			 "cpu4x 1 2 3 4\n"
			 "cpu8192 1 2 3 4\n"
			 "cpu99999999999999999999 1 2 3 4\n"
			 "cpu5 1 2 3 140737488355329\n" /* 2^47 + 1 */
			 "cpu\ncpu6\n"
			 "cpu8191 1 2 3 140737488355328";
	struct cpu_times times;
	unsigned int number;

	(void)state;
	assert_true(stat__next_cpu(&at, &number, &times));
	assert_int_equal(number, TACHO_CPUS_MAX - 1);
	assert_int_equal(times.idle, CPU_TIME_MAX);
	assert_false(stat__next_cpu(&at, &number, &times));
}

static void boot_time_is_found(void **state)
{
	uint64_t boot_s = 1;

	(void)state;
	assert_true(
		stat__boot_time_s("cpu  1 2\nctxt 5\nbtime 1718739269\nprocesses 7\n", &boot_s));
	assert_int_equal(boot_s, 1718739269);
	assert_false(stat__boot_time_s("", &boot_s));
	assert_false(stat__boot_time_s("xbtime 5\n", &boot_s));
	assert_false(stat__boot_time_s("btime -5\n", &boot_s));
	assert_false(stat__boot_time_s("btime ", &boot_s));
	assert_int_equal(boot_s, 1718739269);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_read_field_by_field),
		cmocka_unit_test(memory_that_is_no_number_is_unknown),
		cmocka_unit_test(used_memory_is_neither_free_nor_buffers_nor_cached),
		cmocka_unit_test(used_memory_is_never_negative),
		cmocka_unit_test(available_memory_is_what_the_kernel_says),
		cmocka_unit_test(available_memory_is_computed_where_the_kernel_does_not_say),
		cmocka_unit_test(low_watermarks_are_added_up),
		cmocka_unit_test(loads_are_read_as_hundredths),
		cmocka_unit_test(damaged_loads_are_unknown),
		cmocka_unit_test(pressure_is_read_in_both_kinds),
		cmocka_unit_test(pressure_that_is_not_told_is_unknown),
		cmocka_unit_test(endless_pressure_is_read_in_time),
		cmocka_unit_test(cpus_are_read_one_by_one),
		cmocka_unit_test(damaged_cpus_are_passed_over),
		cmocka_unit_test(boot_time_is_found),
	};

	return cmocka_run_group_tests_name("system_text", tests, NULL, NULL);
}
