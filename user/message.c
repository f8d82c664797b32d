/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"
#include "repetition.h"
#include "service/journal.h"

/* One terminal, one live line, one reader: these are the only things here that are not passed in.
 */
static bool line_shown;
static enum message_level shown_level = MESSAGE_INFO;
static bool limiting;
static struct repetition said;

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

static void put(enum message_level level, const struct message_subject *subject, const char *text)
{
	if (journal__is_connected() && !journal__send(level, subject, text))
		return;
	status_line_clear();
	fprintf(stderr, "tacho: %s\n", text);
}

static void put_count(void *ctx, int level, const char *id, const char *text)
{
	const struct message_subject subject = { .id = id };

	(void)ctx;
	put((enum message_level)level, &subject, text);
}

static void say(const struct message_subject *subject, enum message_level level, const char *fmt,
		va_list args)
{
	struct fault text;
	char raw[sizeof(text.text)];

	if (level < shown_level)
		return;
	vsnprintf(raw, sizeof(raw), fmt, args);
	fault__set(&text, 0, "%s", raw);
	if (!limiting || repetition__admit(&said, clock_monotonic_ns(), level, subject->id,
					   text.text, put_count, NULL))
		put(level, subject, text.text);
}

void message(const char *fmt, ...)
{
	const struct message_subject nothing = {};
	va_list args;

	va_start(args, fmt);
	say(&nothing, MESSAGE_WARNING, fmt, args);
	va_end(args);
}

void message_info(const char *fmt, ...)
{
	const struct message_subject nothing = {};
	va_list args;

	va_start(args, fmt);
	say(&nothing, MESSAGE_INFO, fmt, args);
	va_end(args);
}

void message_debug(const char *fmt, ...)
{
	const struct message_subject nothing = {};
	va_list args;

	va_start(args, fmt);
	say(&nothing, MESSAGE_DEBUG, fmt, args);
	va_end(args);
}

void message_about(const struct message_subject *subject, enum message_level level, const char *fmt,
		   ...)
{
	va_list args;

	va_start(args, fmt);
	say(subject, level, fmt, args);
	va_end(args);
}

void message_limit_repetition(bool limit)
{
	if (limiting && !limit)
		repetition__say(&said, clock_monotonic_ns(), true, put_count, NULL);
	if (limiting != limit)
		said = (struct repetition) {};
	limiting = limit;
}

void message_forget_repetitions(void)
{
	if (!limiting)
		return;
	message_limit_repetition(false);
	message_limit_repetition(true);
}

void message_say_repetitions(void)
{
	if (limiting)
		repetition__say(&said, clock_monotonic_ns(), false, put_count, NULL);
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
