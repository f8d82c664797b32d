/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For people: a table a state on a terminal, one of all in Markdown. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/show_private.h"
#include "escape.h"
#include "screen.h"
#include "table.h"

/* --- a table --------------------------------------------------------------------------------- */

#define NAME_WIDTH_MIN 8

/* The name is hostile, and on a terminal it is cut so that the verdict is seen. */
static int put_heading(const struct compared_state *state, const struct screen *screen)
{
	char *escaped = escape_text(state->state), *shown = NULL;
	size_t width = screen->width;
	char verdict[CELL_SZ];

	compare_text_verdict(state, verdict);
	if (width)
		width -= width > strlen(verdict) + NAME_WIDTH_MIN + 2 ? strlen(verdict) + 2
								      : width - NAME_WIDTH_MIN;
	if (escaped)
		shown = width ? screen__shorten(screen, escaped, width) : strdup(escaped);
	if (shown)
		fprintf(screen->out, "%s: %s\n", shown, verdict);
	free(escaped);
	free(shown);
	return shown ? 0 : -ENOMEM;
}

static void put_row(struct table *table, enum compare_metric metric,
		    const struct compare_change *change)
{
	char cell[CELL_SZ];

	table__put(table, "%s", compare_metric__name(metric));
	compare_text_value(metric, &change->base, cell);
	table__put(table, "%s", cell);
	compare_text_value(metric, &change->new, cell);
	table__put(table, "%s", cell);
	compare_text_change(change, cell);
	table__put(table, "%s", cell);
	compare_text_interval(change, cell);
	table__put(table, "%s", cell);
}

static int put_state(const struct compared_state *state, double alpha, const struct screen *screen)
{
	char interval[CELL_SZ];
	const struct table_column columns[] = {
		{ .heading = "METRIC" },
		{ .heading = "BASE", .right = true },
		{ .heading = "NEW", .right = true },
		{ .heading = "CHANGE", .right = true },
		{ .heading = interval, .right = true, .may_be_cut = true },
		{},
	};
	struct table *table;
	int err;

	compare_text_confidence(alpha, interval);
	for (char *c = interval; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	err = table__new(columns, &table);
	if (err)
		return err;
	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++)
		put_row(table, m, &state->changes[m]);
	err = put_heading(state, screen);
	if (!err)
		err = table__print(table, screen);
	table__free(table);
	fputc('\n', screen->out);
	return err;
}

int compare_show_table(const struct compare_report *report, FILE *out)
{
	const struct comparison *comparison = report->comparison;
	struct screen screen;
	int err = 0;

	screen__init(&screen, out);
	for (size_t i = 0; !err && i < comparison->cnt; i++)
		err = put_state(&comparison->states[i], comparison->alpha, &screen);
	if (!err) {
		compare_show_count(comparison, out);
		compare_show_notes(report, out);
	}
	screen__free(&screen);
	return err;
}

/* --- Markdown -------------------------------------------------------------------------------- */

static size_t longest_run(const char *text, char of)
{
	size_t longest = 0, sz;

	for (; *text; text += sz + (text[sz] != '\0')) {
		const char run[] = { of, '\0' };

		text += strcspn(text, run);
		sz = strspn(text, run);
		if (sz > longest)
			longest = sz;
	}
	return longest;
}

static void put_ticks(size_t cnt, FILE *out)
{
	while (cnt--)
		fputc('`', out);
}

/*
 * A name as code: there it can be neither markup nor HTML, and calls nobody by an @. The fence is
 * longer than any run of ticks in it, and the only thing that means something all the same is the
 * end of a cell (GitHub Flavored Markdown 0.29, sections 4.10 and 6.3).
 */
static int put_code(const char *text, FILE *out)
{
	char *escaped = escape_text(text);
	size_t ticks;

	if (!escaped)
		return -ENOMEM;
	ticks = longest_run(escaped, '`');
	put_ticks(ticks + 1, out);
	if (ticks)
		fputc(' ', out);
	for (const char *c = escaped; *c; c++)
		fprintf(out, *c == '|' ? "\\%c" : "%c", *c);
	if (ticks)
		fputc(' ', out);
	put_ticks(ticks + 1, out);
	free(escaped);
	return 0;
}

static int put_markdown_state(const struct compared_state *state, FILE *out)
{
	char base[CELL_SZ], new[CELL_SZ], change[CELL_SZ], interval[CELL_SZ], verdict[CELL_SZ];
	int err;

	compare_text_verdict(state, verdict);
	fputs("| ", out);
	err = put_code(state->state, out);
	for (enum compare_metric m = 0; m < COMPARE_METRIC_CNT; m++) {
		compare_text_value(m, &state->changes[m].base, base);
		compare_text_value(m, &state->changes[m].new, new);
		compare_text_change(&state->changes[m], change);
		compare_text_interval(&state->changes[m], interval);
		fprintf(out, "%s | %s | %s | %s | %s | %s | %s |\n", m ? "|" : "",
			compare_metric__name(m), base, new, change, interval, m ? "" : verdict);
	}
	return err;
}

/* A list, since lines that follow one another would become one paragraph. */
static int put_markdown_note(void *ctx, const char *line)
{
	FILE *out = ctx;
	int err;

	fputs("- ", out);
	err = put_code(line, out);
	fputc('\n', out);
	return err;
}

int compare_show_markdown(const struct compare_report *report, FILE *out)
{
	const struct comparison *comparison = report->comparison;
	char interval[CELL_SZ];
	int err = 0;

	compare_text_confidence(comparison->alpha, interval);
	fprintf(out,
		"| State | Metric | Base | New | Change | %s | Verdict |\n"
		"| --- | --- | ---: | ---: | ---: | ---: | --- |\n",
		interval);
	for (size_t i = 0; !err && i < comparison->cnt; i++)
		err = put_markdown_state(&comparison->states[i], out);
	fputc('\n', out);
	compare_show_count(comparison, out);
	fputc('\n', out);
	return err ? err : compare_each_note(report, put_markdown_note, out);
}
