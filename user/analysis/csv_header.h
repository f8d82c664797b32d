/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Columns by their names in a header row. */
#ifndef TACHO_USER_ANALYSIS_CSV_HEADER_H
#define TACHO_USER_ANALYSIS_CSV_HEADER_H

#include <stdbool.h>

#include "analysis/csv_reader.h"

#define CSV_NO_COLUMN SIZE_MAX

/* Among the first field_cnt fields of a header row: where a name is for the first time, or
 * CSV_NO_COLUMN. */
size_t csv_record__find(const struct csv_record *record, size_t field_cnt, const char *name);

/* The same for each of these. Are the first required_cnt there? Otherwise nothing is returned. */
bool csv_record__find_all(const struct csv_record *record, size_t field_cnt,
			  const char *const *names, size_t name_cnt, size_t required_cnt,
			  size_t *ret_columns);

#endif
