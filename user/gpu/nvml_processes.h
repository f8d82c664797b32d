/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes on a device, as NVML lists them. */
#ifndef TACHO_USER_GPU_NVML_PROCESSES_H
#define TACHO_USER_GPU_NVML_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "nvml_api.h"

/* More on one device are not asked for. */
#define NVML_PROCESSES_MAX 4096

/* Of all lists together. Zero-initialise; keeps its memory for the next device. */
struct nvml_processes {
	struct nvml_process *items;
	size_t cnt;
	size_t capacity;
	char *answer; /* what the library writes into */
	size_t answer_cnt;
};

/*
 * Lists each process once, with all its memory on the device. It is NVML_VALUE_NOT_AVAILABLE if
 * that is not known of any part. 0 or -ENOMEM; -ENODEV: the device is lost. A list that the library
 * does not give is empty.
 */
int nvml_processes__read(struct nvml_processes *processes, const struct nvml_functions *nvml,
			 nvml_device device);

void nvml_processes__free(struct nvml_processes *processes);

#endif
