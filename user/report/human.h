/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Quantities as people read them: three significant digits and a unit. */
#ifndef TACHO_USER_REPORT_HUMAN_H
#define TACHO_USER_REPORT_HUMAN_H

#include <stdint.h>

#define HUMAN_SZ 40

/* "1.23 us"; seconds have all of theirs. */
void human_duration(uint64_t ns, char text[HUMAN_SZ]);

/* "812 B", "1.23 KiB"; may be negative. */
void human_bytes(double bytes, char text[HUMAN_SZ]);

/* "12.3 %"; "<0.1 %" of what is more than nothing. */
void human_percent(double percent, char text[HUMAN_SZ]);

/* "12.3/s", "4.00/min", "1.50/h", "2.00/d": in the shortest of these that makes it 1 or more. */
void human_rate(double per_second, char text[HUMAN_SZ]);

/* "0.25", "12.3", "1234": three digits or more. */
void human_number(double number, char text[HUMAN_SZ]);

/* "2026-11-22 09:30:05", local time, of nanoseconds since the Unix epoch. */
void human_moment(uint64_t ns, char text[HUMAN_SZ]);

#endif
