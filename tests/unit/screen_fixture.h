/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A screen of any width whose text is kept. Include cmocka.h first. */
#ifndef TACHO_TESTS_SCREEN_FIXTURE_H
#define TACHO_TESTS_SCREEN_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

struct kept_screen {
	struct screen screen;
	char *text;
	size_t sz;
};

static inline void kept_screen__open(struct kept_screen *kept, size_t width)
{
	FILE *out;

	*kept = (struct kept_screen) {};
	out = open_memstream(&kept->text, &kept->sz);
	assert_non_null(out);
	screen__init(&kept->screen, out);
	assert_int_equal(kept->screen.width, 0); /* it is no terminal */
	kept->screen.width = width;
}

/* What has been written; the caller frees it. */
static inline char *kept_screen__close(struct kept_screen *kept)
{
	assert_int_equal(fclose(kept->screen.out), 0);
	screen__free(&kept->screen);
	return kept->text;
}

static inline void assert_shown(struct kept_screen *kept, const char *expected)
{
	char *text = kept_screen__close(kept);

	assert_string_equal(text, expected);
	free(text);
}

static inline size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t sz = strcspn(text, "\n");

		if (sz > longest)
			longest = sz;
		text += sz + (text[sz] != '\0');
	}
	return longest;
}

#endif
