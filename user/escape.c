/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "escape.h"

#include <stdint.h>
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

#define IN_EACH_BYTE(c) (0x0101010101010101 * (uint64_t)(c))

/* Of eight ASCII bytes: a high bit is set if, and only if, any of them is below n. */
static uint64_t below(uint64_t eight, unsigned int n)
{
	return eight - IN_EACH_BYTE(n);
}

/* No high bit is set if all eight bytes are plain, and one is if not. */
static uint64_t what_is_not_plain(const char *text)
{
	uint64_t eight;

	memcpy(&eight, text, sizeof(eight));
	return (eight | below(eight, 0x20) | below(eight ^ IN_EACH_BYTE(0x7f), 1) |
		below(eight ^ IN_EACH_BYTE('\\'), 1)) &
	       IN_EACH_BYTE(0x80);
}

bool escape_is_plain(const char *text)
{
	size_t sz = strlen(text);
	uint64_t odd = 0;

	for (size_t at = 0; at + 8 < sz; at += 8)
		odd |= what_is_not_plain(text + at);
	if (sz >= 8)
		return !(odd | what_is_not_plain(text + sz - 8));
	for (; *text; text++)
		odd |= (unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f || *text == '\\';
	return !odd;
}

/* lines: control characters and backslashes as well, and not only what is no UTF-8. */
static size_t escape(char *escaped, const char *text, size_t sz, bool lines)
{
	const unsigned char *c = (const unsigned char *)text;
	const unsigned char *end = c + sz;
	char *at = escaped;

	while (c < end) {
		sz = utf8_character_sz(c, (size_t)(end - c));
		if (lines && *c == '\\') {
			*at++ = '\\';
			*at++ = '\\';
			c++;
		} else if (sz && !(lines && is_control(c))) {
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

size_t escape_bytes(char *escaped, const char *text, size_t sz)
{
	return escape(escaped, text, sz, true);
}

size_t escape_no_utf8(char *escaped, const char *text, size_t sz)
{
	return escape(escaped, text, sz, false);
}

/* How many of the bytes, from the first on, are ASCII: eight at a time. */
static size_t ascii_sz(const char *text, size_t sz)
{
	uint64_t eight;
	size_t at = 0;

	for (; sz - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, text + at, sizeof(eight));
		if (eight & IN_EACH_BYTE(0x80))
			break;
	}
	while (at < sz && (unsigned char)text[at] < 0x80)
		at++;
	return at;
}

bool escape_is_utf8(const char *text, size_t sz)
{
	size_t at = ascii_sz(text, sz);
	size_t character_sz;

	while (at < sz) {
		character_sz = utf8_character_sz((const unsigned char *)text + at, sz - at);
		if (!character_sz)
			return false;
		at += character_sz;
		at += ascii_sz(text + at, sz - at);
	}
	return true;
}

char *escape_text(const char *text)
{
	size_t sz = strlen(text);
	char *escaped = malloc(ESCAPED_SZ(sz));

	if (escaped)
		escape_bytes(escaped, text, sz);
	return escaped;
}
