/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the recorder hands to the sinks: finished rows, in file units, free of any wire format.
 * All strings are borrowed for the duration of the call.
 */
#ifndef TACHO_USER_ROW_H
#define TACHO_USER_ROW_H

#include <stdint.h>

#include "tacho/event.h"

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
