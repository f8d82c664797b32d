/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/quantile.h"

struct quantile_place quantile__place(size_t cnt, unsigned int permille)
{
	/* (cnt - 1) * permille / 1000, where the product may not fit */
	size_t thousands = (cnt - 1) / 1000, rest = (cnt - 1) % 1000 * permille;

	return (struct quantile_place) { thousands * permille + rest / 1000,
					 (unsigned int)(rest % 1000) };
}

uint64_t quantile__between(uint64_t below, uint64_t above, struct quantile_place place)
{
	unsigned __int128 step = (unsigned __int128)(above - below) * place.thousandths;

	return below + (uint64_t)((step + 500) / 1000);
}

uint64_t quantile__value(const struct sample *sample, unsigned int permille)
{
	struct quantile_place place = quantile__place(sample->cnt, permille);
	uint64_t below = sample->sorted[place.idx];

	if (!place.thousandths)
		return below;
	return quantile__between(below, sample->sorted[place.idx + 1], place);
}
