/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the recorder hands to the sinks: finished rows, in file units, free of any wire format.
 * All strings are borrowed for the duration of the call.
 */
#ifndef TACHO_USER_ROW_H
#define TACHO_USER_ROW_H

#include <stdint.h>

#include "tacho/event.h"

/* Unknown unless the settings say what failing is and it could be seen, or an exception did it. */
enum row_failed { ROW_FAILED_UNKNOWN, ROW_FAILED_NO, ROW_FAILED_YES };

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
	/* As values.h formats them: lines of valid UTF-8. NULL where there is none. */
	const char *return_value;
	const char *const *captured; /* one for each of sink_options.capture_names; or none */
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

#endif
