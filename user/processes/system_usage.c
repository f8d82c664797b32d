/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "system_usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slurp.h"
#include "system_text.h"

/* Idle time goes back a little when it is read while it is written. If it goes back more than this,
 * a CPU has been away in between: before Linux 6.8 that made its idle time begin anew
 * (71fee48fb772, "tick-sched: Fix idle and iowait sleeptime accounting vs CPU hotplug"). */
#define IDLE_SLACK_TICKS 100

enum file {
	FILE_MEMINFO,
	FILE_ZONEINFO,
	FILE_LOADAVG,
	FILE_STAT,
	FILE_MEMORY_PRESSURE,
	FILE_IO_PRESSURE,
	FILE_CPU_PRESSURE,
	FILE_CNT
};

static const char *const file_names[FILE_CNT] = {
	[FILE_MEMINFO] = "proc/meminfo",
	[FILE_ZONEINFO] = "proc/zoneinfo",
	[FILE_LOADAVG] = "proc/loadavg",
	[FILE_STAT] = "proc/stat",
	[FILE_MEMORY_PRESSURE] = "proc/pressure/memory",
	[FILE_IO_PRESSURE] = "proc/pressure/io",
	[FILE_CPU_PRESSURE] = "proc/pressure/cpu",
};

struct cpu {
	struct cpu_times times;
	uint64_t sample; /* in which these were read */
};

struct system_reader {
	int root_fd;
	int fds[FILE_CNT]; /* -1: not open */
	struct slurp text;
	uint64_t sample; /* counts them, from 1 on */
	struct cpu *cpus;
	uint16_t *cpu_busy;
	size_t cpu_cnt;
};

int system_reader__new(const char *root, struct system_reader **ret_reader, struct fault *why)
{
	struct system_reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return fault__set(why, -ENOMEM, "no memory");
	for (int i = 0; i < FILE_CNT; i++)
		reader->fds[i] = -1;
	reader->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (reader->root_fd < 0) {
		err = fault__set(why, -errno, "%s: %s", root, strerror(errno));
		system_reader__free(reader);
		return err;
	}
	*ret_reader = reader;
	return 0;
}

void system_reader__free(struct system_reader *reader)
{
	if (!reader)
		return;
	for (int i = 0; i < FILE_CNT; i++) {
		if (reader->fds[i] >= 0)
			close(reader->fds[i]);
	}
	if (reader->root_fd >= 0)
		close(reader->root_fd);
	slurp__free(&reader->text);
	free(reader->cpus);
	free(reader->cpu_busy);
	free(reader);
}

/* Into reader->text. The file stays open for the next time, unless it cannot be read. */
static int read_file(struct system_reader *reader, enum file file)
{
	int *fd = &reader->fds[file];
	int err;

	if (*fd >= 0 && !slurp__read(&reader->text, *fd))
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = openat(reader->root_fd, file_names[file], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0)
		return -errno;
	err = slurp__read(&reader->text, *fd);
	if (err) {
		close(*fd);
		*fd = -1;
	}
	return err;
}

static void know(struct system_usage *usage, enum tacho_system_value value, uint64_t is)
{
	usage->known |= 1ULL << value;
	usage->values[value] = is;
}

/* --- memory, load, pressure --------------------------------------------------------------------
 */

static void know_field(struct system_usage *usage, enum tacho_system_value value,
		       const struct meminfo *meminfo, enum meminfo_field field)
{
	if (meminfo__knows(meminfo, field))
		know(usage, value, (uint64_t)meminfo->bytes[field]);
}

static int64_t low_watermark_bytes(struct system_reader *reader)
{
	if (read_file(reader, FILE_ZONEINFO))
		return -1;
	return zoneinfo__low_pages(reader->text.data) * sysconf(_SC_PAGESIZE);
}

static void know_swap(struct system_usage *usage, const struct meminfo *meminfo)
{
	int64_t used = meminfo->bytes[MEMINFO_SWAP_TOTAL] - meminfo->bytes[MEMINFO_SWAP_FREE];

	if (!meminfo__knows(meminfo, MEMINFO_SWAP_TOTAL))
		return;
	know(usage, TACHO_SYSTEM_SWAP_TOTAL, (uint64_t)meminfo->bytes[MEMINFO_SWAP_TOTAL]);
	if (meminfo__knows(meminfo, MEMINFO_SWAP_FREE))
		know(usage, TACHO_SYSTEM_SWAP_USED, used < 0 ? 0 : (uint64_t)used);
}

static int sample_memory(struct system_reader *reader, struct system_usage *usage)
{
	int64_t low_bytes = -1;
	struct meminfo meminfo;
	int err = read_file(reader, FILE_MEMINFO);

	if (err)
		return err;
	meminfo__parse(reader->text.data, &meminfo);
	know_field(usage, TACHO_SYSTEM_MEMORY_TOTAL, &meminfo, MEMINFO_TOTAL);
	know_field(usage, TACHO_SYSTEM_MEMORY_FREE, &meminfo, MEMINFO_FREE);
	know_field(usage, TACHO_SYSTEM_MEMORY_BUFFERS, &meminfo, MEMINFO_BUFFERS);
	know_field(usage, TACHO_SYSTEM_MEMORY_SHARED, &meminfo, MEMINFO_SHARED);
	if (meminfo__knows(&meminfo, MEMINFO_CACHED))
		know(usage, TACHO_SYSTEM_MEMORY_CACHED, meminfo__cached(&meminfo));
	know_swap(usage, &meminfo);
	if (!meminfo__knows(&meminfo, MEMINFO_TOTAL) || !meminfo__knows(&meminfo, MEMINFO_FREE))
		return 0;
	if (meminfo__needs_zoneinfo(&meminfo))
		low_bytes = low_watermark_bytes(reader);
	know(usage, TACHO_SYSTEM_MEMORY_USED, meminfo__used(&meminfo));
	know(usage, TACHO_SYSTEM_MEMORY_AVAILABLE, meminfo__available(&meminfo, low_bytes));
	return 0;
}

static void sample_load(struct system_reader *reader, struct system_usage *usage)
{
	uint64_t hundredths[3];

	if (read_file(reader, FILE_LOADAVG) || !loadavg__parse(reader->text.data, hundredths))
		return;
	know(usage, TACHO_SYSTEM_LOAD_1MIN, hundredths[0]);
	know(usage, TACHO_SYSTEM_LOAD_5MIN, hundredths[1]);
	know(usage, TACHO_SYSTEM_LOAD_15MIN, hundredths[2]);
}

static void know_pressure(struct system_usage *usage, const struct pressure *pressure,
			  enum tacho_system_value total_us, enum tacho_system_value avg10)
{
	if (!pressure->known)
		return;
	know(usage, total_us, pressure->total_us);
	know(usage, avg10, pressure->avg10);
}

/* Not there before Linux 4.20 and in kernels without it, and not readable with psi=0. */
static void sample_pressure(struct system_reader *reader, struct system_usage *usage)
{
	static const struct {
		enum file file;
		enum tacho_system_value some_us, full_us, some_avg10, full_avg10;
	} kinds[] = {
		{ FILE_MEMORY_PRESSURE, TACHO_SYSTEM_MEMORY_SOME_US, TACHO_SYSTEM_MEMORY_FULL_US,
		  TACHO_SYSTEM_MEMORY_SOME_AVG10, TACHO_SYSTEM_MEMORY_FULL_AVG10 },
		{ FILE_IO_PRESSURE, TACHO_SYSTEM_IO_SOME_US, TACHO_SYSTEM_IO_FULL_US,
		  TACHO_SYSTEM_IO_SOME_AVG10, TACHO_SYSTEM_IO_FULL_AVG10 },
		{ FILE_CPU_PRESSURE, TACHO_SYSTEM_CPU_SOME_US, TACHO_SYSTEM_CPU_FULL_US,
		  TACHO_SYSTEM_CPU_SOME_AVG10, TACHO_SYSTEM_CPU_FULL_AVG10 },
	};
	struct pressure some, full;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (read_file(reader, kinds[i].file))
			continue;
		pressure__parse(reader->text.data, &some, &full);
		know_pressure(usage, &some, kinds[i].some_us, kinds[i].some_avg10);
		know_pressure(usage, &full, kinds[i].full_us, kinds[i].full_avg10);
	}
}

/* --- CPUs --------------------------------------------------------------------------------------
 */

static int make_room(struct system_reader *reader, size_t cpu_cnt)
{
	struct cpu *cpus;
	uint16_t *cpu_busy;

	if (cpu_cnt <= reader->cpu_cnt)
		return 0;
	cpus = reallocarray(reader->cpus, cpu_cnt, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	reader->cpus = cpus;
	cpu_busy = reallocarray(reader->cpu_busy, cpu_cnt, sizeof(*cpu_busy));
	if (!cpu_busy)
		return -ENOMEM;
	reader->cpu_busy = cpu_busy;
	for (size_t i = reader->cpu_cnt; i < cpu_cnt; i++) {
		cpus[i] = (struct cpu) {};
		cpu_busy[i] = TACHO_CPU_UNKNOWN;
	}
	reader->cpu_cnt = cpu_cnt;
	return 0;
}

struct span {
	int64_t busy; /* ticks */
	int64_t idle;
};

/* False when the CPU has begun to count anew. */
static bool span_between(const struct cpu_times *from, const struct cpu_times *to,
			 struct span *ret_span)
{
	struct span span = { .idle = to->idle - from->idle };

	if (span.idle < -IDLE_SLACK_TICKS)
		return false;
	if (span.idle < 0)
		span.idle = 0;
	for (int i = 0; i < CPU_BUSY_TIME_CNT; i++) {
		if (to->busy[i] > from->busy[i])
			span.busy += to->busy[i] - from->busy[i];
	}
	*ret_span = span;
	return true;
}

/* False when there is nothing to have a share in. */
static bool busy_tenths(const struct span *span, uint16_t *ret_tenths)
{
	int64_t all = span->busy + span->idle;

	if (!all)
		return false;
	*ret_tenths = (uint16_t)((double)span->busy * TACHO_CPU_BUSY_MAX / (double)all + 0.5);
	return true;
}

static void take_cpu(struct system_reader *reader, struct cpu *cpu, uint16_t *busy,
		     const struct cpu_times *times, struct span *sum)
{
	struct span span;

	if (cpu->sample && cpu->sample + 1 == reader->sample &&
	    span_between(&cpu->times, times, &span) && busy_tenths(&span, busy)) {
		sum->busy += span.busy;
		sum->idle += span.idle;
	}
	cpu->times = *times;
	cpu->sample = reader->sample;
}

static int sample_cpus(struct system_reader *reader, struct system_usage *usage)
{
	struct span sum = {};
	struct cpu_times times;
	unsigned int number;
	const char *at;
	uint16_t busy;
	int err;

	for (size_t i = 0; i < reader->cpu_cnt; i++)
		reader->cpu_busy[i] = TACHO_CPU_UNKNOWN;
	err = read_file(reader, FILE_STAT);
	at = err ? "" : reader->text.data;
	stat__boot_time_s(at, &usage->boot_time_s);
	while (stat__next_cpu(&at, &number, &times)) {
		if (make_room(reader, number + 1))
			return -ENOMEM;
		/* one that comes twice is a lie: it is not compared with itself */
		if (reader->cpus[number].sample != reader->sample)
			take_cpu(reader, &reader->cpus[number], &reader->cpu_busy[number], &times,
				 &sum);
	}
	if (busy_tenths(&sum, &busy))
		know(usage, TACHO_SYSTEM_CPU_BUSY, busy);
	usage->cpu_busy = reader->cpu_busy;
	usage->cpu_cnt = reader->cpu_cnt;
	return err;
}

int system_reader__sample(struct system_reader *reader, struct system_usage *ret_usage,
			  struct fault *why)
{
	struct system_usage usage = {};
	int err, cpu_err;

	reader->sample++;
	err = sample_memory(reader, &usage);
	sample_load(reader, &usage);
	sample_pressure(reader, &usage);
	cpu_err = sample_cpus(reader, &usage);
	if (err == -ENOMEM || cpu_err == -ENOMEM)
		return fault__set(why, -ENOMEM, "no memory");
	if (err && !usage.known && !usage.cpu_cnt)
		return fault__set(why, err, "/%s: %s", file_names[FILE_MEMINFO], strerror(-err));
	*ret_usage = usage;
	return 0;
}

/* --- single facts ------------------------------------------------------------------------------
 */
