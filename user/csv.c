/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every field is put down with a comma after it, and the end of the row turns the last comma into
 * the line end: so that no field needs to know whether it is the first, even after empty ones.
 */
#include "csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "float_repr.h"

#define FIRST_CAPACITY 256

static bool grow(struct csv_row *row, size_t sz)
{
	size_t capacity = row->capacity ? row->capacity : FIRST_CAPACITY;
	char *data;

	while (capacity - row->sz < sz)
		capacity *= 2;
	data = realloc(row->data, capacity);
	if (!data) {
		row->err = -ENOMEM;
		return false;
	}
	row->data = data;
	row->capacity = capacity;
	return true;
}

/* Returns where sz more bytes may be written, or NULL once memory has run out. */
static char *make_room(struct csv_row *row, size_t sz)
{
	if (row->err || (row->capacity - row->sz < sz && !grow(row, sz)))
		return NULL;
	return row->data + row->sz;
}

/* From the position of the highest bit: 1233 / 4096 is a little more than log10(2). */
static size_t u64_digits(uint64_t value)
{
	static const uint64_t powers[CSV_DIGITS_MAX] = {
		0,
		10,
		100,
		1000,
		10000,
		100000,
		1000000,
		10000000,
		100000000,
		1000000000,
		10000000000,
		100000000000,
		1000000000000,
		10000000000000,
		100000000000000,
		1000000000000000,
		10000000000000000,
		100000000000000000,
		1000000000000000000,
		10000000000000000000U,
	};
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(value | 1);
	unsigned int digits = bits * 1233 >> 12;

	return digits + (value >= powers[digits]);
}

static void write_pair(char *at, uint32_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	memcpy(at, pairs + (size_t)value * 2, 2);
}

/* Eight digits per long division, and the four pairs of them independent of each other: rows are
 * mostly numbers, and they come by the million. */
static void write_digits(char *at, uint64_t value, size_t digits)
{
	char *end = at + digits;
	uint32_t rest, high, low;

	for (; value >= 100000000; value /= 100000000) {
		rest = (uint32_t)(value % 100000000);
		high = rest / 10000;
		low = rest % 10000;
		end -= 8;
		write_pair(end, high / 100);
		write_pair(end + 2, high % 100);
		write_pair(end + 4, low / 100);
		write_pair(end + 6, low % 100);
	}
	for (rest = (uint32_t)value; rest >= 10; rest /= 100) {
		end -= 2;
		write_pair(end, rest % 100);
	}
	if (end > at)
		*at = (char)('0' + rest);
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

/* Room for a number of at most sz bytes and all that belongs to it; NULL without memory. */
static char *begin_number(struct csv_row *row, size_t sz)
{
	char *at = make_room(row, sz + 3);

	if (at && row->quoting == CSV_QUOTE_ALL)
		*at++ = '"';
	return at;
}

static void end_number(struct csv_row *row, char *at)
{
	if (row->quoting == CSV_QUOTE_ALL)
		*at++ = '"';
	*at++ = ',';
	row->sz = (size_t)(at - row->data);
}

void csv_row__u64(struct csv_row *row, uint64_t value)
{
	char *at = begin_number(row, CSV_DIGITS_MAX);

	if (at)
		end_number(row, csv_digits(at, value));
}

void csv_row__s64(struct csv_row *row, int64_t value)
{
	char *at = begin_number(row, 1 + CSV_DIGITS_MAX);

	if (!at)
		return;
	if (value < 0)
		*at++ = '-';
	end_number(row, csv_digits(at, value < 0 ? -(uint64_t)value : (uint64_t)value));
}

void csv_row__double(struct csv_row *row, double value)
{
	char *at = begin_number(row, FLOAT_REPR_MAX);

	if (at)
		end_number(row, float_repr(at, value));
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
