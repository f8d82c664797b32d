/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "escape.h"

#include <stdlib.h>
#include <string.h>

/* How many bytes the well-formed UTF-8 character here takes (the Unicode standard, table 3-7);
 * 0 if it is none. sz, not 0, is how many bytes there are. */
static size_t utf8_character_sz(const unsigned char *c, size_t sz)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t character_sz;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	character_sz = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (character_sz > sz)
		return 0;
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
	for (size_t i = 2; i < character_sz; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	return character_sz;
}

/* U+0000 to U+001F, U+007F, and U+0080 to U+009F, which a terminal may obey as well; of a
 * well-formed character. */
static bool is_control(const unsigned char *c)
{
	return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);
}

static char *put_hex(char *at, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	*at++ = '\\';
	*at++ = 'x';
	*at++ = hex[byte >> 4];
	*at++ = hex[byte & 15];
	return at;
}

bool escape_is_plain(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c >= 0x7f || *c == '\\')
			return false;
	}
	return true;
}

size_t escape_bytes(char *escaped, const char *text, size_t sz)
{
	const unsigned char *c = (const unsigned char *)text;
	const unsigned char *end = c + sz;
	char *at = escaped;

	while (c < end) {
		sz = utf8_character_sz(c, (size_t)(end - c));
		if (*c == '\\') {
			*at++ = '\\';
			*at++ = '\\';
			c++;
		} else if (sz && !is_control(c)) {
			memcpy(at, c, sz);
			at += sz;
			c += sz;
		} else {
			at = put_hex(at, *c++);
		}
	}
	*at = '\0';
	return (size_t)(at - escaped);
}

char *escape_text(const char *text)
{
	size_t sz = strlen(text);
	char *escaped = malloc(ESCAPED_SZ(sz));

	if (escaped)
		escape_bytes(escaped, text, sz);
	return escaped;
}
