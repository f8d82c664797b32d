/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRINGS_MAX 5 /* in one record */

_Static_assert(sizeof(struct tacho_probe) + STRINGS_MAX * ENCODE_NAME_SZ_MAX + 8 <=
		       DECODE_RECORD_MAX,
	       "the largest record");

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

/* A fixed part whose head is filled in here, followed by strings. */
static int put_with_strings(encode_put_fn put, void *ctx, enum tacho_record_kind kind,
			    const void *fixed, size_t fixed_sz, const char *const *strings,
			    size_t string_cnt)
{
	struct tacho_record head = { kind, fixed_sz };
	size_t lengths[STRINGS_MAX];
	char *record, *at;
	int err;

	for (size_t i = 0; i < string_cnt; i++) {
		lengths[i] = strnlen(strings[i], ENCODE_NAME_SZ_MAX - 1);
		head.size += lengths[i] + 1;
	}
	record = calloc(1, padded(head.size));
	if (!record)
		return -ENOMEM;
	memcpy(record, fixed, fixed_sz);
	memcpy(record, &head, sizeof(head));
	at = record + fixed_sz;
	for (size_t i = 0; i < string_cnt; i++) {
		memcpy(at, strings[i], lengths[i]);
		at += lengths[i] + 1;
	}
	err = put(ctx, record, padded(head.size));
	free(record);
	return err;
}

int encode_state(encode_put_fn put, void *ctx, __u32 number, const char *name)
{
	struct tacho_state state = { .state = number };

	return put_with_strings(put, ctx, TACHO_RECORD_STATE, &state, sizeof(state), &name, 1);
}

int encode_probe(encode_put_fn put, void *ctx, const struct event_probe *probe)
{
	struct tacho_probe fixed = { .probe = probe->number, .state = probe->state };
	const char *const strings[] = { probe->binary, probe->function, probe->build_id,
					probe->symbol, probe->exit_mode };

	_Static_assert(sizeof(strings) / sizeof(strings[0]) == STRINGS_MAX, "lengths of strings");
	return put_with_strings(put, ctx, TACHO_RECORD_PROBE, &fixed, sizeof(fixed), strings,
				STRINGS_MAX);
}

int encode_capture(encode_put_fn put, void *ctx, const struct event_capture *capture)
{
	struct tacho_capture fixed = {
		.state = capture->state,
		.index = capture->index,
		.type = capture->type,
		.text_offset = capture->text_offset,
		.text_sz = capture->text_sz,
	};

	return put_with_strings(put, ctx, TACHO_RECORD_CAPTURE, &fixed, sizeof(fixed),
				&capture->name, 1);
}

int encode_return(encode_put_fn put, void *ctx, const struct tacho_return *returns)
{
	struct tacho_return record = *returns;

	record.head = (struct tacho_record) { TACHO_RECORD_RETURN, sizeof(record) };
	return put(ctx, &record, sizeof(record));
}

int encode_placed(encode_put_fn put, void *ctx, const struct tacho_placed *placed)
{
	struct tacho_placed record = *placed;

	record.head = (struct tacho_record) { TACHO_RECORD_PLACED, sizeof(record) };
	return put(ctx, &record, sizeof(record));
}

int encode_summary(encode_put_fn put, void *ctx, const struct tacho_summary *summary)
{
	struct tacho_summary record = *summary;

	record.head = (struct tacho_record) { TACHO_RECORD_SUMMARY, sizeof(record) };
	return put(ctx, &record, sizeof(record));
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
