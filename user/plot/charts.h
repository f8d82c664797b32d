/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The charts over time that there are of what was recorded. */
#ifndef TACHO_USER_PLOT_CHARTS_H
#define TACHO_USER_PLOT_CHARTS_H

#include "plot/chart.h"

#define PLOT_TOP_DEFAULT 6
#define PLOT_TOP_MAX 16

/* Each in *ret_chart, which is NULL if there is nothing to show. 0 or -ENOMEM. */

/* p50, p90 and p99 of the calls that began in each period. */
int charts__percentiles(const struct plot_data *data, const struct plot_state *state,
			struct chart **ret_chart);

/* The share of the machine's memory is what is known of processes without bytes. */
enum charts_usage { CHARTS_CPU, CHARTS_MEMORY, CHARTS_SHARE, CHARTS_USAGE_CNT };

/* The top processes by it, and all others together. */
int charts__usage(const struct plot_data *data, enum charts_usage which, size_t top,
		  struct chart **ret_chart);

/* Of the machines (one curve each), or of the GPUs. */
int charts__devices(const struct plot_data *data, const struct keyed *devices, const char *id,
		    enum charts_usage which, struct chart **ret_chart);

int charts__losses(const struct plot_data *data, struct chart **ret_chart);

#endif
