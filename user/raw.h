/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Streams in files: everything that reached the recorder, kept to be decoded again. */
#ifndef TACHO_USER_RAW_H
#define TACHO_USER_RAW_H

#include <stddef.h>

#include "fault.h"

struct raw_writer;

/* Creates or empties the file. */
int raw_writer__open(const char *path, struct raw_writer **ret_writer, struct fault *why);
/* sz is a multiple of 8. 0 or negative errno; after the first failure nothing more is written. */
int raw_writer__put(struct raw_writer *writer, const void *data, size_t sz);
int raw_writer__flush(struct raw_writer *writer, struct fault *why);
/* Flushes; 0, or what the last flush failed with. NULL is fine. */
int raw_writer__close(struct raw_writer *writer, struct fault *why);

/*
 * Reads a file or pipe to its end and hands on each record, header and padding stripped of nothing
 * but the padding. Stops when each returns non-zero, and returns that. -EBADMSG with why when the
 * file is not a stream or a record cannot be delimited, -ENODATA when it ends within a record.
 */
int raw_read(const char *path, int (*each)(void *ctx, const void *data, size_t sz), void *ctx,
	     struct fault *why);

#endif
