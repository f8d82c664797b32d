/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages as entries of systemd's journal, with fields that can be searched for (systemd.journal-
 * fields(7)). journald takes whole entries on a socket; what is written to a stderr that it has
 * connected becomes entries that have a text and nothing else.
 */
#ifndef TACHO_USER_SERVICE_JOURNAL_H
#define TACHO_USER_SERVICE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "../message.h"

/* Does the text of JOURNAL_STREAM ("DEVICE:INODE", systemd.exec(5); may be NULL) name this file?
 * It may be inherited by a process whose stderr has been connected to something else since. */
bool journal_stream__is(const char *text, const struct stat *file);

/* Is stderr connected to a journal that takes entries? */
bool journal__is_connected(void);

#define JOURNAL_FIELDS_MAX 8
#define JOURNAL_TEXT_SZ 8192

struct journal_entry {
	struct iovec fields[JOURNAL_FIELDS_MAX];
	int cnt;
	char text[JOURNAL_TEXT_SZ]; /* what the fields point into */
	size_t used;
};

/* MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, and what the subject has. A field that does not fit is left
 * out. */
void journal_entry__make(struct journal_entry *entry, enum message_level level,
			 const struct message_subject *subject, const char *text);

/* 0, or negative errno. */
int journal__send(enum message_level level, const struct message_subject *subject,
		  const char *text);

#endif
