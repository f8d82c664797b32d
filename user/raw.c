/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "raw.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

struct raw_writer {
	FILE *file;
	char *path;
	int err;
};

int raw_writer__open(const char *path, struct raw_writer **ret_writer, struct fault *why)
{
	struct raw_writer *writer = calloc(1, sizeof(*writer));
	int err;

	if (writer)
		writer->path = strdup(path);
	if (!writer || !writer->path) {
		free(writer);
		return fault__set(why, -ENOMEM, "no memory");
	}
	writer->file = fopen(path, "we");
	if (!writer->file) {
		err = -errno;
		fault__set(why, err, "%s: cannot be written: %s", path, strerror(-err));
		raw_writer__close(writer, NULL);
		return err;
	}
	*ret_writer = writer;
	return 0;
}

static int raw_writer__fail(struct raw_writer *writer, int err)
{
	if (!writer->err)
		writer->err = err;
	return writer->err;
}

int raw_writer__put(struct raw_writer *writer, const void *data, size_t sz)
{
	if (writer->err)
		return writer->err;
	if (fwrite(data, 1, sz, writer->file) != sz)
		return raw_writer__fail(writer, errno ? -errno : -EIO);
	return 0;
}

int raw_writer__flush(struct raw_writer *writer, struct fault *why)
{
	if (!writer->err && fflush(writer->file))
		raw_writer__fail(writer, errno ? -errno : -EIO);
	if (!writer->err)
		return 0;
	return fault__set(why, writer->err, "%s: writing the raw stream stopped: %s", writer->path,
			  strerror(-writer->err));
}

int raw_writer__close(struct raw_writer *writer, struct fault *why)
{
	int err = 0;

	if (!writer)
		return 0;
	if (writer->file) {
		err = raw_writer__flush(writer, why);
		if (fclose(writer->file) && !err)
			err = fault__set(why, -errno, "%s: %s", writer->path, strerror(errno));
	}
	free(writer->path);
	free(writer);
	return err;
}

/* Reads exactly sz bytes. *ret_got says how many there were before the file ended. */
static int read_all(FILE *file, void *buf, size_t sz, size_t *ret_got)
{
	*ret_got = fread(buf, 1, sz, file);
	if (*ret_got == sz || !ferror(file))
		return 0;
	return -errno;
}

/* One record into buf, which has room for the largest. *ret_sz is 0 at the end of the file. */
static int read_record(FILE *file, char *buf, size_t *ret_sz, struct fault *why)
{
	struct tacho_record head;
	size_t rest, got;
	int err;

	*ret_sz = 0;
	err = read_all(file, buf, sizeof(head), &got);
	if (err)
		return fault__set(why, err, "reading failed: %s", strerror(-err));
	if (!got)
		return 0;
	memcpy(&head, buf, sizeof(head));
	if (got == sizeof(head) && (head.size < sizeof(head) || head.size > DECODE_RECORD_MAX))
		return fault__set(why, -EBADMSG, "a record says it has %u bytes", head.size);
	if (got == sizeof(head)) {
		rest = ((head.size + 7) & ~7u) - sizeof(head);
		err = read_all(file, buf + sizeof(head), rest, &got);
		if (err)
			return fault__set(why, err, "reading failed: %s", strerror(-err));
		if (got == rest) {
			*ret_sz = head.size;
			return 0;
		}
	}
	return fault__set(why, -ENODATA,
			  "the file ends within a record: the recording was cut off there");
}

int raw_read(const char *path, int (*each)(void *ctx, const void *data, size_t sz), void *ctx,
	     struct fault *why)
{
	char *buf = malloc(DECODE_RECORD_MAX + 8);
	FILE *file = fopen(path, "re");
	struct tacho_record head = {};
	bool first = true;
	size_t sz = 0;
	int err;

	if (!buf || !file) {
		err = file ? -ENOMEM : -errno;
		fault__set(why, err, "%s", strerror(-err));
		goto out;
	}
	do {
		err = read_record(file, buf, &sz, why);
		if (!err && sz)
			memcpy(&head, buf, sizeof(head));
		if (first &&
		    (err == -EBADMSG || err == -ENODATA || !sz || head.kind != TACHO_RECORD_STREAM))
			err = fault__set(why, err == -EISDIR ? err : -EBADMSG,
					 "not a raw stream of tacho record --raw");
		if (!err && sz)
			err = each(ctx, buf, sz);
		first = false;
	} while (!err && sz);
out:
	if (file)
		fclose(file);
	free(buf);
	return err;
}
