/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the datafile module share; nobody else includes this.
 *
 *     datafile.c          rows gathered, written, synced
 *     datafile_place.c    the name in the directory: opened, followed, rotated
 *     datafile_age.c      since when there are rows in it
 *     datafile_repair.c   what an earlier run or somebody else left in the file
 *     datafile_headers.c  the file beside it that holds the column names
 */
#ifndef TACHO_USER_DATAFILE_INTERNAL_H
#define TACHO_USER_DATAFILE_INTERNAL_H

#include <string.h>

#include "datafile.h"

struct datafile {
	struct datafile_layout layout;
	struct sink_options options;
	int fd;	     /* -1: the next flush opens it */
	uint64_t sz; /* where the whole rows of the file end */
	bool torn;   /* bytes beyond sz are part of a row and could not be cut off yet */
	bool unsynced;
	uint64_t synced_ns;
	bool begun;	   /* it is known when the first row came: */
	uint64_t begun_ns; /* CLOCK_MONOTONIC; modulo 2^64, since it may be before the boot */
	bool headers_due;
	char *rows; /* gathered, not yet in the file */
	size_t rows_sz;
	size_t rows_capacity;
};

/* Nothing in it but what it begins with? */
static inline bool datafile__is_bare(const struct datafile *file)
{
	return file->sz <= strlen(file->layout.first_row);
}

static inline bool datafile__syncs(const struct datafile *file)
{
	return file->options.sync_ns != UINT64_MAX;
}

/* datafile.c */

/* Sets why to "DIR/NAME: what: strerror"; returns err. */
int datafile__fault(const struct datafile *file, struct fault *why, int err, const char *what);
void datafile__notice(const struct datafile *file, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Puts whole rows at the end of the file; on an error, cuts it back to whole rows. *ret_put, set in
 * either case, says how many bytes of rows went in. */
int datafile__put(struct datafile *file, const char *rows, size_t sz, size_t *ret_put,
		  struct fault *why);
int datafile__cut(struct datafile *file, struct fault *why); /* at file->sz */
int datafile__sync(struct datafile *file, struct fault *why);
int datafile__sync_dir(const struct datafile *file, struct fault *why);

/* datafile_place.c */

/* Opens what the name leads to, or makes it, and makes it fit for appending. */
int datafile__take_place(struct datafile *file, struct fault *why);
/* Does the name still lead to the open file, with all that was in it? Takes its place if not. */
int datafile__follow(struct datafile *file, struct fault *why);
int datafile__rotate(struct datafile *file, struct fault *why);

/* datafile_age.c */

/* The first row has just come. */
void datafile__begin_age(struct datafile *file, uint64_t now_ns);
/* Are there rows in it, and is the first older than options->rotate_age_ns? */
bool datafile__is_old(struct datafile *file, uint64_t now_ns);

/* datafile_repair.c */

/* Is a first row all that is in the file, and does it begin with ours, or ours with it? */
bool datafile__has_only_columns(const struct datafile *file);

/*
 * Repairs a torn tail and sets file->sz. A file that our rows cannot be added to is left as it is
 * and *ret_unfit says why; otherwise *ret_unfit is "".
 */
int datafile__repair(struct datafile *file, struct fault *ret_unfit, struct fault *why);

/* datafile_headers.c */
int datafile__write_headers(struct datafile *file, struct fault *why);
/* Writes them again if they are due or gone. */
int datafile__keep_headers(struct datafile *file, struct fault *why);

#endif
