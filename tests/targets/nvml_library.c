/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A library that answers as NVIDIA's "NVML API Reference Guide" says that libnvidia-ml.so.1 does,
 * with what the test has put down. With NVML_OLD it is as in the days before entries of processes
 * grew: it has only the functions without a suffix.
 */
#include "nvml_answers.h"

#include <stdio.h>
#include <string.h>

enum { SUCCESS = 0, INSUFFICIENT_SIZE = 7 };

struct nvml_answers nvml_answers;

typedef struct nvml_answers_device *device_t;

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int result);
int nvmlDeviceGetCount_v2(unsigned int *cnt);
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, device_t *device);
int nvmlDeviceGetName(device_t device, char *name, unsigned int sz);
int nvmlDeviceGetUUID(device_t device, char *uuid, unsigned int sz);
int nvmlDeviceGetPciInfo_v3(device_t device, void *info);
int nvmlDeviceGetUtilizationRates(device_t device, unsigned int rates[2]);
int nvmlDeviceGetMemoryInfo(device_t device, unsigned long long memory[3]);
int nvmlDeviceGetTemperature(device_t device, unsigned int sensor, unsigned int *celsius);

int nvmlInit_v2(void)
{
	if (nvml_answers.init_result == SUCCESS)
		nvml_answers.init_cnt++;
	return nvml_answers.init_result;
}

int nvmlShutdown(void)
{
	nvml_answers.shutdown_cnt++;
	return SUCCESS;
}

const char *nvmlErrorString(int result)
{
	switch (result) {
	case 9:
		return "Driver Not Loaded";
	case 15:
		return "GPU is lost";
	default:
		return "Unknown Error";
	}
}

int nvmlDeviceGetCount_v2(unsigned int *cnt)
{
	*cnt = nvml_answers.device_cnt;
	return nvml_answers.count_result;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int i, device_t *device)
{
	*device = &nvml_answers.devices[i];
	return nvml_answers.devices[i].handle_result;
}

static int put_text(const char *text, char *buffer, unsigned int sz)
{
	if (strlen(text) >= sz)
		return INSUFFICIENT_SIZE;
	strcpy(buffer, text);
	return SUCCESS;
}

int nvmlDeviceGetName(device_t device, char *name, unsigned int sz)
{
	return device->name_result ? device->name_result : put_text(device->name, name, sz);
}

int nvmlDeviceGetUUID(device_t device, char *uuid, unsigned int sz)
{
	return put_text(device->uuid, uuid, sz);
}

int nvmlDeviceGetPciInfo_v3(device_t device, void *info)
{
	memset(info, 0, 68);
	snprintf((char *)info + 36, 32, "%s", device->bus_id);
	return device->pci_result;
}

int nvmlDeviceGetUtilizationRates(device_t device, unsigned int rates[2])
{
	nvml_answers.question_cnt++;
	rates[0] = device->utilization;
	rates[1] = 7;
	return device->utilization_result;
}

int nvmlDeviceGetMemoryInfo(device_t device, unsigned long long memory[3])
{
	nvml_answers.question_cnt++;
	memory[0] = device->memory_total;
	memory[1] = device->memory_total - device->memory_used;
	memory[2] = device->memory_used;
	return device->memory_result;
}

int nvmlDeviceGetTemperature(device_t device, unsigned int sensor, unsigned int *celsius)
{
	nvml_answers.question_cnt++;
	*celsius = device->celsius;
	return sensor ? 2 : device->temperature_result;
}

static int list(struct nvml_answers_list *answer, unsigned int *cnt, void *entries, size_t sz)
{
	unsigned int room = *cnt;

	nvml_answers.question_cnt++;
	if (answer->result)
		return answer->result;
	*cnt = answer->cnt;
	if (room < answer->cnt) {
		answer->cnt += nvml_answers.grows_by;
		return INSUFFICIENT_SIZE;
	}
	for (unsigned int i = 0; i < answer->cnt; i++) {
		char *entry = (char *)entries + i * sz;

		memset(entry, 0, sz);
		memcpy(entry, &answer->processes[i], sz < 24 ? sz : 24);
	}
	return SUCCESS;
}

#define LIST(name, member, sz)                                                                     \
	int name(device_t device, unsigned int *cnt, void *entries);                               \
	int name(device_t device, unsigned int *cnt, void *entries)                                \
	{                                                                                          \
		return list(&device->member, cnt, entries, sz);                                    \
	}

LIST(nvmlDeviceGetComputeRunningProcesses, compute, 16)
LIST(nvmlDeviceGetGraphicsRunningProcesses, graphics, 16)
#ifndef NVML_OLD
LIST(nvmlDeviceGetComputeRunningProcesses_v2, compute, 24)
LIST(nvmlDeviceGetGraphicsRunningProcesses_v2, graphics, 24)
LIST(nvmlDeviceGetComputeRunningProcesses_v3, compute, nvml_answers.entry_sz)
LIST(nvmlDeviceGetGraphicsRunningProcesses_v3, graphics, nvml_answers.entry_sz)
#endif
