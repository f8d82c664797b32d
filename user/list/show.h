/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A list, for three kinds of readers: a table for a terminal; lines for grep and awk in a pipe; and
 * JSON. tacho-list(1) describes the last two.
 */
#ifndef TACHO_USER_LIST_SHOW_H
#define TACHO_USER_LIST_SHOW_H

#include <stdbool.h>

#include "../screen.h"
#include "list.h"

/* Flushed. 0, -ENOMEM, or -EIO when out did not take all of it. verbose: with the reasons. */
int list_show_table(const struct list *list, bool verbose, const struct screen *screen);
int list_show_lines(const struct list *list, bool verbose, FILE *out);
int list_show_json(const struct list *list, FILE *out);

#endif
