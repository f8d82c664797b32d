/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON written piece by piece, for documents that are too large to be put together first. */
#ifndef TACHO_USER_EXPORT_JSON_OUT_H
#define TACHO_USER_EXPORT_JSON_OUT_H

#include <stdio.h>

/* A string in quotes. Text of our files is UTF-8 and stays as it is; of other files, bytes that are
 * none become \xHH, as there. */
void json_out__string(FILE *out, const char *text);

#endif
