/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

#define COLUMNS_MAX 16
#define GAP 2
#define CUT_MIN 8 /* columns that stay of a cell whose middle is cut */

struct table {
	const struct table_column *columns;
	size_t column_cnt;
	char **cells; /* escaped; row by row */
	size_t cell_cnt;
	size_t room;
	bool failed; /* a cell is missing */
};

int table__new(const struct table_column *columns, struct table **ret_table)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->columns = columns;
	while (table->column_cnt < COLUMNS_MAX && columns[table->column_cnt].heading)
		table->column_cnt++;
	*ret_table = table;
	return 0;
}

void table__free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cell_cnt; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

static bool grow(struct table *table)
{
	size_t room = table->room ? table->room * 2 : 64;
	char **grown;

	if (table->cell_cnt < table->room)
		return true;
	grown = reallocarray(table->cells, room, sizeof(*grown));
	if (!grown)
		return false;
	table->cells = grown;
	table->room = room;
	return true;
}

void table__put(struct table *table, const char *fmt, ...)
{
	char *text = NULL, *escaped = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		escaped = escape_text(text);
	free(text);
	if (escaped && grow(table)) {
		table->cells[table->cell_cnt++] = escaped;
	} else {
		free(escaped);
		table->failed = true;
	}
}

/* --- widths ---------------------------------------------------------------------------------- */

struct widths {
	size_t items[COLUMNS_MAX];
};

static void measure(const struct table *table, const struct screen *screen, struct widths *widths)
{
	for (size_t c = 0; c < table->column_cnt; c++)
		widths->items[c] = screen__columns(screen, table->columns[c].heading);
	for (size_t i = 0; i < table->cell_cnt; i++) {
		size_t *width = &widths->items[i % table->column_cnt];
		size_t columns = screen__columns(screen, table->cells[i]);

		if (columns > *width)
			*width = columns;
	}
}

static size_t least_width(const struct table *table, const struct screen *screen, size_t c)
{
	size_t heading = screen__columns(screen, table->columns[c].heading);

	return heading > CUT_MIN ? heading : CUT_MIN;
}

/* The widest column that can still give, or the number of columns. */
static size_t widest(const struct table *table, const struct screen *screen,
		     const struct widths *widths)
{
	size_t found = table->column_cnt;

	for (size_t c = 0; c < table->column_cnt; c++) {
		if (!table->columns[c].may_be_cut ||
		    widths->items[c] <= least_width(table, screen, c))
			continue;
		if (found == table->column_cnt || widths->items[c] > widths->items[found])
			found = c;
	}
	return found;
}

/* Takes from the widest columns, so that what is short stays whole. */
static void make_fit(const struct table *table, const struct screen *screen, struct widths *widths)
{
	size_t all = (table->column_cnt - 1) * GAP, c;

	for (c = 0; c < table->column_cnt; c++)
		all += widths->items[c];
	while (screen->width && all > screen->width &&
	       (c = widest(table, screen, widths)) < table->column_cnt) {
		widths->items[c]--;
		all--;
	}
}

/* --- printing -------------------------------------------------------------------------------- */

static void put_blanks(FILE *out, size_t cnt)
{
	fprintf(out, "%*s", (int)cnt, "");
}

static int put_cell(const struct table *table, const struct screen *screen,
		    const struct widths *widths, size_t c, const char *text)
{
	size_t width = widths->items[c];
	bool last = c + 1 == table->column_cnt;
	char *shown = NULL;
	size_t blanks;

	if (screen__columns(screen, text) > width) {
		shown = screen__shorten(screen, text, width);
		if (!shown)
			return -ENOMEM;
		text = shown;
	}
	blanks = width - screen__columns(screen, text);
	if (table->columns[c].right)
		put_blanks(screen->out, blanks);
	fputs(text, screen->out);
	/* No blanks before the end of a line. */
	if (!last && !table->columns[c].right)
		put_blanks(screen->out, blanks);
	if (!last)
		put_blanks(screen->out, GAP);
	free(shown);
	return 0;
}

int table__print(const struct table *table, const struct screen *screen)
{
	struct widths widths = {};
	int err = table->failed ? -ENOMEM : 0;

	if (err || !table->cell_cnt)
		return err;
	measure(table, screen, &widths);
	make_fit(table, screen, &widths);
	for (size_t c = 0; !err && c < table->column_cnt; c++)
		err = put_cell(table, screen, &widths, c, table->columns[c].heading);
	for (size_t i = 0; !err && i < table->cell_cnt; i++) {
		if (i % table->column_cnt == 0)
			fputc('\n', screen->out);
		err = put_cell(table, screen, &widths, i % table->column_cnt, table->cells[i]);
	}
	fputc('\n', screen->out);
	return err;
}
