/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Floating-point numbers as Python's repr() spells them: with the fewest digits that still are this
 * number and no other, and of those the nearest; always with ".0" or an exponent.
 *
 *     0.0  100.0  1720546700.12  0.30000000000000004  0.0001  1e-05  1e+16  -0.0  inf  nan
 */
#ifndef TACHO_USER_FLOAT_REPR_H
#define TACHO_USER_FLOAT_REPR_H

#define FLOAT_REPR_MAX 24 /* -2.2250738585072014e-308 */

/* At most FLOAT_REPR_MAX bytes, without a NUL; returns where it ends. */
char *float_repr(char *at, double value);

#endif
