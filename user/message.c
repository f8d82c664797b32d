/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "message.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "fault.h"

/* One terminal, one live line: this is the only thing here that is not passed in. */
static bool line_shown;

void status_line_clear(void)
{
	if (line_shown)
		fputs("\r\033[K", stderr);
	line_shown = false;
}

void message(const char *fmt, ...)
{
	struct fault text;
	char raw[sizeof(text.text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	fault__set(&text, 0, "%s", raw);
	status_line_clear();
	fprintf(stderr, "tacho: %s\n", text.text);
}

void status_line(const char *fmt, ...)
{
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	status_line_clear();
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fflush(stderr);
	line_shown = true;
}
