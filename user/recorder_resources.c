/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "recorder_internal.h"

static bool has_room(const struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];

		if (output->ops->process && !output->ops->has_room(output->sink))
			return false;
	}
	return true;
}

static struct process_row make_row(const struct recorder *recorder,
				   const struct event_process *event)
{
	const struct tacho_process_usage *usage = &event->usage;

	return (struct process_row) {
		.time_ns = recorder__wall_ns(recorder, usage->time_ns),
		.moment = (enum process_moment)usage->moment,
		.pid = usage->pid,
		.ppid = usage->ppid,
		.start_ns = usage->start_ns,
		.start_ticks = usage->start_ticks,
		.boot_s = usage->boot_s,
		.comm = usage->comm,
		.command = event->command,
		.command_cut = usage->flags & TACHO_PROCESS_CUT,
		.user_ns = usage->user_ns,
		.system_ns = usage->system_ns,
		.cpu_ns = usage->cpu_ns,
		.memory_known = usage->flags & TACHO_PROCESS_MEMORY,
		.peak_known = usage->flags & TACHO_PROCESS_PEAK,
		.io_known = usage->flags & TACHO_PROCESS_IO,
		.exit_code_known = usage->flags & TACHO_PROCESS_EXIT_CODE,
		.rss_bytes = usage->rss_bytes,
		.peak_rss_bytes = usage->peak_rss_bytes,
		.virtual_bytes = usage->virtual_bytes,
		.memory_total_bytes = usage->memory_total_bytes,
		.threads = usage->threads,
		.minor_faults = usage->minor_faults,
		.major_faults = usage->major_faults,
		.read_bytes = usage->read_bytes,
		.write_bytes = usage->write_bytes,
		.voluntary_switches = usage->voluntary_switches,
		.involuntary_switches = usage->involuntary_switches,
		.exit_code = usage->exit_code,
		.cgroup = event->cgroup,
	};
}

/* Gives the row to every sink. False when one had no room for it. */
static bool put_row(struct recorder *recorder, const struct process_row *row, uint16_t *ret_outputs)
{
	uint16_t outputs = 0;
	int taken;

	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];

		if (!output->ops->process)
			continue;
		taken = output->ops->process(output->sink, row);
		if (taken < 0)
			return false;
		if (!taken)
			outputs |= 1 << i;
	}
	*ret_outputs = outputs;
	return true;
}

int recorder__take_process(struct recorder *recorder, const struct event_process *event,
			   struct fault *why)
{
	struct process_row row = make_row(recorder, event);
	struct unwritten_row *unwritten;
	uint16_t outputs;

	(void)why;
	if (event->usage.time_ns > recorder->last_ns)
		recorder->last_ns = event->usage.time_ns;
	unwritten = has_room(recorder) ? recorder__next_unwritten(recorder) : NULL;
	if (!unwritten || !put_row(recorder, &row, &outputs)) {
		recorder->process_rows_lost++;
		return 0;
	}
	if (!outputs)
		return 0; /* no format is chosen that has such rows */
	*unwritten = (struct unwritten_row) { .probe = UNWRITTEN_PROCESS, .outputs = outputs };
	recorder->unwritten_cnt++;
	recorder->process_rows++;
	return 0;
}

/* Of these, a row without room is missing, and counted. */

int recorder__take_system(struct recorder *recorder, const struct event_system *event,
			  struct fault *why)
{
	struct system_row row = {
		.time_ns = recorder__wall_ns(recorder, event->time_ns),
		.cpus = { event->cpu_busy, event->cpu_cnt },
	};

	(void)why;
	if (event->time_ns > recorder->last_ns)
		recorder->last_ns = event->time_ns;
	for (int i = 0; i < TACHO_SYSTEM_VALUE_CNT; i++) {
		row.values[i].known = event->known >> i & 1;
		row.values[i].value = event->values[i];
	}
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];

		if (output->ops->system && output->ops->system(output->sink, &row) < 0)
			recorder->process_rows_lost++;
	}
	return 0;
}

int recorder__take_gpu(struct recorder *recorder, const struct event_gpu *event, struct fault *why)
{
	const struct tacho_gpu *usage = &event->usage;
	const struct gpu_row row = {
		.time_ns = recorder__wall_ns(recorder, usage->time_ns),
		.device = event->device,
		.name = event->name,
		.driver = event->driver,
		.pid = usage->pid,
		.known = usage->known,
		.load_percent = usage->load / 10.0,
		.memory_used_bytes = usage->memory_used_bytes,
		.memory_total_bytes = usage->memory_total_bytes,
		.temperature_celsius = usage->temperature / 10.0,
	};

	(void)why;
	if (usage->time_ns > recorder->last_ns)
		recorder->last_ns = usage->time_ns;
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];

		if (output->ops->gpu && output->ops->gpu(output->sink, &row) < 0)
			recorder->process_rows_lost++;
	}
	return 0;
}
