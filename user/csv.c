/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every field is put down with a comma after it, and the end of the row turns the last comma into
 * the line end: so that no field needs to know whether it is the first, even after empty ones.
 */
#include "csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

/* Returns where sz more bytes may be written, or NULL once memory has run out. */
static char *make_room(struct csv_row *row, size_t sz)
{
	size_t capacity = row->capacity ? row->capacity : FIRST_CAPACITY;
	char *data;

	if (row->err)
		return NULL;
	while (capacity - row->sz < sz)
		capacity *= 2;
	if (capacity != row->capacity) {
		data = realloc(row->data, capacity);
		if (!data) {
			row->err = -ENOMEM;
			return NULL;
		}
		row->data = data;
		row->capacity = capacity;
	}
	return row->data + row->sz;
}

static size_t u64_digits(uint64_t value)
{
	size_t digits = 1;

	for (; value >= 10000; value /= 10000)
		digits += 4;
	if (value >= 1000)
		return digits + 3;
	if (value >= 100)
		return digits + 2;
	return digits + (value >= 10);
}

/* Two digits per division: rows are mostly numbers, and they come by the million. */
static void write_digits(char *at, uint64_t value, size_t digits)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char *end = at + digits;

	for (; value >= 10; value /= 100) {
		end -= 2;
		memcpy(end, pairs + value % 100 * 2, 2);
	}
	if (end > at)
		*at = (char)('0' + value);
}

char *csv_digits(char *at, uint64_t value)
{
	size_t digits = u64_digits(value);

	write_digits(at, value, digits);
	return at + digits;
}

/* Copies text with every quote doubled; returns the end of the copy. */
static char *copy_doubling_quotes(char *at, const char *text, size_t sz)
{
	const char *quote;
	size_t part;

	while ((quote = memchr(text, '"', sz))) {
		part = (size_t)(quote - text) + 1;
		memcpy(at, text, part);
		at += part;
		*at++ = '"';
		text += part;
		sz -= part;
	}
	memcpy(at, text, sz);
	return at + sz;
}

void csv_row__begin(struct csv_row *row)
{
	row->sz = 0;
	row->err = 0;
}

void csv_row__text(struct csv_row *row, const char *text)
{
	size_t sz = strlen(text);
	char *at = make_room(row, 2 * sz + 3);

	if (!at)
		return;
	if (row->quoting == CSV_QUOTE_ALL || strcspn(text, ",\"\r\n") < sz) {
		*at++ = '"';
		at = copy_doubling_quotes(at, text, sz);
		*at++ = '"';
	} else {
		memcpy(at, text, sz);
		at += sz;
	}
	*at++ = ',';
	row->sz = (size_t)(at - row->data);
}

void csv_row__empty(struct csv_row *row)
{
	char *at = make_room(row, 3);

	if (!at)
		return;
	if (row->quoting == CSV_QUOTE_ALL) {
		*at++ = '"';
		*at++ = '"';
	}
	*at++ = ',';
	row->sz = (size_t)(at - row->data);
}

void csv_row__u64(struct csv_row *row, uint64_t value)
{
	char *at = make_room(row, CSV_DIGITS_MAX + 3);

	if (!at)
		return;
	if (row->quoting == CSV_QUOTE_ALL)
		*at++ = '"';
	at = csv_digits(at, value);
	if (row->quoting == CSV_QUOTE_ALL)
		*at++ = '"';
	*at++ = ',';
	row->sz = (size_t)(at - row->data);
}

int csv_row__end(struct csv_row *row)
{
	char *at = make_room(row, 2);

	if (!at)
		return row->err;
	if (row->sz)
		at--;
	memcpy(at, "\r\n", 2);
	row->sz = (size_t)(at + 2 - row->data);
	return 0;
}

void csv_row__free(struct csv_row *row)
{
	free(row->data);
	row->data = NULL;
	row->sz = 0;
	row->capacity = 0;
}
