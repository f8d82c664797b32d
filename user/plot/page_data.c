/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The numbers for the script:
 *
 *     {"first":"1795...","span":5000,"cell":[1024,-7],"threadCell":[4096,-7],"allKept":true,
 *      "ended":["return",...],
 *      "states":[{"name":"STEP","idx":0,"calls":3,"summarised":0,"finished":3,"min":1,"max":9,
 *                 "cells":[...],
 *                 "threads":[{"name":"sqlite3 812","idx":0,"calls":3,"cells":[...]}],
 *                 "moreThreads":false}],
 *      "kept":[[state,thread,start,duration,tid,ended,failed],...],
 *      "charts":{"cpu":{...}}}
 *
 * Times are nanoseconds behind `first`. `cell` is how long a cell is and when the first one begins;
 * cells are six numbers each: how many cells behind the one before, calls, failed ones, those that
 * did not return, how much of the time calls ran (in thousandths), and the longest call.
 */
#include "plot/page.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "ended.h"
#include "plot/markup.h"

/* Of all lanes together: these bound the size of the page. */
#define STATE_CELLS_MAX 14000
#define THREAD_CELLS_MAX 5000

struct cells {
	const struct plot_data *data;
	struct lane_bin *bins;
	unsigned int by;	/* 2^by bins are a cell of a state ... */
	unsigned int thread_by; /* ... and of a thread */
	FILE *out;
};

static bool is_empty(const struct lane_bin *bin)
{
	return !bin->cnt && !(bin->busy_ns > 0);
}

static size_t count_cells(const struct cells *cells, const struct lane *lane, unsigned int by)
{
	size_t cnt = 0;

	lane__bins(lane, &cells->data->axis, by, cells->bins);
	for (size_t i = 0; i < time_axis__cnt(&cells->data->axis, by); i++)
		cnt += !is_empty(&cells->bins[i]);
	return cnt;
}

static size_t count_all(const struct cells *cells, const struct plot_page *page, bool threads,
			unsigned int by)
{
	size_t cnt = 0;

	for (size_t i = 0; !threads && i < page->drawn_cnt; i++)
		cnt += count_cells(cells, &page->drawn[i]->lane, by);
	for (size_t i = 0; threads && i < cells->data->thread_cnt; i++)
		cnt += count_cells(cells, &cells->data->threads[i].lane, by);
	return cnt;
}

/* As fine as there is room for. */
static void choose_widths(struct cells *cells, const struct plot_page *page)
{
	const struct time_axis *axis = &cells->data->axis;

	while (time_axis__cnt(axis, cells->by) > 2 &&
	       count_all(cells, page, false, cells->by) > STATE_CELLS_MAX)
		cells->by++;
	while (time_axis__cnt(axis, cells->thread_by) > 2 &&
	       count_all(cells, page, true, cells->thread_by) > THREAD_CELLS_MAX)
		cells->thread_by++;
}

static double cell_width(const struct cells *cells, unsigned int by)
{
	return time_axis__bin_ns(&cells->data->axis) * (double)(UINT64_C(1) << by);
}

static void put_cells(struct cells *cells, const struct lane *lane, unsigned int by)
{
	const struct time_axis *axis = &cells->data->axis;
	double width = cell_width(cells, by);
	const char *comma = "";
	size_t before = 0;

	lane__bins(lane, axis, by, cells->bins);
	putc('[', cells->out);
	for (size_t i = 0; i < time_axis__cnt(axis, by); i++) {
		const struct lane_bin *bin = &cells->bins[i];

		if (is_empty(bin))
			continue;
		fprintf(cells->out, "%s%zu,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.0f,%" PRIu64,
			comma, i - before, bin->cnt, bin->failed_cnt, bin->odd_cnt,
			fmin(ceil(1000 * bin->busy_ns / width), 1e9), bin->max_ns);
		comma = ",";
		before = i;
	}
	putc(']', cells->out);
}

/* How wide cells are, and where the first one begins. */
static void put_width(const struct cells *cells, unsigned int by)
{
	const struct time_axis *axis = &cells->data->axis;
	uint64_t low = (time_axis__low(axis) >> by) << by;

	fprintf(cells->out, "[%.0f,-%" PRIu64 "]", cell_width(cells, by),
		axis->first_ns - (low << axis->shift));
}

static void put_threads(struct cells *cells, const struct plot_state *state)
{
	for (size_t i = 0; i < state->thread_cnt; i++) {
		const struct plot_thread *thread = state->threads[i];
		char name[PLOT_NAME_SZ + 24];

		snprintf(name, sizeof(name), "%.120s %" PRIu64, thread->comm, thread->tid);
		fputs(i ? ",\n{\"name\":" : "{\"name\":", cells->out);
		markup__json(cells->out, name);
		fprintf(cells->out, ",\"idx\":%zu,\"calls\":%" PRIu64 ",\"cells\":",
			(size_t)(thread - cells->data->threads), thread->cnt);
		put_cells(cells, &thread->lane, cells->thread_by);
		putc('}', cells->out);
	}
}

static void put_state(struct cells *cells, const struct plot_state *state)
{
	fputs("{\"name\":", cells->out);
	markup__json(cells->out, state->key.name);
	fprintf(cells->out,
		",\"idx\":%zu,\"calls\":%" PRIu64 ",\"summarised\":%" PRIu64
		",\"finished\":%" PRIu64 ",\"min\":%" PRIu64 ",\"max\":%" PRIu64 ",\"cells\":",
		state->idx, add_saturated(state->row_cnt, state->summarised_cnt),
		state->summarised_cnt, state->durations.cnt, state->durations.min,
		state->durations.max);
	put_cells(cells, &state->lane, cells->by);
	fputs(",\n\"threads\":[", cells->out);
	put_threads(cells, state);
	fprintf(cells->out, "],\"moreThreads\":%s}", state->more_threads ? "true" : "false");
}

static void put_kept(const struct plot_data *data, FILE *out)
{
	for (size_t i = 0; i < data->kept.cnt; i++) {
		const struct kept_call *call = &data->kept.calls[i];

		fprintf(out, "%s[%zu,%d,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%d,%d]", i ? "," : "",
			call->state, call->lane == SIZE_MAX ? -1 : (int)call->lane,
			call->start_ns - data->axis.first_ns, call->duration_ns, call->tid,
			(int)call->ended, (int)call->failed);
	}
}

static void put_head(const struct cells *cells)
{
	const struct time_axis *axis = &cells->data->axis;

	fprintf(cells->out,
		"{\"first\":\"%" PRIu64 "\",\"span\":%" PRIu64 ",\"cell\":", axis->first_ns,
		axis->last_ns - axis->first_ns);
	put_width(cells, cells->by);
	fputs(",\"threadCell\":", cells->out);
	put_width(cells, cells->thread_by);
	fprintf(cells->out, ",\"allKept\":%s,\n\"ended\":[",
		cells->data->kept.seen <= KEPT_MAX ? "true" : "false");
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		fprintf(cells->out, "%s\"%s\"", i ? "," : "", ended_name((enum tacho_ended)i));
	fputs("],\n\"states\":[", cells->out);
}

int plot_page__data(const struct plot_page *page, struct chart *const *charts, size_t chart_cnt,
		    FILE *out)
{
	struct cells cells = { .data = page->data, .out = out };

	cells.bins = calloc(time_axis__cnt(&page->data->axis, 0) + 1, sizeof(*cells.bins));
	if (!cells.bins)
		return -ENOMEM;
	choose_widths(&cells, page);
	put_head(&cells);
	for (size_t i = 0; i < page->drawn_cnt; i++) {
		fputs(i ? ",\n" : "", out);
		put_state(&cells, page->drawn[i]);
	}
	fputs("],\n\"kept\":[", out);
	put_kept(page->data, out);
	fputs("],\n\"charts\":{", out);
	for (size_t i = 0; i < chart_cnt; i++) {
		fputs(i ? ",\n" : "", out);
		chart__json(charts[i], out);
	}
	fputs("}}\n", out);
	free(cells.bins);
	return 0;
}
