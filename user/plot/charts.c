/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/charts.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plural.h"

/* A chart with the spans of struct series. NULL without memory. */
static struct chart *new_chart(const struct plot_data *data, const char *id, const char *title,
			       enum scale_unit unit)
{
	struct chart *chart = chart__new(series_cnt(&data->axis));

	if (!chart)
		return NULL;
	for (size_t i = 0; i < chart->cnt; i++) {
		uint64_t from_ns, to_ns;

		series_span(&data->axis, i, &from_ns, &to_ns);
		chart->from[i] = (double)(from_ns - data->axis.first_ns);
		chart->to[i] = (double)(to_ns - data->axis.first_ns);
	}
	snprintf(chart->id, sizeof(chart->id), "%s", id);
	snprintf(chart->title, sizeof(chart->title), "%s", title);
	chart->unit = unit;
	return chart;
}

/* Gives the chart away if there is something to see. */
static int finish(struct chart *chart, int err, struct chart **ret_chart)
{
	if (!err && chart__any(chart)) {
		*ret_chart = chart;
		return 0;
	}
	chart__free(chart);
	*ret_chart = NULL;
	return err;
}

/* --- percentiles -------------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned int permille;
} percentiles[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 } };

#define PERCENTILE_CNT (sizeof(percentiles) / sizeof(percentiles[0]))

static struct chart *new_percentiles(const struct plot_state *state, size_t period_cnt)
{
	struct chart *chart = chart__new(period_cnt);
	bool ok = chart;

	for (size_t i = 0; ok && i < PERCENTILE_CNT; i++)
		ok = chart__add_series(chart, percentiles[i].name);
	if (!ok) {
		chart__free(chart);
		return NULL;
	}
	snprintf(chart->id, sizeof(chart->id), "percentiles-%zu", state->idx);
	snprintf(chart->title, sizeof(chart->title), "%s", state->key.name);
	chart->unit_about = "Percentiles of the durations of calls, by when they began";
	chart->unit = SCALE_NS;
	chart->logarithmic = true;
	chart->state = state->idx;
	return chart;
}

static void set_period(struct chart *chart, const struct plot_data *data, size_t idx,
		       const struct latency_cell *cells, size_t cnt)
{
	const struct time_axis *axis = &data->axis;
	double width = time_axis__bin_ns(axis) * (1 << LATENCY_SHIFT);
	double span = (double)(axis->last_ns - axis->first_ns);
	uint64_t low = time_axis__low(axis) >> LATENCY_SHIFT, total = 0;
	/* from the first period on, so that nothing is lost to the size of a moment */
	double begin = (double)(cells->period - low) * width -
		       (double)(axis->first_ns - ((low << LATENCY_SHIFT) << axis->shift));
	chart->from[idx] = fmax(begin, 0);
	chart->to[idx] = fmin(begin + width, span);
	for (size_t i = 0; i < cnt; i++)
		total += cells[i].cnt;
	for (size_t i = 0; i < PERCENTILE_CNT; i++)
		chart->series[i].values[idx] =
			(double)latency_quantile(cells, cnt, total, percentiles[i].permille);
}

int charts__percentiles(const struct plot_data *data, const struct plot_state *state,
			struct chart **ret_chart)
{
	size_t cnt, period_cnt = 0, end, idx = 0;
	struct latency_cell *cells = latency__sorted(&state->latency, &cnt);
	struct chart *chart;

	*ret_chart = NULL;
	if (!cells)
		return cnt ? -ENOMEM : 0;
	for (size_t i = 0; i < cnt; i++)
		period_cnt += !i || cells[i].period != cells[i - 1].period;
	chart = new_percentiles(state, period_cnt);
	for (size_t i = 0; chart && i < cnt; i = end) {
		for (end = i + 1; end < cnt && cells[end].period == cells[i].period;)
			end++;
		set_period(chart, data, idx++, cells + i, end - i);
	}
	free(cells);
	return chart ? finish(chart, 0, ret_chart) : -ENOMEM;
}

/* --- processes ---------------------------------------------------------------------------- */

static const struct {
	const char *id;
	const char *title;
	const char *about;
	enum scale_unit unit;
	size_t column;
	double factor;
} usages[CHARTS_USAGE_CNT] = {
	[CHARTS_CPU] = { "cpu", "CPU of processes", "Processor time used, in percent of one CPU",
			 SCALE_PERCENT, USAGE_CPU, 100 },
	[CHARTS_MEMORY] = { "memory", "Memory of processes", "Resident memory", SCALE_BYTES,
			    USAGE_BYTES, 1 },
	[CHARTS_SHARE] = { "memory-share", "Memory of processes",
			   "Resident memory, in percent of the machine's", SCALE_PERCENT,
			   USAGE_SHARE, 1 },
};

/* Is that known of it, as far as anything is? */
static bool is_of(const struct plot_process *process, enum charts_usage which)
{
	return which == CHARTS_CPU || (which == CHARTS_SHARE) == !!process->key.command_hash;
}

/* In percent of a CPU, bytes, or percent; while it was seen. NaN when it was not. */
static double usage_at(const struct plot_data *data, const struct series *series, size_t idx,
		       enum charts_usage which)
{
	double seen = series__at(series, &data->axis, idx, USAGE_SEEN);
	double amount = series__at(series, &data->axis, idx, usages[which].column);

	return seen > 0 ? usages[which].factor * amount / seen : NAN;
}

struct ranked {
	const struct plot_process *process;
	double amount;
};

static int compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->amount != b->amount)
		return a->amount > b->amount ? -1 : 1;
	if (a->process->key.pid != b->process->key.pid)
		return a->process->key.pid < b->process->key.pid ? -1 : 1;
	return process_key__compare(&a->process->key, &b->process->key);
}

static int add_process(const struct plot_data *data, struct chart *chart,
		       const struct plot_process *process, enum charts_usage which)
{
	char name[PLOT_NAME_SZ + 24];
	struct chart_series *series;

	snprintf(name, sizeof(name), "%.120s", process->name);
	if (!process->key.command_hash)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), " %" PRIu64,
			 process->key.pid);
	series = chart__add_series(chart, name);
	if (!series)
		return -ENOMEM;
	for (size_t i = 0; i < chart->cnt; i++)
		series->values[i] = usage_at(data, &process->series, i, which);
	return 0;
}

/* For how long any of them was seen; the whole bin, as far as the axis reaches, where that is not
 * known. 0: never. */
static double seen_at(const struct plot_data *data, const struct chart *chart,
		      const struct ranked *others, size_t cnt, size_t without_curve, size_t idx)
{
	double seen = 0;

	if (without_curve && series__at(&data->rest, &data->axis, idx, USAGE_SEEN) > 0)
		return chart->to[idx] - chart->from[idx];
	for (size_t i = 0; i < cnt; i++)
		seen = fmax(seen,
			    series__at(&others[i].process->series, &data->axis, idx, USAGE_SEEN));
	return seen;
}

static double sum_at(const struct plot_data *data, const struct ranked *others, size_t cnt,
		     size_t idx, enum charts_usage which)
{
	size_t column = usages[which].column;
	double sum = series__at(&data->rest, &data->axis, idx, column);

	for (size_t i = 0; i < cnt; i++)
		sum += series__at(&others[i].process->series, &data->axis, idx, column);
	return usages[which].factor * sum;
}

static int add_others(const struct plot_data *data, struct chart *chart,
		      const struct ranked *others, size_t cnt, size_t without_curve,
		      enum charts_usage which)
{
	struct chart_series *series;
	char name[64];

	if (!cnt && !without_curve)
		return 0;
	snprintf(name, sizeof(name), "%zu %s together", cnt + without_curve,
		 plural(cnt + without_curve, "other", "others"));
	series = chart__add_series(chart, name);
	if (!series)
		return -ENOMEM;
	for (size_t i = 0; i < chart->cnt; i++) {
		double seen = seen_at(data, chart, others, cnt, without_curve, i);

		if (seen > 0)
			series->values[i] = sum_at(data, others, cnt, i, which) / seen;
	}
	return 0;
}

static double amount_of(const struct plot_data *data, const struct plot_process *process,
			enum charts_usage which)
{
	if (which == CHARTS_CPU)
		return (double)plot_process__cpu_ns(data, process);
	return which == CHARTS_MEMORY ? (double)process->peak_bytes : process->peak_percent;
}

static size_t rank(const struct plot_data *data, enum charts_usage which, struct ranked *ranked,
		   size_t *ret_without_curve)
{
	size_t cnt = 0;

	*ret_without_curve = 0;
	for (size_t i = 0; i < data->processes.cnt; i++) {
		const struct plot_process *process = data->processes.items[i];

		if (!process->is_asked || !is_of(process, which))
			continue;
		if (!process->series.ring) {
			++*ret_without_curve;
			continue;
		}
		ranked[cnt].process = process;
		ranked[cnt++].amount = amount_of(data, process, which);
	}
	qsort(ranked, cnt, sizeof(*ranked), compare_ranked);
	return cnt;
}

int charts__usage(const struct plot_data *data, enum charts_usage which, size_t top,
		  struct chart **ret_chart)
{
	struct ranked *ranked = calloc(data->processes.cnt + 1, sizeof(*ranked));
	struct chart *chart =
		new_chart(data, usages[which].id, usages[which].title, usages[which].unit);
	size_t without_curve, cnt;
	int err = ranked && chart ? 0 : -ENOMEM;

	*ret_chart = NULL;
	if (err) {
		free(ranked);
		chart__free(chart);
		return err;
	}
	chart->unit_about = usages[which].about;
	cnt = rank(data, which, ranked, &without_curve);
	if (cnt == top + 1 && !without_curve && top < PLOT_TOP_MAX)
		top++; /* "1 others together" would take as much room */
	for (size_t i = 0; !err && i < cnt && i < top; i++)
		err = add_process(data, chart, ranked[i].process, which);
	if (!err && cnt > top)
		err = add_others(data, chart, ranked + top, cnt - top, without_curve, which);
	else if (!err)
		err = add_others(data, chart, NULL, 0, without_curve, which);
	free(ranked);
	return finish(chart, err, ret_chart);
}

/* --- the machine and its GPUs ------------------------------------------------------------- */

static int add_device(const struct plot_data *data, struct chart *chart,
		      const struct plot_device *device, enum charts_usage which, bool named)
{
	size_t column = which == CHARTS_CPU ? 2 * GAUGE_LOAD : 2 * GAUGE_MEMORY;
	struct chart_series *series = chart__add_series(chart, named ? device->name : "");

	if (!series)
		return -ENOMEM;
	for (size_t i = 0; i < chart->cnt; i++) {
		double seen = series__at(&device->series, &data->axis, i, column + 1);

		if (seen > 0)
			series->values[i] =
				series__at(&device->series, &data->axis, i, column) / seen;
	}
	if (which == CHARTS_MEMORY)
		chart->ceiling = fmax(chart->ceiling, (double)device->memory_total_bytes);
	return 0;
}

int charts__devices(const struct plot_data *data, const struct keyed *devices, const char *id,
		    enum charts_usage which, struct chart **ret_chart)
{
	bool machine = devices == &data->machines, cpu = which == CHARTS_CPU;
	const char *title = machine ? cpu ? "CPUs of the machine" : "Memory of the machine"
			    : cpu   ? "Load of GPUs"
				    : "Memory of GPUs";
	struct chart *chart = new_chart(data, id, title, cpu ? SCALE_PERCENT : SCALE_BYTES);
	int err = chart ? 0 : -ENOMEM;

	*ret_chart = NULL;
	if (err)
		return err;
	chart->unit_about = cpu ? "How busy, in percent of all there is" : "Memory in use";
	chart->ceiling = cpu ? 100 : 0;
	for (size_t i = 0; !err && i < devices->cnt; i++) {
		const struct plot_device *device = devices->items[i];

		if (device->known[cpu ? GAUGE_LOAD : GAUGE_MEMORY])
			err = add_device(data, chart, device, which, !machine || devices->cnt > 1);
	}
	return finish(chart, err, ret_chart);
}

/* --- losses ------------------------------------------------------------------------------- */

int charts__losses(const struct plot_data *data, struct chart **ret_chart)
{
	static const char *const causes[] = { "ring full", "nested too deep", "no memory or disk" };
	struct chart *chart = new_chart(data, "losses", "Calls that were lost", SCALE_COUNT);
	int err = chart ? 0 : -ENOMEM;

	*ret_chart = NULL;
	if (err)
		return err;
	chart->unit_about = "Calls that were seen to begin, but could not be recorded, by reason";
	chart->columns = true;
	for (size_t i = 0; !err && i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct chart_series *series = chart__add_series(chart, causes[i]);

		err = series ? 0 : -ENOMEM;
		for (size_t j = 0; !err && j < chart->cnt; j++)
			series->values[j] = series__at(&data->losses, &data->axis, j, i);
	}
	if (!err && !plot_data__lost(data)) { /* nothing but zeros */
		chart__free(chart);
		return 0;
	}
	return finish(chart, err, ret_chart);
}
