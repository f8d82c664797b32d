/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What people read on stderr: messages, and on a terminal one live line below them. Files and
 * pipes get the messages only. Where stderr is connected to the journal of systemd, messages go
 * there with their priority and with what they are about, see message_about.
 */
#ifndef TACHO_USER_MESSAGE_H
#define TACHO_USER_MESSAGE_H

#include <stdbool.h>

enum message_level {
	MESSAGE_DEBUG,
	MESSAGE_INFO,
	MESSAGE_WARNING,
	MESSAGE_ERROR, /* what ends the program; reads and is shown as a warning */
};

/*
 * What a message is about, as fields of the journal. {} is fine, and so is each of them: NULL, 0.
 *
 *	journalctl MESSAGE_ID=...    every message of this kind, whatever it says
 *	journalctl TACHO_STATE=...   about this state
 */
struct message_subject {
	const char *id;	    /* MESSAGE_ID=: one of those below */
	const char *state;  /* TACHO_STATE= */
	const char *binary; /* TACHO_BINARY= */
	int err;	    /* ERRNO=: negative errno */
};

/* 128-bit numbers, drawn once at random (sd-id128(3)) and never to be used for anything else. They
 * stand in docs/tacho-record.1. */
#define MESSAGE_ID_STARTED "eb2aaf960dc0427ca3cc83c8cc177cb3"
#define MESSAGE_ID_STOPPED "88e8679e53944804a476d4614d5410de"
#define MESSAGE_ID_FAILED "5bf404f9bb0442f192478ac03b7e0830"
#define MESSAGE_ID_ROWS_LOST "6fb129989bc34f3bbc07f5370b2445ac"
#define MESSAGE_ID_WRITE_FAILED "8be7fbb5dcc041b59e931ca88616e457"
#define MESSAGE_ID_WRITE_RECOVERED "5d54e60cf63c403c80612dc134ae6ed5"
#define MESSAGE_ID_PENDING "1ce4b29b1e184f87bc1ba9e728a98fcd"
#define MESSAGE_ID_ATTACHED "801f249b28e74feb912f4f7123a73b02"
#define MESSAGE_ID_DETACHED "47ffb81fb91449fca26120ea424900d7"
#define MESSAGE_ID_SUMMARISING "61ebae9f89aa479d98e83bf49e76d097"
#define MESSAGE_ID_RELOADED "2db4076cfe544f8f856139ca41a5f5c2"
#define MESSAGE_ID_RELOAD_REFUSED "e9e8af75d93c416faa25558cdd570e82"

/* What is below this level is not shown from now on. MESSAGE_INFO until then. */
void message_set_level(enum message_level level);

/* "tacho: " + text + newline. Control characters from hostile names become '?'. For what went
 * wrong or may do so: always shown. */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What is good to know: what is recorded, and that all goes well. */
void message_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What somebody wants to know who asks why. */
void message_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, and what it is about. On stderr it reads as without. */
void message_about(const struct message_subject *subject, enum message_level level, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));

/*
 * For a program that runs long: from now on the same text is said once, and then at most once a
 * minute as "N times more in the last T: TEXT" (see repetition.h), by message_say_repetitions,
 * which is to be called now and then. false: says all that has been held back, and every text from
 * then on.
 */
void message_limit_repetition(bool limit);
void message_say_repetitions(void);
/* Somebody has acted, and wants to see what comes of it: what was said before is said again. */
void message_forget_repetitions(void);

/* Replaces the live line; nothing without a terminal, or above MESSAGE_INFO. */
void status_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Takes the live line away, if there is one. */
void status_line_clear(void);

#endif
