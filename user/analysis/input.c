/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/input.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define PACKED_SZ (128 * 1024)
#define MAGIC_SZ 4
/* Larger windows than zstd(1) takes without being asked to are somebody's attempt on our memory. */
#define WINDOW_LOG_MAX 27

struct input {
	int fd;
	const char *path;
	uint64_t size;
	uint64_t done;
	bool begun;
	char head[MAGIC_SZ]; /* of a file that is not packed */
	size_t head_sz;
	ZSTD_DCtx *unpacker; /* NULL: it is not */
	char *packed;
	ZSTD_inBuffer in;
	bool inside_frame;
	bool unfinished; /* the unpacker may hold bytes for which there was no room */
	int err;	 /* to be returned once the bytes before it were */
	struct fault why;
};

struct input *input__new(int fd, const char *path)
{
	struct input *input = calloc(1, sizeof(*input));
	struct stat st;

	if (!input)
		return NULL;
	input->fd = fd;
	input->path = path;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		input->size = (uint64_t)st.st_size;
	return input;
}

void input__free(struct input *input)
{
	if (!input)
		return;
	ZSTD_freeDCtx(input->unpacker);
	free(input->packed);
	free(input);
}

uint64_t input__done(const struct input *input)
{
	return input->done;
}

uint64_t input__size(const struct input *input)
{
	return input->size;
}

static void fail(struct input *input, int err)
{
	input->err =
		fault__set(&input->why, err, "%s: cannot read: %s", input->path, strerror(-err));
}

/* *ret_sz is less than sz only at the end, or with an error. */
static void read_whole(struct input *input, char *data, size_t sz, size_t *ret_sz)
{
	ssize_t n = 1;

	*ret_sz = 0;
	while (*ret_sz < sz && n) {
		n = read(input->fd, data + *ret_sz, sz - *ret_sz);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(input, -errno);
			break;
		}
		*ret_sz += (size_t)n;
		input->done += (uint64_t)n;
	}
}

/* --- packed files ----------------------------------------------------------------------------- */

static bool is_packed(const char head[MAGIC_SZ])
{
	uint32_t magic;

	memcpy(&magic, head, sizeof(magic));
	magic = le32toh(magic);
	/* either kind of frame may come first; neither begins as a line of text does */
	return magic == ZSTD_MAGICNUMBER ||
	       (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static void begin_unpacking(struct input *input)
{
	input->unpacker = ZSTD_createDCtx();
	input->packed = malloc(PACKED_SZ);
	if (!input->unpacker || !input->packed ||
	    ZSTD_isError(
		    ZSTD_DCtx_setParameter(input->unpacker, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		fail(input, -ENOMEM);
		return;
	}
	memcpy(input->packed, input->head, MAGIC_SZ);
	input->in = (ZSTD_inBuffer) { input->packed, MAGIC_SZ, 0 };
}

static void begin(struct input *input)
{
	input->begun = true;
	/* only makes it faster */
	posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	read_whole(input, input->head, MAGIC_SZ, &input->head_sz);
	if (input->head_sz == MAGIC_SZ && is_packed(input->head))
		begin_unpacking(input);
}

static int spoiled(struct input *input, const char *wrong)
{
	uint64_t at = input->done - (input->in.size - input->in.pos);

	input->in.pos = input->in.size;
	input->unfinished = false;
	input->err = fault__set(&input->why, -EBADMSG,
				"%s: cannot be unpacked any further, at byte %" PRIu64 ": %s",
				input->path, at, wrong);
	return input->err;
}

/* 1 if there is nothing more. */
static int refill(struct input *input)
{
	size_t sz;

	if (input->err)
		return input->err;
	read_whole(input, input->packed, PACKED_SZ, &sz);
	input->in = (ZSTD_inBuffer) { input->packed, sz, 0 };
	if (sz)
		return 0;
	if (input->err)
		return input->err;
	return input->inside_frame ? spoiled(input, "the file ends inside a frame") : 1;
}

static size_t unpack(struct input *input, char *data, size_t sz)
{
	ZSTD_outBuffer out = { data, sz, 0 };
	size_t more;

	while (out.pos < sz) {
		if (input->in.pos == input->in.size && !input->unfinished && refill(input))
			break;
		more = ZSTD_decompressStream(input->unpacker, &out, &input->in);
		if (ZSTD_isError(more)) {
			spoiled(input, ZSTD_getErrorName(more));
			break;
		}
		input->inside_frame = more;
		input->unfinished = more && out.pos == sz;
	}
	return out.pos;
}

/* --- both ------------------------------------------------------------------------------------- */

static size_t read_plain(struct input *input, char *data, size_t sz)
{
	size_t head = input->head_sz < sz ? input->head_sz : sz;
	size_t got = 0;

	memcpy(data, input->head, head);
	memmove(input->head, input->head + head, input->head_sz - head);
	input->head_sz -= head;
	if (!input->err)
		read_whole(input, data + head, sz - head, &got);
	return head + got;
}

ssize_t input__read(struct input *input, char *data, size_t sz, struct fault *why)
{
	size_t got;

	if (!input->begun)
		begin(input);
	got = input->unpacker ? unpack(input, data, sz) : read_plain(input, data, sz);
	if (got || !input->err)
		return (ssize_t)got;
	return fault__set(why, input->err, "%s", input->why.text);
}
