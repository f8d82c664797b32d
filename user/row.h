/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the recorder hands to the sinks: finished rows, in file units, free of any wire format.
 * All strings are borrowed for the duration of the call.
 */
#ifndef TACHO_USER_ROW_H
#define TACHO_USER_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tacho/event.h"

/* Unknown unless the settings say what failing is, or marks do, and it could be seen; or an
 * exception did it. */
enum row_failed { ROW_FAILED_UNKNOWN, ROW_FAILED_NO, ROW_FAILED_YES };

/* A number that may be missing: {} is. */
struct row_number {
	bool known;
	uint64_t value;
};

/* One call of a tracked function that has ended (or was open when the recorder stopped). */
struct activity_row {
	const char *state;
	uint64_t start_ns;    /* CLOCK_REALTIME, nanoseconds since the Unix epoch */
	uint64_t duration_ns; /* CLOCK_MONOTONIC difference */
	uint32_t pid;
	uint32_t tid;
	uint32_t depth; /* tracked calls that were open in this thread when this one began */
	enum tacho_ended ended;
	const char *comm;     /* thread name, any bytes, NUL-terminated */
	const char *binary;   /* path of the file that holds the function */
	const char *function; /* as the configuration names it */
	enum row_failed failed;
	/* What became of the duration: the three together, if they are known. */
	struct row_number cpu_ns;
	struct row_number runqueue_ns;
	struct row_number blocked_ns;
	/* Of the thread, in this time. */
	struct row_number minor_faults;
	struct row_number major_faults;
	struct row_number voluntary_switches;
	struct row_number involuntary_switches;
	/* As values.h formats them: lines of valid UTF-8. NULL where there is none. */
	const char *return_value;
	const char *const *captured; /* one for each of sink_options.capture_names; or none */
};

/* A program has added to one of its counters. */
struct counter_row {
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint32_t pid;
	const char *name; /* any bytes */
	int64_t delta;
	int64_t total; /* in this process, since it was first recorded */
};

enum probe_moment {
	PROBE_ATTACHED = TACHO_PLACED_ATTACHED, /* put in place */
	PROBE_DETACHED = TACHO_PLACED_DETACHED, /* taken away */
	PROBE_AT_END,				/* was in place when the recording ended */
};

/* What is known of a probe at some moment. */
struct probe_row {
	uint64_t time_ns; /* CLOCK_REALTIME */
	enum probe_moment moment;
	const char *state;
	const char *binary;
	const char *build_id; /* hexadecimal, "" if there is none */
	const char *function; /* as the configuration names it */
	const char *symbol;
	const char *exit_mode;
	uint64_t offset;      /* in the file */
	uint64_t calls;	      /* rows so far */
	uint64_t last_hit_ns; /* CLOCK_REALTIME of the newest start or end seen; 0 = never */
	uint64_t summarised; /* calls of its state without a row: which probe saw them is unknown */
};

/* Calls without a row of their own, because there were too many: exact sums. */
struct summary_row {
	uint64_t from_ns; /* CLOCK_REALTIME; the calls ended between these */
	uint64_t to_ns;
	const char *state;
	uint64_t ended[TACHO_ENDED_CNT];
	uint64_t count; /* of all endings */
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
	uint64_t buckets[TACHO_BUCKETS]; /* as in struct tacho_summary */
};

enum process_moment {
	PROCESS_SAMPLE = TACHO_PROCESS_AT_SAMPLE,
	PROCESS_EXEC = TACHO_PROCESS_AT_EXEC,
	PROCESS_EXIT = TACHO_PROCESS_AT_EXIT,
};

/* What a process has used since it began. Counters are cumulative. */
struct process_row {
	uint64_t time_ns; /* CLOCK_REALTIME */
	enum process_moment moment;
	uint32_t pid;
	uint32_t ppid;
	uint64_t start_ns;    /* CLOCK_REALTIME; the same in all rows of a process */
	uint64_t start_ticks; /* 1/100 s since boot_s */
	uint64_t boot_s;      /* seconds since the Unix epoch */
	const char *comm;
	const char *command; /* any bytes but NUL */
	bool command_cut;    /* it goes on */
	uint64_t user_ns;
	uint64_t system_ns;
	uint64_t cpu_ns;
	bool memory_known;
	bool peak_known;
	bool io_known;
	bool exit_code_known;
	uint64_t rss_bytes;
	uint64_t peak_rss_bytes;
	uint64_t virtual_bytes;
	uint64_t memory_total_bytes; /* of the machine */
	uint32_t threads;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	int32_t exit_code; /* as wait(2) gives it */
	const char *cgroup;
};

/* One line of the ledger: everything that became of a state's calls, cumulative since the start. */
struct ledger_row {
	uint64_t time_ns; /* CLOCK_REALTIME */
	const char *state;
	uint64_t entries;
	uint64_t ended[TACHO_ENDED_CNT]; /* indexed by enum tacho_ended; [TACHO_ENDED_OPEN] is open
					  */
	uint64_t lost_ring;		 /* ring buffer full */
	uint64_t lost_nesting;		 /* return dropped by the kernel beyond 64 nested hijacks */
	uint64_t lost_other; /* no memory for the frame, or no room on disk for the row */
	uint64_t unmatched_returns;
};

/* Which values of a GPU or of a process on it are known; the others have no meaning. */
enum gpu_known {
	GPU_KNOWS_LOAD = TACHO_GPU_LOAD,
	GPU_KNOWS_MEMORY_USED = TACHO_GPU_MEMORY_USED,
	GPU_KNOWS_MEMORY_TOTAL = TACHO_GPU_MEMORY_TOTAL,
	GPU_KNOWS_TEMPERATURE = TACHO_GPU_TEMPERATURE,
};

/* A GPU at some moment, or what one process has of it. */
struct gpu_row {
	uint64_t time_ns;   /* CLOCK_REALTIME */
	const char *device; /* as gpu/gpu.h has it; any bytes, as the two below */
	const char *name;
	const char *driver;
	uint32_t pid;	    /* 0: the device itself */
	unsigned int known; /* enum gpu_known */
	double load_percent;
	uint64_t memory_used_bytes;
	uint64_t memory_total_bytes; /* of devices only */
	double temperature_celsius;  /* of devices only */
};

struct system_value {
	bool known;
	uint64_t value;
};

/* How busy each CPU was, by its number: as in struct tacho_system. */
struct system_cpus {
	const uint16_t *busy;
	size_t cnt;
};

/* What the whole machine uses at some moment. */
struct system_row {
	uint64_t time_ns;				    /* CLOCK_REALTIME */
	struct system_value values[TACHO_SYSTEM_VALUE_CNT]; /* by enum tacho_system_value */
	struct system_cpus cpus;
};

#endif
