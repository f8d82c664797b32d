/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unpacking .gnu_debugdata, from hands that mean well and from others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <lzma.h>

#include "elf/debugdata.h"

#define HEADER_SZ 12 /* of the xz stream; the first block's header follows */
#define BLOCK_HEADER_SZ                                                                            \
	12 /* with LZMA2 alone: size, flags, filter, its size, dictionary, padding */

struct packed {
	uint8_t *bytes;
	size_t sz;
};

static struct packed pack(const void *bytes, size_t sz)
{
	struct packed packed = { .bytes = malloc(lzma_stream_buffer_bound(sz)) };

	assert_non_null(packed.bytes);
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes, sz, packed.bytes,
						 &packed.sz, lzma_stream_buffer_bound(sz)),
			 LZMA_OK);
	return packed;
}

static void assert_refused(const void *bytes, size_t sz, const char *part)
{
	struct fault why = {};
	int fd = -7;

	assert_int_equal(debugdata__unpack(bytes, sz, &fd, &why), -EBADMSG);
	assert_int_equal(fd, -7);
	if (!strstr(why.text, part))
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
}

static void unpacking_gives_back_what_was_packed(void **state)
{
	static const char text[] = "a small ELF file, say";
	struct packed packed = pack(text, sizeof(text));
	char read_back[64];
	int fd = -1;

	(void)state;
	assert_int_equal(debugdata__unpack(packed.bytes, packed.sz, &fd, NULL), 0);
	assert_int_equal(pread(fd, read_back, sizeof(read_back), 0), sizeof(text));
	assert_memory_equal(read_back, text, sizeof(text));
	close(fd);
	free(packed.bytes);
}

static void unpacking_takes_more_than_a_chunk(void **state)
{
	size_t sz = 300001;
	uint8_t *bytes = malloc(sz);
	struct packed packed;
	struct stat st;
	int fd = -1;

	(void)state;
	srand(3);
	for (size_t i = 0; i < sz; i++)
		bytes[i] = (uint8_t)rand();
	packed = pack(bytes, sz);
	assert_int_equal(debugdata__unpack(packed.bytes, packed.sz, &fd, NULL), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sz);
	close(fd);
	free(packed.bytes);
	free(bytes);
}

static void unpacking_refuses_what_is_no_xz(void **state)
{
	(void)state;
	assert_refused("", 0, "cut short");
	assert_refused("\xfd"
		       "7zXZ",
		       5, "cut short");
	assert_refused("\x7f"
		       "ELF, but not packed at all",
		       20, "not in the xz format");
}

static void unpacking_refuses_every_truncation_and_every_damage(void **state)
{
	static const char text[] = "another small ELF file, with some text to be damaged in it";
	struct packed packed = pack(text, sizeof(text));
	int fd = -1;

	(void)state;
	for (size_t sz = 0; sz < packed.sz; sz++)
		assert_refused(packed.bytes, sz, "cut short");
	for (size_t i = 0; i < packed.sz; i++) {
		packed.bytes[i] ^= 0x10;
		assert_int_equal(debugdata__unpack(packed.bytes, packed.sz, &fd, NULL), -EBADMSG);
		packed.bytes[i] ^= 0x10;
	}
	free(packed.bytes);
}

/* A dictionary of 1.5 GiB, as the block's header claims; the header's checksum is right. */
static void unpacking_refuses_to_need_much_memory(void **state)
{
	static const uint8_t lzma2[] = { 0x21, 1 }; /* the filter and the size of its settings */
	struct packed packed = pack("tiny", 4);
	uint8_t *header = packed.bytes + HEADER_SZ, *filter;
	size_t sz = (header[0] + 1u) * 4;
	uint32_t crc;

	(void)state;
	filter = memmem(header, sz, lzma2, sizeof(lzma2));
	assert_non_null(filter);
	filter[2] = 37;
	crc = lzma_crc32(header, sz - 4, 0);
	memcpy(header + sz - 4, &crc, sizeof(crc));
	assert_refused(packed.bytes, packed.sz, "128 MiB of memory");
	free(packed.bytes);
}

/* 20 MiB of zeros are 3 KiB. */
static void unpacking_refuses_to_grow_beyond_reason(void **state)
{
	size_t sz = 20 << 20;
	uint8_t *zeros = calloc(1, sz);
	struct packed packed = pack(zeros, sz);

	(void)state;
	assert_true(packed.sz < sz / 1000);
	assert_refused(packed.bytes, packed.sz, "are refused");
	free(packed.bytes);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacking_gives_back_what_was_packed),
		cmocka_unit_test(unpacking_takes_more_than_a_chunk),
		cmocka_unit_test(unpacking_refuses_what_is_no_xz),
		cmocka_unit_test(unpacking_refuses_every_truncation_and_every_damage),
		cmocka_unit_test(unpacking_refuses_to_need_much_memory),
		cmocka_unit_test(unpacking_refuses_to_grow_beyond_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
