/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/show_private.h"
#include "escape.h"
#include "plural.h"
#include "report_print.h"

#define P_MIN 0.0001
#define NAME_MAX_SHOWN 128

static bool is_duration(enum compare_metric metric)
{
	return metric != COMPARE_COUNT;
}

/* Without its unit; three digits or so, as many as say something. */
static void format_percent(double ratio, char text[CELL_SZ])
{
	const double percent = ratio * 100, size = fabs(percent);

	if (isinf(percent))
		snprintf(text, CELL_SZ, "infinite");
	else if (size < 0.005)
		snprintf(text, CELL_SZ, "0.0");
	else if (size >= 1e9)
		snprintf(text, CELL_SZ, "%+.2e", percent);
	else if (size < 0.995)
		snprintf(text, CELL_SZ, "%+.2f", percent);
	else
		snprintf(text, CELL_SZ, size < 999.95 ? "%+.1f" : "%+.0f", percent);
}

void compare_text_percent(double ratio, char text[CELL_SZ])
{
	if (isinf(ratio)) {
		snprintf(text, CELL_SZ, "from 0");
		return;
	}
	format_percent(ratio, text);
	strcat(text, " %");
}

void compare_text_value(enum compare_metric metric, const struct compare_value *value,
			char text[CELL_SZ])
{
	_Static_assert(CELL_SZ >= REPORT_DURATION_SZ, "a duration fits");

	if (!value->known)
		snprintf(text, CELL_SZ, "-");
	else if (is_duration(metric))
		report_duration(value->value, text);
	else
		snprintf(text, CELL_SZ, "%" PRIu64, value->value);
}

void compare_text_change(const struct compare_change *change, char text[CELL_SZ])
{
	if (compare_change__known(change))
		compare_text_percent(change->change, text);
	else
		snprintf(text, CELL_SZ, "-");
}

void compare_text_interval(const struct compare_change *change, char text[CELL_SZ])
{
	char low[CELL_SZ], high[CELL_SZ];

	if (!change->has_interval) {
		snprintf(text, CELL_SZ, "-");
		return;
	}
	format_percent(change->interval.low, low);
	format_percent(change->interval.high, high);
	snprintf(text, CELL_SZ, "%.20s to %.20s %%", low, high);
}

void compare_text_verdict(const struct compared_state *state, char text[CELL_SZ])
{
	const char *name = compare_verdict__name(state->verdict);

	if (!state->tested)
		snprintf(text, CELL_SZ, "%s", name);
	else if (state->p_adjusted < P_MIN)
		snprintf(text, CELL_SZ, "%s (p < %g)", name, P_MIN);
	else
		snprintf(text, CELL_SZ, "%s (p = %.4f)", name, state->p_adjusted);
}

void compare_text_confidence(double alpha, char text[CELL_SZ])
{
	snprintf(text, CELL_SZ, "%g %% interval", 100 * (1 - alpha));
}

void compare_show_count(const struct comparison *comparison, FILE *out)
{
	size_t cnt[COMPARE_VERDICT_CNT] = {};
	const char *before = ": ";

	for (size_t i = 0; i < comparison->cnt; i++)
		cnt[comparison->states[i].verdict]++;
	fprintf(out, "%zu %s", comparison->cnt, plural(comparison->cnt, "state", "states"));
	for (enum compare_verdict v = 0; v < COMPARE_VERDICT_CNT; v++) {
		if (!cnt[v])
			continue;
		fprintf(out, "%s%zu %s", before, cnt[v], compare_verdict__name(v));
		before = ", ";
	}
	fputc('\n', out);
}

/* --- findings -------------------------------------------------------------------------------- */

/* "p95 rose by 23.4 %, from 5.00 ms to 6.17 ms" */
static int print_change(char **ret_text, const struct threshold_finding *finding)
{
	const enum compare_metric metric = finding->threshold->metric;
	const struct compare_change *change = &finding->state->changes[metric];
	char base[CELL_SZ], new[CELL_SZ], percent[CELL_SZ], by[CELL_SZ + 4] = "";

	compare_text_value(metric, &change->base, base);
	compare_text_value(metric, &change->new, new);
	if (!isinf(change->change)) {
		compare_text_percent(fabs(change->change), percent);
		snprintf(by, sizeof(by), " by %s,", percent + (*percent == '+'));
	}
	return asprintf(ret_text, "%s %s%s from %s to %s", compare_metric__name(metric),
			change->change > 0 ? "rose" : "fell", by, base, new);
}

/* "p95 is 6.17 ms" */
static int print_value(char **ret_text, const struct threshold_finding *finding)
{
	const enum compare_metric metric = finding->threshold->metric;
	char text[CELL_SZ];

	compare_text_value(metric, &finding->state->changes[metric].new, text);
	return asprintf(ret_text, "%s is %s", compare_metric__name(metric), text);
}

static char *print_unchecked(const struct threshold *threshold)
{
	char *text;

	if (asprintf(&text, "--fail-if '%s': no state that it could be checked on",
		     threshold->text) < 0)
		return NULL;
	return text;
}

char *compare_finding_text(const struct threshold_finding *finding)
{
	const struct threshold *threshold = finding->threshold;
	const bool is_change =
		threshold->kind == THRESHOLD_RISES || threshold->kind == THRESHOLD_FALLS;
	char *name, *what = NULL, *text = NULL;

	if (!finding->state)
		return print_unchecked(threshold);
	name = escape_text(finding->state->state);
	if ((is_change ? print_change(&what, finding) : print_value(&what, finding)) < 0)
		what = NULL;
	if (name && what &&
	    asprintf(&text, "%.*s: %s (--fail-if '%s'%s)", NAME_MAX_SHOWN, name, what,
		     threshold->text,
		     finding->outcome == THRESHOLD_NOT_SHOWN
			     ? "; it may be chance, so only --strict fails"
			     : "") < 0)
		text = NULL;
	free(name);
	free(what);
	return text;
}
