/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was recorded, read back row by row: nothing of it is kept.
 *
 *     robot_activity_data    calls, of which only state, start and duration are known; under either
 *                            of its names, with or without any spelling of its header row
 *     activity_detail.csv    calls, with all that the version that wrote it knew
 *     duration.*.csv of QuantumLeap, processing_metrics_*.csv of Junmai: calls (peer_rows.h)
 *     activity_summary.csv   calls that have no rows of their own, summed up
 *     activity_ledger.csv    what became of all calls
 *     process_detail.csv     what processes used
 *     system_resource_data   the same, as the robot's package has written it
 *     system_detail.csv      what the machine used: memory, and how busy it was
 *     gpu_detail.csv         what GPUs and processes on them did
 *     counters.csv           what programs counted
 *
 * Text is as in the files: valid UTF-8 of one line with escapes (docs/FORMATS.md) if tacho wrote
 * it, and any bytes if not.
 */
#ifndef TACHO_USER_ANALYSIS_CALLS_H
#define TACHO_USER_ANALYSIS_CALLS_H

#include "analysis/data_rows.h"
#include "analysis/row_columns.h"
#include "row.h"

enum call_knows {
	CALL_KNOWS_PID = 1,
	CALL_KNOWS_TID = 2,
	CALL_KNOWS_DEPTH = 4,
	CALL_KNOWS_ENDED = 8,
	CALL_KNOWS_CPU = 16,
	CALL_KNOWS_RUNQUEUE = 32,
	CALL_KNOWS_BLOCKED = 64,
	CALL_KNOWS_MINOR_FAULTS = 128,
	CALL_KNOWS_MAJOR_FAULTS = 256,
	CALL_KNOWS_VOLUNTARY = 512,
	CALL_KNOWS_INVOLUNTARY = 1024,
};

/* Strings are "" where there is none. */
struct call {
	const char *state;
	uint64_t start_ns; /* since the Unix epoch; wall clock, so that it may go back */
	uint64_t duration_ns;
	unsigned int known; /* enum call_knows, of the numbers below */
	uint64_t pid;
	uint64_t tid;
	uint64_t depth;
	enum tacho_ended ended; /* TACHO_ENDED_RETURN if it is not known: it finished */
	enum row_failed failed;
	uint64_t cpu_ns;
	uint64_t runqueue_ns;
	uint64_t blocked_ns;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	const char *comm;
	const char *return_value;
	const char *binary;
	const char *function;
	const struct data_value *captured; /* all columns; empty where there is no value */
	size_t captured_cnt;
};

/* UINT64_MAX at most. */
uint64_t call__end_ns(const struct call *call);

enum process_knows {
	PROCESS_KNOWS_PPID = 1,
	PROCESS_KNOWS_START = 2,
	PROCESS_KNOWS_USER = 4,
	PROCESS_KNOWS_SYSTEM = 8,
	PROCESS_KNOWS_CPU = 16,
	PROCESS_KNOWS_RSS = 32,
	PROCESS_KNOWS_PEAK_RSS = 64,
	PROCESS_KNOWS_VIRTUAL = 128,
	PROCESS_KNOWS_THREADS = 256,
	PROCESS_KNOWS_MINOR_FAULTS = 512,
	PROCESS_KNOWS_MAJOR_FAULTS = 1024,
	PROCESS_KNOWS_READ = 2048,
	PROCESS_KNOWS_WRITE = 4096,
	PROCESS_KNOWS_VOLUNTARY = 8192,
	PROCESS_KNOWS_INVOLUNTARY = 16384,
	PROCESS_KNOWS_EXIT_CODE = 32768,
};

struct process_sample {
	uint64_t time_ns;
	const char *event; /* sample, exec or exit */
	uint64_t pid;
	unsigned int known; /* enum process_knows, of the numbers below */
	uint64_t ppid;
	uint64_t start_ns;
	uint64_t user_ns;
	uint64_t system_ns;
	uint64_t cpu_ns;
	uint64_t rss_bytes;
	uint64_t peak_rss_bytes;
	uint64_t virtual_bytes;
	uint64_t threads;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	int64_t exit_code; /* minus the number of a signal */
	const char *comm;
	const char *command;
	const char *cgroup;
};

struct memory_sample {
	uint64_t time_ns;
	unsigned int known; /* a bit for each, in this order */
	uint64_t total_bytes;
	uint64_t available_bytes;
	uint64_t used_bytes;
	double cpu_busy_percent; /* since the row before, of all processors together: up to 100 */
};

enum memory_knows {
	MEMORY_KNOWS_TOTAL = 1,
	MEMORY_KNOWS_AVAILABLE = 2,
	MEMORY_KNOWS_USED = 4,
	MEMORY_KNOWS_CPU = 8,
};

/* Who takes it. What has no function is not read. Each returns 0, or what ends the reading. */
struct calls_taker {
	int (*call)(void *ctx, const struct call *call);
	int (*process)(void *ctx, const struct process_sample *sample);
	/* Of a directory, only where there is no process_detail.csv. */
	int (*resource)(void *ctx, const struct resource_row *row);
	/* ended[TACHO_ENDED_OPEN] is what is missing to count. */
	int (*summary)(void *ctx, const struct summary_row *row);
	int (*ledger)(void *ctx, const struct ledger_row *row);
	int (*memory)(void *ctx, const struct memory_sample *sample);
	int (*gpu)(void *ctx, const struct gpu_row *row); /* pid 0: the device itself */
	int (*counter)(void *ctx, const struct counter_row *row);
	void *ctx;
};

struct calls_reader;

/* Both are borrowed for the life of the reader; watch may be NULL. NULL without memory. */
struct calls_reader *calls_reader__new(const struct calls_taker *taker,
				       const struct data_watch *watch);
void calls_reader__free(struct calls_reader *reader);

/*
 * What is in a file, a pipe ("-": standard input), or a directory: of that, activity_detail.csv or
 * else robot_activity_data or else robot_context_data, with what rotation has made of it, or else
 * the files of calls of other tools; and then the other files that are wanted. A file that was read
 * already is not read again. 0, a negative errno with why, or what the taker returned (why is empty
 * then).
 */
int calls_reader__read_path(struct calls_reader *reader, const char *path, struct fault *why);

#endif
