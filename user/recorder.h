/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The middle of the pipe: a stream of records in, rows out to the sinks. It does not know whether
 * the stream comes from the kernel or from a file, and needs no privileges.
 */
#ifndef TACHO_USER_RECORDER_H
#define TACHO_USER_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "sink.h"

struct recorder;

/* A sink for each format, and those that are always there. What captured values there are, and who
 * looks after rotated files, is filled into the options here. */
int recorder__new(const char *const *formats, size_t format_cnt, const struct sink_options *options,
		  struct recorder **ret_recorder, struct fault *why);
void recorder__free(struct recorder *recorder); /* does not flush; NULL is fine */

/*
 * Opens the sinks, to be called when the CAPTURE records of the beginning have been fed: they are
 * the columns. The first record that is no declaration (STREAM, STATE, PROBE, CAPTURE, RETURN,
 * ATTRIBUTE, CLOCK) does it if nobody else has. Of declarations that come later, new columns are
 * added behind the others: at the next record that is none, the file that has them is begun anew.
 * 0, also when they are open already, or negative errno with why.
 */
int recorder__start(struct recorder *recorder, struct fault *why);

/* From the next flush on, what may change is as these say (sink_options__change); the rest of them
 * is not looked at. Before the start or after it. */
void recorder__set_options(struct recorder *recorder, const struct sink_options *options);

/*
 * Takes one record. A FLUSH record writes everything out. 0, or negative errno with why: -EBADMSG
 * and -EPROTO say that the record is unusable and was passed over; anything else that a sink could
 * not write (its rows are kept, the next flush tries again).
 */
int recorder__feed(struct recorder *recorder, const void *data, size_t sz, struct fault *why);

/* States of one name are one in the ledger: what has been changed goes on under its name. */
struct recorder_summary {
	uint64_t activities; /* calls that ended, by whatever way, and have a row */
	uint64_t failed;     /* rows that say so */
	uint64_t summarised; /* calls without a row of their own */
	uint64_t open;	     /* rows */
	uint64_t lost;
	uint64_t unmatched_returns;
	uint64_t process_rows;	    /* of what processes have used; in one file or more */
	uint64_t process_rows_lost; /* not in every file that was to have them */
	uint64_t counter_rows;	    /* of what programs count */
	uint64_t counter_rows_lost; /* likewise */
	uint64_t unusable;	    /* records passed over */
	int64_t unaccounted; /* entries that the ledger cannot explain; 0 unless something is wrong
			      */
	size_t state_cnt;    /* states with at least one call */
	bool ended_well;     /* the last FLUSH has been seen */
	uint64_t last_ns;    /* CLOCK_MONOTONIC of the newest thing seen */
};

void recorder__summarize(const struct recorder *recorder, struct recorder_summary *ret_summary);

/* What became of one state's calls so far. */
struct recorder_state {
	struct ledger_row ledger; /* time_ns is not set */
	uint64_t rows;		  /* of calls that ended */
	uint64_t summarised;
};

/* -ENOENT when no such state was declared. */
int recorder__read_state(const struct recorder *recorder, uint32_t state,
			 struct recorder_state *ret_state);

/* Calls each for every probe that was declared, as it is now: moment says whether it is in place.
 * It was never hit if last_hit_ns and summarised are 0. */
void recorder__each_probe(const struct recorder *recorder,
			  void (*each)(void *ctx, const struct probe_row *row), void *ctx);

#endif
