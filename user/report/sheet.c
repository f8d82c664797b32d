/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/sheet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "escape.h"

struct sheet *sheet__new(const struct sheet_column *columns, size_t column_cnt)
{
	struct sheet *sheet = calloc(1, sizeof(*sheet));

	if (!sheet)
		return NULL;
	sheet->columns = columns;
	sheet->column_cnt = column_cnt;
	return sheet;
}

void sheet__free(struct sheet *sheet)
{
	if (!sheet)
		return;
	for (size_t i = 0; i < sheet->cell_cnt; i++) {
		if (sheet->cells[i].kind == SHEET_IS_TEXT)
			free(sheet->cells[i].text);
	}
	free(sheet->cells);
	free(sheet);
}

/* --- filling --------------------------------------------------------------------------------- */

static void add(struct sheet *sheet, struct sheet_cell cell)
{
	size_t room = sheet->room ? 2 * sheet->room : 256;
	struct sheet_cell *grown;

	if (sheet->cell_cnt == sheet->room) {
		grown = reallocarray(sheet->cells, room, sizeof(*grown));
		if (!grown) {
			sheet->failed = true;
			if (cell.kind == SHEET_IS_TEXT)
				free(cell.text);
			return;
		}
		sheet->cells = grown;
		sheet->room = room;
	}
	sheet->cells[sheet->cell_cnt++] = cell;
}

void sheet__none(struct sheet *sheet)
{
	add(sheet, (struct sheet_cell) { .kind = SHEET_IS_NONE });
}

char *sheet_text(const char *text)
{
	char *escaped = escape_text(text);
	char *to = escaped;

	for (const char *from = escaped; from && *from; from++) {
		*to++ = *from;
		from += from[0] == '\\' && from[1] == '\\';
	}
	if (to)
		*to = '\0';
	return escaped;
}

void sheet__text(struct sheet *sheet, const char *text)
{
	char *safe = sheet_text(text);

	if (safe)
		add(sheet, (struct sheet_cell) { .kind = SHEET_IS_TEXT, .text = safe });
	else
		sheet->failed = true;
}

void sheet__u64(struct sheet *sheet, uint64_t value)
{
	add(sheet, (struct sheet_cell) { .kind = SHEET_IS_U64, .u64 = value });
}

void sheet__s64(struct sheet *sheet, int64_t value)
{
	add(sheet, (struct sheet_cell) { .kind = SHEET_IS_S64, .s64 = value });
}

void sheet__double(struct sheet *sheet, double value)
{
	if (isfinite(value))
		add(sheet, (struct sheet_cell) { .kind = SHEET_IS_DOUBLE, .real = value });
	else
		sheet__none(sheet);
}

size_t sheet__row_cnt(const struct sheet *sheet)
{
	return sheet->cell_cnt / sheet->column_cnt;
}

/* --- choosing columns ------------------------------------------------------------------------ */

void sheet__choose_all(const struct sheet *sheet, struct sheet_choice *ret_choice)
{
	ret_choice->cnt = sheet->column_cnt;
	for (size_t c = 0; c < sheet->column_cnt; c++)
		ret_choice->columns[c] = c;
}

void sheet__choose_usual(const struct sheet *sheet, struct sheet_choice *ret_choice)
{
	ret_choice->cnt = 0;
	for (size_t c = 0; c < sheet->column_cnt; c++) {
		if (!c || sheet->columns[c].place == SHEET_USUAL)
			ret_choice->columns[ret_choice->cnt++] = c;
	}
}

static int compare_columns(const void *left, const void *right)
{
	const size_t a = *(const size_t *)left, b = *(const size_t *)right;

	return (a > b) - (a < b);
}

void sheet_choice__sort(struct sheet_choice *choice)
{
	qsort(choice->columns, choice->cnt, sizeof(*choice->columns), compare_columns);
}

static bool is_empty(const struct sheet *sheet, size_t c)
{
	for (size_t i = c; i < sheet->cell_cnt; i += sheet->column_cnt) {
		if (sheet->cells[i].kind != SHEET_IS_NONE)
			return false;
	}
	return true;
}

void sheet__drop_empty(const struct sheet *sheet, struct sheet_choice *choice)
{
	size_t cnt = 0;

	for (size_t i = 0; i < choice->cnt; i++) {
		if (!i || !is_empty(sheet, choice->columns[i]))
			choice->columns[cnt++] = choice->columns[i];
	}
	choice->cnt = cnt;
}

void sheet_column__short_name(const struct sheet_column *column, char name[SHEET_NAME_SZ])
{
	static const char *const units[] = { "_ns", "_bytes", "_percent", "_per_s" };
	size_t sz = strlen(column->name), unit_sz;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		unit_sz = strlen(units[i]);
		if (sz > unit_sz && !strcmp(column->name + sz - unit_sz, units[i])) {
			sz -= unit_sz;
			break;
		}
	}
	snprintf(name, SHEET_NAME_SZ, "%.*s", (int)sz, column->name);
}

static bool is_called(const struct sheet_column *column, const char *name)
{
	char short_name[SHEET_NAME_SZ];

	sheet_column__short_name(column, short_name);
	return !strcmp(column->name, name) || !strcmp(short_name, name) ||
	       !strcasecmp(column->heading, name);
}

bool sheet__choose(const struct sheet *sheet, struct sheet_choice *choice, const char *name)
{
	for (size_t c = 0; c < sheet->column_cnt; c++) {
		if (!is_called(&sheet->columns[c], name))
			continue;
		for (size_t i = 0; i < choice->cnt; i++) {
			if (choice->columns[i] == c)
				return true;
		}
		choice->columns[choice->cnt++] = c;
		return true;
	}
	return false;
}

/* --- for programs ---------------------------------------------------------------------------- */

static const struct sheet_cell *cell_at(const struct sheet *sheet, size_t row, size_t column)
{
	return &sheet->cells[row * sheet->column_cnt + column];
}

static void put_csv_cell(struct csv_row *out, const struct sheet_cell *cell)
{
	switch (cell->kind) {
	case SHEET_IS_TEXT:
		csv_row__text(out, cell->text);
		return;
	case SHEET_IS_U64:
		csv_row__u64(out, cell->u64);
		return;
	case SHEET_IS_S64:
		csv_row__s64(out, cell->s64);
		return;
	case SHEET_IS_DOUBLE:
		csv_row__double(out, cell->real);
		return;
	case SHEET_IS_NONE:
		break;
	}
	csv_row__empty(out);
}

static int end_csv_row(struct csv_row *row, FILE *out)
{
	int err = csv_row__end(row);

	if (!err)
		fwrite(row->data, 1, row->sz, out);
	return err;
}

int sheet__print_csv(const struct sheet *sheet, const struct sheet_choice *choice, FILE *out)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };
	int err = sheet->failed ? -ENOMEM : 0;

	csv_row__begin(&row);
	for (size_t i = 0; i < choice->cnt; i++)
		csv_row__text(&row, sheet->columns[choice->columns[i]].name);
	if (!err)
		err = end_csv_row(&row, out);
	for (size_t r = 0; !err && r < sheet__row_cnt(sheet); r++) {
		csv_row__begin(&row);
		for (size_t i = 0; i < choice->cnt; i++)
			put_csv_cell(&row, cell_at(sheet, r, choice->columns[i]));
		err = end_csv_row(&row, out);
	}
	csv_row__free(&row);
	return err;
}

/* A number beyond that of JSON's signed integers, as jansson has them, is still a number there. */
static json_t *json_of(const struct sheet_cell *cell)
{
	switch (cell->kind) {
	case SHEET_IS_TEXT:
		return json_string(cell->text);
	case SHEET_IS_U64:
		return cell->u64 <= INT64_MAX ? json_integer((json_int_t)cell->u64)
					      : json_real((double)cell->u64);
	case SHEET_IS_S64:
		return json_integer(cell->s64);
	case SHEET_IS_DOUBLE:
		return json_real(cell->real);
	case SHEET_IS_NONE:
		break;
	}
	return json_null();
}

json_t *sheet__json(const struct sheet *sheet, const struct sheet_choice *choice)
{
	json_t *rows = sheet->failed ? NULL : json_array();
	int err = rows ? 0 : -1;
	json_t *object;

	for (size_t r = 0; !err && r < sheet__row_cnt(sheet); r++) {
		object = json_object();
		for (size_t i = 0; !err && object && i < choice->cnt; i++) {
			size_t c = choice->columns[i];

			err = json_object_set_new(object, sheet->columns[c].name,
						  json_of(cell_at(sheet, r, c)));
		}
		if (err || !object)
			json_decref(object);
		err = err || !object ? -1 : json_array_append_new(rows, object);
	}
	if (!err)
		return rows;
	json_decref(rows);
	return NULL;
}
