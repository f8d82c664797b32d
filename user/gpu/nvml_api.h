/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The little of NVIDIA's management library that is asked for, as NVIDIA's "NVML API Reference
 * Guide" (docs.nvidia.com/deploy/nvml-api) describes it. The library keeps its ABI: a function that
 * changes gets a new suffix, and the old one stays.
 */
#ifndef TACHO_USER_GPU_NVML_API_H
#define TACHO_USER_GPU_NVML_API_H

#include <stdint.h>

typedef int nvml_return; /* nvmlReturn_t */
typedef struct nvml_device *nvml_device;

/* "nvmlReturn_t" */
enum {
	NVML_SUCCESS = 0,
	NVML_ERROR_UNINITIALIZED = 1,
	NVML_ERROR_NOT_SUPPORTED = 3,
	NVML_ERROR_NO_PERMISSION = 4,
	NVML_ERROR_INSUFFICIENT_SIZE = 7,
	NVML_ERROR_DRIVER_NOT_LOADED = 9,
	NVML_ERROR_GPU_IS_LOST = 15,
	NVML_ERROR_UNKNOWN = 999,
};

#define NVML_TEMPERATURE_GPU 0

/* NVML_DEVICE_NAME_V2_BUFFER_SIZE, NVML_DEVICE_UUID_V2_BUFFER_SIZE */
#define NVML_TEXT_SZ 96

/* What stands for memory that is not known. */
#define NVML_VALUE_NOT_AVAILABLE UINT64_MAX

struct nvml_pci_info { /* nvmlPciInfo_t */
	char bus_id_legacy[16];
	unsigned int domain;
	unsigned int bus;
	unsigned int device;
	unsigned int pci_device_id;
	unsigned int pci_subsystem_id;
	char bus_id[32]; /* "00000000:01:00.0" */
};

struct nvml_utilization { /* nvmlUtilization_t: percent of the time since the sample before */
	unsigned int gpu;
	unsigned int memory;
};

struct nvml_memory { /* nvmlMemory_t: bytes */
	uint64_t total;
	uint64_t free;
	uint64_t used;
};

/*
 * nvmlProcessInfo_v1_t ends with memory_bytes, nvmlProcessInfo_v2_t is the whole. The functions
 * with the suffix _v3 take the latter, but for some drivers of series 535 a third form, which has 8
 * bytes more behind it (usedGpuCcProtectedMemory), and was then taken back.
 */
struct nvml_process {
	unsigned int pid;
	uint64_t memory_bytes;
	unsigned int gpu_instance;
	unsigned int compute_instance;
};

#define NVML_PROCESS_V1_SZ 16
#define NVML_PROCESS_V2_SZ 24
#define NVML_PROCESS_V3_SZ 32

_Static_assert(sizeof(struct nvml_pci_info) == 68, "nvmlPciInfo_t");
_Static_assert(sizeof(struct nvml_process) == NVML_PROCESS_V2_SZ, "nvmlProcessInfo_v2_t");

/* cnt: how many there is room for; then how many there are. */
typedef nvml_return nvml_list_processes(nvml_device device, unsigned int *cnt, void *processes);

/* NULL: the library has no such function. */
struct nvml_functions {
	nvml_return (*init)(void);
	nvml_return (*shutdown)(void);
	const char *(*error_text)(nvml_return result);
	nvml_return (*device_cnt)(unsigned int *cnt);
	nvml_return (*device)(unsigned int i, nvml_device *device);
	nvml_return (*name)(nvml_device device, char *name, unsigned int sz);
	nvml_return (*uuid)(nvml_device device, char *uuid, unsigned int sz);
	nvml_return (*pci_info)(nvml_device device, struct nvml_pci_info *info);
	nvml_return (*utilization)(nvml_device device, struct nvml_utilization *utilization);
	nvml_return (*memory)(nvml_device device, struct nvml_memory *memory);
	nvml_return (*temperature)(nvml_device device, unsigned int sensor, unsigned int *celsius);
	nvml_list_processes *compute_v3, *compute_v2, *compute_v1;
	nvml_list_processes *graphics_v3, *graphics_v2, *graphics_v1;
};

#endif
