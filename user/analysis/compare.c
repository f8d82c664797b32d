/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/quantile.h"
#include "analysis/summary.h"
#include "elf/name_glob.h"

/* Any number would do; that of the decimals of pi shows that it was not chosen for its results. */
#define SEED UINT64_C(3141592653589793238)

static const struct {
	const char *name;
	unsigned int percent;
} metrics[COMPARE_METRIC_CNT] = {
	[COMPARE_COUNT] = { "count", 0 }, [COMPARE_TOTAL] = { "total", 0 },
	[COMPARE_MEAN] = { "mean", 0 },	  [COMPARE_P50] = { "p50", 50 },
	[COMPARE_P90] = { "p90", 90 },	  [COMPARE_P95] = { "p95", 95 },
	[COMPARE_P99] = { "p99", 99 },	  [COMPARE_MAX] = { "max", 0 },
};

const char *compare_metric__name(enum compare_metric metric)
{
	return metrics[metric].name;
}

unsigned int compare_metric__percent(enum compare_metric metric)
{
	return metrics[metric].percent;
}

const char *compare_verdict__name(enum compare_verdict verdict)
{
	static const char *const names[COMPARE_VERDICT_CNT] = {
		[COMPARE_SLOWER] = "slower",
		[COMPARE_FASTER] = "faster",
		[COMPARE_NO_DIFFERENCE] = "no difference shown",
		[COMPARE_TOO_FEW] = "too few calls",
		[COMPARE_ONLY_BASE] = "only in base",
		[COMPARE_ONLY_NEW] = "only in new",
	};

	return names[verdict];
}

uint64_t compared_state__cnt(const struct compared_state *state, enum compare_side side)
{
	const struct activity_series *series = state->series[side];

	return series ? add_saturated(series->cnt, series->summarised.cnt) : 0;
}

bool compare_change__known(const struct compare_change *change)
{
	return change->base.known && change->new.known;
}

/* --- one side -------------------------------------------------------------------------------- */

struct side {
	struct sample sample;
	uint64_t *durations; /* what the sample is of */
	struct summary summary;
	double mean; /* not rounded */
	bool summed; /* some calls are in the summary only */
};

static int side__init(struct side *side, const struct activity_series *series)
{
	const struct activity_sums *more = &series->summarised;

	*side = (struct side) { .durations = activity_series__durations(series) };
	if (!side->durations)
		return -ENOMEM;
	summarize(side->durations, series->cnt, &side->summary);
	side->sample = (struct sample) { side->durations, series->cnt };
	side->summed = more->cnt;
	if (more->cnt)
		summary__add(&side->summary, more->cnt, more->sum_ns, more->min_ns, more->max_ns);
	if (side->summary.cnt)
		side->mean = (double)side->summary.total / (double)side->summary.cnt;
	return 0;
}

static struct compare_value side__value(const struct side *side, enum compare_metric metric)
{
	const struct summary *summary = &side->summary;

	switch (metric) {
	case COMPARE_COUNT:
		return (struct compare_value) { true, summary->cnt };
	case COMPARE_TOTAL:
		return (struct compare_value) { true, summary->total };
	case COMPARE_MEAN:
		return (struct compare_value) { summary->cnt, summary->mean };
	case COMPARE_MAX:
		return (struct compare_value) { summary->cnt, summary->max };
	default:
		break;
	}
	if (!side->sample.cnt)
		return (struct compare_value) {};
	return (struct compare_value) {
		true, quantile__value(&side->sample, 10 * compare_metric__percent(metric))
	};
}

/* --- one state ------------------------------------------------------------------------------- */

static double change_of(double base, double new)
{
	if (base == 0)
		return new == 0 ? 0 : INFINITY;
	return (new - base) / base;
}

static bool is_enough(const struct side sides[COMPARE_SIDE_CNT], size_t needs)
{
	return sides[COMPARE_BASE].sample.cnt >= needs && sides[COMPARE_NEW].sample.cnt >= needs;
}

static void find_interval(struct compare_change *change, enum compare_metric metric,
			  const struct side sides[COMPARE_SIDE_CNT], double alpha,
			  struct random *random)
{
	const struct sample *base = &sides[COMPARE_BASE].sample, *new = &sides[COMPARE_NEW].sample;
	const unsigned int percent = compare_metric__percent(metric);

	if (!is_enough(sides, RANK_TEST_MIN))
		return;
	if (percent && is_enough(sides, bootstrap__needs(percent, alpha))) {
		bootstrap__quantile(random, base, new, percent, alpha, &change->interval);
		change->has_interval = true;
	} else if (metric == COMPARE_MEAN && !sides[COMPARE_BASE].summed &&
		   !sides[COMPARE_NEW].summed) {
		bootstrap__mean(random, base, new, alpha, &change->interval);
		change->has_interval = true;
	}
}

static void find_change(struct compare_change *change, enum compare_metric metric,
			const struct side sides[COMPARE_SIDE_CNT])
{
	const struct side *base = &sides[COMPARE_BASE], *new = &sides[COMPARE_NEW];

	change->base = side__value(base, metric);
	change->new = side__value(new, metric);
	if (!compare_change__known(change))
		return;
	if (metric == COMPARE_MEAN)
		change->change = change_of(base->mean, new->mean);
	else
		change->change = change_of((double)change->base.value, (double)change->new.value);
}

/* FNV-1a: a state's intervals are the same whatever other states there are. */
static uint64_t seed_of(const char *state)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*state)
		hash = (hash ^ (unsigned char)*state++) * UINT64_C(0x100000001b3);
	return SEED ^ hash;
}

static void compare_sides(struct compared_state *state, const struct side sides[COMPARE_SIDE_CNT],
			  double alpha)
{
	struct random random;

	random__seed(&random, seed_of(state->state));
	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++) {
		find_change(&state->changes[m], m, sides);
		find_interval(&state->changes[m], m, sides, alpha, &random);
	}
	state->tested = is_enough(sides, RANK_TEST_MIN);
	if (state->tested)
		rank_test(&sides[COMPARE_BASE].sample, &sides[COMPARE_NEW].sample, &state->test);
}

static int compare_state(struct compared_state *state, double alpha)
{
	static const struct activity_series none;
	struct side sides[COMPARE_SIDE_CNT] = {};
	int err = 0;

	for (size_t s = 0; !err && s < COMPARE_SIDE_CNT; s++)
		err = side__init(&sides[s], state->series[s] ? state->series[s] : &none);
	if (!err)
		compare_sides(state, sides, alpha);
	for (size_t s = 0; s < COMPARE_SIDE_CNT; s++)
		free(sides[s].durations);
	return err;
}

/* --- all states ------------------------------------------------------------------------------ */

static int compare_names(const void *left, const void *right)
{
	const struct activity_series *const *a = left, *const *b = right;

	return strcmp((*a)->state, (*b)->state);
}

struct series_list {
	const struct activity_series **series;
	size_t cnt;
};

static int list_by_name(const struct activities *activities, struct series_list *ret_list)
{
	size_t cnt = activities__series_cnt(activities);

	ret_list->series = calloc(cnt + 1, sizeof(*ret_list->series));
	if (!ret_list->series)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		ret_list->series[i] = activities__series(activities, i);
	ret_list->cnt = cnt;
	qsort(ret_list->series, cnt, sizeof(*ret_list->series), compare_names);
	return 0;
}

static bool is_wanted(const char *state, const struct compare_options *options)
{
	for (size_t i = 0; i < options->glob_cnt; i++) {
		if (name_glob__match(options->globs[i], state))
			return true;
	}
	return !options->glob_cnt;
}

static void add_state(struct comparison *comparison, const struct activity_series *base,
		      const struct activity_series *new, const struct compare_options *options)
{
	const char *state = base ? base->state : new->state;

	if (is_wanted(state, options))
		comparison->states[comparison->cnt++] = (struct compared_state) {
			.state = state,
			.series = { base, new },
		};
}

/* Both lists are ordered by name. */
static void merge(struct comparison *comparison, const struct series_list *base,
		  const struct series_list *new, const struct compare_options *options)
{
	size_t i = 0, j = 0;
	int order;

	while (i < base->cnt || j < new->cnt) {
		if (i == base->cnt || j == new->cnt)
			order = i == base->cnt ? 1 : -1;
		else
			order = compare_names(&base->series[i], &new->series[j]);
		add_state(comparison, order <= 0 ? base->series[i] : NULL,
			  order >= 0 ? new->series[j] : NULL, options);
		i += order <= 0;
		j += order >= 0;
	}
}

static int add_states(struct comparison *comparison, const struct activities *base,
		      const struct activities *new, const struct compare_options *options)
{
	struct series_list lists[COMPARE_SIDE_CNT] = {};
	int err;

	err = list_by_name(base, &lists[COMPARE_BASE]);
	if (!err)
		err = list_by_name(new, &lists[COMPARE_NEW]);
	if (!err) {
		comparison->states = calloc(lists[COMPARE_BASE].cnt + lists[COMPARE_NEW].cnt + 1,
					    sizeof(*comparison->states));
		err = comparison->states ? 0 : -ENOMEM;
	}
	if (!err)
		merge(comparison, &lists[COMPARE_BASE], &lists[COMPARE_NEW], options);
	free(lists[COMPARE_BASE].series);
	free(lists[COMPARE_NEW].series);
	return err;
}

static int adjust(struct comparison *comparison)
{
	double *p_values = calloc(comparison->cnt + 1, sizeof(*p_values));
	size_t cnt = 0;
	int err;

	if (!p_values)
		return -ENOMEM;
	for (size_t i = 0; i < comparison->cnt; i++) {
		if (comparison->states[i].tested)
			p_values[cnt++] = comparison->states[i].test.p;
	}
	err = holm_adjust(p_values, cnt);
	cnt = 0;
	for (size_t i = 0; !err && i < comparison->cnt; i++) {
		if (comparison->states[i].tested)
			comparison->states[i].p_adjusted = p_values[cnt++];
	}
	free(p_values);
	return err;
}

static enum compare_verdict judge(const struct compared_state *state, double alpha)
{
	const bool in_base = compared_state__cnt(state, COMPARE_BASE);
	const bool in_new = compared_state__cnt(state, COMPARE_NEW);

	if (in_base != in_new)
		return in_base ? COMPARE_ONLY_BASE : COMPARE_ONLY_NEW;
	if (!state->tested)
		return COMPARE_TOO_FEW;
	if (state->p_adjusted > alpha || state->test.longer == 0.5)
		return COMPARE_NO_DIFFERENCE;
	return state->test.longer > 0.5 ? COMPARE_SLOWER : COMPARE_FASTER;
}

static uint64_t longest_total(const struct compared_state *state)
{
	const struct compare_change *total = &state->changes[COMPARE_TOTAL];

	return total->base.value > total->new.value ? total->base.value : total->new.value;
}

static int compare_rows(const void *left, const void *right)
{
	const struct compared_state *a = left, *b = right;

	if (longest_total(a) != longest_total(b))
		return longest_total(a) < longest_total(b) ? 1 : -1;
	return strcmp(a->state, b->state);
}

int comparison__new(const struct activities *base, const struct activities *new,
		    const struct compare_options *options, struct comparison **ret_comparison)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	int err;

	if (!comparison)
		return -ENOMEM;
	comparison->alpha = options->alpha;
	err = add_states(comparison, base, new, options);
	for (size_t i = 0; !err && i < comparison->cnt; i++)
		err = compare_state(&comparison->states[i], options->alpha);
	if (!err)
		err = adjust(comparison);
	if (err) {
		comparison__free(comparison);
		return err;
	}
	for (size_t i = 0; i < comparison->cnt; i++)
		comparison->states[i].verdict = judge(&comparison->states[i], options->alpha);
	qsort(comparison->states, comparison->cnt, sizeof(*comparison->states), compare_rows);
	*ret_comparison = comparison;
	return 0;
}

void comparison__free(struct comparison *comparison)
{
	if (!comparison)
		return;
	free(comparison->states);
	free(comparison);
}

/* --- is it more than chance? ----------------------------------------------------------------- */

bool compared_state__shows(const struct compared_state *state, enum compare_metric metric,
			   bool rise, double alpha)
{
	const struct compare_change *change = &state->changes[metric];

	if (metric == COMPARE_COUNT || metric == COMPARE_TOTAL)
		return true;
	if (change->has_interval)
		return rise ? change->interval.low > 0 : change->interval.high < 0;
	if (!state->tested || state->p_adjusted > alpha)
		return false;
	return rise ? state->test.longer > 0.5 : state->test.longer < 0.5;
}
