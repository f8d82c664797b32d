/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/csv_header.h"

#include <string.h>

size_t csv_record__find(const struct csv_record *record, size_t field_cnt, const char *name)
{
	for (size_t i = 0; i < field_cnt; i++) {
		if (!strcmp(record->fields[i].text, name))
			return i;
	}
	return CSV_NO_COLUMN;
}

bool csv_record__find_all(const struct csv_record *record, size_t field_cnt,
			  const char *const *names, size_t name_cnt, size_t required_cnt,
			  size_t *ret_columns)
{
	for (size_t i = 0; i < required_cnt; i++) {
		if (csv_record__find(record, field_cnt, names[i]) == CSV_NO_COLUMN)
			return false;
	}
	for (size_t i = 0; i < name_cnt; i++)
		ret_columns[i] = csv_record__find(record, field_cnt, names[i]);
	return true;
}
