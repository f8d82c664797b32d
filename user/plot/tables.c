/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ended.h"
#include "ledger.h"
#include "plot/markup.h"
#include "plural.h"
#include "report/human.h"

#define ENDINGS "did not return" /* the one column of text */

static void begin_table(FILE *out, const char *caption, const char *const *headings)
{
	fprintf(out, "<div class=\"scroll\"><table><caption>%s</caption><thead><tr>", caption);
	for (size_t i = 0; headings[i]; i++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>",
			strcmp(headings[i], ENDINGS) ? "" : " class=\"text\"", headings[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
}

static void end_table(FILE *out, size_t left_out)
{
	fputs("</tbody></table></div>\n", out);
	if (left_out)
		fprintf(out, "<p class=\"note\">%zu more row%s; tacho report has them all.</p>\n",
			left_out, plural_s(left_out));
}

static void put_name(FILE *out, const char *name)
{
	fputs("<th scope=\"row\">", out);
	markup__text(out, name);
	fputs("</th>", out);
}

static void put_number(FILE *out, uint64_t number)
{
	fprintf(out, "<td data-value=\"%" PRIu64 "\">%" PRIu64 "</td>", number, number);
}

static void put_duration(FILE *out, uint64_t ns)
{
	char text[HUMAN_SZ];

	human_duration(ns, text);
	fprintf(out, "<td data-value=\"%" PRIu64 "\">%s</td>", ns, text);
}

static void put_nothing(FILE *out)
{
	fputs("<td>\xe2\x80\x93</td>", out);
}

/* --- states ------------------------------------------------------------------------------- */

static void put_quantiles(FILE *out, const struct plot_state *state, uint64_t *counts)
{
	static const unsigned int permilles[] = { 500, 900, 990, 999 };
	const struct summary *all = &state->durations;
	uint64_t total = 0, value;

	latency__counts(&state->latency, counts);
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		total += counts[i];
	for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		if (!total) {
			put_nothing(out);
			continue;
		}
		value = latency_counts_quantile(counts, total, permilles[i]);
		value = value < all->min ? all->min : value > all->max ? all->max : value;
		put_duration(out, value);
	}
}

/* "2 exception, 1 open". */
static void put_endings(FILE *out, const struct plot_state *state)
{
	const char *separator = "";

	fputs("<td class=\"text\">", out);
	for (int i = 0; i < TACHO_ENDED_CNT; i++) {
		if (i == TACHO_ENDED_RETURN || !state->ended[i])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", separator, state->ended[i],
			ended_name((enum tacho_ended)i));
		separator = ", ";
	}
	fputs(*separator ? "</td>" : "\xe2\x80\x93</td>", out);
}

static void put_state(FILE *out, const struct plot_state *state, uint64_t *counts)
{
	const struct summary *all = &state->durations;

	fprintf(out, "<tr data-state=\"%zu\">", state->idx);
	put_name(out, state->key.name);
	put_number(out, all->cnt);
	put_duration(out, all->total);
	put_duration(out, all->mean);
	put_quantiles(out, state, counts);
	put_duration(out, all->max);
	if (state->failed_known_cnt)
		put_number(out, state->failed_cnt);
	else
		put_nothing(out);
	put_endings(out, state);
	put_number(out, ledger_row__lost(&state->ledger));
	fputs("</tr>\n", out);
}

int plot_tables__states(const struct plot_page *page, FILE *out)
{
	static const char *const headings[] = { "state", "finished", "total", "mean", "p50",
						"p90",	 "p99",	     "p99.9", "max",  "failed",
						ENDINGS, "lost",     NULL };
	uint64_t *counts = calloc(LATENCY_BUCKETS, sizeof(*counts));
	size_t cnt = page->state_cnt < PAGE_ROWS_MAX ? page->state_cnt : PAGE_ROWS_MAX;

	if (!counts)
		return -ENOMEM;
	fputs("<section aria-labelledby=\"states-h\">\n<h2 id=\"states-h\">States</h2>\n", out);
	begin_table(out, "The longest total first", headings);
	for (size_t i = 0; i < cnt; i++)
		put_state(out, page->states[i], counts);
	end_table(out, page->state_cnt - cnt);
	fputs("</section>\n", out);
	free(counts);
	return 0;
}

/* --- processes ---------------------------------------------------------------------------- */

static void put_peak(FILE *out, const struct plot_process *process)
{
	char text[HUMAN_SZ];

	if (process->key.command_hash) {
		fprintf(out, "<td data-value=\"%g\">%.1f %%</td>", process->peak_percent,
			process->peak_percent);
		return;
	}
	human_bytes((double)process->peak_bytes, text);
	fprintf(out, "<td data-value=\"%" PRIu64 "\">%s</td>", process->peak_bytes, text);
}

void plot_tables__processes(const struct plot_page *page, FILE *out)
{
	static const char *const headings[] = { "process", "pid", "CPU", "peak memory",
						"from",	   "to",  NULL };
	const struct keyed *processes = &page->data->processes;
	char moment[SCALE_LABEL_SZ];
	size_t cnt = 0, left_out = 0;

	if (!processes->cnt)
		return;
	fputs("<details><summary>Processes in numbers</summary>\n", out);
	begin_table(out, "In the order in which they were seen", headings);
	for (size_t i = 0; i < processes->cnt; i++) {
		const struct plot_process *process = processes->items[i];

		if (!process->is_asked)
			continue;
		if (cnt++ >= PAGE_ROWS_MAX) {
			left_out++;
			continue;
		}
		fputs("<tr>", out);
		put_name(out, process->name);
		if (process->key.command_hash)
			put_nothing(out);
		else
			put_number(out, process->key.pid);
		put_duration(out, plot_process__cpu_ns(page->data, process));
		put_peak(out, process);
		scale_moment(process->first_ns, moment);
		fprintf(out, "<td>%s</td>", moment);
		scale_moment(process->last_ns, moment);
		fprintf(out, "<td>%s</td></tr>\n", moment);
	}
	end_table(out, left_out);
	fputs("</details>\n", out);
}

/* --- losses ------------------------------------------------------------------------------- */

void plot_tables__losses(const struct plot_page *page, FILE *out)
{
	static const char *const headings[] = {
		"state", "began", "ring full", "nested too deep", "no memory or disk", NULL
	};
	size_t cnt = 0, left_out = 0;

	begin_table(out, "Calls that were lost, by reason", headings);
	for (size_t i = 0; i < page->state_cnt; i++) {
		const struct ledger_row *ledger = &page->states[i]->ledger;

		if (!ledger_row__lost(ledger))
			continue;
		if (cnt++ >= PAGE_ROWS_MAX) {
			left_out++;
			continue;
		}
		fputs("<tr>", out);
		put_name(out, page->states[i]->key.name);
		put_number(out, ledger->entries);
		put_number(out, ledger->lost_ring);
		put_number(out, ledger->lost_nesting);
		put_number(out, ledger->lost_other);
		fputs("</tr>\n", out);
	}
	end_table(out, left_out);
}
