/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A script for psql(1): tables, and COPY with the rows behind it.
 *
 *     BEGIN;
 *     CREATE TABLE IF NOT EXISTS activity_detail (...);
 *     COPY activity_detail (state, start_ns, ...) FROM STDIN;
 *     STEP<TAB>1795328314555787494<TAB>...
 *     \.
 *     COMMIT;
 *
 * COPY's text format (PostgreSQL, "COPY", File Formats): a tab between columns, \N for NULL, and a
 * backslash, tab, line feed or carriage return in a value as \\, \t, \n, \r. Text of our files has
 * been made printable; what else may come is made UTF-8 here, or the whole script would fail.
 *
 * Nanoseconds are bigint; `started` and `time` are generated from them, to the microsecond that
 * timestamptz has. What is more than a bigint holds becomes NULL; without a moment there is no row.
 * TimescaleDB wants a partitioning column that is no generated one: start_ns and time_ns.
 */
#include "export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ended.h"
#include "escape.h"
#include "export/json_out.h"

enum table { TABLE_NONE, TABLE_CALLS, TABLE_PROCESSES };

struct exporter {
	FILE *out;
	enum table table; /* whose rows are being written */
	char *escaped;
	size_t escaped_capacity;
	uint64_t too_large;
};

/* Of whole microseconds, so that the double is nearest to them and to_timestamp() rounds to them;
 * it is immutable, as generated columns want it. */
#define MOMENT_OF(column)                                                                          \
	"timestamptz GENERATED ALWAYS AS (to_timestamp(" column                                    \
	" / 1000 / 1000000::double precision)) STORED"

static const char calls_table[] = "CREATE TABLE IF NOT EXISTS activity_detail (\n"
				  "  state text NOT NULL,\n"
				  "  start_ns bigint NOT NULL,\n"
				  "  duration_ns bigint,\n"
				  "  pid bigint,\n"
				  "  tid bigint,\n"
				  "  comm text,\n"
				  "  ended text,\n"
				  "  failed boolean,\n"
				  "  depth bigint,\n"
				  "  cpu_ns bigint,\n"
				  "  runqueue_ns bigint,\n"
				  "  blocked_ns bigint,\n"
				  "  minor_faults bigint,\n"
				  "  major_faults bigint,\n"
				  "  voluntary_switches bigint,\n"
				  "  involuntary_switches bigint,\n"
				  "  return_value text,\n"
				  "  \"binary\" text,\n"
				  "  function text,\n"
				  "  captured jsonb,\n"
				  "  started " MOMENT_OF("start_ns") "\n"
								     ");\n";

static const char calls_copy[] =
	"COPY activity_detail (state, start_ns, duration_ns, pid, tid, comm, ended, failed, depth, "
	"cpu_ns, runqueue_ns, blocked_ns, minor_faults, major_faults, voluntary_switches, "
	"involuntary_switches, return_value, \"binary\", function, captured) FROM STDIN;\n";

static const char processes_table[] = "CREATE TABLE IF NOT EXISTS process_detail (\n"
				      "  time_ns bigint NOT NULL,\n"
				      "  event text NOT NULL,\n"
				      "  pid bigint NOT NULL,\n"
				      "  ppid bigint,\n"
				      "  start_ns bigint,\n"
				      "  comm text,\n"
				      "  command text,\n"
				      "  user_ns bigint,\n"
				      "  system_ns bigint,\n"
				      "  cpu_ns bigint,\n"
				      "  rss_bytes bigint,\n"
				      "  peak_rss_bytes bigint,\n"
				      "  virtual_bytes bigint,\n"
				      "  threads bigint,\n"
				      "  minor_faults bigint,\n"
				      "  major_faults bigint,\n"
				      "  read_bytes bigint,\n"
				      "  write_bytes bigint,\n"
				      "  voluntary_switches bigint,\n"
				      "  involuntary_switches bigint,\n"
				      "  exit_code integer,\n"
				      "  cgroup text,\n"
				      "  time " MOMENT_OF("time_ns") "\n"
								     ");\n";

static const char processes_copy[] =
	"COPY process_detail (time_ns, event, pid, ppid, start_ns, comm, command, user_ns, "
	"system_ns, cpu_ns, rss_bytes, peak_rss_bytes, virtual_bytes, threads, minor_faults, "
	"major_faults, read_bytes, write_bytes, voluntary_switches, involuntary_switches, "
	"exit_code, cgroup) FROM STDIN;\n";

/* A chunk is a day, in the unit of the column; tables that are hypertables already stay so. */
static const char hypertables[] =
	"CREATE EXTENSION IF NOT EXISTS timescaledb;\n"
	"SELECT create_hypertable('activity_detail', 'start_ns', chunk_time_interval => "
	"86400000000000, if_not_exists => true);\n"
	"SELECT create_hypertable('process_detail', 'time_ns', chunk_time_interval => "
	"86400000000000, if_not_exists => true);\n";

static int sql_open(const struct export_options *options, struct exporter **ret_exporter,
		    struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (!exporter)
		return fault__set(why, -ENOMEM, "no memory");
	exporter->out = options->out;
	/* psql stops at the first error only if it is told to, and would then read rows as SQL */
	fputs("\\set ON_ERROR_STOP on\n"
	      "BEGIN;\n"
	      "SET LOCAL client_encoding = 'UTF8';\n"
	      "SET LOCAL client_min_messages = warning;\n",
	      exporter->out);
	fputs(calls_table, exporter->out);
	fputs(processes_table, exporter->out);
	if (options->timescale)
		fputs(hypertables, exporter->out);
	*ret_exporter = exporter;
	return 0;
}

static void sql_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	free(exporter->escaped);
	free(exporter);
}

static void switch_table(struct exporter *exporter, enum table table)
{
	static const char *const copies[] = {
		[TABLE_NONE] = "",
		[TABLE_CALLS] = calls_copy,
		[TABLE_PROCESSES] = processes_copy,
	};

	if (exporter->table == table)
		return;
	if (exporter->table != TABLE_NONE)
		fputs("\\.\n", exporter->out);
	fputs(copies[table], exporter->out);
	exporter->table = table;
}

/* --- values of a row ---------------------------------------------------------------------- */

/* As a value of COPY. */
static void put_bytes(FILE *out, const char *text, size_t sz)
{
	for (size_t i = 0; i < sz; i++) {
		switch (text[i]) {
		case '\\':
			fputs("\\\\", out);
			break;
		case '\t':
			fputs("\\t", out);
			break;
		case '\n':
			fputs("\\n", out);
			break;
		case '\r':
			fputs("\\r", out);
			break;
		default:
			putc(text[i], out);
		}
	}
}

/* A value `\.` alone on its line would end the rows; it is written as `\\.` and does not. */
static int put_value(struct exporter *exporter, const char *text)
{
	size_t sz = strlen(text);
	char *grown;

	if (escape_is_utf8(text, sz)) {
		put_bytes(exporter->out, text, sz);
		return 0;
	}
	if (exporter->escaped_capacity < ESCAPED_SZ(sz)) {
		grown = realloc(exporter->escaped, ESCAPED_SZ(sz));
		if (!grown)
			return -ENOMEM;
		exporter->escaped = grown;
		exporter->escaped_capacity = ESCAPED_SZ(sz);
	}
	sz = escape_no_utf8(exporter->escaped, text, sz);
	put_bytes(exporter->out, exporter->escaped, sz);
	return 0;
}

/* NULL where there is none. */
static int put_text(struct exporter *exporter, const char *text)
{
	putc('\t', exporter->out);
	if (*text)
		return put_value(exporter, text);
	fputs("\\N", exporter->out);
	return 0;
}

static void put_number(FILE *out, bool known, uint64_t value)
{
	if (known && value <= INT64_MAX)
		fprintf(out, "\t%" PRIu64, value);
	else
		fputs("\t\\N", out);
}

/* A JSON object of those that have a value. */
static int put_captured(struct exporter *exporter, const struct call *call)
{
	const char *separator = "{";
	char *json = NULL;
	size_t sz = 0;
	FILE *out;

	for (size_t i = 0; i < call->captured_cnt; i++)
		sz += *call->captured[i].text != '\0';
	if (!sz) {
		fputs("\t\\N", exporter->out);
		return 0;
	}
	out = open_memstream(&json, &sz);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < call->captured_cnt; i++) {
		if (!*call->captured[i].text)
			continue;
		fputs(separator, out);
		json_out__string(out, call->captured[i].name);
		fputs(": ", out);
		json_out__string(out, call->captured[i].text);
		separator = ", ";
	}
	putc('}', out);
	if (fclose(out)) {
		free(json);
		return -ENOMEM;
	}
	putc('\t', exporter->out);
	put_bytes(exporter->out, json, sz);
	free(json);
	return 0;
}

/* --- rows --------------------------------------------------------------------------------- */

static const struct {
	enum call_knows knows;
	size_t offset;
} call_numbers[] = {
	{ CALL_KNOWS_DEPTH, offsetof(struct call, depth) },
	{ CALL_KNOWS_CPU, offsetof(struct call, cpu_ns) },
	{ CALL_KNOWS_RUNQUEUE, offsetof(struct call, runqueue_ns) },
	{ CALL_KNOWS_BLOCKED, offsetof(struct call, blocked_ns) },
	{ CALL_KNOWS_MINOR_FAULTS, offsetof(struct call, minor_faults) },
	{ CALL_KNOWS_MAJOR_FAULTS, offsetof(struct call, major_faults) },
	{ CALL_KNOWS_VOLUNTARY, offsetof(struct call, voluntary_switches) },
	{ CALL_KNOWS_INVOLUNTARY, offsetof(struct call, involuntary_switches) },
};

static const char *const failed_values[] = {
	[ROW_FAILED_UNKNOWN] = "\t\\N",
	[ROW_FAILED_NO] = "\tf",
	[ROW_FAILED_YES] = "\tt",
};

static int sql_call(struct exporter *exporter, const struct call *call)
{
	FILE *out = exporter->out;
	int err;

	if (call->start_ns > INT64_MAX) {
		exporter->too_large++;
		return 0;
	}
	switch_table(exporter, TABLE_CALLS);
	err = put_value(exporter, call->state);
	put_number(out, true, call->start_ns);
	put_number(out, true, call->duration_ns);
	put_number(out, call->known & CALL_KNOWS_PID, call->pid);
	put_number(out, call->known & CALL_KNOWS_TID, call->tid);
	if (!err)
		err = put_text(exporter, call->comm);
	fprintf(out, "\t%s", call->known & CALL_KNOWS_ENDED ? ended_name(call->ended) : "\\N");
	fputs(failed_values[call->failed], out);
	for (size_t i = 0; i < sizeof(call_numbers) / sizeof(call_numbers[0]); i++) {
		const void *at = (const char *)call + call_numbers[i].offset;

		put_number(out, call->known & call_numbers[i].knows, *(const uint64_t *)at);
	}
	if (!err)
		err = put_text(exporter, call->return_value);
	if (!err)
		err = put_text(exporter, call->binary);
	if (!err)
		err = put_text(exporter, call->function);
	if (!err)
		err = put_captured(exporter, call);
	putc('\n', out);
	return err;
}

static const struct {
	enum process_knows knows;
	size_t offset;
} process_numbers[] = {
	{ PROCESS_KNOWS_USER, offsetof(struct process_sample, user_ns) },
	{ PROCESS_KNOWS_SYSTEM, offsetof(struct process_sample, system_ns) },
	{ PROCESS_KNOWS_CPU, offsetof(struct process_sample, cpu_ns) },
	{ PROCESS_KNOWS_RSS, offsetof(struct process_sample, rss_bytes) },
	{ PROCESS_KNOWS_PEAK_RSS, offsetof(struct process_sample, peak_rss_bytes) },
	{ PROCESS_KNOWS_VIRTUAL, offsetof(struct process_sample, virtual_bytes) },
	{ PROCESS_KNOWS_THREADS, offsetof(struct process_sample, threads) },
	{ PROCESS_KNOWS_MINOR_FAULTS, offsetof(struct process_sample, minor_faults) },
	{ PROCESS_KNOWS_MAJOR_FAULTS, offsetof(struct process_sample, major_faults) },
	{ PROCESS_KNOWS_READ, offsetof(struct process_sample, read_bytes) },
	{ PROCESS_KNOWS_WRITE, offsetof(struct process_sample, write_bytes) },
	{ PROCESS_KNOWS_VOLUNTARY, offsetof(struct process_sample, voluntary_switches) },
	{ PROCESS_KNOWS_INVOLUNTARY, offsetof(struct process_sample, involuntary_switches) },
};

static int sql_process(struct exporter *exporter, const struct process_sample *sample)
{
	FILE *out = exporter->out;
	int err;

	if (sample->time_ns > INT64_MAX || sample->pid > INT64_MAX) {
		exporter->too_large++;
		return 0;
	}
	switch_table(exporter, TABLE_PROCESSES);
	fprintf(out, "%" PRIu64 "\t%s\t%" PRIu64, sample->time_ns, sample->event, sample->pid);
	put_number(out, sample->known & PROCESS_KNOWS_PPID, sample->ppid);
	put_number(out, sample->known & PROCESS_KNOWS_START, sample->start_ns);
	err = put_text(exporter, sample->comm);
	if (!err)
		err = put_text(exporter, sample->command);
	for (size_t i = 0; i < sizeof(process_numbers) / sizeof(process_numbers[0]); i++) {
		const void *at = (const char *)sample + process_numbers[i].offset;

		put_number(out, sample->known & process_numbers[i].knows, *(const uint64_t *)at);
	}
	if (sample->known & PROCESS_KNOWS_EXIT_CODE)
		fprintf(out, "\t%" PRId64, sample->exit_code);
	else
		fputs("\t\\N", out);
	if (!err)
		err = put_text(exporter, sample->cgroup);
	putc('\n', out);
	return err;
}

static int sql_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	(void)why;
	notes->too_large += exporter->too_large;
	switch_table(exporter, TABLE_NONE);
	fputs("COMMIT;\n", exporter->out);
	return 0;
}

const struct export_ops export_sql = {
	.name = "sql",
	.about = "a script for psql: tables and rows, for PostgreSQL and TimescaleDB",
	.options = EXPORT_HAS_TIMESCALE,
	.open = sql_open,
	.call = sql_call,
	.process = sql_process,
	.end = sql_end,
	.free = sql_free,
};
