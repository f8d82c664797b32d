/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes to events; pure. The bytes come from the kernel or from a file that anybody may have
 * written: sizes, numbers and strings are checked here and trusted afterwards.
 */
#ifndef TACHO_USER_DECODE_H
#define TACHO_USER_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "tacho/event.h"

/* No record is larger; a file that says so is corrupt. */
#define DECODE_RECORD_MAX (256 * 1024)

/* Strings and arrays in these point into the record; none is NULL. */

struct event_state {
	__u32 number;
	const char *name;
};

struct event_probe {
	__u32 number;
	__u32 state;
	const char *binary;
	const char *function;
	/* "" in streams of before these were recorded */
	const char *build_id;
	const char *symbol;
	const char *exit_mode;
};

struct event_capture {
	__u32 state;
	__u32 index; /* < TACHO_CAPTURES_MAX */
	enum tacho_value_type type;
	__u32 text_offset; /* STRING: text_offset + text_sz <= TACHO_TEXT_SZ */
	__u32 text_sz;
	const char *name; /* not empty */
};

/* As in struct tacho_values; without any, nothing in it is valid. The lengths of strings in it are
 * still as the record has them. */
struct event_values {
	__u64 return_value;
	__u64 valid;
	__u64 truncated;
	__u64 integers[TACHO_CAPTURES_MAX];
	const char *text;
	size_t text_sz; /* of the text that is there, <= TACHO_TEXT_SZ */
};

struct event_attribute {
	__u32 number;	  /* < TACHO_ATTRIBUTES_MAX */
	const char *name; /* not empty */
};

/* As in struct tacho_attributes; the places and lengths of texts are still as the record has them.
 */
struct event_attributes {
	__u32 set; /* no bits beyond TACHO_ATTRIBUTE_FAILURE */
	__u32 texts;
	__u32 truncated;
	__u64 values[TACHO_ATTRIBUTES_MAX + 1];
	const char *text;
	size_t text_sz; /* of the text that is there, <= TACHO_TEXT_SZ */
};

/* As in struct tacho_usage. */
struct event_usage {
	bool known;
	bool runqueue_known;
	__u64 cpu_ns; /* cpu_ns + runqueue_ns <= the activity's duration */
	__u64 runqueue_ns;
	__u32 minor_faults;
	__u32 major_faults;
	__u32 voluntary_switches;
	__u32 involuntary_switches;
};

struct event_process {
	struct tacho_process_usage usage; /* comm is NUL-terminated; its head says nothing */
	const char *command;
	const char *cgroup;
};

struct event_gpu {
	struct tacho_gpu usage; /* its head says nothing */
	const char *device;
	const char *name;
	const char *driver;
};

struct event_system {
	__u64 time_ns;
	__u64 known;	       /* bit n: values[n] is known */
	const __u64 *values;   /* TACHO_SYSTEM_VALUE_CNT, by enum tacho_system_value */
	__u32 cpu_cnt;	       /* <= TACHO_CPUS_MAX */
	const __u16 *cpu_busy; /* <= TACHO_CPU_BUSY_MAX, or TACHO_CPU_UNKNOWN */
};

struct event {
	enum tacho_record_kind kind;
	union {
		struct event_state state;
		struct event_probe probe;
		struct event_capture capture;
		struct tacho_return returns;
		struct tacho_placed placed;
		struct tacho_clock clock;
		struct {
			struct tacho_activity activity; /* comm is NUL-terminated */
			struct event_usage usage;
			struct event_values values;
			struct event_attributes attributes;
		};
		struct event_attribute attribute;
		struct tacho_counter counter; /* name is NUL-terminated */
		struct tacho_counts counts;
		const struct tacho_summary *summary; /* in the record */
		struct tacho_exec exec;
		struct event_process process;
		struct event_system system;
		struct event_gpu gpu;
		struct tacho_flush flush;
	};
};

/*
 * Decodes one record of sz bytes, 8-byte aligned. Strings in the event point into data. 0; -EBADMSG
 * when the record is damaged; -EPROTO when it is of another version or byte order, or of an unknown
 * kind.
 */
int decode_record(const void *data, size_t sz, struct event *ret_event, struct fault *why);

#endif
