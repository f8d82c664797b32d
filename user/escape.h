/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hostile bytes as text: names of processes, paths, whatever the kernel passes on. Control
 * characters (U+0000 to U+001F, U+007F to U+009F) and bytes that are no UTF-8 become \xHH, a
 * backslash becomes two; the rest stays as it is. The same in every file and on every screen.
 */
#ifndef TACHO_USER_ESCAPE_H
#define TACHO_USER_ESCAPE_H

/* Malloced; NULL when there is no memory. */
char *escape_text(const char *text);

#endif
