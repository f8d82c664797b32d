/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers, yes and no as people write them. Each parses the whole text or refuses it with -EINVAL
 * (not a number, a unit that is none) or -ERANGE; *ret is untouched on failure.
 */
#ifndef TACHO_USER_PARSE_H
#define TACHO_USER_PARSE_H

#include <stdbool.h>
#include <stdint.h>

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* "0x1f" or "31". */
int parse_offset(const char *text, uint64_t *ret);

/* "-5", "31", "0x1f", "-0x80": the sign apart, so that everything from -UINT64_MAX to UINT64_MAX
 * fits. Zero is never negative. */
int parse_signed(const char *text, bool *ret_negative, uint64_t *ret_magnitude);

/* As systemd.syntax(7) has them: 1, yes, true, on and 0, no, false, off, in any case. */
int parse_bool(const char *text, bool *ret);

/* "1s", "500ms", "250us", "10ns", "2min", "1h", "1d", "1.5s"; a bare number is seconds. */
int parse_duration_ns(const char *text, uint64_t *ret);

/* "4096", "64K", "64M", "2G" (powers of 1024; a trailing B or iB is fine). */
int parse_size_bytes(const char *text, uint64_t *ret);

#endif
