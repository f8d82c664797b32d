/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Moments as people write them. */
#ifndef TACHO_USER_MOMENT_H
#define TACHO_USER_MOMENT_H

#include <stdint.h>

/*
 * Nanoseconds since the Unix epoch, of
 *
 *	1795328314555660785		them
 *	2026-11-22T09:30:05.5+01:00	RFC 3339; a blank may stand for the T, and Z for the offset
 *	2026-11-22 09:30:05		local time, since it has no offset; and so have
 *	2026-11-22 09:30
 *	2026-11-22
 *
 * 0, -EINVAL (something else; a local time that was skipped), or -ERANGE (before 1970, after 2553,
 * no such day); *ret_ns is untouched on failure.
 */
int parse_moment_ns(const char *text, uint64_t *ret_ns);

#endif
