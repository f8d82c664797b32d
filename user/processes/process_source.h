/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where it is learned which processes there are and what they use: from the kernel by BPF
 * (source_kernel.c), or by reading /proc (source_proc.c), which every kernel has, but which does
 * not see what lives between two looks.
 */
#ifndef TACHO_USER_PROCESSES_PROCESS_SOURCE_H
#define TACHO_USER_PROCESSES_PROCESS_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "../fault.h"
#include "tacho/process.h"

struct process_source;

struct process_source_ops {
	const char *name; /* "kernel", "proc" */
	/* Calls each for every process, kernel threads and zombies too, in the order of their pids.
	 * Stops at the first non-zero and returns it. 0, or negative errno with why. */
	int (*sample)(struct process_source *source,
		      int (*each)(void *ctx, const struct tacho_process_sample *sample), void *ctx,
		      struct fault *why);
	/* Calls each for every event since the last time, in the order in which they happened. */
	int (*drain)(struct process_source *source,
		     int (*each)(void *ctx, const struct tacho_process_event *event), void *ctx);
	/* Readable when there are so many events that they should be drained soon; or -1. */
	int (*event_fd)(const struct process_source *source);
	uint64_t (*lost_events)(const struct process_source *source);
	void (*free)(struct process_source *source); /* NULL is fine */
};

/* Each source is a struct that begins with this. */
struct process_source {
	const struct process_source_ops *ops;
};

#define PROCESS_RING_BYTES (1u << 20)

/* Loads and attaches: from then on events are kept, in ring_bytes (a power of 2, in whole pages).
 * Take the first sample after this, and nothing goes unseen. -EPERM, -ENOTSUP (the kernel cannot do
 * it, or numbers its processes otherwise than /proc does here) and what else the kernel says, with
 * why. */
int process_source__open_kernel(uint32_t ring_bytes, struct process_source **ret_source,
				struct fault *why);

/* root: "" or the folder that holds `proc` (tests). */
int process_source__open_proc(const char *root, struct process_source **ret_source,
			      struct fault *why);

#endif
