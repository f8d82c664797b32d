/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The JSON of Junmai AutoDev's export, laid out as Python's json module does with an indent of 2:
 *
 *     {"export_timestamp": ..., "processing_times": [...], "memory_usage": [...],
 *      "gpu_usage": [...], "summary": {"processing_time_stats": {...}, "memory_usage_stats": {...},
 *                                      "gpu_usage_stats": {...}, "operation_summary": [...]}}
 *
 * GPUs wait in a temporary file until the arrays before them are complete. Kept are 8 bytes of each
 * call, since the median is exact: as there, the upper of the two in the middle.
 */
#include "export/junmai.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/summary.h"
#include "export/json_out.h"
#include "float_repr.h"

struct operation {
	struct name_key key;
	uint64_t cnt;
	uint64_t success_cnt;
	uint64_t total_ns;
};

/* current, average and most of a value that may be unknown now and then */
struct level {
	uint64_t cnt;
	double current, sum, max;
	bool current_known;
};

struct span {
	uint64_t cnt;
	uint64_t first_ns, last_ns;
};

struct exporter {
	FILE *out;
	FILE *gpu_records;
	uint64_t record_cnt; /* of the array that is being written */
	uint64_t gpu_record_cnt;
	struct keyed operations;
	struct span processing;
	uint64_t *durations;
	size_t capacity;
	uint64_t success_cnt;
	struct junmai_memory memory;
	struct keyed gpus;
	struct span gpu;
	struct level gpu_load, gpu_memory, gpu_temperature;
};

static void junmai_json_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	if (exporter->gpu_records)
		fclose(exporter->gpu_records);
	keyed__free(&exporter->operations);
	keyed__free(&exporter->gpus);
	junmai_memory__free(&exporter->memory);
	free(exporter->durations);
	free(exporter);
}

static int junmai_json_open(const struct export_options *options, struct exporter **ret_exporter,
			    struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	struct timespec now;
	char stamp[JUNMAI_TIMESTAMP_SZ];

	if (!exporter)
		return fault__set(why, -ENOMEM, "no memory");
	exporter->gpu_records = tmpfile();
	if (!exporter->gpu_records) {
		junmai_json_free(exporter);
		return fault__set(why, -EIO, "no temporary file can be made");
	}
	exporter->out = options->out;
	exporter->operations = KEYED_BY_NAME(struct operation);
	exporter->gpus = KEYED_BY_NAME(struct junmai_gpu);
	junmai_memory__init(&exporter->memory);
	clock_gettime(CLOCK_REALTIME, &now);
	junmai_timestamp((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, stamp);
	fprintf(exporter->out, "{\n  \"export_timestamp\": \"%s\",\n  \"processing_times\": [",
		stamp);
	*ret_exporter = exporter;
	return 0;
}

/* --- values ------------------------------------------------------------------------------- */

static void put_double(FILE *out, double value)
{
	char text[FLOAT_REPR_MAX];

	fwrite(text, 1, (size_t)(float_repr(text, value) - text), out);
}

static void put_field(FILE *out, const struct junmai_field *field)
{
	switch (field->type) {
	case JUNMAI_NULL:
		fputs("null", out);
		break;
	case JUNMAI_TEXT:
		json_out__string(out, field->text);
		break;
	case JUNMAI_INTEGER:
		fprintf(out, "%" PRIu64, field->integer);
		break;
	case JUNMAI_DOUBLE:
		put_double(out, field->number);
		break;
	case JUNMAI_BOOL:
		fputs(field->integer ? "true" : "false", out);
		break;
	}
}

/* An element of an array of the document. */
static void put_record(FILE *out, uint64_t *cnt, const struct junmai_record *record)
{
	fprintf(out, "%s\n    {", (*cnt)++ ? "," : "");
	for (size_t i = 0; i < record->cnt; i++) {
		fprintf(out, "%s\n      \"%s\": ", i ? "," : "", record->fields[i].name);
		put_field(out, &record->fields[i]);
	}
	fputs("\n    }", out);
}

static void end_array(FILE *out, uint64_t cnt)
{
	fputs(cnt ? "\n  ]" : "]", out);
}

/* --- rows --------------------------------------------------------------------------------- */

static void span__add(struct span *span, uint64_t time_ns)
{
	if (!span->cnt++)
		span->first_ns = time_ns;
	span->last_ns = time_ns;
}

static int add_duration(struct exporter *exporter, uint64_t duration_ns)
{
	size_t capacity = exporter->capacity ? 2 * exporter->capacity : 1024;
	uint64_t *grown;

	if (exporter->processing.cnt == exporter->capacity) {
		grown = reallocarray(exporter->durations, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		exporter->durations = grown;
		exporter->capacity = capacity;
	}
	exporter->durations[exporter->processing.cnt] = duration_ns;
	return 0;
}

static int junmai_json_call(struct exporter *exporter, const struct call *call)
{
	struct operation *operation;
	struct junmai_record record;

	if (!junmai_is_recorded(call))
		return 0;
	operation = keyed__want_name(&exporter->operations, call->state);
	if (!operation || add_duration(exporter, call->duration_ns))
		return -ENOMEM;
	operation->cnt++;
	operation->success_cnt += junmai_succeeded(call);
	operation->total_ns = add_saturated(operation->total_ns, call->duration_ns);
	exporter->success_cnt += junmai_succeeded(call);
	span__add(&exporter->processing, call__end_ns(call));
	junmai_processing(call, &record);
	put_record(exporter->out, &exporter->record_cnt, &record);
	return 0;
}

static int junmai_json_process(struct exporter *exporter, const struct process_sample *sample)
{
	return junmai_memory__add_process(&exporter->memory, sample);
}

static int junmai_json_memory(struct exporter *exporter, const struct memory_sample *sample)
{
	return junmai_memory__add(&exporter->memory, sample);
}

static void level__add(struct level *level, bool known, double value)
{
	level->current_known = known;
	if (!known)
		return;
	level->current = value;
	level->max = level->cnt && level->max > value ? level->max : value;
	level->sum += value;
	level->cnt++;
}

static int junmai_json_gpu(struct exporter *exporter, const struct gpu_row *row)
{
	const unsigned int memory = GPU_KNOWS_MEMORY_USED | GPU_KNOWS_MEMORY_TOTAL;
	struct junmai_record record;
	int err;

	if (row->pid)
		return 0;
	err = junmai_gpu_record(&exporter->gpus, row, &record);
	if (err)
		return err;
	span__add(&exporter->gpu, row->time_ns);
	level__add(&exporter->gpu_load, row->known & GPU_KNOWS_LOAD, row->load_percent);
	level__add(&exporter->gpu_memory, (row->known & memory) == memory,
		   junmai_gpu_memory_percent(row));
	level__add(&exporter->gpu_temperature, row->known & GPU_KNOWS_TEMPERATURE,
		   row->temperature_celsius);
	put_record(exporter->gpu_records, &exporter->gpu_record_cnt, &record);
	return 0;
}

/* --- the summary -------------------------------------------------------------------------- */

static void put_stat(FILE *out, const char *name, bool known, double value)
{
	fprintf(out, ",\n      \"%s\": ", name);
	if (known)
		put_double(out, value);
	else
		fputs("null", out);
}

static void put_span(FILE *out, const struct span *span)
{
	char stamp[JUNMAI_TIMESTAMP_SZ];

	junmai_timestamp(span->first_ns, stamp);
	fprintf(out, ",\n      \"first_timestamp\": \"%s\"", stamp);
	junmai_timestamp(span->last_ns, stamp);
	fprintf(out, ",\n      \"last_timestamp\": \"%s\"\n    }", stamp);
}

static double percent(uint64_t part, uint64_t whole)
{
	return (double)part / (double)whole * 100;
}

static int compare_u64(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a == *b ? 0 : *a < *b ? -1 : 1;
}

static void put_processing_stats(struct exporter *exporter)
{
	uint64_t cnt = exporter->processing.cnt, total = 0;
	FILE *out = exporter->out;

	fprintf(out,
		"    \"processing_time_stats\": {\n      \"count\": %" PRIu64
		",\n      \"operation\": null",
		cnt);
	if (!cnt) {
		fputs("\n    }", out);
		return;
	}
	qsort(exporter->durations, cnt, sizeof(*exporter->durations), compare_u64);
	for (size_t i = 0; i < cnt; i++)
		total = add_saturated(total, exporter->durations[i]);
	fputs(",\n      \"duration_minutes\": null", out);
	put_stat(out, "total_duration_ms", true, (double)total / 1e6);
	put_stat(out, "avg_duration_ms", true, (double)total / (double)cnt / 1e6);
	put_stat(out, "min_duration_ms", true, (double)exporter->durations[0] / 1e6);
	put_stat(out, "max_duration_ms", true, (double)exporter->durations[cnt - 1] / 1e6);
	put_stat(out, "median_duration_ms", true, (double)exporter->durations[cnt / 2] / 1e6);
	fprintf(out, ",\n      \"success_count\": %" PRIu64 ",\n      \"failure_count\": %" PRIu64,
		exporter->success_cnt, cnt - exporter->success_cnt);
	put_stat(out, "success_rate", true, percent(exporter->success_cnt, cnt));
	put_span(out, &exporter->processing);
}

/* current_*, avg_* and max_* of three values. */
static void put_levels(FILE *out, const struct level *const *levels, const char *const *names)
{
	char name[64];

	for (int kind = 0; kind < 3; kind++) {
		for (int i = 0; i < 3; i++) {
			const struct level *level = levels[i];

			snprintf(name, sizeof(name), "%s_%s",
				 kind == 0   ? "current"
				 : kind == 1 ? "avg"
					     : "max",
				 names[i]);
			put_stat(out, name, kind ? level->cnt : level->current_known,
				 kind == 0   ? level->current
				 : kind == 1 ? level->sum / (double)level->cnt
					     : level->max);
		}
	}
}

static void put_memory_stats(struct exporter *exporter)
{
	static const char *const names[] = { "used_mb", "percent", "process_mb" };
	struct level used = {}, share = {}, process = {};
	const struct level *const levels[] = { &used, &share, &process };
	struct span span = {};
	FILE *out = exporter->out;

	for (size_t i = 0; i < exporter->memory.cnt; i++) {
		const struct junmai_memory_sample *sample = &exporter->memory.samples[i];
		const struct memory_sample *memory = &sample->memory;

		span__add(&span, memory->time_ns);
		level__add(&used, memory->known & MEMORY_KNOWS_USED,
			   (double)memory->used_bytes / 1048576);
		level__add(&share, memory->known & MEMORY_KNOWS_AVAILABLE,
			   junmai_memory_percent(memory));
		level__add(&process, sample->process_known,
			   (double)sample->process_bytes / 1048576);
	}
	fprintf(out, ",\n    \"memory_usage_stats\": {\n      \"count\": %" PRIu64, span.cnt);
	if (!span.cnt) {
		fputs("\n    }", out);
		return;
	}
	fputs(",\n      \"duration_minutes\": null", out);
	put_levels(out, levels, names);
	put_span(out, &span);
}

static void put_gpu_stats(struct exporter *exporter)
{
	static const char *const names[] = { "load_percent", "memory_percent", "temperature" };
	const struct level *const levels[] = { &exporter->gpu_load, &exporter->gpu_memory,
					       &exporter->gpu_temperature };
	FILE *out = exporter->out;

	fprintf(out,
		",\n    \"gpu_usage_stats\": {\n      \"count\": %" PRIu64
		",\n      \"gpu_id\": null",
		exporter->gpu.cnt);
	if (!exporter->gpu.cnt) {
		fputs("\n    }", out);
		return;
	}
	fputs(",\n      \"duration_minutes\": null", out);
	put_levels(out, levels, names);
	put_span(out, &exporter->gpu);
}

/* The longest total first; else as they were met. */
static int compare_operations(const void *left, const void *right)
{
	const struct operation *a = *(struct operation *const *)left;
	const struct operation *b = *(struct operation *const *)right;

	if (a->total_ns != b->total_ns)
		return a->total_ns < b->total_ns ? 1 : -1;
	return name_key__compare(a, b);
}

static void put_operation(FILE *out, const struct operation *operation)
{
	fputs("\n      {\n        \"operation\": ", out);
	json_out__string(out, operation->key.name);
	fprintf(out, ",\n        \"count\": %" PRIu64 ",\n        \"avg_duration_ms\": ",
		operation->cnt);
	put_double(out, (double)operation->total_ns / (double)operation->cnt / 1e6);
	fputs(",\n        \"total_duration_ms\": ", out);
	put_double(out, (double)operation->total_ns / 1e6);
	fputs(",\n        \"success_rate\": ", out);
	put_double(out, percent(operation->success_cnt, operation->cnt));
	fprintf(out, ",\n        \"failure_count\": %" PRIu64 "\n      }",
		operation->cnt - operation->success_cnt);
}

static void put_operations(struct exporter *exporter)
{
	struct keyed *operations = &exporter->operations;

	if (operations->cnt)
		qsort(operations->items, operations->cnt, sizeof(*operations->items),
		      compare_operations);
	fputs(",\n    \"operation_summary\": [", exporter->out);
	for (size_t i = 0; i < operations->cnt; i++) {
		if (i)
			putc(',', exporter->out);
		put_operation(exporter->out, operations->items[i]);
	}
	fputs(operations->cnt ? "\n    ]\n  }\n}" : "]\n  }\n}", exporter->out);
}

/* --- the end ------------------------------------------------------------------------------ */

static int copy_gpu_records(struct exporter *exporter)
{
	char buffer[8192];
	size_t sz;

	if (fflush(exporter->gpu_records) || ferror(exporter->gpu_records))
		return -EIO;
	rewind(exporter->gpu_records);
	while ((sz = fread(buffer, 1, sizeof(buffer), exporter->gpu_records)))
		fwrite(buffer, 1, sz, exporter->out);
	return ferror(exporter->gpu_records) ? -EIO : 0;
}

static int junmai_json_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	struct junmai_record record;
	FILE *out = exporter->out;
	int err;

	(void)notes;
	end_array(out, exporter->record_cnt);
	exporter->record_cnt = 0;
	fputs(",\n  \"memory_usage\": [", out);
	for (size_t i = 0; i < exporter->memory.cnt; i++) {
		junmai_memory_record(&exporter->memory.samples[i], &record);
		put_record(out, &exporter->record_cnt, &record);
	}
	end_array(out, exporter->record_cnt);
	fputs(",\n  \"gpu_usage\": [", out);
	err = copy_gpu_records(exporter);
	if (err)
		return fault__set(why, err, "the temporary file cannot be written or read");
	end_array(out, exporter->gpu_record_cnt);
	fputs(",\n  \"summary\": {\n", out);
	put_processing_stats(exporter);
	put_memory_stats(exporter);
	put_gpu_stats(exporter);
	put_operations(exporter);
	return 0;
}

const struct export_ops export_junmai_json = {
	.name = "junmai-json",
	.about = "JSON of Junmai AutoDev's metrics, with their statistics",
	.open = junmai_json_open,
	.call = junmai_json_call,
	.process = junmai_json_process,
	.memory = junmai_json_memory,
	.gpu = junmai_json_gpu,
	.end = junmai_json_end,
	.free = junmai_json_free,
};
