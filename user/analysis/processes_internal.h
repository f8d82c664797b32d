/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the processes module share; nobody else includes this.
 *
 *     processes.c       the processes, and what their rows add up to
 *     processes_rows.c  what the rows of a file say
 */
#ifndef TACHO_USER_ANALYSIS_PROCESSES_INTERNAL_H
#define TACHO_USER_ANALYSIS_PROCESSES_INTERNAL_H

#include "analysis/csv_reader.h"
#include "analysis/processes.h"

/* One row, checked. */
struct usage_sample {
	uint64_t time_ns;
	uint64_t start_ns;
	uint32_t pid;	       /* 0: the command line tells processes apart */
	const char *command;   /* as in the file */
	bool command_raw;      /* not escaped yet */
	uint64_t command_hash; /* 0 if there is a pid */
	const char *comm;      /* "" if it is not known */
	uint64_t cpu_ns;
	bool at_tick; /* and not at a moment that the process has chosen */
	bool rss_known;
	uint64_t rss_bytes;
	uint64_t peak_bytes; /* 0: not known */
	bool memory_known;
	double memory_percent;
	bool ended;
	bool exit_code_known;
	int32_t exit_code;
};

struct process_layout;

struct processes {
	const struct activities_watch *watch;
	const struct activities_filter *filter;
	void *by_key; /* a tsearch(3) tree of struct process */
	struct process_usage **list;
	size_t cnt;
	size_t capacity;
	bool any_row;
	uint64_t origin_ns; /* the first moment of any row */
	uint64_t newest_ns;
	uint64_t malformed_cnt;
	uint64_t torn_cnt;
	/* the file that is being read */
	const struct process_layout *layout;
	size_t column[16];
	size_t field_cnt;
};

/* processes.c: 0 or -ENOMEM. */
int processes__add(struct processes *processes, const struct usage_sample *sample);

/* processes_rows.c */
bool processes__knows(void *ctx, const struct csv_record *record);
int processes__take(void *ctx, const struct csv_record *record);

#endif
