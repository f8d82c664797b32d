/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A file name may hold escape sequences; none of them may reach the terminal of the reader. */
static void replace_control_characters(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if ((*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = '?';
	}
}

int fault__set(struct fault *why, int err, const char *fmt, ...)
{
	va_list args;

	if (!why)
		return err;
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	replace_control_characters(why->text);
	return err;
}

int fault__prefix(struct fault *why, int err, const char *fmt, ...)
{
	char rest[sizeof(why->text)];
	va_list args;
	size_t used;

	if (!why)
		return err;
	memcpy(rest, why->text, sizeof(rest));
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, ": %s", rest);
	replace_control_characters(why->text);
	return err;
}
