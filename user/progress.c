/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "escape.h"
#include "message.h"

#define INTERVAL_NS UINT64_C(100000000)
#define PATH_SHOWN 48 /* of its end, so that the line stays one */

static void tell(const char *path, uint64_t done, uint64_t size)
{
	size_t sz = strlen(path);
	const char *end = sz > PATH_SHOWN ? path + sz - PATH_SHOWN : path;

	while ((*end & 0xc0) == 0x80) /* inside a character */
		end++;
	if (size)
		status_line("%s%s: read %" PRIu64 " of %" PRIu64 " MB", end == path ? "" : "...",
			    end, done / 1000000, size / 1000000);
	else
		status_line("%s%s: read %" PRIu64 " MB", end == path ? "" : "...", end,
			    done / 1000000);
}

void progress__say(struct progress *progress, const char *path, uint64_t done, uint64_t size)
{
	uint64_t now_ns = clock_monotonic_ns();
	char *escaped;

	if (!progress->told_ns)
		progress->told_ns = now_ns;
	if (now_ns - progress->told_ns < INTERVAL_NS)
		return;
	progress->told_ns = now_ns;
	escaped = escape_text(path);
	if (escaped)
		tell(escaped, done, size);
	free(escaped);
}

void progress__end(struct progress *progress)
{
	status_line_clear();
	*progress = (struct progress) {};
}
