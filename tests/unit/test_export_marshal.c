/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The expected bytes are those of Python 3.11's marshal.dumps(value, 2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "export/marshal.h"

struct written {
	FILE *out;
	char *bytes;
	size_t sz;
};

static void open_written(struct written *written)
{
	*written = (struct written) {};
	written->out = open_memstream(&written->bytes, &written->sz);
	assert_non_null(written->out);
}

static void expect(struct written *written, const char *bytes, size_t sz)
{
	fclose(written->out);
	assert_int_equal(written->sz, sz);
	assert_memory_equal(written->bytes, bytes, sz);
	free(written->bytes);
}

#define EXPECT(written, text) expect(written, text, sizeof(text) - 1)

static void integers_of_31_bits_are_ints_and_others_longs(void **state)
{
	struct written written;

	(void)state;
	open_written(&written);
	marshal_integer(written.out, 0);
	marshal_integer(written.out, INT32_MAX);
	EXPECT(&written, "i\0\0\0\0i\xff\xff\xff\x7f");
	open_written(&written);
	marshal_integer(written.out, UINT64_C(1) << 31);
	EXPECT(&written, "l\3\0\0\0\0\0\0\0\2\0");
	open_written(&written);
	marshal_integer(written.out, UINT64_MAX);
	EXPECT(&written, "l\5\0\0\0\xff\x7f\xff\x7f\xff\x7f\xff\x7f\x0f\0");
}

static void doubles_are_eight_bytes(void **state)
{
	struct written written;

	(void)state;
	open_written(&written);
	marshal_double(written.out, 0.1);
	EXPECT(&written, "g\x9a\x99\x99\x99\x99\x99\xb9\x3f");
}

static void text_is_UTF_8(void **state)
{
	struct written written;

	(void)state;
	open_written(&written);
	assert_int_equal(marshal_text(written.out, "\xc3\xa9\xff"), 0);
	EXPECT(&written, "u\6\0\0\0\xc3\xa9\\xff");
}

static void a_dict_of_tuples(void **state)
{
	struct written written;

	(void)state;
	open_written(&written);
	marshal_begin_dict(written.out);
	marshal_tuple(written.out, 1);
	marshal_integer(written.out, 7);
	marshal_tuple(written.out, 0);
	marshal_end_dict(written.out);
	EXPECT(&written, "{(\1\0\0\0i\7\0\0\0(\0\0\0\0"
			 "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_of_31_bits_are_ints_and_others_longs),
		cmocka_unit_test(doubles_are_eight_bytes),
		cmocka_unit_test(text_is_UTF_8),
		cmocka_unit_test(a_dict_of_tuples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
