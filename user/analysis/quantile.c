/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/quantile.h"

struct quantile_place quantile__place(size_t cnt, unsigned int percent)
{
	/* (cnt - 1) * percent / 100, where the product may not fit */
	size_t hundreds = (cnt - 1) / 100, rest = (cnt - 1) % 100 * percent;

	return (struct quantile_place) { hundreds * percent + rest / 100,
					 (unsigned int)(rest % 100) };
}

uint64_t quantile__value(const struct sample *sample, unsigned int percent)
{
	struct quantile_place place = quantile__place(sample->cnt, percent);
	uint64_t below = sample->sorted[place.idx];
	unsigned __int128 step;

	if (!place.hundredths)
		return below;
	step = (unsigned __int128)(sample->sorted[place.idx + 1] - below) * place.hundredths;
	return below + (uint64_t)((step + 50) / 100);
}
