/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CSV rows, written. RFC 4180, CRLF line ends. */
#ifndef TACHO_USER_CSV_H
#define TACHO_USER_CSV_H

#include <stddef.h>
#include <stdint.h>

enum csv_quoting {
	CSV_QUOTE_ALL,	  /* Python csv.QUOTE_ALL, as the Opentrons files have it */
	CSV_QUOTE_MINIMAL /* RFC 4180: only where a comma, a quote, CR or LF asks for it */
};

/* A growing row. Zero-initialise, set quoting; csv_row__free at the end. An allocation that fails
 * is remembered and reported by csv_row__end. */
struct csv_row {
	char *data;
	size_t sz;
	size_t capacity;
	enum csv_quoting quoting;
	int err;
};

void csv_row__begin(struct csv_row *row); /* forgets the row before, keeps the memory */
void csv_row__text(struct csv_row *row, const char *text);
void csv_row__empty(struct csv_row *row); /* a text of no length */
void csv_row__u64(struct csv_row *row, uint64_t value);
void csv_row__s64(struct csv_row *row, int64_t value);
void csv_row__double(struct csv_row *row, double value); /* float_repr.h */
int csv_row__end(struct csv_row *row);			 /* adds CRLF; 0 or -ENOMEM */
void csv_row__free(struct csv_row *row);

#define CSV_DIGITS_MAX 20

/* A number in decimal, at most CSV_DIGITS_MAX bytes, without a NUL; returns where it ends. */
char *csv_digits(char *at, uint64_t value);

#endif
