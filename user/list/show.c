/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../escape.h"
#include "../plural.h"
#include "../table.h"

#define USDT_TABLE ".note.stapsdt"
#define FILE_NOTE "  %-10s  "
#define FILE_NOTE_AT 14
#define NAME_AT 2 /* of what is refused; below it the reason */
#define WHY_AT 6

static int flush(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static const char *mode_text(const struct list *list)
{
	return survey__is_fast(list->survey) ? "fast" : "safe";
}

/* How the end of its calls would be seen. */
static const char *end_text(const struct list *list, const struct listed_function *function)
{
	switch (function->verdict) {
	case SURVEY_RECORDABLE:
		return mode_text(list);
	case SURVEY_ON_REQUEST:
		return "tail";
	case SURVEY_REFUSED:
		break;
	}
	return "refused";
}

static const char *cost_text(const struct listed_function *function)
{
	return function->verdict == SURVEY_REFUSED ? "-" : code_cost__name(function->cost);
}

static const char *usdt_cost_text(const struct listed_usdt *usdt)
{
	return usdt->why ? "-" : code_cost__name(listed_usdt__cost(usdt));
}

#define NUMBER_SZ 24

static const char *number_text(bool known, uint64_t number, char text[NUMBER_SZ])
{
	if (known)
		snprintf(text, NUMBER_SZ, "%" PRIu64, number);
	else
		snprintf(text, NUMBER_SZ, "-");
	return text;
}

static const char *size_text(const struct listed_function *function, char text[NUMBER_SZ])
{
	return number_text(function->size, function->size, text);
}

/* How many places are probed, the entry among them. */
static const char *places_text(const struct listed_function *function, char text[NUMBER_SZ])
{
	return number_text(function->verdict != SURVEY_REFUSED, 1 + function->exit_cnt, text);
}

/* --- a table --------------------------------------------------------------------------------- */

/* The symbol table that has them all, or NULL when there are several (or no functions). */
static const char *only_table(const struct list *list)
{
	for (size_t i = 1; i < list->function_cnt; i++) {
		if (strcmp(list->functions[i].table, list->functions[0].table))
			return NULL;
	}
	return list->function_cnt ? list->functions[0].table : NULL;
}

static void put_row(struct table *table, const struct list *list,
		    const struct listed_function *function, bool with_table)
{
	char number[NUMBER_SZ];

	table__put(table, "%s", size_text(function, number));
	table__put(table, "%s", cost_text(function));
	table__put(table, "%s", end_text(list, function));
	table__put(table, "%s", places_text(function, number));
	if (with_table)
		table__put(table, "%s", function->table);
	table__put(table, "%s", function->name);
}

static int print_functions(const struct list *list, const struct screen *screen)
{
	static const struct table_column all[] = {
		{ .heading = "SIZE", .right = true },
		{ .heading = "HIT" },
		{ .heading = "END" },
		{ .heading = "PROBES", .right = true },
		{ .heading = "FUNCTION", .may_be_cut = true },
		{},
	};
	static const struct table_column with_table[] = {
		{ .heading = "SIZE", .right = true },
		{ .heading = "HIT" },
		{ .heading = "END" },
		{ .heading = "PROBES", .right = true },
		{ .heading = "TABLE", .may_be_cut = true },
		{ .heading = "FUNCTION", .may_be_cut = true },
		{},
	};
	const bool one_table = only_table(list);
	struct table *table;
	int err;

	if (!list->function_cnt)
		return 0;
	err = table__new(one_table ? all : with_table, &table);
	if (err)
		return err;
	for (size_t i = 0; i < list->function_cnt; i++)
		put_row(table, list, &list->functions[i], !one_table);
	fputc('\n', screen->out);
	err = table__print(table, screen);
	table__free(table);
	return err;
}

static int print_usdts(const struct list *list, const struct screen *screen)
{
	static const struct table_column columns[] = {
		{ .heading = "SITES", .right = true },
		{ .heading = "ARGS", .right = true },
		{ .heading = "HIT" },
		{ .heading = "END" },
		{ .heading = "USDT PROBE", .may_be_cut = true },
		{},
	};
	struct table *table;
	int err;

	if (!list->usdt_cnt)
		return 0;
	err = table__new(columns, &table);
	if (err)
		return err;
	for (size_t i = 0; i < list->usdt_cnt; i++) {
		const struct listed_usdt *usdt = &list->usdts[i];

		table__put(table, "%zu", usdt->site_cnt);
		table__put(table, "%zu", listed_usdt__arg_cnt(usdt));
		table__put(table, "%s", usdt_cost_text(usdt));
		table__put(table, usdt->why ? "refused" : "point");
		table__put(table, "%s", usdt->name);
	}
	fputc('\n', screen->out);
	err = table__print(table, screen);
	table__free(table);
	return err;
}

static int print_reason(const struct screen *screen, const char *name, const char *why)
{
	int err;

	fprintf(screen->out, "%*s", NAME_AT, "");
	err = screen__put_wrapped(screen, NAME_AT, name);
	fprintf(screen->out, "%*s", WHY_AT, "");
	return err ? err : screen__put_wrapped(screen, WHY_AT, why);
}

static int print_reasons(const struct list *list, const struct screen *screen)
{
	int err = 0;

	fputc('\n', screen->out);
	for (size_t i = 0; !err && i < list->function_cnt; i++) {
		if (list->functions[i].why)
			err = print_reason(screen, list->functions[i].name, list->functions[i].why);
	}
	for (size_t i = 0; !err && i < list->usdt_cnt; i++) {
		if (list->usdts[i].why)
			err = print_reason(screen, list->usdts[i].name, list->usdts[i].why);
	}
	return err;
}

static int print_file(const struct list *list, const struct screen *screen)
{
	const char *build_id = elf_file__build_id(survey__file(list->survey));
	const char *table = only_table(list);
	char *text;
	int err;

	err = screen__put_wrapped(screen, 0, survey__path(list->survey));
	fprintf(screen->out, FILE_NOTE "%s\n", "build-id", *build_id ? build_id : "none");
	if (!err && table) {
		fprintf(screen->out, FILE_NOTE, "found in");
		err = screen__put_wrapped(screen, FILE_NOTE_AT, table);
	}
	if (err ||
	    asprintf(&text, "%s: %s", mode_text(list), survey__exit_reason(list->survey)) < 0)
		return -ENOMEM;
	fprintf(screen->out, FILE_NOTE, "exit=auto");
	err = screen__put_wrapped(screen, FILE_NOTE_AT, text);
	free(text);
	return err;
}

static size_t count_refused(const struct list *list)
{
	size_t cnt = 0;

	for (size_t i = 0; i < list->function_cnt; i++)
		cnt += list->functions[i].why != NULL;
	for (size_t i = 0; i < list->usdt_cnt; i++)
		cnt += list->usdts[i].why != NULL;
	return cnt;
}

static int print_summary(const struct list *list, bool verbose, const struct screen *screen)
{
	const size_t refused = count_refused(list);
	char text[256], more[128] = "";

	if (refused)
		snprintf(more, sizeof(more), "; %zu cannot be recorded as %s%s", refused,
			 plural(refused, "it is", "they are"), verbose ? "" : " (-v says why)");
	snprintf(text, sizeof(text), "%zu function%s, %zu USDT probe%s%s", list->function_cnt,
		 plural_s(list->function_cnt), list->usdt_cnt, plural_s(list->usdt_cnt), more);
	fputc('\n', screen->out);
	return screen__put_wrapped(screen, 0, text);
}

int list_show_table(const struct list *list, bool verbose, const struct screen *screen)
{
	int err;

	err = print_file(list, screen);
	if (!err)
		err = print_functions(list, screen);
	if (!err)
		err = print_usdts(list, screen);
	if (!err && verbose && count_refused(list))
		err = print_reasons(list, screen);
	if (!err)
		err = print_summary(list, verbose, screen);
	return err ? err : flush(screen->out);
}

/* --- lines ----------------------------------------------------------------------------------- */

/* A name has blanks, but no tab once it is escaped, and stands behind what has none. */
static int put_text(FILE *out, const char *text, char behind)
{
	char *escaped = escape_text(text);

	if (!escaped)
		return -ENOMEM;
	fputs(escaped, out);
	fputc(behind, out);
	free(escaped);
	return 0;
}

static int put_name(FILE *out, const char *name, const char *why, bool verbose)
{
	int err = put_text(out, name, verbose ? '\t' : '\n');

	if (!err && verbose)
		err = put_text(out, why ? why : "-", '\n');
	return err;
}

static int put_function(const struct list *list, const struct listed_function *function,
			bool verbose, FILE *out)
{
	char size[NUMBER_SZ], places[NUMBER_SZ];
	int err;

	fprintf(out, "%s\t%s\t%s\t%s\t-\t", size_text(function, size), cost_text(function),
		end_text(list, function), places_text(function, places));
	err = put_text(out, function->table, '\t');
	return err ? err : put_name(out, function->name, function->why, verbose);
}

static int put_usdt(const struct listed_usdt *usdt, bool verbose, FILE *out)
{
	fprintf(out, "-\t%s\t%s\t%zu\t%zu\t" USDT_TABLE "\t", usdt_cost_text(usdt),
		usdt->why ? "refused" : "point", usdt->site_cnt, listed_usdt__arg_cnt(usdt));
	return put_name(out, usdt->name, usdt->why, verbose);
}

int list_show_lines(const struct list *list, bool verbose, FILE *out)
{
	int err = 0;

	for (size_t i = 0; !err && i < list->function_cnt; i++)
		err = put_function(list, &list->functions[i], verbose, out);
	for (size_t i = 0; !err && i < list->usdt_cnt; i++)
		err = put_usdt(&list->usdts[i], verbose, out);
	return err ? err : flush(out);
}
