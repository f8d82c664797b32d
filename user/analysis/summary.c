/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/summary.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t nearest_rank(const uint64_t *sorted, size_t cnt, unsigned int percent)
{
	/* ceil(cnt * percent / 100), where the product may not fit */
	size_t rank = cnt / 100 * percent + (cnt % 100 * percent + 99) / 100;

	return sorted[rank - 1];
}

static void set_total(struct summary *summary, unsigned __int128 total)
{
	summary->total = total > UINT64_MAX ? UINT64_MAX : (uint64_t)total;
	summary->mean = (uint64_t)((total + summary->cnt / 2) / summary->cnt);
}

void summarize(uint64_t *values, size_t cnt, struct summary *ret_summary)
{
	unsigned __int128 total = 0;

	*ret_summary = (struct summary) { .cnt = cnt, .ranked = cnt };
	if (!cnt)
		return;
	qsort(values, cnt, sizeof(*values), compare);
	for (size_t i = 0; i < cnt; i++)
		total += values[i];
	set_total(ret_summary, total);
	ret_summary->min = values[0];
	ret_summary->p50 = nearest_rank(values, cnt, 50);
	ret_summary->p90 = nearest_rank(values, cnt, 90);
	ret_summary->p99 = nearest_rank(values, cnt, 99);
	ret_summary->max = values[cnt - 1];
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
