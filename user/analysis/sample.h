/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A heap of numbers in order: what quantiles, resampling and tests are about. */
#ifndef TACHO_USER_ANALYSIS_SAMPLE_H
#define TACHO_USER_ANALYSIS_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct sample {
	const uint64_t *sorted; /* ascending; borrowed */
	size_t cnt;
};

#endif
