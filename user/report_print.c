/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report_print.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "csv.h"
#include "ledger.h"
#include "message.h"
#include "sink_csv.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define CELL_SZ REPORT_DURATION_SZ

enum unit { UNIT_CALLS, UNIT_NS };

/* Without what there is no value: not even 0. */
enum needs { NEEDS_NOTHING, NEEDS_CALLS, NEEDS_RANKED_CALLS };

static const struct column {
	const char *heading; /* of the table; NULL: not in it */
	const char *name;    /* in CSV */
	enum unit unit;
	enum needs needs;
	size_t offset; /* in struct summary */
} columns[] = {
	{ "COUNT", "count", UNIT_CALLS, NEEDS_NOTHING, offsetof(struct summary, cnt) },
	{ "TOTAL", "total_ns", UNIT_NS, NEEDS_NOTHING, offsetof(struct summary, total) },
	{ "MEAN", "mean_ns", UNIT_NS, NEEDS_CALLS, offsetof(struct summary, mean) },
	{ NULL, "min_ns", UNIT_NS, NEEDS_CALLS, offsetof(struct summary, min) },
	{ "P50", "p50_ns", UNIT_NS, NEEDS_RANKED_CALLS, offsetof(struct summary, p50) },
	{ "P90", "p90_ns", UNIT_NS, NEEDS_RANKED_CALLS, offsetof(struct summary, p90) },
	{ "P99", "p99_ns", UNIT_NS, NEEDS_RANKED_CALLS, offsetof(struct summary, p99) },
	{ "MAX", "max_ns", UNIT_NS, NEEDS_CALLS, offsetof(struct summary, max) },
};

#define COLUMN_CNT ARRAY_SIZE(columns)

static uint64_t column_value(const struct column *column, const struct report_row *row)
{
	return *(const uint64_t *)((const char *)&row->durations + column->offset);
}

static bool has_value(const struct column *column, const struct report_row *row)
{
	switch (column->needs) {
	case NEEDS_CALLS:
		return row->durations.cnt;
	case NEEDS_RANKED_CALLS:
		return row->durations.ranked;
	case NEEDS_NOTHING:
		break;
	}
	return true;
}

/* Writes ns in units of unit_ns with the digits after the point that make three in all; false if
 * that takes more than three before it. */
static bool duration_in(uint64_t ns, uint64_t unit_ns, const char *unit, char *text)
{
	static const unsigned int powers[] = { 1, 10, 100 };
	uint64_t step, steps;

	for (int digits = 2; digits >= 0; digits--) {
		step = unit_ns / powers[digits];
		steps = ns / step + (ns % step >= step - step / 2);
		if (steps >= 1000)
			continue;
		if (digits)
			snprintf(text, CELL_SZ, "%" PRIu64 ".%0*" PRIu64 " %s",
				 steps / powers[digits], digits, steps % powers[digits], unit);
		else
			snprintf(text, CELL_SZ, "%" PRIu64 " %s", steps, unit);
		return true;
	}
	return false;
}

void report_duration(uint64_t ns, char text[REPORT_DURATION_SZ])
{
	const uint64_t us = 1000, ms = 1000 * us, s = 1000 * ms;

	if (ns < us)
		snprintf(text, CELL_SZ, "%" PRIu64 " ns", ns);
	else if (!duration_in(ns, us, "us", text) && !duration_in(ns, ms, "ms", text) &&
		 !duration_in(ns, s, "s", text))
		snprintf(text, CELL_SZ, "%" PRIu64 " s", ns / s + (ns % s >= s / 2));
}

/* --- hostile text on a terminal ------------------------------------------------------------ */

#define SHOWN_SZ 1024
#define SHOWN_WIDTH_MAX 128

struct shown {
	char text[SHOWN_SZ];
	size_t sz;
	size_t width; /* in columns of a terminal */
};

static bool shown__add(struct shown *shown, const char *text, size_t sz, size_t width)
{
	static const char cut[] = "...";

	if (shown->sz + sz + sizeof(cut) > SHOWN_SZ || shown->width + width > SHOWN_WIDTH_MAX) {
		memcpy(shown->text + shown->sz, cut, sizeof(cut));
		shown->width += sizeof(cut) - 1;
		return false;
	}
	memcpy(shown->text + shown->sz, text, sz);
	shown->sz += sz;
	shown->width += width;
	shown->text[shown->sz] = '\0';
	return true;
}

/* What no terminal obeys; bytes that are no printable UTF-8 become \xHH. Expects a UTF-8 locale,
 * and in any other takes only what that knows to be printable. */
static void show(const char *text, struct shown *shown)
{
	char escaped[8];
	wchar_t wide;
	bool fits = true;
	size_t sz;
	int width;

	*shown = (struct shown) {};
	while (*text && fits) {
		mbstate_t state = {};

		sz = mbrtowc(&wide, text, strlen(text), &state);
		width = sz <= MB_LEN_MAX && iswprint((wint_t)wide) ? wcwidth(wide) : -1;
		if (width >= 0) {
			fits = shown__add(shown, text, sz, (size_t)width);
			text += sz;
		} else {
			snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)*text++);
			fits = shown__add(shown, escaped, strlen(escaped), strlen(escaped));
		}
	}
}

/* --- notes: what the numbers above leave out ----------------------------------------------- */

static const struct {
	enum tacho_ended ended;
	const char *text;
} unfinished_kinds[] = {
	{ TACHO_ENDED_THREAD_EXIT, "by thread exit" },
	{ TACHO_ENDED_EXEC, "by exec" },
	{ TACHO_ENDED_KILLED, "killed" },
	{ TACHO_ENDED_OPEN, "open" },
};

static uint64_t count_unfinished(const struct activity_series *series)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < ARRAY_SIZE(unfinished_kinds); i++)
		cnt += activity_series__unfinished(series, unfinished_kinds[i].ended);
	return cnt;
}

static void print_part(FILE *out, uint64_t cnt, const char *text, bool *first)
{
	if (!cnt)
		return;
	fprintf(out, "%s%" PRIu64 " %s", *first ? " (" : ", ", cnt, text);
	*first = false;
}

static void print_lost(FILE *out, const struct activity_series *series, const struct shown *state)
{
	const struct ledger_row *ledger = &series->ledger;
	uint64_t lost = ledger_row__lost(ledger);
	bool first = true;

	if (!lost)
		return;
	fprintf(out, "lost: %" PRIu64 " of %" PRIu64 " calls of %s", lost, ledger->entries,
		state->text);
	print_part(out, ledger->lost_ring, "ring full", &first);
	print_part(out, ledger->lost_nesting, "nested too deep", &first);
	print_part(out, ledger->lost_other, "no memory or no room on disk", &first);
	fprintf(out, ")\n");
}

static void print_unfinished(FILE *out, const struct activity_series *series,
			     const struct shown *state)
{
	uint64_t cnt = count_unfinished(series);
	bool first = true;

	if (!cnt)
		return;
	fprintf(out, "not finished: %" PRIu64 " %s of %s", cnt, cnt == 1 ? "call" : "calls",
		state->text);
	for (size_t i = 0; i < ARRAY_SIZE(unfinished_kinds); i++)
		print_part(out, activity_series__unfinished(series, unfinished_kinds[i].ended),
			   unfinished_kinds[i].text, &first);
	fprintf(out, ")\n");
}

/* Whose percentiles nobody knows. */
static void print_summarised(FILE *out, const struct report_row *row, const struct shown *state)
{
	uint64_t summarised = row->series->summarised.cnt;

	if (!summarised)
		return;
	fprintf(out, "summarised: %" PRIu64 " of %" PRIu64 " calls of %s have no rows", summarised,
		row->durations.cnt, state->text);
	if (row->durations.ranked)
		fprintf(out, "; percentiles are of the other %" PRIu64, row->durations.ranked);
	fprintf(out, "\n");
}

static void print_notes(FILE *out, const struct report *report)
{
	uint64_t malformed = activities__malformed_cnt(report->activities);
	uint64_t torn = activities__torn_cnt(report->activities);
	struct shown state;

	for (size_t i = 0; i < report->row_cnt; i++) {
		show(report->rows[i].series->state, &state);
		print_summarised(out, &report->rows[i], &state);
	}
	for (size_t i = 0; i < report->row_cnt; i++) {
		show(report->rows[i].series->state, &state);
		print_lost(out, report->rows[i].series, &state);
	}
	for (size_t i = 0; i < report->row_cnt; i++) {
		show(report->rows[i].series->state, &state);
		print_unfinished(out, report->rows[i].series, &state);
	}
	if (malformed)
		fprintf(out, "malformed: %" PRIu64 " %s not counted\n", malformed,
			malformed == 1 ? "row" : "rows");
	if (torn)
		fprintf(out, "torn: %" PRIu64 " last %s not counted\n", torn,
			torn == 1 ? "row" : "rows");
}

/* --- the formats --------------------------------------------------------------------------- */

static void format_cell(const struct column *column, const struct report_row *row,
			char text[CELL_SZ])
{
	if (!has_value(column, row))
		snprintf(text, CELL_SZ, "-");
	else if (column->unit == UNIT_NS)
		report_duration(column_value(column, row), text);
	else
		snprintf(text, CELL_SZ, "%" PRIu64, column_value(column, row));
}

static void measure(const struct report *report, size_t *ret_state_width, int width[COLUMN_CNT])
{
	struct shown state;
	char cell[CELL_SZ];

	*ret_state_width = strlen("STATE");
	for (size_t c = 0; c < COLUMN_CNT; c++)
		width[c] = columns[c].heading ? (int)strlen(columns[c].heading) : 0;
	for (size_t i = 0; i < report->row_cnt; i++) {
		show(report->rows[i].series->state, &state);
		if (state.width > *ret_state_width)
			*ret_state_width = state.width;
		for (size_t c = 0; c < COLUMN_CNT; c++) {
			format_cell(&columns[c], &report->rows[i], cell);
			if ((int)strlen(cell) > width[c])
				width[c] = (int)strlen(cell);
		}
	}
}

static void print_rows(const struct report *report)
{
	int width[COLUMN_CNT];
	size_t state_width;
	struct shown state;
	char cell[CELL_SZ];

	measure(report, &state_width, width);
	printf("STATE%*s", (int)(state_width - strlen("STATE")), "");
	for (size_t c = 0; c < COLUMN_CNT; c++) {
		if (columns[c].heading)
			printf("  %*s", width[c], columns[c].heading);
	}
	putchar('\n');
	for (size_t i = 0; i < report->row_cnt; i++) {
		show(report->rows[i].series->state, &state);
		printf("%s%*s", state.text, (int)(state_width - state.width), "");
		for (size_t c = 0; c < COLUMN_CNT; c++) {
			format_cell(&columns[c], &report->rows[i], cell);
			if (columns[c].heading)
				printf("  %*s", width[c], cell);
		}
		putchar('\n');
	}
}

static int print_table(const struct report *report)
{
	if (report->row_cnt)
		print_rows(report);
	print_notes(stdout, report);
	return 0;
}

/* Nothing but rows may stand among the rows: the notes go to stderr. */
static int say_notes(const struct report *report)
{
	size_t sz = 0;
	char *text = NULL, *line, *rest;
	FILE *notes = open_memstream(&text, &sz);

	if (!notes)
		return -ENOMEM;
	print_notes(notes, report);
	if (fclose(notes)) {
		free(text);
		return -ENOMEM;
	}
	for (rest = text; (line = strsep(&rest, "\n")) && *line;)
		message("report: %s", line);
	free(text);
	return 0;
}

static void put_csv_names(struct csv_row *out)
{
	csv_row__begin(out);
	csv_row__text(out, "state");
	for (size_t c = 0; c < COLUMN_CNT; c++)
		csv_row__text(out, columns[c].name);
	csv_row__text(out, "lost");
	csv_row__text(out, "unfinished");
	csv_row__text(out, "summarised");
}

static void put_csv_values(struct csv_row *out, const struct report_row *row)
{
	csv_row__begin(out);
	sink_csv__put_hostile_text(out, &row->series->state);
	for (size_t c = 0; c < COLUMN_CNT; c++) {
		if (has_value(&columns[c], row))
			csv_row__u64(out, column_value(&columns[c], row));
		else
			csv_row__empty(out);
	}
	csv_row__u64(out, ledger_row__lost(&row->series->ledger));
	csv_row__u64(out, count_unfinished(row->series));
	csv_row__u64(out, row->series->summarised.cnt);
}

static int end_csv_row(struct csv_row *out)
{
	int err = csv_row__end(out);

	if (!err)
		fwrite(out->data, 1, out->sz, stdout);
	return err;
}

static int print_csv(const struct report *report)
{
	struct csv_row out = { .quoting = CSV_QUOTE_MINIMAL };
	int err;

	put_csv_names(&out);
	err = end_csv_row(&out);
	for (size_t i = 0; !err && i < report->row_cnt; i++) {
		put_csv_values(&out, &report->rows[i]);
		err = end_csv_row(&out);
	}
	csv_row__free(&out);
	return err ? err : say_notes(report);
}

static const struct report_format {
	const char *name;
	int (*print)(const struct report *report);
} formats[] = {
	{ "table", print_table },
	{ "csv", print_csv },
};

const struct report_format *report_format__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

int report__print(const struct report *report, const struct report_format *format)
{
	/* of states' names; without this locale, all but ASCII is escaped */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t old = uselocale(utf8);
	int err;

	err = format->print(report);
	uselocale(old);
	if (utf8)
		freelocale(utf8);
	if (err)
		return err;
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}
