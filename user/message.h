/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What people read on stderr: messages, and on a terminal one live line below them. Files and
 * pipes get the messages only.
 */
#ifndef TACHO_USER_MESSAGE_H
#define TACHO_USER_MESSAGE_H

/* "tacho: " + text + newline. Control characters from hostile names become '?'. */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Replaces the live line; nothing without a terminal. */
void status_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Takes the live line away, if there is one. */
void status_line_clear(void);

#endif
