/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * activity_probes.csv: when each probe was put in place and taken away, and which were there to the
 * end; so that a state without calls can be told from one that nobody watched.
 *
 *     time_ns,event,state,binary,build_id,function,symbol,offset,exit,calls,last_hit_ns
 *     1718739269730290312,attached,SAVING,/usr/bin/saver,5f1c,save,save,0x11c9,fast,0,
 */
#include "sink_csv.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

static void put_moment(struct csv_row *row, const void *field)
{
	static const char *const names[] = {
		[PROBE_ATTACHED] = "attached",
		[PROBE_DETACHED] = "detached",
		[PROBE_AT_END] = "end",
	};

	csv_row__text(row, names[*(const enum probe_moment *)field]);
}

static void put_offset(struct csv_row *row, const void *field)
{
	char text[sizeof("0x") + 16];

	snprintf(text, sizeof(text), "0x%" PRIx64, *(const uint64_t *)field);
	csv_row__text(row, text);
}

/* Empty for a probe that was never hit. */
static void put_last_hit(struct csv_row *row, const void *field)
{
	if (*(const uint64_t *)field)
		sink_csv__put_u64(row, field);
	else
		csv_row__empty(row);
}

#define AT(member) offsetof(struct probe_row, member)

static const struct sink_csv_column columns[] = {
	{ "time_ns", sink_csv__put_u64, AT(time_ns) },
	{ "event", put_moment, AT(moment) },
	{ "state", sink_csv__put_hostile_text, AT(state) },
	{ "binary", sink_csv__put_hostile_text, AT(binary) },
	{ "build_id", sink_csv__put_hostile_text, AT(build_id) },
	{ "function", sink_csv__put_hostile_text, AT(function) },
	{ "symbol", sink_csv__put_hostile_text, AT(symbol) },
	{ "offset", put_offset, AT(offset) },
	{ "exit", sink_csv__put_hostile_text, AT(exit_mode) },
	{ "calls", sink_csv__put_u64, AT(calls) },
	{ "last_hit_ns", put_last_hit, AT(last_hit_ns) },
};

static const struct sink_csv_format format = {
	.file_name = "activity_probes.csv",
	.quoting = CSV_QUOTE_MINIMAL,
	.columns = columns,
	.column_cnt = sizeof(columns) / sizeof(columns[0]),
	.on_demand = true,
};

static int probes_open(const struct sink_options *options, struct sink **ret_sink,
		       struct fault *why)
{
	return sink_csv__open(&format, options, ret_sink, why);
}

static int probes_probe(struct sink *sink, const struct probe_row *row)
{
	return sink_csv__add(sink, row);
}

const struct sink_ops probes_sink_ops = {
	.name = "probes",
	.open = probes_open,
	.probe = probes_probe,
	SINK_CSV_OPERATIONS,
};
