/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GPUs by NVIDIA's library, which comes with NVIDIA's driver. It is opened when it is there, under
 * the name that the dynamic linker finds it by: as safe as any library that a program is linked
 * with.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu_backend.h"
#include "nvml_processes.h"

#define LIBRARY "libnvidia-ml.so.1"

struct nvml_gpu {
	struct gpu_identity identity;
	nvml_device handle;
	bool lost;
};

struct nvml {
	const struct gpus_options *options;
	void *library;
	bool initialized;
	struct nvml_functions functions;
	struct nvml_gpu *gpus;
	size_t gpu_cnt;
	struct nvml_processes processes;
};

static void nvml_free(void *backend)
{
	struct nvml *nvml = backend;

	if (!nvml)
		return;
	if (nvml->initialized)
		nvml->functions.shutdown();
	if (nvml->library)
		dlclose(nvml->library);
	nvml_processes__free(&nvml->processes);
	free(nvml->gpus);
	free(nvml);
}

/* --- opening -------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct nvml_functions, member)

static const struct symbol {
	const char *name;
	size_t offset; /* of the pointer, in struct nvml_functions */
	bool needed;
} symbols[] = {
	{ "nvmlInit_v2", AT(init), true },
	{ "nvmlShutdown", AT(shutdown), true },
	{ "nvmlErrorString", AT(error_text), false },
	{ "nvmlDeviceGetCount_v2", AT(device_cnt), true },
	{ "nvmlDeviceGetHandleByIndex_v2", AT(device), true },
	{ "nvmlDeviceGetName", AT(name), false },
	{ "nvmlDeviceGetUUID", AT(uuid), false },
	{ "nvmlDeviceGetPciInfo_v3", AT(pci_info), false },
	{ "nvmlDeviceGetUtilizationRates", AT(utilization), false },
	{ "nvmlDeviceGetMemoryInfo", AT(memory), false },
	{ "nvmlDeviceGetTemperature", AT(temperature), false },
	{ "nvmlDeviceGetComputeRunningProcesses_v3", AT(compute_v3), false },
	{ "nvmlDeviceGetComputeRunningProcesses_v2", AT(compute_v2), false },
	{ "nvmlDeviceGetComputeRunningProcesses", AT(compute_v1), false },
	{ "nvmlDeviceGetGraphicsRunningProcesses_v3", AT(graphics_v3), false },
	{ "nvmlDeviceGetGraphicsRunningProcesses_v2", AT(graphics_v2), false },
	{ "nvmlDeviceGetGraphicsRunningProcesses", AT(graphics_v1), false },
};

static int open_library(struct nvml *nvml, struct fault *none)
{
	const char *name = nvml->options->nvml_library ? nvml->options->nvml_library : LIBRARY;
	void *function;

	nvml->library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!nvml->library)
		return fault__set(none, -ENODEV, "no NVML library");
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		function = dlsym(nvml->library, symbols[i].name);
		if (!function && symbols[i].needed)
			return fault__set(none, -ENODEV, "the NVML library has no %s",
					  symbols[i].name);
		memcpy((char *)&nvml->functions + symbols[i].offset, &function, sizeof(function));
	}
	return 0;
}

static const char *error_text(const struct nvml *nvml, nvml_return result)
{
	const char *text = nvml->functions.error_text ? nvml->functions.error_text(result) : NULL;

	return text ? text : "an error without a name";
}

/* "00000000:01:00.0" is "0000:01:00.0" to the kernel. */
static bool kernel_address(const struct nvml_pci_info *info, char *address, size_t sz)
{
	unsigned int domain, bus, device, function;
	char text[sizeof(info->bus_id) + 1] = "";
	int end = -1;

	memcpy(text, info->bus_id, sizeof(info->bus_id));
	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &end) != 4 ||
	    text[end])
		return false;
	return (size_t)snprintf(address, sz, "%04x:%02x:%02x.%x", domain, bus, device, function) <
	       sz;
}

static void identify(const struct nvml *nvml, unsigned int i, struct nvml_gpu *gpu)
{
	struct gpu_identity *identity = &gpu->identity;
	struct nvml_pci_info info = {};

	_Static_assert(sizeof(identity->name) >= NVML_TEXT_SZ, "nvmlDeviceGetName");
	_Static_assert(sizeof(identity->device) >= NVML_TEXT_SZ, "nvmlDeviceGetUUID");
	strcpy(identity->driver, "nvidia");
	if (!nvml->functions.name ||
	    nvml->functions.name(gpu->handle, identity->name, NVML_TEXT_SZ))
		*identity->name = '\0';
	identity->name[sizeof(identity->name) - 1] = '\0';
	if (nvml->functions.pci_info && !nvml->functions.pci_info(gpu->handle, &info) &&
	    kernel_address(&info, identity->device, sizeof(identity->device)))
		return;
	if (!nvml->functions.uuid ||
	    nvml->functions.uuid(gpu->handle, identity->device, NVML_TEXT_SZ))
		snprintf(identity->device, sizeof(identity->device), "nvidia%u", i);
	identity->device[sizeof(identity->device) - 1] = '\0';
}

static int find_gpus(struct nvml *nvml, struct fault *none)
{
	nvml_return result = nvml->functions.init();
	unsigned int cnt = 0;

	nvml->initialized = result == NVML_SUCCESS;
	if (nvml->initialized)
		result = nvml->functions.device_cnt(&cnt);
	if (result != NVML_SUCCESS)
		return fault__set(none, -ENODEV, "NVML: %s", error_text(nvml, result));
	if (cnt > GPU_DEVICES_MAX)
		cnt = GPU_DEVICES_MAX;
	nvml->gpus = calloc(cnt + 1, sizeof(*nvml->gpus));
	if (!nvml->gpus)
		return -ENOMEM;
	for (unsigned int i = 0; i < cnt; i++) {
		struct nvml_gpu *gpu = &nvml->gpus[nvml->gpu_cnt];

		result = nvml->functions.device(i, &gpu->handle);
		if (result != NVML_SUCCESS) /* NO_PERMISSION, GPU_IS_LOST, ... */
			continue;
		identify(nvml, i, gpu);
		nvml->gpu_cnt++;
	}
	if (!nvml->gpu_cnt)
		return fault__set(none, -ENODEV, "NVML: %s",
				  cnt ? error_text(nvml, result) : "no device");
	return 0;
}

static int nvml_open(const struct gpus_options *options, const struct gpus *gpus,
		     void **ret_backend, struct fault *none)
{
	struct nvml *nvml = calloc(1, sizeof(*nvml));
	int err;

	(void)gpus;
	if (!nvml)
		return -ENOMEM;
	nvml->options = options;
	err = open_library(nvml, none);
	if (!err)
		err = find_gpus(nvml, none);
	if (err)
		nvml_free(nvml);
	else
		*ret_backend = nvml;
	return err;
}

static size_t nvml_device_cnt(const void *backend)
{
	return ((const struct nvml *)backend)->gpu_cnt;
}

static const struct gpu_identity *nvml_identity(const void *backend, size_t i)
{
	return &((const struct nvml *)backend)->gpus[i].identity;
}

/* --- a sample ------------------------------------------------------------------------------- */

/* True: there is an answer. An answer that is missing is unknown, this time; only a lost device
 * never answers again. */
static bool answered(struct nvml_gpu *gpu, nvml_return result)
{
	if (result == NVML_ERROR_GPU_IS_LOST)
		gpu->lost = true;
	return result == NVML_SUCCESS;
}

static void read_device(const struct nvml_functions *nvml, struct nvml_gpu *gpu,
			struct gpu_usage *usage)
{
	struct nvml_utilization utilization;
	struct nvml_memory memory;
	unsigned int celsius;

	if (nvml->utilization && answered(gpu, nvml->utilization(gpu->handle, &utilization)) &&
	    utilization.gpu <= 100) {
		usage->known |= GPU_KNOWS_LOAD;
		usage->load_percent = utilization.gpu;
	}
	if (!gpu->lost && nvml->memory && answered(gpu, nvml->memory(gpu->handle, &memory)) &&
	    memory.total != NVML_VALUE_NOT_AVAILABLE && memory.used <= memory.total) {
		usage->known |= GPU_KNOWS_MEMORY_USED | GPU_KNOWS_MEMORY_TOTAL;
		usage->memory_used_bytes = memory.used;
		usage->memory_total_bytes = memory.total;
	}
	if (!gpu->lost && nvml->temperature &&
	    answered(gpu, nvml->temperature(gpu->handle, NVML_TEMPERATURE_GPU, &celsius))) {
		usage->known |= GPU_KNOWS_TEMPERATURE;
		usage->temperature_celsius = celsius;
	}
}

static int put_processes(struct nvml *nvml, struct nvml_gpu *gpu, const struct gpu_round *round)
{
	const struct nvml_process *process;
	int err;

	err = nvml_processes__read(&nvml->processes, &nvml->functions, gpu->handle);
	if (err == -ENODEV) {
		gpu->lost = true;
		return 0;
	}
	for (size_t i = 0; !err && i < nvml->processes.cnt; i++) {
		struct gpu_usage usage = { .known = GPU_KNOWS_MEMORY_USED };

		process = &nvml->processes.items[i];
		usage.pid = (pid_t)process->pid;
		usage.memory_used_bytes = process->memory_bytes;
		if (usage.pid > 0 && process->memory_bytes != NVML_VALUE_NOT_AVAILABLE)
			err = gpu_round__row(round, &gpu->identity, &usage);
	}
	return err;
}

static int sample_gpu(struct nvml *nvml, struct nvml_gpu *gpu, const struct gpu_round *round)
{
	struct gpu_usage usage = {};
	int err = 0;

	read_device(&nvml->functions, gpu, &usage);
	if (!gpu->lost)
		err = gpu_round__row(round, &gpu->identity, &usage);
	if (!err && !gpu->lost)
		err = put_processes(nvml, gpu, round);
	if (gpu->lost)
		gpus_options__tell_lost(nvml->options, &gpu->identity,
					error_text(nvml, NVML_ERROR_GPU_IS_LOST));
	return err;
}

static int nvml_sample(void *backend, const struct gpu_round *round)
{
	struct nvml *nvml = backend;
	int err = 0;

	for (size_t i = 0; !err && i < nvml->gpu_cnt; i++) {
		if (!nvml->gpus[i].lost)
			err = sample_gpu(nvml, &nvml->gpus[i], round);
	}
	return err;
}

const struct gpu_backend nvml_backend = {
	.name = "NVML",
	.open = nvml_open,
	.device_cnt = nvml_device_cnt,
	.device = nvml_identity,
	.sample = nvml_sample,
	.free = nvml_free,
};
