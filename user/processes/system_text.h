/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What /proc says of the whole machine, read out of the text; pure. A field that is missing, or is
 * no number of the size that such a field can have, is unknown: no text is refused as a whole.
 */
#ifndef TACHO_USER_PROCESSES_SYSTEM_TEXT_H
#define TACHO_USER_PROCESSES_SYSTEM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- /proc/meminfo ----------------------------------------------------------------------------
 */

enum meminfo_field {
	MEMINFO_TOTAL,
	MEMINFO_FREE,
	MEMINFO_AVAILABLE,
	MEMINFO_BUFFERS,
	MEMINFO_CACHED,
	MEMINFO_RECLAIMABLE,
	MEMINFO_SHARED,
	MEMINFO_SWAP_TOTAL,
	MEMINFO_SWAP_FREE,
	MEMINFO_ACTIVE_FILE,
	MEMINFO_INACTIVE_FILE,
	MEMINFO_FIELD_CNT
};

#define MEMINFO_BYTES_MAX (1LL << 60) /* so that sums of some fit an int64_t */

struct meminfo {
	uint32_t known;			  /* bit n: field n is */
	int64_t bytes[MEMINFO_FIELD_CNT]; /* < MEMINFO_BYTES_MAX; 0 when not known */
};

void meminfo__parse(const char *text, struct meminfo *ret);

static inline bool meminfo__knows(const struct meminfo *meminfo, enum meminfo_field field)
{
	return meminfo->known >> field & 1;
}

#define ZONEINFO_PAGES_MAX (1LL << 40) /* so that twice as many of 64 KiB fit an int64_t */

/* Of /proc/zoneinfo: the low watermarks of all zones, in pages. */
int64_t zoneinfo__low_pages(const char *text);

/*
 * As psutil 5.9 and 6.0 have them (psutil/_pslinux.py, virtual_memory). The total and the free
 * memory must be known.
 *
 * Used is what is neither free nor buffers nor cached; in containers whose meminfo is made up this
 * may be less than nothing, and is then all that is not free.
 *
 * The kernel says since 3.14 how much is available (34e431b0ae39); some say 0 (psutil#1915).
 * Without it, it is computed as that commit does. low_bytes is the sum of the low watermarks, < 0
 * when it is not known. More than the total is made up, too: then it is what is free.
 */
uint64_t meminfo__cached(const struct meminfo *meminfo);
uint64_t meminfo__used(const struct meminfo *meminfo);
uint64_t meminfo__available(const struct meminfo *meminfo, int64_t low_bytes);
bool meminfo__needs_zoneinfo(const struct meminfo *meminfo);

/* --- /proc/loadavg and /proc/pressure ---------------------------------------------------------
 */

/* Of 1, 5 and 15 minutes. False when one of them is not there. */
bool loadavg__parse(const char *text, uint64_t ret_hundredths[3]);

struct pressure {
	bool known;
	uint64_t avg10; /* hundredths of a percent */
	uint64_t total_us;
};

void pressure__parse(const char *text, struct pressure *ret_some, struct pressure *ret_full);

/* --- /proc/stat -------------------------------------------------------------------------------
 */

/* user, nice, system, irq, softirq, steal. What is spent in guests is in user and nice, too. */
#define CPU_BUSY_TIME_CNT 6
#define CPU_TIME_MAX (1LL << 47) /* so that sums over all CPUs fit; 44,000 years of 10 ms */

/* Of one CPU, in ticks of USER_HZ since it was booted. */
struct cpu_times {
	int64_t busy[CPU_BUSY_TIME_CNT];
	/* Waiting for I/O or not: whenever a task that waits is given to another CPU, the kernel
	 * takes time away from iowait and counts it as idle. The sum does not go back with it. */
	int64_t idle;
};

/* The next line of a single CPU, from *at on, which is put behind it. False at the end. */
bool stat__next_cpu(const char **at, unsigned int *ret_number, struct cpu_times *ret_times);

/* Seconds since the Unix epoch. */
bool stat__boot_time_s(const char *text, uint64_t *ret_s);

#endif
