/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of calls, from any bytes: read fast, in blocks of any size, by one thread and by several,
 * they are what reading them with care makes of them, malformed rows and their lines included.
 *
 * The first byte says how long the blocks are, the second how many threads there are (1 to 4),
 * what is asked for, and by what it is grouped.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "../unit/activities_transcript.h"
#include "fault.h"
#include "select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static const struct activities_filter *choose_filter(unsigned int choice)
{
	static struct tacho_glob globs[2];
	static struct activities_filter filters[] = {
		{},
		{ .states = { &globs[0], 1 } },
		{ .threads = { &globs[1], 1 } },
		{ .since_ns = 15, .until_ns = 1000 },
		{ .newest_only = true },
	};

	if (!globs[0].token_cnt)
		transcript_require(!glob_compile("[A-M]*", &globs[0], NULL) &&
				   !glob_compile("?[a-m]*", &globs[1], NULL));
	return choice < sizeof(filters) / sizeof(*filters) ? &filters[choice] : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	const struct activities_reading careful = { .careful = true };
	static const struct activities_grouping groupings[4] = {
		{},
		{ .columns = { "comm", "a", "ended" }, .column_cnt = 3 },
		{ .columns = { "failed" }, .column_cnt = 1, .interval_ns = 7 },
		{ .columns = { "duration_ns", "host" }, .column_cnt = 2 },
	};
	const struct activities_grouping *grouping;
	struct activities_reading fast = {};
	const struct activities_filter *filter;
	char *slow_text, *fast_text;

	if (sz < 2)
		return 0;
	fast.block_sz = data[0] + 1U;
	fast.threads = 1 + (data[1] & 3);
	filter = choose_filter(data[1] >> 2 & 7);
	grouping = &groupings[data[1] >> 5 & 3];
	slow_text =
		transcript_of_groups((const char *)data + 2, sz - 2, &careful, filter, grouping, 0);
	fast_text =
		transcript_of_groups((const char *)data + 2, sz - 2, &fast, filter, grouping, 0);
	transcript_require(!strcmp(slow_text, fast_text));
	free(slow_text);
	free(fast_text);
	return 0;
}
