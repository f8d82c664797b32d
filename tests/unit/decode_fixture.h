/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records to be decoded, as an encoder or the kernel puts them. Include cmocka.h first. */
#ifndef TACHO_TESTS_DECODE_FIXTURE_H
#define TACHO_TESTS_DECODE_FIXTURE_H

#include <string.h>

#include "decode.h"
#include "encode.h"

/* What an encoder put, to be decoded. */
struct kept {
	_Alignas(8) char data[DECODE_RECORD_MAX];
	size_t sz;
};

static inline int keep(void *ctx, const void *data, size_t sz)
{
	struct kept *kept = ctx;

	assert_int_equal(sz % 8, 0);
	assert_true(sz <= sizeof(kept->data));
	memcpy(kept->data, data, sz);
	kept->sz = sz;
	return 0;
}

/* Sets the size that the record says it has. */
static inline void set_size(struct kept *kept, size_t sz)
{
	struct tacho_record head;

	memcpy(&head, kept->data, sizeof(head));
	head.size = sz;
	memcpy(kept->data, &head, sizeof(head));
}

static inline struct tacho_activity activity(void)
{
	return (struct tacho_activity) {
		.head = { TACHO_RECORD_ACTIVITY, sizeof(struct tacho_activity) },
		.start_ns = 1000,
		.end_ns = 1500,
		.probe = 3,
		.pid = 10,
		.tid = 11,
		.depth = 2,
		.ended = TACHO_ENDED_KILLED,
		.comm = "planner",
	};
}

#endif
