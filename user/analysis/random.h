/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random numbers that are the same in each run: xoshiro256** (Blackman and Vigna, ACM Transactions
 * on Mathematical Software 47, 2021), seeded through splitmix64 as its authors advise. For
 * statistics; no secrets.
 */
#ifndef TACHO_USER_ANALYSIS_RANDOM_H
#define TACHO_USER_ANALYSIS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t words[4];
};

void random__seed(struct random *random, uint64_t seed);

/* From all 64-bit numbers alike. */
uint64_t random__next(struct random *random);

/* From 0 to cnt - 1 alike (off by at most cnt / 2^64). */
size_t random__below(struct random *random, size_t cnt);

/* Between 0 and 1, neither of them. */
double random__uniform(struct random *random);

/* Of mean 0 and variance 1. */
double random__normal(struct random *random);

/* The time to the first event, and to the shape-th (1 or more, need not be whole), where events
 * come once in a unit of time. */
double random__exponential(struct random *random);
double random__gamma(struct random *random, double shape);

#endif
