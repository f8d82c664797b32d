/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A sheet for people: on the terminal, or as a table of Markdown (GitHub Flavored Markdown Spec,
 * 4.10). */
#include "report/sheet.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/human.h"
#include "screen.h"

#define GAP 2
#define CUT_MIN 8   /* columns that stay of a text whose middle is cut */
#define TEXT_MAX 64 /* where there is no terminal to fit into: somebody named it for pages */

static double number_of(const struct sheet_cell *cell)
{
	if (cell->kind == SHEET_IS_U64)
		return (double)cell->u64;
	return cell->kind == SHEET_IS_S64 ? (double)cell->s64 : cell->real;
}

static void format_number(const struct sheet_column *column, const struct sheet_cell *cell,
			  char text[HUMAN_SZ])
{
	switch (column->unit) {
	case SHEET_NS:
		human_duration(cell->u64, text);
		return;
	case SHEET_MOMENT:
		human_moment(cell->u64, text);
		return;
	case SHEET_BYTES:
		human_bytes(number_of(cell), text);
		return;
	case SHEET_PERCENT:
		human_percent(number_of(cell), text);
		return;
	case SHEET_RATE:
		human_rate(number_of(cell), text);
		return;
	case SHEET_NUMBER:
		human_number(number_of(cell), text);
		return;
	case SHEET_TEXT:
	case SHEET_COUNT:
		break;
	}
	if (cell->kind == SHEET_IS_S64)
		snprintf(text, HUMAN_SZ, "%" PRId64, cell->s64);
	else
		snprintf(text, HUMAN_SZ, "%" PRIu64, cell->u64);
}

/* Borrowed from the cell, or written to room. */
static const char *shown(const struct sheet *sheet, size_t row, size_t c, char room[HUMAN_SZ])
{
	const struct sheet_cell *cell = &sheet->cells[row * sheet->column_cnt + c];

	if (cell->kind == SHEET_IS_TEXT)
		return cell->text;
	if (cell->kind == SHEET_IS_NONE)
		return "-";
	format_number(&sheet->columns[c], cell, room);
	return room;
}

/* --- on the terminal ------------------------------------------------------------------------- */

struct page {
	const struct sheet *sheet;
	const struct sheet_choice *choice;
	struct screen screen;
	size_t row_cnt;
	size_t widths[SHEET_COLUMNS_MAX];
};

static const struct sheet_column *column_of(const struct page *page, size_t i)
{
	return &page->sheet->columns[page->choice->columns[i]];
}

static void widen(size_t *width, size_t to)
{
	if (to > *width)
		*width = to;
}

static void measure(struct page *page)
{
	char room[HUMAN_SZ];
	size_t sz;

	for (size_t i = 0; i < page->choice->cnt; i++) {
		page->widths[i] = strlen(column_of(page, i)->heading);
		for (size_t r = 0; r < page->row_cnt; r++) {
			sz = screen__columns(&page->screen,
					     shown(page->sheet, r, page->choice->columns[i], room));
			if (column_of(page, i)->unit == SHEET_TEXT && sz > TEXT_MAX)
				sz = TEXT_MAX;
			widen(&page->widths[i], sz);
		}
	}
}

static size_t whole_width(const struct page *page)
{
	size_t all = (page->choice->cnt - 1) * GAP;

	for (size_t i = 0; i < page->choice->cnt; i++)
		all += page->widths[i];
	return all;
}

/* Takes from the widest texts, so that what is short stays whole. */
static void make_fit(struct page *page)
{
	size_t all = whole_width(page), widest;

	while (page->screen.width && all > page->screen.width) {
		widest = page->choice->cnt;
		for (size_t i = 0; i < page->choice->cnt; i++) {
			if (column_of(page, i)->unit != SHEET_TEXT || page->widths[i] <= CUT_MIN)
				continue;
			if (widest == page->choice->cnt || page->widths[i] > page->widths[widest])
				widest = i;
		}
		if (widest == page->choice->cnt)
			return;
		page->widths[widest]--;
		all--;
	}
}

/* Text to the left, but no blanks at the end of a line; all else to the right. */
static int put(const struct page *page, size_t i, const char *text)
{
	bool last = i + 1 == page->choice->cnt;
	FILE *out = page->screen.out;
	char *cut = NULL;
	int blanks;

	if (screen__columns(&page->screen, text) > page->widths[i]) {
		cut = screen__shorten(&page->screen, text, page->widths[i]);
		if (!cut)
			return -ENOMEM;
		text = cut;
	}
	blanks = (int)(page->widths[i] - screen__columns(&page->screen, text));
	if (column_of(page, i)->unit == SHEET_TEXT)
		fprintf(out, "%s%*s", text, last ? 0 : blanks, "");
	else
		fprintf(out, "%*s%s", blanks, "", text);
	fprintf(out, "%*s", last ? 0 : GAP, "");
	free(cut);
	return 0;
}

static int print_page(struct page *page)
{
	char room[HUMAN_SZ];
	int err = 0;

	measure(page);
	make_fit(page);
	for (size_t i = 0; !err && i < page->choice->cnt; i++)
		err = put(page, i, column_of(page, i)->heading);
	fputc('\n', page->screen.out);
	for (size_t r = 0; !err && r < page->row_cnt; r++) {
		for (size_t i = 0; !err && i < page->choice->cnt; i++)
			err = put(page, i, shown(page->sheet, r, page->choice->columns[i], room));
		fputc('\n', page->screen.out);
	}
	return err;
}

int sheet__print_table(const struct sheet *sheet, const struct sheet_choice *choice, size_t row_cnt,
		       FILE *out)
{
	struct page page = { .sheet = sheet, .choice = choice, .row_cnt = row_cnt };
	int err;

	if (sheet->failed)
		return -ENOMEM;
	if (!row_cnt)
		return 0;
	screen__init(&page.screen, out);
	err = print_page(&page);
	screen__free(&page.screen);
	return err;
}

/* For what yields to them, names are cut, but not to less than half of what they may take. */
static bool has_room_for(struct page *page, size_t c, struct sheet_choice *grown)
{
	enum sheet_place place = page->sheet->columns[c].place;

	*grown = *page->choice;
	grown->columns[grown->cnt++] = c;
	sheet_choice__sort(grown);
	if (!page->screen.width)
		return place == SHEET_YIELDING;
	page->choice = grown;
	measure(page);
	if (place == SHEET_YIELDING && page->widths[0] > TEXT_MAX / 2)
		page->widths[0] = TEXT_MAX / 2;
	return whole_width(page) <= page->screen.width;
}

static bool is_chosen(const struct sheet_choice *choice, size_t c)
{
	for (size_t i = 0; i < choice->cnt; i++) {
		if (choice->columns[i] == c)
			return true;
	}
	return false;
}

void sheet__add_fitting(const struct sheet *sheet, size_t row_cnt, FILE *out,
			struct sheet_choice *choice)
{
	struct page page = { .sheet = sheet, .row_cnt = row_cnt };
	struct sheet_choice grown;

	screen__init(&page.screen, out);
	for (enum sheet_place place = SHEET_YIELDING; place <= SHEET_EXTRA; place++) {
		for (size_t c = 1; c < sheet->column_cnt; c++) {
			if (sheet->columns[c].place != place || is_chosen(choice, c))
				continue;
			page.choice = choice;
			if (has_room_for(&page, c, &grown))
				*choice = grown;
		}
	}
	sheet_choice__sort(choice);
	screen__free(&page.screen);
}

/* --- Markdown -------------------------------------------------------------------------------- */

/* What would end the cell, or be taken for markup. An underscore within a word is neither. */
static bool is_markup(char before, char c, char behind)
{
	if (c == '_')
		return !isalnum((unsigned char)before) || !isalnum((unsigned char)behind);
	return strchr("\\`*[]<>|~&$", c);
}

void markdown_put(FILE *out, const char *text)
{
	char before = '\0';

	for (; *text; text++) {
		if (is_markup(before, *text, text[1]))
			fputc('\\', out);
		fputc(*text, out);
		before = *text;
	}
}

int sheet__print_markdown(const struct sheet *sheet, const struct sheet_choice *choice, FILE *out)
{
	char room[HUMAN_SZ];

	if (sheet->failed)
		return -ENOMEM;
	for (size_t i = 0; i < choice->cnt; i++)
		fprintf(out, "| %s ", sheet->columns[choice->columns[i]].heading);
	fprintf(out, "|\n");
	for (size_t i = 0; i < choice->cnt; i++)
		fprintf(out, sheet->columns[choice->columns[i]].unit == SHEET_TEXT ? "| --- "
										   : "| ---: ");
	fprintf(out, "|\n");
	for (size_t r = 0; r < sheet__row_cnt(sheet); r++) {
		for (size_t i = 0; i < choice->cnt; i++) {
			fprintf(out, "| ");
			markdown_put(out, shown(sheet, r, choice->columns[i], room));
			fprintf(out, " ");
		}
		fprintf(out, "|\n");
	}
	return 0;
}
