/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of any bytes: demangled, brought into shape as a person's and as the demangler's, and
 * matched as a pattern. Each must end soon, and a function must answer to what it is called.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/demangle.h"
#include "elf/name_glob.h"
#include "elf/written_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void shape(const char *text, struct written_name *name)
{
	static char wanted[DEMANGLED_SZ];

	for (enum written_shape s = WRITTEN_STRICT; s <= WRITTEN_LOOSE; s++) {
		written_name__parse(name, text, s);
		require(name->lens[WRITTEN_FULL] == strlen(name->text));
		require(name->lens[WRITTEN_UNQUALIFIED] <= name->lens[WRITTEN_FULL]);
		require(name->lens[WRITTEN_NAME] <= name->lens[WRITTEN_UNQUALIFIED]);
		require(name->lens[WRITTEN_BARE] <= name->lens[WRITTEN_NAME]);
		if (written_name__wanted(text, s, wanted))
			require(strlen(wanted) < DEMANGLED_SZ);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	static struct written_name name;
	char *text = malloc(sz + 1), buf[DEMANGLED_SZ];

	require(text != NULL);
	memcpy(text, data, sz);
	text[sz] = '\0';
	if (demangle(text, strlen(text), buf)) {
		require(strlen(buf) < DEMANGLED_SZ);
		shape(buf, &name);
	}
	if (strlen(text) < DEMANGLED_SZ)
		shape(text, &name);
	if (!name_glob__is_pattern(text) && !strchr(text, '\\'))
		require(name_glob__match(text, text));
	name_glob__match(text, "net::Server::handle(int, char)");
	name_glob__match("*a*[b-d]?*\\**", text);
	free(text);
	return 0;
}
