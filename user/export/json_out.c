/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "export/json_out.h"

#include <string.h>

#include "python_text.h"

/* What Python calls a lone byte: no part of well-formed UTF-8. */
#define LONE_BYTE 0xdc80

void json_out__string(FILE *out, const char *text)
{
	size_t left = strlen(text), sz;
	uint32_t character;

	putc('"', out);
	for (; left; text += sz, left -= sz) {
		sz = python_text__character(text, left, &character);
		if (character == '"' || character == '\\')
			fprintf(out, "\\%c", (int)character);
		else if (character < 0x20 || character == 0x7f)
			fprintf(out, "\\u%04x", (unsigned int)character);
		else if (character >= LONE_BYTE && character <= LONE_BYTE + 0x7f)
			fprintf(out, "\\\\x%02x", (unsigned char)*text);
		else
			fwrite(text, 1, sz, out);
	}
	putc('"', out);
}
