/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The three CSV files of Junmai AutoDev's export: <kind>_metrics_YYYYMMDD_HHMMSS.csv in a
 * directory, named after the local time of the export. One without records is empty, without a
 * header row.
 */
#include "export/junmai.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "csv.h"
#include "export/new_file.h"

enum { PROCESSING, MEMORY, GPU, KIND_CNT };

struct exporter {
	struct new_file files[KIND_CNT];
	bool begun[KIND_CNT];
	struct csv_row row;
	struct junmai_memory memory;
	struct keyed gpus;
};

static void junmai_csv_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	for (int i = 0; i < KIND_CNT; i++)
		new_file__abandon(&exporter->files[i]);
	csv_row__free(&exporter->row);
	junmai_memory__free(&exporter->memory);
	keyed__free(&exporter->gpus);
	free(exporter);
}

static int open_files(struct exporter *exporter, const char *directory, struct fault *why)
{
	static const char *const kinds[KIND_CNT] = { "processing", "memory", "gpu" };
	time_t now = time(NULL);
	struct tm local = {};
	char *path, stamp[32];
	int err = 0;

	localtime_r(&now, &local);
	strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &local);
	for (int i = 0; !err && i < KIND_CNT; i++) {
		if (asprintf(&path, "%s/%s_metrics_%s.csv", directory, kinds[i], stamp) < 0)
			return fault__set(why, -ENOMEM, "no memory");
		err = new_file__open(&exporter->files[i], path, why);
		free(path);
	}
	return err;
}

static int junmai_csv_open(const struct export_options *options, struct exporter **ret_exporter,
			   struct fault *why)
{
	struct exporter *exporter;
	int err;

	err = new_directory(options->directory, why);
	if (err)
		return err;
	exporter = calloc(1, sizeof(*exporter));
	if (!exporter)
		return fault__set(why, -ENOMEM, "no memory");
	exporter->row.quoting = CSV_QUOTE_MINIMAL;
	exporter->gpus = KEYED_BY_NAME(struct junmai_gpu);
	junmai_memory__init(&exporter->memory);
	err = open_files(exporter, options->directory, why);
	if (err)
		junmai_csv_free(exporter);
	else
		*ret_exporter = exporter;
	return err;
}

static void put_field(struct csv_row *row, const struct junmai_field *field)
{
	switch (field->type) {
	case JUNMAI_NULL:
		csv_row__empty(row);
		break;
	case JUNMAI_TEXT:
		csv_row__text(row, field->text);
		break;
	case JUNMAI_INTEGER:
		csv_row__u64(row, field->integer);
		break;
	case JUNMAI_DOUBLE:
		csv_row__double(row, field->number);
		break;
	case JUNMAI_BOOL:
		csv_row__text(row, field->integer ? "True" : "False");
		break;
	}
}

static int put_record(struct exporter *exporter, int kind, const struct junmai_record *record)
{
	FILE *out = exporter->files[kind].out;
	struct csv_row *row = &exporter->row;
	int err;

	for (bool header = !exporter->begun[kind];; header = false) {
		csv_row__begin(row);
		for (size_t i = 0; i < record->cnt; i++) {
			if (header)
				csv_row__text(row, record->fields[i].name);
			else
				put_field(row, &record->fields[i]);
		}
		err = csv_row__end(row);
		if (err)
			return err;
		fwrite(row->data, 1, row->sz, out);
		if (!header)
			break;
	}
	exporter->begun[kind] = true;
	return 0;
}

static int junmai_csv_call(struct exporter *exporter, const struct call *call)
{
	struct junmai_record record;

	if (!junmai_is_recorded(call))
		return 0;
	junmai_processing(call, &record);
	return put_record(exporter, PROCESSING, &record);
}

static int junmai_csv_process(struct exporter *exporter, const struct process_sample *sample)
{
	return junmai_memory__add_process(&exporter->memory, sample);
}

static int junmai_csv_memory(struct exporter *exporter, const struct memory_sample *sample)
{
	return junmai_memory__add(&exporter->memory, sample);
}

static int junmai_csv_gpu(struct exporter *exporter, const struct gpu_row *row)
{
	struct junmai_record record;
	int err;

	if (row->pid)
		return 0;
	err = junmai_gpu_record(&exporter->gpus, row, &record);
	return err ? err : put_record(exporter, GPU, &record);
}

static int junmai_csv_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	struct junmai_record record;
	int err = 0;

	(void)notes;
	for (size_t i = 0; !err && i < exporter->memory.cnt; i++) {
		junmai_memory_record(&exporter->memory.samples[i], &record);
		err = put_record(exporter, MEMORY, &record);
	}
	for (int i = 0; !err && i < KIND_CNT; i++)
		err = new_file__finish(&exporter->files[i], why);
	return err;
}

const struct export_ops export_junmai_csv = {
	.name = "junmai-csv",
	.about = "CSV of Junmai AutoDev's metrics: processing, memory, GPUs",
	.directory = true,
	.open = junmai_csv_open,
	.call = junmai_csv_call,
	.process = junmai_csv_process,
	.memory = junmai_csv_memory,
	.gpu = junmai_csv_gpu,
	.end = junmai_csv_end,
	.free = junmai_csv_free,
};
