/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "moment.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "parse.h"

#define SECOND_NS UINT64_C(1000000000)
#define YEAR_MIN 1970
#define YEAR_MAX 2553 /* nanoseconds since 1970 end in 2554 */

/* cnt digits at *at, which is moved behind them; false if there are fewer. */
static bool take_number(const char **at, int cnt, int *ret_number)
{
	*ret_number = 0;
	for (int i = 0; i < cnt; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		*ret_number = *ret_number * 10 + (**at - '0');
	}
	return true;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* ".5": digits beyond the ninth are dropped. */
static bool take_fraction(const char **at, uint64_t *ret_ns)
{
	uint64_t step = SECOND_NS / 10;

	*ret_ns = 0;
	if (!take(at, '.'))
		return true;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++, step /= 10)
		*ret_ns += step * (uint64_t)(**at - '0');
	return true;
}

static bool take_date(const char **at, struct tm *tm)
{
	int year, month;

	if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) ||
	    !take(at, '-') || !take_number(at, 2, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return true;
}

static bool take_time(const char **at, struct tm *tm, uint64_t *ret_ns)
{
	if (!take_number(at, 2, &tm->tm_hour) || !take(at, ':') || !take_number(at, 2, &tm->tm_min))
		return false;
	if (!take(at, ':'))
		return true;
	return take_number(at, 2, &tm->tm_sec) && take_fraction(at, ret_ns);
}

/* "Z", "+01:00", "-0330"; nothing: local time. */
static bool take_offset(const char **at, bool *ret_local, int *ret_seconds)
{
	int hours, minutes, sign = 1;

	*ret_local = !**at;
	*ret_seconds = 0;
	if (*ret_local || take(at, 'Z') || take(at, 'z'))
		return true;
	if (take(at, '-'))
		sign = -1;
	else if (!take(at, '+'))
		return false;
	if (!take_number(at, 2, &hours))
		return false;
	take(at, ':');
	if (!take_number(at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* A second 60 is one that was inserted; Unix time gives it the number of the next. */
static bool exists(const struct tm *tm)
{
	struct tm day = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };
	const struct tm asked = day;

	timegm(&day);
	return tm->tm_year >= YEAR_MIN - 1900 && tm->tm_year <= YEAR_MAX - 1900 &&
	       day.tm_mday == asked.tm_mday && day.tm_mon == asked.tm_mon && tm->tm_hour <= 23 &&
	       tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* Clocks that are put forward skip an hour; mktime moves what is in it. */
static int local_seconds(const struct tm *tm, time_t *ret_seconds)
{
	struct tm moved = *tm;

	moved.tm_isdst = -1;
	*ret_seconds = mktime(&moved);
	if (tm->tm_sec < 60 && (moved.tm_hour != tm->tm_hour || moved.tm_min != tm->tm_min))
		return -EINVAL;
	return 0;
}

static int moment_of(const struct tm *tm, bool local, int offset, uint64_t ns, uint64_t *ret_ns)
{
	struct tm copy = *tm;
	time_t seconds;
	int err;

	if (!exists(tm))
		return -ERANGE;
	if (local) {
		err = local_seconds(tm, &seconds);
		if (err)
			return err;
	} else {
		seconds = timegm(&copy) - offset;
	}
	if (seconds < 0)
		return -ERANGE;
	*ret_ns = (uint64_t)seconds * SECOND_NS + ns;
	return 0;
}

int parse_moment_ns(const char *text, uint64_t *ret_ns)
{
	struct tm tm = {};
	const char *at = text;
	bool local = true;
	uint64_t ns = 0;
	int offset = 0;

	if (text[strspn(text, "0123456789")] == '\0')
		return parse_u64(text, 0, UINT64_MAX, ret_ns);
	if (!take_date(&at, &tm))
		return -EINVAL;
	if (*at) {
		if (!take(&at, 'T') && !take(&at, 't') && !take(&at, ' '))
			return -EINVAL;
		if (!take_time(&at, &tm, &ns) || !take_offset(&at, &local, &offset) || *at)
			return -EINVAL;
	}
	return moment_of(&tm, local, offset, ns, ret_ns);
}
