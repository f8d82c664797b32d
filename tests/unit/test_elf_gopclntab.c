/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* .gopclntab of every version, made by hand after gopclntab.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "elf/gopclntab.h"

#define TEXT 0x401000u
#define FUNCTIONS 3
#define TABLE_SZ 0x200

static const uint32_t magics[] = { 0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1 };
static const char *const names[FUNCTIONS] = { "runtime.text", "main.main",
					      "main.(*Server).handle" };
static const uint64_t entries[FUNCTIONS + 1] = { 0, 0x20, 0x60, 0x68 };

struct made {
	uint8_t bytes[TABLE_SZ];
	uint64_t functions_at, records_at, names_at;
	unsigned field_sz;
};

static void put(struct made *made, uint64_t at, uint64_t value, unsigned sz)
{
	assert_true(at + sz <= TABLE_SZ);
	memcpy(made->bytes + at, &value, sz);
}

/* The parts of each version are where its header says; 1.2 has no such header. */
static void put_header(struct made *made, uint32_t magic)
{
	static const uint8_t rest[] = { 0, 0, 1, 8 };

	put(made, 0, magic, 4);
	memcpy(made->bytes + 4, rest, sizeof(rest));
	put(made, 8, FUNCTIONS, 8);
	made->functions_at = magic == magics[0] ? 16 : 0x80;
	made->names_at = magic == magics[0] ? 0 : 0x60;
	made->records_at = magic == magics[0] ? 0 : 0x80;
	made->field_sz = magic == magics[0] || magic == magics[1] ? 8 : 4;
	if (magic == magics[1]) {
		put(made, 8 + 2 * 8, made->names_at, 8);
		put(made, 8 + 6 * 8, made->functions_at, 8);
	} else if (magic != magics[0]) {
		put(made, 8 + 2 * 8, TEXT, 8);
		put(made, 8 + 3 * 8, made->names_at, 8);
		put(made, 8 + 7 * 8, made->functions_at, 8);
	}
}

static void make(struct made *made, uint32_t magic)
{
	uint64_t base = magic == magics[0] || magic == magics[1] ? TEXT : 0;

	memset(made, 0, sizeof(*made));
	put_header(made, magic);
	for (unsigned i = 0; i <= FUNCTIONS; i++) {
		uint64_t pair = made->functions_at + (uint64_t)i * 2 * made->field_sz;
		uint64_t record = 0x100 + i * 0x10, name = 0x150 + i * 0x20;

		put(made, pair, base + entries[i], made->field_sz);
		if (i == FUNCTIONS)
			break;
		put(made, pair + made->field_sz, record - made->records_at, made->field_sz);
		put(made, record, base + entries[i], made->field_sz);
		put(made, record + made->field_sz, name - made->names_at, 4);
		memcpy(made->bytes + name, names[i], strlen(names[i]) + 1);
	}
}

struct seen {
	uint64_t base;
	unsigned cnt;
};

static int look(void *ctx, const struct go_function *function)
{
	struct seen *seen = ctx;
	unsigned i = seen->cnt++;

	assert_true(i < FUNCTIONS);
	assert_string_equal(function->name, names[i]);
	assert_int_equal(function->entry, seen->base + entries[i]);
	assert_int_equal(function->size, entries[i + 1] - entries[i]);
	return 0;
}

static void every_version_is_read(void **state)
{
	(void)state;
	for (size_t m = 0; m < 4; m++) {
		bool relative = m >= 2;
		struct seen seen = { .base = relative ? 0 : TEXT };
		struct gopclntab table;
		struct fault why = {};
		struct made made;
		uint64_t begin, end;

		make(&made, magics[m]);
		assert_true(gopclntab_begins(made.bytes));
		assert_int_equal(gopclntab__parse(made.bytes, TABLE_SZ, &table, &why), 0);
		assert_int_equal(table.function_cnt, FUNCTIONS);
		assert_int_equal(table.relative, relative);
		assert_int_equal(table.text, relative ? TEXT : 0);
		assert_int_equal(gopclntab__each(&table, look, &seen, &why), 0);
		assert_int_equal(seen.cnt, FUNCTIONS);
		assert_int_equal(gopclntab__span(&table, &begin, &end), 0);
		assert_int_equal(begin, seen.base);
		assert_int_equal(end, seen.base + 0x68);
	}
}

static int stop(void *ctx, const struct go_function *function)
{
	(void)ctx;
	(void)function;
	return 7;
}

static void reading_ends_when_told_to(void **state)
{
	struct gopclntab table;
	struct made made;

	(void)state;
	make(&made, magics[3]);
	assert_int_equal(gopclntab__parse(made.bytes, TABLE_SZ, &table, NULL), 0);
	assert_int_equal(gopclntab__each(&table, stop, NULL, NULL), 7);
}

static void assert_parse_refused(const struct made *made, size_t sz, const char *part)
{
	struct gopclntab table;
	struct fault why = {};

	assert_int_equal(gopclntab__parse(made->bytes, sz, &table, &why), -EBADMSG);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void headers_that_lie_are_refused(void **state)
{
	struct made made;

	(void)state;
	for (size_t m = 0; m < 4; m++) {
		make(&made, magics[m]);
		for (size_t sz = 0; sz < made.functions_at + 7ull * made.field_sz; sz++)
			assert_parse_refused(&made, sz, "");
		put(&made, 8, UINT64_MAX, 8);
		assert_parse_refused(&made, TABLE_SZ, "too short for");
		put(&made, 8, UINT64_MAX / 16 + 2, 8);
		assert_parse_refused(&made, TABLE_SZ, "too short for");
		make(&made, magics[m]);
		made.bytes[7] = 4;
		assert_parse_refused(&made, TABLE_SZ, "kind that is known");
		made.bytes[7] = 8;
		made.bytes[6] = 3;
		assert_parse_refused(&made, TABLE_SZ, "kind that is known");
		made.bytes[6] = 1;
		made.bytes[5] = 1;
		assert_parse_refused(&made, TABLE_SZ, "kind that is known");
		put(&made, 0, 0xfffffff2, 4);
		assert_parse_refused(&made, TABLE_SZ, "kind that is known");
	}
	make(&made, magics[1]);
	put(&made, 8 + 2 * 8, TABLE_SZ + 1, 8);
	assert_parse_refused(&made, TABLE_SZ, "outside");
	make(&made, magics[2]);
	put(&made, 8 + 7 * 8, UINT64_MAX - 3, 8);
	assert_parse_refused(&made, TABLE_SZ, "outside");
}

static int pass(void *ctx, const struct go_function *function)
{
	(void)function;
	++*(unsigned *)ctx;
	return 0;
}

/* The last function lies: those before are given, and then no more. */
static void assert_function_refused(struct made *made, const char *part)
{
	struct gopclntab table;
	struct fault why = {};
	unsigned cnt = 0;

	assert_int_equal(gopclntab__parse(made->bytes, TABLE_SZ, &table, &why), 0);
	assert_int_equal(gopclntab__each(&table, pass, &cnt, &why), -EBADMSG);
	assert_int_equal(cnt, FUNCTIONS - 1);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void functions_that_lie_are_refused(void **state)
{
	struct made made;

	(void)state;
	for (size_t m = 0; m < 4; m++) {
		uint64_t pair, record = 0x100 + 2 * 0x10;

		make(&made, magics[m]);
		pair = made.functions_at + 4ull * made.field_sz;
		put(&made, pair + made.field_sz, UINT32_MAX, made.field_sz);
		assert_function_refused(&made, "the record of function 2");
		make(&made, magics[m]);
		put(&made, pair + made.field_sz, TABLE_SZ - made.records_at - 1, made.field_sz);
		assert_function_refused(&made, "the record of function 2");
		make(&made, magics[m]);
		put(&made, record + made.field_sz, UINT32_MAX, 4);
		assert_function_refused(&made, "the name of function 2");
		make(&made, magics[m]);
		memset(made.bytes + 0x150 + 0x40, 'x', TABLE_SZ - 0x190);
		assert_function_refused(&made, "the name of function 2");
		make(&made, magics[m]);
		put(&made, pair + 2ull * made.field_sz, 0, made.field_sz);
		assert_function_refused(&made, "function 2 ends before it begins");
	}
}

static void a_table_without_functions_has_no_span(void **state)
{
	struct gopclntab table;
	uint64_t begin, end;
	struct made made;

	(void)state;
	make(&made, magics[2]);
	put(&made, 8, 0, 8);
	assert_int_equal(gopclntab__parse(made.bytes, TABLE_SZ, &table, NULL), 0);
	assert_int_equal(gopclntab__span(&table, &begin, &end), -EBADMSG);
	assert_int_equal(gopclntab__each(&table, stop, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_read),
		cmocka_unit_test(reading_ends_when_told_to),
		cmocka_unit_test(headers_that_lie_are_refused),
		cmocka_unit_test(functions_that_lie_are_refused),
		cmocka_unit_test(a_table_without_functions_has_no_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
