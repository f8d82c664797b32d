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
	TACHO_RECORD_STREAM = 1,     /* struct tacho_stream */
	TACHO_RECORD_STATE = 2,	     /* struct tacho_state */
	TACHO_RECORD_PROBE = 3,	     /* struct tacho_probe */
	TACHO_RECORD_CLOCK = 4,	     /* struct tacho_clock */
	TACHO_RECORD_ACTIVITY = 5,   /* struct tacho_activity */
	TACHO_RECORD_COUNTS = 6,     /* struct tacho_counts */
	TACHO_RECORD_FLUSH = 7,	     /* struct tacho_flush */
	TACHO_RECORD_CAPTURE = 8,    /* struct tacho_capture */
	TACHO_RECORD_RETURN = 9,     /* struct tacho_return */
	TACHO_RECORD_SUMMARY = 10,   /* struct tacho_summary */
	TACHO_RECORD_PLACED = 11,    /* struct tacho_placed */
	TACHO_RECORD_EXEC = 12,	     /* struct tacho_exec; not kept in files */
	TACHO_RECORD_PROCESS = 13,   /* struct tacho_process_usage */
	TACHO_RECORD_SYSTEM = 14,    /* struct tacho_system */
	TACHO_RECORD_GPU = 15,	     /* struct tacho_gpu */
	TACHO_RECORD_ATTRIBUTE = 16, /* struct tacho_attribute */
	TACHO_RECORD_COUNTER = 17,   /* struct tacho_counter */
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
	TACHO_COMPARE_MARK = 7, /* no value: a block whose program says of some that they failed */
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
	/* struct tacho_usage, when flags say so */
	/* struct tacho_values, with as much of its text as head.size says, when flags say so */
	/* struct tacho_attributes, likewise; one record has but one of the two */
};

#define TACHO_ACTIVITY_VALUES 1u     /* struct tacho_values follows */
#define TACHO_ACTIVITY_USAGE 2u	     /* struct tacho_usage follows */
#define TACHO_ACTIVITY_ATTRIBUTES 4u /* struct tacho_attributes follows */
/* In a raw file of version 1 there are no flags, and none of them is set. */

/* What became of the time between start_ns and end_ns, and what else its thread used in it. */
struct tacho_usage {
	__u64 cpu_ns;	   /* on a CPU; or TACHO_USAGE_UNKNOWN, and nothing of this is known */
	__u64 runqueue_ns; /* ready to run, waiting for a CPU; or TACHO_USAGE_UNKNOWN */
	__u32 minor_faults;
	__u32 major_faults;
	__u32 voluntary_switches;
	__u32 involuntary_switches;
	/* What is left of the time, the thread was blocked. */
};

#define TACHO_USAGE_UNKNOWN (~0ULL)

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

#define TACHO_ATTRIBUTES_MAX 16	    /* different names, over all marked blocks */
#define TACHO_ATTRIBUTE_FAILURE 16  /* the number of what is always there: why the block failed */
#define TACHO_ATTRIBUTE_NAME_SZ 64  /* what is looked at of a name, the NUL included */
#define TACHO_ATTRIBUTE_TEXT_SZ 128 /* likewise of a text */

/* The name of an attribute of marked blocks: a column. */
struct tacho_attribute {
	struct tacho_record head;
	__u32 attribute; /* < TACHO_ATTRIBUTES_MAX */
	__u32 reserved;
	/* name */
};

/* What a marked block has been said of. */
struct tacho_attributes {
	__u32 set;	 /* bit n: attribute n has a value */
	__u32 texts;	 /* bit n: ... which is a text */
	__u32 truncated; /* bit n: ... that goes on */
	__u32 text_sz;	 /* of all texts together */
	/* a signed number; a text: where it begins in text, and in the upper half its length */
	__u64 values[TACHO_ATTRIBUTES_MAX + 1];
	char text[TACHO_TEXT_SZ];
};

/* struct tacho_attributes without its text. */
#define TACHO_ATTRIBUTES_SZ (sizeof(struct tacho_attributes) - TACHO_TEXT_SZ)

#define TACHO_COUNTER_NAME_SZ 64 /* what is looked at of a name, the NUL included */

/* A counter of a process has been added to. */
struct tacho_counter {
	struct tacho_record head;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__s64 delta;
	__s64 total; /* since the recording, or the process, began; counts what has no record, too
		      */
	__u32 pid;
	__u32 tid;
	char name[TACHO_COUNTER_NAME_SZ];
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

enum tacho_process_moment {
	TACHO_PROCESS_AT_SAMPLE = 0, /* at a tick */
	TACHO_PROCESS_AT_EXEC = 1,   /* has begun to run this command */
	TACHO_PROCESS_AT_EXIT = 2,   /* has ended: final totals */
	TACHO_PROCESS_MOMENT_CNT
};

#define TACHO_PROCESS_EXIT_CODE 1u /* exit_code is known */
#define TACHO_PROCESS_EXACT_CPU 2u /* cpu_ns is the scheduler's count, not user + system */
#define TACHO_PROCESS_MEMORY 4u	   /* rss, peak and virtual bytes are known */
#define TACHO_PROCESS_PEAK 8u	   /* ... the peak, at least */
#define TACHO_PROCESS_IO 16u	   /* read_bytes and write_bytes are known */
#define TACHO_PROCESS_CUT 32u	   /* the command goes on */

/* What one process has used since it began, at some moment. Only processes that the settings
 * choose have records. */
struct tacho_process_usage {
	struct tacho_record head;
	__u64 time_ns;	/* CLOCK_MONOTONIC */
	__u64 start_ns; /* CLOCK_REALTIME, as computed when it was first seen; with pid, its key */
	__u64 start_ticks; /* of 1/100 s since boot: field 22 of /proc/PID/stat */
	__u64 boot_s;	   /* CLOCK_REALTIME: btime of /proc/stat when it was first seen */
	__u64 user_ns;	   /* as /proc/PID/stat shows them, but in nanoseconds */
	__u64 system_ns;
	__u64 cpu_ns;
	__u64 rss_bytes;
	__u64 peak_rss_bytes;
	__u64 virtual_bytes;
	__u64 memory_total_bytes; /* of the machine: MemTotal */
	__u64 minor_faults;
	__u64 major_faults;
	__u64 read_bytes;
	__u64 write_bytes;
	__u64 voluntary_switches;
	__u64 involuntary_switches;
	__u32 pid; /* as the recorder sees it */
	__u32 ppid;
	__u32 threads;
	__u32 moment;	 /* enum tacho_process_moment */
	__s32 exit_code; /* as wait(2) gives it */
	__u32 flags;
	char comm[TACHO_COMM_SZ];
	/* command line (formatted: arguments stripped and joined by blanks), cgroup */
};

/* What is known of the whole machine. Numbers of values are append-only, too. */
enum tacho_system_value {
	TACHO_SYSTEM_MEMORY_TOTAL = 0, /* bytes; as are the next ones */
	TACHO_SYSTEM_MEMORY_AVAILABLE = 1,
	TACHO_SYSTEM_MEMORY_USED = 2,
	TACHO_SYSTEM_MEMORY_FREE = 3,
	TACHO_SYSTEM_MEMORY_BUFFERS = 4,
	TACHO_SYSTEM_MEMORY_CACHED = 5, /* reclaimable slabs included */
	TACHO_SYSTEM_MEMORY_SHARED = 6,
	TACHO_SYSTEM_SWAP_TOTAL = 7,
	TACHO_SYSTEM_SWAP_USED = 8,
	TACHO_SYSTEM_LOAD_1MIN = 9, /* hundredths; as are the next two */
	TACHO_SYSTEM_LOAD_5MIN = 10,
	TACHO_SYSTEM_LOAD_15MIN = 11,
	TACHO_SYSTEM_CPU_BUSY = 12, /* over all CPUs, tenths of a percent since the record before */
	/* Time in which some or all tasks stood still for want of something: microseconds since the
	 * machine was booted */
	TACHO_SYSTEM_MEMORY_SOME_US = 13,
	TACHO_SYSTEM_MEMORY_FULL_US = 14,
	TACHO_SYSTEM_IO_SOME_US = 15,
	TACHO_SYSTEM_IO_FULL_US = 16,
	TACHO_SYSTEM_CPU_SOME_US = 17,
	TACHO_SYSTEM_CPU_FULL_US = 18,
	/* ... and its share of the last 10 seconds: hundredths of a percent */
	TACHO_SYSTEM_MEMORY_SOME_AVG10 = 19,
	TACHO_SYSTEM_MEMORY_FULL_AVG10 = 20,
	TACHO_SYSTEM_IO_SOME_AVG10 = 21,
	TACHO_SYSTEM_IO_FULL_AVG10 = 22,
	TACHO_SYSTEM_CPU_SOME_AVG10 = 23,
	TACHO_SYSTEM_CPU_FULL_AVG10 = 24,
	TACHO_SYSTEM_VALUE_CNT
};

#define TACHO_SYSTEM_VALUES_MAX 32 /* room in records, for those to come */
#define TACHO_CPUS_MAX 8192	   /* the most that any kernel is built for (NR_CPUS) */
#define TACHO_CPU_UNKNOWN 0xffffu
#define TACHO_CPU_BUSY_MAX 1000 /* tenths of a percent */

/* What the whole machine uses at some moment. */
struct tacho_system {
	struct tacho_record head;
	__u64 time_ns;			       /* CLOCK_MONOTONIC */
	__u64 known;			       /* bit n: values[n] is known */
	__u64 values[TACHO_SYSTEM_VALUES_MAX]; /* by enum tacho_system_value */
	__u32 cpu_cnt;			       /* <= TACHO_CPUS_MAX */
	__u32 reserved;
	/* a __u16 for each CPU by its number: tenths of a percent that it was busy since the record
	 * before, or TACHO_CPU_UNKNOWN, also when it is offline */
};

#define TACHO_GPU_LOAD 1u
#define TACHO_GPU_MEMORY_USED 2u
#define TACHO_GPU_MEMORY_TOTAL 4u
#define TACHO_GPU_TEMPERATURE 8u

/* A GPU at some moment, or what one process has of it. */
struct tacho_gpu {
	struct tacho_record head;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 memory_used_bytes;
	__u64 memory_total_bytes;
	__u32 pid;	   /* 0: the device itself */
	__u32 known;	   /* TACHO_GPU_...: the values that mean something */
	__u32 load;	   /* tenths of a percent */
	__s32 temperature; /* tenths of a degree Celsius */
			   /* device, name, driver: as struct gpu_usage has them (user/gpu/gpu.h) */
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
_Static_assert(sizeof(struct tacho_usage) == 32, "wire");
_Static_assert(sizeof(struct tacho_counts) == 56, "wire");
_Static_assert(sizeof(struct tacho_capture) == 32, "wire");
_Static_assert(sizeof(struct tacho_return) == 32, "wire");
_Static_assert(sizeof(struct tacho_placed) == 32, "wire");
_Static_assert(sizeof(struct tacho_values) == 600, "wire");
_Static_assert(sizeof(struct tacho_summary) == 496, "wire");
_Static_assert(sizeof(struct tacho_exec) == 16, "wire");
_Static_assert(sizeof(struct tacho_flush) == 24, "wire");
_Static_assert(sizeof(struct tacho_process_usage) == 184, "wire");
_Static_assert(sizeof(struct tacho_gpu) == 48, "wire");
_Static_assert(sizeof(struct tacho_system) == 288, "wire");
_Static_assert(sizeof(struct tacho_attribute) == 16, "wire");
_Static_assert(sizeof(struct tacho_attributes) == 664, "wire");
_Static_assert(sizeof(struct tacho_counter) == 104, "wire");
_Static_assert(TACHO_SYSTEM_VALUE_CNT <= TACHO_SYSTEM_VALUES_MAX, "wire");

#endif
