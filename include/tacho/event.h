/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire contract: what the BPF programs send, and what a raw stream file holds.
 *
 * A stream is a sequence of records, each beginning with struct tacho_record and padded to a
 * multiple of 8 bytes. ACTIVITY records come from the kernel through the ring buffer; the others
 * are added by the recorder, so that a raw file alone is enough to write the same CSV files again
 * (`tacho replay`). All numbers are in the byte order of the machine that recorded; the STREAM
 * record, always the first of a file, says which one that was.
 *
 * Values are append-only: a number once given to a kind or an ending is never given to another.
 */
#ifndef TACHO_EVENT_H
#define TACHO_EVENT_H

#ifndef __bpf__ /* the BPF side takes its integer types from vmlinux/ */
#include <linux/types.h>
#endif

#define TACHO_COMM_SZ 16 /* TASK_COMM_LEN */

/* The kernel keeps no more hijacked returns than this per thread; the calls beyond run on, but
 * their end is not seen (MAX_URETPROBE_DEPTH, kernel/events/uprobes.c). */
#define TACHO_HIJACK_LIMIT 64

enum tacho_record_kind {
	TACHO_RECORD_STREAM = 1,   /* struct tacho_stream */
	TACHO_RECORD_STATE = 2,	   /* struct tacho_state */
	TACHO_RECORD_PROBE = 3,	   /* struct tacho_probe */
	TACHO_RECORD_CLOCK = 4,	   /* struct tacho_clock */
	TACHO_RECORD_ACTIVITY = 5, /* struct tacho_activity */
	TACHO_RECORD_COUNTS = 6,   /* struct tacho_counts */
	TACHO_RECORD_FLUSH = 7,	   /* struct tacho_flush */
	TACHO_RECORD_CAPTURE = 8,  /* struct tacho_capture */
	TACHO_RECORD_RETURN = 9,   /* struct tacho_return */
	TACHO_RECORD_SUMMARY = 10, /* struct tacho_summary */
	TACHO_RECORD_PLACED = 11,  /* struct tacho_placed */
	TACHO_RECORD_EXEC = 12,	   /* struct tacho_exec; not kept in files */
};

/* How a call ended. */
enum tacho_ended {
	TACHO_ENDED_RETURN = 0,
	TACHO_ENDED_EXCEPTION = 1, /* an exception passed the frame */
	TACHO_ENDED_UNWOUND = 2,   /* the stack was cut back past the frame (longjmp) */
	TACHO_ENDED_THREAD_EXIT =
		3,		/* the thread, or the process by exit(), ended inside the call */
	TACHO_ENDED_EXEC = 4,	/* the process became another program inside the call */
	TACHO_ENDED_KILLED = 5, /* a signal ended the process inside the call */
	TACHO_ENDED_OPEN = 6,	/* still running when the recorder stopped */
	TACHO_ENDED_CNT
};

struct tacho_record {
	__u32 kind; /* enum tacho_record_kind */
	__u32 size; /* of the whole record, this header included, padding excluded */
};

#define TACHO_STREAM_MAGIC 0x314f484341540aULL /* "\nTACHO1" on little-endian machines */
#define TACHO_STREAM_VERSION 1

struct tacho_stream {
	struct tacho_record head;
	__u64 magic;
	__u32 version;
	__u32 reserved;
};

/* What a captured value or a return value is. */
enum tacho_value_type {
	TACHO_VALUE_NONE = 0,
	TACHO_VALUE_U8 = 1,
	TACHO_VALUE_U16 = 2,
	TACHO_VALUE_U32 = 3,
	TACHO_VALUE_U64 = 4,
	TACHO_VALUE_S8 = 5,
	TACHO_VALUE_S16 = 6,
	TACHO_VALUE_S32 = 7,
	TACHO_VALUE_S64 = 8,
	TACHO_VALUE_POINTER = 9, /* shown in hexadecimal */
	TACHO_VALUE_BOOL = 10,	 /* of one byte */
	TACHO_VALUE_STRING = 11, /* NUL-terminated in the program's memory */
	TACHO_VALUE_CNT
};

enum tacho_compare {
	TACHO_COMPARE_NONE = 0,
	TACHO_COMPARE_LESS = 1,
	TACHO_COMPARE_LESS_EQUAL = 2,
	TACHO_COMPARE_EQUAL = 3,
	TACHO_COMPARE_NOT_EQUAL = 4,
	TACHO_COMPARE_GREATER_EQUAL = 5,
	TACHO_COMPARE_GREATER = 6,
	TACHO_COMPARE_CNT
};

#define TACHO_CAPTURES_MAX 8 /* per state */
#define TACHO_TEXT_SZ 512    /* of all captured strings of one call together */

/* Names follow their struct as NUL-terminated strings, in the order given. */
struct tacho_state {
	struct tacho_record head;
	__u32 state; /* numbers count up from 0, in order */
	__u32 reserved;
	/* name */
};

struct tacho_probe {
	struct tacho_record head;
	__u32 probe; /* numbers count up from 0, in order */
	__u32 state;
	/* binary, function[, build-id, symbol, exit mode] */
};

/* One captured value of a state. */
struct tacho_capture {
	struct tacho_record head;
	__u32 state;
	__u32 index;	   /* of the value in struct tacho_values, counting up from 0 */
	__u32 type;	   /* enum tacho_value_type */
	__u32 text_offset; /* STRING: where in tacho_values.text, and how much room */
	__u32 text_sz;
	__u32 reserved;
	/* name: the column */
};

/* What a probe's function returns, and which of these values mean failure. */
struct tacho_return {
	struct tacho_record head;
	__u32 probe;
	__u32 type;    /* enum tacho_value_type */
	__u32 compare; /* enum tacho_compare: the call has failed when `value compare operand` */
	__u32 reserved;
	__s64 operand; /* to be taken as unsigned when the type is */
};

enum tacho_placing { TACHO_PLACED_ATTACHED = 0, TACHO_PLACED_DETACHED = 1, TACHO_PLACING_CNT };

/* A probe has been put in place or taken away. */
struct tacho_placed {
	struct tacho_record head;
	__u32 probe;
	__u32 placing; /* enum tacho_placing */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 offset;  /* in the file */
};

/* CLOCK_REALTIME = CLOCK_MONOTONIC + offset_ns, from since_ns on. */
struct tacho_clock {
	struct tacho_record head;
	__u64 since_ns; /* CLOCK_MONOTONIC */
	__s64 offset_ns;
};

/* One call has ended. */
struct tacho_activity {
	struct tacho_record head;
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 end_ns;
	__u32 probe;
	__u32 pid; /* of the process (tgid), as the host sees it */
	__u32 tid;
	__u32 depth;
	__u32 ended; /* enum tacho_ended */
	__u32 flags; /* TACHO_ACTIVITY_... */
	char comm[TACHO_COMM_SZ];
	/* struct tacho_values, with as much of its text as head.size says, when flags say so */
};

#define TACHO_ACTIVITY_VALUES 1u /* struct tacho_values follows */
/* In a raw file of version 1 there are no flags, and none of them is set. */

/* What was read from the program's registers and memory when the call began and ended. */
struct tacho_values {
	__u64 return_value;		    /* the whole register */
	__u64 valid;			    /* bit n: value n was read; bit 63: return_value was */
	__u64 truncated;		    /* bit n: the string goes on */
	__u64 integers[TACHO_CAPTURES_MAX]; /* the whole register or its memory, zero-extended;
					     * STRING: its length here, NUL excluded */
	char text[TACHO_TEXT_SZ];	    /* each string at its text_offset */
};

#define TACHO_VALUE_RETURNED (1ULL << 63)
#define TACHO_VALUES_SZ (sizeof(struct tacho_values) - TACHO_TEXT_SZ) /* without text */

/* What the kernel side has counted for one state, cumulative. */
struct tacho_counts {
	struct tacho_record head;
	__u32 state;
	__u32 reserved;
	__u64 entries;
	__u64 lost_ring;
	__u64 lost_nesting;
	__u64 lost_other;
	__u64 unmatched_returns;
};

#define TACHO_BUCKETS 48

/* Calls of a state that ended between from_ns and to_ns and have no record of their own, because
 * there were too many: exact sums, made in the kernel. */
struct tacho_summary {
	struct tacho_record head;
	__u32 state;
	__u32 reserved;
	__u64 from_ns; /* CLOCK_MONOTONIC */
	__u64 to_ns;
	__u64 ended[TACHO_ENDED_CNT]; /* how many, by ending */
	__u64 sum_ns;		      /* of the durations; wraps after 584 years */
	__u64 min_ns;
	__u64 max_ns;
	__u64 buckets[TACHO_BUCKETS]; /* n: durations of 2^n to 2^(n+1)-1 ns; the first from 0,
				       * the last without end */
};

/* A process has begun to run another program (in another mount namespace than the recorder's). */
struct tacho_exec {
	struct tacho_record head;
	__u32 pid;
	__u32 mount_namespace; /* inode number */
};

/* The recorder flushed here: everything before this belongs on disk. */
struct tacho_flush {
	struct tacho_record head;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 last;    /* 1: the recording ended here, and ended well */
	__u32 reserved;
};

_Static_assert(sizeof(struct tacho_record) == 8, "wire");
_Static_assert(sizeof(struct tacho_stream) == 24, "wire");
_Static_assert(sizeof(struct tacho_state) == 16, "wire");
_Static_assert(sizeof(struct tacho_probe) == 16, "wire");
_Static_assert(sizeof(struct tacho_clock) == 24, "wire");
_Static_assert(sizeof(struct tacho_activity) == 64, "wire");
_Static_assert(sizeof(struct tacho_counts) == 56, "wire");
_Static_assert(sizeof(struct tacho_capture) == 32, "wire");
_Static_assert(sizeof(struct tacho_return) == 32, "wire");
_Static_assert(sizeof(struct tacho_placed) == 32, "wire");
_Static_assert(sizeof(struct tacho_values) == 600, "wire");
_Static_assert(sizeof(struct tacho_summary) == 496, "wire");
_Static_assert(sizeof(struct tacho_exec) == 16, "wire");
_Static_assert(sizeof(struct tacho_flush) == 24, "wire");

#endif
