/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * counters.csv: what programs count with marks, a row each time that something is added.
 *
 *     time_ns,pid,name,delta,total
 *     1718739269730290312,812,cache hits,1,17
 */
#include "sink_csv.h"

#include <stddef.h>

static void put_s64(struct csv_row *csv, const void *field)
{
	csv_row__s64(csv, *(const int64_t *)field);
}

#define AT(member) offsetof(struct counter_row, member)

static const struct sink_csv_column columns[] = {
	{ "time_ns", sink_csv__put_u64, AT(time_ns) },
	{ "pid", sink_csv__put_u32, AT(pid) },
	{ "name", sink_csv__put_hostile_text, AT(name) },
	{ "delta", put_s64, AT(delta) },
	{ "total", put_s64, AT(total) },
};

static const struct sink_csv_format format = {
	.file_name = "counters.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int counters_open(const struct sink_options *options, struct sink **ret_sink,
			 struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int counters_counter(struct sink *sink, const struct counter_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops counters_sink_ops = {
	.name = "detail",
	.open = counters_open,
	.counter = counters_counter,
	SINK_CSV_OPERATIONS,
};
