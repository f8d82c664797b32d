/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "moment.h"

#define UNTOUCHED 77

static void expect(const char *text, int err, uint64_t ns)
{
	uint64_t found = UNTOUCHED;
	int found_err = parse_moment_ns(text, &found);

	if (found_err != err || found != (err ? UNTOUCHED : ns))
		fail_msg("'%s': %d, %" PRIu64 "; should be %d, %" PRIu64, text, found_err, found,
			 err, ns);
}

static void use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

#define AT UINT64_C(1795339805000000000) /* date -ud '2026-11-22 09:30:05' +%s */

static void digits_are_nanoseconds(void **state)
{
	(void)state;
	expect("0", 0, 0);
	expect("1795328314555660785", 0, UINT64_C(1795328314555660785));
	expect("18446744073709551615", 0, UINT64_MAX);
	expect("18446744073709551616", -ERANGE, 0);
	expect("", -EINVAL, 0);
}

static void an_offset_says_where_the_clock_hangs(void **state)
{
	(void)state;
	use_zone("UTC-5");
	expect("2026-11-22T09:30:05Z", 0, AT);
	expect("2026-11-22t09:30:05z", 0, AT);
	expect("2026-11-22 09:30:05+00:00", 0, AT);
	expect("2026-11-22T10:30:05+01:00", 0, AT);
	expect("2026-11-22T06:00:05-0330", 0, AT);
	expect("2026-11-21T23:30:05-10:00", 0, AT);
	expect("2026-11-22T09:30Z", 0, AT - UINT64_C(5000000000));
}

static void without_an_offset_it_hangs_here(void **state)
{
	(void)state;
	use_zone("UTC-5");
	expect("2026-11-22 14:30:05", 0, AT);
	expect("2026-11-22T14:30:05", 0, AT);
	expect("2026-11-22 14:30", 0, AT - UINT64_C(5000000000));
	expect("2026-11-22", 0, AT - UINT64_C(1000000000) * (14 * 3600 + 30 * 60 + 5));
	use_zone("UTC");
	expect("2026-11-22 09:30:05", 0, AT);
}

static void fractions_go_to_nanoseconds(void **state)
{
	(void)state;
	expect("2026-11-22T09:30:05.5Z", 0, AT + 500000000);
	expect("2026-11-22T09:30:05.123456789Z", 0, AT + 123456789);
	expect("2026-11-22T09:30:05.0000000019Z", 0, AT + 1);
	expect("2026-11-22T09:30:05.Z", -EINVAL, 0);
}

static void days_that_never_were_are_refused(void **state)
{
	(void)state;
	expect("2024-02-29T00:00:00Z", 0, UINT64_C(1709164800000000000));
	expect("2026-02-29T00:00:00Z", -ERANGE, 0);
	expect("2026-13-01", -ERANGE, 0);
	expect("2026-00-10", -ERANGE, 0);
	expect("2026-04-31", -ERANGE, 0);
	expect("2026-04-00", -ERANGE, 0);
	expect("2026-04-01 24:00", -ERANGE, 0);
	expect("2026-04-01 23:60", -ERANGE, 0);
	expect("2026-04-01 23:59:61", -ERANGE, 0);
	expect("2016-12-31T23:59:60Z", 0, UINT64_C(1483228800000000000));
	expect("1969-12-31T23:59:59Z", -ERANGE, 0);
	expect("1970-01-01T00:59:59+01:00", -ERANGE, 0);
	expect("1970-01-01T01:00:00+01:00", 0, 0);
	expect("2554-01-01", -ERANGE, 0);
	expect("2553-12-31T23:59:59Z", 0, UINT64_C(18429292799000000000));
}

/* Central Europe, 2026: from 2 to 3 o'clock on March 29. */
static void hours_that_were_skipped_are_refused(void **state)
{
	(void)state;
	use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	expect("2026-03-29 01:59:59", 0, UINT64_C(1774745999000000000));
	expect("2026-03-29 02:30", -EINVAL, 0);
	expect("2026-03-29 03:00", 0, UINT64_C(1774746000000000000));
	expect("2026-07-01 12:00", 0, UINT64_C(1782900000000000000));
	use_zone("UTC");
}

static void other_words_are_refused(void **state)
{
	static const char *const words[] = { "now",
					     "-1",
					     "1.5",
					     "2026-1-2",
					     "2026-11-22 ",
					     "2026-11-22 9:30",
					     "2026-11-22 09",
					     "2026-11-22 09:30:5",
					     "2026-11-22 09:30:05 ",
					     "2026-11-22  09:30",
					     "2026-11-22T09:30:05+1",
					     "2026-11-22T09:30:05+24:00",
					     "2026-11-22T09:30:05+01:60",
					     "2026-11-22T09:30:05Zulu",
					     "2026-11-22Z",
					     "22.11.2026",
					     "2026-11-22T09:30:05 CET" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		expect(words[i], -EINVAL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_nanoseconds),
		cmocka_unit_test(an_offset_says_where_the_clock_hangs),
		cmocka_unit_test(without_an_offset_it_hangs_here),
		cmocka_unit_test(fractions_go_to_nanoseconds),
		cmocka_unit_test(days_that_never_were_are_refused),
		cmocka_unit_test(hours_that_were_skipped_are_refused),
		cmocka_unit_test(other_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
