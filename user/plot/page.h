/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The page: one HTML file that asks for nothing else, and its charts as SVG files. The charts are
 * drawn here and can be read without the script, which adds numbers under the pointer, zoom and
 * choice of states.
 *
 *     page.c         the document
 *     tables.c       its tables
 *     page_data.c    the numbers for the script
 *     timeline.c     calls over time, a lane for each state
 *     histogram.c    durations
 *     charts.c       everything else over time; chart.c draws it
 *     page.css, chart.css, page.js   are in the program as they are (assets.c)
 *
 * Its size is bounded, whatever was recorded: PAGE_SZ_MAX.
 */
#ifndef TACHO_USER_PLOT_PAGE_H
#define TACHO_USER_PLOT_PAGE_H

#include "fault.h"
#include "plot/charts.h"
#include "plot/gather.h"

#define PAGE_SZ_MAX (2000 * 1000)
#define PAGE_ROWS_MAX 150 /* of a table */
#define PAGE_CARDS_MAX 24 /* states that have charts of their own */

struct plot_page {
	const struct plot_data *data;
	const char *title; /* NULL: one is made */
	char *const *paths;
	size_t path_cnt;
	size_t top; /* so many processes have curves */
	uint64_t malformed_cnt;
	uint64_t torn_cnt;
	/* set by plot_page__sort */
	const struct plot_state **states; /* all, the longest total first */
	size_t state_cnt;
	const struct plot_state **drawn; /* those of them that have lanes */
	size_t drawn_cnt;
};

/* 0 or -ENOMEM. */
int plot_page__sort(struct plot_page *page);
void plot_page__free(struct plot_page *page); /* what is in it */

/* 0 or -ENOMEM; whether out took it is for the caller to look at. */
int plot_page__write(const struct plot_page *page, FILE *out);

/* Names of charts, the last one NULL; the first is the one that is meant without a name. */
extern const char *const plot_charts[];

/* One of them. -ENODATA with why if there is nothing of it. */
int plot_page__write_chart(const struct plot_page *page, const char *name, FILE *out,
			   struct fault *why);

/* "lost 12 of 3456 calls", of all states; "" if none was, or nobody counted. */
void plot_page__losses(const struct plot_page *page, char *text, size_t sz);

/* The script's numbers, a JSON document for a script element. 0 or -ENOMEM. */
int plot_page__data(const struct plot_page *page, struct chart *const *charts, size_t chart_cnt,
		    FILE *out);

/* timeline.c; 0 or -ENOMEM */
int plot_timeline__draw(const struct plot_page *page, bool alone, FILE *out);

/* histogram.c; likewise. The buckets that bars stand for are in its table. */
int plot_histogram__draw(const struct plot_state *state, bool alone, FILE *out);
int plot_histogram__table(const struct plot_state *state, FILE *out);

#endif
