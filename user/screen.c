/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "escape.h"
#include "parse.h"

#define CUT_MARK "..."
#define WIDTH_MAX 10000

static size_t find_width(FILE *out)
{
	const char *asked = getenv("COLUMNS");
	struct winsize size = {};
	uint64_t width;

	if (fileno(out) < 0 || !isatty(fileno(out)))
		return 0;
	/* Scripts set COLUMNS, shells keep it to themselves. */
	if (!asked || parse_u64(asked, 1, WIDTH_MAX, &width)) {
		if (ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
			return SCREEN_WIDTH_DEFAULT;
		width = size.ws_col;
	}
	return width < SCREEN_WIDTH_MIN ? SCREEN_WIDTH_MIN : width;
}

void screen__init(struct screen *screen, FILE *out)
{
	*screen = (struct screen) { .out = out, .width = find_width(out) };
	screen->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void screen__free(struct screen *screen)
{
	if (screen->utf8)
		freelocale(screen->utf8);
	screen->utf8 = (locale_t)0;
}

/* One character: its bytes, and in *ret_columns its width. */
static size_t character(const char *text, size_t *ret_columns)
{
	mbstate_t state = {};
	wchar_t wide;
	size_t sz = mbrtowc(&wide, text, strlen(text), &state);
	int width;

	*ret_columns = 1;
	/* No UTF-8, or no such locale: a byte is as good as a character. */
	if (sz == 0 || sz > strlen(text))
		return 1;
	width = wcwidth(wide);
	if (width >= 0)
		*ret_columns = (size_t)width;
	return sz;
}

static size_t columns_of(const char *text)
{
	size_t columns = 0, wide;

	while (*text) {
		text += character(text, &wide);
		columns += wide;
	}
	return columns;
}

size_t screen__columns(const struct screen *screen, const char *text)
{
	locale_t old = uselocale(screen->utf8);
	size_t columns = columns_of(text);

	uselocale(old);
	return columns;
}

/* As much from the beginning as fits into head columns, and what is left of text when skipped
 * columns of it have been passed. */
static char *cut(const char *text, size_t head, size_t skipped)
{
	size_t head_sz = 0, passed = 0, sz, wide;
	const char *tail = text;
	char *result;

	while (*tail && passed < skipped) {
		sz = character(tail, &wide);
		if (passed + wide <= head)
			head_sz = (size_t)(tail - text) + sz;
		passed += wide;
		tail += sz;
	}
	if (asprintf(&result, "%.*s" CUT_MARK "%s", (int)head_sz, text, tail) < 0)
		return NULL;
	return result;
}

char *screen__shorten(const struct screen *screen, const char *text, size_t columns)
{
	locale_t old = uselocale(screen->utf8);
	size_t all = columns_of(text);
	size_t kept = columns - strlen(CUT_MARK);
	char *result;

	if (all <= columns)
		result = strdup(text);
	else
		result = cut(text, kept / 3,
			     all - (kept - kept / 3)); /* names differ at their ends */
	uselocale(old);
	return result;
}

int screen__put_wrapped(const struct screen *screen, size_t at, const char *text)
{
	char *escaped = escape_text(text);
	size_t used = at, sz, wide;
	char *word, *rest = escaped;

	if (!escaped)
		return -ENOMEM;
	while ((word = strsep(&rest, " "))) {
		sz = strlen(word);
		wide = screen__columns(screen, word);
		if (screen->width && used > at && used + 1 + wide > screen->width) {
			fprintf(screen->out, "\n%*s", (int)at, "");
			used = at;
		} else if (word != escaped) {
			fputc(' ', screen->out);
			used++;
		}
		fwrite(word, 1, sz, screen->out);
		used += wide;
	}
	fputc('\n', screen->out);
	free(escaped);
	return 0;
}
