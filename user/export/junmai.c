/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "export/junmai.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ended.h"
#include "parse.h"

#define NS_PER_S UINT64_C(1000000000)
#define MIB 1048576.0

/* What a sample that nobody asked for is called. */
#define BACKGROUND "background_monitoring"

/* As Python's datetime.isoformat(): microseconds only if there are any. */
void junmai_timestamp(uint64_t time_ns, char text[JUNMAI_TIMESTAMP_SZ])
{
	unsigned int us = (unsigned int)(time_ns % NS_PER_S / 1000);
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm local = {};
	size_t sz;

	localtime_r(&seconds, &local);
	sz = strftime(text, JUNMAI_TIMESTAMP_SZ, "%Y-%m-%dT%H:%M:%S", &local);
	if (us)
		snprintf(text + sz, JUNMAI_TIMESTAMP_SZ - sz, ".%06u", us);
}

static struct junmai_field *add_field(struct junmai_record *record, const char *name,
				      enum junmai_type type)
{
	struct junmai_field *field = &record->fields[record->cnt++];

	*field = (struct junmai_field) { .name = name, .type = type };
	return field;
}

static void add_text(struct junmai_record *record, const char *name, const char *text)
{
	add_field(record, name, text && *text ? JUNMAI_TEXT : JUNMAI_NULL)->text = text;
}

static void add_number(struct junmai_record *record, const char *name, bool known, double number)
{
	add_field(record, name, known ? JUNMAI_DOUBLE : JUNMAI_NULL)->number = number;
}

static void begin(struct junmai_record *record, uint64_t time_ns)
{
	record->cnt = 0;
	junmai_timestamp(time_ns, record->timestamp);
	add_text(record, "timestamp", record->timestamp);
}

/* --- processing --------------------------------------------------------------------------- */

bool junmai_is_recorded(const struct call *call)
{
	return ended_finished(call->ended);
}

bool junmai_succeeded(const struct call *call)
{
	return call->failed != ROW_FAILED_YES && call->ended != TACHO_ENDED_EXCEPTION;
}

static const char *find_captured(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->captured_cnt; i++) {
		if (!strcmp(call->captured[i].name, name))
			return call->captured[i].text;
	}
	return NULL;
}

static void add_photo(struct junmai_record *record, const struct call *call)
{
	const char *text = find_captured(call, "photo_id");
	uint64_t number;

	if (text && !parse_u64(text, 0, UINT64_MAX, &number))
		add_field(record, "photo_id", JUNMAI_INTEGER)->integer = number;
	else
		add_text(record, "photo_id", text);
}

static void add_error(struct junmai_record *record, const struct call *call)
{
	if (call->ended == TACHO_ENDED_EXCEPTION)
		snprintf(record->error, sizeof(record->error), "exception");
	else
		snprintf(record->error, sizeof(record->error), "returned %s", call->return_value);
	add_text(record, "error_message", junmai_succeeded(call) ? NULL : record->error);
}

void junmai_processing(const struct call *call, struct junmai_record *ret_record)
{
	begin(ret_record, call__end_ns(call));
	add_text(ret_record, "operation", call->state);
	add_number(ret_record, "duration_ms", true, (double)call->duration_ns / 1e6);
	add_photo(ret_record, call);
	add_text(ret_record, "job_id", find_captured(call, "job_id"));
	add_text(ret_record, "stage", find_captured(call, "stage"));
	add_field(ret_record, "success", JUNMAI_BOOL)->integer = junmai_succeeded(call);
	add_error(ret_record, call);
}

/* --- memory ------------------------------------------------------------------------------- */

/* What a process has added to a sample. */
struct share {
	struct thread_key key; /* the pid alone */
	bool any;
	size_t at;
	uint64_t bytes;
};

void junmai_memory__init(struct junmai_memory *memory)
{
	*memory = (struct junmai_memory) { .processes = KEYED_BY_THREAD(struct share) };
}

int junmai_memory__add(struct junmai_memory *memory, const struct memory_sample *sample)
{
	size_t capacity = memory->capacity ? 2 * memory->capacity : 64;
	struct junmai_memory_sample *grown;

	if (memory->cnt == memory->capacity) {
		grown = reallocarray(memory->samples, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memory->samples = grown;
		memory->capacity = capacity;
	}
	memory->samples[memory->cnt++] = (struct junmai_memory_sample) { .memory = *sample };
	return 0;
}

static uint64_t distance(const struct junmai_memory_sample *sample, uint64_t time_ns)
{
	uint64_t at = sample->memory.time_ns;

	return at > time_ns ? at - time_ns : time_ns - at;
}

static size_t find_nearest(const struct junmai_memory *memory, uint64_t time_ns)
{
	const struct junmai_memory_sample *samples = memory->samples;
	size_t low = 0, high = memory->cnt, middle;

	while (low + 1 < high) {
		middle = (low + high) / 2;
		if (samples[middle].memory.time_ns <= time_ns)
			low = middle;
		else
			high = middle;
	}
	if (low + 1 < memory->cnt &&
	    distance(&samples[low + 1], time_ns) < distance(&samples[low], time_ns))
		low++;
	return low;
}

int junmai_memory__add_process(struct junmai_memory *memory, const struct process_sample *sample)
{
	struct junmai_memory_sample *nearest;
	struct share *share;

	if (!memory->cnt || !(sample->known & PROCESS_KNOWS_RSS) || strcmp(sample->event, "sample"))
		return 0;
	share = keyed__want_thread(&memory->processes, sample->pid, 0);
	if (!share)
		return -ENOMEM;
	nearest = &memory->samples[find_nearest(memory, sample->time_ns)];
	if (share->any && nearest == &memory->samples[share->at])
		nearest->process_bytes -= share->bytes;
	share->any = true;
	share->at = (size_t)(nearest - memory->samples);
	share->bytes = sample->rss_bytes;
	nearest->process_bytes += sample->rss_bytes;
	nearest->process_known = true;
	return 0;
}

void junmai_memory__free(struct junmai_memory *memory)
{
	keyed__free(&memory->processes);
	free(memory->samples);
	*memory = (struct junmai_memory) {};
}

double junmai_memory_percent(const struct memory_sample *sample)
{
	double total = (double)sample->total_bytes;
	char rounded[64];

	if (!sample->total_bytes)
		return 0;
	snprintf(rounded, sizeof(rounded), "%.1f",
		 (total - (double)sample->available_bytes) / total * 100);
	return strtod(rounded, NULL);
}

void junmai_memory_record(const struct junmai_memory_sample *sample,
			  struct junmai_record *ret_record)
{
	const struct memory_sample *memory = &sample->memory;
	bool percent = memory->known & MEMORY_KNOWS_TOTAL && memory->known & MEMORY_KNOWS_AVAILABLE;

	begin(ret_record, memory->time_ns);
	add_number(ret_record, "total_mb", memory->known & MEMORY_KNOWS_TOTAL,
		   (double)memory->total_bytes / MIB);
	add_number(ret_record, "used_mb", memory->known & MEMORY_KNOWS_USED,
		   (double)memory->used_bytes / MIB);
	add_number(ret_record, "available_mb", memory->known & MEMORY_KNOWS_AVAILABLE,
		   (double)memory->available_bytes / MIB);
	add_number(ret_record, "percent", percent, junmai_memory_percent(memory));
	add_number(ret_record, "process_memory_mb", sample->process_known,
		   (double)sample->process_bytes / MIB);
	add_text(ret_record, "operation", BACKGROUND);
}

/* --- GPUs --------------------------------------------------------------------------------- */

double junmai_gpu_memory_percent(const struct gpu_row *row)
{
	if (!row->memory_total_bytes)
		return 0;
	return (double)row->memory_used_bytes / (double)row->memory_total_bytes * 100;
}

int junmai_gpu_record(struct keyed *gpus, const struct gpu_row *row,
		      struct junmai_record *ret_record)
{
	struct junmai_gpu *gpu = keyed__want_name(gpus, row->device);
	bool used = row->known & GPU_KNOWS_MEMORY_USED, total = row->known & GPU_KNOWS_MEMORY_TOTAL;

	if (!gpu)
		return -ENOMEM;
	if (!gpu->number)
		gpu->number = gpus->cnt;
	begin(ret_record, row->time_ns);
	add_field(ret_record, "gpu_id", JUNMAI_INTEGER)->integer = gpu->number - 1;
	add_number(ret_record, "load_percent", row->known & GPU_KNOWS_LOAD, row->load_percent);
	add_number(ret_record, "memory_used_mb", used, (double)row->memory_used_bytes / MIB);
	add_number(ret_record, "memory_total_mb", total, (double)row->memory_total_bytes / MIB);
	add_number(ret_record, "memory_percent", used && total, junmai_gpu_memory_percent(row));
	add_number(ret_record, "temperature_celsius", row->known & GPU_KNOWS_TEMPERATURE,
		   row->temperature_celsius);
	add_text(ret_record, "operation", BACKGROUND);
	return 0;
}
