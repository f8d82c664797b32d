/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/show_private.h"
#include "escape.h"
#include "ledger.h"
#include "plural.h"
#include "report/states.h"

static const char *const side_names[COMPARE_SIDE_CNT] = { "base", "new" };

uint64_t compare_lost(const struct compared_state *state, enum compare_side side)
{
	return state->series[side] ? ledger_row__lost(&state->series[side]->ledger) : 0;
}

uint64_t compare_unfinished(const struct compared_state *state, enum compare_side side)
{
	return state->series[side] ? report_series__unfinished(state->series[side]) : 0;
}

uint64_t compare_summarised(const struct compared_state *state, enum compare_side side)
{
	return state->series[side] ? state->series[side]->summarised.cnt : 0;
}

/* What is said of each state and side. */
typedef void note_fn(const struct compared_state *state, enum compare_side side, const char *name,
		     FILE *out);

static void note_lost(const struct compared_state *state, enum compare_side side, const char *name,
		      FILE *out)
{
	uint64_t lost = compare_lost(state, side);

	if (lost)
		fprintf(out, "lost: %" PRIu64 " of %" PRIu64 " calls of %s in %s\n", lost,
			state->series[side]->ledger.entries, name, side_names[side]);
}

static void note_summarised(const struct compared_state *state, enum compare_side side,
			    const char *name, FILE *out)
{
	uint64_t cnt = compare_summarised(state, side);

	if (cnt)
		fprintf(out, "summarised: %" PRIu64 " of %" PRIu64 " calls of %s in %s %s out\n",
			cnt, compared_state__cnt(state, side), name, side_names[side],
			plural(cnt, "has no row, so that percentiles and test leave it",
			       "have no rows, so that percentiles and test leave them"));
}

static void note_unfinished(const struct compared_state *state, enum compare_side side,
			    const char *name, FILE *out)
{
	uint64_t cnt = compare_unfinished(state, side);

	if (cnt)
		fprintf(out, "not finished: %" PRIu64 " %s of %s in %s\n", cnt,
			plural(cnt, "call", "calls"), name, side_names[side]);
}

static void note_states(const struct comparison *comparison, note_fn *note, FILE *out)
{
	char *name;

	for (size_t i = 0; i < comparison->cnt; i++) {
		name = escape_text(comparison->states[i].state);
		for (enum compare_side s = 0; name && s < COMPARE_SIDE_CNT; s++)
			note(&comparison->states[i], s, name, out);
		free(name);
	}
}

static void note_rows(uint64_t cnt, const char *what, const char *row, enum compare_side side,
		      FILE *out)
{
	if (cnt)
		fprintf(out, "%s: %" PRIu64 " %s%s of %s not counted\n", what, cnt, row,
			plural_s(cnt), side_names[side]);
}

/* Where one is missing that some state with enough calls for the test could have had. */
static void note_needs(const struct comparison *comparison, FILE *out)
{
	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++) {
		const unsigned int percent = compare_metric__percent(m);
		bool missing = false;

		for (size_t i = 0; percent && i < comparison->cnt; i++)
			missing |= comparison->states[i].tested &&
				   !comparison->states[i].changes[m].has_interval;
		if (missing)
			fprintf(out, "no interval: %s has one from %zu calls on either side on\n",
				compare_metric__name(m),
				bootstrap__needs(percent, comparison->alpha));
	}
}

void compare_show_notes(const struct compare_report *report, FILE *out)
{
	note_states(report->comparison, note_lost, out);
	note_states(report->comparison, note_summarised, out);
	note_states(report->comparison, note_unfinished, out);
	for (enum compare_side s = 0; s < COMPARE_SIDE_CNT; s++) {
		note_rows(activities__malformed_cnt(report->activities[s]), "malformed", "row", s,
			  out);
		note_rows(activities__torn_cnt(report->activities[s]), "torn", "last row", s, out);
	}
	note_needs(report->comparison, out);
}

int compare_each_note(const struct compare_report *report, int (*take)(void *ctx, const char *line),
		      void *ctx)
{
	size_t sz = 0;
	char *text = NULL, *line, *rest;
	FILE *notes = open_memstream(&text, &sz);
	int err = 0;

	if (!notes)
		return -ENOMEM;
	compare_show_notes(report, notes);
	if (fclose(notes))
		err = -ENOMEM;
	for (rest = text; !err && (line = strsep(&rest, "\n")) && *line;)
		err = take(ctx, line);
	free(text);
	return err;
}
