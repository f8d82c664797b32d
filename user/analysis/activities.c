/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/activities_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/data_files.h"
#include "analysis/group_key.h"
#include "analysis/peer_rows.h"
#include "analysis/summary.h"
#include "ended.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A key of calls that have no group of their own begins with what is no length. */
#define REST_MARK '~'

struct activities *activities__new(const struct activities_watch *watch)
{
	static const struct activities_grouping by_state;
	struct activities *activities = calloc(1, sizeof(*activities));

	if (!activities)
		return NULL;
	activities->watch = watch;
	activities->grouping = &by_state;
	return activities;
}

void activities__set_grouping(struct activities *activities,
			      const struct activities_grouping *grouping)
{
	activities->grouping = grouping;
}

bool activities__has_column(const struct activities *activities, size_t idx)
{
	return activities->has_column[idx];
}

void activities__set_reading(struct activities *activities,
			     const struct activities_reading *reading)
{
	activities->reading = *reading;
}

static void free_series(void *node)
{
	struct activity_series *series = node;

	free(series->key);
	for (size_t i = 0; i < ACTIVITIES_BY_MAX; i++)
		free(series->values[i]);
	interval_counts__free(&series->intervals);
	durations__free(&series->durations);
	free(series);
}

void activities__free(struct activities *activities)
{
	if (!activities)
		return;
	tdestroy(activities->by_key, free_series);
	free(activities->series);
	files_read__free(&activities->files_read);
	free(activities);
}

static int compare_keys(const void *left, const void *right)
{
	const struct activity_series *a = left, *b = right;

	return strcmp(a->key, b->key);
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

/* Takes the key apart. 0 or -ENOMEM. */
static int set_key(struct activity_series *series, const char *key, size_t column_cnt)
{
	const char *at, *value;
	size_t sz;

	series->key = strdup(key);
	if (!series->key)
		return -ENOMEM;
	series->is_rest = column_cnt && *key == REST_MARK;
	at = series->key + series->is_rest;
	for (size_t i = 0; !series->is_rest && i < column_cnt; i++) {
		at = group_key__value(at, &value, &sz);
		series->values[i] = strndup(value, sz);
		if (!series->values[i])
			return -ENOMEM;
	}
	series->state = at;
	return 0;
}

static struct activity_series *add_series(struct activities *activities, const char *key)
{
	const struct activities_grouping *grouping = activities->grouping;
	struct activity_series *series = calloc(1, sizeof(*series));

	if (!series)
		return NULL;
	if (set_key(series, key, grouping->column_cnt) || grow_list(activities) ||
	    !tsearch(series, &activities->by_key, compare_keys)) {
		free_series(series);
		return NULL;
	}
	series->ignored = !activities__take_state(activities, series->state);
	/* the ledger does not know of groups */
	series->rows_only = activities__is_filtered(activities) || grouping->column_cnt;
	series->intervals.length_ns = grouping->interval_ns;
	if (!series->ignored)
		activities->series[activities->series_cnt++] = series;
	return series;
}

static struct activity_series *find_series(const struct activities *activities, const char *key)
{
	/* only compared, never written to */
	const struct activity_series sought = { .key = (char *)key };
	struct activity_series **found = tfind(&sought, &activities->by_key, compare_keys);

	return found ? *found : NULL;
}

static const char *state_of(const char *key, size_t column_cnt)
{
	const char *value;
	size_t sz;

	for (size_t i = 0; i < column_cnt; i++)
		key = group_key__value(key, &value, &sz);
	return key;
}

/* A group more than there may be. */
static struct activity_series *want_rest(struct activities *activities, const char *key)
{
	struct activity_series *series;
	char *rest;

	if (asprintf(&rest, "%c%s", REST_MARK, state_of(key, activities->grouping->column_cnt)) < 0)
		return NULL;
	series = find_series(activities, rest);
	if (!series)
		series = add_series(activities, rest);
	free(rest);
	return series;
}

struct activity_series *activities__want(struct activities *activities, const char *key)
{
	struct activity_series *series = activities->recent;

	if (series && !strcmp(series->key, key))
		return series;
	series = find_series(activities, key);
	if (!series && activities->grouping->column_cnt &&
	    activities->series_cnt >= ACTIVITIES_GROUPS_MAX)
		series = want_rest(activities, key);
	else if (!series)
		series = add_series(activities, key);
	activities->recent = series;
	return series;
}

/* Of rows of calls only: the rest is never anywhere else. */
int activity_series__join(struct activity_series *series, struct activity_series *from)
{
	if (from->cnt)
		activity_series__span(series, from->first_ns, from->last_ns);
	series->cnt += from->cnt;
	durations__join(&series->durations, &from->durations);
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		series->rows_ended[i] += from->rows_ended[i];
	series->failed_cnt += from->failed_cnt;
	series->failed_known_cnt += from->failed_known_cnt;
	return interval_counts__join(&series->intervals, &from->intervals);
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
	return err;
}

static int read_peer_files(struct activities *activities, const char *dir, bool *ret_found,
			   struct fault *why)
{
	struct peer_files files = {};
	int err = peer_files__list(dir, &files, why);

	*ret_found = files.cnt;
	for (size_t i = 0; !err && i < files.cnt; i++)
		err = read_file(activities, files.paths[i], why);
	peer_files__free(&files);
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
	bool calls = false, found = false, any;
	int err = 0;

	for (size_t i = 0; !err && !calls && i < ARRAY_SIZE(names); i++)
		err = read_parts(activities, dir, names[i], &calls, why);
	if (!err)
		err = read_other_parts(activities, dir, &found, why);
	if (!err && !calls)
		err = read_peer_files(activities, dir, &calls, why);
	found |= calls;
	if (!err && !found)
		err = fault__set(why, -ENOENT, "%s: holds no %s, %s or %s", dir, names[0], names[1],
				 names[2]);
	if (!err)
		err = read_parts(activities, dir, "activity_summary.csv", &any, why);
	if (!err)
		err = read_parts(activities, dir, "activity_ledger.csv", &any, why);
	return err;
}

int activities__add_path(struct activities *activities, const char *path, struct fault *why)
{
	struct stat st;
	int err;

	activities->host = path;
	if (!strcmp(path, "-"))
		err = read_open_file(activities, STDIN_FILENO, "standard input", why);
	else if (!stat(path, &st) && S_ISDIR(st.st_mode))
		err = read_dir(activities, path, why);
	else
		err = read_file(activities, path, why);
	activities__close_ledger(activities);
	return err;
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
