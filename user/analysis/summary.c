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

void summarize(uint64_t *values, size_t cnt, struct summary *ret_summary)
{
	unsigned __int128 total = 0;

	*ret_summary = (struct summary) { .cnt = cnt };
	if (!cnt)
		return;
	qsort(values, cnt, sizeof(*values), compare);
	for (size_t i = 0; i < cnt; i++)
		total += values[i];
	ret_summary->total = total > UINT64_MAX ? UINT64_MAX : (uint64_t)total;
	ret_summary->mean = (uint64_t)((total + cnt / 2) / cnt);
	ret_summary->min = values[0];
	ret_summary->p50 = nearest_rank(values, cnt, 50);
	ret_summary->p90 = nearest_rank(values, cnt, 90);
	ret_summary->p99 = nearest_rank(values, cnt, 99);
	ret_summary->max = values[cnt - 1];
}
