/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "ended.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const names[TACHO_ENDED_CNT] = {
	[TACHO_ENDED_RETURN] = "return",   [TACHO_ENDED_EXCEPTION] = "exception",
	[TACHO_ENDED_UNWOUND] = "unwound", [TACHO_ENDED_THREAD_EXIT] = "thread_exit",
	[TACHO_ENDED_EXEC] = "exec",	   [TACHO_ENDED_KILLED] = "killed",
	[TACHO_ENDED_OPEN] = "open",
};

const char *ended_name(enum tacho_ended ended)
{
	return (unsigned int)ended < TACHO_ENDED_CNT ? names[ended] : "";
}

int ended_parse(const char *text, enum tacho_ended *ret_ended)
{
	for (size_t i = 0; i < TACHO_ENDED_CNT; i++) {
		if (!strcmp(text, names[i])) {
			*ret_ended = (enum tacho_ended)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool ended_finished(enum tacho_ended ended)
{
	return ended == TACHO_ENDED_RETURN || ended == TACHO_ENDED_EXCEPTION ||
	       ended == TACHO_ENDED_UNWOUND;
}
