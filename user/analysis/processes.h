/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What processes have used, read back from
 *
 *     process_detail.csv      known by its header row; a process is (pid, start)
 *     system_resource_data    known by its six columns, with a header row or without; a process is
 *                             (command line, start)
 *
 * Of each process only sums are kept, however many rows it has. Nothing here prints; rows that make
 * no sense are counted and told to the watch. Files are found by activities.h, which hands rows of
 * such files on.
 */
#ifndef TACHO_USER_ANALYSIS_PROCESSES_H
#define TACHO_USER_ANALYSIS_PROCESSES_H

#include "analysis/activities.h"

#define PROCESS_COMMAND_SZ_MAX                                                                     \
	4096 /* of longer ones the beginning is kept, with a mark behind it */

/* Numbers seen at moments, as a line through them and their extremes. */
struct trend {
	uint64_t cnt;
	uint64_t first_ns; /* moment */
	double mean_s;	   /* of moments, since the first one */
	double mean;	   /* of numbers */
	double time_squares;
	double products;
	double max;
};

void trend__add(struct trend *trend, uint64_t moment_ns, double number);

/* The slope of the line that fits best (least squares); false if there are fewer than three numbers
 * or all are of one moment. */
bool trend__per_hour(const struct trend *trend, double *ret_slope);

struct process_usage {
	char *command; /* as process_detail.csv has it */
	char comm[64]; /* likewise; "" in system_resource_data */
	uint32_t pid;  /* 0: not known */
	uint64_t start_ns;
	uint64_t first_ns; /* moments of its rows */
	uint64_t last_ns;
	bool ended; /* and its last row says so */
	bool exit_code_known;
	int32_t exit_code; /* or minus the number of a signal */
	uint64_t least_cpu_ns;
	uint64_t most_cpu_ns;
	struct trend rss;    /* bytes, at ticks: what has just begun has none yet */
	uint64_t peak_bytes; /* 0: not known */
	struct trend memory; /* percent of the machine's, where bytes are not known */
};

struct processes;

/* watch is borrowed for the life of the processes, and may be NULL. NULL without memory. */
struct processes *processes__new(const struct activities_watch *watch);
void processes__free(struct processes *processes);

/* As activities__set_filter: rows by their moments, processes by the name that they had last, or by
 * their command line if they have none. */
void processes__set_filter(struct processes *processes, const struct activities_filter *filter);

/* What activities__set_other wants, which borrows the processes. */
struct activities_other processes__as_other(struct processes *processes);

/* Those that are asked for, in any order: looks at each of them. Borrowed, good until more is
 * added. */
size_t processes__cnt(struct processes *processes);
const struct process_usage *processes__usage(const struct processes *processes, size_t idx);

/*
 * Processor time since the files begin: all of it if the process began later, else what was added
 * since its first row. And from when on that is.
 */
uint64_t processes__cpu_ns(const struct processes *processes, const struct process_usage *usage,
			   uint64_t *ret_from_ns);

bool processes__newest(const struct processes *processes, uint64_t *ret_ns);
uint64_t processes__malformed_cnt(const struct processes *processes);
uint64_t processes__torn_cnt(const struct processes *processes);

#endif
