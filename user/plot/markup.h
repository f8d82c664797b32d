/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text of anybody in HTML and SVG, and in JSON within HTML. Whatever it is, it stays text: what is
 * written has no character that ends an element, an attribute or a script, none that XML 1.0
 * (section 2.2) does not allow, and is cut where it is longer than MARKUP_TEXT_MAX bytes.
 */
#ifndef TACHO_USER_PLOT_MARKUP_H
#define TACHO_USER_PLOT_MARKUP_H

#include <stddef.h>
#include <stdio.h>

#define MARKUP_TEXT_MAX 120

/* For between tags and for attributes in double quotes. */
void markup__text(FILE *out, const char *text);

/* Of so many characters at most, with an ellipsis instead of the rest. */
void markup__short_text(FILE *out, const char *text, size_t max);

/* A JSON string, in quotes, that may stand in a script element (HTML, section 4.12.1.3). */
void markup__json(FILE *out, const char *text);

/* A JSON number: of what is none (not finite), null. Short: six digits. */
void markup__number(FILE *out, double value);

/* A coordinate: two digits behind the point, none if they are 0. */
void markup__at(FILE *out, double value);

#endif
