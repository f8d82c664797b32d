/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "report/groups.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REST "(other)"

/* --- which groups ---------------------------------------------------------------------------- */

static int add_name(struct activities_grouping *by, const char *name, struct fault *why)
{
	if (!strcmp(name, "state"))
		return 0;
	if (!*name || strlen(name) > REPORT_GROUP_NAME_MAX)
		return fault__set(why, -EINVAL, "--by: '%s' is no name of a column", name);
	for (size_t i = 0; i < by->column_cnt; i++) {
		if (!strcmp(by->columns[i], name))
			return fault__set(why, -EINVAL, "--by: '%s' is there twice", name);
	}
	if (by->column_cnt == ACTIVITIES_BY_MAX)
		return fault__set(why, -E2BIG, "--by: there may be %d columns, and '%s' is more",
				  ACTIVITIES_BY_MAX, name);
	by->columns[by->column_cnt] = strdup(name);
	if (!by->columns[by->column_cnt])
		return fault__set(why, -ENOMEM, "no memory");
	by->column_cnt++;
	return 0;
}

int report_groups__add(struct activities_grouping *by, const char *list, struct fault *why)
{
	char *copy = strdup(list), *rest = copy, *name;
	int err = copy ? 0 : fault__set(why, -ENOMEM, "no memory");

	while (!err && (name = strsep(&rest, ",")))
		err = add_name(by, name + strspn(name, " "), why);
	free(copy);
	return err;
}

void report_groups__free(struct activities_grouping *by)
{
	for (size_t i = 0; i < by->column_cnt; i++)
		free((char *)by->columns[i]);
	*by = (struct activities_grouping) {};
}

/* --- columns of tables ----------------------------------------------------------------------- */

static bool has_name(const struct sheet_column *columns, size_t cnt, const char *name)
{
	char short_name[SHEET_NAME_SZ];

	for (size_t i = 0; i < cnt; i++) {
		sheet_column__short_name(&columns[i], short_name);
		if (!strcmp(columns[i].name, name) || !strcmp(short_name, name))
			return true;
	}
	return false;
}

void group_columns__make(struct group_columns *columns, const struct activities_grouping *by,
			 const struct sheet_column *usual, size_t usual_cnt)
{
	columns->cnt = 0;
	columns->columns[columns->cnt++] = usual[0];
	for (size_t i = 0; i < by->column_cnt; i++) {
		char *name = columns->names[i], *heading = columns->headings[i];

		snprintf(name, sizeof(columns->names[i]), "%s%s",
			 has_name(usual, usual_cnt, by->columns[i]) ? "by_" : "", by->columns[i]);
		for (size_t c = 0; c <= strlen(name); c++)
			heading[c] = (char)toupper((unsigned char)name[c]);
		columns->columns[columns->cnt++] =
			(struct sheet_column) { heading, name, SHEET_TEXT, SHEET_USUAL };
	}
	for (size_t i = 1; i < usual_cnt; i++)
		columns->columns[columns->cnt++] = usual[i];
}

void group_columns__put(struct sheet *sheet, const struct activities_grouping *by,
			const struct activity_series *series)
{
	const char *value;

	sheet__text(sheet, series->state);
	for (size_t i = 0; i < by->column_cnt; i++) {
		value = series->is_rest ? REST : series->values[i];
		if (*value)
			sheet__text(sheet, value);
		else
			sheet__none(sheet);
	}
}
