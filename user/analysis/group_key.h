/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tells calls apart, as one text without NULs: the values that they are grouped by, each
 * behind its length, and the name of the state. Without values it is that name. Two keys are the
 * same only if all of these are.
 */
#ifndef TACHO_USER_ANALYSIS_GROUP_KEY_H
#define TACHO_USER_ANALYSIS_GROUP_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define GROUP_LENGTH_SZ 4 /* six bits in each character */
#define GROUP_VALUE_MAX ((1 << 6 * GROUP_LENGTH_SZ) - 2)

/* Where the next part of a key is written. */
static inline char *group_key__put_length(char *at, size_t sz)
{
	for (int i = 0; i < GROUP_LENGTH_SZ; i++)
		*at++ = (char)('0' + (sz >> 6 * i & 0x3f));
	return at;
}

/* The value that begins here; returns where the next part does. Not terminated. */
static inline const char *group_key__value(const char *at, const char **ret_value, size_t *ret_sz)
{
	*ret_sz = 0;
	for (int i = 0; i < GROUP_LENGTH_SZ; i++)
		*ret_sz |= (size_t)(unsigned char)(*at++ - '0') << 6 * i;
	*ret_value = at;
	return at + *ret_sz;
}

#endif
