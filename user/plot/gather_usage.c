/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What processes, the machine and its GPUs used, as amounts over time: between two rows of a
 * process its counter has grown by so much, evenly as far as anybody knows, and its memory was what
 * the first of them says. Amounts of several processes can be added up; divided by the time, they
 * are means.
 */
#include "plot/gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

static void copy_name(char name[PLOT_NAME_SZ], const char *text)
{
	if (!*text)
		return;
	strncpy(name, text, PLOT_NAME_SZ - 1);
	name[PLOT_NAME_SZ - 1] = '\0';
}

/* --- processes ---------------------------------------------------------------------------- */

static struct plot_process *want_process(struct plot_data *data, const struct process_key *key,
					 bool *ret_new)
{
	size_t cnt = data->processes.cnt;
	struct plot_process *process = keyed__want(&data->processes, key);

	*ret_new = data->processes.cnt > cnt;
	if (process && *ret_new && cnt < PLOT_PROCESSES_MAX && series__init(&process->series))
		return NULL;
	return process;
}

/* How much of its processor time the process has used since its row before, and since when. */
static uint64_t cpu_since(const struct plot_data *data, const struct plot_process *process,
			  const struct process_sample *sample, bool is_new, uint64_t *ret_from_ns)
{
	if (!(sample->known & PROCESS_KNOWS_CPU))
		return 0;
	if (!is_new) {
		*ret_from_ns = process->last_ns;
		return sample->cpu_ns > process->most_cpu_ns ? sample->cpu_ns - process->most_cpu_ns
							     : 0;
	}
	/* what it did before anybody looked counts for nothing */
	*ret_from_ns = sample->start_ns;
	return sample->known & PROCESS_KNOWS_START && sample->start_ns >= data->processes_from_ns
		       ? sample->cpu_ns
		       : 0;
}

static void spread_usage(struct plot_data *data, struct plot_process *process, uint64_t from_ns,
			 uint64_t to_ns, uint64_t cpu_ns)
{
	struct series *series = process->series.ring ? &process->series : &data->rest;
	double seen_ns = (double)(to_ns - from_ns);

	/* of those with curves of their own, that is asked when all names are known */
	if (series == &data->rest && !process->is_asked)
		return;
	series__spread(series, &data->axis, USAGE_SEEN, from_ns, to_ns, seen_ns);
	if (cpu_ns)
		series__spread(series, &data->axis, USAGE_CPU, from_ns, to_ns, (double)cpu_ns);
	if (process->rss_known)
		series__spread(series, &data->axis, USAGE_BYTES, from_ns, to_ns,
			       (double)process->rss_bytes * seen_ns);
	if (process->share_percent > 0)
		series__spread(series, &data->axis, USAGE_SHARE, from_ns, to_ns,
			       process->share_percent * seen_ns);
}

static void note_sample(struct plot_process *process, const struct process_sample *sample,
			bool is_new)
{
	uint64_t peak = sample->known & PROCESS_KNOWS_PEAK_RSS ? sample->peak_rss_bytes : 0;

	if (is_new)
		process->first_ns = sample->time_ns;
	process->last_ns = sample->time_ns;
	if (sample->known & PROCESS_KNOWS_CPU) {
		if (is_new || sample->cpu_ns < process->least_cpu_ns)
			process->least_cpu_ns = sample->cpu_ns;
		if (sample->cpu_ns > process->most_cpu_ns)
			process->most_cpu_ns = sample->cpu_ns;
	}
	process->rss_known = sample->known & PROCESS_KNOWS_RSS;
	process->rss_bytes = sample->rss_bytes;
	if (process->rss_known && sample->rss_bytes > peak)
		peak = sample->rss_bytes;
	if (peak > process->peak_bytes)
		process->peak_bytes = peak;
	process->ended |= !strcmp(sample->event, "exit");
}

static void note_name(const struct plot_data *data, struct plot_process *process, const char *name)
{
	if (*name || !*process->name)
		process->is_asked = glob_list__matches(&data->filter->threads, name, strlen(name));
	copy_name(process->name, name);
}

static void note_share(struct plot_process *process, double percent)
{
	process->share_percent = percent;
	if (percent > process->peak_percent)
		process->peak_percent = percent;
}

static int take_sample(struct plot_data *data, const struct process_key *key,
		       const struct process_sample *sample, double share_percent)
{
	struct plot_process *process;
	uint64_t from_ns = sample->time_ns, cpu_ns;
	bool is_new;
	int err = 0;

	if (!activities_filter__has_moment(data->filter, sample->time_ns))
		return 0;
	if (!data->any_process || sample->time_ns < data->processes_from_ns)
		data->processes_from_ns = sample->time_ns;
	data->any_process = true;
	process = want_process(data, key, &is_new);
	if (!process)
		return -ENOMEM;
	data->row_cnt++;
	note_name(data, process, *sample->comm ? sample->comm : sample->command);
	cpu_ns = cpu_since(data, process, sample, is_new, &from_ns);
	if (from_ns > sample->time_ns || !activities_filter__has_moment(data->filter, from_ns) ||
	    (is_new && !cpu_ns))
		from_ns = sample->time_ns;
	err = plot_data__include(data, from_ns, sample->time_ns);
	if (!err)
		spread_usage(data, process, from_ns, sample->time_ns, cpu_ns);
	note_sample(process, sample, is_new);
	note_share(process, share_percent);
	return err;
}

int plot_data__process(void *ctx, const struct process_sample *sample)
{
	struct plot_data *data = ctx;
	const struct process_key key = { .path = data->path,
					 .pid = sample->pid,
					 .start_ns = sample->start_ns };

	return take_sample(data, &key, sample, 0);
}

int plot_data__resource(void *ctx, const struct resource_row *row)
{
	struct plot_data *data = ctx;
	const struct process_key key = { .path = data->path,
					 .start_ns = row->start_ns,
					 .command_hash = row->command_hash };
	char *command = escape_text(row->command);
	const struct process_sample sample = { .time_ns = row->time_ns,
					       .event = "sample",
					       .known = PROCESS_KNOWS_START | PROCESS_KNOWS_CPU,
					       .start_ns = row->start_ns,
					       .cpu_ns = row->cpu_ns,
					       .comm = "",
					       .command = command };
	int err = command ? take_sample(data, &key, &sample, row->memory_percent) : -ENOMEM;

	free(command);
	return err;
}

uint64_t plot_process__cpu_ns(const struct plot_data *data, const struct plot_process *process)
{
	bool began_later = process->key.start_ns >= data->processes_from_ns;

	return process->most_cpu_ns - (began_later ? 0 : process->least_cpu_ns);
}

/* --- the machine and its GPUs ------------------------------------------------------------- */

/* *ret_device is NULL beyond the first PLOT_DEVICES_MAX: those are too many to show. 0 or -ENOMEM.
 */
static int want_device(struct keyed *devices, const char *key, const char *name,
		       struct plot_device **ret_device)
{
	size_t cnt = devices->cnt;
	struct plot_device *device = keyed__want_name(devices, key);
	bool is_new = devices->cnt > cnt;

	if (!device || (is_new && cnt < PLOT_DEVICES_MAX && series__init(&device->series)))
		return -ENOMEM;
	copy_name(device->name, name);
	*ret_device = device->series.ring ? device : NULL;
	return 0;
}

/* What was the case until then, since the row before. */
static int spread_gauge(struct plot_data *data, struct plot_device *device, size_t which,
			uint64_t time_ns, double value)
{
	uint64_t from_ns = device->last_ns[which];
	double seen_ns;
	int err;

	if (!device->known[which] || from_ns > time_ns)
		from_ns = time_ns;
	device->known[which] = true;
	device->last_ns[which] = time_ns;
	seen_ns = (double)(time_ns - from_ns) + 1;
	err = plot_data__include(data, from_ns, time_ns);
	if (err)
		return err;
	data->row_cnt++;
	series__spread(&device->series, &data->axis, 2 * which, from_ns, time_ns, value * seen_ns);
	series__spread(&device->series, &data->axis, 2 * which + 1, from_ns, time_ns, seen_ns);
	return 0;
}

static int spread_machine(struct plot_data *data, size_t which, uint64_t time_ns, double value,
			  struct plot_device **ret_device)
{
	char key[32];
	int err;

	*ret_device = NULL;
	if (!activities_filter__has_moment(data->filter, time_ns))
		return 0;
	snprintf(key, sizeof(key), "%zu", data->path);
	err = want_device(&data->machines, key, "machine", ret_device);
	if (err || !*ret_device)
		return err;
	return spread_gauge(data, *ret_device, which, time_ns, value);
}

int plot_data__memory(void *ctx, const struct memory_sample *sample)
{
	struct plot_device *machine;
	int err = 0;

	if (sample->known & MEMORY_KNOWS_CPU)
		err = spread_machine(ctx, GAUGE_LOAD, sample->time_ns, sample->cpu_busy_percent,
				     &machine);
	if (err || !(sample->known & MEMORY_KNOWS_USED))
		return err;
	err = spread_machine(ctx, GAUGE_MEMORY, sample->time_ns, (double)sample->used_bytes,
			     &machine);
	if (!err && machine && sample->known & MEMORY_KNOWS_TOTAL)
		machine->memory_total_bytes = sample->total_bytes;
	return err;
}

int plot_data__gpu(void *ctx, const struct gpu_row *row)
{
	struct plot_data *data = ctx;
	struct plot_device *gpu;
	char key[PLOT_NAME_SZ];
	int err;

	if (row->pid || !activities_filter__has_moment(data->filter, row->time_ns))
		return 0;
	snprintf(key, sizeof(key), "%zu %s", data->path, row->device);
	err = want_device(&data->gpus, key, *row->name ? row->name : row->device, &gpu);
	if (err || !gpu)
		return err;
	if (row->known & GPU_KNOWS_MEMORY_TOTAL)
		gpu->memory_total_bytes = row->memory_total_bytes;
	if (row->known & GPU_KNOWS_LOAD)
		err = spread_gauge(data, gpu, GAUGE_LOAD, row->time_ns, row->load_percent);
	if (!err && row->known & GPU_KNOWS_MEMORY_USED)
		err = spread_gauge(data, gpu, GAUGE_MEMORY, row->time_ns,
				   (double)row->memory_used_bytes);
	return err;
}
