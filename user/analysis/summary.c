/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/summary.h"

#include "analysis/moments.h"
#include "analysis/quantile.h"
#include "analysis/ranks.h"

static void set_total(struct summary *summary, unsigned __int128 total)
{
	summary->total = total > UINT64_MAX ? UINT64_MAX : (uint64_t)total;
	summary->mean = (uint64_t)((total + summary->cnt / 2) / summary->cnt);
}

uint64_t *summary__quantile(struct summary *summary, size_t idx, unsigned int *ret_permille)
{
	const struct {
		unsigned int permille;
		uint64_t *value;
	} quantiles[SUMMARY_QUANTILES] = {
		{ 500, &summary->p50 }, { 750, &summary->p75 }, { 900, &summary->p90 },
		{ 950, &summary->p95 }, { 990, &summary->p99 }, { 999, &summary->p999 },
	};

	*ret_permille = quantiles[idx].permille;
	return quantiles[idx].value;
}

void summary__set_moments(struct summary *summary, const struct moments *moments)
{
	summary->cnt = moments->cnt;
	summary->ranked = moments->cnt;
	set_total(summary, moments->sum);
	summary->stddev = moments__deviation(moments);
}

void summarize(uint64_t *values, size_t cnt, struct summary *ret_summary)
{
	const struct sample sample = { values, cnt };
	struct moments moments = {};
	unsigned int permille;
	uint64_t *quantile;

	*ret_summary = (struct summary) {};
	if (!cnt)
		return;
	sort_values(values, cnt);
	moments__add(&moments, values, cnt);
	summary__set_moments(ret_summary, &moments);
	ret_summary->min = values[0];
	ret_summary->max = values[cnt - 1];
	for (size_t i = 0; i < SUMMARY_QUANTILES; i++) {
		quantile = summary__quantile(ret_summary, i, &permille);
		*quantile = quantile__value(&sample, permille);
	}
}

uint64_t sample_deviation(const uint64_t *values, size_t cnt)
{
	struct moments moments = {};

	moments__add(&moments, values, cnt);
	return moments__deviation(&moments);
}

void summary__add(struct summary *summary, uint64_t cnt, uint64_t sum, uint64_t min, uint64_t max)
{
	if (!summary->cnt || min < summary->min)
		summary->min = min;
	if (max > summary->max)
		summary->max = max;
	summary->cnt = add_saturated(summary->cnt, cnt);
	set_total(summary, (unsigned __int128)summary->total + sum);
}
