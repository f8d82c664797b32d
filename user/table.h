/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table for people: columns as wide as what stands in them, two blanks apart. Where the terminal
 * is narrower, cells of the columns that may be cut lose their middles. Cells are hostile text and
 * are escaped.
 */
#ifndef TACHO_USER_TABLE_H
#define TACHO_USER_TABLE_H

#include <stdbool.h>

#include "screen.h"

struct table_column {
	const char *heading;
	bool right;	 /* aligned there, as numbers are */
	bool may_be_cut; /* on a terminal */
};

struct table;

/* The columns end with one without a heading, and outlive the table. -ENOMEM. */
int table__new(const struct table_column *columns, struct table **ret_table);
void table__free(struct table *table);

/* The next cell, row after row. What fails here for want of memory is told by table__print. */
void table__put(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* With its headings, unless it has no rows. 0 or -ENOMEM. */
int table__print(const struct table *table, const struct screen *screen);

#endif
