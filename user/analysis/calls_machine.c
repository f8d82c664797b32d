/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "python_text.h"

/* What is empty or missing is not known. Returns false if it is no finite number. */
static bool parse_double(const char *text, unsigned int knows, double *ret_value,
			 unsigned int *known)
{
	double value;

	if (!text || !*text)
		return true;
	if (python_text__float(text, &value) || !isfinite(value))
		return false;
	*ret_value = value;
	*known |= knows;
	return true;
}

/* --- system_detail.csv -------------------------------------------------------------------- */

enum {
	MEMORY_TIME,
	MEMORY_TOTAL,
	MEMORY_AVAILABLE,
	MEMORY_USED,
	MEMORY_LOAD,
	MEMORY_CPU,
	MEMORY_COLUMN_CNT
};

static const char *const memory_columns[MEMORY_COLUMN_CNT] = {
	"time_ns",	     "memory_total_bytes", "memory_available_bytes",
	"memory_used_bytes", "load_1min",	   "cpu_busy_percent",
};

#define MEMORY_REQUIRED_CNT (MEMORY_LOAD + 1)

#define AT(member) offsetof(struct memory_sample, member)

static const struct number_column memory_numbers[] = {
	{ MEMORY_TOTAL, MEMORY_KNOWS_TOTAL, AT(total_bytes), "memory_total_bytes is no number" },
	{ MEMORY_AVAILABLE, MEMORY_KNOWS_AVAILABLE, AT(available_bytes),
	  "memory_available_bytes is no number" },
	{ MEMORY_USED, MEMORY_KNOWS_USED, AT(used_bytes), "memory_used_bytes is no number" },
};

static const char *parse_memory(const struct data_row *row, struct memory_sample *sample)
{
	if (parse_u64(row->values[MEMORY_TIME], 0, UINT64_MAX, &sample->time_ns))
		return "the time is no number of nanoseconds";
	if (!parse_double(row->values[MEMORY_CPU], MEMORY_KNOWS_CPU, &sample->cpu_busy_percent,
			  &sample->known) ||
	    sample->cpu_busy_percent < 0 || sample->cpu_busy_percent > 100)
		return "cpu_busy_percent is no percentage";
	return calls__parse_numbers(row, memory_numbers, ARRAY_SIZE(memory_numbers), sample,
				    &sample->known);
}

static int take_memory(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct memory_sample sample = {};

	*ret_wrong = parse_memory(row, &sample);
	return *ret_wrong ? 0 : taker->memory(taker->ctx, &sample);
}

const struct data_layout calls__memory_layout = {
	memory_columns, MEMORY_COLUMN_CNT, MEMORY_REQUIRED_CNT, NULL, take_memory,
};

/* --- gpu_detail.csv ----------------------------------------------------------------------- */

enum {
	GPU_TIME,
	GPU_DEVICE,
	GPU_NAME,
	GPU_DRIVER,
	GPU_PID,
	GPU_LOAD,
	GPU_USED,
	GPU_TOTAL,
	GPU_TEMPERATURE,
	GPU_COLUMN_CNT
};

static const char *const gpu_columns[GPU_COLUMN_CNT] = {
	"time_ns",
	"device",
	"name",
	"driver",
	"pid",
	"load_percent",
	"memory_used_bytes",
	"memory_total_bytes",
	"temperature_celsius",
};

#undef AT
#define AT(member) offsetof(struct gpu_row, member)

static const struct number_column gpu_numbers[] = {
	{ GPU_USED, GPU_KNOWS_MEMORY_USED, AT(memory_used_bytes),
	  "memory_used_bytes is no number" },
	{ GPU_TOTAL, GPU_KNOWS_MEMORY_TOTAL, AT(memory_total_bytes),
	  "memory_total_bytes is no number" },
};

static const char *parse_gpu(const struct data_row *row, struct gpu_row *gpu)
{
	uint64_t pid = 0;

	if (parse_u64(row->values[GPU_TIME], 0, UINT64_MAX, &gpu->time_ns))
		return "the time is no number of nanoseconds";
	if (*row->values[GPU_PID] && parse_u64(row->values[GPU_PID], 1, UINT32_MAX, &pid))
		return "the pid is no number";
	if (!parse_double(row->values[GPU_LOAD], GPU_KNOWS_LOAD, &gpu->load_percent, &gpu->known))
		return "load_percent is no number";
	if (!parse_double(row->values[GPU_TEMPERATURE], GPU_KNOWS_TEMPERATURE,
			  &gpu->temperature_celsius, &gpu->known))
		return "temperature_celsius is no number";
	gpu->pid = (uint32_t)pid;
	gpu->device = row->values[GPU_DEVICE];
	gpu->name = row->values[GPU_NAME];
	gpu->driver = row->values[GPU_DRIVER];
	return calls__parse_numbers(row, gpu_numbers, ARRAY_SIZE(gpu_numbers), gpu, &gpu->known);
}

static int take_gpu(void *ctx, const struct data_row *row, const char **ret_wrong)
{
	const struct calls_taker *taker = ((struct calls_reader *)ctx)->taker;
	struct gpu_row gpu = {};

	*ret_wrong = parse_gpu(row, &gpu);
	return *ret_wrong ? 0 : taker->gpu(taker->ctx, &gpu);
}

const struct data_layout calls__gpu_layout = {
	gpu_columns, GPU_COLUMN_CNT, GPU_COLUMN_CNT, NULL, take_gpu,
};
