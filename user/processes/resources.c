/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "resources.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../clock.h"
#include "../gpu/gpu.h"
#include "cgroups.h"
#include "command_line.h"
#include "fnmatch.h"
#include "process_source.h"
#include "process_tracker.h"
#include "system_usage.h"

#define TOTALS_PAUSE_NS 10000000
#define TOTALS_PAUSES 33

struct resources {
	struct resources_options options;
	struct fnmatch_pattern **patterns;
	size_t pattern_cnt;
	struct process_source *source;
	struct process_tracker *tracker;
	int proc_fd;
	struct command_text raw_command; /* the last one that was read, ... */
	struct command_text command;	 /* ... and formatted */
	struct cgroups *cgroups;
	struct system_reader *system;
	struct gpus *gpus;
	uint32_t *scope;
	pid_t *chosen; /* those with a row at this tick: GPUs are asked about them */
	size_t chosen_cnt;
	size_t chosen_capacity;
	char cgroup[CGROUP_PATH_SZ];
};

static void notice(const struct resources *r, const char *text)
{
	if (r->options.notice)
		r->options.notice(r->options.notice_ctx, text);
}

/* --- what the tracker asks ------------------------------------------------------------------- */

static int format_command(void *ctx, const char *raw, size_t sz, bool cut, const char **ret_command)
{
	struct resources *r = ctx;
	int err = command_line__format(raw, sz, cut, &r->command);

	if (!err)
		*ret_command = r->command.bytes ? r->command.bytes : "";
	return err;
}

static int read_command(void *ctx, uint32_t pid, const char **ret_command, bool *ret_cut)
{
	struct resources *r = ctx;
	int err = command_line__read(r->proc_fd, pid, &r->raw_command);

	if (err)
		return err;
	*ret_cut = r->raw_command.cut;
	return format_command(r, r->raw_command.bytes, r->raw_command.sz, *ret_cut, ret_command);
}

static const char *find_cgroup(void *ctx, uint32_t pid, uint64_t cgroup_id)
{
	struct resources *r = ctx;

	if (cgroups__of_process(r->cgroups, pid, r->cgroup, sizeof(r->cgroup)) >= 0)
		return r->cgroup;
	if (cgroup_id && !cgroups__by_id(r->cgroups, cgroup_id, r->cgroup, sizeof(r->cgroup)))
		return r->cgroup;
	return "";
}

static bool chooses(void *ctx, const char *command)
{
	const struct resources *r = ctx;
	size_t sz = strlen(command);

	for (size_t i = 0; i < r->pattern_cnt; i++) {
		if (fnmatch__matches(r->patterns[i], command, sz))
			return true;
	}
	return false;
}

static void note_chosen(struct resources *r, pid_t pid)
{
	size_t capacity = r->chosen_capacity ? 2 * r->chosen_capacity : 64;
	pid_t *chosen;

	if (r->chosen_cnt == r->chosen_capacity) {
		chosen = reallocarray(r->chosen, capacity, sizeof(*chosen));
		if (!chosen)
			return;
		r->chosen = chosen;
		r->chosen_capacity = capacity;
	}
	r->chosen[r->chosen_cnt++] = pid;
}

static void put(void *ctx, const struct event_process *row)
{
	struct resources *r = ctx;

	if (row->usage.moment == TACHO_PROCESS_AT_SAMPLE && gpus__any(r->gpus))
		note_chosen(r, row->usage.pid);
	encode_process(r->options.put, r->options.put_ctx, row);
}

/* --- opening --------------------------------------------------------------------------------- */

static int compile_patterns(struct resources *r, struct fault *why)
{
	int err;

	r->patterns = calloc(r->options.pattern_cnt + 1, sizeof(struct fnmatch_pattern *));
	if (!r->patterns)
		return fault__set(why, -ENOMEM, "no memory");
	for (; r->pattern_cnt < r->options.pattern_cnt; r->pattern_cnt++) {
		err = fnmatch__compile(r->options.patterns[r->pattern_cnt],
				       &r->patterns[r->pattern_cnt], why);
		if (err)
			return err;
	}
	return 0;
}

static int open_proc(struct resources *r, struct fault *why)
{
	r->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->proc_fd >= 0 ? 0 : fault__set(why, -errno, "/proc: %s", strerror(errno));
}

static int open_source(struct resources *r, struct fault *why)
{
	const char *wanted = r->options.source;
	struct fault no_kernel = {};
	char text[sizeof(no_kernel.text) + 128];
	int err;

	if (wanted && strcmp(wanted, "kernel") && strcmp(wanted, "proc"))
		return fault__set(
			why, -EINVAL,
			"TACHO_PROCESSES: processes cannot be seen by way of '%s' (kernel "
			"or proc)",
			wanted);
	if (!wanted || !strcmp(wanted, "kernel")) {
		err = process_source__open_kernel(PROCESS_RING_BYTES, &r->source, &no_kernel);
		if (!err)
			return 0;
		if (wanted)
			return fault__set(why, err, "%s", no_kernel.text);
		snprintf(text, sizeof(text),
			 "processes are read from /proc; those that live between two ticks are "
			 "missed: %s",
			 no_kernel.text);
		notice(r, text);
	}
	return process_source__open_proc("", &r->source, why);
}

static int make_scope(struct resources *r, struct process_tracker_options *tracker)
{
	const struct resources_options *o = &r->options;

	r->scope = calloc(o->pid_cnt + 1, sizeof(*r->scope));
	if (!r->scope)
		return -ENOMEM;
	for (size_t i = 0; i < o->pid_cnt; i++)
		r->scope[i] = o->pids[i];
	tracker->scope = r->scope;
	tracker->scope_cnt = o->pid_cnt;
	if (!o->command)
		return 0;
	r->scope[tracker->scope_cnt++] = o->command;
	tracker->scope_follows_forks = true;
	/* Without events, an exec is not seen. */
	tracker->scope_at_exec = r->source->ops->event_fd(r->source) >= 0;
	return 0;
}

static int open_tracker(struct resources *r, struct fault *why)
{
	struct process_tracker_options options = {
		.ctx = r,
		.read_command = read_command,
		.format_command = format_command,
		.find_cgroup = find_cgroup,
		.chooses = chooses,
		.put = put,
		.own_pid = getpid(),
		.page_sz = sysconf(_SC_PAGESIZE),
	};

	if (make_scope(r, &options))
		return fault__set(why, -ENOMEM, "no memory");
	r->tracker = process_tracker__new(&options);
	return r->tracker ? 0 : fault__set(why, -ENOMEM, "no memory");
}

int resources__open(const struct resources_options *options, struct resources **ret_resources,
		    struct fault *why)
{
	struct resources *r = calloc(1, sizeof(*r));
	struct gpus_options gpus = { .notice = options->notice, .notice_ctx = options->notice_ctx };
	int err;

	if (!r)
		return fault__set(why, -ENOMEM, "no memory");
	r->options = *options;
	r->proc_fd = -1;
	err = compile_patterns(r, why);
	if (!err)
		err = open_proc(r, why);
	if (!err)
		err = cgroups__new("/", &r->cgroups, why);
	if (!err)
		err = system_reader__new("/", &r->system, why);
	if (!err)
		err = gpus__open(&gpus, &r->gpus, why);
	if (!err)
		err = open_source(r, why);
	if (!err)
		err = open_tracker(r, why);
	if (err)
		resources__free(r);
	else
		*ret_resources = r;
	return err;
}

void resources__describe_gpus(const struct resources *r, char *text, size_t sz)
{
	gpus__describe(r->gpus, text, sz);
}

void resources__free(struct resources *r)
{
	if (!r)
		return;
	process_tracker__free(r->tracker);
	if (r->source)
		r->source->ops->free(r->source);
	gpus__free(r->gpus);
	system_reader__free(r->system);
	cgroups__free(r->cgroups);
	command_text__free(&r->raw_command);
	command_text__free(&r->command);
	if (r->proc_fd >= 0)
		close(r->proc_fd);
	for (size_t i = 0; i < r->pattern_cnt; i++)
		fnmatch__free(r->patterns[i]);
	free(r->patterns);
	free(r->scope);
	free(r->chosen);
	free(r);
}

/* --- recording ------------------------------------------------------------------------------- */

const char *resources__source(const struct resources *r)
{
	return r->source->ops->name;
}

int resources__event_fd(const struct resources *r)
{
	return r->source->ops->event_fd(r->source);
}

static int take_event(void *ctx, const struct tacho_process_event *event)
{
	struct resources *r = ctx;

	process_tracker__take_event(r->tracker, event);
	return 0;
}

static void look_around(struct resources *r, const struct system_usage *usage)
{
	const struct process_surroundings here = {
		.real_minus_boot_ns = clock_measure_offset(CLOCK_BOOTTIME),
		.boot_s = usage->boot_time_s,
		.memory_total_bytes = usage->values[TACHO_SYSTEM_MEMORY_TOTAL],
	};

	process_tracker__set_surroundings(r->tracker, &here);
}

void resources__drain(struct resources *r)
{
	r->source->ops->drain(r->source, take_event, r);
}

static int take_sample(void *ctx, const struct tacho_process_sample *sample)
{
	struct resources *r = ctx;

	process_tracker__take_sample(r->tracker, sample);
	return 0;
}

static int32_t to_tenths(double value)
{
	return (int32_t)(value * 10 + (value < 0 ? -0.5 : 0.5));
}

static int put_gpu(void *ctx, const struct gpu_usage *usage)
{
	struct resources *r = ctx;
	const struct event_gpu event = {
		.usage = {
			.time_ns = usage->time_ns,
			.memory_used_bytes = usage->memory_used_bytes,
			.memory_total_bytes = usage->memory_total_bytes,
			.pid = usage->pid,
			.known = usage->known,
			.load = (uint32_t)to_tenths(usage->load_percent),
			.temperature = to_tenths(usage->temperature_celsius),
		},
		.device = usage->device,
		.name = usage->name,
		.driver = usage->driver,
	};

	return encode_gpu(r->options.put, r->options.put_ctx, &event);
}

static void put_machine(struct resources *r, uint64_t now_ns, const struct system_usage *usage)
{
	const struct event_system machine = {
		.time_ns = now_ns,
		.known = usage->known,
		.values = usage->values,
		.cpu_cnt = usage->cpu_cnt,
		.cpu_busy = usage->cpu_busy,
	};

	encode_system(r->options.put, r->options.put_ctx, &machine);
}

int resources__tick(struct resources *r, struct fault *why)
{
	struct system_usage system = {};
	uint64_t now_ns;
	int err;

	err = system_reader__sample(r->system, &system, why);
	if (err)
		return err;
	look_around(r, &system);
	resources__drain(r);
	process_tracker__begin_tick(r->tracker);
	r->chosen_cnt = 0;
	err = r->source->ops->sample(r->source, take_sample, r, why);
	if (err)
		return err;
	resources__drain(r);
	process_tracker__end_tick(r->tracker);
	now_ns = clock_monotonic_ns();
	put_machine(r, now_ns, &system);
	if (gpus__any(r->gpus))
		gpus__sample(r->gpus, now_ns, r->chosen, r->chosen_cnt, put_gpu, r);
	return 0;
}

/* REAPED comes when an RCU grace period has passed (delayed_put_task_struct, kernel/exit.c). */
static void wait_for_totals(struct resources *r)
{
	const struct timespec pause = { .tv_nsec = TOTALS_PAUSE_NS };

	for (int i = 0; i < TOTALS_PAUSES && process_tracker__expects_totals(r->tracker); i++) {
		nanosleep(&pause, NULL);
		resources__drain(r);
	}
}

int resources__finish(struct resources *r, struct fault *why)
{
	int err = resources__tick(r, why);

	wait_for_totals(r);
	process_tracker__finish(r->tracker);
	return err;
}

uint64_t resources__lost(const struct resources *r)
{
	return r->source->ops->lost_events(r->source) + process_tracker__lost(r->tracker);
}
