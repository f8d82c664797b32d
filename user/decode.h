/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes to events; pure. The bytes come from the kernel or from a file that anybody may have
 * written: sizes, numbers and strings are checked here and trusted afterwards.
 */
#ifndef TACHO_USER_DECODE_H
#define TACHO_USER_DECODE_H

#include <stddef.h>

#include "fault.h"
#include "tacho/event.h"

/* No record is larger; a file that says so is corrupt. */
#define DECODE_RECORD_MAX 65536

struct event {
	enum tacho_record_kind kind;
	union {
		struct {
			__u32 number;
			const char *name;
		} state;
		struct {
			__u32 number;
			__u32 state;
			const char *binary;
			const char *function;
		} probe;
		struct tacho_clock clock;
		struct tacho_activity activity; /* comm is NUL-terminated */
		struct tacho_counts counts;
		struct tacho_flush flush;
	};
};

/*
 * Decodes one record of sz bytes. Strings in the event point into data. 0; -EBADMSG when the record
 * is damaged; -EPROTO when it is of another version or byte order, or of an unknown kind.
 */
int decode_record(const void *data, size_t sz, struct event *ret_event, struct fault *why);

#endif
