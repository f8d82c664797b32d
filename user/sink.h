/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A sink writes rows to files of one format. The recorder knows sinks only through this table of
 * operations; a new format is one new file and one line in sink.c.
 *
 * Rows are gathered in memory and reach the file, whole, when flush is called. No operation
 * prints. Errors are negative errno; a sink that failed to flush keeps its rows and tries again at
 * the next flush.
 */
#ifndef TACHO_USER_SINK_H
#define TACHO_USER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "row.h"

struct data_keeper;
struct output_dir;
struct sink;

/* How every file is kept; the same for all sinks of a recorder. */
struct sink_options {
	struct output_dir *dir;	  /* borrowed; outlives the sink */
	uint64_t rotate_bytes;	  /* a file that would grow beyond is rotated first; 0 = never */
	unsigned int rotate_keep; /* how many rotated files stay (name.1 is the newest) */
	uint64_t rotate_age_ns;	  /* one whose first row came so long ago is rotated; 0 = never */
	bool compress;		  /* rotated files, to name.1.zst and so on */
	uint64_t keep_bytes; /* rotated files beyond so much, all files together, go; 0 = none */
	uint64_t sync_ns;    /* fdatasync at least this often; 0 = each flush; UINT64_MAX = never */
	size_t backlog_bytes; /* unwritten rows held while the disk is full; beyond: -ENOBUFS */
	/* Something happened that the user should read once (a torn tail repaired, a file rotated
	 * away because its columns differ, ...). May be NULL. */
	void (*notice)(void *ctx, const char *text);
	/* The same for what only those want to know who ask why. May be NULL. */
	void (*notice_debug)(void *ctx, const char *text);
	void *notice_ctx;
	/* Who looks after the rotated files; borrowed, outlives the sink. NULL: nobody does. */
	struct data_keeper *keeper;
	bool on_demand; /* no file is made before it has a row */
	/* More columns may come up while recording, as they did before: those that a file is found
	 * to have besides are kept, or it would be begun anew at each start and for each of them.
	 */
	bool keep_columns;
	/* What columns the captured values of activity_row have; borrowed, outlive the sink. */
	const char *const *capture_names; /* any bytes */
	size_t capture_name_cnt;	  /* <= SINK_CAPTURES_MAX */
};

/* So that everybody can read the rows again (CSV_FIELD_CNT_MAX of analysis/csv_reader.h). */
#define SINK_CAPTURES_MAX 1000
#define SINK_MORE_MAX 32 /* of earlier recordings; they have no more than 17 */

/* What may change while there are sinks: everything about rotation, and sync_ns. */
void sink_options__change(struct sink_options *options, const struct sink_options *changed);

struct sink_ops {
	const char *name; /* as `formats =` spells it; sinks that share it are one format */
	int (*open)(const struct sink_options *options, struct sink **ret_sink, struct fault *why);
	/* 0; 1 when rows of this kind do not go into its files; -ENOBUFS when the backlog is full:
	 * the row is not taken. NULL = not wanted. */
	int (*activity)(struct sink *sink, const struct activity_row *row);
	int (*ledger)(struct sink *sink, const struct ledger_row *row);
	int (*summary)(struct sink *sink, const struct summary_row *row);
	int (*probe)(struct sink *sink, const struct probe_row *row);
	int (*process)(struct sink *sink, const struct process_row *row);
	int (*gpu)(struct sink *sink, const struct gpu_row *row);
	int (*system)(struct sink *sink, const struct system_row *row);
	int (*counter)(struct sink *sink, const struct counter_row *row);
	/* Writes what is gathered. now_ns is CLOCK_MONOTONIC; last forces the fdatasync that
	 * sync_ns asks for (none when UINT64_MAX). */
	int (*flush)(struct sink *sink, uint64_t now_ns, bool last, struct fault *why);
	/* sink_options__change, from the next flush on. */
	void (*set_options)(struct sink *sink, const struct sink_options *options);
	/* How many rows were taken and are not in the file yet. */
	size_t (*pending)(const struct sink *sink);
	/* Room for at least one more row of ordinary size? */
	bool (*has_room)(const struct sink *sink);
	/* There is a column for each of capture_names; not NULL. Sets *ret_names to the columns
	 * that the file has behind them, if it has those: *ret_cnt strings, at most SINK_MORE_MAX,
	 * and they and the list are the caller's to free. None if the file has not, or that cannot
	 * be told. 0 or -ENOMEM. */
	int (*more_columns)(const struct sink_options *options, char ***ret_names, size_t *ret_cnt);
	bool large_rows;		 /* rows may be larger, and be refused even so */
	void (*free)(struct sink *sink); /* does not flush; NULL is fine */
};

/* The sinks of all formats, NULL-terminated. "ledger", "summary" and "probes" are not among them:
 * they are always written. Of two that take the same rows, both large, the one with the larger rows
 * comes first. */
const struct sink_ops *const *sink_ops__all(void);
#define SINK_OPS_MAX 12

/* The names of the formats, each once, NULL-terminated. */
const char *const *sink_ops__names(void);

extern const struct sink_ops opentrons_sink_ops;	   /* sink_opentrons.c */
extern const struct sink_ops detail_sink_ops;		   /* sink_detail.c */
extern const struct sink_ops ledger_sink_ops;		   /* sink_ledger.c */
extern const struct sink_ops summary_sink_ops;		   /* sink_summary.c */
extern const struct sink_ops probes_sink_ops;		   /* sink_probes.c */
extern const struct sink_ops process_detail_sink_ops;	   /* sink_process_detail.c */
extern const struct sink_ops opentrons_resources_sink_ops; /* sink_opentrons_resources.c */
extern const struct sink_ops system_sink_ops;		   /* sink_system.c */
extern const struct sink_ops gpu_sink_ops;		   /* sink_gpu.c */
extern const struct sink_ops counters_sink_ops;		   /* sink_counters.c */

#endif
