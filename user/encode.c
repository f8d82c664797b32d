/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRINGS_MAX 5 /* in one record */

_Static_assert(sizeof(struct tacho_probe) + STRINGS_MAX * ENCODE_NAME_SZ_MAX + 8 <=
		       DECODE_RECORD_MAX,
	       "the largest record of names");
_Static_assert(sizeof(struct tacho_process_usage) + ENCODE_COMMAND_SZ_MAX + ENCODE_NAME_SZ_MAX +
			       8 <=
		       DECODE_RECORD_MAX,
	       "the largest record");
_Static_assert(sizeof(struct tacho_system) + TACHO_CPUS_MAX * sizeof(__u16) <= DECODE_RECORD_MAX,
	       "the largest SYSTEM record");

/* What follows the fixed part of a record: as much of a string as fits, and its NUL. */
struct tail {
	const char *string;
	size_t length; /* without NUL */
};

static struct tail name(const char *string)
{
	return (struct tail) { string, strnlen(string, ENCODE_NAME_SZ_MAX - 1) };
}

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
			    const void *fixed, size_t fixed_sz, const struct tail *tails,
			    size_t tail_cnt)
{
	struct tacho_record head = { kind, fixed_sz };
	_Alignas(8) char small[1024];
	char *record, *at;
	int err;

	for (size_t i = 0; i < tail_cnt; i++)
		head.size += tails[i].length + 1;
	record = padded(head.size) <= sizeof(small) ? small : malloc(padded(head.size));
	if (!record)
		return -ENOMEM;
	memcpy(record, fixed, fixed_sz);
	memcpy(record, &head, sizeof(head));
	at = record + fixed_sz;
	for (size_t i = 0; i < tail_cnt; i++) {
		memcpy(at, tails[i].string, tails[i].length);
		at += tails[i].length;
		*at++ = '\0';
	}
	memset(at, 0, padded(head.size) - head.size);
	err = put(ctx, record, padded(head.size));
	if (record != small)
		free(record);
	return err;
}

int encode_state(encode_put_fn put, void *ctx, __u32 number, const char *state_name)
{
	struct tacho_state state = { .state = number };
	const struct tail tail = name(state_name);

	return put_with_strings(put, ctx, TACHO_RECORD_STATE, &state, sizeof(state), &tail, 1);
}

int encode_probe(encode_put_fn put, void *ctx, const struct event_probe *probe)
{
	struct tacho_probe fixed = { .probe = probe->number, .state = probe->state };
	const struct tail tails[] = { name(probe->binary), name(probe->function),
				      name(probe->build_id), name(probe->symbol),
				      name(probe->exit_mode) };

	_Static_assert(sizeof(tails) / sizeof(tails[0]) == STRINGS_MAX, "the size of the record");
	return put_with_strings(put, ctx, TACHO_RECORD_PROBE, &fixed, sizeof(fixed), tails,
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
	const struct tail tail = name(capture->name);

	return put_with_strings(put, ctx, TACHO_RECORD_CAPTURE, &fixed, sizeof(fixed), &tail, 1);
}

int encode_attribute(encode_put_fn put, void *ctx, __u32 number, const char *attribute_name)
{
	struct tacho_attribute fixed = { .attribute = number };
	const struct tail tail = name(attribute_name);

	return put_with_strings(put, ctx, TACHO_RECORD_ATTRIBUTE, &fixed, sizeof(fixed), &tail, 1);
}

int encode_process(encode_put_fn put, void *ctx, const struct event_process *process)
{
	struct tacho_process_usage fixed = process->usage;
	struct tail command = { process->command,
				strnlen(process->command, ENCODE_COMMAND_SZ_MAX - 1) };
	const struct tail tails[] = { command, name(process->cgroup) };

	if (command.string[command.length])
		fixed.flags |= TACHO_PROCESS_CUT;
	return put_with_strings(put, ctx, TACHO_RECORD_PROCESS, &fixed, sizeof(fixed), tails, 2);
}

int encode_gpu(encode_put_fn put, void *ctx, const struct event_gpu *gpu)
{
	struct tacho_gpu fixed = gpu->usage;
	const struct tail tails[] = { name(gpu->device), name(gpu->name), name(gpu->driver) };

	return put_with_strings(put, ctx, TACHO_RECORD_GPU, &fixed, sizeof(fixed), tails, 3);
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

int encode_system(encode_put_fn put, void *ctx, const struct event_system *usage)
{
	struct tacho_system fixed = {
		.head = { TACHO_RECORD_SYSTEM, sizeof(fixed) },
		.time_ns = usage->time_ns,
		.known = usage->known,
		.cpu_cnt = usage->cpu_cnt,
	};
	size_t cpus_sz = usage->cpu_cnt * sizeof(*usage->cpu_busy);
	char *record;
	int err;

	if (usage->cpu_cnt > TACHO_CPUS_MAX)
		return -E2BIG;
	memcpy(fixed.values, usage->values, TACHO_SYSTEM_VALUE_CNT * sizeof(*usage->values));
	fixed.head.size += cpus_sz;
	record = calloc(1, padded(fixed.head.size));
	if (!record)
		return -ENOMEM;
	memcpy(record, &fixed, sizeof(fixed));
	if (cpus_sz)
		memcpy(record + sizeof(fixed), usage->cpu_busy, cpus_sz);
	err = put(ctx, record, padded(fixed.head.size));
	free(record);
	return err;
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
