/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What may not happen from one recording to the next, as --fail-if says it:
 *
 *     [GLOB:] METRIC +N%       rose by more than N %
 *     [GLOB:] METRIC -N%       fell by more than N %
 *     [GLOB:] METRIC > VALUE   is more in the new recording, whatever it was
 *     [GLOB:] METRIC < VALUE   is less there
 */
#ifndef TACHO_USER_ANALYSIS_THRESHOLD_H
#define TACHO_USER_ANALYSIS_THRESHOLD_H

#include "analysis/compare.h"
#include "fault.h"

enum threshold_kind {
	THRESHOLD_RISES,
	THRESHOLD_FALLS,
	THRESHOLD_ABOVE,
	THRESHOLD_BELOW,
};

struct threshold {
	const char *text; /* as it was given; borrowed */
	char *glob;	  /* of states; NULL: all */
	enum compare_metric metric;
	enum threshold_kind kind;
	double ratio;	/* of RISES and FALLS: 0.1 is 10 % */
	uint64_t value; /* of ABOVE and BELOW: calls, or nanoseconds */
};

/* -EINVAL or -ERANGE with why, or -ENOMEM; then there is nothing to free. */
int threshold__parse(const char *text, struct threshold *ret_threshold, struct fault *why);
void threshold__free(struct threshold *threshold); /* what is in it */

enum threshold_outcome {
	THRESHOLD_NOT_CHECKED, /* the state has no such change, or is not meant */
	THRESHOLD_KEPT,
	THRESHOLD_NOT_SHOWN, /* measured, but may be chance: compared_state__shows */
	THRESHOLD_EXCEEDED,
	THRESHOLD_OUTCOME_CNT,
};

/* "exceeded". */
const char *threshold_outcome__name(enum threshold_outcome outcome);

/* strict: what was measured is enough. */
enum threshold_outcome threshold__check(const struct threshold *threshold,
					const struct compared_state *state, double alpha,
					bool strict);

struct threshold_finding {
	const struct threshold *threshold;
	const struct compared_state *state; /* NULL: there was none to check it on */
	enum threshold_outcome outcome;
};

struct threshold_findings {
	struct threshold_finding *items;
	size_t cnt;
};

/* What each threshold says of each state that it was checked on, or once that there is none. All
 * are borrowed. 0 or -ENOMEM. */
int threshold_findings__new(const struct threshold *thresholds, size_t cnt,
			    const struct comparison *comparison, bool strict,
			    struct threshold_findings *ret_findings);
void threshold_findings__free(struct threshold_findings *findings); /* what is in them */

/* Is it a reason to fail? A threshold that nothing was checked on protects nobody. */
bool threshold_finding__fails(const struct threshold_finding *finding);

#endif
