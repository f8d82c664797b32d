/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "json.h"

#include <errno.h>
#include <stdlib.h>

#include "escape.h"

json_t *json_text(const char *bytes)
{
	char *escaped = escape_text(bytes);
	json_t *text = escaped ? json_string(escaped) : NULL;

	free(escaped);
	return text;
}

int json_write(json_t *json, FILE *out)
{
	char *text;
	int err = 0;

	if (!json)
		return -ENOMEM;
	text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	if (!text)
		return -ENOMEM;
	if (fprintf(out, "%s\n", text) < 0 || fflush(out) || ferror(out))
		err = -EIO;
	free(text);
	return err;
}
