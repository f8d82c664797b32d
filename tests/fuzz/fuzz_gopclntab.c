/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A .gopclntab of any bytes: every function lies in it, or it is refused with a text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/gopclntab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

struct seen {
	const char *begin, *end;
	uint64_t last, cnt;
};

static int look(void *ctx, const struct go_function *function)
{
	struct seen *seen = ctx;
	size_t left = (size_t)(seen->end - function->name);

	if (function->name < seen->begin || function->name >= seen->end ||
	    !memchr(function->name, '\0', left))
		abort();
	if (seen->cnt++ > 0 && function->entry < seen->last)
		abort();
	seen->last = function->entry;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct seen seen = { .begin = (const char *)data, .end = (const char *)data + sz };
	struct gopclntab table;
	struct fault why = {};
	uint64_t begin, end;

	if (gopclntab__parse(data, sz, &table, &why) != 0) {
		if (!why.text[0])
			abort();
		return 0;
	}
	if (gopclntab__span(&table, &begin, &end) == 0 && begin >= end)
		abort();
	if (gopclntab__each(&table, look, &seen, &why) != 0 && !why.text[0])
		abort();
	return 0;
}
