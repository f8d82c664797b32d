/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long calls of a state took: bars of equal width on an axis of logarithms, a quarter of a
 * power of two each, or more if they were many, and the percentiles.
 */
#include "plot/page.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "plot/markup.h"
#include "plural.h"
#include "report/human.h"

#define LEFT 64
#define RIGHT 16
#define MARKS 30 /* room for the names of percentiles */
#define HEIGHT 120
#define BOTTOM 26
#define PER_POWER 4
#define BARS (64 * PER_POWER)
#define BARS_SHOWN_MAX 72

static const struct {
	const char *name;
	unsigned int permille;
} marks[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p99.9", 999 } };

#define MARK_CNT (sizeof(marks) / sizeof(marks[0]))

struct histogram {
	const struct plot_state *state;
	uint64_t bars[BARS];
	uint64_t total;
	uint64_t most;
	size_t first; /* bar with anything in it */
	size_t last;
	size_t step; /* so many are shown as one */
	uint64_t at[MARK_CNT];
	FILE *out;
};

static double bar_low(size_t bar)
{
	return exp2((double)bar / PER_POWER);
}

/* In whole nanoseconds, for people. */
static uint64_t bar_ns(size_t bar)
{
	return bar < BARS ? (uint64_t)bar_low(bar) : UINT64_MAX;
}

static size_t bar_of(uint64_t ns)
{
	double bar = floor(log2(fmax((double)ns, 1)) * PER_POWER + 1e-9);

	return bar < BARS ? (size_t)bar : BARS - 1;
}

static uint64_t clamp(const struct histogram *histogram, uint64_t ns)
{
	const struct summary *all = &histogram->state->durations;

	return ns < all->min ? all->min : ns > all->max ? all->max : ns;
}

/* Bars are put together, in the first of each, until there are few enough. */
static void widen(struct histogram *histogram)
{
	uint64_t sum;

	histogram->step = 1;
	while ((histogram->last - histogram->first) / histogram->step >= BARS_SHOWN_MAX)
		histogram->step *= 2;
	histogram->first -= histogram->first % histogram->step;
	histogram->most = 0;
	for (size_t i = histogram->first; i <= histogram->last; i += histogram->step) {
		sum = 0;
		for (size_t j = i; j < i + histogram->step; j++)
			sum += histogram->bars[j];
		histogram->bars[i] = sum;
		if (sum > histogram->most)
			histogram->most = sum;
	}
}

/* 0 or -ENOMEM. */
static int fill(struct histogram *histogram)
{
	uint64_t *counts = calloc(LATENCY_BUCKETS, sizeof(*counts));
	size_t bar;

	if (!counts)
		return -ENOMEM;
	latency__counts(&histogram->state->latency, counts);
	histogram->first = BARS;
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		if (!counts[i])
			continue;
		bar = bar_of(latency_middle(i));
		histogram->bars[bar] += counts[i];
		histogram->total += counts[i];
		histogram->first = bar < histogram->first ? bar : histogram->first;
		histogram->last = bar;
	}
	for (size_t i = 0; histogram->total && i < MARK_CNT; i++)
		histogram->at[i] =
			clamp(histogram,
			      latency_counts_quantile(counts, histogram->total, marks[i].permille));
	free(counts);
	if (histogram->total)
		widen(histogram);
	return 0;
}

/* --- drawing ------------------------------------------------------------------------------ */

struct frame {
	double top;
	double low;
	double high;
};

static double x_of(const struct frame *frame, double ns)
{
	return LEFT + (CHART_WIDTH - LEFT - RIGHT) * scale_log(ns, frame->low, frame->high);
}

static void draw_counts(const struct histogram *histogram, double top, double most, double step)
{
	char label[SCALE_LABEL_SZ];

	for (double value = 0; value <= most * (1 + 1e-9); value += step) {
		double y = top + HEIGHT * (1 - value / most);

		scale_label(SCALE_COUNT, value, label);
		fprintf(histogram->out, "<path class=\"grid\" d=\"M%d ", LEFT);
		markup__at(histogram->out, y);
		fprintf(histogram->out, "H%d\"/><text class=\"tick end\" x=\"%d\" y=\"",
			CHART_WIDTH - RIGHT, LEFT - 7);
		markup__at(histogram->out, y + 4);
		fprintf(histogram->out, "\">%s</text>\n", label);
	}
}

static void draw_durations(const struct histogram *histogram, const struct frame *frame)
{
	double first = pow(10, ceil(log10(frame->low) - 1e-9));
	double factor = 10, y = frame->top + HEIGHT + 16, room;
	char label[SCALE_LABEL_SZ];
	static const double parts[] = { 1, 2, 5 };
	bool fine = frame->high / frame->low < 120;

	while (log10(frame->high / frame->low) / log10(factor) > 7)
		factor *= 10;
	for (double power = first / 10; power <= frame->high; power *= factor) {
		for (size_t i = 0; i < (fine ? 3 : 1); i++) {
			double x = x_of(frame, power * parts[i]);

			if (power * parts[i] < frame->low || power * parts[i] > frame->high)
				continue;
			room = CHART_WIDTH - RIGHT - x;
			scale_label(SCALE_NS, power * parts[i], label);
			fputs("<path class=\"notch\" d=\"M", histogram->out);
			markup__at(histogram->out, x);
			fprintf(histogram->out, " %.0fv4\"/><text class=\"tick %s\" x=\"",
				frame->top + HEIGHT, room < 18 ? "end" : "middle");
			markup__at(histogram->out, room < 18 ? CHART_WIDTH - RIGHT + 8 : x);
			fprintf(histogram->out, "\" y=\"%.0f\">%s</text>\n", y, label);
		}
	}
}

static void draw_bars(const struct histogram *histogram, const struct frame *frame, double most)
{
	char from[HUMAN_SZ], to[HUMAN_SZ];

	for (size_t i = histogram->first; i <= histogram->last; i += histogram->step) {
		double x = x_of(frame, bar_low(i)), end = x_of(frame, bar_low(i + histogram->step));
		double height = fmax(HEIGHT * (double)histogram->bars[i] / most, 1.5);

		if (!histogram->bars[i])
			continue;
		human_duration(bar_ns(i), from);
		human_duration(bar_ns(i + histogram->step), to);
		fputs("<rect class=\"bar\" x=\"", histogram->out);
		markup__at(histogram->out, x + 0.5);
		fputs("\" y=\"", histogram->out);
		markup__at(histogram->out, frame->top + HEIGHT - height);
		fputs("\" width=\"", histogram->out);
		markup__at(histogram->out, fmax(end - x - 1, 1));
		fputs("\" height=\"", histogram->out);
		markup__at(histogram->out, height);
		fprintf(histogram->out, "\"><title>%s to %s: %" PRIu64 " call%s</title></rect>\n",
			from, to, histogram->bars[i], plural_s(histogram->bars[i]));
	}
}

/* Names beside each other in two lines, so that none covers another. */
static void draw_marks(const struct histogram *histogram, const struct frame *frame)
{
	double taken[2] = { 0, 0 };
	char value[HUMAN_SZ];

	for (size_t i = 0; i < MARK_CNT; i++) {
		double x = x_of(frame, (double)histogram->at[i]), width = i == 3 ? 38 : 28;
		double left = fmin(fmax(x - width / 2, LEFT), CHART_WIDTH - width - 2);
		int line = left >= taken[0] ? 0 : left >= taken[1] ? 1 : -1;

		human_duration(histogram->at[i], value);
		fputs("<path class=\"mark\" d=\"M", histogram->out);
		markup__at(histogram->out, x);
		fprintf(histogram->out, " %.0fV%.0f\"><title>%s: %s</title></path>\n",
			frame->top - 3, frame->top + HEIGHT, marks[i].name, value);
		if (line < 0)
			continue; /* its value is in the table */
		fputs("<text class=\"markname\" x=\"", histogram->out);
		markup__at(histogram->out, left);
		fprintf(histogram->out, "\" y=\"%.0f\">%s</text>\n",
			frame->top - (line == 1 ? 18 : 5), marks[i].name);
		taken[line] = left + width;
	}
}

static void draw(const struct histogram *histogram, bool alone)
{
	struct frame frame = { .top = (alone ? SVG_HEADING_HEIGHT : 0) + MARKS };
	char id[40];
	struct svg_head head = { CHART_WIDTH, frame.top + HEIGHT + BOTTOM,    id,   "chart",
				 NULL,	      "How many calls took how long", alone };
	double step = scale_step(SCALE_COUNT, (double)histogram->most, 3);
	double most = ceil((double)histogram->most / step - 1e-9) * step;

	snprintf(id, sizeof(id), "histogram-%zu", histogram->state->idx);
	head.title = histogram->state->key.name;
	/* some room at both sides, and three powers of two at least */
	frame.low = bar_low(histogram->first) / 1.2;
	frame.high = fmax(bar_low(histogram->last + histogram->step) * 1.2, frame.low * 16);
	svg__begin(histogram->out, &head);
	draw_counts(histogram, frame.top, most, step);
	draw_durations(histogram, &frame);
	draw_bars(histogram, &frame, most);
	draw_marks(histogram, &frame);
	svg__end(histogram->out);
}

int plot_histogram__draw(const struct plot_state *state, bool alone, FILE *out)
{
	struct histogram histogram = { .state = state, .out = out };
	int err = fill(&histogram);

	if (!err && histogram.total)
		draw(&histogram, alone);
	return err;
}

int plot_histogram__table(const struct plot_state *state, FILE *out)
{
	struct histogram histogram = { .state = state, .out = out };
	char from[HUMAN_SZ], to[HUMAN_SZ];
	int err = fill(&histogram);

	if (err || !histogram.total)
		return err;
	fputs("<details><summary>Numbers</summary><div class=\"scroll\"><table><thead><tr>"
	      "<th scope=\"col\">from</th><th scope=\"col\">to</th><th scope=\"col\">calls</th>"
	      "</tr></thead><tbody>\n",
	      out);
	for (size_t i = histogram.first; i <= histogram.last; i += histogram.step) {
		if (!histogram.bars[i])
			continue;
		human_duration(bar_ns(i), from);
		human_duration(bar_ns(i + histogram.step), to);
		fprintf(out, "<tr><td>%s</td><td>%s</td><td>%" PRIu64 "</td></tr>\n", from, to,
			histogram.bars[i]);
	}
	fputs("</tbody></table></div></details>\n", out);
	return 0;
}
