/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rotation makes of a data file NAME: NAME.1, the newest, NAME.2 and so on, each of them
 * either as it was or compressed, with ".zst" behind it. All that is known of these names is here.
 *
 * A directory may hold anything, so that names are hostile, and so is what they lead to: no link is
 * followed, and whoever opens a part has to look that it is a regular file (and to open it with
 * O_NOFOLLOW and O_NONBLOCK).
 */
#ifndef TACHO_USER_DATA_PARTS_H
#define TACHO_USER_DATA_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Dates, as logrotate may append them (NAME.20260131), are no numbers. */
#define DATA_PART_NUMBER_MAX 99999
#define DATA_PART_COMPRESSED ".zst"

struct data_part {
	unsigned int number; /* 1 is the newest */
	bool compressed;
};

/* A part as it was when the directory was listed. */
struct data_part_found {
	struct data_part part;
	/* NAME.N is there beside this NAME.N.zst and has the same rows: a recorder was about to
	 * replace, or ended before it had replaced, the one by the other. Whoever reads rows passes
	 * over the redundant one. */
	bool redundant;
	mode_t mode;
	dev_t dev;
	ino_t ino;
	uint64_t sz;
	int64_t modified_ns; /* CLOCK_REALTIME; of a compressed part: when its last row came */
};

/*
 * Is this entry of a directory a part of anything? *ret_name_sz is how long NAME is. "a.1.2" is
 * part 2 of "a.1"; "a.0", "a.01", "a.1.gz" and ".1" are no parts.
 */
bool data_part__parse(const char *entry, size_t *ret_name_sz, struct data_part *ret_part);

/* As above, for one NAME. */
bool data_part__parse_of(const char *entry, const char *name, struct data_part *ret_part);

/* -ENAMETOOLONG if there can be no such entry. */
int data_part__entry(const char *name, struct data_part part, char ret_entry[NAME_MAX + 1]);

/*
 * All parts of NAME, whatever they are (look at mode), the oldest first, and NAME.N before
 * NAME.N.zst. The caller frees *ret_parts, which is NULL if there are none. 0 or negative errno.
 */
int data_parts__list(int dir_fd, const char *name, struct data_part_found **ret_parts,
		     size_t *ret_cnt);

/* Is the number taken, by either form? */
bool data_parts__has(int dir_fd, const char *name, unsigned int number);

/*
 * For the one who owns the directory; if they are cut off, no row is lost or there twice for that.
 * 0 or negative errno.
 */

/* In both forms. That there is nothing is fine. */
int data_parts__remove(int dir_fd, const char *name, unsigned int number);

/* `to` has to be free. -ENOENT if there is nothing to rename. A redundant form is not renamed with
 * the other, but becomes the temporary file. */
int data_parts__rename(int dir_fd, const char *name, unsigned int from, unsigned int to);

/* Where a part of NAME is compressed before it gets its name; no part of anything. */
int data_parts__temporary(const char *name, char ret_entry[NAME_MAX + 1]);

#endif
