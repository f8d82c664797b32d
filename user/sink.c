/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sink.h"

#include <string.h>

static const struct sink_ops *const sinks[] = {
	&opentrons_sink_ops,	  &detail_sink_ops,
	&process_detail_sink_ops, &opentrons_resources_sink_ops,
	&system_sink_ops,	  &gpu_sink_ops,
	&counters_sink_ops,	  NULL,
};

#define SINK_CNT (sizeof(sinks) / sizeof(sinks[0]) - 1)

_Static_assert(SINK_CNT <= SINK_OPS_MAX, "who uses them has room for no more");

const struct sink_ops *const *sink_ops__all(void)
{
	return sinks;
}

void sink_options__change(struct sink_options *options, const struct sink_options *changed)
{
	options->rotate_bytes = changed->rotate_bytes;
	options->rotate_keep = changed->rotate_keep;
	options->rotate_age_ns = changed->rotate_age_ns;
	options->compress = changed->compress;
	options->keep_bytes = changed->keep_bytes;
	options->sync_ns = changed->sync_ns;
}

const char *const *sink_ops__names(void)
{
	static const char *names[SINK_CNT + 1];
	size_t cnt = 0, at;

	for (size_t i = 0; i < SINK_CNT; i++) {
		at = 0;
		while (at < cnt && strcmp(names[at], sinks[i]->name))
			at++;
		if (at == cnt)
			names[cnt++] = sinks[i]->name;
	}
	return names;
}
