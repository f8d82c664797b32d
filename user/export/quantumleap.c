/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The telemetry files of QuantumLeap, as its own collectors write them and its pandas module reads
 * them:
 *
 *     duration.<32 hex digits>.csv    how long calls took, in seconds
 *     runtime.<32 hex digits>.csv     `user time`, `system time` (seconds), `max rss` (KiB), and
 *                                     the totals of `gc collections` and its like
 *     gauge.<32 hex digits>.csv       the totals of other counters
 *
 *     Timepoint,Measurement,Label,PID
 *     1795309967675741207,0.010123134000082246,STEP,10823
 *
 * Each file is what one process had gathered when its buffer was full: grouped by label in the
 * order of their first rows, then closed and never touched again. Timepoint is when the call ended.
 * A file is called .tmp until it is whole, and its name is a random UUID: so that any number of
 * exports may go to one directory, and files be read and deleted at will.
 */
#include "export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "analysis/keyed.h"
#include "analysis/peer_rows.h"
#include "csv.h"
#include "ended.h"
#include "export/new_file.h"

/* So many are in a file: QuantumLeap estimates 56 bytes for each, and flushes beyond 1 MiB. */
#define FILE_ROWS 18725
/* In memory, of all processes: 8 MiB. */
#define ROWS_MAX (512 * 1024)

#define HEX_SZ 33

struct observation {
	uint64_t time_ns;
	bool is_whole;
	union {
		double number;
		int64_t whole;
	};
};

struct label {
	struct name_key key;
	struct observation *observations;
	size_t cnt;
	size_t capacity;
};

/* What a process has gathered since its last file. */
struct buffer {
	struct thread_key key; /* the pid alone */
	struct keyed labels;
	size_t cnt;
};

/* One kind of file. */
struct buffers {
	const char *prefix;
	struct keyed by_pid;
	size_t cnt;
};

struct exporter {
	const char *directory;
	struct buffers duration;
	struct buffers runtime;
	struct buffers gauge;
	struct fault why;
};

static void free_label(void *item)
{
	free(((struct label *)item)->observations);
	name_key__free(item);
}

static void free_buffer(void *item)
{
	keyed__free(&((struct buffer *)item)->labels);
}

static void quantumleap_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	keyed__free(&exporter->duration.by_pid);
	keyed__free(&exporter->runtime.by_pid);
	keyed__free(&exporter->gauge.by_pid);
	free(exporter);
}

static void init_buffers(struct buffers *buffers, const char *prefix)
{
	buffers->prefix = prefix;
	buffers->by_pid = KEYED_BY_THREAD(struct buffer);
	buffers->by_pid.free_item = free_buffer;
}

static int quantumleap_open(const struct export_options *options, struct exporter **ret_exporter,
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
	exporter->directory = options->directory;
	init_buffers(&exporter->duration, "duration");
	init_buffers(&exporter->runtime, "runtime");
	init_buffers(&exporter->gauge, "gauge");
	*ret_exporter = exporter;
	return 0;
}

/* --- files -------------------------------------------------------------------------------- */

/* As Python's uuid4().hex: version 4 of RFC 4122. */
static int make_hex(char hex[HEX_SZ])
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int open_file(struct exporter *exporter, const char *prefix, struct new_file *file)
{
	char *path = NULL, *unfinished = NULL;
	char hex[HEX_SZ];
	int err;

	err = make_hex(hex);
	if (err)
		return err;
	if (asprintf(&path, "%s/%s.%s.csv", exporter->directory, prefix, hex) < 0)
		path = NULL;
	if (asprintf(&unfinished, "%s/%s.%s.tmp", exporter->directory, prefix, hex) < 0)
		unfinished = NULL;
	err = path && unfinished ? new_file__open_as(file, path, unfinished, &exporter->why)
				 : -ENOMEM;
	free(path);
	free(unfinished);
	return err;
}

static int put_row(FILE *out, struct csv_row *row, const struct label *label,
		   const struct observation *observation, uint64_t pid)
{
	int err;

	csv_row__begin(row);
	csv_row__u64(row, observation->time_ns);
	if (observation->is_whole)
		csv_row__s64(row, observation->whole);
	else
		csv_row__double(row, observation->number);
	csv_row__text(row, label->key.name);
	csv_row__u64(row, pid);
	err = csv_row__end(row);
	if (!err)
		fwrite(row->data, 1, row->sz, out);
	return err;
}

static int put_rows(FILE *out, struct buffer *buffer)
{
	struct csv_row row = { .quoting = CSV_QUOTE_MINIMAL };
	int err = 0;

	fputs("Timepoint,Measurement,Label,PID\r\n", out);
	for (size_t i = 0; i < buffer->labels.cnt; i++) {
		const struct label *label = buffer->labels.items[i];

		for (size_t j = 0; !err && j < label->cnt; j++)
			err = put_row(out, &row, label, &label->observations[j], buffer->key.pid);
	}
	csv_row__free(&row);
	return err;
}

static int flush(struct exporter *exporter, struct buffers *buffers, struct buffer *buffer)
{
	struct new_file file = {};
	int err;

	err = open_file(exporter, buffers->prefix, &file);
	if (err)
		return err;
	err = put_rows(file.out, buffer);
	if (!err)
		err = new_file__finish(&file, &exporter->why);
	new_file__abandon(&file);
	buffers->cnt -= buffer->cnt;
	buffer->cnt = 0;
	keyed__free(&buffer->labels);
	return err;
}

static int flush_all(struct exporter *exporter, struct buffers *buffers)
{
	int err = 0;

	for (size_t i = 0; !err && i < buffers->by_pid.cnt; i++) {
		struct buffer *buffer = buffers->by_pid.items[i];

		if (buffer->cnt)
			err = flush(exporter, buffers, buffer);
	}
	return err;
}

/* --- rows --------------------------------------------------------------------------------- */

static int label__add(struct label *label, const struct observation *observation)
{
	size_t capacity = label->capacity ? 2 * label->capacity : 16;
	struct observation *grown;

	if (label->cnt == label->capacity) {
		grown = reallocarray(label->observations, capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		label->observations = grown;
		label->capacity = capacity;
	}
	label->observations[label->cnt++] = *observation;
	return 0;
}

static int observe(struct exporter *exporter, struct buffers *buffers, uint64_t pid,
		   const char *name, const struct observation *observation)
{
	struct buffer *buffer = keyed__want_thread(&buffers->by_pid, pid, 0);
	struct label *label;
	int err;

	if (!buffer)
		return -ENOMEM;
	if (!buffer->labels.item_sz) {
		buffer->labels = KEYED_BY_NAME(struct label);
		buffer->labels.free_item = free_label;
	}
	label = keyed__want_name(&buffer->labels, name);
	if (!label)
		return -ENOMEM;
	err = label__add(label, observation);
	if (err)
		return err;
	buffers->cnt++;
	if (++buffer->cnt >= FILE_ROWS)
		return flush(exporter, buffers, buffer);
	return buffers->cnt >= ROWS_MAX ? flush_all(exporter, buffers) : 0;
}

static int observe_number(struct exporter *exporter, struct buffers *buffers, uint64_t pid,
			  const char *name, uint64_t time_ns, double value)
{
	const struct observation observation = { .time_ns = time_ns, .number = value };

	return observe(exporter, buffers, pid, name, &observation);
}

static int observe_whole(struct exporter *exporter, struct buffers *buffers, uint64_t pid,
			 const char *name, uint64_t time_ns, int64_t value)
{
	const struct observation observation = { time_ns, .is_whole = true, .whole = value };

	return observe(exporter, buffers, pid, name, &observation);
}

static int quantumleap_call(struct exporter *exporter, const struct call *call)
{
	if (!ended_finished(call->ended))
		return 0;
	return observe_number(exporter, &exporter->duration, call->pid, call->state,
			      call__end_ns(call), (double)call->duration_ns / 1e9);
}

static int quantumleap_process(struct exporter *exporter, const struct process_sample *sample)
{
	struct buffers *runtime = &exporter->runtime;
	uint64_t pid = sample->pid, time_ns = sample->time_ns;
	int err = 0;

	if (sample->known & PROCESS_KNOWS_USER)
		err = observe_number(exporter, runtime, pid, "user time", time_ns,
				     (double)sample->user_ns / 1e9);
	if (!err && sample->known & PROCESS_KNOWS_SYSTEM)
		err = observe_number(exporter, runtime, pid, "system time", time_ns,
				     (double)sample->system_ns / 1e9);
	if (!err && sample->known & PROCESS_KNOWS_PEAK_RSS)
		err = observe_whole(exporter, runtime, pid, "max rss", time_ns,
				    (int64_t)(sample->peak_rss_bytes / 1024));
	return err;
}

static int quantumleap_counter(struct exporter *exporter, const struct counter_row *row)
{
	bool sampled = quantumleap_label__is_sampled(row->name);

	return observe_whole(exporter, sampled ? &exporter->runtime : &exporter->gauge, row->pid,
			     row->name, row->time_ns, row->total);
}

static int quantumleap_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	int err;

	(void)notes;
	err = flush_all(exporter, &exporter->duration);
	if (!err)
		err = flush_all(exporter, &exporter->runtime);
	if (!err)
		err = flush_all(exporter, &exporter->gauge);
	if (err && *exporter->why.text)
		*why = exporter->why;
	return err;
}

const struct export_ops export_quantumleap = {
	.name = "quantumleap",
	.about = "telemetry files of QuantumLeap: durations, counters, times and memory of "
		 "processes",
	.directory = true,
	.open = quantumleap_open,
	.call = quantumleap_call,
	.process = quantumleap_process,
	.counter = quantumleap_counter,
	.end = quantumleap_end,
	.free = quantumleap_free,
};
