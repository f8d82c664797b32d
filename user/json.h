/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every command's --json shares. jansson does the rest. */
#ifndef TACHO_USER_JSON_H
#define TACHO_USER_JSON_H

#include <jansson.h>
#include <stdio.h>

/* A string of hostile bytes, escaped as in escape.h, so that it reads as in the CSV files; NULL
 * when there is no memory. jansson's json_string refuses what is not UTF-8. */
json_t *json_text(const char *bytes);

/* Writes it, indented and with a line end, and lets go of it; json may be NULL, which is taken as
 * the want of memory that made it so. 0, -ENOMEM, or -EIO when out did not take all of it. */
int json_write(json_t *json, FILE *out);

#endif
