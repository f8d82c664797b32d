/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/activities_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/data_files.h"
#include "analysis/summary.h"
#include "ended.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct activities *activities__new(const struct activities_watch *watch)
{
	struct activities *activities = calloc(1, sizeof(*activities));

	if (activities)
		activities->watch = watch;
	return activities;
}

void activities__set_reading(struct activities *activities,
			     const struct activities_reading *reading)
{
	activities->reading = *reading;
}

static void free_series(void *node)
{
	struct activity_series *series = node;

	free(series->state);
	durations__free(&series->durations);
	free(series);
}

void activities__free(struct activities *activities)
{
	if (!activities)
		return;
	tdestroy(activities->by_state, free_series);
	free(activities->series);
	files_read__free(&activities->files_read);
	free(activities);
}

static int compare_states(const void *left, const void *right)
{
	const struct activity_series *a = left, *b = right;

	return strcmp(a->state, b->state);
}

static int grow_list(struct activities *activities)
{
	size_t capacity = activities->series_capacity ? 2 * activities->series_capacity : 16;
	struct activity_series **grown;

	if (activities->series_cnt < activities->series_capacity)
		return 0;
	grown = reallocarray(activities->series, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	activities->series = grown;
	activities->series_capacity = capacity;
	return 0;
}

static struct activity_series *add_series(struct activities *activities, const char *state)
{
	struct activity_series *series = calloc(1, sizeof(*series));

	if (!series)
		return NULL;
	series->ignored = !activities__take_state(activities, state);
	series->rows_only = activities__is_filtered(activities);
	series->state = strdup(state);
	if (!series->state || grow_list(activities) ||
	    !tsearch(series, &activities->by_state, compare_states)) {
		free_series(series);
		return NULL;
	}
	if (!series->ignored)
		activities->series[activities->series_cnt++] = series;
	return series;
}

struct activity_series *activities__want(struct activities *activities, const char *state)
{
	/* only compared, never written to */
	const struct activity_series sought = { .state = (char *)state };
	struct activity_series **found;

	if (activities->recent && !strcmp(activities->recent->state, state))
		return activities->recent;
	found = tfind(&sought, &activities->by_state, compare_states);
	activities->recent = found ? *found : add_series(activities, state);
	return activities->recent;
}

/* Of rows of calls only: the rest is never anywhere else. */
void activity_series__join(struct activity_series *series, struct activity_series *from)
{
	if (from->cnt)
		activity_series__span(series, from->first_ns, from->last_ns);
	series->cnt += from->cnt;
	durations__join(&series->durations, &from->durations);
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		series->rows_ended[i] += from->rows_ended[i];
	series->failed_cnt += from->failed_cnt;
	series->failed_known_cnt += from->failed_known_cnt;
}

uint64_t activity_series__unfinished(const struct activity_series *series, enum tacho_ended ended)
{
	uint64_t rows = series->rows_ended[ended], ledger = series->ledger.ended[ended];
	uint64_t summarised = series->summarised.ended[ended];

	if (series->rows_only)
		return rows;
	/* the ledger knows of those too */
	ledger -= ledger < summarised ? ledger : summarised;
	return rows > ledger ? rows : ledger;
}

uint64_t *activity_series__durations(const struct activity_series *series)
{
	uint64_t *durations = reallocarray(NULL, series->cnt + 1, sizeof(*durations));

	if (durations)
		durations__copy(&series->durations, durations);
	return durations;
}

/* What is read for its newest row is read twice. */
static bool is_unfit(const struct activities *activities, enum file_met met)
{
	return met == FILE_MET_PIPE && activities->filter && activities->filter->newest_only;
}

static int read_open_file(struct activities *activities, int fd, const char *path,
			  struct fault *why)
{
	enum file_met met;
	int err;

	err = files_read__note(&activities->files_read, fd, &met);
	if (!err && is_unfit(activities, met))
		err = -ESPIPE;
	if (err)
		return fault__set(why, err, "%s: cannot read: %s", path, strerror(-err));
	return met == FILE_MET_AGAIN ? 0 : activities__read_fd(activities, fd, path, why);
}

static int read_parts(struct activities *activities, const char *dir, const char *name,
		      bool *ret_found, struct fault *why)
{
	struct data_files files = {};
	int err;

	err = data_files__open(dir, name, &files, why);
	*ret_found = files.cnt;
	for (size_t i = 0; !err && i < files.cnt; i++)
		err = read_open_file(activities, files.files[i].fd, files.files[i].path, why);
	data_files__close(&files);
	return err;
}

static int read_other_parts(struct activities *activities, const char *dir, bool *found,
			    struct fault *why)
{
	bool any = false;
	int err = 0;

	if (!activities->other)
		return 0;
	for (size_t i = 0; !err && !any && i < ARRAY_SIZE(activities->other->names); i++)
		err = read_parts(activities, dir, activities->other->names[i], &any, why);
	*found = *found || any;
	return err;
}

static int read_dir(struct activities *activities, const char *dir, struct fault *why)
{
	/* Each holds the calls of those behind it again: the first that is there is read. */
	static const char *const names[] = {
		"activity_detail.csv",
		"robot_activity_data",
		"robot_context_data",
	};
	bool found = false, any;
	int err = 0;

	for (size_t i = 0; !err && !found && i < ARRAY_SIZE(names); i++)
		err = read_parts(activities, dir, names[i], &found, why);
	if (!err)
		err = read_other_parts(activities, dir, &found, why);
	if (!err && !found)
		err = fault__set(why, -ENOENT, "%s: holds no %s, %s or %s", dir, names[0], names[1],
				 names[2]);
	if (!err)
		err = read_parts(activities, dir, "activity_summary.csv", &any, why);
	if (!err)
		err = read_parts(activities, dir, "activity_ledger.csv", &any, why);
	activities__close_ledger(activities);
	return err;
}

static int read_file(struct activities *activities, const char *path, struct fault *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s: cannot open: %s", path, strerror(-err));
	}
	err = read_open_file(activities, fd, path, why);
	close(fd);
	activities__close_ledger(activities);
	return err;
}

int activities__add_path(struct activities *activities, const char *path, struct fault *why)
{
	struct stat st;
	int err;

	if (!strcmp(path, "-")) {
		err = read_open_file(activities, STDIN_FILENO, "standard input", why);
		activities__close_ledger(activities);
		return err;
	}
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return read_dir(activities, path, why);
	return read_file(activities, path, why);
}

void activities__set_other(struct activities *activities, const struct activities_other *other)
{
	activities->other = other;
}

size_t activities__series_cnt(const struct activities *activities)
{
	return activities->series_cnt;
}

const struct activity_series *activities__series(const struct activities *activities, size_t idx)
{
	return activities->series[idx];
}

struct activity_series *activities__own_series(struct activities *activities, size_t idx)
{
	return activities->series[idx];
}

uint64_t activities__malformed_cnt(const struct activities *activities)
{
	return activities->malformed_cnt;
}

uint64_t activities__torn_cnt(const struct activities *activities)
{
	return activities->torn_cnt;
}
