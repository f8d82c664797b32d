/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side tells user space about processes (bpf/resources.bpf.c): a sample of each
 * when user space asks, and an event when one begins, changes its program or ends. Never written to
 * a file: what user space makes of it is struct tacho_process_usage (event.h).
 */
#ifndef TACHO_PROCESS_H
#define TACHO_PROCESS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#include "tacho/event.h"

#define TACHO_PROCESS_KERNEL_THREAD 1u /* has no memory of its own, and no command line */
#define TACHO_PROCESS_ENDED 2u	       /* all its threads have ended: a zombie, or gone */
#define TACHO_PROCESS_NO_MEMORY 4u     /* the memory is gone already: its numbers are not known */
#define TACHO_PROCESS_NO_IO 8u	       /* bytes read and written are not counted, or not told */
/* From /proc: the times are what it shows, runtime_ns is their sum, and the switches are those of
 * the first thread only. */
#define TACHO_PROCESS_ADJUSTED 16u

/* One process (thread group) at one moment. Sums are over all its threads, dead ones too. */
struct tacho_process_sample {
	__u64 time_ns;	     /* CLOCK_MONOTONIC when it was read */
	__u64 start_boot_ns; /* CLOCK_BOOTTIME when its first thread was made; with pid its key */
	__u64 user_ns;	     /* as the kernel's tick attributes it */
	__u64 system_ns;
	__u64 runtime_ns; /* what the scheduler has counted: exact */
	/* What /proc/PID/stat last made of these three (signal_struct.prev_cputime): it never goes
	 * back behind that. */
	__u64 shown_user_ns;
	__u64 shown_system_ns;
	__u64 rss_pages; /* as /proc/PID/statm has it */
	/* As VmHWM in /proc/PID/status. With NO_MEMORY: the most that any program had that this
	 * process has run (ru_maxrss); a child begins with what its parent has. */
	__u64 peak_rss_pages;
	__u64 virtual_pages;
	__u64 minor_faults;
	__u64 major_faults;
	__u64 read_bytes; /* from storage, as in /proc/PID/io */
	__u64 write_bytes;
	__u64 voluntary_switches;
	__u64 involuntary_switches;
	__u64 cgroup_id; /* in the v2 hierarchy; 0 = unknown */
	/* Differs when any of its cgroups does, of whatever hierarchy; 0 = unknown. */
	__u64 membership;
	__u32 pid;
	__u32 ppid;
	__u32 threads;
	__s32 exit_code; /* as wait(2) gives it; when ENDED */
	__u32 flags;	 /* TACHO_PROCESS_... */
	__u32 reserved;
	char comm[TACHO_COMM_SZ];
};

enum tacho_process_change {
	TACHO_PROCESS_FORKED = 1, /* sample: only time, start, pid, ppid (who forked) and comm */
	TACHO_PROCESS_EXECED = 2, /* runs another program; with its command line */
	TACHO_PROCESS_EXITED = 3, /* its last thread has; what it still runs to end is not in yet */
	/* Gone, and its totals are final: what wait4(2) told. No parent (ppid is 0) and no memory
	 * any more. Up to 0.1 s after that; and in rare cases never, so do not wait for it longer
	 * than for the next sample or two. */
	TACHO_PROCESS_REAPED = 4,
};

#define TACHO_PROCESS_COMMAND_SZ 4096

struct tacho_process_event {
	__u32 change; /* enum tacho_process_change */
	/* EXECED: bytes of the arguments as /proc/PID/cmdline has them, NULs and all. */
	__u32 command_sz;	/* that follow the sample */
	__u32 command_total_sz; /* that there are; more when they were cut */
	__u32 reserved;
	struct tacho_process_sample sample;
	char command[TACHO_PROCESS_COMMAND_SZ]; /* the event ends behind command_sz of them */
};

/* What the kernel side could not tell. */
struct tacho_process_trouble {
	__u64 lost_events; /* the ring buffer was full */
};

_Static_assert(sizeof(struct tacho_process_sample) == 184, "shared with BPF");
_Static_assert(sizeof(struct tacho_process_event) == 200 + TACHO_PROCESS_COMMAND_SZ,
	       "shared with BPF");

#endif
