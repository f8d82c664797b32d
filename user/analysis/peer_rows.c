/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/peer_rows.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "moment.h"
#include "parse.h"
#include "python_text.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define NO_LABEL "(no label)" /* its timers may have an empty one; a state has a name */

const char *const quantumleap_columns[QUANTUMLEAP_COLUMN_CNT] = {
	[QUANTUMLEAP_TIMEPOINT] = "Timepoint",
	[QUANTUMLEAP_MEASUREMENT] = "Measurement",
	[QUANTUMLEAP_LABEL] = "Label",
	[QUANTUMLEAP_PID] = "PID",
};

const char *const junmai_columns[JUNMAI_COLUMN_CNT] = {
	[JUNMAI_TIMESTAMP] = "timestamp",  [JUNMAI_OPERATION] = "operation",
	[JUNMAI_DURATION] = "duration_ms", [JUNMAI_SUCCESS] = "success",
	[JUNMAI_PHOTO] = "photo_id",	   [JUNMAI_JOB] = "job_id",
	[JUNMAI_STAGE] = "stage",	   [JUNMAI_ERROR] = "error_message",
};

/* --- rows --------------------------------------------------------------------------------- */

/* As Python writes a float, or an integer. Rounded to the nearest nanosecond. */
static int parse_span(const char *text, double unit_ns, uint64_t *ret_ns)
{
	double value;
	int err = python_text__float(text, &value);

	if (err)
		return err;
	value = round(value * unit_ns);
	/* the largest double below 2^64 */
	if (!(value >= 0 && value <= 18446744073709549568.0))
		return -ERANGE;
	*ret_ns = (uint64_t)value;
	return 0;
}

/* It began so long before; a clock that was set may say before 1970. */
static void set_times(struct peer_call *call, uint64_t end_ns, uint64_t duration_ns)
{
	call->duration_ns = duration_ns;
	call->start_ns = end_ns > duration_ns ? end_ns - duration_ns : 0;
}

bool quantumleap_label__is_sampled(const char *label)
{
	static const char *const labels[] = { "gc collections", "gc collected", "gc uncollectable",
					      "user time",	"system time",	"max rss" };

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		if (!strcmp(label, labels[i]))
			return true;
	}
	return false;
}

const char *quantumleap_columns__parse(const char *const *values, struct peer_call *ret_call)
{
	const char *label = values[QUANTUMLEAP_LABEL];
	struct peer_call call = { .is_call = !quantumleap_label__is_sampled(label),
				  .failed = ROW_FAILED_UNKNOWN };
	uint64_t end_ns, duration_ns;

	call.state = *label ? label : NO_LABEL;
	if (parse_u64(values[QUANTUMLEAP_TIMEPOINT], 0, UINT64_MAX, &end_ns))
		return "the Timepoint is no number of nanoseconds";
	if (parse_span(values[QUANTUMLEAP_MEASUREMENT], call.is_call ? 1e9 : 1, &duration_ns))
		return call.is_call ? "the Measurement is no number of seconds"
				    : "the Measurement is no number";
	if (parse_u64(values[QUANTUMLEAP_PID], 0, UINT64_MAX, &call.pid))
		return "the PID is no number";
	set_times(&call, end_ns, duration_ns);
	*ret_call = call;
	return NULL;
}

const char *junmai_columns__parse(const char *const *values, struct peer_call *ret_call)
{
	struct peer_call call = { .is_call = true, .state = values[JUNMAI_OPERATION] };
	uint64_t end_ns, duration_ns;

	if (!*call.state)
		return "the operation has no name";
	/* digits alone would pass for nanoseconds */
	if (!strchr(values[JUNMAI_TIMESTAMP], '-') ||
	    parse_moment_ns(values[JUNMAI_TIMESTAMP], &end_ns))
		return "the timestamp is no moment";
	if (parse_span(values[JUNMAI_DURATION], 1e6, &duration_ns))
		return "the duration is no number of milliseconds";
	if (!strcmp(values[JUNMAI_SUCCESS], "True"))
		call.failed = ROW_FAILED_NO;
	else if (!strcmp(values[JUNMAI_SUCCESS], "False"))
		call.failed = ROW_FAILED_YES;
	else
		return "success is neither True nor False";
	set_times(&call, end_ns, duration_ns);
	*ret_call = call;
	return NULL;
}

/* --- files -------------------------------------------------------------------------------- */

void peer_files__free(struct peer_files *files)
{
	for (size_t i = 0; i < files->cnt; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct peer_files) {};
}

static bool is_name(const char *name)
{
	return !fnmatch("duration.*.csv", name, 0) || !fnmatch("processing_metrics_*.csv", name, 0);
}

/* What is no file, a FIFO above all, is nobody's data. */
static int add(struct peer_files *files, const char *dir, const char *name)
{
	struct stat st;
	char **grown;
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		free(path);
		return 0;
	}
	grown = reallocarray(files->paths, files->cnt + 1, sizeof(*grown));
	if (!grown) {
		free(path);
		return -ENOMEM;
	}
	files->paths = grown;
	files->paths[files->cnt++] = path;
	return 0;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

int peer_files__list(const char *dir, struct peer_files *ret_files, struct fault *why)
{
	struct peer_files files = {};
	DIR *listing = opendir(dir);
	struct dirent *entry;
	int err = listing ? 0 : -errno;

	for (errno = 0; !err && (entry = readdir(listing)); errno = 0) {
		if (is_name(entry->d_name))
			err = add(&files, dir, entry->d_name);
	}
	if (!err)
		err = -errno;
	if (listing)
		closedir(listing);
	if (err) {
		peer_files__free(&files);
		return fault__set(why, err, "%s: cannot list: %s", dir, strerror(-err));
	}
	if (files.cnt)
		qsort(files.paths, files.cnt, sizeof(*files.paths), compare_paths);
	*ret_files = files;
	return 0;
}
