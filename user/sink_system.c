/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * system_detail.csv: what the whole machine used at each moment when the processes were looked at.
 *
 *     time_ns,memory_total_bytes,...,load_1min,...,cpu_busy_percent,...,cpu_busy_percents
 *     1718739269730290312,25276502016,...,0.75,...,54.2,...,12.5 99.9 - 50.0
 *
 * What is not known is empty.
 */
#include "sink_csv.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define DECIMAL_SZ (CSV_DIGITS_MAX + sizeof(".00"))

static void put_number(struct csv_row *row, const void *field)
{
	const struct system_value *value = field;

	if (value->known)
		csv_row__u64(row, value->value);
	else
		csv_row__empty(row);
}

static char *print_tenths(char *at, uint64_t tenths)
{
	at = csv_digits(at, tenths / 10);
	*at++ = '.';
	*at++ = (char)('0' + tenths % 10);
	return at;
}

static void put_tenths(struct csv_row *row, const void *field)
{
	const struct system_value *value = field;
	char text[DECIMAL_SZ];
	char *at = text;

	if (value->known)
		at = print_tenths(at, value->value);
	*at = '\0';
	csv_row__text(row, text);
}

static void put_hundredths(struct csv_row *row, const void *field)
{
	const struct system_value *value = field;
	char text[DECIMAL_SZ];
	char *at = text;

	if (value->known) {
		at = print_tenths(at, value->value / 10);
		*at++ = (char)('0' + value->value % 10);
	}
	*at = '\0';
	csv_row__text(row, text);
}

static bool any_is_known(const struct system_cpus *cpus)
{
	for (size_t i = 0; i < cpus->cnt; i++) {
		if (cpus->busy[i] != TACHO_CPU_UNKNOWN)
			return true;
	}
	return false;
}

/* One field, so that the columns do not depend on the machine. */
static void put_cpus(struct csv_row *row, const void *field)
{
	const struct system_cpus *cpus = field;
	char *text, *at;

	if (!any_is_known(cpus)) {
		csv_row__empty(row);
		return;
	}
	text = malloc(cpus->cnt * sizeof("6553.4"));
	if (!text) {
		row->err = -ENOMEM;
		return;
	}
	at = text;
	for (size_t i = 0; i < cpus->cnt; i++) {
		if (cpus->busy[i] == TACHO_CPU_UNKNOWN)
			*at++ = '-';
		else
			at = print_tenths(at, cpus->busy[i]);
		*at++ = ' ';
	}
	at[-1] = '\0';
	csv_row__text(row, text);
	free(text);
}

#define VALUE(name) offsetof(struct system_row, values[TACHO_SYSTEM_##name])

static const struct sink_csv_column columns[] = {
	{ "time_ns", sink_csv__put_u64, offsetof(struct system_row, time_ns) },
	{ "memory_total_bytes", put_number, VALUE(MEMORY_TOTAL) },
	{ "memory_available_bytes", put_number, VALUE(MEMORY_AVAILABLE) },
	{ "memory_used_bytes", put_number, VALUE(MEMORY_USED) },
	{ "memory_free_bytes", put_number, VALUE(MEMORY_FREE) },
	{ "swap_total_bytes", put_number, VALUE(SWAP_TOTAL) },
	{ "swap_used_bytes", put_number, VALUE(SWAP_USED) },
	{ "load_1min", put_hundredths, VALUE(LOAD_1MIN) },
	{ "load_5min", put_hundredths, VALUE(LOAD_5MIN) },
	{ "load_15min", put_hundredths, VALUE(LOAD_15MIN) },
	{ "cpu_busy_percent", put_tenths, VALUE(CPU_BUSY) },
	{ "memory_pressure_some_us", put_number, VALUE(MEMORY_SOME_US) },
	{ "memory_pressure_full_us", put_number, VALUE(MEMORY_FULL_US) },
	{ "io_pressure_some_us", put_number, VALUE(IO_SOME_US) },
	{ "io_pressure_full_us", put_number, VALUE(IO_FULL_US) },
	{ "cpu_pressure_some_us", put_number, VALUE(CPU_SOME_US) },
	{ "cpu_busy_percents", put_cpus, offsetof(struct system_row, cpus) },
};

static const struct sink_csv_format format = {
	.file_name = "system_detail.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int system_open(const struct sink_options *options, struct sink **ret_sink,
		       struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int system_system(struct sink *sink, const struct system_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops system_sink_ops = {
	.name = "detail",
	.open = system_open,
	.system = system_system,
	SINK_CSV_OPERATIONS,
};
