/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "gopclntab.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAGIC_1_2 0xfffffffbu
#define MAGIC_1_16 0xfffffffau
#define MAGIC_1_18 0xfffffff0u
#define MAGIC_1_20 0xfffffff1u

#define NAME_MAX_SZ (1 << 16)

static uint64_t load(const struct gopclntab *table, uint64_t at, unsigned sz)
{
	uint64_t wide;
	uint32_t narrow;

	if (sz == sizeof(narrow)) {
		memcpy(&narrow, table->bytes + at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, table->bytes + at, sizeof(wide));
	return wide;
}

static bool within(const struct gopclntab *table, uint64_t at, uint64_t sz)
{
	return at <= table->sz && sz <= table->sz - at;
}

static uint32_t magic_of(const uint8_t *bytes)
{
	uint32_t magic;

	memcpy(&magic, bytes, sizeof(magic));
	return magic;
}

bool gopclntab_begins(const uint8_t header[GOPCLNTAB_HEADER_SZ])
{
	uint32_t magic = magic_of(header);

	if (magic != MAGIC_1_2 && magic != MAGIC_1_16 && magic != MAGIC_1_18 && magic != MAGIC_1_20)
		return false;
	return header[4] == 0 && header[5] == 0 &&
	       (header[6] == 1 || header[6] == 2 || header[6] == 4) && header[7] == 8;
}

/* Numbers of 8 bytes that follow the first 8. */
static uint64_t header_word(const struct gopclntab *table, unsigned index)
{
	return load(table, GOPCLNTAB_HEADER_SZ + 8 * (uint64_t)index, 8);
}

static void parse_header(struct gopclntab *table)
{
	switch (magic_of(table->bytes)) {
	case MAGIC_1_2:
		table->functions_at = GOPCLNTAB_HEADER_SZ + 8;
		table->field_sz = 8;
		break;
	case MAGIC_1_16:
		table->names_at = header_word(table, 2);
		table->functions_at = table->records_at = header_word(table, 6);
		table->field_sz = 8;
		break;
	default:
		table->text = header_word(table, 2);
		table->relative = true;
		table->names_at = header_word(table, 3);
		table->functions_at = table->records_at = header_word(table, 7);
		table->field_sz = 4;
	}
	table->function_cnt = header_word(table, 0);
}

int gopclntab__parse(const void *bytes, size_t sz, struct gopclntab *ret_table, struct fault *why)
{
	struct gopclntab table = { .bytes = bytes, .sz = sz };
	size_t header_sz = GOPCLNTAB_HEADER_SZ + 8;

	if (sz < header_sz || !gopclntab_begins(bytes))
		return fault__set(why, -EBADMSG,
				  "not a table of a kind that is known (Go 1.2, 1.16, 1.18, 1.20)");
	if (magic_of(bytes) != MAGIC_1_2)
		header_sz += magic_of(bytes) == MAGIC_1_16 ? 6 * 8 : 7 * 8;
	if (sz < header_sz)
		return fault__set(why, -EBADMSG, "cut short within its header");
	parse_header(&table);
	if (table.names_at > sz || table.functions_at > sz)
		return fault__set(why, -EBADMSG, "its names or functions lie outside it");
	if (table.function_cnt > sz / (2 * table.field_sz) ||
	    !within(&table, table.functions_at, (2 * table.function_cnt + 1) * table.field_sz))
		return fault__set(why, -EBADMSG,
				  "it is too short for the %" PRIu64 " functions it is to have",
				  table.function_cnt);
	*ret_table = table;
	return 0;
}

static uint64_t entry_of(const struct gopclntab *table, uint64_t index)
{
	return load(table, table->functions_at + 2 * index * table->field_sz, table->field_sz);
}

int gopclntab__span(const struct gopclntab *table, uint64_t *ret_begin, uint64_t *ret_end)
{
	uint64_t begin = entry_of(table, 0), end = entry_of(table, table->function_cnt);

	if (table->function_cnt == 0 || end <= begin)
		return -EBADMSG;
	*ret_begin = begin;
	*ret_end = end;
	return 0;
}

static const char *name_at(const struct gopclntab *table, uint64_t at)
{
	const char *name;
	size_t left;

	if (at >= table->sz)
		return NULL;
	name = (const char *)table->bytes + at;
	left = table->sz - at;
	return memchr(name, '\0', left < NAME_MAX_SZ ? left : NAME_MAX_SZ) ? name : NULL;
}

static int load_function(const struct gopclntab *table, uint64_t index,
			 struct go_function *function, struct fault *why)
{
	uint64_t pair = table->functions_at + 2 * index * table->field_sz;
	uint64_t record = load(table, pair + table->field_sz, table->field_sz);
	uint64_t end = entry_of(table, index + 1);

	function->entry = entry_of(table, index);
	if (end < function->entry)
		return fault__set(why, -EBADMSG, "function %" PRIu64 " ends before it begins",
				  index);
	function->size = end - function->entry;
	if (record > table->sz - table->records_at ||
	    !within(table, table->records_at + record, table->field_sz + 4))
		return fault__set(why, -EBADMSG,
				  "the record of function %" PRIu64 " lies outside the table",
				  index);
	function->name = name_at(
		table,
		table->names_at + load(table, table->records_at + record + table->field_sz, 4));
	if (!function->name)
		return fault__set(why, -EBADMSG,
				  "the name of function %" PRIu64 " lies outside the table", index);
	return 0;
}

int gopclntab__each(const struct gopclntab *table,
		    int (*each)(void *ctx, const struct go_function *function), void *ctx,
		    struct fault *why)
{
	for (uint64_t i = 0; i < table->function_cnt; i++) {
		struct go_function function;
		int err;

		err = load_function(table, i, &function, why);
		if (!err)
			err = each(ctx, &function);
		if (err)
			return err;
	}
	return 0;
}
