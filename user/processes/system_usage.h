/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the whole machine uses at a tick: memory as psutil counts it, load, pressure stalls and how
 * busy each CPU was. What the kernel does not tell is unknown, never 0.
 */
#ifndef TACHO_USER_PROCESSES_SYSTEM_USAGE_H
#define TACHO_USER_PROCESSES_SYSTEM_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "tacho/event.h"

/* Its members are those of struct event_system (decode.h), which makes a record of it. */
struct system_usage {
	__u64 known;			      /* bit n: values[n] is known */
	__u64 values[TACHO_SYSTEM_VALUE_CNT]; /* by enum tacho_system_value, which has the units
					       */
	uint64_t boot_time_s; /* since the Unix epoch; moves when the clock is set; 0: unknown */
	/* Of each CPU by its number: tenths of a percent since the sample before, or
	 * TACHO_CPU_UNKNOWN. The reader's; good until its next sample or its end. */
	const uint16_t *cpu_busy;
	size_t cpu_cnt; /* the highest number that the reader has ever seen, and one */
};

static inline bool system_usage__knows(const struct system_usage *usage,
				       enum tacho_system_value value)
{
	return usage->known >> value & 1;
}

struct system_reader;

/* root: where proc/ is, normally "/". -ENOMEM, or what open(2) says of root. */
int system_reader__new(const char *root, struct system_reader **ret_reader, struct fault *why);
void system_reader__free(struct system_reader *reader); /* NULL is fine */

/*
 * Busy is all but idle and iowait. It is unknown in the first sample, of CPUs that were not there
 * in both this one and the one before, and if no time has passed between them. The share over all
 * CPUs is that over those whose own is known.
 *
 * 0; negative errno with why when nothing at all can be read, or there is no memory.
 */
int system_reader__sample(struct system_reader *reader, struct system_usage *ret_usage,
			  struct fault *why);

#endif
