/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A chart of numbers over time: up to CHART_SERIES_MAX curves, or columns that stand on each other.
 * Text within is anybody's.
 */
#ifndef TACHO_USER_PLOT_CHART_H
#define TACHO_USER_PLOT_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "plot/bins.h"
#include "plot/gather.h"
#include "plot/scale.h"

#define CHART_SERIES_MAX 17
#define CHART_WIDTH 420

struct chart_series {
	char name[PLOT_NAME_SZ];
	double *values; /* NaN: there is none */
};

struct chart {
	char id[24]; /* letters, digits and '-' */
	char title[PLOT_NAME_SZ];
	const char *unit_about; /* "duration", for who cannot see it */
	size_t state;		/* that it is of; SIZE_MAX: of none */
	enum scale_unit unit;
	bool logarithmic;
	bool columns;
	double ceiling; /* the axis reaches at least so far; 0: only as far as it must */
	size_t cnt;	/* of values in each */
	double *from;	/* ns behind the beginning of the axis */
	double *to;
	struct chart_series series[CHART_SERIES_MAX];
	size_t series_cnt;
};

/* cnt spans of time, to be filled in. NULL without memory. */
struct chart *chart__new(size_t cnt);
void chart__free(struct chart *chart);

/* One more, without values yet; NULL without memory or beyond the maximum. */
struct chart_series *chart__add_series(struct chart *chart, const char *name);

/* Is there anything to see? */
bool chart__any(const struct chart *chart);

/* An svg element; with a style of its own and a heading if it has to stand alone. */
void chart__draw(const struct chart *chart, const struct time_axis *axis, bool alone, FILE *out);

/* "id":{...}, for the script. */
void chart__json(const struct chart *chart, FILE *out);

/* Beginning and end of an svg element, and what each has: a name for who cannot see it, and if it
 * stands alone the style and the heading, which takes SVG_HEADING_HEIGHT. */
#define SVG_HEADING_HEIGHT 30

struct svg_head {
	double width;
	double height;
	const char *id;
	const char *css_class;
	const char *title;
	const char *about;
	bool alone;
};

void svg__begin(FILE *out, const struct svg_head *head);
void svg__end(FILE *out);

/* Ticks of time between left and right, with lines from top to bottom. */
void svg__time_ticks(FILE *out, const struct time_axis *axis, double left, double right, double top,
		     double bottom);

#endif
