/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Raw streams that anybody may have written: delimited, decoded, and fed to a recorder. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output_dir.h"
#include "raw.h"
#include "recorder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static int feed(void *ctx, const void *data, size_t sz)
{
	recorder__feed(ctx, data, sz, NULL);
	return 0;
}

/* Reads every string to its end. */
static void look_at(void *ctx, const struct probe_row *row)
{
	size_t *sz = ctx;

	*sz += strlen(row->state) + strlen(row->binary) + strlen(row->build_id) +
	       strlen(row->function) + strlen(row->symbol) + strlen(row->exit_mode);
}

/* One directory for all runs: what counts here is the way there, not what is written. */
static struct output_dir *scratch(void)
{
	static char path[] = "/tmp/tacho-fuzz.XXXXXX";
	static struct output_dir *dir;

	if (!dir && (!mkdtemp(path) || output_dir__open(path, &dir, NULL)))
		abort();
	return dir;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	static const char *const formats[] = { "opentrons", "detail" };
	struct sink_options options = { .dir = scratch(),
					.sync_ns = UINT64_MAX,
					.backlog_bytes = 65536,
					.rotate_bytes = 65536 };
	struct recorder *recorder = NULL;
	struct recorder_summary summary;
	int fd = memfd_create("stream", MFD_CLOEXEC);
	struct fault why;
	size_t names_sz = 0;
	char path[64];

	if (fd < 0 || write(fd, data, sz) != (ssize_t)sz)
		abort();
	if (recorder__new(formats, 2, &options, &recorder, NULL))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	raw_read(path, feed, recorder, &why);
	recorder__summarize(recorder, &summary);
	recorder__each_probe(recorder, look_at, &names_sz);
	recorder__free(recorder);
	close(fd);
	return 0;
}
