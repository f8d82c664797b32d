/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of values and the forms in which tacho report shows it: for people with units, to three
 * digits, cut where the terminal is narrow; for programs with everything that is known, in base
 * units. Text may be hostile: control characters and bytes that are no UTF-8 become \xHH in every
 * form. A backslash stays one, since the files that are reported have done the same already.
 */
#ifndef TACHO_USER_REPORT_SHEET_H
#define TACHO_USER_REPORT_SHEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "fault.h"

enum sheet_unit {
	SHEET_TEXT,
	SHEET_COUNT, /* u64; s64 too */
	SHEET_NS,
	SHEET_BYTES,   /* u64; double too, and that may be negative */
	SHEET_MOMENT,  /* nanoseconds since the Unix epoch; people see local time */
	SHEET_PERCENT, /* double */
	SHEET_RATE,    /* double, of a second */
	SHEET_NUMBER,  /* double */
};

enum sheet_place {
	SHEET_RARE,	/* people see it when they ask for it */
	SHEET_USUAL,	/* ... when they do not ask for anything else */
	SHEET_YIELDING, /* ... unless the terminal is too narrow */
	SHEET_EXTRA,	/* ... only if there is a terminal, and it is wide enough */
};

/* The first column names what the row is of, and is always shown. */
struct sheet_column {
	const char *heading; /* for people */
	const char *name;    /* for programs, and for --columns */
	enum sheet_unit unit;
	enum sheet_place place;
};

/* The name without the unit at its end: "p99" of "p99_ns". */
#define SHEET_NAME_SZ 32
void sheet_column__short_name(const struct sheet_column *column, char name[SHEET_NAME_SZ]);

enum sheet_cell_kind { SHEET_IS_NONE, SHEET_IS_TEXT, SHEET_IS_U64, SHEET_IS_S64, SHEET_IS_DOUBLE };

struct sheet_cell {
	enum sheet_cell_kind kind;
	union {
		char *text;
		uint64_t u64;
		int64_t s64;
		double real;
	};
};

#define SHEET_COLUMNS_MAX 32

/* Which columns, in which order. */
struct sheet_choice {
	size_t columns[SHEET_COLUMNS_MAX];
	size_t cnt;
};

struct sheet {
	const struct sheet_column *columns;
	size_t column_cnt;
	struct sheet_cell *cells; /* row after row */
	size_t cell_cnt;
	size_t room;
	bool failed; /* a cell is missing for want of memory */
};

/* Columns are borrowed; there are SHEET_COLUMNS_MAX at most. NULL without memory. */
struct sheet *sheet__new(const struct sheet_column *columns, size_t column_cnt);
void sheet__free(struct sheet *sheet);

/* The next cell, row after row; printing tells when there was no memory for it. */
void sheet__none(struct sheet *sheet);
void sheet__text(struct sheet *sheet, const char *text);
void sheet__u64(struct sheet *sheet, uint64_t value);
void sheet__s64(struct sheet *sheet, int64_t value);
void sheet__double(struct sheet *sheet, double value); /* a NaN or infinity is none */

size_t sheet__row_cnt(const struct sheet *sheet);

void sheet__choose_all(const struct sheet *sheet, struct sheet_choice *ret_choice);
void sheet__choose_usual(const struct sheet *sheet, struct sheet_choice *ret_choice);

/* As much of what yields as the terminal has room for beside what is chosen, then of what is extra;
 * and sorts all of them. */
void sheet__add_fitting(const struct sheet *sheet, size_t row_cnt, FILE *out,
			struct sheet_choice *choice);

/* Takes away the columns, but for the first, that have no value in any row. */
void sheet__drop_empty(const struct sheet *sheet, struct sheet_choice *choice);

/* In the order of the sheet. */
void sheet_choice__sort(struct sheet_choice *choice);

/* Adds the column of that name or heading, or with its unit left out ("p99" for "p99_ns"), behind
 * the others, unless it is among them. False if there is none. */
bool sheet__choose(const struct sheet *sheet, struct sheet_choice *choice, const char *name);

/*
 * Prints the first row_cnt rows. All of these return 0 or -ENOMEM; whether out took it is for the
 * caller to look at.
 */
int sheet__print_table(const struct sheet *sheet, const struct sheet_choice *choice, size_t row_cnt,
		       FILE *out);
int sheet__print_markdown(const struct sheet *sheet, const struct sheet_choice *choice, FILE *out);
int sheet__print_csv(const struct sheet *sheet, const struct sheet_choice *choice, FILE *out);

/* The text, so that nothing in it is markup. */
void markdown_put(FILE *out, const char *text);

/* An array of objects, one for each row; NULL without memory. */
json_t *sheet__json(const struct sheet *sheet, const struct sheet_choice *choice);

/* The text as every form has it; malloced, NULL without memory. */
char *sheet_text(const char *text);

#endif
