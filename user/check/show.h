/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A check's findings: a table with notes for people, JSON for programs. */
#ifndef TACHO_USER_CHECK_SHOW_H
#define TACHO_USER_CHECK_SHOW_H

#include <stdbool.h>

#include "../screen.h"
#include "check.h"

/* verbose: each probe in full. Flushed. 0, -ENOMEM, or -EIO when out did not take all of it. */
int check_show_table(const struct check *check, bool verbose, const struct screen *screen);
int check_show_json(const struct check *check, FILE *out);

#endif
