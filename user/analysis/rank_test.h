/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Do the values of one sample tend to be larger than those of another? The U test of Mann and
 * Whitney (Annals of Mathematical Statistics 18, 1947), which asks for ranks only, so that one
 * value, however large, counts as one.
 */
#ifndef TACHO_USER_ANALYSIS_RANK_TEST_H
#define TACHO_USER_ANALYSIS_RANK_TEST_H

#include "analysis/sample.h"

/* With fewer values on either side the normal distribution is no good approximation of U's. */
#define RANK_TEST_MIN 8

struct rank_test {
	/* The share of all pairs of a base and a new value in which the new one is larger, equal
	 * ones counting half; 0.5 if nothing differs. U / (m n). */
	double longer;
	/* The probability to see such a difference, or a greater one, in either direction, if both
	 * samples are of one distribution. By the normal distribution, corrected for ties and for
	 * continuity; 1 if all values are equal. */
	double p;
};

/* Neither sample is empty. Takes as many steps as there are values. */
void rank_test(const struct sample *base, const struct sample *new, struct rank_test *ret_test);

/* Makes p-values those of one family, in which the chance that any of them is at most alpha without
 * a difference is alpha: Holm, Scandinavian Journal of Statistics 6, 1979. 0 or -ENOMEM, and then
 * they are as they were. */
int holm_adjust(double *p_values, size_t cnt);

#endif
