/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/quantile.h"

/* A shifted gamma that is hardly skewed is a normal distribution. */
#define SKEWNESS_MIN 1e-3

static double change_of(double base, double new)
{
	if (base == 0)
		return new == 0 ? 0 : INFINITY;
	return (new - base) / base;
}

static int compare(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Sorts the changes. */
static void take_middle(double changes[BOOTSTRAP_RESAMPLES], double alpha,
			struct bootstrap_interval *ret_interval)
{
	/* a little more, since 2000 * 0.025 must not become 49 */
	size_t outside = (size_t)((BOOTSTRAP_RESAMPLES + 1) * alpha / 2 + 1e-6);

	qsort(changes, BOOTSTRAP_RESAMPLES, sizeof(*changes), compare);
	if (!outside)
		outside = 1;
	*ret_interval = (struct bootstrap_interval) { changes[outside - 1],
						      changes[BOOTSTRAP_RESAMPLES - outside] };
}

/* --- the mean -------------------------------------------------------------------------------- */

struct mean_source {
	const struct sample *sample;
	double mean;
	double deviation; /* of the means of resamples */
	double skewness;  /* likewise */
};

static void mean_source__init(struct mean_source *source, const struct sample *sample)
{
	double cnt = (double)sample->cnt, sum = 0, squares = 0, cubes = 0, variance, off;

	for (size_t i = 0; i < sample->cnt; i++)
		sum += (double)sample->sorted[i];
	*source = (struct mean_source) { .sample = sample, .mean = sum / cnt };
	for (size_t i = 0; i < sample->cnt; i++) {
		off = (double)sample->sorted[i] - source->mean;
		squares += off * off;
		cubes += off * off * off;
	}
	variance = squares / cnt;
	if (variance == 0)
		return;
	source->deviation = sqrt(variance / cnt);
	source->skewness = cubes / cnt / (variance * sqrt(variance)) / sqrt(cnt);
}

static double draw_all(const struct sample *sample, struct random *random)
{
	double sum = 0;

	for (size_t i = 0; i < sample->cnt; i++)
		sum += (double)sample->sorted[random__below(random, sample->cnt)];
	return sum / (double)sample->cnt;
}

/* Of mean 0, variance 1 and that skewness, which is 2 / sqrt(shape) in a gamma. */
static double draw_skewed(double skewness, struct random *random)
{
	double shape, off;

	if (fabs(skewness) < SKEWNESS_MIN)
		return random__normal(random);
	shape = 4 / (skewness * skewness);
	off = (random__gamma(random, shape) - shape) / sqrt(shape);
	return skewness < 0 ? -off : off;
}

static double mean_source__draw(const struct mean_source *source, struct random *random)
{
	const struct sample *sample = source->sample;
	double least = (double)sample->sorted[0], most = (double)sample->sorted[sample->cnt - 1];
	double mean;

	if (source->deviation == 0)
		return source->mean;
	if (sample->cnt <= BOOTSTRAP_MEAN_MAX)
		return draw_all(sample, random);
	mean = source->mean + source->deviation * draw_skewed(source->skewness, random);
	return fmin(fmax(mean, least), most);
}

void bootstrap__mean(struct random *random, const struct sample *base, const struct sample *new,
		     double alpha, struct bootstrap_interval *ret_interval)
{
	double changes[BOOTSTRAP_RESAMPLES], drawn;
	struct mean_source base_source, new_source;

	mean_source__init(&base_source, base);
	mean_source__init(&new_source, new);
	for (size_t i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
		drawn = mean_source__draw(&base_source, random);
		changes[i] = change_of(drawn, mean_source__draw(&new_source, random));
	}
	take_middle(changes, alpha, ret_interval);
}

/* --- quantiles ------------------------------------------------------------------------------- */

static double value_at(const struct sample *sample, double share)
{
	size_t idx = (size_t)(share * (double)sample->cnt);

	/* A share that is rounded up to 1 is of the last. */
	return (double)sample->sorted[idx < sample->cnt ? idx : sample->cnt - 1];
}

/* Uniform numbers in their order lie as far apart as the events of a Poisson process do. */
static double draw_quantile(const struct sample *sample, struct quantile_place place,
			    struct random *random)
{
	double until = random__gamma(random, (double)(place.idx + 1));
	double next = until + random__exponential(random);
	double all = next + random__gamma(random, (double)(sample->cnt - place.idx - 1));
	double below = value_at(sample, until / all), above = value_at(sample, next / all);

	return below + (above - below) * place.thousandths / 1000;
}

void bootstrap__quantile(struct random *random, const struct sample *base, const struct sample *new,
			 unsigned int percent, double alpha,
			 struct bootstrap_interval *ret_interval)
{
	struct quantile_place base_place = quantile__place(base->cnt, 10 * percent);
	struct quantile_place new_place = quantile__place(new->cnt, 10 * percent);
	double changes[BOOTSTRAP_RESAMPLES], drawn;

	for (size_t i = 0; i < BOOTSTRAP_RESAMPLES; i++) {
		drawn = draw_quantile(base, base_place, random);
		changes[i] = change_of(drawn, draw_quantile(new, new_place, random));
	}
	take_middle(changes, alpha, ret_interval);
}

size_t bootstrap__needs(unsigned int percent, double alpha)
{
	unsigned int nearer = percent > 50 ? percent : 100 - percent;

	return (size_t)ceil(log(alpha / 2) / log(nearer / 100.0));
}
