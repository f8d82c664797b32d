/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nvml_processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ANSWER_CNT 64
#define SPARE_CNT 16 /* more may come between two questions */
#define UNTOUCHED 0xa5

static int make_answer(struct nvml_processes *processes, size_t cnt)
{
	char *answer = realloc(processes->answer, cnt * NVML_PROCESS_V3_SZ);

	if (!answer)
		return -ENOMEM;
	processes->answer = answer;
	processes->answer_cnt = cnt;
	return 0;
}

static nvml_return ask(struct nvml_processes *processes, nvml_list_processes *list,
		       nvml_device device, unsigned int *ret_cnt)
{
	*ret_cnt = (unsigned int)processes->answer_cnt;
	memset(processes->answer, UNTOUCHED, processes->answer_cnt * NVML_PROCESS_V3_SZ);
	return list(device, ret_cnt, processes->answer);
}

/* The answer of a function whose size of an entry depends on the driver: it is the larger one if
 * something was written where the smaller entries would not reach. */
static size_t entry_sz(const struct nvml_processes *processes, size_t cnt)
{
	for (size_t i = cnt * NVML_PROCESS_V2_SZ; i < cnt * NVML_PROCESS_V3_SZ; i++) {
		if ((unsigned char)processes->answer[i] != UNTOUCHED)
			return NVML_PROCESS_V3_SZ;
	}
	return NVML_PROCESS_V2_SZ;
}

/* --- one list of several -------------------------------------------------------------------- */

static int add(struct nvml_processes *processes, const struct nvml_process *process)
{
	size_t capacity = processes->capacity ? 2 * processes->capacity : FIRST_ANSWER_CNT;
	struct nvml_process *items;

	if (processes->cnt == processes->capacity) {
		items = realloc(processes->items, capacity * sizeof(*items));
		if (!items)
			return -ENOMEM;
		processes->items = items;
		processes->capacity = capacity;
	}
	processes->items[processes->cnt++] = *process;
	return 0;
}

static int add_answer(struct nvml_processes *processes, size_t cnt, size_t sz)
{
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++) {
		struct nvml_process process = {};

		memcpy(&process, processes->answer + i * sz,
		       sz < sizeof(process) ? sz : sizeof(process));
		err = add(processes, &process);
	}
	return err;
}

/* By the newest of the functions that there is. */
static int add_list(struct nvml_processes *processes, nvml_device device, nvml_list_processes *v3,
		    nvml_list_processes *v2, nvml_list_processes *v1)
{
	nvml_list_processes *list = v3 ? v3 : v2 ? v2 : v1;
	unsigned int cnt = 0;
	nvml_return result;
	int err = 0;

	if (!list)
		return 0;
	if (!processes->answer_cnt)
		err = make_answer(processes, FIRST_ANSWER_CNT);
	if (err)
		return err;
	result = ask(processes, list, device, &cnt);
	/* Twice, in case that more have come. */
	for (int i = 0; i < 2 && result == NVML_ERROR_INSUFFICIENT_SIZE; i++) {
		if (cnt < processes->answer_cnt || cnt > NVML_PROCESSES_MAX)
			return 0;
		err = make_answer(processes, cnt + SPARE_CNT);
		if (err)
			return err;
		result = ask(processes, list, device, &cnt);
	}
	if (result == NVML_ERROR_GPU_IS_LOST)
		return -ENODEV;
	if (result != NVML_SUCCESS || cnt > processes->answer_cnt)
		return 0;
	return add_answer(processes, cnt,
			  list == v3   ? entry_sz(processes, cnt)
			  : list == v2 ? NVML_PROCESS_V2_SZ
				       : NVML_PROCESS_V1_SZ);
}

/* --- each process once ---------------------------------------------------------------------- */

static int compare(unsigned int a, unsigned int b)
{
	return (a > b) - (a < b);
}

static int by_process_and_instance(const void *a, const void *b)
{
	const struct nvml_process *first = a, *second = b;
	int order = compare(first->pid, second->pid);

	if (!order)
		order = compare(first->gpu_instance, second->gpu_instance);
	if (!order)
		order = compare(first->compute_instance, second->compute_instance);
	return order;
}

/* What is known before what is not. */
static int by_process_and_memory(const void *a, const void *b)
{
	const struct nvml_process *first = a, *second = b;
	int order = by_process_and_instance(a, b);

	return order ? order
		     : (first->memory_bytes > second->memory_bytes) -
			       (first->memory_bytes < second->memory_bytes);
}

static uint64_t sum_if_known(uint64_t a, uint64_t b)
{
	uint64_t sum;

	if (a == NVML_VALUE_NOT_AVAILABLE || b == NVML_VALUE_NOT_AVAILABLE ||
	    __builtin_add_overflow(a, b, &sum))
		return NVML_VALUE_NOT_AVAILABLE;
	return sum;
}

/* A process that computes and draws is in both lists, with the same memory; one that is on several
 * instances of a divided device (MIG) is in the list several times, each time with another. */
static void merge(struct nvml_processes *processes)
{
	struct nvml_process *items = processes->items;
	struct nvml_process last = {}, item;
	size_t kept = 0;

	if (processes->cnt)
		qsort(items, processes->cnt, sizeof(*items), by_process_and_memory);
	for (size_t i = 0; i < processes->cnt; i++) {
		item = items[i];
		if (i && !by_process_and_instance(&last, &item))
			continue;
		last = item;
		if (kept && items[kept - 1].pid == item.pid)
			items[kept - 1].memory_bytes =
				sum_if_known(items[kept - 1].memory_bytes, item.memory_bytes);
		else
			items[kept++] = item;
	}
	processes->cnt = kept;
}

int nvml_processes__read(struct nvml_processes *processes, const struct nvml_functions *nvml,
			 nvml_device device)
{
	int err;

	processes->cnt = 0;
	err = add_list(processes, device, nvml->compute_v3, nvml->compute_v2, nvml->compute_v1);
	if (!err)
		err = add_list(processes, device, nvml->graphics_v3, nvml->graphics_v2,
			       nvml->graphics_v1);
	if (!err)
		merge(processes);
	return err;
}

void nvml_processes__free(struct nvml_processes *processes)
{
	free(processes->items);
	free(processes->answer);
	*processes = (struct nvml_processes) {};
}
