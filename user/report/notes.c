/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "plural.h"
#include "report_print.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	enum tacho_ended ended;
	const char *text;
} unfinished_kinds[] = {
	{ TACHO_ENDED_THREAD_EXIT, "by thread exit" },
	{ TACHO_ENDED_EXEC, "by exec" },
	{ TACHO_ENDED_KILLED, "killed" },
	{ TACHO_ENDED_OPEN, "open" },
};

static void put_part(FILE *out, uint64_t cnt, const char *text, bool *first)
{
	if (!cnt)
		return;
	fprintf(out, "%s%" PRIu64 " %s", *first ? " (" : ", ", cnt, text);
	*first = false;
}

static void put_lost(FILE *out, const struct report_state *state, const char *name)
{
	const struct ledger_row *ledger = &state->series->ledger;
	uint64_t lost = ledger_row__lost(ledger);
	bool first = true;

	if (!lost)
		return;
	fprintf(out, "lost: %" PRIu64 " of %" PRIu64 " calls of %s", lost, ledger->entries, name);
	put_part(out, ledger->lost_ring, "ring full", &first);
	put_part(out, ledger->lost_nesting, "nested too deep", &first);
	put_part(out, ledger->lost_other, "no memory or no room on disk", &first);
	fprintf(out, ")\n");
}

static void put_unfinished(FILE *out, const struct report_state *state, const char *name)
{
	uint64_t cnt = report_series__unfinished(state->series);
	bool first = true;

	if (!cnt)
		return;
	fprintf(out, "not finished: %" PRIu64 " %s of %s", cnt, plural(cnt, "call", "calls"), name);
	for (size_t i = 0; i < ARRAY_SIZE(unfinished_kinds); i++)
		put_part(out, activity_series__unfinished(state->series, unfinished_kinds[i].ended),
			 unfinished_kinds[i].text, &first);
	fprintf(out, ")\n");
}

/* Whose percentiles nobody knows. */
static void put_summarised(FILE *out, const struct report_state *state, const char *name)
{
	uint64_t summarised = state->series->summarised.cnt;

	if (!summarised)
		return;
	fprintf(out, "summarised: %" PRIu64 " of %" PRIu64 " calls of %s %s", summarised,
		state->durations.cnt, name, plural(summarised, "has no row", "have no rows"));
	if (state->durations.ranked)
		fprintf(out, "; percentiles are of the other %" PRIu64, state->durations.ranked);
	fprintf(out, "\n");
}

static int put_of_each(FILE *out, const struct report_states *states,
		       void (*put)(FILE *out, const struct report_state *state, const char *name))
{
	char *name;

	for (size_t i = 0; i < states->cnt; i++) {
		name = sheet_text(states->rows[i].series->state);
		if (!name)
			return -ENOMEM;
		put(out, &states->rows[i], name);
		free(name);
	}
	return 0;
}

static bool any_lost(const struct report_states *states)
{
	for (size_t i = 0; i < states->cnt; i++) {
		if (ledger_row__lost(&states->rows[i].series->ledger))
			return true;
	}
	return false;
}

/* Of those that were asked for. */
static void put_unsorted(FILE *out, const struct activities *activities)
{
	uint64_t nameless = activities__nameless_cnt(activities);
	uint64_t unsorted = activities__unsorted_cnt(activities);

	if (nameless)
		fprintf(out,
			"without process: %" PRIu64
			" %s not counted, in files that do not name it\n",
			nameless, plural(nameless, "row", "rows"));
	if (unsorted)
		fprintf(out,
			"summarised: %" PRIu64
			" %s not counted, of which only the sums are known\n",
			unsorted, plural(unsorted, "call", "calls"));
}

static int put_of_states(FILE *out, const struct activities *activities,
			 const struct report_states *states)
{
	int err;

	err = put_of_each(out, states, put_summarised);
	if (!err)
		err = put_of_each(out, states, put_lost);
	if (!err)
		err = put_of_each(out, states, put_unfinished);
	if (activities__is_filtered(activities) && any_lost(states))
		fprintf(out, "lost calls are those of the whole recordings: "
			     "when and where they were is not known\n");
	put_unsorted(out, activities);
	return err;
}

static void put_of_groups(FILE *out, const struct report *report,
			  const struct activities_grouping *by)
{
	for (size_t i = 0; i < report->states.cnt; i++) {
		if (!report->states.rows[i].series->is_rest)
			continue;
		fprintf(out, "more than %d groups: what came later is (other)\n",
			ACTIVITIES_GROUPS_MAX);
		break;
	}
	for (size_t i = 0; i < by->column_cnt; i++) {
		if (!activities__has_column(report->activities, i))
			fprintf(out, "no file has a column '%s'\n", by->columns[i]);
	}
}

static void put_of_nesting(FILE *out, const struct nested_notes *notes)
{
	if (notes->thread_unknown)
		fprintf(out,
			"threads unknown: %" PRIu64 " of %" PRIu64 " %s within nothing, and "
			"nothing within them\n",
			notes->thread_unknown, notes->calls,
			plural(notes->thread_unknown, "call is", "calls are"));
	if (notes->summarised)
		fprintf(out, "summarised: %" PRIu64 " %s no rows, and %s not counted\n",
			notes->summarised, plural(notes->summarised, "call has", "calls have"),
			plural(notes->summarised, "is", "are"));
	if (notes->nameless)
		fprintf(out,
			"without process: %" PRIu64
			" %s not counted, in files that do not name it\n",
			notes->nameless, plural(notes->nameless, "row", "rows"));
	if (notes->lost)
		fprintf(out,
			"lost: %" PRIu64 " %s; what they called is shown within their callers\n",
			notes->lost, plural(notes->lost, "call", "calls"));
}

static int put_all(FILE *out, const struct report *report, const struct report_look *look,
		   bool states)
{
	uint64_t malformed = activities__malformed_cnt(report->activities) +
			     processes__malformed_cnt(report->processes) + report->malformed_cnt;
	uint64_t torn = activities__torn_cnt(report->activities) +
			processes__torn_cnt(report->processes) + report->torn_cnt;
	int err = states ? put_of_states(out, report->activities, &report->states) : 0;

	put_of_groups(out, report, &look->by);
	put_of_nesting(out, &report->nested);

	if (malformed)
		fprintf(out, "malformed: %" PRIu64 " %s not counted\n", malformed,
			plural(malformed, "row", "rows"));
	if (torn)
		fprintf(out, "torn: %" PRIu64 " last %s not counted\n", torn,
			plural(torn, "row", "rows"));
	return err;
}

static int cut_into_lines(struct report_notes *notes)
{
	char *rest = notes->text;
	size_t cnt = 0;

	for (const char *c = notes->text; *c; c++)
		cnt += *c == '\n';
	notes->lines = calloc(cnt + 1, sizeof(*notes->lines));
	if (!notes->lines)
		return -ENOMEM;
	for (notes->cnt = 0; notes->cnt < cnt; notes->cnt++)
		notes->lines[notes->cnt] = strsep(&rest, "\n");
	return 0;
}

int report_notes__make(const struct report *report, const struct report_look *look, bool states,
		       struct report_notes *ret_notes)
{
	struct report_notes notes = {};
	size_t sz = 0;
	FILE *out = open_memstream(&notes.text, &sz);
	int err;

	if (!out)
		return -ENOMEM;
	err = put_all(out, report, look, states);
	if (fclose(out) && !err)
		err = -ENOMEM;
	if (!err)
		err = cut_into_lines(&notes);
	if (err)
		report_notes__free(&notes);
	else
		*ret_notes = notes;
	return err;
}

void report_notes__free(struct report_notes *notes)
{
	free(notes->lines);
	free(notes->text);
	*notes = (struct report_notes) {};
}
