/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Samples of a /proc of our own, and of the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "processes/system_usage.h"
#include "scratch.h"

struct fixture {
	struct scratch scratch;
	struct system_reader *reader;
	struct system_usage usage;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc"), 0755), 0);
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc/pressure"), 0755), 0);
	assert_int_equal(system_reader__new(fixture->scratch.path, &fixture->reader, NULL), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	system_reader__free(fixture->reader);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

static void put(const struct fixture *fixture, const char *name, const char *text)
{
	scratch__write(&fixture->scratch, name, text, strlen(text));
}

static void sample(struct fixture *fixture)
{
	struct fault why = {};

	if (system_reader__sample(fixture->reader, &fixture->usage, &why))
		fail_msg("%s", why.text);
}

/* The next sample, with this in /proc/stat. */
static void sample_stat(struct fixture *fixture, const char *text)
{
	put(fixture, "proc/stat", text);
	sample(fixture);
}

static void expect(const struct fixture *fixture, enum tacho_system_value value, uint64_t is)
{
	assert_true(system_usage__knows(&fixture->usage, value));
	assert_int_equal(fixture->usage.values[value], is);
}

static void expect_unknown(const struct fixture *fixture, enum tacho_system_value value)
{
	assert_false(system_usage__knows(&fixture->usage, value));
}

#define MEMINFO                                                                                    \
	"MemTotal: 8000 kB\nMemFree: 100 kB\nMemAvailable: 7000 kB\nBuffers: 50 kB\n"              \
	"Cached: 3000 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\nShmem: 77 kB\n"                     \
	"SReclaimable: 500 kB\n"

/* --- memory, load, pressure --------------------------------------------------------------------
 */

static void memory_load_and_pressure_are_sampled(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "proc/meminfo", MEMINFO);
	put(fixture, "proc/loadavg", "0.75 0.42 1.27 1/86 20868\n");
	put(fixture, "proc/pressure/memory",
	    "some avg10=0.01 avg60=0 avg300=0 total=1\nfull avg10=0.02 avg60=0 total=2\n");
	put(fixture, "proc/pressure/io", "some avg10=0.03 total=3\nfull avg10=0.04 total=4\n");
	put(fixture, "proc/pressure/cpu", "some avg10=0.05 total=5\nfull avg10=0.06 total=6\n");
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_TOTAL, 8000 * 1024);
	expect(fixture, TACHO_SYSTEM_MEMORY_AVAILABLE, 7000 * 1024);
	expect(fixture, TACHO_SYSTEM_MEMORY_USED, (8000 - 100 - 50 - 3500) * 1024);
	expect(fixture, TACHO_SYSTEM_MEMORY_FREE, 100 * 1024);
	expect(fixture, TACHO_SYSTEM_MEMORY_BUFFERS, 50 * 1024);
	expect(fixture, TACHO_SYSTEM_MEMORY_CACHED, 3500 * 1024);
	expect(fixture, TACHO_SYSTEM_MEMORY_SHARED, 77 * 1024);
	expect(fixture, TACHO_SYSTEM_SWAP_TOTAL, 200 * 1024);
	expect(fixture, TACHO_SYSTEM_SWAP_USED, 50 * 1024);
	expect(fixture, TACHO_SYSTEM_LOAD_1MIN, 75);
	expect(fixture, TACHO_SYSTEM_LOAD_5MIN, 42);
	expect(fixture, TACHO_SYSTEM_LOAD_15MIN, 127);
	for (uint64_t i = 0; i < 6; i++) {
		expect(fixture, TACHO_SYSTEM_MEMORY_SOME_US + i, i + 1);
		expect(fixture, TACHO_SYSTEM_MEMORY_SOME_AVG10 + i, i + 1);
	}
	expect_unknown(fixture, TACHO_SYSTEM_CPU_BUSY);
	assert_int_equal(fixture->usage.cpu_cnt, 0);
}

static void what_is_not_there_is_unknown(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "proc/loadavg", "0.75 0.42 1.27 1/86 20868\n");
	sample(fixture);
	assert_int_equal(fixture->usage.known, 1ULL << TACHO_SYSTEM_LOAD_1MIN |
						       1ULL << TACHO_SYSTEM_LOAD_5MIN |
						       1ULL << TACHO_SYSTEM_LOAD_15MIN);
	put(fixture, "proc/meminfo", "MemFree: 100 kB\nMemAvailable: 50 kB\nSwapFree: 5 kB\n");
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_FREE, 100 * 1024);
	expect_unknown(fixture, TACHO_SYSTEM_MEMORY_USED);
	expect_unknown(fixture, TACHO_SYSTEM_MEMORY_AVAILABLE);
	expect_unknown(fixture, TACHO_SYSTEM_SWAP_USED);
}

static void no_proc_at_all_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct system_usage before = { .known = 77 }, usage = before;
	struct fault why = {};

	assert_int_equal(system_reader__sample(fixture->reader, &usage, &why), -ENOENT);
	assert_non_null(strstr(why.text, "meminfo"));
	assert_memory_equal(&usage, &before, sizeof(usage));
	/* it may come later */
	put(fixture, "proc/meminfo", MEMINFO);
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_TOTAL, 8000 * 1024);
}

static void a_root_that_is_not_there_is_refused(void **state)
{
	struct system_reader *reader = NULL;
	struct fault why = {};

	(void)state;
	assert_int_equal(system_reader__new("/nonexistent", &reader, &why), -ENOENT);
	assert_null(reader);
	assert_non_null(strstr(why.text, "/nonexistent"));
	system_reader__free(NULL);
}

static void old_kernels_are_asked_for_their_watermarks(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t low_bytes = 10 * (uint64_t)sysconf(_SC_PAGESIZE);

	put(fixture, "proc/meminfo",
	    "MemTotal: 8000000 kB\nMemFree: 100000 kB\nCached: 3000 kB\nSReclaimable: 500000 kB\n"
	    "Active(file): 400000 kB\nInactive(file): 600000 kB\n");
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_AVAILABLE, 103000 * 1024);
	put(fixture, "proc/zoneinfo", "Node 0, zone DMA\n  low 4\nNode 0, zone Normal\n  low 6\n");
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_AVAILABLE, 1600000 * 1024ULL - 3 * low_bytes);
}

/* --- files that stay open ----------------------------------------------------------------------
 */

static size_t open_files(void)
{
	size_t cnt = 0;

	for (int fd = 0; fd < 1000; fd++)
		cnt += fcntl(fd, F_GETFD) >= 0;
	return cnt;
}

static void files_stay_open_and_are_read_from_the_beginning(void **state)
{
	struct fixture *fixture = *state;
	size_t before = open_files();

	put(fixture, "proc/meminfo", MEMINFO);
	sample(fixture);
	assert_int_equal(open_files(), before + 1);
	/* the name is gone; the file that is open is not */
	assert_int_equal(rename(scratch__at(&fixture->scratch, "proc/meminfo"),
				scratch__at(&fixture->scratch, "other")),
			 0);
	put(fixture, "other", "MemTotal: 9000 kB\n");
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_TOTAL, 9000 * 1024);
	assert_int_equal(open_files(), before + 1);
}

static void a_file_that_cannot_be_read_is_opened_anew(void **state)
{
	struct fixture *fixture = *state;
	size_t before = open_files();

	put(fixture, "proc/meminfo", MEMINFO);
	assert_int_equal(mkdir(scratch__at(&fixture->scratch, "proc/loadavg"), 0755), 0);
	sample(fixture);
	expect_unknown(fixture, TACHO_SYSTEM_LOAD_1MIN);
	assert_int_equal(open_files(), before + 1);
	assert_int_equal(rmdir(scratch__at(&fixture->scratch, "proc/loadavg")), 0);
	put(fixture, "proc/loadavg", "0.75 0.42 1.27 1/86 20868\n");
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_LOAD_1MIN, 75);
	assert_int_equal(open_files(), before + 2);
}

static void an_endless_file_is_unknown(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "proc/meminfo", MEMINFO);
	assert_int_equal(symlink("/dev/zero", scratch__at(&fixture->scratch, "proc/stat")), 0);
	sample(fixture);
	expect(fixture, TACHO_SYSTEM_MEMORY_TOTAL, 8000 * 1024);
	assert_int_equal(fixture->usage.cpu_cnt, 0);
}

/* --- CPUs --------------------------------------------------------------------------------------
 */

static void expect_busy(const struct fixture *fixture, const uint16_t *busy, size_t cnt)
{
	assert_int_equal(fixture->usage.cpu_cnt, cnt);
	for (size_t i = 0; i < cnt; i++)
		assert_int_equal(fixture->usage.cpu_busy[i], busy[i]);
}

#define EXPECT_BUSY(fixture, ...)                                                                  \
	expect_busy(fixture, (const uint16_t[]) { __VA_ARGS__ },                                   \
		    sizeof((const uint16_t[]) { __VA_ARGS__ }) / sizeof(uint16_t))

#define UNKNOWN TACHO_CPU_UNKNOWN

static void the_first_sample_knows_nothing_of_cpus(void **state)
{
	struct fixture *fixture = *state;

	sample_stat(fixture, "cpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 8 9 10\n");
	expect_unknown(fixture, TACHO_SYSTEM_CPU_BUSY);
	EXPECT_BUSY(fixture, UNKNOWN, UNKNOWN);
}

static void busy_is_all_but_idle_and_iowait(void **state)
{
	struct fixture *fixture = *state;

	sample_stat(fixture, "cpu0 100 100 100 100 100 100 100 100 100 100\n"
			     "cpu1 0 0 0 0 0 0 0 0 0 0\ncpu2 5 0 0 5\n");
	/* 1+2+3 + 4+5+6 of 100; what guests got is not counted again */
	sample_stat(fixture, "cpu0 101 102 103 169 110 104 105 106 101 102\n"
			     "cpu1 0 0 0 3 0 0 0 0 0 0\ncpu2 12 0 0 5\n");
	EXPECT_BUSY(fixture, 210, 0, 1000);
	expect(fixture, TACHO_SYSTEM_CPU_BUSY, 255); /* 28 of 110 ticks */
	/* since the sample before, not since the first one; a third, rounded */
	sample_stat(fixture, "cpu0 102 102 103 171 110 104 105 106 101 102\n"
			     "cpu1 2 0 0 4 0 0 0 0 0 0\ncpu2 12 0 0 6\n");
	EXPECT_BUSY(fixture, 333, 667, 0);
}

static void cpus_are_unknown_when_no_time_has_passed(void **state)
{
	struct fixture *fixture = *state;

	sample_stat(fixture, "cpu0 1 2 3 4\n");
	sample_stat(fixture, "cpu0 1 2 3 4\n");
	EXPECT_BUSY(fixture, UNKNOWN);
	expect_unknown(fixture, TACHO_SYSTEM_CPU_BUSY);
}

static void times_that_go_back_count_as_nothing(void **state)
{
	struct fixture *fixture = *state;

	/* iowait becomes idle: not 60 idle ticks, but 10 */
	sample_stat(fixture, "cpu0 100 0 0 1000 50 0 0 0\ncpu1 100 0 0 1000 0 0 0 50\n");
	sample_stat(fixture, "cpu0 110 0 0 1060 0 0 0 0\ncpu1 110 0 0 1010 0 0 0 40\n");
	EXPECT_BUSY(fixture, 500, 500);
	/* read while it was written */
	sample_stat(fixture, "cpu0 110 0 0 1059 0 0 0 0\ncpu1 120 0 0 1009 0 0 0 40\n");
	EXPECT_BUSY(fixture, UNKNOWN, 1000);
	expect(fixture, TACHO_SYSTEM_CPU_BUSY, 1000);
}

static void a_cpu_that_comes_or_goes_is_unknown(void **state)
{
	struct fixture *fixture = *state;

	sample_stat(fixture, "cpu0 0 0 0 0\ncpu2 0 0 0 0\n");
	EXPECT_BUSY(fixture, UNKNOWN, UNKNOWN, UNKNOWN);
	sample_stat(fixture, "cpu0 1 0 0 1\ncpu1 900 0 0 0\n");
	EXPECT_BUSY(fixture, 500, UNKNOWN, UNKNOWN);
	expect(fixture, TACHO_SYSTEM_CPU_BUSY, 500);
	/* cpu2 is compared with nothing that is two samples old */
	sample_stat(fixture, "cpu0 2 0 0 2\ncpu1 901 0 0 9\ncpu2 700 0 0 700\n");
	EXPECT_BUSY(fixture, 500, 100, UNKNOWN);
	sample_stat(fixture, "cpu0 3 0 0 3\ncpu1 902 0 0 18\ncpu2 701 0 0 700\n");
	EXPECT_BUSY(fixture, 500, 100, 1000);
}

/* It went and came between two samples, of a kernel before 6.8. */
static void a_cpu_that_began_to_count_anew_is_unknown(void **state)
{
	struct fixture *fixture = *state;

	sample_stat(fixture, "cpu0 100 0 0 1000\ncpu1 100 0 0 1000\n");
	sample_stat(fixture, "cpu0 101 0 0 1003\ncpu1 103 0 0 7\n");
	EXPECT_BUSY(fixture, 250, UNKNOWN);
	expect(fixture, TACHO_SYSTEM_CPU_BUSY, 250);
	sample_stat(fixture, "cpu0 102 0 0 1006\ncpu1 104 0 0 10\n");
	EXPECT_BUSY(fixture, 250, 250);
}

static void a_lost_sample_makes_the_next_one_unknown(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "proc/meminfo", MEMINFO);
	sample_stat(fixture, "cpu0 0 0 0 0\n");
	sample_stat(fixture, "");
	EXPECT_BUSY(fixture, UNKNOWN);
	sample_stat(fixture, "cpu0 1 0 0 1\n");
	EXPECT_BUSY(fixture, UNKNOWN);
	sample_stat(fixture, "cpu0 2 0 0 2\n");
	EXPECT_BUSY(fixture, 500);
}

static void a_cpu_that_is_there_twice_is_counted_once(void **state)
{
	struct fixture *fixture = *state;

	sample_stat(fixture, "cpu0 0 0 0 0\ncpu0 100 0 0 0\n");
	EXPECT_BUSY(fixture, UNKNOWN);
	sample_stat(fixture, "cpu0 1 0 0 1\ncpu0 100 0 0 0\n");
	EXPECT_BUSY(fixture, 500);
}

static void all_cpus_that_there_can_be_are_read(void **state)
{
	struct fixture *fixture = *state;
	char *text[2];
	size_t sz;

	for (int turn = 0; turn < 2; turn++) {
		text[turn] = calloc(TACHO_CPUS_MAX, 64);
		assert_non_null(text[turn]);
		sz = 0;
		for (int i = 0; i < TACHO_CPUS_MAX; i++)
			sz += (size_t)sprintf(text[turn] + sz, "cpu%d %d 0 0 140737488355327 %d\n",
					      i, turn * (i % 11), turn);
		sample_stat(fixture, text[turn]);
		free(text[turn]);
	}
	assert_int_equal(fixture->usage.cpu_cnt, TACHO_CPUS_MAX);
	assert_int_equal(fixture->usage.cpu_busy[0], 0);
	assert_int_equal(fixture->usage.cpu_busy[8191], (8191 % 11) * 1000 / (8191 % 11 + 1));
}

/* --- single facts, and the real thing ----------------------------------------------------------
 */

static void the_boot_time_is_known_if_the_kernel_says_it(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "proc/meminfo", MEMINFO);
	sample(fixture);
	assert_int_equal(fixture->usage.boot_time_s, 0);
	put(fixture, "proc/stat", "cpu 1\n");
	sample(fixture);
	assert_int_equal(fixture->usage.boot_time_s, 0);
	put(fixture, "proc/stat", "cpu 1\nbtime 1718739269\n");
	sample(fixture);
	assert_int_equal(fixture->usage.boot_time_s, 1718739269);
}

/* A CPU is kept busy until the kernel has noticed. */
static void this_machine_is_sampled(void **state)
{
	struct system_reader *reader;
	struct system_usage usage;
	struct fault why = {};
	uint64_t total = 0;

	(void)state;
	assert_int_equal(system_reader__new("/", &reader, &why), 0);
	do {
		if (system_reader__sample(reader, &usage, &why))
			fail_msg("%s", why.text);
	} while (!system_usage__knows(&usage, TACHO_SYSTEM_CPU_BUSY) ||
		 !usage.values[TACHO_SYSTEM_CPU_BUSY]);
	assert_in_range(usage.values[TACHO_SYSTEM_CPU_BUSY], 1, TACHO_CPU_BUSY_MAX);
	assert_true(usage.cpu_cnt >= (size_t)sysconf(_SC_NPROCESSORS_ONLN));
	total = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	assert_int_equal(usage.values[TACHO_SYSTEM_MEMORY_TOTAL], total);
	assert_true(system_usage__knows(&usage, TACHO_SYSTEM_MEMORY_AVAILABLE));
	assert_in_range(usage.values[TACHO_SYSTEM_MEMORY_AVAILABLE], 1, total);
	assert_in_range(usage.values[TACHO_SYSTEM_MEMORY_USED], 1, total);
	assert_true(system_usage__knows(&usage, TACHO_SYSTEM_LOAD_15MIN));
	assert_true(usage.boot_time_s > 0);
	system_reader__free(reader);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_load_and_pressure_are_sampled),
		CASE(what_is_not_there_is_unknown),
		CASE(no_proc_at_all_is_refused),
		CASE(a_root_that_is_not_there_is_refused),
		CASE(old_kernels_are_asked_for_their_watermarks),
		CASE(files_stay_open_and_are_read_from_the_beginning),
		CASE(a_file_that_cannot_be_read_is_opened_anew),
		CASE(an_endless_file_is_unknown),
		CASE(the_first_sample_knows_nothing_of_cpus),
		CASE(busy_is_all_but_idle_and_iowait),
		CASE(cpus_are_unknown_when_no_time_has_passed),
		CASE(times_that_go_back_count_as_nothing),
		CASE(a_cpu_that_comes_or_goes_is_unknown),
		CASE(a_cpu_that_began_to_count_anew_is_unknown),
		CASE(a_lost_sample_makes_the_next_one_unknown),
		CASE(a_cpu_that_is_there_twice_is_counted_once),
		CASE(all_cpus_that_there_can_be_are_read),
		CASE(the_boot_time_is_known_if_the_kernel_says_it),
		cmocka_unit_test(this_machine_is_sampled),
	};

	return cmocka_run_group_tests_name("system_usage", tests, NULL, NULL);
}
