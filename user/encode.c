/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t padded(size_t sz)
{
	return (sz + 7) & ~(size_t)7;
}

int encode_stream(encode_put_fn put, void *ctx)
{
	struct tacho_stream stream = {
		.head = { TACHO_RECORD_STREAM, sizeof(stream) },
		.magic = TACHO_STREAM_MAGIC,
		.version = TACHO_STREAM_VERSION,
	};

	return put(ctx, &stream, sizeof(stream));
}

/* A fixed part whose head is filled in here, followed by strings; b may be NULL. */
static int put_with_strings(encode_put_fn put, void *ctx, enum tacho_record_kind kind,
			    const void *fixed, size_t fixed_sz, const char *a, const char *b)
{
	size_t a_sz = strlen(a) + 1;
	size_t b_sz = b ? strlen(b) + 1 : 0;
	size_t sz = fixed_sz + a_sz + b_sz;
	struct tacho_record head = { kind, sz };
	char *record = calloc(1, padded(sz));
	int err;

	if (!record)
		return -ENOMEM;
	memcpy(record, fixed, fixed_sz);
	memcpy(record, &head, sizeof(head));
	memcpy(record + fixed_sz, a, a_sz);
	if (b)
		memcpy(record + fixed_sz + a_sz, b, b_sz);
	err = put(ctx, record, padded(sz));
	free(record);
	return err;
}

int encode_state(encode_put_fn put, void *ctx, __u32 number, const char *name)
{
	struct tacho_state state = { .state = number };

	return put_with_strings(put, ctx, TACHO_RECORD_STATE, &state, sizeof(state), name, NULL);
}

int encode_probe(encode_put_fn put, void *ctx, __u32 number, __u32 state, const char *binary,
		 const char *function)
{
	struct tacho_probe probe = { .probe = number, .state = state };

	return put_with_strings(put, ctx, TACHO_RECORD_PROBE, &probe, sizeof(probe), binary,
				function);
}

int encode_clock(encode_put_fn put, void *ctx, __u64 since_ns, __s64 offset_ns)
{
	struct tacho_clock clock = {
		.head = { TACHO_RECORD_CLOCK, sizeof(clock) },
		.since_ns = since_ns,
		.offset_ns = offset_ns,
	};

	return put(ctx, &clock, sizeof(clock));
}

int encode_counts(encode_put_fn put, void *ctx, __u32 state,
		  const struct tacho_state_counts *counts)
{
	struct tacho_counts record = {
		.head = { TACHO_RECORD_COUNTS, sizeof(record) },
		.state = state,
		.entries = counts->entries,
		.lost_ring = counts->lost_ring,
		.lost_nesting = counts->lost_nesting,
		.lost_other = counts->lost_other,
		.unmatched_returns = counts->unmatched_returns,
	};

	return put(ctx, &record, sizeof(record));
}

int encode_flush(encode_put_fn put, void *ctx, __u64 time_ns, int last)
{
	struct tacho_flush flush = {
		.head = { TACHO_RECORD_FLUSH, sizeof(flush) },
		.time_ns = time_ns,
		.last = last,
	};

	return put(ctx, &flush, sizeof(flush));
}
