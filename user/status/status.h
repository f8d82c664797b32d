/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a status file says (docs/FORMATS.md), and whether there is still a recorder behind it. The
 * file is hostile: anybody may have written it.
 */
#ifndef TACHO_USER_STATUS_STATUS_H
#define TACHO_USER_STATUS_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fault.h"
#include "tacho/probe.h"

/* A recorder has so many states at most; the rest of a file is not taken. */
#define STATUS_STATES_MAX TACHO_STATES_MAX
#define STATUS_FILE_MAX ((size_t)8 << 20) /* bytes */

enum status_life {
	STATUS_RUNNING,
	STATUS_SILENT, /* it runs, and has not written for too long: it hangs, or is stopped */
	STATUS_GONE,   /* killed: it would have removed the file */
};

/* Numbers that are missing or make no sense are 0, texts "". */
struct status_pending {
	const char *binary;
	const char *function;
	const char *why;
};

struct status_state {
	const char *name;
	bool selected;
	uint64_t probes;
	uint64_t attached;
	struct status_pending *pending;
	size_t pending_cnt;
	uint64_t last_hit_ns; /* CLOCK_REALTIME; 0: never */
	uint64_t calls;
	uint64_t rows;
	uint64_t summarised;
	bool summarising;
	uint64_t lost_ring;
	uint64_t lost_nesting;
	uint64_t lost_other;
	double calls_per_second;
	double estimated_cpu_share;
};

struct status {
	json_t *json; /* all strings are in there */
	pid_t pid;
	uint64_t start_ticks;
	uint64_t updated_ns; /* CLOCK_REALTIME */
	uint64_t updated_monotonic_ns;
	uint64_t refresh_ns; /* it is written at least so often */
	uint64_t recording_ns;
	const char *version;
	const char *directory;
	const char *way;
	const char **troubles;
	size_t trouble_cnt;
	uint64_t cpu_ns;
	uint64_t rss_bytes;
	uint64_t ring_size_bytes;
	uint64_t ring_peak_bytes;
	struct status_state *states;
	size_t state_cnt;
	bool records_processes;
	const char *process_source;
	uint64_t process_interval_ns;
	uint64_t process_rows;
	uint64_t process_rows_lost;
	uint64_t process_events_lost;
	const char *gpus;
};

/* -ENOENT when there is no file; -EINVAL when it is no status file, or too long. */
int status__read(const char *path, struct status **ret_status, struct fault *why);
/* The same of text. */
int status__parse(const char *text, size_t sz, struct status **ret_status, struct fault *why);
void status__free(struct status *status); /* NULL is fine */

enum status_life status__life(const struct status *status, uint64_t monotonic_ns);
const char *status_life__name(enum status_life life);

#endif
