/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One CSV file that only grows, kept so that a reader never sees a torn row and a crash, a full
 * disk or somebody's rm and mv cost nothing that was written.
 */
#ifndef TACHO_USER_DATAFILE_H
#define TACHO_USER_DATAFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "sink.h"

struct datafile;

struct datafile_layout {
	const char *name; /* in the directory */
	/* What a new file begins with (a header row with its line end), or "". An existing file
	 * that begins differently is rotated away, with a notice, before the first row. */
	const char *first_row;
	/* A file beside it that is rewritten whole at every start, or NULL: its name and bytes. */
	const char *headers_name;
	const char *headers;
};

/*
 * Opens or creates the file (never through a symbolic link; mode 0666 less umask), repairs a torn
 * tail (a notice says how many bytes went), checks the header. A full disk is no failure here: the
 * flush will say so. The layout's strings are borrowed for the life of the datafile.
 */
int datafile__open(const struct datafile_layout *layout, const struct sink_options *options,
		   struct datafile **ret_file, struct fault *why);
void datafile__free(struct datafile *file); /* drops what was not flushed */

/* From the next flush on, what may change is kept as these say (sink_options__change). */
void datafile__set_options(struct datafile *file, const struct sink_options *options);

/* Takes one whole row, line end included. -ENOBUFS (and nothing taken) when the backlog is full. */
int datafile__append(struct datafile *file, const char *row, size_t sz);

/* How many rows are gathered and not in the file yet. Walks through them. */
size_t datafile__pending(const struct datafile *file);

bool datafile__has_room(const struct datafile *file);

/*
 * Puts the gathered rows into the file with one write of whole rows (a few when the batch exceeds
 * the rotation size), after checking that the name still leads to this file: if it was renamed,
 * deleted or its directory is gone, everything is made afresh, header included. On a short or
 * failed write the file is cut back to its last whole row and the rest stays gathered. Syncs as
 * options->sync_ns says. A file whose first row is older than options->rotate_age_ns is rotated
 * first, even when there is nothing to write. now_ns is CLOCK_MONOTONIC. 0 or negative errno with
 * why.
 */
int datafile__flush(struct datafile *file, uint64_t now_ns, bool last, struct fault *why);

#endif
