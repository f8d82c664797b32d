/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "export/export.h"

#include <string.h>

const struct export_ops *const export_formats[] = {
	&export_chrome_trace, &export_sql,
	&export_openmetrics,  &export_folded,
	&export_pstats,	      &export_quantumleap,
	&export_junmai_json,  &export_junmai_csv,
	&export_proxystore,   NULL,
};

const struct export_ops *export_format__find(const char *name)
{
	for (size_t i = 0; export_formats[i]; i++) {
		if (!strcmp(export_formats[i]->name, name))
			return export_formats[i];
	}
	return NULL;
}
