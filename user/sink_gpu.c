/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * gpu_detail.csv: each GPU of the machine every so often, and what processes have of it.
 *
 *     time_ns,device,name,driver,pid,load_percent,memory_used_bytes,memory_total_bytes,temperature_celsius
 *     1718739269730290312,0000:01:00.0,NVIDIA RTX A2000,nvidia,,37.0,838860800,6441402368,51.0
 *     1718739269730290312,0000:01:00.0,NVIDIA RTX A2000,nvidia,812,,734003200,,
 */
#include "sink_csv.h"

#include <stddef.h>

/* The other columns are written from the whole row: whether there is a value stands elsewhere in
 * it. */
static void put_pid(struct csv_row *csv, const void *field)
{
	const struct gpu_row *row = field;

	if (row->pid)
		csv_row__u64(csv, row->pid);
	else
		csv_row__empty(csv);
}

static void put_if_known(struct csv_row *csv, const struct gpu_row *row, enum gpu_known which,
			 uint64_t value)
{
	if (row->known & which)
		csv_row__u64(csv, value);
	else
		csv_row__empty(csv);
}

static void put_decimal_if_known(struct csv_row *csv, const struct gpu_row *row,
				 enum gpu_known which, double value)
{
	if (row->known & which)
		sink_csv__put_decimal(csv, value);
	else
		csv_row__empty(csv);
}

static void put_load(struct csv_row *csv, const void *field)
{
	const struct gpu_row *row = field;

	put_decimal_if_known(csv, row, GPU_KNOWS_LOAD, row->load_percent);
}

static void put_memory_used(struct csv_row *csv, const void *field)
{
	const struct gpu_row *row = field;

	put_if_known(csv, row, GPU_KNOWS_MEMORY_USED, row->memory_used_bytes);
}

static void put_memory_total(struct csv_row *csv, const void *field)
{
	const struct gpu_row *row = field;

	put_if_known(csv, row, GPU_KNOWS_MEMORY_TOTAL, row->memory_total_bytes);
}

static void put_temperature(struct csv_row *csv, const void *field)
{
	const struct gpu_row *row = field;

	put_decimal_if_known(csv, row, GPU_KNOWS_TEMPERATURE, row->temperature_celsius);
}

#define AT(member) offsetof(struct gpu_row, member)

static const struct sink_csv_column columns[] = {
	{ "time_ns", sink_csv__put_u64, AT(time_ns) },
	{ "device", sink_csv__put_hostile_text, AT(device) },
	{ "name", sink_csv__put_hostile_text, AT(name) },
	{ "driver", sink_csv__put_hostile_text, AT(driver) },
	{ "pid", put_pid, 0 },
	{ "load_percent", put_load, 0 },
	{ "memory_used_bytes", put_memory_used, 0 },
	{ "memory_total_bytes", put_memory_total, 0 },
	{ "temperature_celsius", put_temperature, 0 },
};

static const struct sink_csv_format format = {
	.file_name = "gpu_detail.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int gpu_open(const struct sink_options *options, struct sink **ret_sink, struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int gpu_gpu(struct sink *sink, const struct gpu_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops gpu_sink_ops = {
	.name = "detail",
	.open = gpu_open,
	.gpu = gpu_gpu,
	SINK_CSV_OPERATIONS,
};
