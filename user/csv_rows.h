/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the rows of a CSV text end. A line feed ends a row unless it stands in a quoted field, so
 * that finding a row's end takes a walk from the start of the text; bytes may come in pieces.
 *
 * Rows with and without quotes, and CRLF and LF, may be mixed. Two quotes in an odd place (a row
 * torn by somebody's crash, with the next one glued to it) are read as Python's csv module reads
 * them, which finds the line's end again.
 */
#ifndef TACHO_USER_CSV_ROWS_H
#define TACHO_USER_CSV_ROWS_H

#include <stddef.h>

enum csv_place {
	CSV_AT_FIELD_START,
	CSV_IN_FIELD,
	CSV_IN_QUOTES,
	CSV_AFTER_QUOTE, /* in quotes, one quote seen: its end, or the first of a doubled one */
};

/* Zero-initialise at the start of a row. */
struct csv_walk {
	enum csv_place place;
};

/* Walks to the end of the row; returns how many bytes belong to it, line feed included, or 0 when
 * data ends first (the walk goes on with the bytes that follow). */
size_t csv_walk__row(struct csv_walk *walk, const char *data, size_t sz);

/* How many of the bytes, which begin with a row, are whole rows. */
size_t csv_rows__whole(const char *data, size_t sz);

#endif
