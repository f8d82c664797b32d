/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records of Junmai AutoDev's performance metrics, in JSON and CSV alike:
 *
 *     processing   a call that finished: timestamp (its end), operation (its state), duration_ms,
 *                  photo_id, job_id, stage (captured values of these names), success, error_message
 *     memory       the machine's, and the resident memory of all recorded processes, in MiB
 *     gpu          a GPU; they are numbered in the order in which they were met
 *
 * Timestamps are local time without a zone. What is not known is null.
 */
#ifndef TACHO_USER_EXPORT_JUNMAI_H
#define TACHO_USER_EXPORT_JUNMAI_H

#include "analysis/keyed.h"
#include "export/export.h"

#define JUNMAI_FIELDS_MAX 8
#define JUNMAI_TIMESTAMP_SZ 40

enum junmai_type { JUNMAI_NULL, JUNMAI_TEXT, JUNMAI_INTEGER, JUNMAI_DOUBLE, JUNMAI_BOOL };

struct junmai_field {
	const char *name;
	enum junmai_type type;
	const char *text;
	uint64_t integer; /* and bool */
	double number;
};

struct junmai_record {
	struct junmai_field fields[JUNMAI_FIELDS_MAX];
	size_t cnt;
	char timestamp[JUNMAI_TIMESTAMP_SZ]; /* the text of the first field */
	char error[64];			     /* that of error_message */
};

void junmai_timestamp(uint64_t time_ns, char text[JUNMAI_TIMESTAMP_SZ]);

/* As the captured values of the call, the texts are borrowed. */
bool junmai_is_recorded(const struct call *call);
bool junmai_succeeded(const struct call *call);
void junmai_processing(const struct call *call, struct junmai_record *ret_record);

struct junmai_memory_sample {
	struct memory_sample memory;
	uint64_t process_bytes;
	bool process_known;
};

/* All samples, about 60 bytes each. */
struct junmai_memory {
	struct keyed processes; /* what each has added last */
	struct junmai_memory_sample *samples;
	size_t cnt;
	size_t capacity;
};

void junmai_memory__init(struct junmai_memory *memory);
int junmai_memory__add(struct junmai_memory *memory, const struct memory_sample *sample);
/* Adds it to the sample of the machine that is nearest in time, if there is one; to each sample a
 * process adds once. */
int junmai_memory__add_process(struct junmai_memory *memory, const struct process_sample *sample);
void junmai_memory__free(struct junmai_memory *memory);

/* As psutil has it; 0 if the total is not known. */
double junmai_memory_percent(const struct memory_sample *sample);
void junmai_memory_record(const struct junmai_memory_sample *sample,
			  struct junmai_record *ret_record);

/* gpus: KEYED_BY_NAME(struct junmai_gpu) */
struct junmai_gpu {
	struct name_key key;
	uint64_t number; /* from 1 */
};

int junmai_gpu_record(struct keyed *gpus, const struct gpu_row *row,
		      struct junmai_record *ret_record);
double junmai_gpu_memory_percent(const struct gpu_row *row);

#endif
