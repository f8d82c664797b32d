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

/* Names in records are cut beyond this, so that no record exceeds DECODE_RECORD_MAX. */
#define ENCODE_NAME_SZ_MAX 8192

/* Takes one record; data is 8-byte aligned and padded with zeros to a multiple of 8 (sz counts the
 * padding). Returns 0 or negative errno. */
typedef int (*encode_put_fn)(void *ctx, const void *data, size_t sz);

int encode_stream(encode_put_fn put, void *ctx);
int encode_state(encode_put_fn put, void *ctx, __u32 number, const char *name);
int encode_probe(encode_put_fn put, void *ctx, const struct event_probe *probe);
int encode_capture(encode_put_fn put, void *ctx, const struct event_capture *capture);
int encode_clock(encode_put_fn put, void *ctx, __u64 since_ns, __s64 offset_ns);
int encode_counts(encode_put_fn put, void *ctx, __u32 state,
		  const struct tacho_state_counts *counts);
int encode_flush(encode_put_fn put, void *ctx, __u64 time_ns, int last);

/* The heads of these are filled in here. */
int encode_return(encode_put_fn put, void *ctx, const struct tacho_return *returns);
int encode_placed(encode_put_fn put, void *ctx, const struct tacho_placed *placed);
int encode_summary(encode_put_fn put, void *ctx, const struct tacho_summary *summary);

#endif
