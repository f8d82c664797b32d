/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls over time: a lane for each state. The higher a bar, the longer the longest call in it (by
 * the logarithm, between the shortest and the longest of the state); the darker, the more of the
 * time the state was active. While calls are few, each is a bar of its own. page.js draws the same
 * again, for any part of the time.
 */
#include "plot/page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "plot/markup.h"
#include "plural.h"
#include "report/human.h"

#define WIDTH 960
#define LEFT 168
#define RIGHT 84
#define LANE 26
#define PITCH 36
#define BOTTOM 28
#define BAR_MIN 4
#define COLUMNS_MAX 780 /* of a lane */
#define BARS_MAX 12000	/* of all: what bounds the size */
#define SINGLE_MAX 800
#define SHADES 4
#define MARK_APART 7

struct drawing {
	const struct plot_page *page;
	FILE *out;
	double top;
	double span;
	unsigned int by; /* 2^by bins are a column */
	struct lane_bin *bins;
	size_t bin_cnt;
};

static double x_of(const struct drawing *drawing, double ns)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * fmin(fmax(ns / drawing->span, 0), 1);
}

static double bar_height(const struct plot_state *state, uint64_t ns)
{
	const struct summary *all = &state->durations;
	double low = (double)(all->min ? all->min : 1), high = (double)all->max;

	if (!(high > low))
		return LANE * 0.6;
	return BAR_MIN + (LANE - BAR_MIN) * scale_log((double)ns, low, high);
}

static void put_bar(FILE *out, double x, double width, double base, double height)
{
	putc('M', out);
	markup__at(out, x);
	putc(' ', out);
	markup__at(out, base);
	fputs("v-", out);
	markup__at(out, height);
	putc('h', out);
	markup__at(out, width);
	putc('v', out);
	markup__at(out, height);
	putc('z', out);
}

/* A triangle above calls that failed, a diamond on the line of those that ended in an unusual way:
 * told apart by more than their colours. */
static void put_mark(FILE *out, bool failed, double x, double top)
{
	putc('M', out);
	markup__at(out, x);
	putc(' ', out);
	markup__at(out, failed ? top - 4 : top + LANE - 4);
	fputs(failed ? "m-4 0h8l-4 7z" : "l4 4l-4 4l-4-4z", out);
}

static int shade_of(double busy)
{
	static const double bounds[] = { 0.02, 0.25, 0.6 };
	int shade = 0;

	while (shade < SHADES - 1 && busy > bounds[shade])
		shade++;
	return shade;
}

/* --- columns ------------------------------------------------------------------------------ */

/* Where a column is, cut to the axis. */
static void column_span(const struct drawing *drawing, size_t idx, double *ret_x, double *ret_width,
			double *ret_ns)
{
	const struct time_axis *axis = &drawing->page->data->axis;
	double width = time_axis__bin_ns(axis) * (double)(UINT64_C(1) << drawing->by);
	uint64_t low = (time_axis__low(axis) >> drawing->by) << drawing->by;
	double from = (double)idx * width - (double)(axis->first_ns - (low << axis->shift));
	double to = fmin(from + width, drawing->span);

	from = fmax(from, 0);
	*ret_ns = to - from;
	*ret_x = x_of(drawing, from);
	*ret_width = fmax(x_of(drawing, to) - *ret_x, 1);
}

static void draw_columns(const struct drawing *drawing, const struct plot_state *state, double base)
{
	for (int shade = 0; shade < SHADES; shade++) {
		fprintf(drawing->out, "<path class=\"busy%d\" d=\"", shade);
		for (size_t i = 0; i < drawing->bin_cnt; i++) {
			const struct lane_bin *bin = &drawing->bins[i];
			double x, width, ns;

			if (!bin->cnt && !(bin->busy_ns > 0))
				continue;
			column_span(drawing, i, &x, &width, &ns);
			if (shade_of(ns > 0 ? bin->busy_ns / ns : 1) == shade)
				put_bar(drawing->out, x, width, base,
					bin->cnt ? bar_height(state, bin->max_ns) : BAR_MIN);
		}
		fputs("\"/>\n", drawing->out);
	}
}

static void draw_marks(const struct drawing *drawing, bool failed, double top)
{
	double last = -MARK_APART, x, width, ns;

	fprintf(drawing->out, "<path class=\"%s\" d=\"", failed ? "failed" : "odd");
	for (size_t i = 0; i < drawing->bin_cnt; i++) {
		const struct lane_bin *bin = &drawing->bins[i];

		if (!(failed ? bin->failed_cnt : bin->odd_cnt))
			continue;
		column_span(drawing, i, &x, &width, &ns);
		if (x - last < MARK_APART)
			continue;
		put_mark(drawing->out, failed, x + width / 2, top);
		last = x;
	}
	fputs("\"/>\n", drawing->out);
}

/* --- single calls ------------------------------------------------------------------------- */

static void draw_single(const struct drawing *drawing, const struct plot_state *state, double base)
{
	const struct plot_data *data = drawing->page->data;

	fputs("<path class=\"single\" d=\"", drawing->out);
	for (size_t i = 0; i < data->kept.cnt; i++) {
		const struct kept_call *call = &data->kept.calls[i];
		double from, x;

		if (call->state != state->idx)
			continue;
		from = (double)(call->start_ns - data->axis.first_ns);
		x = x_of(drawing, from);
		put_bar(drawing->out, x,
			fmax(x_of(drawing, from + (double)call->duration_ns) - x, 1.2), base,
			bar_height(state, call->duration_ns));
	}
	fputs("\"/>\n", drawing->out);
}

/* Are all calls of the state among those that were kept, and few enough to be told apart? */
static bool is_single(const struct drawing *drawing, const struct plot_state *state)
{
	const struct kept *kept = &drawing->page->data->kept;
	uint64_t cnt = 0;

	for (size_t i = 0; i < kept->cnt; i++)
		cnt += kept->calls[i].state == state->idx;
	return cnt == state->row_cnt && cnt <= SINGLE_MAX && !state->summarised_cnt;
}

/* --- lanes -------------------------------------------------------------------------------- */

static void draw_labels(const struct drawing *drawing, const struct plot_state *state, double top)
{
	const uint64_t calls = state->row_cnt + state->summarised_cnt;
	char text[SCALE_LABEL_SZ];
	FILE *out = drawing->out;

	fprintf(out, "<text class=\"label end\" x=\"%d\" y=\"%.0f\">", LEFT - 10, top + 17);
	markup__short_text(out, state->key.name, 20);
	scale_label(SCALE_COUNT, (double)calls, text);
	fprintf(out, "<title>");
	markup__text(out, state->key.name);
	fprintf(out,
		"</title></text>\n<text class=\"tick\" x=\"%d\" y=\"%.0f\">%s call%s</text>\n"
		"<path class=\"base\" d=\"M%d %.0fH%d\"/>\n",
		WIDTH - RIGHT + 10, top + 17, text, plural_s(calls), LEFT, top + LANE,
		WIDTH - RIGHT);
}

static void draw_lane(struct drawing *drawing, const struct plot_state *state, double top)
{
	fprintf(drawing->out, "<g class=\"lane\" data-state=\"%zu\">\n", state->idx);
	draw_labels(drawing, state, top);
	lane__bins(&state->lane, &drawing->page->data->axis, drawing->by, drawing->bins);
	if (is_single(drawing, state))
		draw_single(drawing, state, top + LANE);
	else
		draw_columns(drawing, state, top + LANE);
	draw_marks(drawing, false, top);
	draw_marks(drawing, true, top);
	fputs("</g>\n", drawing->out);
}

static void draw_lanes(struct drawing *drawing, bool alone)
{
	const struct plot_page *page = drawing->page;
	double bottom = drawing->top + PITCH * (double)page->drawn_cnt;
	struct svg_head head = { WIDTH,
				 bottom + BOTTOM,
				 "timeline",
				 "timeline",
				 "Timeline of calls",
				 "For each state, when its calls ran. A higher bar is a longer "
				 "call; a darker one, a state that was active more of the time. "
				 "Triangles are failed calls, diamonds calls that did not return.",
				 alone };

	svg__begin(drawing->out, &head);
	svg__time_ticks(drawing->out, &page->data->axis, LEFT, WIDTH - RIGHT, drawing->top, bottom);
	for (size_t i = 0; i < page->drawn_cnt; i++)
		draw_lane(drawing, page->drawn[i], drawing->top + 6 + PITCH * (double)i);
	svg__end(drawing->out);
}

int plot_timeline__draw(const struct plot_page *page, bool alone, FILE *out)
{
	const struct time_axis *axis = &page->data->axis;
	struct drawing drawing = { .page = page,
				   .out = out,
				   .top = alone ? SVG_HEADING_HEIGHT + 6 : 4 };

	drawing.span =
		axis->last_ns > axis->first_ns ? (double)(axis->last_ns - axis->first_ns) : 1;
	while (time_axis__cnt(axis, drawing.by) > COLUMNS_MAX ||
	       time_axis__cnt(axis, drawing.by) * page->drawn_cnt > BARS_MAX)
		drawing.by++;
	drawing.bin_cnt = time_axis__cnt(axis, drawing.by);
	drawing.bins = calloc(drawing.bin_cnt + 1, sizeof(*drawing.bins));
	if (!drawing.bins)
		return -ENOMEM;
	draw_lanes(&drawing, alone);
	free(drawing.bins);
	return 0;
}
