/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "message.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "fault.h"

/* One terminal, one live line, one reader: these are the only things here that are not passed in.
 */
static bool line_shown;
static enum message_level shown_level = MESSAGE_INFO;

void message_set_level(enum message_level level)
{
	shown_level = level;
}

void status_line_clear(void)
{
	if (line_shown)
		fputs("\r\033[K", stderr);
	line_shown = false;
}

static void say(enum message_level level, const char *fmt, va_list args)
{
	struct fault text;
	char raw[sizeof(text.text)];

	if (level < shown_level)
		return;
	vsnprintf(raw, sizeof(raw), fmt, args);
	fault__set(&text, 0, "%s", raw);
	status_line_clear();
	fprintf(stderr, "tacho: %s\n", text.text);
}

void message(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(MESSAGE_WARNING, fmt, args);
	va_end(args);
}

void message_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(MESSAGE_INFO, fmt, args);
	va_end(args);
}

void message_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(MESSAGE_DEBUG, fmt, args);
	va_end(args);
}

void status_line(const char *fmt, ...)
{
	va_list args;

	if (MESSAGE_INFO < shown_level || !isatty(STDERR_FILENO))
		return;
	status_line_clear();
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fflush(stderr);
	line_shown = true;
}
