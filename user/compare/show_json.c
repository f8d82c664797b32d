/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For programs: one JSON object with all of it. */
#include <math.h>
#include <stdio.h>

#include "compare/show_private.h"
#include "json.h"

/* JSON's integers are jansson's, which have a sign; what files say may be more. */
static json_t *number(bool known, uint64_t value)
{
	if (!known)
		return json_null();
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* JSON has no infinity. */
static json_t *real(bool known, double value)
{
	return known && isfinite(value) ? json_real(value) : json_null();
}

static json_t *make_metric(const struct compare_change *change)
{
	json_t *interval;

	if (change->has_interval)
		interval = json_pack("[o, o]", real(true, 100 * change->interval.low),
				     real(true, 100 * change->interval.high));
	else
		interval = json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "base",
			 number(change->base.known, change->base.value), "new",
			 number(change->new.known, change->new.value), "change_percent",
			 real(compare_change__known(change), 100 * change->change),
			 "interval_percent", interval);
}

static json_t *make_metrics(const struct compared_state *state)
{
	json_t *metrics = json_object();

	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++)
		json_object_set_new(metrics, compare_metric__name(m),
				    make_metric(&state->changes[m]));
	return metrics;
}

/* What the state has on one side. */
static json_t *make_calls(const struct compared_state *state, enum compare_side side)
{
	const struct activity_series *series = state->series[side];

	return json_pack("{s:o, s:o, s:o, s:o}", "rows", number(true, series ? series->cnt : 0),
			 "summarised", number(true, compare_summarised(state, side)), "unfinished",
			 number(true, compare_unfinished(state, side)), "lost",
			 number(true, compare_lost(state, side)));
}

static json_t *make_state(const struct compared_state *state)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "state",
			 json_text(state->state), "verdict", compare_verdict__name(state->verdict),
			 "p_value", real(state->tested, state->test.p), "p_adjusted",
			 real(state->tested, state->p_adjusted), "longer",
			 real(state->tested, state->test.longer), "base",
			 make_calls(state, COMPARE_BASE), "new", make_calls(state, COMPARE_NEW),
			 "metrics", make_metrics(state));
}

static json_t *make_states(const struct comparison *comparison)
{
	json_t *states = json_array();

	for (size_t i = 0; i < comparison->cnt; i++) {
		if (json_array_append_new(states, make_state(&comparison->states[i]))) {
			json_decref(states);
			return NULL;
		}
	}
	return states;
}

static json_t *make_findings(const struct threshold_findings *findings)
{
	json_t *array = json_array(), *item;

	for (size_t i = 0; i < findings->cnt; i++) {
		const struct threshold_finding *finding = &findings->items[i];

		item = json_pack("{s:o, s:o, s:s, s:s}", "fail_if",
				 json_text(finding->threshold->text), "state",
				 finding->state ? json_text(finding->state->state) : json_null(),
				 "metric", compare_metric__name(finding->threshold->metric),
				 "outcome", threshold_outcome__name(finding->outcome));
		if (json_array_append_new(array, item)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *make_side(const struct compare_report *report, enum compare_side side)
{
	return json_pack("{s:o, s:o, s:o}", "path", json_text(report->paths[side]), "malformed",
			 number(true, activities__malformed_cnt(report->activities[side])), "torn",
			 number(true, activities__torn_cnt(report->activities[side])));
}

int compare_show_json(const struct compare_report *report, FILE *out)
{
	return json_write(json_pack("{s:s, s:o, s:o, s:f, s:o, s:o}", "tacho", TACHO_VERSION,
				    "base", make_side(report, COMPARE_BASE), "new",
				    make_side(report, COMPARE_NEW), "alpha",
				    report->comparison->alpha, "states",
				    make_states(report->comparison), "fail_if",
				    make_findings(report->findings)),
			  out);
}
