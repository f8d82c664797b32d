/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fnmatch.fnmatch() of Python 3.11, over a whole command line: * ? [set] [!set], no escapes,
 * anchored at both ends; * and ? match everything, slashes and newlines too. Text is taken for
 * UTF-8, and a byte that is none for a character of its own.
 *
 * (tacho/glob.h, for `process =`, works on bytes, and in the kernel.)
 */
#ifndef TACHO_USER_PROCESSES_FNMATCH_H
#define TACHO_USER_PROCESSES_FNMATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../fault.h"

#define FNMATCH_CHARACTERS_MAX 1024 /* of a pattern */

struct fnmatch_pattern;

/* -E2BIG (too long) or -ENOMEM, with why. Every other text is a pattern. */
int fnmatch__compile(const char *text, struct fnmatch_pattern **ret_pattern, struct fault *why);

/* Takes at most the length of the text times that of the pattern. */
bool fnmatch__matches(const struct fnmatch_pattern *pattern, const char *text, size_t sz);

void fnmatch__free(struct fnmatch_pattern *pattern);

#endif
