/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/markup.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "python_text.h"

/* What Python calls a lone byte: no part of well-formed UTF-8. */
#define LONE_BYTE 0xdc80
#define LONE_BYTE_LAST 0xdcff

static bool is_lone_byte(uint32_t character)
{
	return character >= LONE_BYTE && character <= LONE_BYTE_LAST;
}

/* Controls, what reorders the text around it (Unicode TR 9), and what is no character in XML. */
static bool is_unwanted(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       (c & 0xfffe) == 0xfffe;
}

static void put_markup(FILE *out, const char *text, size_t sz, uint32_t character)
{
	switch (character) {
	case '&':
		fputs("&amp;", out);
		return;
	case '<':
		fputs("&lt;", out);
		return;
	case '>':
		fputs("&gt;", out);
		return;
	case '"':
		fputs("&quot;", out);
		return;
	case '\'':
		fputs("&#39;", out);
		return;
	}
	if (is_lone_byte(character) || (is_unwanted(character) && character < 0x80))
		fprintf(out, "\\x%02x", (unsigned char)*text);
	else if (is_unwanted(character))
		fprintf(out, "\\u%04x", (unsigned int)character);
	else
		fwrite(text, 1, sz, out);
}

/* No markup and no line ends of any kind are left as they are; what is unwanted is shown as it is
 * in markup, so that the script has no other text than the page. */
static void put_json(FILE *out, const char *text, size_t sz, uint32_t character)
{
	if (is_lone_byte(character) || (is_unwanted(character) && character < 0x80))
		fprintf(out, "\\\\x%02x", (unsigned char)*text);
	else if (is_unwanted(character))
		fprintf(out, "\\\\u%04x", (unsigned int)character);
	else if (character < 0x80 && strchr("\"\\<>&'", (int)character))
		fprintf(out, "\\u%04x", (unsigned int)character);
	else
		fwrite(text, 1, sz, out);
}

static void put_cut(FILE *out, const char *text, size_t max,
		    void (*put)(FILE *out, const char *text, size_t sz, uint32_t character))
{
	size_t left = strlen(text), cnt = 0, taken = 0, sz;
	uint32_t character;

	for (; left; text += sz, left -= sz, cnt++) {
		sz = python_text__character(text, left, &character);
		if (taken + sz > MARKUP_TEXT_MAX || (cnt + 1 >= max && left > sz)) {
			fputs("\xe2\x80\xa6", out);
			return;
		}
		put(out, text, sz, character);
		taken += sz;
	}
}

void markup__text(FILE *out, const char *text)
{
	put_cut(out, text, SIZE_MAX, put_markup);
}

void markup__short_text(FILE *out, const char *text, size_t max)
{
	put_cut(out, text, max, put_markup);
}

void markup__json(FILE *out, const char *text)
{
	putc('"', out);
	put_cut(out, text, SIZE_MAX, put_json);
	putc('"', out);
}

void markup__number(FILE *out, double value)
{
	if (!isfinite(value))
		fputs("null", out);
	else
		fprintf(out, "%.6g", value);
}

void markup__at(FILE *out, double value)
{
	char text[64];
	size_t sz;

	if (!isfinite(value) || fabs(value) > 1e9)
		value = 0;
	sz = (size_t)snprintf(text, sizeof(text), "%.2f", value);
	while (text[sz - 1] == '0')
		text[--sz] = '\0';
	if (text[sz - 1] == '.')
		text[--sz] = '\0';
	fputs(!strcmp(text, "-0") ? "0" : text, out);
}
