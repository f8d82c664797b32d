/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "malformed.h"

#include <inttypes.h>

#include "message.h"

#define ROWS_SHOWN 5

void malformed_rows__say(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			 const char *wrong)
{
	struct malformed_rows *rows = ctx;

	if (++rows->cnt > ROWS_SHOWN)
		return;
	if (line_cnt > 1)
		message("%s: %s:%" PRIu64 ": %s (the row goes on to line %" PRIu64 ")",
			rows->command, path, line, wrong, line + line_cnt - 1);
	else
		message("%s: %s:%" PRIu64 ": %s", rows->command, path, line, wrong);
}

void malformed_rows__say_rest(const struct malformed_rows *rows)
{
	if (rows->cnt > ROWS_SHOWN)
		message("%s: %" PRIu64 " more malformed rows", rows->command,
			rows->cnt - ROWS_SHOWN);
}
