/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every format of one stream, from any bytes that pass as a file of rows. The first byte says
 * which.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

struct run {
	const struct export_ops *ops;
	struct exporter *exporter;
};

#define TAKE(name, type)                                                                           \
	static int take_##name(void *ctx, const type *row)                                         \
	{                                                                                          \
		struct run *run = ctx;                                                             \
                                                                                                   \
		return run->ops->name(run->exporter, row);                                         \
	}

TAKE(call, struct call)
TAKE(process, struct process_sample)
TAKE(summary, struct summary_row)
TAKE(ledger, struct ledger_row)
TAKE(memory, struct memory_sample)
TAKE(gpu, struct gpu_row)
TAKE(counter, struct counter_row)

static const struct export_ops *choose(uint8_t number)
{
	size_t cnt = 0;

	while (export_formats[cnt])
		cnt++;
	return export_formats[number % cnt];
}

static void export_file(struct run *run, const char *path)
{
	const struct export_ops *ops = run->ops;
	const struct calls_taker taker = {
		.call = ops->call ? take_call : NULL,
		.process = ops->process ? take_process : NULL,
		.summary = ops->summary ? take_summary : NULL,
		.ledger = ops->ledger ? take_ledger : NULL,
		.memory = ops->memory ? take_memory : NULL,
		.gpu = ops->gpu ? take_gpu : NULL,
		.counter = ops->counter ? take_counter : NULL,
		.ctx = run,
	};
	struct calls_reader *reader = calls_reader__new(&taker, NULL);
	struct export_notes notes = {};
	struct fault why = {};

	if (!reader)
		abort();
	if (calls_reader__read_path(reader, path, &why) == 0)
		ops->end(run->exporter, &notes, &why);
	calls_reader__free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct export_options options = { .key = "path" };
	struct run run = {};
	struct fault why = {};
	char path[64], *text;
	size_t text_sz;
	int fd;

	if (!sz)
		return 0;
	run.ops = choose(data[0]);
	if (run.ops->directory)
		return 0;
	fd = memfd_create("rows", 0);
	if (fd < 0 || write(fd, data + 1, sz - 1) != (ssize_t)(sz - 1))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	options.out = open_memstream(&text, &text_sz);
	if (!options.out || run.ops->open(&options, &run.exporter, &why))
		abort();
	export_file(&run, path);
	run.ops->free(run.exporter);
	fclose(options.out);
	free(text);
	close(fd);
	return 0;
}
