/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "reading.h"

#include <inttypes.h>
#include <string.h>

#include "message.h"
#include "plural.h"

#define ROWS_SHOWN 5

static void say_malformed(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			  const char *wrong)
{
	struct reading *reading = ctx;

	if (++reading->malformed_cnt > ROWS_SHOWN)
		return;
	if (line_cnt > 1 && !reading->says_first_line_only)
		message("%s: %s:%" PRIu64 ": %s (the row goes on to line %" PRIu64 ")",
			reading->command, path, line, wrong, line + line_cnt - 1);
	else
		message("%s: %s:%" PRIu64 ": %s", reading->command, path, line, wrong);
}

static void count_torn(void *ctx, const char *path)
{
	(void)path;
	((struct reading *)ctx)->torn_cnt++;
}

static void show_progress(void *ctx, const char *path, uint64_t done, uint64_t size)
{
	progress__say(&((struct reading *)ctx)->progress, path, done, size);
}

struct activities_watch reading__activities_watch(struct reading *reading)
{
	return (struct activities_watch) { .malformed = say_malformed,
					   .progress = show_progress,
					   .ctx = reading };
}

struct data_watch reading__data_watch(struct reading *reading)
{
	return (struct data_watch) { .malformed = say_malformed,
				     .torn = count_torn,
				     .progress = show_progress,
				     .ctx = reading };
}

void say_nothing_found(const char *command, char *const *paths, size_t path_cnt, const char *text)
{
	if (path_cnt != 1)
		message("%s: %zu paths: %s", command, path_cnt, text);
	else
		message("%s: %s: %s", command, strcmp(*paths, "-") ? *paths : "standard input",
			text);
}

void reading__end(struct reading *reading)
{
	progress__end(&reading->progress);
	if (reading->malformed_cnt > ROWS_SHOWN)
		message("%s: %" PRIu64 " more malformed row%s", reading->command,
			reading->malformed_cnt - ROWS_SHOWN,
			plural_s(reading->malformed_cnt - ROWS_SHOWN));
}
