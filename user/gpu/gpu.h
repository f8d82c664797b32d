/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The GPUs of the machine: how busy and how warm they are, and what processes have of them.
 *
 * Two backends find them: NVIDIA's library (nvml.c), opened when it is there, and the kernel's DRM
 * drivers (drm.c), read as text. A device that both know is the library's. What a backend cannot
 * tell is unknown, never 0. Devices that come later are not looked for; one that goes is told once,
 * and has no rows any more.
 *
 * All that is asked may wait for hardware: a sample takes microseconds where drivers keep count,
 * milliseconds where they ask the device.
 */
#ifndef TACHO_USER_GPU_GPU_H
#define TACHO_USER_GPU_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../fault.h"
#include "../row.h"

struct gpus;

/* A device at the moment of the sample; or one process on it. The texts are good as long as the
 * device is: until gpus__free. */
struct gpu_usage {
	uint64_t time_ns; /* CLOCK_MONOTONIC: the now_ns of the sample */
	/* The same at every start: the PCI address as the kernel writes it, of other devices the
	 * kernel's name (DRM) or the UUID (NVML). */
	const char *device;
	const char *name; /* "" if it has none */
	const char *driver;
	pid_t pid;	    /* in the initial pid namespace; 0: the device itself */
	unsigned int known; /* enum gpu_known (row.h), of the values below */
	double load_percent;
	uint64_t memory_used_bytes;
	uint64_t memory_total_bytes;
	double temperature_celsius;
};

/* All borrowed for the life of the gpus. */
struct gpus_options {
	const char *root;	  /* before /sys and /proc; NULL: none */
	const char *nvml_library; /* NULL: libnvidia-ml.so.1, wherever the linker finds it */
	/* A device is lost. May be NULL. */
	void (*notice)(void *ctx, const char *text);
	void *notice_ctx;
};

/* options may be NULL. That there is no GPU is no failure: only memory can run out. */
int gpus__open(const struct gpus_options *options, struct gpus **ret_gpus, struct fault *why);

/* Has anything been found? If not, nothing need be sampled. */
bool gpus__any(const struct gpus *gpus);

/*
 * Looks at every device once. Of DRM devices, only the processes in pids are looked at, for their
 * descriptors have to be searched; NVML names all the processes that it knows of.
 *
 * Loads are differences: DRM processes have theirs from the second sample on. A row of which
 * nothing is known is left out; a process without anything on a device has no row.
 *
 * each returns 0, or a negative errno that ends the sample and is returned.
 */
int gpus__sample(struct gpus *gpus, uint64_t now_ns, const pid_t *pids, size_t pid_cnt,
		 int (*each)(void *ctx, const struct gpu_usage *usage), void *ctx);

/* One line: "NVIDIA RTX A2000 (0000:01:00.0) by NVML", or "none: no NVML library, no DRM device".
 * Cut if it does not fit. */
void gpus__describe(const struct gpus *gpus, char *text, size_t sz);

void gpus__free(struct gpus *gpus);

#endif
