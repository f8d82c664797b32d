/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "../parse.h"

/* sd_journal_sendv sends there, and says that all is well when there is nothing. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

bool journal_stream__is(const char *text, const struct stat *file)
{
	uint64_t device, inode;
	const char *colon = text ? strchr(text, ':') : NULL;
	char number[32];

	if (!colon || (size_t)(colon - text) >= sizeof(number))
		return false;
	memcpy(number, text, colon - text);
	number[colon - text] = '\0';
	return !parse_u64(number, 0, UINT64_MAX, &device) &&
	       !parse_u64(colon + 1, 0, UINT64_MAX, &inode) && device == file->st_dev &&
	       inode == file->st_ino;
}

bool journal__is_connected(void)
{
	struct stat st;

	return !fstat(STDERR_FILENO, &st) && journal_stream__is(getenv("JOURNAL_STREAM"), &st) &&
	       !access(JOURNAL_SOCKET, W_OK);
}

static int priority_of(enum message_level level)
{
	switch (level) {
	case MESSAGE_DEBUG:
		return LOG_DEBUG;
	case MESSAGE_INFO:
		return LOG_INFO;
	case MESSAGE_WARNING:
		return LOG_WARNING;
	case MESSAGE_ERROR:
		break;
	}
	return LOG_ERR;
}

__attribute__((format(printf, 2, 3))) static void add(struct journal_entry *e, const char *fmt, ...)
{
	size_t room = sizeof(e->text) - e->used;
	va_list args;
	int sz;

	va_start(args, fmt);
	sz = vsnprintf(e->text + e->used, room, fmt, args);
	va_end(args);
	if (sz < 0 || (size_t)sz >= room || e->cnt == JOURNAL_FIELDS_MAX)
		return;
	e->fields[e->cnt++] = (struct iovec) { e->text + e->used, sz };
	e->used += sz;
}

void journal_entry__make(struct journal_entry *entry, enum message_level level,
			 const struct message_subject *subject, const char *text)
{
	entry->cnt = 0;
	entry->used = 0;
	add(entry, "MESSAGE=%s", text);
	add(entry, "PRIORITY=%d", priority_of(level));
	add(entry, "SYSLOG_IDENTIFIER=tacho");
	if (subject->id)
		add(entry, "MESSAGE_ID=%s", subject->id);
	if (subject->err)
		add(entry, "ERRNO=%d", abs(subject->err));
	if (subject->state)
		add(entry, "TACHO_STATE=%s", subject->state);
	if (subject->binary)
		add(entry, "TACHO_BINARY=%s", subject->binary);
}

int journal__send(enum message_level level, const struct message_subject *subject, const char *text)
{
	struct journal_entry entry;

	journal_entry__make(&entry, level, subject, text);
	return sd_journal_sendv(entry.fields, entry.cnt);
}
