/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why something failed, carried from the module that knows to the caller that says it.
 *
 * Modules never print. A function whose errno alone would leave the user guessing takes a last
 * `struct fault *why`, fills it and returns a negative errno; the command prints it once, as
 * "tacho: <command>: <text>". A text reads "which object: what is wrong (what to try)".
 */
#ifndef TACHO_USER_FAULT_H
#define TACHO_USER_FAULT_H

struct fault {
	char text[1024]; /* "" when nothing was said; cut, never overrun */
};

/*
 * Writes the text (printf rules; control characters from hostile names become '?') and returns
 * err, so that failing reads `return fault__set(why, -ENOENT, "%s: no such file", path);`.
 * why may be NULL. Whatever text was there is replaced.
 */
int fault__set(struct fault *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that is there. Returns err. why may be NULL. */
int fault__prefix(struct fault *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
