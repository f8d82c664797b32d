/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ended.h"
#include "ledger.h"
#include "plot/assets.h"
#include "plot/markup.h"
#include "plot/tables.h"
#include "plural.h"
#include "report/human.h"

/* Percentiles of each state, losses, those of processes, and two for machines and GPUs. */
#define CHARTS_MAX (PAGE_CARDS_MAX + 1 + CHARTS_USAGE_CNT + 4)

struct charts {
	struct chart *of[CHARTS_MAX];
	size_t cnt;
	size_t percentiles_cnt; /* those come first */
};

static void free_charts(struct charts *charts)
{
	for (size_t i = 0; i < charts->cnt; i++)
		chart__free(charts->of[i]);
}

/* err: of who made it. */
static int add_chart(struct charts *charts, struct chart *chart, int err)
{
	if (!err && chart)
		charts->of[charts->cnt++] = chart;
	return err;
}

static int make_usage(const struct plot_page *page, struct charts *charts)
{
	const struct plot_data *data = page->data;
	static const char *const ids[2][2] = { { "machine-cpu", "machine-memory" },
					       { "gpu-load", "gpu-memory" } };
	const struct keyed *const devices[] = { &data->machines, &data->gpus };
	struct chart *chart = NULL;
	int err = 0;

	for (int which = 0; !err && which < CHARTS_USAGE_CNT; which++) {
		err = charts__usage(data, which, page->top, &chart);
		err = add_chart(charts, chart, err);
	}
	for (int i = 0; i < 2; i++) {
		for (int which = 0; !err && which < 2; which++) {
			err = charts__devices(data, devices[i], ids[i][which], which, &chart);
			err = add_chart(charts, chart, err);
		}
	}
	return err;
}

static int make_charts(const struct plot_page *page, struct charts *charts)
{
	struct chart *chart = NULL;
	int err = 0;

	for (size_t i = 0; !err && i < page->drawn_cnt && i < PAGE_CARDS_MAX; i++) {
		err = charts__percentiles(page->data, page->drawn[i], &chart);
		err = add_chart(charts, chart, err);
	}
	charts->percentiles_cnt = charts->cnt;
	if (!err) {
		err = charts__losses(page->data, &chart);
		err = add_chart(charts, chart, err);
	}
	return err ? err : make_usage(page, charts);
}

/* --- order -------------------------------------------------------------------------------- */

static int compare_states(const void *left, const void *right)
{
	const struct plot_state *a = *(const struct plot_state *const *)left;
	const struct plot_state *b = *(const struct plot_state *const *)right;

	if (a->durations.total != b->durations.total)
		return a->durations.total > b->durations.total ? -1 : 1;
	return strcmp(a->key.name, b->key.name);
}

int plot_page__sort(struct plot_page *page)
{
	const struct keyed *states = &page->data->states;

	page->states = calloc(states->cnt + 1, sizeof(const struct plot_state *));
	page->drawn = calloc(states->cnt + 1, sizeof(const struct plot_state *));
	if (!page->states || !page->drawn) {
		plot_page__free(page);
		return -ENOMEM;
	}
	for (size_t i = 0; i < states->cnt; i++)
		page->states[page->state_cnt++] = states->items[i];
	qsort(page->states, page->state_cnt, sizeof(const struct plot_state *), compare_states);
	for (size_t i = 0; i < page->state_cnt; i++) {
		const struct plot_state *state = page->states[i];

		if (state->drawn && (state->row_cnt || state->summarised_cnt))
			page->drawn[page->drawn_cnt++] = state;
	}
	return 0;
}

void plot_page__free(struct plot_page *page)
{
	free(page->states);
	free(page->drawn);
	page->states = NULL;
	page->drawn = NULL;
}

/* --- the head ----------------------------------------------------------------------------- */

/* "." and ".." say nothing to who has the page and not the working directory. */
static void put_path(FILE *out, const char *path)
{
	char *whole = *path == '.' ? realpath(path, NULL) : NULL;

	markup__text(out, whole ? whole : path);
	free(whole);
}

static void put_title(const struct plot_page *page, FILE *out)
{
	if (page->title)
		markup__text(out, page->title);
	else if (page->path_cnt == 1 && !strcmp(page->paths[0], "-"))
		fputs("standard input", out);
	else if (page->path_cnt == 1)
		put_path(out, page->paths[0]);
	else
		fprintf(out, "%zu recordings", page->path_cnt);
}

static void put_head(const struct plot_page *page, FILE *out)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"tacho " TACHO_VERSION "\">\n<title>",
		plot_style_hash, plot_page_js_hash);
	put_title(page, out);
	fprintf(out, " \xe2\x80\x93 Tachograph</title>\n<style>%s%s</style>\n</head>\n",
		plot_chart_css, plot_page_css);
}

static void put_fact(FILE *out, const char *name, const char *value, const char *more)
{
	fprintf(out, "<div class=\"fact\"><dt>%s</dt><dd>%s<small>%s</small></dd></div>\n", name,
		value, more);
}

static void put_count(FILE *out, const char *name, uint64_t cnt, const char *more)
{
	char text[32], grouped[48];
	size_t sz = (size_t)snprintf(text, sizeof(text), "%" PRIu64, cnt), at = 0;

	for (size_t i = 0; i < sz; i++) {
		if (i && (sz - i) % 3 == 0) { /* U+2009, thin space */
			memcpy(grouped + at, "\xe2\x80\x89", 3);
			at += 3;
		}
		grouped[at++] = text[i];
	}
	grouped[at] = '\0';
	put_fact(out, name, grouped, more);
}

static uint64_t count_failed(const struct plot_page *page)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < page->state_cnt; i++)
		cnt += page->states[i]->failed_cnt;
	return cnt;
}

static void put_span(const struct plot_page *page, FILE *out)
{
	const struct time_axis *axis = &page->data->axis;
	char from[SCALE_LABEL_SZ], to[SCALE_LABEL_SZ], span[HUMAN_SZ];

	if (!axis->any)
		return;
	scale_moment(axis->first_ns, from);
	scale_moment(axis->last_ns, to);
	human_duration(axis->last_ns - axis->first_ns, span);
	fprintf(out, "<p class=\"span\"><time>%s</time>", from);
	if (strcmp(from, to))
		fprintf(out, " to <time>%s</time>", to);
	fprintf(out, " (%s)</p>\n", span);
}

static void put_facts(const struct plot_page *page, FILE *out)
{
	char more[HUMAN_SZ + 8] = "", rate[HUMAN_SZ];
	const struct time_axis *axis = &page->data->axis;
	uint64_t calls = plot_data__calls(page->data);
	double seconds = (double)(axis->last_ns - axis->first_ns) / 1e9;

	if (calls > 1 && seconds > 0) {
		human_rate((double)calls / seconds, rate);
		snprintf(more, sizeof(more), " %s", rate);
	}
	fputs("<dl class=\"facts\">\n", out);
	put_count(out, "Calls", calls, more);
	put_count(out, "States", page->state_cnt, "");
	if (count_failed(page))
		put_count(out, "Failed calls", count_failed(page), "");
	if (page->data->processes.cnt)
		put_count(out, "Processes", page->data->processes.cnt, "");
	if (page->path_cnt > 1)
		put_count(out, "Paths", page->path_cnt, "");
	fputs("</dl>\n", out);
}

void plot_page__losses(const struct plot_page *page, char *text, size_t sz)
{
	uint64_t lost = plot_data__lost(page->data), entries = 0;

	for (size_t i = 0; i < page->state_cnt; i++)
		entries = add_saturated(entries, page->states[i]->ledger.entries);
	*text = '\0';
	if (lost)
		snprintf(text, sz, "%" PRIu64 " of %" PRIu64 " calls %s lost", lost, entries,
			 plural(lost, "was", "were"));
}

/* Does the ledger know of all states, and does it balance? */
static bool is_accounted_for(const struct plot_page *page)
{
	for (size_t i = 0; i < page->state_cnt; i++) {
		const struct ledger_row *ledger = &page->states[i]->ledger;

		if (ledger_row__imbalance(ledger) || (!ledger->entries && page->states[i]->row_cnt))
			return false;
	}
	return page->data->ledger_seen;
}

/* What must not be overlooked comes before every picture. */
static void put_warnings(const struct plot_page *page, FILE *out)
{
	const struct plot_data *data = page->data;
	const uint64_t unreadable = page->malformed_cnt + page->torn_cnt;
	const uint64_t unsorted = add_saturated(data->nameless_cnt, data->unsorted_cnt);
	char text[128];

	plot_page__losses(page, text, sizeof(text));
	if (*text)
		fprintf(out,
			"<p class=\"warning\" role=\"alert\"><strong>%s.</strong> They are in none "
			"of "
			"the numbers below; <a href=\"#losses-section\">how and when</a>.</p>\n",
			text);
	else if (is_accounted_for(page))
		fputs("<p class=\"fine\">No call was lost: every one that began is accounted "
		      "for.</p>\n",
		      out);
	else if (data->ledger_seen)
		fputs("<p class=\"note\">No loss was counted, but the ledger does not account for "
		      "all calls.</p>\n",
		      out);
	else if (plot_data__calls(data))
		fputs("<p class=\"note\">Whether calls were lost is not known: there is no "
		      "ledger.</p>\n",
		      out);
	if (unreadable)
		fprintf(out, "<p class=\"warning\"><strong>%" PRIu64 " %s.</p>\n", unreadable,
			plural(unreadable,
			       "row is left out</strong>: it makes no sense, or ends in the middle",
			       "rows are left out</strong>: they make no sense, or end in the "
			       "middle"));
	if (unsorted)
		fprintf(out, "<p class=\"note\">%" PRIu64 " %s asked for.</p>\n", unsorted,
			plural(unsorted, "call is left out of which is not known whether it was",
			       "calls are left out of which is not known whether they were"));
}

static void put_header(const struct plot_page *page, FILE *out)
{
	fputs("<body>\n<header>\n<h1>", out);
	put_title(page, out);
	fputs("</h1>\n", out);
	put_span(page, out);
	put_facts(page, out);
	put_warnings(page, out);
	fputs("</header>\n<main>\n", out);
}

/* --- sections ----------------------------------------------------------------------------- */

static int put_timeline(const struct plot_page *page, FILE *out)
{
	int err;

	if (!page->drawn_cnt)
		return 0;
	fputs("<section aria-labelledby=\"timeline-h\">\n<h2 id=\"timeline-h\">Timeline</h2>\n"
	      "<p class=\"about\">Higher: longer calls, by the logarithm. Darker: active for more "
	      "of the time. <span class=\"key failed\">\xe2\x96\xbc</span> failed, "
	      "<span class=\"key odd\">\xe2\x97\x86</span> did not return. Times are UTC.</p>\n"
	      "<div id=\"controls\" hidden></div>\n<div class=\"scroll\" id=\"timeline-box\">\n",
	      out);
	err = plot_timeline__draw(page, false, out);
	fputs("</div>\n", out);
	if (page->drawn_cnt < page->state_cnt)
		fprintf(out, "<p class=\"note\">%zu more %s.</p>\n",
			page->state_cnt - page->drawn_cnt,
			plural(page->state_cnt - page->drawn_cnt,
			       "state has no lane; the table has it",
			       "states have no lane; the table has them"));
	fputs("</section>\n", out);
	return err;
}

static void begin_figure(FILE *out, size_t state, const char *title)
{
	fputs("<figure class=\"card\"", out);
	if (state != SIZE_MAX)
		fprintf(out, " data-state=\"%zu\"", state);
	fputs("><figcaption>", out);
	markup__text(out, title);
	fputs("</figcaption>\n", out);
}

static int put_histograms(const struct plot_page *page, FILE *out)
{
	int err = 0;

	fputs("<section aria-labelledby=\"durations-h\">\n<h2 id=\"durations-h\">Durations</h2>\n"
	      "<p class=\"about\">How many calls took how long; the axis of durations is "
	      "logarithmic. Percentiles are exact to 0.8 % of their values.</p>\n",
	      out);
	if (page->drawn_cnt > PAGE_CARDS_MAX)
		fprintf(out, "<p class=\"note\">Of the %d states with the longest totals.</p>\n",
			PAGE_CARDS_MAX);
	fputs("<div class=\"grid-of-cards\">\n", out);
	for (size_t i = 0; !err && i < page->drawn_cnt && i < PAGE_CARDS_MAX; i++) {
		const struct plot_state *state = page->drawn[i];

		if (!state->latency.used)
			continue;
		begin_figure(out, state->idx, state->key.name);
		err = plot_histogram__draw(state, false, out);
		if (!err)
			err = plot_histogram__table(state, out);
		fputs("</figure>\n", out);
	}
	fputs("</div>\n</section>\n", out);
	return err;
}

static void put_cards(const struct plot_page *page, struct chart *const *charts, size_t cnt,
		      FILE *out)
{
	fputs("<div class=\"grid-of-cards\">\n", out);
	for (size_t i = 0; i < cnt; i++) {
		begin_figure(out, charts[i]->state, charts[i]->title);
		if (charts[i]->state == SIZE_MAX)
			fprintf(out, "<p class=\"about\">%s.</p>\n", charts[i]->unit_about);
		chart__draw(charts[i], &page->data->axis, false, out);
		fputs("</figure>\n", out);
	}
	fputs("</div>\n", out);
}

static void put_percentiles(const struct plot_page *page, const struct charts *charts, FILE *out)
{
	if (!charts->percentiles_cnt)
		return;
	fputs("<section aria-labelledby=\"percentiles-h\">\n<h2 id=\"percentiles-h\">Percentiles "
	      "over time</h2>\n<p class=\"about\">Of the calls that began in each period. Dots are "
	      "periods without others beside them.</p>\n",
	      out);
	put_cards(page, charts->of, charts->percentiles_cnt, out);
	fputs("</section>\n", out);
}

static bool is_losses(const struct chart *chart)
{
	return !strcmp(chart->id, "losses");
}

static void put_losses(const struct plot_page *page, const struct charts *charts, FILE *out)
{
	if (!plot_data__lost(page->data))
		return;
	fputs("<section id=\"losses-section\" aria-labelledby=\"losses-h\">\n<h2 id=\"losses-h\">"
	      "Losses</h2>\n<p class=\"about\">Of whole recordings, whatever part of them is "
	      "shown. "
	      "A column is what was lost since the ledger was written before.</p>\n",
	      out);
	for (size_t i = 0; i < charts->cnt; i++) {
		if (is_losses(charts->of[i]))
			put_cards(page, &charts->of[i], 1, out);
	}
	plot_tables__losses(page, out);
	fputs("</section>\n", out);
}

static void put_usage(const struct plot_page *page, const struct charts *charts, FILE *out)
{
	size_t first = charts->percentiles_cnt;

	if (first < charts->cnt && is_losses(charts->of[first]))
		first++;
	if (first == charts->cnt && !page->data->processes.cnt)
		return;
	fputs("<section aria-labelledby=\"usage-h\">\n<h2 id=\"usage-h\">CPU and memory</h2>\n",
	      out);
	put_cards(page, charts->of + first, charts->cnt - first, out);
	plot_tables__processes(page, out);
	fputs("</section>\n", out);
}

static void put_paths(const struct plot_page *page, FILE *out)
{
	fputs("<details><summary>Where this is from</summary><ul>\n", out);
	for (size_t i = 0; i < page->path_cnt && i < PAGE_ROWS_MAX; i++) {
		fputs("<li><code>", out);
		markup__text(out, page->paths[i]);
		fputs("</code></li>\n", out);
	}
	if (page->path_cnt > PAGE_ROWS_MAX)
		fprintf(out, "<li>and %zu more</li>\n", page->path_cnt - PAGE_ROWS_MAX);
	fputs("</ul></details>\n", out);
}

static int put_body(const struct plot_page *page, const struct charts *charts, FILE *out)
{
	int err;

	put_header(page, out);
	err = put_timeline(page, out);
	if (!err && page->state_cnt)
		err = plot_tables__states(page, out);
	if (!err && page->drawn_cnt)
		err = put_histograms(page, out);
	put_percentiles(page, charts, out);
	put_losses(page, charts, out);
	put_usage(page, charts, out);
	fputs("</main>\n<footer>\n", out);
	put_paths(page, out);
	fputs("<p>Made by tacho " TACHO_VERSION ".</p>\n</footer>\n"
	      "<div id=\"tip\" role=\"status\" hidden></div>\n"
	      "<script type=\"application/json\" id=\"data\">",
	      out);
	if (!err)
		err = plot_page__data(page, charts->of, charts->cnt, out);
	fprintf(out, "</script>\n<script>%s</script>\n</body>\n</html>\n", plot_page_js);
	return err;
}

int plot_page__write(const struct plot_page *page, FILE *out)
{
	struct charts charts = {};
	int err = make_charts(page, &charts);

	if (!err) {
		put_head(page, out);
		err = put_body(page, &charts, out);
	}
	free_charts(&charts);
	return err;
}

/* --- one chart ---------------------------------------------------------------------------- */

const char *const plot_charts[] = {
	"timeline", "histogram", "percentiles", "cpu", "memory", "losses", NULL,
};

static int write_over_time(const struct plot_page *page, const char *name, FILE *out)
{
	struct chart *chart = NULL;
	int err = 0;

	if (!strcmp(name, "percentiles") && page->drawn_cnt)
		err = charts__percentiles(page->data, page->drawn[0], &chart);
	else if (!strcmp(name, "cpu"))
		err = charts__usage(page->data, CHARTS_CPU, page->top, &chart);
	else if (!strcmp(name, "memory"))
		err = charts__usage(page->data, CHARTS_MEMORY, page->top, &chart);
	else if (!strcmp(name, "losses"))
		err = charts__losses(page->data, &chart);
	if (!err && !chart && !strcmp(name, "memory"))
		err = charts__usage(page->data, CHARTS_SHARE, page->top, &chart);
	if (err)
		return err;
	if (!chart)
		return -ENODATA;
	if (page->title)
		snprintf(chart->title, sizeof(chart->title), "%s", page->title);
	chart__draw(chart, &page->data->axis, true, out);
	chart__free(chart);
	return 0;
}

int plot_page__write_chart(const struct plot_page *page, const char *name, FILE *out,
			   struct fault *why)
{
	bool histogram = !strcmp(name, "histogram");
	int err;

	if (!strcmp(name, "timeline"))
		err = page->drawn_cnt ? plot_timeline__draw(page, true, out) : -ENODATA;
	else if (histogram)
		err = page->drawn_cnt && page->drawn[0]->latency.used
			      ? plot_histogram__draw(page->drawn[0], true, out)
			      : -ENODATA;
	else
		err = write_over_time(page, name, out);
	return err == -ENODATA ? fault__set(why, err, "there is nothing to show of %s", name) : err;
}
