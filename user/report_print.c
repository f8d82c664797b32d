/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report_print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "plural.h"
#include "report/notes.h"
#include "report/rates.h"
#include "report/tree.h"
#include "report/usage.h"
#include "suggest.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* As enum report_tables numbers their bits. */
enum { STATES, PROCESSES, TABLE_CNT };
_Static_assert(1 << STATES == REPORT_STATES && 1 << PROCESSES == REPORT_PROCESSES, "the bits");

/* All that is shown, and how. */
struct page {
	const struct report *report;
	const struct report_look *look;
	struct group_columns grouped;
	struct sheet *sheets[TABLE_CNT];
	size_t fixed[TABLE_CNT]; /* so many columns say what the row is of */
	struct sheet_choice columns[TABLE_CNT];
	bool shown[TABLE_CNT];
	struct report_notes notes;
};

struct report_format {
	const char *name;
	bool for_people;
	enum tree_indent indent;
	int (*print)(const struct page *page);
};

/* --- which columns --------------------------------------------------------------------------- */

static int refuse_column(struct sheet *const *sheets, const char *name, struct fault *why)
{
	char short_names[TABLE_CNT * SHEET_COLUMNS_MAX][SHEET_NAME_SZ];
	const char *names[TABLE_CNT * SHEET_COLUMNS_MAX + 1] = {};
	const char *nearest;
	size_t cnt = 0;

	for (size_t t = 0; t < TABLE_CNT; t++) {
		for (size_t c = 0; c < sheets[t]->column_cnt; c++, cnt++) {
			sheet_column__short_name(&sheets[t]->columns[c], short_names[cnt]);
			names[cnt] = short_names[cnt];
		}
	}
	nearest = suggest_word(name, names);
	if (nearest)
		return fault__set(why, -EINVAL, "there is no column '%s'; did you mean '%s'?", name,
				  nearest);
	return fault__set(why, -EINVAL, "there is no column '%s'", name);
}

/* Behind the first ones, which are always there. A table of which none is named keeps these only.
 */
static int choose_named(struct page *page, const char *list, struct fault *why)
{
	struct sheet *const *sheets = page->sheets;
	struct sheet_choice *choices = page->columns;
	char *copy = strdup(list);
	char *rest = copy, *name;
	int err = copy ? 0 : -ENOMEM;
	bool found;

	for (size_t t = 0; t < TABLE_CNT; t++) {
		sheet__choose_all(sheets[t], &choices[t]);
		choices[t].cnt = page->fixed[t];
	}
	while (!err && (name = strsep(&rest, ","))) {
		name += strspn(name, " ");
		found = !*name;
		for (size_t t = 0; t < TABLE_CNT; t++)
			found |= *name && sheet__choose(sheets[t], &choices[t], name);
		if (!found)
			err = refuse_column(sheets, name, why);
	}
	free(copy);
	return err;
}

static size_t top_rows(const struct page *page, size_t table)
{
	size_t cnt = sheet__row_cnt(page->sheets[table]);

	return table == PROCESSES && cnt > page->look->top ? page->look->top : cnt;
}

/* Who has failures wants to see them, and nobody wants columns without anything in them. */
static void choose_for_people(struct page *page, size_t table)
{
	const struct report *report = page->report;
	struct sheet_choice *choice = &page->columns[table];

	sheet__choose_usual(page->sheets[table], choice);
	if (table == STATES && page->look->view == REPORT_VIEW_STATES &&
	    report_states__any_failed(&report->states))
		sheet__choose(page->sheets[table], choice, "failed");
	if (table == PROCESSES && report_usage__any_failed(report->processes))
		sheet__choose(page->sheets[table], choice, "exit_code");
	sheet__add_fitting(page->sheets[table], top_rows(page, table), stdout, choice);
	if (table == PROCESSES)
		sheet__drop_empty(page->sheets[table], choice);
}

static int choose(struct page *page)
{
	const struct report_look *look = page->look;
	int err;

	if (look->columns) {
		err = choose_named(page, look->columns, NULL);
		if (err)
			return err;
	}
	for (size_t t = 0; t < TABLE_CNT; t++) {
		if (look->columns && page->columns[t].cnt > page->fixed[t])
			continue;
		if (look->format->for_people && !look->all && page->shown[t])
			choose_for_people(page, t);
		else
			sheet__choose_all(page->sheets[t], &page->columns[t]);
	}
	return 0;
}

static struct sheet *make_view(struct page *page)
{
	const struct report_look *look = page->look;
	const struct report *report = page->report;

	switch (look->view) {
	case REPORT_VIEW_STATES:
		break;
	case REPORT_VIEW_NESTING:
	case REPORT_VIEW_NAMES:
		return report_tree__sheet(&report->tree, look->format->indent);
	case REPORT_VIEW_RATES:
		return report_rates__sheet(&report->states, &look->by, &page->grouped);
	case REPORT_VIEW_INTERVALS:
		return report_intervals__sheet(&report->states, &look->by, &page->grouped);
	}
	return report_states__sheet(&report->states, &look->by, &page->grouped);
}

static int make_sheets(struct page *page)
{
	page->sheets[STATES] = make_view(page);
	page->fixed[STATES] = 1 + page->look->by.column_cnt;
	page->fixed[PROCESSES] = 1;
	page->sheets[PROCESSES] = report_usage__sheet(page->report->processes);
	return page->sheets[STATES] && page->sheets[PROCESSES] ? 0 : -ENOMEM;
}

static void page__free(struct page *page)
{
	for (size_t t = 0; t < TABLE_CNT; t++)
		sheet__free(page->sheets[t]);
	report_notes__free(&page->notes);
}

int report_look__check(const struct report_look *look, struct fault *why)
{
	const struct report nothing = {};
	struct page page = { .report = &nothing, .look = look };
	int err = make_sheets(&page);

	if (!err && look->columns)
		err = choose_named(&page, look->columns, why);
	page__free(&page);
	return err;
}

bool report_look__is_special(const struct report_look *look)
{
	return look->view != REPORT_VIEW_STATES || look->by.column_cnt;
}

/* --- the formats ----------------------------------------------------------------------------- */

static void say_how_many_more(const struct page *page, size_t shown)
{
	size_t more = sheet__row_cnt(page->sheets[PROCESSES]) - shown;

	if (more)
		printf("%zu more %s (--top)\n", more, plural(more, "process", "processes"));
}

static int print_table(const struct page *page)
{
	int err = 0;

	if (page->shown[STATES])
		err = sheet__print_table(page->sheets[STATES], &page->columns[STATES],
					 top_rows(page, STATES), stdout);
	if (page->shown[STATES] && page->shown[PROCESSES])
		putchar('\n');
	if (!err && page->shown[PROCESSES]) {
		err = sheet__print_table(page->sheets[PROCESSES], &page->columns[PROCESSES],
					 top_rows(page, PROCESSES), stdout);
		say_how_many_more(page, top_rows(page, PROCESSES));
	}
	for (size_t i = 0; !err && i < page->notes.cnt; i++)
		puts(page->notes.lines[i]);
	return err;
}

static int print_markdown(const struct page *page)
{
	const char *between = "";
	int err = 0;

	for (size_t t = 0; !err && t < TABLE_CNT; t++) {
		if (!page->shown[t])
			continue;
		fputs(between, stdout);
		err = sheet__print_markdown(page->sheets[t], &page->columns[t], stdout);
		between = "\n";
	}
	if (page->notes.cnt)
		fputs(between, stdout);
	for (size_t i = 0; !err && i < page->notes.cnt; i++) {
		fputs("* ", stdout);
		markdown_put(stdout, page->notes.lines[i]);
		putchar('\n');
	}
	return err;
}

/* Nothing but rows may stand among the rows, and those of one table. */
static int print_csv(const struct page *page)
{
	size_t table = page->shown[STATES] || !page->shown[PROCESSES] ? STATES : PROCESSES;
	int err = sheet__print_csv(page->sheets[table], &page->columns[table], stdout);

	for (size_t i = 0; !err && i < page->notes.cnt; i++)
		message("report: %s", page->notes.lines[i]);
	if (!err && page->shown[STATES] && page->shown[PROCESSES])
		message("report: %zu %s in a table of their own (--only processes)",
			sheet__row_cnt(page->sheets[PROCESSES]),
			plural(sheet__row_cnt(page->sheets[PROCESSES]), "process is",
			       "processes are"));
	return err;
}

static json_t *notes_json(const struct report_notes *notes)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < notes->cnt; i++) {
		if (json_array_append_new(array, json_string(notes->lines[i]))) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static uint64_t count_malformed(const struct report *report)
{
	return activities__malformed_cnt(report->activities) +
	       processes__malformed_cnt(report->processes) + report->malformed_cnt;
}

static uint64_t count_torn(const struct report *report)
{
	return activities__torn_cnt(report->activities) + processes__torn_cnt(report->processes) +
	       report->torn_cnt;
}

/* json_object_set_new takes what it is given, and fails with NULL. */
static int print_json(const struct page *page)
{
	static const char *const views[] = { "states", "tree", "tree", "rates", "intervals" };
	const char *const names[TABLE_CNT] = { views[page->look->view], "processes" };
	json_t *json = json_object();
	int err = 0;

	if (!json)
		return -ENOMEM;
	for (size_t t = 0; t < TABLE_CNT; t++) {
		if (page->shown[t] || (!page->look->only && !report_look__is_special(page->look)))
			err |= json_object_set_new(json, names[t],
						   sheet__json(page->sheets[t], &page->columns[t]));
	}
	err |= json_object_set_new(json, "malformed",
				   json_integer((json_int_t)count_malformed(page->report)));
	err |= json_object_set_new(json, "torn",
				   json_integer((json_int_t)count_torn(page->report)));
	err |= json_object_set_new(json, "notes", notes_json(&page->notes));
	if (err) {
		json_decref(json);
		return -ENOMEM;
	}
	return json_write(json, stdout);
}

static const struct report_format formats[] = {
	{ "table", true, TREE_INDENT_BLANKS, print_table },
	{ "csv", false, TREE_INDENT_NONE, print_csv },
	{ "json", false, TREE_INDENT_NONE, print_json },
	{ "markdown", false, TREE_INDENT_MARKUP, print_markdown },
};

const struct report_format *report_format__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* A table without rows is none, unless it is asked for. */
static bool is_shown(const struct page *page, size_t table)
{
	if (page->look->only)
		return page->look->only & 1u << table;
	if (report_look__is_special(page->look))
		return table == STATES;
	return sheet__row_cnt(page->sheets[table]);
}

static int make_page(struct page *page)
{
	const struct report *report = page->report;
	int err = make_sheets(page);

	if (err)
		return err;
	for (size_t t = 0; t < TABLE_CNT; t++)
		page->shown[t] = is_shown(page, t);
	err = choose(page);
	if (err)
		return err;
	return report_notes__make(report, page->look, page->shown[STATES], &page->notes);
}

int report__print(const struct report *report, const struct report_look *look)
{
	struct page page = { .report = report, .look = look };
	int err;

	err = make_page(&page);
	if (!err)
		err = look->format->print(&page);
	page__free(&page);
	if (err)
		return err;
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}
