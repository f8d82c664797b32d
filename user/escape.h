/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text that anybody may have chosen, made valid UTF-8 of one line: control characters and bytes
 * that are no UTF-8 become \xHH and a backslash two. Nothing is lost.
 */
#ifndef TACHO_USER_ESCAPE_H
#define TACHO_USER_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#define ESCAPED_SZ(sz) (4 * (sz) + 1) /* at most, the NUL included */

/* Printable ASCII without a backslash: escaping it changes nothing. */
bool escape_is_plain(const char *text);

/* Any bytes, NUL among them. Writes a NUL behind them; returns the length without it. */
size_t escape_bytes(char *escaped, const char *text, size_t sz);

/* The whole text, malloced; NULL when there is no memory. */
char *escape_text(const char *text);

#endif
