/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Patterns over names of functions: `*`, `?`, `[...]` and `\` as in fnmatch(3). glibc's fnmatch
 * tries every split of the text at every `*` (n^k steps for k stars); a hostile file has names of
 * 64 KiB, so the stars are done here, in at most n * m steps, and only brackets are fnmatch's.
 */
#ifndef TACHO_USER_NAME_GLOB_H
#define TACHO_USER_NAME_GLOB_H

#include <stdbool.h>

/* Does the text hold a character that means something in a pattern? */
bool name_glob__is_pattern(const char *text);

/* Does the whole text match? */
bool name_glob__match(const char *pattern, const char *text);

#endif
