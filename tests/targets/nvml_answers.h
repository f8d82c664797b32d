/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the test's NVML library answers: `nvml_answers`, which the test finds in it and fills. */
#ifndef TACHO_TESTS_NVML_ANSWERS_H
#define TACHO_TESTS_NVML_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#define NVML_ANSWERS_MAX 80

struct nvml_answers_process {
	unsigned int pid;
	uint64_t memory_bytes;
	unsigned int gpu_instance;
	unsigned int compute_instance;
};

struct nvml_answers_list {
	int result;
	unsigned int cnt;
	struct nvml_answers_process processes[NVML_ANSWERS_MAX];
};

struct nvml_answers_device {
	int handle_result, name_result, pci_result;
	const char *name, *uuid, *bus_id;
	int utilization_result, memory_result, temperature_result;
	unsigned int utilization, celsius;
	uint64_t memory_total, memory_used;
	struct nvml_answers_list compute, graphics;
};

struct nvml_answers {
	int init_result, count_result;
	unsigned int device_cnt;
	struct nvml_answers_device devices[3];
	size_t entry_sz;       /* of the _v3 functions: 24, or 32 as some drivers have it */
	unsigned int grows_by; /* so many processes come whenever there was too little room */
	unsigned int init_cnt, shutdown_cnt, question_cnt;
};

extern struct nvml_answers nvml_answers;

#endif
