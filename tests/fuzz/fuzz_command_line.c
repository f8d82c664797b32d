/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pattern, a newline, and the bytes of a command line: formatted, and matched by the pattern. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "processes/command_line.h"
#include "processes/fnmatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* What "*" is added to matches what it matched, and more. */
static void check_pattern(const char *text, const struct command_text *command)
{
	struct fnmatch_pattern *pattern = NULL, *wider = NULL;
	char longer[FNMATCH_CHARACTERS_MAX * 4 + 2];
	size_t sz = strlen(text);

	if (sz > FNMATCH_CHARACTERS_MAX - 1 || fnmatch__compile(text, &pattern, NULL))
		return;
	memcpy(longer, text, sz);
	strcpy(longer + sz, "*");
	if (fnmatch__matches(pattern, command->bytes, command->sz)) {
		require(fnmatch__compile(longer, &wider, NULL) == 0);
		/* behind a '[' that was not closed, a '*' is no member of a set either */
		require(fnmatch__matches(wider, command->bytes, command->sz));
	}
	fnmatch__free(pattern);
	fnmatch__free(wider);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	const uint8_t *newline = memchr(data, '\n', sz);
	size_t pattern_sz = newline ? (size_t)(newline - data) : 0;
	size_t skipped = pattern_sz + !!newline;
	char *pattern = strndup((const char *)data, pattern_sz);
	char *raw = malloc(sz - skipped); /* of just that size: reads beyond it are seen */
	struct command_text command = {};

	require(pattern && (raw || sz == skipped));
	if (sz > skipped)
		memcpy(raw, data + skipped, sz - skipped);
	for (int cut = 0; cut < 2; cut++) {
		require(command_line__format(raw, sz - skipped, cut, &command) == 0);
		require(command.sz <= sz - skipped && !command.bytes[command.sz]);
		require(strlen(command.bytes) == command.sz);
		check_pattern(pattern, &command);
	}
	command_text__free(&command);
	free(raw);
	free(pattern);
	return 0;
}
