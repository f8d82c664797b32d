/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot/assets.h"
#include "plot/markup.h"

#define LEFT 64
#define RIGHT 12
#define PLOT_HEIGHT 140
#define BOTTOM 26
#define LEGEND_LINE 18
#define LETTER 6.3	/* how wide one is, about */
#define X_UNITS 10000.0 /* of the inner coordinates, which the script moves */
#define COLORS 8

struct chart *chart__new(size_t cnt)
{
	struct chart *chart = calloc(1, sizeof(*chart));

	if (!chart)
		return NULL;
	chart->state = SIZE_MAX;
	chart->cnt = cnt;
	chart->from = calloc(cnt + 1, sizeof(*chart->from));
	chart->to = calloc(cnt + 1, sizeof(*chart->to));
	if (!chart->from || !chart->to) {
		chart__free(chart);
		return NULL;
	}
	return chart;
}

void chart__free(struct chart *chart)
{
	if (!chart)
		return;
	for (size_t i = 0; i < chart->series_cnt; i++)
		free(chart->series[i].values);
	free(chart->from);
	free(chart->to);
	free(chart);
}

struct chart_series *chart__add_series(struct chart *chart, const char *name)
{
	struct chart_series *series = &chart->series[chart->series_cnt];

	if (chart->series_cnt == CHART_SERIES_MAX)
		return NULL;
	series->values = calloc(chart->cnt + 1, sizeof(*series->values));
	if (!series->values)
		return NULL;
	for (size_t i = 0; i < chart->cnt; i++)
		series->values[i] = NAN;
	snprintf(series->name, sizeof(series->name), "%s", name);
	chart->series_cnt++;
	return series;
}

/* --- extremes ----------------------------------------------------------------------------- */

struct extent {
	double low;
	double high;
	bool any;
};

static double stacked(const struct chart *chart, size_t idx)
{
	double sum = 0;

	for (size_t i = 0; i < chart->series_cnt; i++)
		sum += isnan(chart->series[i].values[idx]) ? 0 : chart->series[i].values[idx];
	return sum;
}

static struct extent find_extent(const struct chart *chart)
{
	struct extent extent = { .low = INFINITY, .high = 0 };

	for (size_t i = 0; i < chart->series_cnt; i++) {
		for (size_t j = 0; j < chart->cnt; j++) {
			double value =
				chart->columns ? stacked(chart, j) : chart->series[i].values[j];

			if (isnan(value))
				continue;
			extent.any = true;
			extent.low = fmin(extent.low, value);
			extent.high = fmax(extent.high, value);
		}
	}
	return extent;
}

bool chart__any(const struct chart *chart)
{
	return find_extent(chart).any;
}

/* What the axis shows: whole decades, or from 0 to a whole step. */
static struct extent find_range(const struct chart *chart, double *ret_step)
{
	struct extent range = find_extent(chart);

	*ret_step = 10;
	if (!chart->logarithmic) {
		range.low = 0;
		range.high = fmax(range.high, chart->ceiling);
		range.high = range.high > 0 ? range.high : 1;
		*ret_step = scale_step(chart->unit, range.high, 4);
		range.high = ceil(range.high / *ret_step - 1e-9) * *ret_step;
		return range;
	}
	/* with some room, so that no value lies on the edge */
	range.low = pow(10, floor(log10(fmax(range.low / 1.1, 1)) + 1e-9));
	range.high = pow(10, ceil(log10(fmax(range.high * 1.1, 1)) - 1e-9));
	if (range.high < range.low * 10)
		range.high = range.low * 10;
	return range;
}

static double y_of(const struct chart *chart, const struct extent *range, double value)
{
	double share = chart->logarithmic ? scale_log(value, range->low, range->high)
					  : value / range->high;

	return PLOT_HEIGHT * (1 - share);
}

/* --- pieces of svg ------------------------------------------------------------------------ */

void svg__begin(FILE *out, const struct svg_head *head)
{
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"%s\" class=\"%s\" ", head->id,
		head->css_class);
	fprintf(out, "viewBox=\"0 0 %.0f %.0f\" ", head->width, head->height);
	if (head->alone)
		fprintf(out, "width=\"%.0f\" height=\"%.0f\" ", head->width, head->height);
	fprintf(out, "role=\"img\" aria-labelledby=\"%s-t %s-d\">\n<title id=\"%s-t\">", head->id,
		head->id, head->id);
	markup__text(out, head->title);
	fprintf(out, "</title>\n<desc id=\"%s-d\">", head->id);
	markup__text(out, head->about);
	fputs("</desc>\n", out);
	if (!head->alone)
		return;
	fprintf(out,
		"<style>%s</style>\n<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n",
		plot_chart_css);
	fputs("<text class=\"heading\" x=\"12\" y=\"20\">", out);
	markup__short_text(out, head->title, (size_t)(head->width / 8));
	fputs("</text>\n", out);
}

void svg__end(FILE *out)
{
	fputs("</svg>\n", out);
}

/* Where the middle of a label of that width stands: beside its tick, but not far outside. */
static double label_at(double x, double width, double left, double right)
{
	double middle = fmin(x, right - width / 2 + 8);

	return fmax(middle, left + width / 2 - 8);
}

/* Returns where the label ends; without room behind the one before, there is none. */
static double draw_tick(FILE *out, double x, double middle, double width, double taken,
			const char *label, const double span[2])
{
	fputs("<path class=\"grid\" d=\"M", out);
	markup__at(out, x);
	fprintf(out, " %.0fV%.0f\"/>", span[0], span[1]);
	if (middle - width / 2 >= taken + 8) {
		fputs("<text class=\"tick middle\" x=\"", out);
		markup__at(out, middle);
		fprintf(out, "\" y=\"%.0f\">%s</text>", span[1] + 16, label);
		taken = middle + width / 2;
	}
	putc('\n', out);
	return taken;
}

void svg__time_ticks(FILE *out, const struct time_axis *axis, double left, double right, double top,
		     double bottom)
{
	uint64_t span_ns = axis->last_ns - axis->first_ns;
	uint64_t step_ns = scale_time_step(span_ns, (unsigned int)((right - left) / 100) + 1);
	uint64_t at_ns = axis->first_ns - axis->first_ns % step_ns;
	const double span[2] = { top, bottom };
	char label[SCALE_LABEL_SZ];
	double x, width, taken = left - 100;

	fputs("<g class=\"ticks\" aria-hidden=\"true\">\n", out);
	for (; span_ns && at_ns <= axis->last_ns; at_ns += step_ns) {
		if (at_ns >= axis->first_ns) {
			x = left +
			    (right - left) * (double)(at_ns - axis->first_ns) / (double)span_ns;
			scale_time_label(at_ns, step_ns, label);
			width = LETTER * (double)strlen(label);
			taken = draw_tick(out, x, label_at(x, width, left, right), width, taken,
					  label, span);
		}
		if (at_ns > UINT64_MAX - step_ns)
			break;
	}
	fputs("</g>\n", out);
}

/* --- the chart ---------------------------------------------------------------------------- */

static size_t legend_letters(const struct chart *chart, size_t idx)
{
	size_t cnt = strlen(chart->series[idx].name);

	return cnt < 26 ? cnt : 26;
}

/* Of one curve without a name, none. Returns how high it is. */
static double draw_legend(const struct chart *chart, double top, FILE *out)
{
	double x = LEFT, y = top + 11;

	if (chart->series_cnt == 1 && !*chart->series[0].name)
		return 0;
	for (size_t i = 0; i < chart->series_cnt; i++) {
		double width = 26 + LETTER * (double)legend_letters(chart, i) + 10;

		if (x > LEFT && x + width > CHART_WIDTH - RIGHT) {
			x = LEFT;
			y += LEGEND_LINE;
		}
		if (out) {
			fprintf(out, "<path class=\"%s c%zu d%zu\" d=\"M",
				chart->columns ? "swatch" : "line", i % COLORS, i / COLORS);
			markup__at(out, x);
			fprintf(out, " %.0fh20\"/><text class=\"legend\" x=\"", y - 4);
			markup__at(out, x + 25);
			fprintf(out, "\" y=\"%.0f\">", y);
			markup__short_text(out, chart->series[i].name, 26);
			fputs("</text>\n", out);
		}
		x += width;
	}
	return y + LEGEND_LINE - 11 - top;
}

static void draw_values(const struct chart *chart, const struct extent *range, double step,
			double top, FILE *out)
{
	char label[SCALE_LABEL_SZ];
	double value = chart->logarithmic ? range->low : 0;
	double decades = chart->logarithmic ? log10(range->high / range->low) : 0;
	double factor = pow(10, fmax(1, ceil(decades / 5)));

	fputs("<g aria-hidden=\"true\">\n", out);
	while (value <= range->high * (1 + 1e-9)) {
		double y = top + y_of(chart, range, value);

		scale_label(chart->unit, value, label);
		fprintf(out, "<path class=\"grid\" d=\"M%d ", LEFT);
		markup__at(out, y);
		fprintf(out, "H%d\"/><text class=\"tick end\" x=\"%d\" y=\"", CHART_WIDTH - RIGHT,
			LEFT - 7);
		markup__at(out, y + 4);
		fprintf(out, "\">%s</text>\n", label);
		value = chart->logarithmic ? value * factor : value + step;
	}
	fputs("</g>\n", out);
}

static void put_point(FILE *out, char command, double x, double y)
{
	putc(command, out);
	markup__at(out, x);
	putc(' ', out);
	markup__at(out, y);
}

/* Is there something beside it, so that a line may lead there? */
static bool leads_on(const struct chart *chart, const double *values, size_t idx)
{
	double gap;

	if (idx + 1 >= chart->cnt || isnan(values[idx]) || isnan(values[idx + 1]))
		return false;
	gap = chart->from[idx + 1] - chart->to[idx];
	return gap < (chart->to[idx] - chart->from[idx]) / 2;
}

/* Nothing is drawn where nothing is known: a value without neighbours is a dot, which is a line
 * without length that has round ends. */
static void draw_curve(const struct chart *chart, const struct extent *range, size_t idx,
		       double span, bool dots, FILE *out)
{
	const double *values = chart->series[idx].values;

	fprintf(out, "<path class=\"%s c%zu d%zu\" d=\"", dots ? "dot" : "line", idx % COLORS,
		dots ? 0 : idx / COLORS);
	for (size_t i = 0; i < chart->cnt; i++) {
		double x = (chart->from[i] + chart->to[i]) / 2 / span * X_UNITS;
		bool led_here = i && leads_on(chart, values, i - 1);
		bool lonely = !led_here && !leads_on(chart, values, i);

		if (isnan(values[i]) || lonely != dots)
			continue;
		put_point(out, led_here ? 'L' : 'M', x, y_of(chart, range, values[i]));
		if (dots)
			fputs("h0", out);
	}
	fputs("\"/>\n", out);
}

static void draw_columns(const struct chart *chart, const struct extent *range, size_t idx,
			 double span, FILE *out)
{
	fprintf(out, "<path class=\"area c%zu\" d=\"", idx % COLORS);
	for (size_t i = 0; i < chart->cnt; i++) {
		double value = chart->series[idx].values[i], below = 0, x, width;

		if (isnan(value) || value <= 0)
			continue;
		for (size_t j = 0; j < idx; j++)
			below += isnan(chart->series[j].values[i]) ? 0 : chart->series[j].values[i];
		x = chart->from[i] / span * X_UNITS;
		width = fmax((chart->to[i] - chart->from[i]) / span * X_UNITS, 60);
		put_point(out, 'M', fmin(x, X_UNITS - width), y_of(chart, range, below));
		fputs("V", out);
		markup__at(out,
			   fmin(y_of(chart, range, below + value), y_of(chart, range, below) - 1));
		fputs("h", out);
		markup__at(out, width);
		fputs("V", out);
		markup__at(out, y_of(chart, range, below));
		fputs("z", out);
	}
	fputs("\"/>\n", out);
}

void chart__draw(const struct chart *chart, const struct time_axis *axis, bool alone, FILE *out)
{
	double top = (alone ? SVG_HEADING_HEIGHT : 2), span, step;
	double legend = draw_legend(chart, top, NULL);
	struct extent range = find_range(chart, &step);
	struct svg_head head = { CHART_WIDTH,  top + legend + 6 + PLOT_HEIGHT + BOTTOM,
				 chart->id,    "chart",
				 chart->title, chart->unit_about,
				 alone };

	span = axis->last_ns > axis->first_ns ? (double)(axis->last_ns - axis->first_ns) : 1;
	svg__begin(out, &head);
	draw_legend(chart, top, out);
	top += legend + 6;
	draw_values(chart, &range, step, top, out);
	svg__time_ticks(out, axis, LEFT, CHART_WIDTH - RIGHT, top, top + PLOT_HEIGHT);
	fprintf(out,
		"<svg class=\"zoom\" x=\"%d\" y=\"%.0f\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %.0f %d\" preserveAspectRatio=\"none\">\n",
		LEFT, top, CHART_WIDTH - LEFT - RIGHT, PLOT_HEIGHT, X_UNITS, PLOT_HEIGHT);
	for (size_t i = chart->series_cnt; i-- > 0;) {
		if (chart->columns) {
			draw_columns(chart, &range, i, span, out);
			continue;
		}
		draw_curve(chart, &range, i, span, false, out);
		draw_curve(chart, &range, i, span, true, out);
	}
	svg__end(out);
	svg__end(out);
}

/* --- for the script ----------------------------------------------------------------------- */

static void json_numbers(const double *numbers, size_t cnt, FILE *out)
{
	putc('[', out);
	for (size_t i = 0; i < cnt; i++) {
		if (i)
			putc(',', out);
		markup__number(out, numbers[i]);
	}
	putc(']', out);
}

void chart__json(const struct chart *chart, FILE *out)
{
	static const char *const units[] = { "count", "percent", "bytes", "ns" };

	fprintf(out, "\"%s\":{\"unit\":\"%s\",\"from\":", chart->id, units[chart->unit]);
	json_numbers(chart->from, chart->cnt, out);
	fputs(",\"to\":", out);
	json_numbers(chart->to, chart->cnt, out);
	fputs(",\"series\":[", out);
	for (size_t i = 0; i < chart->series_cnt; i++) {
		fputs(i ? ",{\"name\":" : "{\"name\":", out);
		markup__json(out, chart->series[i].name);
		fputs(",\"values\":", out);
		json_numbers(chart->series[i].values, chart->cnt, out);
		putc('}', out);
	}
	fputs("]}", out);
}
