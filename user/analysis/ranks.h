/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers put in order where they are, in bounded time and without more memory. */
#ifndef TACHO_USER_ANALYSIS_RANKS_H
#define TACHO_USER_ANALYSIS_RANKS_H

#include <stddef.h>
#include <stdint.h>

void sort_values(uint64_t *values, size_t cnt);

/* Puts only those numbers where they belong that sorting would put at these places, which are
 * ascending; repeated ones and ones past the end are fine. */
void rank_values(uint64_t *values, size_t cnt, const size_t *places, size_t place_cnt);

#endif
