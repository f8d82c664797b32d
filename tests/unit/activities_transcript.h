/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All that the activities module found in some bytes, as text: two ways of reading them can be
 * compared. Aborts if something cannot be had. */
#ifndef TACHO_TESTS_ACTIVITIES_TRANSCRIPT_H
#define TACHO_TESTS_ACTIVITIES_TRANSCRIPT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/activities.h"
#include "analysis/processes.h"

static inline void transcript_require(int holds)
{
	if (!holds)
		abort();
}

static void transcript_malformed(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
				 const char *wrong)
{
	(void)path;
	fprintf(ctx, "%llu+%llu: %s\n", (unsigned long long)line, (unsigned long long)line_cnt,
		wrong);
}

static int transcript_compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static inline void transcript_numbers(FILE *out, const char *what, const uint64_t *numbers,
				      size_t cnt)
{
	fprintf(out, " %s", what);
	for (size_t i = 0; i < cnt; i++)
		fprintf(out, ",%llu", (unsigned long long)numbers[i]);
}

static inline void transcript_intervals(FILE *out, const struct activity_series *series)
{
	struct interval_counts counts = { .length_ns = series->intervals.length_ns };

	for (size_t i = 0; i < series->intervals.cnt; i++) {
		const struct interval_count *item = &series->intervals.items[i];

		for (uint64_t n = 0; n < item->cnt; n++)
			transcript_require(
				!interval_counts__add(&counts, item->idx * counts.length_ns));
	}
	interval_counts__settle(&counts);
	for (size_t i = 0; i < counts.cnt; i++)
		fprintf(out, " %llu:%llu", (unsigned long long)counts.items[i].idx,
			(unsigned long long)counts.items[i].cnt);
	interval_counts__free(&counts);
}

static inline void transcript_series(FILE *out, const struct activity_series *series)
{
	uint64_t *durations = activity_series__durations(series);
	const struct activity_sums *sums = &series->summarised;
	const uint64_t rest[] = { series->failed_cnt, series->failed_known_cnt,
				  series->first_ns,   series->last_ns,
				  sums->cnt,	      sums->sum_ns,
				  series->rows_only };

	transcript_require(durations && durations__cnt(&series->durations) == series->cnt);
	qsort(durations, series->cnt, sizeof(*durations), transcript_compare);
	fprintf(out, "%s%s", series->state, series->is_rest ? " (rest)" : "");
	for (size_t i = 0; i < ACTIVITIES_BY_MAX; i++) {
		if (series->values[i])
			fprintf(out, "|%s", series->values[i]);
	}
	transcript_numbers(out, "durations", durations, series->cnt);
	transcript_numbers(out, "ended", series->rows_ended, TACHO_ENDED_CNT);
	transcript_numbers(out, "rest", rest, sizeof(rest) / sizeof(*rest));
	transcript_numbers(out, "ledger", &series->ledger.entries, 1);
	transcript_intervals(out, series);
	fprintf(out, "\n");
	free(durations);
}

static inline void transcript_usage(FILE *out, struct processes *processes)
{
	for (size_t i = 0, cnt = processes__cnt(processes); i < cnt; i++) {
		const struct process_usage *usage = processes__usage(processes, i);

		fprintf(out, "%s|%s %u %llu %llu..%llu %g %g\n", usage->command, usage->comm,
			usage->pid, (unsigned long long)usage->start_ns,
			(unsigned long long)usage->first_ns, (unsigned long long)usage->last_ns,
			usage->rss.mean, usage->memory.mean);
	}
	fprintf(out, "malformed %llu torn %llu\n",
		(unsigned long long)processes__malformed_cnt(processes),
		(unsigned long long)processes__torn_cnt(processes));
}

static inline void transcript_all(FILE *out, struct activities *activities)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < activities__series_cnt(activities); i++)
		transcript_series(out, activities__series(activities, i));
	activities__newest(activities, &newest);
	fprintf(out, "newest %llu nameless %llu unsorted %llu malformed %llu torn %llu\n",
		(unsigned long long)newest,
		(unsigned long long)activities__nameless_cnt(activities),
		(unsigned long long)activities__unsorted_cnt(activities),
		(unsigned long long)activities__malformed_cnt(activities),
		(unsigned long long)activities__torn_cnt(activities));
}

/* The caller frees it. filter may be NULL; with_processes: files of processes are known. */
static inline char *transcript_of_groups(const char *data, size_t sz,
					 const struct activities_reading *reading,
					 const struct activities_filter *filter,
					 const struct activities_grouping *grouping,
					 int with_processes)
{
	char *text = NULL;
	size_t text_sz = 0;
	FILE *out = open_memstream(&text, &text_sz);
	const struct activities_watch watch = { .malformed = transcript_malformed, .ctx = out };
	struct activities *activities = activities__new(&watch);
	struct processes *processes = processes__new(&watch);
	struct activities_other other;
	int fd = memfd_create("rows", MFD_CLOEXEC);
	struct fault why = {};
	char path[64];
	int err;

	transcript_require(out && activities && processes && fd >= 0);
	transcript_require(write(fd, data, sz) == (ssize_t)sz);
	other = processes__as_other(processes);
	activities__set_reading(activities, reading);
	activities__set_filter(activities, filter);
	activities__set_grouping(activities, grouping);
	processes__set_filter(processes, filter);
	if (with_processes)
		activities__set_other(activities, &other);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = activities__add_path(activities, path, &why);
	fprintf(out, "%d\n", err);
	transcript_all(out, activities);
	transcript_usage(out, processes);
	close(fd);
	activities__free(activities);
	processes__free(processes);
	transcript_require(fclose(out) == 0);
	return text;
}

static inline char *transcript_of(const char *data, size_t sz,
				  const struct activities_reading *reading,
				  const struct activities_filter *filter, int with_processes)
{
	static const struct activities_grouping by_state;

	return transcript_of_groups(data, sz, reading, filter, &by_state, with_processes);
}

#endif
