/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "compare/show.h"

#include <errno.h>
#include <string.h>

#include "compare/show_private.h"

static const struct compare_format formats[] = {
	{ "table", compare_show_table, true },
	{ "markdown", compare_show_markdown, true },
	{ "csv", compare_show_csv, false },
	{ "json", compare_show_json, false },
};

const struct compare_format *compare_format__find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

int compare_show(const struct compare_report *report, const struct compare_format *format,
		 FILE *out)
{
	int err = format->show(report, out);

	if (err)
		return err;
	return fflush(out) || ferror(out) ? -EIO : 0;
}
