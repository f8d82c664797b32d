/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "export/marshal.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

static void put_u32(FILE *out, uint32_t value)
{
	uint32_t bytes = htole32(value);

	fwrite(&bytes, sizeof(bytes), 1, out);
}

/* What is more than 32 bits is a long: digits of 15 bits, the lowest first. */
void marshal_integer(FILE *out, uint64_t value)
{
	uint32_t digit_cnt = 0;

	if (value <= INT32_MAX) {
		putc('i', out);
		put_u32(out, (uint32_t)value);
		return;
	}
	for (uint64_t left = value; left; left >>= 15)
		digit_cnt++;
	putc('l', out);
	put_u32(out, digit_cnt);
	for (; value; value >>= 15) {
		uint16_t digit = htole16((uint16_t)(value & 0x7fff));

		fwrite(&digit, sizeof(digit), 1, out);
	}
}

void marshal_double(FILE *out, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = htole64(bits);
	putc('g', out);
	fwrite(&bits, sizeof(bits), 1, out);
}

int marshal_text(FILE *out, const char *text)
{
	size_t sz = strlen(text);
	char *utf8 = malloc(ESCAPED_SZ(sz));

	if (!utf8)
		return -ENOMEM;
	sz = escape_no_utf8(utf8, text, sz);
	putc('u', out);
	put_u32(out, (uint32_t)sz);
	fwrite(utf8, 1, sz, out);
	free(utf8);
	return 0;
}

void marshal_tuple(FILE *out, uint32_t cnt)
{
	putc('(', out);
	put_u32(out, cnt);
}

void marshal_begin_dict(FILE *out)
{
	putc('{', out);
}

void marshal_end_dict(FILE *out)
{
	putc('0', out);
}
