/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two recordings side by side: what changed in each state, how sure that is, and whether it is more
 * than chance. Base is what was, new is what is now.
 *
 * Calls without rows (activity_summary.csv) count, and are in the total, the mean and the maximum;
 * percentiles, intervals and the test know those with rows only.
 */
#ifndef TACHO_USER_ANALYSIS_COMPARE_H
#define TACHO_USER_ANALYSIS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/activities.h"
#include "analysis/bootstrap.h"
#include "analysis/rank_test.h"

enum compare_metric {
	COMPARE_COUNT,
	COMPARE_TOTAL,
	COMPARE_MEAN,
	COMPARE_P50,
	COMPARE_P90,
	COMPARE_P95,
	COMPARE_P99,
	COMPARE_MAX,
	COMPARE_METRIC_CNT,
};

/* "p95". */
const char *compare_metric__name(enum compare_metric metric);

/* Which percentile it is, or 0. */
unsigned int compare_metric__percent(enum compare_metric metric);

enum compare_verdict {
	COMPARE_SLOWER,
	COMPARE_FASTER,
	COMPARE_NO_DIFFERENCE, /* shown; there may be one all the same */
	COMPARE_TOO_FEW,       /* calls with rows on one side: less than RANK_TEST_MIN */
	COMPARE_ONLY_BASE,
	COMPARE_ONLY_NEW,
	COMPARE_VERDICT_CNT,
};

/* "no difference shown". */
const char *compare_verdict__name(enum compare_verdict verdict);

struct compare_value {
	bool known;
	uint64_t value; /* calls, or nanoseconds */
};

/* Only where both are known. */
struct compare_change {
	struct compare_value base;
	struct compare_value new;
	double change; /* new / base - 1; infinity from 0, and 0 from 0 to 0 */
	bool has_interval;
	struct bootstrap_interval interval; /* of the change, at confidence 1 - alpha */
};

enum compare_side { COMPARE_BASE, COMPARE_NEW, COMPARE_SIDE_CNT };

struct compared_state {
	const char *state;					/* any bytes; borrowed */
	const struct activity_series *series[COMPARE_SIDE_CNT]; /* borrowed; NULL: none */
	struct compare_change changes[COMPARE_METRIC_CNT];
	bool tested;
	struct rank_test test;
	double p_adjusted; /* for all states that were tested */
	enum compare_verdict verdict;
};

struct comparison {
	struct compared_state *states; /* the longest total of either side first */
	size_t cnt;
	double alpha;
};

struct compare_options {
	double alpha;		  /* BOOTSTRAP_ALPHA_MIN to 0.5 */
	const char *const *globs; /* of the states that matter; all without any */
	size_t glob_cnt;
};

#define COMPARE_ALPHA_DEFAULT 0.05
#define COMPARE_ALPHA_MAX 0.5

/* The activities outlive the comparison. 0 or -ENOMEM. */
int comparison__new(const struct activities *base, const struct activities *new,
		    const struct compare_options *options, struct comparison **ret_comparison);
void comparison__free(struct comparison *comparison);

/* Calls that finished, with rows and without, on one side. */
uint64_t compared_state__cnt(const struct compared_state *state, enum compare_side side);

/* Have both sides a value, so that there is a change? */
bool compare_change__known(const struct compare_change *change);

/*
 * Is a rise (or a fall) of this metric more than chance? Counts and totals are what they are. Where
 * the change has an interval, that must lie on one side of 0; elsewhere, the test must say that
 * calls tend to take longer (or shorter).
 */
bool compared_state__shows(const struct compared_state *state, enum compare_metric metric,
			   bool rise, double alpha);

#endif
