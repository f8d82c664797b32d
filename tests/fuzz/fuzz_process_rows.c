/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of processes, from any bytes: process_detail.csv and system_resource_data, or whatever else
 * a file of activities may turn out to be. What they come to does not depend on how they are read.
 *
 * The first byte says how long the blocks are.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "../unit/activities_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	const struct activities_reading careful = { .careful = true };
	struct activities_reading fast = { .threads = 2 };
	char *slow_text, *fast_text;

	if (!sz)
		return 0;
	fast.block_sz = data[0] + 1U;
	slow_text = transcript_of((const char *)data + 1, sz - 1, &careful, NULL, 1);
	fast_text = transcript_of((const char *)data + 1, sz - 1, &fast, NULL, 1);
	transcript_require(!strcmp(slow_text, fast_text));
	free(slow_text);
	free(fast_text);
	return 0;
}
