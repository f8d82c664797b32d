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
	/* binary, function */
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
	__u32 reserved;
	char comm[TACHO_COMM_SZ];
};

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
_Static_assert(sizeof(struct tacho_flush) == 24, "wire");

#endif
