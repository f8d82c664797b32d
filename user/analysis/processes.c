/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/processes_internal.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "values.h"

#define HOUR_S 3600

/* What a process is known by. Commands are compared by all of their bytes, of which only the first
 * are kept. */
struct process {
	struct process_usage usage; /* first: the list points to it */
	uint64_t command_hash;	    /* 0 if the pid tells it */
};

/* --- a line through numbers ------------------------------------------------------------------ */

/* Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
 * Variances", 1979: nothing large is subtracted from something as large. */
void trend__add(struct trend *trend, uint64_t moment_ns, double number)
{
	double at, apart;

	if (!trend->cnt) {
		trend->first_ns = moment_ns;
		trend->max = number;
	}
	at = moment_ns >= trend->first_ns ? (double)(moment_ns - trend->first_ns) / 1e9
					  : -(double)(trend->first_ns - moment_ns) / 1e9;
	trend->cnt++;
	apart = at - trend->mean_s;
	trend->mean_s += apart / (double)trend->cnt;
	trend->time_squares += apart * (at - trend->mean_s);
	trend->mean += (number - trend->mean) / (double)trend->cnt;
	trend->products += apart * (number - trend->mean);
	if (number > trend->max)
		trend->max = number;
}

bool trend__per_hour(const struct trend *trend, double *ret_slope)
{
	if (trend->cnt < 3 || trend->time_squares <= 0)
		return false;
	*ret_slope = trend->products / trend->time_squares * HOUR_S;
	return true;
}

/* --- the processes --------------------------------------------------------------------------- */

struct processes *processes__new(const struct activities_watch *watch)
{
	struct processes *processes = calloc(1, sizeof(*processes));

	if (processes)
		processes->watch = watch;
	return processes;
}

static void free_process(void *node)
{
	struct process *process = node;

	free(process->usage.command);
	free(process);
}

void processes__free(struct processes *processes)
{
	if (!processes)
		return;
	tdestroy(processes->by_key, free_process);
	free(processes->list);
	free(processes);
}

void processes__set_filter(struct processes *processes, const struct activities_filter *filter)
{
	processes->filter = filter;
}

struct activities_other processes__as_other(struct processes *processes)
{
	return (struct activities_other) {
		.names = { "process_detail.csv", "system_resource_data" },
		.knows = processes__knows,
		.take = processes__take,
		.ctx = processes,
	};
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_processes(const void *left, const void *right)
{
	const struct process *a = left, *b = right;
	int order = compare(a->usage.pid, b->usage.pid);

	if (!order)
		order = compare(a->usage.start_ns, b->usage.start_ns);
	return order ? order : compare(a->command_hash, b->command_hash);
}

static char *keep_command(const char *command, bool raw)
{
	char beginning[PROCESS_COMMAND_SZ_MAX + 1];
	bool whole = strlen(command) <= PROCESS_COMMAND_SZ_MAX;
	char *escaped, *marked;

	snprintf(beginning, sizeof(beginning), "%s", command);
	escaped = raw ? escape_text(beginning) : strdup(beginning);
	if (whole || !escaped)
		return escaped;
	if (asprintf(&marked, "%s" VALUE_GOES_ON, escaped) < 0)
		marked = NULL;
	free(escaped);
	return marked;
}

static int grow_list(struct processes *processes)
{
	size_t capacity = processes->capacity ? 2 * processes->capacity : 64;
	struct process_usage **grown;

	if (processes->cnt < processes->capacity)
		return 0;
	grown = reallocarray(processes->list, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	processes->list = grown;
	processes->capacity = capacity;
	return 0;
}

static struct process *add_process(struct processes *processes, const struct process *key,
				   const struct usage_sample *sample)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	*process = *key;
	process->usage.first_ns = process->usage.last_ns = sample->time_ns;
	process->usage.least_cpu_ns = process->usage.most_cpu_ns = sample->cpu_ns;
	process->usage.command = keep_command(sample->command, sample->command_raw);
	if (!process->usage.command || grow_list(processes) ||
	    !tsearch(process, &processes->by_key, compare_processes)) {
		free_process(process);
		return NULL;
	}
	processes->list[processes->cnt++] = &process->usage;
	return process;
}

static struct process *want(struct processes *processes, const struct usage_sample *sample)
{
	const struct process key = {
		.usage.pid = sample->pid,
		.usage.start_ns = sample->start_ns,
		.command_hash = sample->command_hash,
	};
	struct process **found = tfind(&key, &processes->by_key, compare_processes);

	return found ? *found : add_process(processes, &key, sample);
}

/* Of the newest row: a process may become another program. */
static int take_names(struct process_usage *usage, const struct usage_sample *sample)
{
	char *command = NULL;

	if (!sample->pid || sample->time_ns < usage->last_ns)
		return 0;
	snprintf(usage->comm, sizeof(usage->comm), "%s", sample->comm);
	if (!strcmp(usage->command, sample->command))
		return 0;
	command = keep_command(sample->command, sample->command_raw);
	if (!command)
		return -ENOMEM;
	free(usage->command);
	usage->command = command;
	return 0;
}

static void add_numbers(struct process_usage *usage, const struct usage_sample *sample)
{
	if (sample->cpu_ns < usage->least_cpu_ns)
		usage->least_cpu_ns = sample->cpu_ns;
	if (sample->cpu_ns > usage->most_cpu_ns)
		usage->most_cpu_ns = sample->cpu_ns;
	if (sample->time_ns < usage->first_ns)
		usage->first_ns = sample->time_ns;
	if (sample->time_ns > usage->last_ns)
		usage->last_ns = sample->time_ns;
	if (sample->rss_known && sample->at_tick)
		trend__add(&usage->rss, sample->time_ns, (double)sample->rss_bytes);
	if (sample->rss_known && sample->rss_bytes > usage->peak_bytes)
		usage->peak_bytes = sample->rss_bytes;
	if (sample->peak_bytes > usage->peak_bytes)
		usage->peak_bytes = sample->peak_bytes;
	if (sample->memory_known)
		trend__add(&usage->memory, sample->time_ns, sample->memory_percent);
	if (sample->ended) {
		usage->ended = true;
		usage->exit_code_known = sample->exit_code_known;
		usage->exit_code = sample->exit_code;
	}
}

int processes__add(struct processes *processes, const struct usage_sample *sample)
{
	struct process *process;
	int err;

	if (!activities_filter__has_moment(processes->filter, sample->time_ns))
		return 0;
	if (!processes->any_row || sample->time_ns < processes->origin_ns)
		processes->origin_ns = sample->time_ns;
	if (!processes->any_row || sample->time_ns > processes->newest_ns)
		processes->newest_ns = sample->time_ns;
	processes->any_row = true;
	if (processes->filter && processes->filter->newest_only)
		return 0;
	process = want(processes, sample);
	if (!process)
		return -ENOMEM;
	err = take_names(&process->usage, sample);
	if (!err)
		add_numbers(&process->usage, sample);
	return err;
}

/* --- what is asked for ----------------------------------------------------------------------- */

static bool is_asked_for(const struct processes *processes, const struct process_usage *usage)
{
	const char *name = usage->comm[0] ? usage->comm : usage->command;

	return !processes->filter ||
	       glob_list__matches(&processes->filter->threads, name, strlen(name));
}

size_t processes__cnt(struct processes *processes)
{
	size_t cnt = 0;

	for (size_t i = 0; i < processes->cnt; i++) {
		if (is_asked_for(processes, processes->list[i]))
			processes->list[cnt++] = processes->list[i];
	}
	processes->cnt = cnt;
	return cnt;
}

const struct process_usage *processes__usage(const struct processes *processes, size_t idx)
{
	return processes->list[idx];
}

uint64_t processes__cpu_ns(const struct processes *processes, const struct process_usage *usage,
			   uint64_t *ret_from_ns)
{
	bool began_later = usage->start_ns >= processes->origin_ns;

	*ret_from_ns = began_later && usage->start_ns < usage->first_ns ? usage->start_ns
									: usage->first_ns;
	return usage->most_cpu_ns - (began_later ? 0 : usage->least_cpu_ns);
}

bool processes__newest(const struct processes *processes, uint64_t *ret_ns)
{
	if (processes->any_row)
		*ret_ns = processes->newest_ns;
	return processes->any_row;
}

uint64_t processes__malformed_cnt(const struct processes *processes)
{
	return processes->malformed_cnt;
}

uint64_t processes__torn_cnt(const struct processes *processes)
{
	return processes->torn_cnt;
}
