/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/scale.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

uint64_t scale_time_step(uint64_t span_ns, unsigned int max)
{
	static const uint64_t clock_steps[] = {
		SECOND,	 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
		MINUTE,	 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
		HOUR,	 2 * HOUR,   3 * HOUR,	 6 * HOUR,    12 * HOUR,   DAY,
		2 * DAY, 7 * DAY,    14 * DAY,	 28 * DAY,
	};
	static const unsigned int factors[] = { 1, 2, 5 };
	uint64_t least = span_ns / (max ? max : 1) + 1;

	for (uint64_t power = 1; power < SECOND; power *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (power * factors[i] >= least)
				return power * factors[i];
		}
	}
	for (size_t i = 0; i < sizeof(clock_steps) / sizeof(clock_steps[0]); i++) {
		if (clock_steps[i] >= least)
			return clock_steps[i];
	}
	for (uint64_t power = 100 * DAY; power <= UINT64_MAX / 50; power *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (power * factors[i] >= least)
				return power * factors[i];
		}
	}
	return UINT64_MAX;
}

static void put_time(uint64_t ns, const char *format, char label[SCALE_LABEL_SZ])
{
	time_t seconds = (time_t)(ns / SECOND);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(label, SCALE_LABEL_SZ, format, &tm))
		snprintf(label, SCALE_LABEL_SZ, "%" PRIu64, ns);
}

void scale_time_label(uint64_t ns, uint64_t step_ns, char label[SCALE_LABEL_SZ])
{
	char whole[SCALE_LABEL_SZ];
	int digits = 9;

	if (step_ns >= DAY) {
		put_time(ns, "%Y-%m-%d", label);
	} else if (step_ns >= MINUTE) {
		put_time(ns, "%H:%M", label);
	} else if (step_ns >= SECOND) {
		put_time(ns, "%H:%M:%S", label);
	} else {
		for (uint64_t step = step_ns ? step_ns : 1; step % 10 == 0; step /= 10)
			digits--;
		put_time(ns, "%H:%M:%S", whole);
		snprintf(label, SCALE_LABEL_SZ, "%.20s.%09" PRIu64, whole, ns % SECOND);
		for (int i = 9; i > digits; i--)
			label[snprintf(NULL, 0, "%.20s.", whole) + i - 1] = '\0';
	}
}

void scale_moment(uint64_t ns, char label[SCALE_LABEL_SZ])
{
	put_time(ns, "%Y-%m-%d %H:%M:%SZ", label);
}

double scale_step(enum scale_unit unit, double span, unsigned int max)
{
	double least = span / (max ? max : 1), base = 1, power;

	if (!(least > 0))
		return 1;
	if (unit == SCALE_BYTES) {
		while (least / base > 512)
			base *= 1024;
		for (power = 1; power < 1024; power *= 2) {
			if (power * base >= least)
				return power * base;
		}
	}
	power = pow(10, floor(log10(least)));
	for (int factor = 1; factor <= 5; factor += factor == 1 ? 1 : 3) {
		if (factor * power >= least * (1 - 1e-9)) {
			base = factor * power;
			break;
		}
		base = 10 * power;
	}
	return unit == SCALE_COUNT && base < 1 ? 1 : base;
}

static void label_of_units(double value, double factor, const char *const *units, size_t cnt,
			   char label[SCALE_LABEL_SZ])
{
	size_t i = 0;

	for (; i + 1 < cnt && fabs(value) >= factor * (1 - 1e-9); i++)
		value /= factor;
	snprintf(label, SCALE_LABEL_SZ, "%.4g%s", value, units[i]);
}

void scale_label(enum scale_unit unit, double value, char label[SCALE_LABEL_SZ])
{
	static const char *const bytes[] = { " B", " KiB", " MiB", " GiB", " TiB" };
	static const char *const times[] = { " ns", " us", " ms", " s" };
	static const char *const counts[] = { "", " k", " M", " G" };

	if (unit == SCALE_BYTES)
		label_of_units(value, 1024, bytes, 5, label);
	else if (unit == SCALE_NS)
		label_of_units(value, 1000, times, 4, label);
	else if (unit == SCALE_COUNT)
		label_of_units(value, 1000, counts, 4, label);
	else
		snprintf(label, SCALE_LABEL_SZ, "%.4g %%", value);
}

double scale_log(double value, double low, double high)
{
	if (!(high > low) || value <= low)
		return 0;
	return value >= high ? 1 : log(value / low) / log(high / low);
}
