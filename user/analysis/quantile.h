/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Quantiles, in thousandths, by linear interpolation between the two nearest values: definition 7
 * of Hyndman and Fan (The American Statistician 50, 1996), which numpy, pandas, R and spreadsheets
 * use. In whole numbers throughout, so that no value is too large and every machine gives the same.
 */
#ifndef TACHO_USER_ANALYSIS_QUANTILE_H
#define TACHO_USER_ANALYSIS_QUANTILE_H

#include "analysis/sample.h"

/* Where a quantile lies: between two neighbours, or on the first of them. */
struct quantile_place {
	size_t idx;		  /* of the neighbour below, from 0 */
	unsigned int thousandths; /* of the way to the next; if 0, there need not be one */
};

/* permille is 0 to 1000, cnt not 0. */
struct quantile_place quantile__place(size_t cnt, unsigned int permille);

/* Of its two neighbours; rounded to nearest, halves up. */
uint64_t quantile__between(uint64_t below, uint64_t above, struct quantile_place place);

/* Likewise. */
uint64_t quantile__value(const struct sample *sample, unsigned int permille);

#endif
