/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "system_text.h"

#include <string.h>

#include "tacho/event.h"

/* --- pieces of text ----------------------------------------------------------------------------
 */

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

static bool begins(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number, from *at on, which is put behind it. False, and nothing is taken, when there is
 * none or it is greater than max. */
static bool take_number(const char **at, uint64_t max, uint64_t *ret)
{
	const char *digit = *at;
	uint64_t number = 0;

	if (!is_digit(*digit))
		return false;
	for (; is_digit(*digit); digit++) {
		unsigned int value = (unsigned int)(*digit - '0');

		if (number > (max - value) / 10 || value > max)
			return false;
		number = number * 10 + value;
	}
	*at = digit;
	*ret = number;
	return true;
}

/* "0.75": two digits behind the point, as the kernel prints fixed-point numbers. */
static bool take_hundredths(const char **at, uint64_t *ret)
{
	const char *digit = *at;
	uint64_t whole;

	if (!take_number(&digit, UINT32_MAX, &whole) || digit[0] != '.' || !is_digit(digit[1]) ||
	    !is_digit(digit[2]) || is_digit(digit[3]))
		return false;
	*ret = whole * 100 + (uint64_t)(digit[1] - '0') * 10 + (uint64_t)(digit[2] - '0');
	*at = digit + 3;
	return true;
}

/* --- memory ------------------------------------------------------------------------------------
 */

static const char *const meminfo_names[MEMINFO_FIELD_CNT] = {
	[MEMINFO_TOTAL] = "MemTotal:",
	[MEMINFO_FREE] = "MemFree:",
	[MEMINFO_AVAILABLE] = "MemAvailable:",
	[MEMINFO_BUFFERS] = "Buffers:",
	[MEMINFO_CACHED] = "Cached:",
	[MEMINFO_RECLAIMABLE] = "SReclaimable:",
	[MEMINFO_SHARED] = "Shmem:",
	[MEMINFO_SWAP_TOTAL] = "SwapTotal:",
	[MEMINFO_SWAP_FREE] = "SwapFree:",
	[MEMINFO_ACTIVE_FILE] = "Active(file):",
	[MEMINFO_INACTIVE_FILE] = "Inactive(file):",
};

static void take_meminfo_line(const char *line, struct meminfo *meminfo)
{
	uint64_t kib;

	for (int i = 0; i < MEMINFO_FIELD_CNT; i++) {
		const char *at = line + strlen(meminfo_names[i]);

		if (!begins(line, meminfo_names[i]))
			continue;
		at = skip_blanks(at);
		if (take_number(&at, MEMINFO_BYTES_MAX / 1024 - 1, &kib)) {
			meminfo->known |= 1u << i;
			meminfo->bytes[i] = (int64_t)kib * 1024;
		}
		return;
	}
}

void meminfo__parse(const char *text, struct meminfo *ret)
{
	*ret = (struct meminfo) {};
	for (; *text; text = next_line(text))
		take_meminfo_line(text, ret);
}

int64_t zoneinfo__low_pages(const char *text)
{
	int64_t sum = 0;
	uint64_t pages;

	for (; *text; text = next_line(text)) {
		const char *at = skip_blanks(text);

		if (!begins(at, "low "))
			continue;
		at = skip_blanks(at + strlen("low "));
		if (take_number(&at, ZONEINFO_PAGES_MAX, &pages) && sum < ZONEINFO_PAGES_MAX)
			sum += (int64_t)pages;
	}
	return sum;
}

uint64_t meminfo__cached(const struct meminfo *meminfo)
{
	if (!meminfo__knows(meminfo, MEMINFO_CACHED))
		return 0;
	return (uint64_t)(meminfo->bytes[MEMINFO_CACHED] + meminfo->bytes[MEMINFO_RECLAIMABLE]);
}

uint64_t meminfo__used(const struct meminfo *meminfo)
{
	int64_t taken = meminfo->bytes[MEMINFO_TOTAL] - meminfo->bytes[MEMINFO_FREE];
	int64_t used = taken - (int64_t)meminfo__cached(meminfo) - meminfo->bytes[MEMINFO_BUFFERS];

	if (used < 0)
		used = taken;
	return used < 0 ? 0 : (uint64_t)used;
}

bool meminfo__needs_zoneinfo(const struct meminfo *meminfo)
{
	return !meminfo->bytes[MEMINFO_AVAILABLE];
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t compute_available(const struct meminfo *meminfo, int64_t low_bytes)
{
	int64_t free_bytes = meminfo->bytes[MEMINFO_FREE];
	int64_t slab = meminfo->bytes[MEMINFO_RECLAIMABLE];
	int64_t pages = meminfo->bytes[MEMINFO_ACTIVE_FILE] + meminfo->bytes[MEMINFO_INACTIVE_FILE];

	if (low_bytes < 0 || !meminfo__knows(meminfo, MEMINFO_RECLAIMABLE) ||
	    !meminfo__knows(meminfo, MEMINFO_ACTIVE_FILE) ||
	    !meminfo__knows(meminfo, MEMINFO_INACTIVE_FILE))
		return free_bytes + meminfo->bytes[MEMINFO_CACHED];
	return free_bytes - low_bytes + pages - smaller(pages / 2, low_bytes) + slab -
	       smaller(slab / 2, low_bytes);
}

uint64_t meminfo__available(const struct meminfo *meminfo, int64_t low_bytes)
{
	int64_t available = meminfo->bytes[MEMINFO_AVAILABLE];

	if (!available)
		available = compute_available(meminfo, low_bytes);
	if (available < 0)
		return 0;
	if (available > meminfo->bytes[MEMINFO_TOTAL])
		available = meminfo->bytes[MEMINFO_FREE];
	return (uint64_t)available;
}

/* --- load and pressure -------------------------------------------------------------------------
 */

bool loadavg__parse(const char *text, uint64_t ret_hundredths[3])
{
	uint64_t hundredths[3];

	for (int i = 0; i < 3; i++) {
		if (!take_hundredths(&text, &hundredths[i]) || *text++ != ' ')
			return false;
	}
	memcpy(ret_hundredths, hundredths, sizeof(hundredths));
	return true;
}

/* What follows " name=" in this line; NULL if nothing does. */
static const char *find_value(const char *line, const char *name)
{
	const char *at = memmem(line, strcspn(line, "\n"), name, strlen(name));

	return at ? at + strlen(name) : NULL;
}

/* some avg10=0.99 avg60=2.73 avg300=1.14 total=417603885 */
static void take_pressure(const char *line, struct pressure *ret)
{
	const char *avg10 = find_value(line, " avg10=");
	const char *total = find_value(line, " total=");
	struct pressure pressure = { .known = true };

	if (avg10 && total && take_hundredths(&avg10, &pressure.avg10) &&
	    take_number(&total, UINT64_MAX, &pressure.total_us))
		*ret = pressure;
}

void pressure__parse(const char *text, struct pressure *ret_some, struct pressure *ret_full)
{
	*ret_some = (struct pressure) {};
	*ret_full = (struct pressure) {};
	for (; *text; text = next_line(text)) {
		if (begins(text, "some "))
			take_pressure(text, ret_some);
		else if (begins(text, "full "))
			take_pressure(text, ret_full);
	}
}

/* --- CPUs --------------------------------------------------------------------------------------
 */

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMN_CNT };
#define NEEDED_CNT (IDLE + 1) /* the others came with Linux 2.6 */

/* The numbers behind "cpuN". */
static bool take_times(const char *at, struct cpu_times *ret)
{
	uint64_t times[COLUMN_CNT] = {};
	int cnt = 0;

	for (; cnt < COLUMN_CNT; cnt++) {
		at = skip_blanks(at);
		if (*at == '\n' || !*at)
			break;
		if (!take_number(&at, CPU_TIME_MAX, &times[cnt]))
			return false;
	}
	if (cnt < NEEDED_CNT)
		return false;
	*ret = (struct cpu_times) {
		.busy = { (int64_t)times[USER], (int64_t)times[NICE], (int64_t)times[SYSTEM],
			  (int64_t)times[IRQ], (int64_t)times[SOFTIRQ], (int64_t)times[STEAL] },
		.idle = (int64_t)(times[IDLE] + times[IOWAIT]),
	};
	return true;
}

bool stat__next_cpu(const char **at, unsigned int *ret_number, struct cpu_times *ret_times)
{
	const char *line = *at;
	uint64_t number;

	for (; *line; line = next_line(line)) {
		const char *times = line + strlen("cpu");

		if (!begins(line, "cpu") || !take_number(&times, TACHO_CPUS_MAX - 1, &number) ||
		    *times != ' ' || !take_times(times, ret_times))
			continue;
		*ret_number = (unsigned int)number;
		*at = next_line(line);
		return true;
	}
	*at = line;
	return false;
}

bool stat__boot_time_s(const char *text, uint64_t *ret_s)
{
	for (; *text; text = next_line(text)) {
		const char *at = text + strlen("btime ");

		if (begins(text, "btime "))
			return take_number(&at, INT64_MAX, ret_s);
	}
	return false;
}
