/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/rank_test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

typedef __int128 wide;

struct ranks {
	wide twice_sum; /* of the ranks of the new values; middle ranks of equal values may be
			   halves */
	wide ties;	/* t^3 - t of each t values that are equal */
};

/* How many values from idx on are equal to value. */
static size_t count_equal(const struct sample *sample, size_t idx, uint64_t value)
{
	size_t first = idx;

	while (idx < sample->cnt && sample->sorted[idx] == value)
		idx++;
	return idx - first;
}

static struct ranks rank(const struct sample *base, const struct sample *new)
{
	struct ranks ranks = {};
	size_t i = 0, j = 0;

	while (i < base->cnt || j < new->cnt) {
		uint64_t value = i < base->cnt ? base->sorted[i] : new->sorted[j];
		size_t in_base, in_new;
		wide equal;

		if (j < new->cnt &&new->sorted[j] < value)
			value = new->sorted[j];
		in_base = count_equal(base, i, value);
		in_new = count_equal(new, j, value);
		equal = (wide)in_base + in_new;
		/* the ranks i + j + 1 to i + j + equal */
		ranks.twice_sum += in_new * (2 * ((wide)i + j) + 1 + equal);
		ranks.ties += equal * equal * equal - equal;
		i += in_base;
		j += in_new;
	}
	return ranks;
}

void rank_test(const struct sample *base, const struct sample *new, struct rank_test *ret_test)
{
	struct ranks ranks = rank(base, new);
	wide pairs = (wide)base->cnt * new->cnt;
	wide twice_u = ranks.twice_sum - (wide) new->cnt *((wide) new->cnt + 1);
	wide off = twice_u > pairs ? twice_u - pairs : pairs - twice_u;
	wide cnt = (wide)base->cnt + new->cnt;
	wide untied = cnt * cnt * cnt - cnt - ranks.ties; /* 0 if all are equal */
	double variance, z;

	ret_test->longer = (double)twice_u / 2 / (double)pairs;
	ret_test->p = 1;
	if (off <= 1 || !untied)
		return;
	variance = (double)pairs / 12 * (double)untied / (double)(cnt * (cnt - 1));
	z = ((double)off - 1) / 2 / sqrt(variance);
	ret_test->p = erfc(z * M_SQRT1_2);
}

struct p_value {
	double p;
	size_t idx;
};

static int compare(const void *left, const void *right)
{
	const struct p_value *a = left, *b = right;

	return (a->p > b->p) - (a->p < b->p);
}

int holm_adjust(double *p_values, size_t cnt)
{
	struct p_value *ordered = calloc(cnt + 1, sizeof(*ordered));
	double adjusted = 0;

	if (!ordered)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		ordered[i] = (struct p_value) { p_values[i], i };
	qsort(ordered, cnt, sizeof(*ordered), compare);
	for (size_t i = 0; i < cnt; i++) {
		adjusted = fmin(1, fmax(adjusted, ordered[i].p * (double)(cnt - i)));
		p_values[ordered[i].idx] = adjusted;
	}
	free(ordered);
	return 0;
}
