/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "process_tracker.h"

#include <stdlib.h>
#include <string.h>

#include "process_table.h"

#define NS_PER_TICK 10000000 /* of /proc: USER_HZ is 100 on all machines that we know */
#define NEVER_READ UINT64_MAX

struct process_tracker {
	struct process_tracker_options options;
	struct process_surroundings surroundings;
	struct process_table table;
	uint64_t tick;
	uint64_t lost;
};

struct process_tracker *process_tracker__new(const struct process_tracker_options *options)
{
	struct process_tracker *tracker = calloc(1, sizeof(*tracker));

	if (tracker)
		tracker->options = *options;
	return tracker;
}

void process_tracker__free(struct process_tracker *tracker)
{
	if (!tracker)
		return;
	process_table__clear(&tracker->table);
	free(tracker);
}

void process_tracker__set_surroundings(struct process_tracker *tracker,
				       const struct process_surroundings *surroundings)
{
	tracker->surroundings = *surroundings;
}

uint64_t process_tracker__lost(const struct process_tracker *tracker)
{
	return tracker->lost;
}

/* --- a row ----------------------------------------------------------------------------------- */

static uint32_t row_flags(const struct known_process *process,
			  const struct tacho_process_sample *sample)
{
	uint32_t flags = 0;

	if (!(sample->flags & TACHO_PROCESS_NO_MEMORY))
		flags |= TACHO_PROCESS_MEMORY;
	if (sample->peak_rss_pages || flags & TACHO_PROCESS_MEMORY)
		flags |= TACHO_PROCESS_PEAK;
	if (!(sample->flags & TACHO_PROCESS_NO_IO))
		flags |= TACHO_PROCESS_IO;
	if (sample->flags & TACHO_PROCESS_ENDED)
		flags |= TACHO_PROCESS_EXIT_CODE;
	if (!(sample->flags & TACHO_PROCESS_ADJUSTED))
		flags |= TACHO_PROCESS_EXACT_CPU;
	if (process->command_cut)
		flags |= TACHO_PROCESS_CUT;
	return flags;
}

static void put_row(struct process_tracker *tracker, struct known_process *process,
		    const struct tacho_process_sample *sample, enum tacho_process_moment moment)
{
	const uint64_t page_sz = tracker->options.page_sz;
	struct event_process row = {
		.usage = {
			.time_ns = sample->time_ns,
			.start_ns = process->start_ns,
			.start_ticks = process->start_boot_ns / NS_PER_TICK,
			.boot_s = process->boot_s,
			.cpu_ns = sample->runtime_ns,
			.rss_bytes = sample->rss_pages * page_sz,
			.peak_rss_bytes = sample->peak_rss_pages * page_sz,
			.virtual_bytes = sample->virtual_pages * page_sz,
			.memory_total_bytes = tracker->surroundings.memory_total_bytes,
			.minor_faults = sample->minor_faults,
			.major_faults = sample->major_faults,
			.read_bytes = sample->read_bytes,
			.write_bytes = sample->write_bytes,
			.voluntary_switches = sample->voluntary_switches,
			.involuntary_switches = sample->involuntary_switches,
			.pid = sample->pid,
			.ppid = sample->ppid,
			.threads = sample->threads,
			.moment = moment,
			.exit_code = sample->exit_code,
			.flags = row_flags(process, sample),
		},
		.command = process->command ? process->command : "",
		.cgroup = process->cgroup ? process->cgroup : "",
	};

	cpu_times__catch_up(&process->shown, sample->shown_user_ns, sample->shown_system_ns);
	cpu_times__advance(&process->shown, sample->user_ns, sample->system_ns, sample->runtime_ns);
	row.usage.user_ns = process->shown.user_ns;
	row.usage.system_ns = process->shown.system_ns;
	memcpy(row.usage.comm, sample->comm, sizeof(row.usage.comm));
	tracker->options.put(tracker->options.ctx, &row);
}

/* --- what a process is ----------------------------------------------------------------------- */

/* NULL text: none. Without memory the old one stays. */
static void replace_text(struct process_tracker *tracker, char **text, const char *by)
{
	char *copy = by ? strdup(by) : NULL;

	if (by && !copy) {
		tracker->lost++;
		return;
	}
	free(*text);
	*text = copy;
}

static void find_cgroup(struct process_tracker *tracker, struct known_process *process,
			const struct tacho_process_sample *sample)
{
	const char *path =
		tracker->options.find_cgroup(tracker->options.ctx, process->pid, sample->cgroup_id);

	/* Of a process that is gone, what was known is better than nothing. */
	if (*path || !process->cgroup)
		replace_text(tracker, &process->cgroup, path);
}

static void set_command(struct process_tracker *tracker, struct known_process *process,
			const char *command, bool cut)
{
	bool own = process->pid == tracker->options.own_pid;

	if (process->command && !strcmp(process->command, command))
		return;
	process->chosen = own || (process->in_scope && *command &&
				  tracker->options.chooses(tracker->options.ctx, command));
	process->command_cut = cut;
	replace_text(tracker, &process->command, process->chosen ? command : NULL);
}

/* A process that has not run since cannot have changed its command line; one that has may. */
static void look_at_command(struct process_tracker *tracker, struct known_process *process,
			    const struct tacho_process_sample *sample)
{
	const char *command;
	bool cut = false;

	if (process->read_at_ns == sample->runtime_ns)
		return;
	if (tracker->options.read_command(tracker->options.ctx, process->pid, &command, &cut))
		return;
	process->read_at_ns = sample->runtime_ns;
	/* It is about to end, and its memory is gone: its last row is still to come. */
	if (!*command && process->command)
		return;
	set_command(tracker, process, command, cut);
}

static bool is_scope_root(const struct process_tracker *tracker, uint32_t pid)
{
	for (size_t i = 0; i < tracker->options.scope_cnt; i++) {
		if (tracker->options.scope[i] == pid)
			return true;
	}
	return false;
}

/* Does a process of that pid come into scope by this change? */
static bool comes_into_scope(const struct process_tracker *tracker, uint32_t pid,
			     const struct known_process *parent, bool by_exec)
{
	const struct process_tracker_options *o = &tracker->options;

	if (!o->scope_cnt)
		return true;
	if (is_scope_root(tracker, pid) && (by_exec || !o->scope_at_exec))
		return true;
	return o->scope_follows_forks && parent && parent->in_scope;
}

static struct known_process *add_process(struct process_tracker *tracker,
					 const struct tacho_process_sample *sample)
{
	const struct known_process *parent = process_table__newest(&tracker->table, sample->ppid);
	const struct process_surroundings *here = &tracker->surroundings;
	struct known_process *process;

	process = process_table__add(&tracker->table, sample->pid, sample->start_boot_ns);
	if (!process) {
		tracker->lost++;
		return NULL;
	}
	process->start_ns = sample->start_boot_ns + here->real_minus_boot_ns;
	process->boot_s = here->boot_s;
	process->read_at_ns = NEVER_READ;
	process->tick = tracker->tick;
	process->last = *sample;
	process->in_scope = comes_into_scope(tracker, sample->pid, parent, false);
	return process;
}

/* --- events ---------------------------------------------------------------------------------- */

/* Until it runs a program of its own, it is its parent once more. */
static void take_fork(struct process_tracker *tracker, const struct tacho_process_sample *sample)
{
	struct known_process *parent, *process;

	if (process_table__find(&tracker->table, sample->pid, sample->start_boot_ns))
		return;
	process = add_process(tracker, sample);
	if (!process)
		return;
	parent = process_table__newest(&tracker->table, sample->ppid);
	if (!parent) {
		look_at_command(tracker, process, sample);
	} else if (parent->command) {
		set_command(tracker, process, parent->command, parent->command_cut);
		if (parent->cgroup)
			replace_text(tracker, &process->cgroup, parent->cgroup);
	}
}

static void take_exec(struct process_tracker *tracker, const struct tacho_process_event *event)
{
	const struct tacho_process_sample *sample = &event->sample;
	bool cut = event->command_sz < event->command_total_sz;
	struct known_process *process;
	const char *command;
	bool was_chosen;

	process = process_table__find(&tracker->table, sample->pid, sample->start_boot_ns);
	if (!process)
		process = add_process(tracker, sample);
	if (!process)
		return;
	was_chosen = process->chosen;
	process->in_scope |= comes_into_scope(tracker, sample->pid, NULL, true);
	process->last = *sample;
	process->read_at_ns = NEVER_READ;
	if (cut)
		look_at_command(tracker, process, sample);
	if (process->read_at_ns == NEVER_READ) {
		if (tracker->options.format_command(tracker->options.ctx, event->command,
						    event->command_sz, cut, &command)) {
			tracker->lost++;
			return;
		}
		set_command(tracker, process, command, cut);
	}
	if (process->chosen && !process->cgroup)
		find_cgroup(tracker, process, sample);
	if (process->chosen || was_chosen)
		put_row(tracker, process, sample, TACHO_PROCESS_AT_EXEC);
}

static void put_last_row(struct process_tracker *tracker, struct known_process *process)
{
	if (process->chosen && !process->told)
		put_row(tracker, process, &process->last, TACHO_PROCESS_AT_EXIT);
	process->told = true;
}

/* Memory, parent and cgroup are known at the exit only; the totals grow until it is reaped. */
static void take_totals(struct known_process *process, const struct tacho_process_sample *final)
{
	struct tacho_process_sample *last = &process->last;

	last->user_ns = final->user_ns;
	last->system_ns = final->system_ns;
	last->runtime_ns = final->runtime_ns;
	last->shown_user_ns = final->shown_user_ns;
	last->shown_system_ns = final->shown_system_ns;
	last->minor_faults = final->minor_faults;
	last->major_faults = final->major_faults;
	last->read_bytes = final->read_bytes;
	last->write_bytes = final->write_bytes;
	last->voluntary_switches = final->voluntary_switches;
	last->involuntary_switches = final->involuntary_switches;
	last->exit_code = final->exit_code;
}

static void take_exit(struct process_tracker *tracker, const struct tacho_process_sample *sample)
{
	struct known_process *process;
	uint64_t rss_pages, virtual_pages;

	process = process_table__find(&tracker->table, sample->pid, sample->start_boot_ns);
	if (!process || process->ended)
		return;
	rss_pages = process->last.rss_pages;
	virtual_pages = process->last.virtual_pages;
	process->last = *sample;
	process->ended = true;
	if (sample->flags & TACHO_PROCESS_NO_MEMORY && rss_pages) {
		/* Some kernels take the memory away first: what it had when it was last seen. */
		process->last.rss_pages = rss_pages;
		process->last.virtual_pages = virtual_pages;
		process->last.flags &= ~TACHO_PROCESS_NO_MEMORY;
	}
	if (process->chosen && !process->cgroup)
		find_cgroup(tracker, process, sample);
}

static void take_reaped(struct process_tracker *tracker, const struct tacho_process_sample *sample)
{
	struct known_process *process;

	process = process_table__find(&tracker->table, sample->pid, sample->start_boot_ns);
	if (!process)
		return;
	take_totals(process, sample);
	if (!process->ended)
		process->last.time_ns = sample->time_ns; /* its end was not told */
	process->last.flags |= TACHO_PROCESS_ENDED;
	put_last_row(tracker, process);
	process_table__remove(&tracker->table, process);
}

void process_tracker__take_event(struct process_tracker *tracker,
				 const struct tacho_process_event *event)
{
	switch ((enum tacho_process_change)event->change) {
	case TACHO_PROCESS_FORKED:
		take_fork(tracker, &event->sample);
		break;
	case TACHO_PROCESS_EXECED:
		take_exec(tracker, event);
		break;
	case TACHO_PROCESS_EXITED:
		take_exit(tracker, &event->sample);
		break;
	case TACHO_PROCESS_REAPED:
		take_reaped(tracker, &event->sample);
		break;
	}
}

/* --- ticks ----------------------------------------------------------------------------------- */

void process_tracker__begin_tick(struct process_tracker *tracker)
{
	tracker->tick++;
	tracker->table.next = 0;
}

/* A zombie. Its threads have run their last, so that its totals are final. */
static void take_zombie(struct process_tracker *tracker, struct known_process *process,
			const struct tacho_process_sample *sample)
{
	if (!process->ended && !process->seen_ended) {
		process->seen_ended = true; /* EXITED is on its way, and says more */
		return;
	}
	take_totals(process, sample);
	if (!process->ended) {
		/* Its end was not told: when that was, nobody knows. */
		process->last.time_ns = sample->time_ns;
		process->ended = true;
	}
	process->last.flags |= TACHO_PROCESS_ENDED;
	put_last_row(tracker, process);
}

void process_tracker__take_sample(struct process_tracker *tracker,
				  const struct tacho_process_sample *sample)
{
	struct known_process *process;
	bool moved;

	if (sample->flags & TACHO_PROCESS_KERNEL_THREAD)
		return;
	process = process_table__find(&tracker->table, sample->pid, sample->start_boot_ns);
	if (!process && !(sample->flags & TACHO_PROCESS_ENDED))
		process = add_process(tracker, sample);
	if (!process)
		return;
	process->tick = tracker->tick;
	if (sample->flags & TACHO_PROCESS_ENDED) {
		take_zombie(tracker, process, sample);
		return;
	}
	if (process->ended)
		return;
	moved = !sample->membership || process->last.membership != sample->membership;
	process->last = *sample;
	look_at_command(tracker, process, sample);
	if (!process->chosen)
		return;
	if (moved || !process->cgroup)
		find_cgroup(tracker, process, sample);
	put_row(tracker, process, sample, TACHO_PROCESS_AT_SAMPLE);
}

/* Those that are not there any more, and whose end nobody told. */
void process_tracker__end_tick(struct process_tracker *tracker)
{
	struct known_process *process;

	for (size_t i = tracker->table.cnt; i--;) {
		process = tracker->table.items[i];
		if (process->tick == tracker->tick)
			continue;
		/* Ended between two ticks: REAPED is on its way, but may have been lost. */
		if (process->ended && process->tick + 1 == tracker->tick)
			continue;
		put_last_row(tracker, process);
		process_table__remove(&tracker->table, process);
	}
}

bool process_tracker__expects_totals(const struct process_tracker *tracker)
{
	for (size_t i = 0; i < tracker->table.cnt; i++) {
		const struct known_process *process = tracker->table.items[i];

		if (process->chosen && process->ended && !process->told)
			return true;
	}
	return false;
}

void process_tracker__finish(struct process_tracker *tracker)
{
	for (size_t i = 0; i < tracker->table.cnt; i++) {
		if (tracker->table.items[i]->ended)
			put_last_row(tracker, tracker->table.items[i]);
	}
}
