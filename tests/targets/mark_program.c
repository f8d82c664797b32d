/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mark_program [ROUNDS]: every mark, with arguments that the test knows (mark_marks.h). Compiled as
 * C and as C++. Prints how often a label was evaluated, which is never while nobody records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tacho/mark.h>

#include "mark_other.h"

static int evaluated;

static const char *label(const char *text)
{
	evaluated++;
	return text;
}

static void scopes(int number)
{
	TACHO_SCOPE(label("outer"));
	{
		TACHO_SCOPE("inner");
		TACHO_ATTRIBUTE_INT("number", number);
		if (number > 2)
			return;
	}
	TACHO_COUNTER("small", 1);
}

static void keyed(uint64_t key)
{
	char text[32];

	strcpy(text, "on the stack");
	TACHO_KEY_BEGIN("job", key);
	TACHO_KEY_LEAVE(key);
	TACHO_KEY_ENTER(key);
	TACHO_KEY_ATTRIBUTE_INT("steps", -7, key);
	TACHO_KEY_ATTRIBUTE_TEXT("where", text, key);
	TACHO_KEY_FAIL("no job", key);
	TACHO_KEY_END("job", key);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < rounds; i++) {
		TACHO_BEGIN(label("block"));
		scopes(i);
		keyed(1000 + (uint64_t)i);
		TACHO_ATTRIBUTE_TEXT("text", "value");
		TACHO_FAIL("broken");
		if (TACHO_ACTIVE(counter))
			TACHO_COUNTER("bytes", -5);
		mark_other(i);
		TACHO_END("block");
	}
	printf("evaluated %d\n", evaluated);
	return 0;
}
