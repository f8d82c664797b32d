/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/calls_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/peer_rows.h"
#include "analysis/summary.h"
#include "parse.h"

uint64_t call__end_ns(const struct call *call)
{
	return add_saturated(call->start_ns, call->duration_ns);
}

const char *calls__parse_numbers(const struct data_row *row, const struct number_column *numbers,
				 size_t cnt, void *filled, unsigned int *known)
{
	for (size_t i = 0; i < cnt; i++) {
		const char *text = row->values[numbers[i].column];

		if (!text || !*text)
			continue;
		if (parse_u64(text, 0, UINT64_MAX,
			      (uint64_t *)(void *)((char *)filled + numbers[i].offset)))
			return numbers[i].wrong;
		*known |= numbers[i].knows;
	}
	return NULL;
}

const char *calls__text(const char *text)
{
	return text ? text : "";
}

/* --- activity_probes.csv: passed over ----------------------------------------- */

static const struct data_layout probes_layout = { probes_columns, PROBES_COLUMN_CNT,
						  PROBES_COLUMN_CNT, NULL, NULL };

/* --- paths -------------------------------------------------------------------------------- */

/* What is not wanted is known all the same, and passed over. */
static struct data_layout layout_if(bool wanted, const struct data_layout *layout)
{
	struct data_layout copy = *layout;

	if (!wanted)
		copy.take = NULL;
	return copy;
}

static void set_layouts(struct calls_reader *reader)
{
	const struct calls_taker *taker = reader->taker;
	size_t cnt = 0;

	reader->detail = layout_if(taker->call, &calls__detail_layout);
	reader->process = layout_if(taker->process, &calls__process_layout);
	reader->resource = layout_if(taker->resource, &calls__resource_layout);
	reader->ledger = layout_if(taker->ledger, &calls__ledger_layout);
	reader->summary = layout_if(taker->summary, &calls__summary_layout);
	reader->memory = layout_if(taker->memory, &calls__memory_layout);
	reader->gpu = layout_if(taker->gpu, &calls__gpu_layout);
	reader->counter = layout_if(taker->counter, &calls__counter_layout);
	for (size_t i = 0; i < OPENTRONS_SPELLINGS; i++)
		reader->layouts[cnt++] = &calls__robot_layouts[i];
	reader->layouts[cnt++] = &reader->resource;
	reader->layouts[cnt++] = &reader->detail;
	reader->layouts[cnt++] = &reader->process;
	reader->layouts[cnt++] = &reader->ledger;
	reader->layouts[cnt++] = &reader->summary;
	reader->layouts[cnt++] = &probes_layout;
	reader->layouts[cnt++] = &reader->memory;
	reader->layouts[cnt++] = &reader->gpu;
	reader->layouts[cnt++] = &reader->counter;
	reader->layouts[cnt++] = &calls__quantumleap_layout;
	reader->layouts[cnt++] = &calls__junmai_layout;
}

struct calls_reader *calls_reader__new(const struct calls_taker *taker,
				       const struct data_watch *watch)
{
	struct calls_reader *reader = calloc(1, sizeof(*reader));
	size_t headerless_cnt = OPENTRONS_SPELLINGS + !!taker->resource;

	if (!reader)
		return NULL;
	reader->taker = taker;
	set_layouts(reader);
	reader->rows = data_reader__new(reader->layouts, ARRAY_SIZE(reader->layouts),
					headerless_cnt, reader, watch);
	if (!reader->rows) {
		free(reader);
		return NULL;
	}
	return reader;
}

void calls_reader__free(struct calls_reader *reader)
{
	if (!reader)
		return;
	data_reader__free(reader->rows);
	free(reader);
}

static int read_peer_files(struct calls_reader *reader, const char *dir, size_t *ret_cnt,
			   struct fault *why)
{
	struct peer_files files = {};
	int err = peer_files__list(dir, &files, why);

	*ret_cnt = files.cnt;
	for (size_t i = 0; !err && i < files.cnt; i++)
		err = data_reader__read_file(reader->rows, files.paths[i], why);
	peer_files__free(&files);
	return err;
}

static int read_dir(struct calls_reader *reader, const char *dir, struct fault *why)
{
	/* Each of the first four holds the calls of those behind it again: the first that is there
	 * is read. */
	const struct {
		const char *name;
		bool wanted;
		bool once_more; /* not if the one before it was there */
	} files[] = {
		{ "activity_detail.csv", reader->taker->call, false },
		{ "robot_activity_data", reader->taker->call, true },
		{ "robot_context_data", reader->taker->call, true },
		{ NULL, reader->taker->call, true }, /* those of other tools */
		{ "activity_summary.csv", reader->taker->summary, false },
		{ "activity_ledger.csv", reader->taker->ledger, false },
		{ "system_detail.csv", reader->taker->memory, false },
		{ "gpu_detail.csv", reader->taker->gpu, false },
		{ "process_detail.csv", reader->taker->process, false },
		{ "system_resource_data", reader->taker->resource, true },
		{ "counters.csv", reader->taker->counter, false },
	};
	size_t any = 0, cnt = 0;
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++) {
		if (!files[i].wanted || (files[i].once_more && cnt))
			continue;
		if (files[i].name)
			err = data_reader__read_parts(reader->rows, dir, files[i].name, &cnt, why);
		else
			err = read_peer_files(reader, dir, &cnt, why);
		any += cnt;
	}
	if (!err && !any)
		err = fault__set(why, -ENOENT,
				 "%s: holds no activity_detail.csv, "
				 "robot_activity_data or process_detail.csv",
				 dir);
	return err;
}

int calls_reader__read_path(struct calls_reader *reader, const char *path, struct fault *why)
{
	struct stat st;

	if (strcmp(path, "-") && !stat(path, &st) && S_ISDIR(st.st_mode))
		return read_dir(reader, path, why);
	return data_reader__read_file(reader->rows, path, why);
}
