/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text for people, who read it on a terminal of some width or take it on in a pipe. On a terminal
 * it is made to fit; in a pipe nothing is cut and nothing wrapped, since somebody may search it.
 */
#ifndef TACHO_USER_SCREEN_H
#define TACHO_USER_SCREEN_H

#include <locale.h>
#include <stddef.h>
#include <stdio.h>

#define SCREEN_WIDTH_DEFAULT 100
#define SCREEN_WIDTH_MIN 40

struct screen {
	FILE *out;
	size_t width; /* columns; 0: no terminal */
	locale_t utf8;
};

/* The width is that of the environment variable COLUMNS, or else of the terminal. */
void screen__init(struct screen *screen, FILE *out);
void screen__free(struct screen *screen);

/* How many columns the UTF-8 text takes. */
size_t screen__columns(const struct screen *screen, const char *text);

/* The text with its middle left out ("/usr/lib...libx.so.1") if it takes more columns than that, of
 * which there must be 4 at least; malloced, NULL without memory. */
char *screen__shorten(const struct screen *screen, const char *text, size_t columns);

/*
 * Writes hostile text, escaped, and ends the line. The cursor is in column `at`, and so is the
 * beginning of each further line, in which a word goes that does not fit. A word that fits nowhere
 * is not broken: somebody may copy it. 0 or -ENOMEM.
 */
int screen__put_wrapped(const struct screen *screen, size_t at, const char *text);

#endif
