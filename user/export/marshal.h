/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Python's marshal format, version 2, which every Python 3 reads (Python/marshal.c): a byte says
 * the type of a value, numbers are little-endian.
 */
#ifndef TACHO_USER_EXPORT_MARSHAL_H
#define TACHO_USER_EXPORT_MARSHAL_H

#include <stdint.h>
#include <stdio.h>

void marshal_integer(FILE *out, uint64_t value);
void marshal_double(FILE *out, double value);
int marshal_text(FILE *out, const char *text); /* made UTF-8; 0 or -ENOMEM */
void marshal_tuple(FILE *out, uint32_t cnt);   /* so many values follow */
void marshal_begin_dict(FILE *out);	       /* keys and values follow by turns */
void marshal_end_dict(FILE *out);

#endif
