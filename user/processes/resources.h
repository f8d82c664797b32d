/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the machine and its processes use, as records of a stream: one sample of everything at each
 * tick, and what happens to processes in between.
 */
#ifndef TACHO_USER_PROCESSES_RESOURCES_H
#define TACHO_USER_PROCESSES_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../encode.h"
#include "../fault.h"

struct resources;

struct resources_options {
	const char *const *patterns; /* fnmatch, on command lines; borrowed only while opening */
	size_t pattern_cnt;
	encode_put_fn put; /* where the records go */
	void *put_ctx;
	const char *source; /* "kernel", "proc", or NULL: the best that works */
	/* Something that the user should read once. */
	void (*notice)(void *ctx, const char *text);
	void *notice_ctx;
	/* Only these, if there are any; or only this command (else 0) and what it forks. */
	const pid_t *pids;
	size_t pid_cnt;
	pid_t command;
};

/* From here on, no process is missed (if the source is the kernel). 0 or negative errno with why.
 */
int resources__open(const struct resources_options *options, struct resources **ret_resources,
		    struct fault *why);
void resources__free(struct resources *resources); /* NULL is fine */

/* The name of where it is learned from: "kernel" or "proc". */
const char *resources__source(const struct resources *resources);

/* One line: the GPUs that are sampled; see gpus__describe. */
void resources__describe_gpus(const struct resources *resources, char *text, size_t sz);

/* Readable when resources__drain should be called before the next tick; or -1. */
int resources__event_fd(const struct resources *resources);
void resources__drain(struct resources *resources);

/* Takes a sample of everything. Negative errno with why when there is none this time. */
int resources__tick(struct resources *resources, struct fault *why);

/* The last sample, and the last rows of the processes that have ended. Takes up to a third of a
 * second, for the kernel tells the totals of one that was reaped a moment later. */
int resources__finish(struct resources *resources, struct fault *why);

/* Events of processes that are not in the rows: those that lived between two ticks may be missing,
 * and ends be without exit code. */
uint64_t resources__lost(const struct resources *resources);

#endif
