/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <zstd.h>

#include "analysis/input.h"

#define TEXT_SZ (3 * 1024 * 1024)

static char text[TEXT_SZ];
static char packed[2 * TEXT_SZ];

static int make_text(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < TEXT_SZ; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		text[i] = (char)('a' + (seed >> 60));
	}
	return 0;
}

static int file_of(const char *data, size_t sz)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, sz), sz);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* How many bytes of the text come before the end or the error, in pieces of that size. */
static size_t read_text(int fd, size_t piece_sz, int *ret_err, struct fault *why)
{
	struct input *input = input__new(fd, "some.csv");
	char *piece = malloc(piece_sz);
	size_t sz = 0;
	ssize_t n;

	assert_non_null(input);
	assert_non_null(piece);
	while ((n = input__read(input, piece, piece_sz, why)) > 0) {
		assert_true(sz + (size_t)n <= TEXT_SZ);
		assert_memory_equal(piece, text + sz, n);
		sz += (size_t)n;
	}
	*ret_err = (int)n;
	/* it stays so */
	assert_int_equal(input__read(input, piece, piece_sz, why), n);
	input__free(input);
	free(piece);
	close(fd);
	return sz;
}

static void expect_text(const char *data, size_t sz, size_t text_sz)
{
	static const size_t pieces[] = { 1000, 4096, 100000, 2 * TEXT_SZ };
	int err;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_int_equal(read_text(file_of(data, sz), pieces[i], &err, NULL), text_sz);
		assert_int_equal(err, 0);
	}
}

static size_t pack(size_t from, size_t sz, char *to)
{
	size_t packed_sz = ZSTD_compress(to, TEXT_SZ, text + from, sz, 1);

	assert_false(ZSTD_isError(packed_sz));
	return packed_sz;
}

static void plain_bytes_come_as_they_are(void **state)
{
	(void)state;
	for (size_t sz = 0; sz < 6; sz++)
		expect_text(text, sz, sz);
	expect_text(text, TEXT_SZ, TEXT_SZ);
}

static void single_bytes_can_be_asked_for(void **state)
{
	int err;

	(void)state;
	assert_int_equal(read_text(file_of(text, 10), 1, &err, NULL), 10);
	assert_int_equal(read_text(file_of(packed, pack(0, 100, packed)), 1, &err, NULL), 100);
	assert_int_equal(err, 0);
}

static void frames_are_unpacked_one_after_the_other(void **state)
{
	/* RFC 8878, 3.1.2: a frame to be skipped, of two bytes */
	static const char skipped[] = "\x53\x2a\x4d\x18\x02\0\0\0xx";
	size_t sz = sizeof(skipped) - 1;

	(void)state;
	memcpy(packed, skipped, sz);
	sz += pack(0, 1000, packed + sz);
	sz += pack(1000, 0, packed + sz);
	sz += pack(1000, TEXT_SZ - 1000, packed + sz);
	memcpy(packed + sz, skipped, sizeof(skipped) - 1);
	sz += sizeof(skipped) - 1;
	expect_text(packed, sz, TEXT_SZ);
}

static void a_frame_that_is_cut_short_gives_what_there_is_and_a_fault(void **state)
{
	size_t sz = pack(0, TEXT_SZ, packed);
	struct fault why = {};
	size_t got;
	int err;

	(void)state;
	got = read_text(file_of(packed, sz / 2), 5000, &err, &why);
	assert_int_equal(err, -EBADMSG);
	assert_true(got > TEXT_SZ / 4);
	assert_non_null(strstr(why.text, "some.csv: cannot be unpacked any further, at byte "));
	assert_non_null(strstr(why.text, "the file ends inside a frame"));
}

static void a_spoiled_frame_gives_what_came_before_and_a_fault(void **state)
{
	size_t first = pack(0, 200000, packed), sz = first + pack(200000, 200000, packed + first);
	struct fault why = {};
	size_t got;
	int err;

	(void)state;
	memset(packed + first, 0xff, 8);
	got = read_text(file_of(packed, sz), 5000, &err, &why);
	assert_int_equal(got, 200000);
	assert_int_equal(err, -EBADMSG);
	assert_non_null(strstr(why.text, "at byte "));
}

/* A frame that wants 1 GiB to be unpacked (window descriptor 0xa0: RFC 8878, 3.1.1.1.2). */
static void a_window_that_is_too_large_is_refused(void **state)
{
	static const char greedy[] = "\x28\xb5\x2f\xfd\x00\xa0\x01\0\0";
	struct fault why = {};
	int err;

	(void)state;
	assert_int_equal(read_text(file_of(greedy, sizeof(greedy) - 1), 100, &err, &why), 0);
	assert_int_equal(err, -EBADMSG);
	assert_non_null(strstr(why.text, "memory"));
}

static void what_cannot_be_read_is_a_fault(void **state)
{
	struct input *input = input__new(-1, "some.csv");
	struct fault why = {};
	char byte;

	(void)state;
	assert_int_equal(input__read(input, &byte, 1, &why), -EBADF);
	assert_string_equal(why.text, "some.csv: cannot read: Bad file descriptor");
	input__free(input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_bytes_come_as_they_are),
		cmocka_unit_test(single_bytes_can_be_asked_for),
		cmocka_unit_test(frames_are_unpacked_one_after_the_other),
		cmocka_unit_test(a_frame_that_is_cut_short_gives_what_there_is_and_a_fault),
		cmocka_unit_test(a_spoiled_frame_gives_what_came_before_and_a_fault),
		cmocka_unit_test(a_window_that_is_too_large_is_refused),
		cmocka_unit_test(what_cannot_be_read_is_a_fault),
	};

	return cmocka_run_group_tests(tests, make_text, NULL);
}
