/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "debugdata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lzma.h>

#include "../write_all.h"

/* The largest in Fedora are of a few MiB; they shrink to a fifth. */
#define UNPACKED_MAX_SZ (UINT64_C(256) << 20)
#define UNPACKED_SMALL_SZ (UINT64_C(16) << 20) /* of any ratio: harmless */
#define RATIO_MAX 100
/* `xz -9`, the most that people use, needs 65 MiB to unpack. */
#define MEMORY_MAX_SZ (UINT64_C(128) << 20)
#define CHUNK_SZ (64 << 10)

static const char *meaning(lzma_ret ret)
{
	switch (ret) {
	case LZMA_FORMAT_ERROR:
		return "it is not in the xz format";
	case LZMA_OPTIONS_ERROR:
		return "it is packed in a way that this liblzma does not know";
	case LZMA_BUF_ERROR:
		return "it is cut short";
	case LZMA_MEMLIMIT_ERROR:
		return "it needs more than 128 MiB of memory to unpack";
	default:
		return "it is damaged";
	}
}

static bool is_too_large(const lzma_stream *stream, size_t packed_sz)
{
	return stream->total_out > UNPACKED_MAX_SZ ||
	       (stream->total_out > UNPACKED_SMALL_SZ && stream->total_out / RATIO_MAX > packed_sz);
}

static int unpack(lzma_stream *stream, size_t packed_sz, int fd, struct fault *why)
{
	uint8_t chunk[CHUNK_SZ];
	lzma_ret ret;
	int err;

	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof(chunk);
		ret = lzma_code(stream, LZMA_FINISH);
		if (ret == LZMA_MEM_ERROR)
			return fault__set(why, -ENOMEM, "out of memory");
		if (ret != LZMA_OK && ret != LZMA_STREAM_END)
			return fault__set(why, -EBADMSG, "%s", meaning(ret));
		if (is_too_large(stream, packed_sz))
			return fault__set(why, -EBADMSG,
					  "%zu bytes that unpack to more than %" PRIu64
					  " are refused",
					  packed_sz, stream->total_out);
		err = write_all(fd, chunk, sizeof(chunk) - stream->avail_out, NULL);
		if (err)
			return fault__set(why, err, "%s", strerror(-err));
	} while (ret != LZMA_STREAM_END);
	return 0;
}

int debugdata__unpack(const void *packed, size_t sz, int *ret_fd, struct fault *why)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	int err, fd;

	fd = memfd_create("gnu_debugdata", MFD_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s", strerror(-err));
	}
	if (lzma_stream_decoder(&stream, MEMORY_MAX_SZ, 0) != LZMA_OK) {
		err = fault__set(why, -ENOMEM, "out of memory");
	} else {
		stream.next_in = packed;
		stream.avail_in = sz;
		err = unpack(&stream, sz, fd, why);
	}
	lzma_end(&stream);
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}
