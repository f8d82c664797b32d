/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What people read on stderr: messages, and on a terminal one live line below them. Files and
 * pipes get the messages only.
 */
#ifndef TACHO_USER_MESSAGE_H
#define TACHO_USER_MESSAGE_H

enum message_level { MESSAGE_DEBUG, MESSAGE_INFO, MESSAGE_WARNING };

/* What is below this level is not shown from now on. MESSAGE_INFO until then. */
void message_set_level(enum message_level level);

/* "tacho: " + text + newline. Control characters from hostile names become '?'. For what went
 * wrong or may do so: always shown. */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What is good to know: what is recorded, and that all goes well. */
void message_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What somebody wants to know who asks why. */
void message_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Replaces the live line; nothing without a terminal, or above MESSAGE_INFO. */
void status_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Takes the live line away, if there is one. */
void status_line_clear(void);

#endif
