/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "csv_rows.h"

#include <string.h>

static enum csv_place step(enum csv_place place, char c)
{
	if (place == CSV_IN_QUOTES)
		return c == '"' ? CSV_AFTER_QUOTE : CSV_IN_QUOTES;
	if (c == ',' || c == '\r' || c == '\n')
		return CSV_AT_FIELD_START;
	if (c == '"' && place != CSV_IN_FIELD)
		return CSV_IN_QUOTES;
	return CSV_IN_FIELD;
}

size_t csv_walk__row(struct csv_walk *walk, const char *data, size_t sz)
{
	enum csv_place place = walk->place;
	const char *quote;

	for (size_t i = 0; i < sz; i++) {
		if (place == CSV_IN_QUOTES) {
			quote = memchr(data + i, '"', sz - i);
			if (!quote)
				break;
			i = (size_t)(quote - data);
		} else if (data[i] == '\n') {
			walk->place = CSV_AT_FIELD_START;
			return i + 1;
		}
		place = step(place, data[i]);
	}
	walk->place = place;
	return 0;
}

size_t csv_rows__whole(const char *data, size_t sz)
{
	struct csv_walk walk = { 0 };
	size_t whole = 0;
	size_t row;

	while ((row = csv_walk__row(&walk, data + whole, sz - whole)))
		whole += row;
	return whole;
}
