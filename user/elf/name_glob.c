/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "name_glob.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#define BRACKET_MAX 256

bool name_glob__is_pattern(const char *text)
{
	return text[strcspn(text, "*?[")] != '\0';
}

/* Length of the bracket expression that begins here, or 0: it does not end, and '[' is itself. */
static size_t bracket_len(const char *pattern)
{
	const char *at = pattern + 1;

	if (*at == '!' || *at == '^')
		at++;
	if (*at == ']')
		at++;
	for (; *at && *at != ']'; at++) {
		const char *class_end;
		char closing[3] = { at[1], ']', '\0' };

		if (*at != '[' || !at[1] || !strchr(":.=", at[1]))
			continue;
		class_end = strstr(at + 2, closing);
		if (!class_end)
			return 0;
		at = class_end + 1;
	}
	return *at == ']' && at - pattern < BRACKET_MAX ? (size_t)(at - pattern) + 1 : 0;
}

/* Does the pattern's first element, which is no star, match this one character? How long it is. */
static bool match_one(const char *pattern, char c, size_t *ret_len)
{
	char bracket[BRACKET_MAX + 1], text[2] = { c, '\0' };
	size_t len;

	*ret_len = 1;
	if (*pattern == '?')
		return true;
	if (*pattern == '[' && (len = bracket_len(pattern))) {
		memcpy(bracket, pattern, len);
		bracket[len] = '\0';
		*ret_len = len;
		return fnmatch(bracket, text, 0) == 0;
	}
	if (*pattern == '\\' && pattern[1]) {
		*ret_len = 2;
		pattern++;
	}
	return *pattern == c;
}

/* A star takes as little as it can; when what follows does not fit, the last one takes one more.
 * Earlier stars need no second try: whatever they could give up, the last can have. */
bool name_glob__match(const char *pattern, const char *text)
{
	const char *after_star = NULL, *star_text = NULL;
	size_t len;

	for (;;) {
		if (*pattern == '*') {
			after_star = ++pattern;
			star_text = text;
		} else if (*text && *pattern && match_one(pattern, *text, &len)) {
			pattern += len;
			text++;
		} else if (!*text && !*pattern) {
			return true;
		} else if (after_star && *star_text) {
			pattern = after_star;
			text = ++star_text;
		} else {
			return false;
		}
	}
}
