/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sink.h"

#include <string.h>

static const struct sink_ops *const sinks[] = {
	&opentrons_sink_ops,
	&detail_sink_ops,
};

#define SINK_CNT (sizeof(sinks) / sizeof(sinks[0]))

const struct sink_ops *sink_ops__by_name(const char *name)
{
	for (size_t i = 0; i < SINK_CNT; i++) {
		if (!strcmp(sinks[i]->name, name))
			return sinks[i];
	}
	return NULL;
}

const char *const *sink_ops__names(void)
{
	static const char *names[SINK_CNT + 1];

	for (size_t i = 0; i < SINK_CNT; i++)
		names[i] = sinks[i]->name;
	return names;
}
