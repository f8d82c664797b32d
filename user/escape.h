/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text that anybody may have chosen, made valid UTF-8 of one line: control characters and bytes
 * that are no UTF-8 become \xHH and a backslash two. Nothing is lost. Or, where bytes must not be
 * changed that somebody else would have written, only valid UTF-8.
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

/* Well-formed UTF-8 throughout? */
bool escape_is_utf8(const char *text, size_t sz);

/* As escape_bytes, but only of the bytes that are no UTF-8. */
size_t escape_no_utf8(char *escaped, const char *text, size_t sz);

/* The whole text, malloced; NULL when there is no memory. */
char *escape_text(const char *text);

#endif
