/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/human.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

/* Writes ns in units of unit_ns with the digits after the point that make three in all; false if
 * that takes more than three before it. */
static bool duration_in(uint64_t ns, uint64_t unit_ns, const char *unit, char *text)
{
	static const unsigned int powers[] = { 1, 10, 100 };
	uint64_t step, steps;

	for (int digits = 2; digits >= 0; digits--) {
		step = unit_ns / powers[digits];
		steps = ns / step + (ns % step >= step - step / 2);
		if (steps >= 1000)
			continue;
		if (digits)
			snprintf(text, HUMAN_SZ, "%" PRIu64 ".%0*" PRIu64 " %s",
				 steps / powers[digits], digits, steps % powers[digits], unit);
		else
			snprintf(text, HUMAN_SZ, "%" PRIu64 " %s", steps, unit);
		return true;
	}
	return false;
}

void human_duration(uint64_t ns, char text[HUMAN_SZ])
{
	const uint64_t us = 1000, ms = 1000 * us, s = 1000 * ms;

	if (ns < us)
		snprintf(text, HUMAN_SZ, "%" PRIu64 " ns", ns);
	else if (!duration_in(ns, us, "us", text) && !duration_in(ns, ms, "ms", text) &&
		 !duration_in(ns, s, "s", text))
		snprintf(text, HUMAN_SZ, "%" PRIu64 " s", ns / s + (ns % s >= s / 2));
}

/* How many digits behind the point make three in all, of a number that is not negative. */
static int digits_behind(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

void human_bytes(double bytes, char text[HUMAN_SZ])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	const size_t unit_cnt = sizeof(units) / sizeof(units[0]);
	double size = fabs(bytes);
	size_t i;

	for (i = 0; i + 1 < unit_cnt && size >= 999.5; i++)
		size /= 1024;
	snprintf(text, HUMAN_SZ, "%s%.*f %s", bytes < 0 ? "-" : "", i ? digits_behind(size) : 0,
		 size, units[i]);
}

void human_percent(double percent, char text[HUMAN_SZ])
{
	if (percent > 0 && percent < 0.05)
		snprintf(text, HUMAN_SZ, "<0.1 %%");
	else
		snprintf(text, HUMAN_SZ, "%.1f %%", percent);
}

void human_number(double number, char text[HUMAN_SZ])
{
	int digits = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;

	snprintf(text, HUMAN_SZ, "%.*f", digits, number);
}

void human_rate(double per_second, char text[HUMAN_SZ])
{
	static const struct {
		double seconds;
		const char *name;
	} spans[] = { { 1, "s" }, { 60, "min" }, { 3600, "h" }, { 86400, "d" } };
	const size_t span_cnt = sizeof(spans) / sizeof(spans[0]);
	size_t i = 0;

	while (i + 1 < span_cnt && per_second * spans[i].seconds < 0.995)
		i++;
	per_second *= spans[i].seconds;
	if (per_second >= 1e9)
		snprintf(text, HUMAN_SZ, "%.2e/%s", per_second, spans[i].name);
	else
		snprintf(text, HUMAN_SZ, "%.*f/%s", digits_behind(per_second), per_second,
			 spans[i].name);
}

void human_moment(uint64_t ns, char text[HUMAN_SZ])
{
	time_t seconds = (time_t)(ns / UINT64_C(1000000000));
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, HUMAN_SZ, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(text, HUMAN_SZ, "%" PRIu64 " ns", ns);
}
