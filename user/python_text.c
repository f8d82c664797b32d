/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "python_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPED 0xdc00 /* + the byte */
#define WIDEST 4       /* bytes in a character */

/* How many bytes a character has that begins so; 0: none does. */
static size_t announced_sz(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Too long a form, a surrogate, or beyond Unicode. */
static bool is_forbidden(uint32_t character, size_t character_sz)
{
	static const uint32_t least[WIDEST + 1] = { 0, 0, 0x80, 0x800, 0x10000 };

	return character < least[character_sz] || (character >= 0xd800 && character <= 0xdfff) ||
	       character > 0x10ffff;
}

size_t python_text__character(const char *text, size_t sz, uint32_t *ret_character)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t character_sz = announced_sz(c[0]);
	uint32_t character;

	*ret_character = c[0] < 0x80 ? c[0] : ESCAPED + c[0];
	if (character_sz < 2 || character_sz > sz)
		return 1;
	character = c[0] & (0x7f >> character_sz);
	for (size_t i = 1; i < character_sz; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 1;
		character = character << 6 | (c[i] & 0x3f);
	}
	if (is_forbidden(character, character_sz))
		return 1;
	*ret_character = character;
	return character_sz;
}

/* str.isspace(), as of Unicode 6.3 and later. */
static bool is_space(uint32_t character)
{
	static const uint32_t others[] = { ' ',	   0x85,   0xa0,   0x1680, 0x2028,
					   0x2029, 0x202f, 0x205f, 0x3000 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i] == character)
			return true;
	}
	return (character >= '\t' && character <= '\r') ||
	       (character >= 0x1c && character <= 0x1f) ||
	       (character >= 0x2000 && character <= 0x200a);
}

/* How many bytes the white space takes that ends the text; 0 if none does. What looks like a whole
 * character there is one: its first byte can be no part of an earlier character. */
static size_t space_at_end(const char *text, size_t sz)
{
	uint32_t character;

	for (size_t i = 1; i <= WIDEST && i <= sz; i++) {
		if (python_text__character(text + sz - i, i, &character) == i &&
		    is_space(character))
			return i;
	}
	return 0;
}

size_t python_text__strip(const char **text, size_t sz)
{
	uint32_t character;
	size_t character_sz;

	while (sz) {
		character_sz = python_text__character(*text, sz, &character);
		if (!is_space(character))
			break;
		*text += character_sz;
		sz -= character_sz;
	}
	while ((character_sz = space_at_end(*text, sz)))
		sz -= character_sz;
	return sz;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Underscores may stand between two digits, and only there. Copies the others. */
static bool copy_without_underscores(char *copy, const char *text, size_t sz)
{
	for (size_t i = 0; i < sz; i++) {
		if (text[i] != '_')
			*copy++ = text[i];
		else if (!i || i + 1 == sz || !is_digit(text[i - 1]) || !is_digit(text[i + 1]))
			return false;
	}
	*copy = '\0';
	return true;
}

static size_t skip_digits(const char **text)
{
	const char *first = *text;

	while (is_digit(**text))
		(*text)++;
	return (size_t)(*text - first);
}

/* [+-] DIGITS [. [DIGITS]] | . DIGITS, then [e [+-] DIGITS]: less than strtod(3) takes. */
static bool is_decimal(const char *text)
{
	size_t digit_cnt;

	text += *text == '+' || *text == '-';
	digit_cnt = skip_digits(&text);
	if (*text == '.') {
		text++;
		digit_cnt += skip_digits(&text);
	}
	if (!digit_cnt)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		if (!skip_digits(&text))
			return false;
	}
	return !*text;
}

int python_text__float(const char *text, double *ret_value)
{
	const char *whole = text;
	size_t sz = python_text__strip(&text, strlen(text));
	char *copy = malloc(sz + 1);
	double value = 0;
	int err = -EINVAL;

	if (!copy)
		return -ENOMEM;
	/* the separators that strip() takes for white space float() does not */
	if (!strpbrk(whole, "\x1c\x1d\x1e\x1f") && copy_without_underscores(copy, text, sz) &&
	    is_decimal(copy)) {
		value = strtod(copy, NULL);
		err = 0;
	}
	free(copy);
	if (!err)
		*ret_value = value;
	return err;
}
