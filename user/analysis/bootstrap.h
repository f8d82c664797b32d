/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far can a measured change be trusted? Intervals by the percentile bootstrap (Efron and
 * Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): both sides are drawn again from
 * themselves, with replacement, BOOTSTRAP_RESAMPLES times, and the interval is what the middle of
 * the changes found cover.
 *
 * The time that takes does not grow with the samples, since no large one is really drawn:
 *
 *   Quantiles. Drawing cnt values with replacement is rounding up cnt * U for as many uniform U,
 *   and taking the values of these ranks. The k-th smallest of them needs the k-th smallest U only,
 *   whose distribution is known: Beta(k, cnt + 1 - k), a ratio of gammas; with the next one, it is
 *   a Dirichlet. That is the bootstrap itself, not an approximation.
 *
 *   Mean. Up to BOOTSTRAP_MEAN_MAX values are drawn again. The mean of more has a bootstrap
 *   distribution with mean m, variance s^2 / cnt and skewness g / sqrt(cnt), where m, s and g are
 *   those of the sample; a shifted gamma with the same three is drawn from instead.
 *
 * There is none for the largest value: no resample ever exceeds it (same book, section 7.4).
 */
#ifndef TACHO_USER_ANALYSIS_BOOTSTRAP_H
#define TACHO_USER_ANALYSIS_BOOTSTRAP_H

#include <stdbool.h>

#include "analysis/random.h"
#include "analysis/sample.h"

/* One less than a round number, so that the middle 95 % and the like end at one of them. */
#define BOOTSTRAP_RESAMPLES 1999
#define BOOTSTRAP_MEAN_MAX 512

/* Below this, the resamples do not reach. */
#define BOOTSTRAP_ALPHA_MIN 0.001

/* Of new / base - 1: from -1 to infinity, which is a change from 0. */
struct bootstrap_interval {
	double low;
	double high;
};

/* The change of the mean, at confidence 1 - alpha. Neither sample is empty. */
void bootstrap__mean(struct random *random, const struct sample *base, const struct sample *new,
		     double alpha, struct bootstrap_interval *ret_interval);

/* The change of a percentile (1 to 99); each sample has bootstrap__needs values at least. */
void bootstrap__quantile(struct random *random, const struct sample *base, const struct sample *new,
			 unsigned int percent, double alpha,
			 struct bootstrap_interval *ret_interval);

/*
 * How many values it takes until the percentile is known to lie between the least and the largest
 * of them with confidence 1 - alpha, which is when it has an interval that assumes nothing of the
 * distribution: p^cnt and (1 - p)^cnt must not exceed alpha / 2 (David and Nagaraja, Order
 * Statistics, 2003, section 7.1). With fewer, resamples would pretend to know.
 */
size_t bootstrap__needs(unsigned int percent, double alpha);

#endif
