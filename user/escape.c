/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "escape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes the well-formed UTF-8 character here takes (the Unicode standard, table 3-7);
 * 0 if it is none. A NUL is never a continuation, so that this stays within the string. */
static size_t utf8_character_sz(const unsigned char *c)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t sz;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	sz = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < sz; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	return sz;
}

/* U+0000 to U+001F, U+007F, and U+0080 to U+009F, which a terminal may obey as well. */
static bool is_control(const unsigned char *c)
{
	return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);
}

/* escaped has room for four times the text, and its end. */
static void escape(char *escaped, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *c = (const unsigned char *)text;
	size_t sz;

	while (*c) {
		sz = utf8_character_sz(c);
		if (*c == '\\') {
			*escaped++ = '\\';
			*escaped++ = '\\';
			c++;
		} else if (sz && !is_control(c)) {
			memcpy(escaped, c, sz);
			escaped += sz;
			c += sz;
		} else {
			*escaped++ = '\\';
			*escaped++ = 'x';
			*escaped++ = hex[*c >> 4];
			*escaped++ = hex[*c & 15];
			c++;
		}
	}
	*escaped = '\0';
}

char *escape_text(const char *text)
{
	char *escaped = malloc(4 * strlen(text) + 1);

	if (escaped)
		escape(escaped, text);
	return escaped;
}
