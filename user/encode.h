/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events to bytes: the records that the recorder itself adds to a stream (decode.h reads them).
 */
#ifndef TACHO_USER_ENCODE_H
#define TACHO_USER_ENCODE_H

#include <stddef.h>

#include "decode.h"
#include "tacho/event.h"
#include "tacho/probe.h"

/* Strings in records are cut beyond these, NUL included, so that no record exceeds
 * DECODE_RECORD_MAX: names, and command lines, of which one argument alone may have 128 KiB
 * (MAX_ARG_STRLEN, include/uapi/linux/binfmts.h). */
#define ENCODE_NAME_SZ_MAX 8192
#define ENCODE_COMMAND_SZ_MAX (128 * 1024 + 1)

/* Takes one record; data is 8-byte aligned and padded with zeros to a multiple of 8 (sz counts the
 * padding). Returns 0 or negative errno. */
typedef int (*encode_put_fn)(void *ctx, const void *data, size_t sz);

int encode_stream(encode_put_fn put, void *ctx);
int encode_state(encode_put_fn put, void *ctx, __u32 number, const char *name);
int encode_probe(encode_put_fn put, void *ctx, const struct event_probe *probe);
int encode_capture(encode_put_fn put, void *ctx, const struct event_capture *capture);
int encode_attribute(encode_put_fn put, void *ctx, __u32 number, const char *name);
int encode_clock(encode_put_fn put, void *ctx, __u64 since_ns, __s64 offset_ns);
int encode_counts(encode_put_fn put, void *ctx, __u32 state,
		  const struct tacho_state_counts *counts);
int encode_flush(encode_put_fn put, void *ctx, __u64 time_ns, int last);

/* -E2BIG with more than TACHO_CPUS_MAX CPUs. */
int encode_system(encode_put_fn put, void *ctx, const struct event_system *usage);
int encode_gpu(encode_put_fn put, void *ctx, const struct event_gpu *gpu);

/* The heads of these are filled in here. */
int encode_return(encode_put_fn put, void *ctx, const struct tacho_return *returns);
int encode_placed(encode_put_fn put, void *ctx, const struct tacho_placed *placed);
int encode_summary(encode_put_fn put, void *ctx, const struct tacho_summary *summary);
/* A command line that is cut here is marked as such, too. */
int encode_process(encode_put_fn put, void *ctx, const struct event_process *process);

#endif
