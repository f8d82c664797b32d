/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../escape.h"
#include "../json.h"
#include "../report_print.h"

#define NAME_WIDTH 19
#define STATUS_WIDTH 9
/* Before a detail stand the name and the status, each with two blanks behind it. */
#define DETAIL_AT (NAME_WIDTH + 2 + STATUS_WIDTH + 2)
#define REMEDY_ARROW "    -> "
#define HOW_WIDTH 22

/* --- the table ------------------------------------------------------------------------------ */

static bool is_inside_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80; /* of UTF-8 */
}

/* How much of the text goes into a line of width bytes: up to a blank, if there is one. */
static size_t line_sz(const char *text, size_t width)
{
	size_t sz = strlen(text);

	if (sz <= width)
		return sz;
	for (sz = width; sz && text[sz] != ' ';)
		sz--;
	if (sz)
		return sz;
	for (sz = width; sz > 1 && is_inside_character(text[sz]);)
		sz--;
	return sz;
}

/* Writes hostile text from column `at` on, wrapped; the cursor is there already. */
static int put_wrapped(FILE *out, int at, const char *text)
{
	char *escaped = escape_text(text);
	const char *rest = escaped;
	size_t sz;

	if (!escaped)
		return -ENOMEM;
	while (true) {
		sz = line_sz(rest, (size_t)(DOCTOR_TABLE_COLUMNS - at));
		fprintf(out, "%.*s\n", (int)sz, rest);
		rest += sz;
		rest += strspn(rest, " ");
		if (!*rest)
			break;
		fprintf(out, "%*s", at, "");
	}
	free(escaped);
	return 0;
}

static int put_check(FILE *out, const struct doctor_check *check, const char *last_remedy)
{
	int err;

	fprintf(out, "%-*s  %-*s  ", NAME_WIDTH, check->name, STATUS_WIDTH,
		doctor_status__name(check->status));
	err = put_wrapped(out, DETAIL_AT, check->detail);
	/* Rows in sequence may have one remedy: without root, nearly all do. */
	if (err || !*check->remedy || !strcmp(check->remedy, last_remedy))
		return err;
	fputs(REMEDY_ARROW, out);
	return put_wrapped(out, (int)strlen(REMEDY_ARROW), check->remedy);
}

static int put_checks(FILE *out, const struct doctor_report *report)
{
	const char *last_remedy = "";
	int err = 0;

	for (size_t i = 0; !err && i < report->check_cnt; i++) {
		err = put_check(out, &report->checks[i], last_remedy);
		last_remedy = report->checks[i].remedy;
	}
	return err;
}

static int put_costs(FILE *out, const struct doctor_report *report)
{
	char duration[REPORT_DURATION_SZ];

	if (!report->cost_cnt) {
		fprintf(out, "\n%-*s  ", NAME_WIDTH, "cost of probes");
		return put_wrapped(out, NAME_WIDTH + 2, report->costs_missing);
	}
	fprintf(out, "\n%-*s  %-*s  %s\n", NAME_WIDTH, "a probe on", HOW_WIDTH, "is here",
		"and costs");
	for (size_t i = 0; i < report->cost_cnt; i++) {
		report_duration(report->costs[i].ns, duration);
		fprintf(out, "%-*s  %-*s  %9s\n", NAME_WIDTH, report->costs[i].place, HOW_WIDTH,
			report->costs[i].how, duration);
	}
	return 0;
}

int doctor_show_table(const struct doctor_report *report, FILE *out)
{
	int err = put_checks(out, report);

	if (!err)
		err = put_costs(out, report);
	if (!err) {
		fputc('\n', out);
		err = put_wrapped(out, 0, report->summary);
	}
	if (!err && (fflush(out) || ferror(out)))
		err = -EIO;
	return err;
}

/* --- JSON ----------------------------------------------------------------------------------- */

/* NULL, not "", where there is nothing to say: a reader need not know which texts may be empty. */
static json_t *text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

/* Takes both; NULL when either is, or there is no memory to join them. */
static json_t *append(json_t *array, json_t *item)
{
	if (array && item && !json_array_append(array, item)) {
		json_decref(item);
		return array;
	}
	json_decref(array);
	json_decref(item);
	return NULL;
}

static json_t *check_json(const struct doctor_check *check)
{
	return json_pack("{s:o, s:s, s:o, s:o}", "name", json_text(check->name), "status",
			 doctor_status__name(check->status), "detail", json_text(check->detail),
			 "remedy", text_or_null(check->remedy));
}

static json_t *cost_json(const struct doctor_cost *cost)
{
	return json_pack("{s:s, s:s, s:I}", "class", cost->place, "how", cost->how, "ns",
			 (json_int_t)cost->ns);
}

static json_t *checks_json(const struct doctor_report *report)
{
	json_t *checks = json_array();

	for (size_t i = 0; i < report->check_cnt; i++)
		checks = append(checks, check_json(&report->checks[i]));
	return checks;
}

static json_t *costs_json(const struct doctor_report *report)
{
	json_t *costs = json_array();

	for (size_t i = 0; i < report->cost_cnt; i++)
		costs = append(costs, cost_json(&report->costs[i]));
	return costs;
}

int doctor_show_json(const struct doctor_report *report, FILE *out)
{
	return json_write(json_pack("{s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "tacho",
				    TACHO_VERSION, "kernel", json_text(report->kernel), "machine",
				    json_text(report->machine), "checks", checks_json(report),
				    "costs", costs_json(report), "can_record",
				    (int)report->can_record, "way", text_or_null(report->way),
				    "summary", json_text(report->summary)),
			  out);
}
