/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a register or a string of a traced program means, by its type: as the files show it, and
 * whether it says that the call has failed.
 *
 * Registers hold more than the type: an int returned is in the lower half of one, and the upper
 * half is anything (System V ABI AMD64, 3.2.3; AAPCS64, 6.9). So the bits are cut to the width of
 * the type first.
 */
#ifndef TACHO_USER_VALUES_H
#define TACHO_USER_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "escape.h"
#include "tacho/event.h"

/* Stands behind a string that goes on in the program's memory. */
#define VALUE_GOES_ON "\xe2\x80\xa6" /* U+2026 HORIZONTAL ELLIPSIS */

/* Room for any value that is formatted here. */
#define VALUE_TEXT_SZ (ESCAPED_SZ(TACHO_TEXT_SZ) + sizeof(VALUE_GOES_ON))

/* Numbers in decimal, BOOL as 0 or 1, POINTER as 0x and lower-case hexadecimal. Of a STRING the
 * bits are where it is: a POINTER. */
void value__format(enum tacho_value_type type, uint64_t bits, char text[VALUE_TEXT_SZ]);

/*
 * sz, at most TACHO_TEXT_SZ, bytes of a STRING, escaped as names are (escape.h), with the mark
 * behind them if it goes on. The mark always says so: a whole string that ends with that character
 * has it escaped.
 */
void value__format_string(const char *string, size_t sz, bool goes_on, char text[VALUE_TEXT_SZ]);

/*
 * Does `value compare operand` hold? Signed types, and BOOL as 0 or 1, are compared with the
 * operand as a signed number; the others with its bits as an unsigned one. An operand that is
 * negative is cut to the width of an unsigned type, as C converts it: -1 is the largest number, so
 * that `== -1` finds MAP_FAILED and UINT32_MAX. False for TACHO_VALUE_NONE, TACHO_COMPARE_NONE and
 * TACHO_COMPARE_MARK.
 */
bool value__compares(enum tacho_value_type type, uint64_t bits, enum tacho_compare compare,
		     int64_t operand);

#endif
