/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tested code prints on stdout or stderr. Include cmocka.h first. */
#ifndef TACHO_TESTS_CAPTURE_H
#define TACHO_TESTS_CAPTURE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct capture {
	FILE *stream; /* stdout or stderr */
	FILE *file;
	int saved;
	char text[8192];
};

static inline void capture__begin(struct capture *capture, FILE *stream)
{
	fflush(stream);
	capture->stream = stream;
	capture->file = tmpfile();
	capture->saved = dup(fileno(stream));
	assert_non_null(capture->file);
	assert_true(capture->saved >= 0);
	assert_true(dup2(fileno(capture->file), fileno(stream)) >= 0);
}

/* What was printed since; good until the next beginning. */
static inline const char *capture__end(struct capture *capture)
{
	size_t sz;

	fflush(capture->stream);
	dup2(capture->saved, fileno(capture->stream));
	close(capture->saved);
	rewind(capture->file);
	sz = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
	capture->text[sz] = '\0';
	fclose(capture->file);
	return capture->text;
}

#endif
