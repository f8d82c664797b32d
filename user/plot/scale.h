/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the ticks of an axis are, and what stands beside them. Moments are UTC. */
#ifndef TACHO_USER_PLOT_SCALE_H
#define TACHO_USER_PLOT_SCALE_H

#include <stddef.h>
#include <stdint.h>

#define SCALE_LABEL_SZ 40

/* The least step that people count in (1, 2 or 5 times a power of ten; of seconds, minutes, hours
 * and days what clocks and calendars show) of which at most max fit into the span. */
uint64_t scale_time_step(uint64_t span_ns, unsigned int max);

/* As exact as ticks of that step are apart: "2026-11-22", "09:30", "09:30:05.25". */
void scale_time_label(uint64_t ns, uint64_t step_ns, char label[SCALE_LABEL_SZ]);

/* "2026-11-22 09:30:05Z". */
void scale_moment(uint64_t ns, char label[SCALE_LABEL_SZ]);

enum scale_unit { SCALE_COUNT, SCALE_PERCENT, SCALE_BYTES, SCALE_NS };

/* Likewise for numbers; of bytes, also times a power of 1024. 1 at least of what is only counted.
 */
double scale_step(enum scale_unit unit, double span, unsigned int max);

/* Short, as beside a tick: "20 %", "512 MiB", "10 us". */
void scale_label(enum scale_unit unit, double value, char label[SCALE_LABEL_SZ]);

/* Where the value is between low and high, from 0 to 1, by their logarithms. All positive. */
double scale_log(double value, double low, double high);

#endif
