/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a backend does; between gpu.c and the backends. */
#ifndef TACHO_USER_GPU_GPU_BACKEND_H
#define TACHO_USER_GPU_GPU_BACKEND_H

#include "gpu.h"

/* So that no answer makes us ask forever; the largest machines have 16. */
#define GPU_DEVICES_MAX 64

/* One sample, on its way through the backends. */
struct gpu_round {
	uint64_t now_ns;
	const pid_t *pids;
	size_t pid_cnt;
	int (*each)(void *ctx, const struct gpu_usage *usage);
	void *ctx;
};

/* What does not change of a device. */
struct gpu_identity {
	char device[96];
	char name[96];
	char driver[64];
};

struct gpu_backend {
	const char *name;
	/*
	 * 0, or -ENODEV when there is no device for it: *none then says why, in a few words. gpus
	 * has the devices that are found already, for gpus__has; options are borrowed for the life
	 * of the backend.
	 */
	int (*open)(const struct gpus_options *options, const struct gpus *gpus, void **ret_backend,
		    struct fault *none);
	size_t (*device_cnt)(const void *backend);
	const struct gpu_identity *(*device)(const void *backend, size_t i);
	int (*sample)(void *backend, const struct gpu_round *round);
	void (*free)(void *backend);
};

extern const struct gpu_backend nvml_backend; /* nvml.c */
extern const struct gpu_backend drm_backend;  /* drm.c */

/* Does an earlier backend have this device? */
bool gpus__has(const struct gpus *gpus, const char *device);

/* Hands a row on, unless nothing is known. */
int gpu_round__row(const struct gpu_round *round, const struct gpu_identity *identity,
		   struct gpu_usage *usage);

/* Tells that a device is lost. */
void gpus_options__tell_lost(const struct gpus_options *options,
			     const struct gpu_identity *identity, const char *why);

#endif
