/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/threshold.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/name_glob.h"
#include "parse.h"
#include "suggest.h"

#define BLANKS " \t"
#define DIGITS "0123456789"
#define WORD_SZ 16
#define NUMBER_SZ 32
#define PERCENT_MAX 1000000

/* --- parsing --------------------------------------------------------------------------------- */

static int refuse_metric(const char *word, struct fault *why)
{
	const char *names[COMPARE_METRIC_CNT + 1] = {};
	const char *nearest;

	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++)
		names[m] = compare_metric__name(m);
	nearest = *word ? suggest_word(word, names) : NULL;
	if (nearest)
		return fault__set(why, -EINVAL, "'%s' is nothing to compare; did you mean '%s'?",
				  word, nearest);
	return fault__set(
		why, -EINVAL,
		"'%s' is nothing to compare (count, total, mean, p50, p90, p95, p99, max)", word);
}

/* Moves *text behind the word. */
static int parse_metric(const char **text, enum compare_metric *ret_metric, struct fault *why)
{
	size_t sz = strcspn(*text, BLANKS "+-<>");
	char word[WORD_SZ];

	snprintf(word, sizeof(word), "%.*s", (int)(sz < WORD_SZ ? sz : WORD_SZ), *text);
	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++) {
		if (strcmp(word, compare_metric__name(m)))
			continue;
		*ret_metric = m;
		*text += sz;
		return 0;
	}
	return refuse_metric(word, why);
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, BLANKS)];
}

/* Written as a power of ten, 10.3 % becomes the number that is nearest to 0.103, as a change of 103
 * in 1000 does: neither exceeds the other. */
static int parse_percent(const char *text, double *ret_ratio, struct fault *why)
{
	size_t sz = strspn(text, DIGITS), point = sz;
	const char *unit;
	char number[NUMBER_SZ];
	double ratio;

	if (sz && text[sz] == '.')
		sz += 1 + strspn(text + sz + 1, DIGITS);
	unit = text + sz + strspn(text + sz, BLANKS);
	if (!sz || sz == point + 1 || *unit != '%' || !is_blank(unit + 1))
		return fault__set(why, -EINVAL, "'%s' is no percentage as in '+10%%'", text);
	if (sz + sizeof("e-2") > sizeof(number))
		return fault__set(why, -ERANGE, "'%s' has too many digits", text);
	snprintf(number, sizeof(number), "%.*se-2", (int)sz, text);
	ratio = strtod(number, NULL);
	if (ratio > PERCENT_MAX / 100)
		return fault__set(why, -ERANGE, "'%s' is more than %d %%", text, PERCENT_MAX);
	*ret_ratio = ratio;
	return 0;
}

static int parse_value(const char *text, enum compare_metric metric, uint64_t *ret_value,
		       struct fault *why)
{
	int err;

	if (metric == COMPARE_COUNT)
		err = parse_u64(text, 0, UINT64_MAX, ret_value);
	else
		err = parse_duration_ns(text, ret_value);
	if (err)
		fault__set(why, err, "'%s' is no %s", text,
			   metric == COMPARE_COUNT ? "number of calls" : "duration as in '5ms'");
	return err;
}

static int parse_limit(const char *text, struct threshold *threshold, struct fault *why)
{
	static const struct {
		char sign;
		enum threshold_kind kind;
	} kinds[] = {
		{ '+', THRESHOLD_RISES },
		{ '-', THRESHOLD_FALLS },
		{ '>', THRESHOLD_ABOVE },
		{ '<', THRESHOLD_BELOW },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (*text != kinds[i].sign)
			continue;
		text++;
		text += strspn(text, BLANKS);
		threshold->kind = kinds[i].kind;
		if (threshold->kind == THRESHOLD_RISES || threshold->kind == THRESHOLD_FALLS)
			return parse_percent(text, &threshold->ratio, why);
		return parse_value(text, threshold->metric, &threshold->value, why);
	}
	return fault__set(why, -EINVAL, "%s needs a limit: '+10%%', '-10%%', '> 5ms' or '< 5ms'",
			  compare_metric__name(threshold->metric));
}

/* Names may have colons, and what comes behind the last one has none. */
static int parse_glob(const char **text, char **ret_glob, struct fault *why)
{
	const char *colon = strrchr(*text, ':');

	if (!colon)
		return 0;
	if (colon == *text)
		return fault__set(why, -EINVAL, "which state? Nothing stands before the colon");
	*ret_glob = strndup(*text, (size_t)(colon - *text));
	*text = colon + 1;
	return *ret_glob ? 0 : fault__set(why, -ENOMEM, "no memory");
}

int threshold__parse(const char *text, struct threshold *ret_threshold, struct fault *why)
{
	struct threshold threshold = { .text = text };
	int err;

	text += strspn(text, BLANKS);
	err = parse_glob(&text, &threshold.glob, why);
	if (!err) {
		text += strspn(text, BLANKS);
		err = parse_metric(&text, &threshold.metric, why);
	}
	if (!err)
		err = parse_limit(text + strspn(text, BLANKS), &threshold, why);
	if (err) {
		threshold__free(&threshold);
		return err;
	}
	*ret_threshold = threshold;
	return 0;
}

void threshold__free(struct threshold *threshold)
{
	free(threshold->glob);
	threshold->glob = NULL;
}

/* --- checking -------------------------------------------------------------------------------- */

const char *threshold_outcome__name(enum threshold_outcome outcome)
{
	static const char *const names[THRESHOLD_OUTCOME_CNT] = {
		[THRESHOLD_NOT_CHECKED] = "not checked",
		[THRESHOLD_KEPT] = "kept",
		[THRESHOLD_NOT_SHOWN] = "not shown",
		[THRESHOLD_EXCEEDED] = "exceeded",
	};

	return names[outcome];
}

static enum threshold_outcome check_value(const struct threshold *threshold,
					  const struct compare_change *change)
{
	const uint64_t value = change->new.value;

	if (!change->new.known)
		return THRESHOLD_NOT_CHECKED;
	if (threshold->kind == THRESHOLD_ABOVE ? value > threshold->value
					       : value < threshold->value)
		return THRESHOLD_EXCEEDED;
	return THRESHOLD_KEPT;
}

enum threshold_outcome threshold__check(const struct threshold *threshold,
					const struct compared_state *state, double alpha,
					bool strict)
{
	const struct compare_change *change = &state->changes[threshold->metric];
	const bool rise = threshold->kind == THRESHOLD_RISES;

	if (threshold->glob && !name_glob__match(threshold->glob, state->state))
		return THRESHOLD_NOT_CHECKED;
	if (threshold->kind == THRESHOLD_ABOVE || threshold->kind == THRESHOLD_BELOW)
		return check_value(threshold, change);
	/* What base does not have has nothing to change from; what new does not have fell by 100 %.
	 */
	if (!compared_state__cnt(state, COMPARE_BASE) || !compare_change__known(change))
		return THRESHOLD_NOT_CHECKED;
	if (rise ? change->change <= threshold->ratio : change->change >= -threshold->ratio)
		return THRESHOLD_KEPT;
	if (!strict && !compared_state__shows(state, threshold->metric, rise, alpha))
		return THRESHOLD_NOT_SHOWN;
	return THRESHOLD_EXCEEDED;
}

/* --- all of them ----------------------------------------------------------------------------- */

/* There is room: one a state, of which there are more than none, or one. */
static void check_all(const struct threshold *threshold, const struct comparison *comparison,
		      bool strict, struct threshold_findings *findings)
{
	const size_t before = findings->cnt;

	for (size_t i = 0; i < comparison->cnt; i++) {
		const struct compared_state *state = &comparison->states[i];
		enum threshold_outcome outcome =
			threshold__check(threshold, state, comparison->alpha, strict);

		if (outcome != THRESHOLD_NOT_CHECKED)
			findings->items[findings->cnt++] =
				(struct threshold_finding) { threshold, state, outcome };
	}
	if (findings->cnt == before)
		findings->items[findings->cnt++] =
			(struct threshold_finding) { threshold, NULL, THRESHOLD_NOT_CHECKED };
}

int threshold_findings__new(const struct threshold *thresholds, size_t cnt,
			    const struct comparison *comparison, bool strict,
			    struct threshold_findings *ret_findings)
{
	struct threshold_findings findings = {};

	findings.items =
		reallocarray(NULL, (cnt + 1) * (comparison->cnt + 1), sizeof(*findings.items));
	if (!findings.items)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		check_all(&thresholds[i], comparison, strict, &findings);
	*ret_findings = findings;
	return 0;
}

void threshold_findings__free(struct threshold_findings *findings)
{
	free(findings->items);
	*findings = (struct threshold_findings) {};
}

bool threshold_finding__fails(const struct threshold_finding *finding)
{
	return !finding->state || finding->outcome == THRESHOLD_EXCEEDED;
}
